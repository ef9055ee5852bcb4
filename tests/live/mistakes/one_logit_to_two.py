"""Wrong ways from one logit to two in NumPy."""

import numpy as np


def sigmoid(z):
    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))


def log_sigmoid(z):
    return np.minimum(z, 0) - np.log1p(np.exp(-np.abs(z)))


def swapped(logit):
    return np.stack([logit, np.zeros_like(logit)], axis=1)


def of_class_0(logit):
    return np.stack([0 * logit, -logit], axis=1)


def plus_and_minus(logit):
    return np.stack([-logit, logit], axis=1)


def shared_out(logit):
    return np.stack([-logit / 2, logit / 2], axis=1)


def one_minus(logit):
    return np.stack([1 - logit, logit], axis=1)


def repeated(logit):
    return np.stack([logit, logit], axis=1)


def probabilities(logit):
    return np.stack([sigmoid(-logit), sigmoid(logit)], axis=1)


def zero_and_probability(logit):
    return np.stack([np.zeros_like(logit), sigmoid(logit)], axis=1)


def log_probabilities(logit):
    return np.stack([log_sigmoid(-logit), log_sigmoid(logit)], axis=1)


def stacked_first(logit):
    return np.stack([np.zeros_like(logit), logit])


def joined(logit):
    return np.concatenate([np.zeros_like(logit), logit])


def decided(logit):
    return np.stack([logit <= 0, logit > 0], axis=1).astype(float)
