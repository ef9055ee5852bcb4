"""NumPy solutions of the in-page exercises that `page.functions` does not hold, or holds with more arguments.

A reader sees the signature and the docstring as the starting point, and the body after a try.
"""

import numpy as np


def nll_loss(log_probs, target):
    """Return the mean of minus the log-probability of the true class.

    log_probs: (N, C). target: the true classes, (N,).
    """
    picked = log_probs[np.arange(len(target)), target]
    return -picked.mean()


def cross_entropy(logits, target):
    """Return the mean cross-entropy of a batch.

    logits: (N, C), of any size. target: the true classes, (N,).
    """
    s = logits - logits.max(1, keepdims=True)
    log_sums = np.log(np.exp(s).sum(1))
    return (log_sums - s[np.arange(len(target)), target]).mean()


def cross_entropy_gradient(logits, target):
    """Return the gradient of the mean cross-entropy on the logits.

    logits: (N, C), of any size. target: the true classes, (N,).
    Returns an array of the logits' shape.
    """
    e = np.exp(logits - logits.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    p[np.arange(len(target)), target] -= 1
    return p / len(target)


def binary_cross_entropy(p, y):
    """Return one binary cross-entropy per element, as BCELoss does.

    p, y: numbers from 0 to 1, of one shape. Tiny p keep their digits,
    and no logarithm goes below -100.
    """
    with np.errstate(divide="ignore"):
        log_p = np.maximum(np.log(p), -100)
        log_not_p = np.maximum(np.log1p(-p), -100)
    return -(y * log_p + (1 - y) * log_not_p)


def binary_cross_entropy_with_logits(x, y):
    """Return one binary cross-entropy per element.

    x: logits of any shape and size. y: from 0 to 1, of that shape.
    """
    return np.maximum(x, 0) - x * y + np.log1p(np.exp(-np.abs(x)))


def bce_with_logits_gradient(x, y):
    """Return the slope of each element's BCE, on its own logit.

    x: logits of any shape and size. y: from 0 to 1, of that shape.
    Tiny slopes keep their digits: at x = -50, y = 0 it is exp(-50).
    """
    denominator = 1 + np.exp(-np.abs(x))
    p = np.exp(np.minimum(x, 0)) / denominator
    not_p = np.exp(np.minimum(-x, 0)) / denominator
    return p * (1 - y) - not_p * y


def two_logits_to_one(logits):
    """Return the one logit that gives class 1 the same probability.

    logits: (..., 2), class 0 first. Returns an array of shape (...).
    """
    return logits[..., 1] - logits[..., 0]


def one_logit_to_two(logit):
    """Return two logits that give class 1 the same probability.

    logit: one per sample, (N,). Returns (N, 2), class 0 first, and the
    logit of class 0 is 0.
    """
    return np.stack([np.zeros_like(logit), logit], axis=1)


def probability_and_decision(logits):
    """Return what a model of two classes says about class 1.

    logits: one per sample, (N,) or (N, 1); or two, (N, 2), class 0
    first. Returns two arrays (N,): the probability of class 1; and the
    integer 1 where that is above one half, else 0.
    """
    z = logits
    if z.ndim == 2:
        z = z[:, 0] if z.shape[1] == 1 else z[:, 1] - z[:, 0]
    p = np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))
    return p, (z > 0).astype(int)


def predicted_labels(logits, threshold=0.5):
    """Return which labels have a probability above the threshold.

    logits: one per sample and label, (N, L). threshold: a probability
    between 0 and 1. Returns True and False, (N, L).
    """
    return logits > np.log(threshold / (1 - threshold))


def loss_of_one_logit(output, target):
    """Return the mean binary cross-entropy of a batch.

    output: logits as a layer with one output gives them, (N, 1).
    target: classes 0 and 1, integers, (N,).
    """
    x = output[:, 0]
    base = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
    return (base - x * target).mean()


