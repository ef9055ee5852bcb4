"""Wrong gradients of the cross-entropy in NumPy."""

import numpy as np


def softmax(x, axis=1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def log_softmax(x):
    s = x - x.max(1, keepdims=True)
    return s - np.log(np.exp(s).sum(1, keepdims=True))


def hot(logits, target):
    return np.eye(logits.shape[1])[target]


def right(logits, target):
    return (softmax(logits) - hot(logits, target)) / len(target)


def sign_turned(logits, target):
    return -right(logits, target)


def only_softmax(logits, target):
    return softmax(logits) / len(target)


def logits_minus_target(logits, target):
    return (logits - hot(logits, target)) / len(target)


def log_probs_minus_target(logits, target):
    return (log_softmax(logits) - hot(logits, target)) / len(target)


def softmax_of_softmax(logits, target):
    return right(softmax(logits), target)


def on_probabilities(logits, target):
    return -hot(logits, target) / softmax(logits) / len(target)


def another_slope(logits, target):
    p = softmax(logits)
    return (p - hot(logits, target)) * p * (1 - p) / len(target)


def squared_error(logits, target):
    p = softmax(logits)
    slope = 2 * (p - hot(logits, target))
    return p * (slope - (p * slope).sum(1, keepdims=True)) / len(target)


def true_class_only(logits, target):
    return hot(logits, target) * (softmax(logits) - 1) / len(target)


def each_alone(logits, target):
    z = np.exp(-np.abs(logits))
    p = np.where(logits >= 0, 1, z) / (1 + z)
    return (p - hot(logits, target)) / len(target)


def first_axis(logits, target):
    return (softmax(logits, 0) - hot(logits, target)) / len(target)


def no_shift(logits, target):
    e = np.exp(logits)
    return (e / e.sum(1, keepdims=True) - hot(logits, target)) / len(target)


def one_shift_for_all(logits, target):
    e = np.exp(logits - logits.max())
    return (e / e.sum(1, keepdims=True) - hot(logits, target)) / len(target)


def never_divided(logits, target):
    return softmax(logits) - hot(logits, target)


def by_elements(logits, target):
    return (softmax(logits) - hot(logits, target)) / logits.size


def over_samples(logits, target):
    return right(logits, target).sum(0)


def in_place(logits, target):
    answer = right(logits, target)
    logits -= logits.max(1, keepdims=True) + 1
    return answer


def clamps_logits(logits, target):
    return right(np.clip(logits, -50, 50), target)


def in_every_row(logits, target):
    p = softmax(logits)
    p[:, target] -= 1
    return p / len(target)
