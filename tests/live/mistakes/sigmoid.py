"""Wrong sigmoids in NumPy, as readers may type them."""

import numpy as np


def missing_minus(x):
    return 1 / (1 + np.exp(x))


def positive_exponent(x):
    return np.exp(x) / (1 + np.exp(x))


def by_tanh(x):
    return 0.5 * (1 + np.tanh(x / 2))


def tanh_not_halved(x):
    return 0.5 * (1 + np.tanh(x))


def clamped(x):
    return np.clip(1 / (1 + np.exp(-x)), 1e-7, 1 - 1e-7)


def over_elements(x):
    e = np.exp(x - x.max()) if x.size else x
    return e / e.sum()


def base_two(x):
    return 1 / (1 + 2.0**-x)


def in_place(x):
    np.negative(x, out=x)
    np.exp(x, out=x)
    return 1 / (1 + x)


def clamps_logits(x):
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))
