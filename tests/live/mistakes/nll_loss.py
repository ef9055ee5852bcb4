"""Wrong negative log-likelihoods in NumPy."""

import numpy as np


def pick(table, target):
    return table[np.arange(len(target)), target]


def log_softmax(x):
    s = x - x.max(1, keepdims=True)
    return s - np.log(np.exp(s).sum(1, keepdims=True))


def sign_missing(log_probs, target):
    return pick(log_probs, target).mean()


def takes_log(log_probs, target):
    return -pick(np.log(log_probs), target).mean()


def squashes_again(log_probs, target):
    return -pick(log_softmax(log_probs), target).mean()


def probability_not_log(log_probs, target):
    return -pick(np.exp(log_probs), target).mean()


def for_every_sample(log_probs, target):
    return -log_probs[:, target].mean()


def by_one_hot(log_probs, target):
    return -(np.eye(log_probs.shape[1])[target] * log_probs).sum(1).mean()


def all_scores(log_probs, target):
    return -log_probs.mean(1).mean()


def most_likely(log_probs, target):
    return -log_probs.max(1).mean()


def counts_from_one(log_probs, target):
    return -pick(log_probs, target - 1).mean()


def sum_for_mean(log_probs, target):
    return -pick(log_probs, target).sum()


def by_elements(log_probs, target):
    return -pick(log_probs, target).sum() / log_probs.size


def in_place(log_probs, target):
    log_probs *= -1
    return pick(log_probs, target).mean()
