"""lossbook in NumPy: activations and losses with torch's values, for the pages of the book.

In a page this is the module ``lossbook``. Scores and probabilities are float arrays, classes are integers.
"""

import numpy as np

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "log_sigmoid",
    "log_softmax",
    "logsumexp",
    "nll_loss",
    "sigmoid",
    "softmax",
]


def sigmoid(x):
    """Turn logits into probabilities, element by element.

    x: logits of any shape and size. Returns an array of that shape.
    """
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def log_sigmoid(x):
    """Return log(sigmoid(x)), exact also where it rounds to 0 or 1.

    x: logits of any shape and size. Returns an array of that shape.
    """
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def logsumexp(x, axis):
    """Return log(sum(exp(x))) along an axis, for numbers of any size.

    x: at least one axis. Returns an array without that axis.
    """
    m = np.max(x, axis, keepdims=True)
    m = np.where(np.isinf(m), 0, m)
    with np.errstate(divide="ignore"):  # log(0), for a row of -inf
        total = np.log(np.exp(x - m).sum(axis))
    return total + m.squeeze(axis)


def softmax(x, axis):
    """Turn logits into probabilities that sum to 1 along an axis.

    x: logits of any size, at least one axis. Returns the same shape.
    """
    e = np.exp(x - np.max(x, axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def log_softmax(x, axis):
    """Return log(softmax(x, axis)), exact also where that rounds to 0.

    x: logits of any size, at least one axis. Returns the same shape.
    """
    s = x - np.max(x, axis, keepdims=True)
    return s - np.log(np.exp(s).sum(axis, keepdims=True))


def binary_cross_entropy(probs, target, weight=None, reduction="mean"):
    """Return the binary cross-entropy of probabilities, as torch's BCELoss.

    probs, target: numbers from 0 to 1, of one shape. Logarithms stop at -100.
    weight: factors that broadcast to that shape.
    reduction: "mean", "sum" or "none".
    """
    probs, target = _same_shape(probs, target)
    with np.errstate(divide="ignore"):
        log_p = np.maximum(np.log(probs), -100)
        log_not_p = np.maximum(np.log1p(-probs), -100)
    return _reduce(-(target * log_p + (1 - target) * log_not_p), weight, reduction)


def binary_cross_entropy_with_logits(logits, target, weight=None, reduction="mean", pos_weight=None):
    """Return the binary cross-entropy of logits, as torch's BCEWithLogitsLoss.

    logits, target: one shape, targets from 0 to 1.
    weight: factors of the elements. pos_weight: factors of the term of 1.
    reduction: "mean", "sum" or "none".
    """
    logits, target = _same_shape(logits, target)
    pos = 1 if pos_weight is None else pos_weight
    cost_of_1, cost_of_0 = -log_sigmoid(logits), -log_sigmoid(-logits)
    return _reduce(pos * target * cost_of_1 + (1 - target) * cost_of_0, weight, reduction)


def nll_loss(log_probs, target, weight=None, ignore_index=-100, reduction="mean"):
    """Return minus the log-probability of the true class, as torch's NLLLoss.

    log_probs: (N, C). target: classes, (N,). weight: one factor per class.
    ignore_index: samples of this class do not count.
    reduction: "mean" (over the weights that count), "sum" or "none".
    """
    log_probs, target = np.asarray(log_probs, float), np.asarray(target)
    _check_classes(log_probs, target)
    counted = target != ignore_index
    index = np.where(counted, target, 0)
    factor = np.ones(log_probs.shape[1]) if weight is None else np.asarray(weight, float)
    factor = np.where(counted, factor[index], 0)
    picked = np.where(counted, log_probs[np.arange(len(target)), index], 0)
    return _weighted(-picked * factor, factor.sum(), reduction)


def cross_entropy(
    logits,
    target,
    weight=None,
    ignore_index=-100,
    reduction="mean",
    label_smoothing=0.0,
):
    """Return the cross-entropy of logits, as torch's CrossEntropyLoss for classes.

    logits: (N, C). target: classes, (N,). weight: one factor per class.
    ignore_index: samples of this class do not count.
    reduction: "mean" (over the weights that count), "sum" or "none".
    label_smoothing: the share of the target that goes to all classes alike.
    """
    logits, target = np.asarray(logits, float), np.asarray(target)
    _check_classes(logits, target)
    log_probs = log_softmax(logits, 1)
    sharp = nll_loss(log_probs, target, weight, ignore_index, reduction)
    if not label_smoothing:
        return sharp
    factor = np.ones(logits.shape[1]) if weight is None else np.asarray(weight, float)
    counted = target != ignore_index
    spread = np.where(counted, -(log_probs * factor).mean(1), 0)
    total = np.where(counted, factor[np.where(counted, target, 0)], 0).sum()
    smooth = _weighted(spread, total, reduction)
    return (1 - label_smoothing) * sharp + label_smoothing * smooth


def _same_shape(scores, target):
    scores, target = np.asarray(scores, float), np.asarray(target, float)
    if scores.shape != target.shape:
        raise ValueError(f"one shape is needed, not {scores.shape} and {target.shape}")
    return scores, target


def _check_classes(scores, target):
    if scores.ndim != 2 or target.shape != scores.shape[:1] or target.dtype.kind not in "iu":
        raise ValueError(
            f"scores (N, C) and integer classes (N,) are needed, not {scores.shape} "
            f"and {target.dtype} {target.shape}"
        )


def _reduce(loss, weight, reduction):
    loss = loss if weight is None else loss * weight
    return _weighted(loss, loss.size, reduction)


def _weighted(loss, total, reduction):
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f'reduction must be "mean", "sum" or "none", not {reduction!r}')
    if reduction == "none":
        return loss
    return loss.sum() / total if reduction == "mean" else loss.sum()
