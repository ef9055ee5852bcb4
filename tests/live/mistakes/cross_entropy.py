"""Wrong cross-entropies in NumPy."""

import numpy as np


def shifted(x):
    return x - x.max(1, keepdims=True)


def softmax(x):
    e = np.exp(shifted(x))
    return e / e.sum(1, keepdims=True)


def log_softmax(x):
    s = shifted(x)
    return s - np.log(np.exp(s).sum(1, keepdims=True))


def log_sigmoid(x):
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


def pick(table, target):
    return table[np.arange(len(target)), target]


def nll(log_probs, target):
    return -pick(log_probs, target).mean()


def sign_missing(logits, target):
    return -nll(log_softmax(logits), target)


def softmax_first(logits, target):
    return nll(log_softmax(softmax(logits)), target)


def logits_as_log_probs(logits, target):
    return nll(logits, target)


def probability_not_log(logits, target):
    return nll(softmax(logits), target)


def log_of_softmax(logits, target):
    return nll(np.log(softmax(logits)), target)


def log_with_eps(logits, target):
    return nll(np.log(softmax(logits) + 1e-8), target)


def clamped_log(logits, target):
    return nll(np.log(np.clip(softmax(logits), 1e-7, 1 - 1e-7)), target)


def no_shift(logits, target):
    return nll(logits - np.log(np.exp(logits).sum(1, keepdims=True)), target)


def one_shift_for_all(logits, target):
    s = logits - logits.max()
    return nll(s - np.log(np.exp(s).sum(1, keepdims=True)), target)


def shift_only_in_sum(logits, target):
    return nll(logits - np.log(np.exp(shifted(logits)).sum(1, keepdims=True)), target)


def log_missing(logits, target):
    s = shifted(logits)
    return nll(s - np.exp(s).sum(1, keepdims=True), target)


def no_keepdim(logits, target):
    s = shifted(logits)
    return nll(s - np.log(np.exp(s).sum(1)), target)


def first_axis(logits, target):
    return nll(log_softmax(logits.T).T, target)


def each_alone(logits, target):
    return nll(log_sigmoid(logits), target)


def binary_terms(logits, target):
    log_p = log_softmax(logits)
    rest = np.log1p(-np.exp(log_p))
    return -(pick(log_p, target) + rest.sum(1) - pick(rest, target)).mean()


def base_two(logits, target):
    return nll(log_softmax(logits) / np.log(2), target)


def by_one_hot(logits, target):
    return -(np.eye(logits.shape[1])[target] * log_softmax(logits)).sum(1).mean()


def sum_for_mean(logits, target):
    return -pick(log_softmax(logits), target).sum()


def by_elements(logits, target):
    return -pick(log_softmax(logits), target).sum() / logits.size


def in_place(logits, target):
    logits -= logits.max(1, keepdims=True)
    return nll(log_softmax(logits), target)


def clamps_logarithm(logits, target):
    return nll(np.maximum(np.log(softmax(logits)), -100), target)


def clamps_logits(logits, target):
    return nll(log_softmax(np.clip(logits, -50, 50)), target)


def log1p_of_sum(logits, target):
    s = shifted(logits)
    return nll(s - np.log1p(np.exp(s).sum(1, keepdims=True)), target)
