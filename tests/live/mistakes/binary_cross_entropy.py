"""Wrong binary cross-entropies of probabilities in NumPy."""

import numpy as np


def log(p):
    return np.maximum(np.log(p), -100)


def log_not(p):
    return np.maximum(np.log1p(-p), -100)


def right(p, y):
    return -(y * log(p) + (1 - y) * log_not(p))


def missing_minus(p, y):
    return -right(p, y)


def minus_on_first(p, y):
    return -y * log(p) + (1 - y) * log_not(p)


def only_positives(p, y):
    return -y * log(p)


def swapped_answers(p, y):
    return right(p, 1 - y)


def swapped_arguments(p, y):
    return right(y, p)


def no_clamp(p, y):
    return -(y * np.log(p) + (1 - y) * np.log1p(-p))


def clamps_elsewhere(p, y):
    return -(y * np.maximum(np.log(p), -10) + (1 - y) * np.maximum(np.log1p(-p), -10))


def replaces_nan(p, y):
    return np.nan_to_num(no_clamp(p, y))


def eps_inside(p, y):
    return -(y * np.log(p + 1e-8) + (1 - y) * np.log(1 - p + 1e-8))


def tiny_eps_inside(p, y):
    return -(y * np.log(p + 1e-12) + (1 - y) * np.log(1 - p + 1e-12))


def clamps_probability(p, y):
    p = np.clip(p, 1e-7, 1 - 1e-7)
    return -(y * np.log(p) + (1 - y) * np.log1p(-p))


def clamps_loss(p, y):
    return -np.maximum(y * np.log(p) + (1 - y) * np.log1p(-p), -100)


def only_infinities(p, y):
    log_p, log_not_p = (np.nan_to_num(np.log(q), neginf=-100.0) for q in (p, 1 - p))
    return -(y * log_p + (1 - y) * np.where(p < 1, np.log1p(-p), log_not_p))


def without_log1p(p, y):
    return -(y * log(p) + (1 - y) * log(1 - p))


def only_hard_targets(p, y):
    return np.where(y == 1, -log(p), -log_not(p))


def rounds_targets(p, y):
    return np.where(y > 0.5, -log(p), -log_not(p))


def double_sigmoid(p, y):
    return right(1 / (1 + np.exp(-p)), y)


def base_two(p, y):
    return right(p, y) / np.log(2)


def squared_error(p, y):
    return (p - y) ** 2


def in_place(p, y):
    answer = right(p, y)
    p *= 0.5
    p += 0.1
    return answer
