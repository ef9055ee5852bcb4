"""Wrong logarithms of the sigmoid in NumPy."""

import numpy as np


def stable(x):
    z = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, z) / (1 + z)


def right(x):
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def log_of_sigmoid(x):
    return np.log(stable(x))


def log_with_eps(x):
    return np.log(stable(x) + 1e-8)


def overflows_and_rounds(x):
    return -np.log(1 + np.exp(-x))


def overflows(x):
    return -np.log1p(np.exp(-x))


def without_log1p(x):
    return np.minimum(x, 0) - np.log(1 + np.exp(-np.abs(x)))


def forgets_minimum(x):
    return -np.log1p(np.exp(-np.abs(x)))


def softplus(x):
    return -right(x)


def other_class(x):
    return right(-x)


def base_two(x):
    return right(x) / np.log(2)


def only_sigmoid(x):
    return stable(x)


def clamps_logarithm(x):
    return np.maximum(np.log(stable(x)), -100)


def clamps_logits(x):
    return overflows(np.clip(x, -50, 50))


def overflows_above(x):
    return x - np.log1p(np.exp(x))


def where_leaks(x):
    return np.where(x >= -80, overflows(x), x)
