"""Wrong sets of predicted labels in NumPy."""

import numpy as np


def sigmoid(z):
    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))


def softmaxed(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True, initial=-np.inf))
    return e / e.sum(axis, keepdims=True)


def right(logits, threshold=0.5):
    return sigmoid(logits) > threshold


def threshold_on_logit(logits, threshold=0.5):
    return logits > threshold


def threshold_ignored(logits, threshold=0.5):
    return logits > 0


def softmax(logits, threshold=0.5):
    return softmaxed(logits, 1) > threshold


def across_samples(logits, threshold=0.5):
    return softmaxed(logits, 0) > threshold


def only_the_best(logits, threshold=0.5):
    return np.eye(logits.shape[1], dtype=bool)[logits.argmax(1)]


def best_if_likely(logits, threshold=0.5):
    return right(logits, threshold) & only_the_best(logits)


def at_least_one(logits, threshold=0.5):
    return right(logits, threshold) | only_the_best(logits)


def or_equal(logits, threshold=0.5):
    return sigmoid(logits) >= threshold


def below(logits, threshold=0.5):
    return sigmoid(logits) < threshold


def odds_turned_around(logits, threshold=0.5):
    return logits > np.log((1 - threshold) / threshold)


def log_of_threshold(logits, threshold=0.5):
    return logits > np.log(threshold)


def odds_without_log(logits, threshold=0.5):
    return logits > threshold / (1 - threshold)


def sigmoid_of_threshold(logits, threshold=0.5):
    return logits > sigmoid(threshold)


def sigmoid_twice(logits, threshold=0.5):
    return sigmoid(sigmoid(logits)) > threshold


def relative_to_the_best(logits, threshold=0.5):
    p = sigmoid(logits)
    return p > threshold * p.max(1, keepdims=True)


def in_int64(logits, threshold=0.5):
    return right(logits, threshold).astype(int)


def in_float(logits, threshold=0.5):
    return right(logits, threshold).astype(float)


def probabilities(logits, threshold=0.5):
    return sigmoid(logits)


def label_numbers(logits, threshold=0.5):
    return np.argwhere(right(logits, threshold))


def whole_row(logits, threshold=0.5):
    return right(logits, threshold).any(1)