def dataset_mean_loss(batches, weight=None, ignore_index=-100):
    """Return the mean cross-entropy of a data set, as of one batch.

    batches: a list of pairs: logits (n, C), classes (n,). n may differ.
    weight: one factor per class, (C,). Samples whose class is
    ignore_index do not count. The mean divides by the sum of the
    weights that count; where there is nothing to divide by it is nan.
    """
    total = divisor = 0.0
    for logits, target in batches:
        kept = target != ignore_index
        logits, target = logits[kept], target[kept]
        s = logits - logits.max(1, keepdims=True)
        losses = np.log(np.exp(s).sum(1)) - s[np.arange(len(s)), target]
        w = np.ones(len(s)) if weight is None else weight[target]
        total += (w * losses).sum()
        divisor += w.sum()
    return total / divisor if divisor else np.nan


def masked_binary_cross_entropy_with_logits(
    logits,
    target,
    mask,
    pos_weight=None,
    reduction="mean",
):
    """Return the BCE of padded sequences; the padding does not count.

    logits, target: (N, T), with anything in the padding, even nan.
    mask: (N, T), True where a step is real. pos_weight: () or (T,).
    reduction: "mean" over the real steps; "sum"; or "none", which is
    (N, T), with 0 in the padding.
    """
    x, y = np.where(mask, logits, 0), np.where(mask, target, 0)
    w = 1 if pos_weight is None else pos_weight
    log_p = np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))
    losses = -(w * y * log_p + (1 - y) * (log_p - x))
    losses = np.where(mask, losses, 0)
    if reduction == "none":
        return losses
    divisor = mask.sum() if reduction == "mean" else 1
    return losses.sum() / divisor


def threshold_for_fpr(scores, labels, max_fpr):
    """Return the smallest threshold with a false-positive rate of at
    most max_fpr.

    scores: (N,). Positive is predicted where score >= threshold.
    labels: 0 or 1, (N,), with a 0 among them. The rate is the share of
    the samples with label 0 that are predicted positive. Choose among
    the scores and np.inf, which predicts nothing positive.
    """
    negatives = scores[labels == 0]
    for threshold in np.unique(scores):  # from the smallest on
        if (negatives >= threshold).mean() <= max_fpr:
            return threshold
    return np.inf


def undo_pos_weight(logits, pos_weight):
    """Return probabilities as if trained without pos_weight.

    logits: of any shape, of a model trained with pos_weight.
    pos_weight: one number, or one for each label along the last axis.
    Tiny probabilities keep their digits.
    """
    z = logits - np.log(pos_weight)
    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))


def temperature(logits, target):
    """Return the T with the smallest mean cross-entropy of logits / T.

    logits: (N, C). target: the true classes, (N,).
    T lies between 0.01 and 100, and is wanted to three digits.
    """
    low, high = np.log(0.01), np.log(100)
    wanted = logits[np.arange(len(target)), target].mean()
    for _ in range(40):
        middle = (low + high) / 2
        z = logits / np.exp(middle)
        e = np.exp(z - z.max(1, keepdims=True))
        p = e / e.sum(1, keepdims=True)
        if (p * logits).sum(1).mean() > wanted:
            low = middle  # still too sure
        else:
            high = middle
    return np.exp(middle)


def symmetric_cross_entropy(
    logits,
    target,
    alpha=0.1,
    beta=1.0,
    log_zero=-4.0,
):
    """Return alpha * cross-entropy + beta * reverse cross-entropy.

    logits: (N, C). target: the true classes, (N,). With p the softmax
    and q the one-hot label, the first is -sum(q * log(p)), the second
    -sum(p * log(q)), where log(0) is log_zero. Means over the samples.
    """
    s = logits - logits.max(1, keepdims=True)
    log_sums = np.log(np.exp(s).sum(1))
    log_p = s[np.arange(len(target)), target] - log_sums
    reverse = -log_zero * (1 - np.exp(log_p))
    return (alpha * -log_p + beta * reverse).mean()
