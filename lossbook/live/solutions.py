"""NumPy solutions of the in-page exercises whose signature is smaller than that of lossbook's own function.

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
