"""Wrong losses of a head with one logit in NumPy."""

import numpy as np


def sigmoid(z):
    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))


def each(x, target):
    return np.maximum(x, 0) - x * target + np.log1p(np.exp(-np.abs(x)))


def softmax_loss(logits, target):
    s = logits - logits.max(1, keepdims=True)
    return (np.log(np.exp(s).sum(1)) - s[np.arange(len(target)), target]).mean()


def broadcasts(output, target):
    return each(output, target).mean()


def squeezes_axis_0(output, target):
    return each(output.squeeze(0), target).mean()


def one_hot_bce(output, target):
    return each(output, np.eye(2)[target]).mean()


def one_class(output, target):
    log_probs = output - np.log(np.exp(output - output).sum(1, keepdims=True)) - output
    return -(target[:, None] * log_probs).sum(1).mean()


def cross_entropy(output, target):
    return softmax_loss(output, target)


def batch_as_classes(output, target):
    s = output[:, 0] - output.max()
    return -(target * (s - np.log(np.exp(s).sum()))).sum()


def plus_and_minus(output, target):
    return softmax_loss(np.concatenate([-output, output], 1), target)


def sigmoid_first(output, target):
    return each(sigmoid(output[:, 0]), target).mean()


def bce_of_sigmoid(output, target):
    p = sigmoid(output[:, 0])
    with np.errstate(divide="ignore"):
        log_p, log_not_p = np.maximum(np.log(p), -100), np.maximum(np.log1p(-p), -100)
    return -(target * log_p + (1 - target) * log_not_p).mean()


def logs_of_sigmoid(output, target):
    p = sigmoid(output[:, 0])
    return -(target * np.log(p) + (1 - target) * np.log(1 - p)).mean()


def logs_with_eps(output, target, eps=1e-8):
    p = sigmoid(output[:, 0])
    return -(target * np.log(p + eps) + (1 - target) * np.log(1 - p + eps)).mean()


def sign_missing(output, target):
    return -each(output[:, 0], target).mean()


def decides_first(output, target):
    return each((output[:, 0] > 0).astype(float), target).mean()


def squared_error(output, target):
    return ((sigmoid(output[:, 0]) - target) ** 2).mean()


def swapped_arguments(output, target):
    return each(target, output[:, 0]).mean()


def classes_swapped(output, target):
    return each(output[:, 0], 1 - target).mean()


def minus_and_plus_one(output, target):
    return each(output[:, 0], 2 * target - 1).mean()


def summed(output, target):
    return each(output[:, 0], target).sum()


def per_sample(output, target):
    return each(output[:, 0], target)
