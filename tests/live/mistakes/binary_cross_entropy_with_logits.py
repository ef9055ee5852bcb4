"""Wrong binary cross-entropies of logits in NumPy."""

import numpy as np


def sigmoid(x):
    z = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, z) / (1 + z)


def log_sigmoid(x):
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def of_logs(y, log_p, log_not_p):
    return -(y * log_p + (1 - y) * log_not_p)


def right(x, y):
    return of_logs(y, log_sigmoid(x), log_sigmoid(-x))


def missing_minus(x, y):
    return -right(x, y)


def only_positives(x, y):
    return -y * log_sigmoid(x)


def swapped_answers(x, y):
    return right(x, 1 - y)


def swapped_arguments(x, y):
    return right(y, x)


def takes_probabilities(x, y):
    return of_logs(y, np.maximum(np.log(x), -100), np.maximum(np.log1p(-x), -100))


def double_sigmoid(x, y):
    return right(sigmoid(x), y)


def labels_compete(x, y):
    s = x - x.max(-1, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(-1, keepdims=True))
    return of_logs(y, log_p, np.maximum(np.log1p(-np.exp(log_p)), -100))


def base_two(x, y):
    return right(x, y) / np.log(2)


def squared_error(x, y):
    return (sigmoid(x) - y) ** 2


def log_of_sigmoid(x, y):
    p = sigmoid(x)
    return of_logs(y, np.log(p), np.log(1 - p))


def log_with_eps(x, y):
    p = sigmoid(x)
    return of_logs(y, np.log(p + 1e-8), np.log(1 - p + 1e-8))


def log_with_tiny_eps(x, y):
    p = sigmoid(x)
    return of_logs(y, np.log(p + 1e-12), np.log(1 - p + 1e-12))


def clamps_probability(x, y):
    p = np.clip(sigmoid(x), 1e-7, 1 - 1e-7)
    return of_logs(y, np.log(p), np.log1p(-p))


def clamps_logarithms(x, y):
    p = sigmoid(x)
    return of_logs(y, np.maximum(np.log(p), -100), np.maximum(np.log1p(-p), -100))


def clamps_logits(x, y):
    return right(np.clip(x, -50, 50), y)


def overflows(x, y):
    return of_logs(y, -np.log1p(np.exp(-x)), -np.log1p(np.exp(x)))


def overflows_above(x, y):
    return np.log1p(np.exp(x)) - y * x


def overflows_below(x, y):
    return (1 - y) * x + np.log1p(np.exp(-x))


def softplus_turned(x, y):
    return -log_sigmoid(x) - x * y


def forgets_log1p(x, y):
    return np.maximum(x, 0) - x * y


def forgets_maximum(x, y):
    return (1 - y) * x + np.log1p(np.exp(-np.abs(x)))


def in_place(x, y):
    answer = right(x, y)
    x *= -2
    x += 1
    return answer


def minus_on_first(x, y):
    return -y * log_sigmoid(x) + (1 - y) * log_sigmoid(-x)


def only_hard_targets(x, y):
    return np.where(y == 1, -log_sigmoid(x), -log_sigmoid(-x))


def rounds_targets(x, y):
    return right(x, np.round(y))
