"""Names of torch's own functions that would be the answer, in families. The grader's trap reads them.

A name counts in all its spellings: ``softmax`` is also ``_softmax``, ``special_softmax`` and ``softmax_``.
"""

SIGMOID = frozenset({"sigmoid", "expit", "hardsigmoid", "silu", "glu"})
LOG_SIGMOID = frozenset({"logsigmoid", "log_sigmoid", "log_sigmoid_forward"})
SOFTMAX = frozenset(
    {
        "softmax",
        "softmin",
        "gumbel_softmax",
        "masked_softmax",
        "safe_softmax",
        "sparse_softmax",
        "SoftmaxTransform",
    }
)
LOG_SOFTMAX = frozenset({"log_softmax", "sparse_log_softmax"})
LOGSUMEXP = frozenset({"logsumexp", "logcumsumexp"})
LOSSES = frozenset(
    {
        "binary_cross_entropy",
        "binary_cross_entropy_with_logits",
        "cross_entropy",
        "cross_entropy_loss",
        "nll_loss",
        "nll_loss_nd",
        "nll_loss2d",
        "nll_loss_forward",
        "nll_loss2d_forward",
        "linear_cross_entropy",
        "soft_margin_loss",
        "multilabel_soft_margin_loss",
        "kl_div",
    }
)
ACTIVATIONS = SIGMOID | LOG_SIGMOID | SOFTMAX | LOG_SOFTMAX | LOGSUMEXP
EVERYTHING = ACTIVATIONS | LOSSES
BOOK = "lossbook"
"""Among forbidden names: this book's own functions of these names count, too, and not torch's alone."""
# For gradients in closed form. Names of attributes and methods, too: a child that deletes forbidden functions
# from torch has to leave these alone.
AUTOGRAD = frozenset({"grad", "backward", "make_dual"})
