"""Wrong slopes of the binary cross-entropy in NumPy."""

import numpy as np


def sigmoid(x):
    z = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, z) / (1 + z)


def log_sigmoid(x):
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def of_probability(p, y):
    return (1 - y) * p - y * (1 - p)


def right(x, y):
    return of_probability(sigmoid(x), y)


def sign_turned(x, y):
    return -right(x, y)


def forgets_sigmoid(x, y):
    return x - y


def decision_not_probability(x, y):
    return (x > 0) - y


def forgets_target(x, y):
    return sigmoid(x)


def rounds_targets(x, y):
    return right(x, np.where(y > 0.5, 1.0, 0.0))


def only_positives(x, y):
    return -y * (1 - sigmoid(x))


def swapped_arguments(x, y):
    return right(y, x)


def times_slope_of_sigmoid(x, y):
    p = sigmoid(x)
    return of_probability(p, y) * p * (1 - p)


def for_the_probability(x, y):
    p = sigmoid(x)
    return of_probability(p, y) / (p * (1 - p))


def of_the_target(x, y):
    return log_sigmoid(-x) - log_sigmoid(x)


def returns_loss(x, y):
    return -(y * log_sigmoid(x) + (1 - y) * log_sigmoid(-x))


def naive_sigmoid(x, y):
    return of_probability(np.exp(x) / (1 + np.exp(x)), y)


def loses_tiny_slopes(x, y):
    not_p = sigmoid(-x)
    return (1 - y) * (1 - not_p) - y * not_p


def clamps_probability(x, y):
    return of_probability(np.clip(sigmoid(x), 1e-7, 1 - 1e-7), y)


def labels_compete(x, y):
    e = np.exp(x - x.max(-1, keepdims=True))
    return of_probability(e / e.sum(-1, keepdims=True), y)


def always_divided(x, y):
    return right(x, y) / x.size


def in_place(x, y):
    answer = right(x, y)
    x *= -2
    x += 1
    return answer


def squeezes(x, y):
    return right(x.squeeze(), y.squeeze())
