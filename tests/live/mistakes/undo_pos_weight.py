"""Wrong ways to take pos_weight off again in NumPy."""

import numpy as np


def sigmoid(z):
    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))


def not_undone(logits, pos_weight):
    return sigmoid(logits)


def adds(logits, pos_weight):
    return sigmoid(logits + np.log(pos_weight))


def without_log(logits, pos_weight):
    return sigmoid(logits - pos_weight)


def divides_the_logit(logits, pos_weight):
    return sigmoid(logits / pos_weight)


def divides_by_the_log(logits, pos_weight):
    return sigmoid(logits / np.log(pos_weight))


def divides_the_probability(logits, pos_weight):
    return sigmoid(logits) / pos_weight


def base_two(logits, pos_weight):
    return sigmoid(logits - np.log2(pos_weight))


def base_ten(logits, pos_weight):
    return sigmoid(logits - np.log10(pos_weight))


def one_more(logits, pos_weight):
    return sigmoid(logits - np.log1p(pos_weight))


def decides(logits, pos_weight):
    return (logits > np.log(pos_weight)).astype(float)


def through_the_probability(logits, pos_weight):
    p = sigmoid(logits)
    return p / (p + pos_weight * (1 - p))


def through_the_odds_of_the_probability(logits, pos_weight):
    p = sigmoid(logits)
    odds = p / (1 - p) / pos_weight
    return odds / (1 + odds)


def overflows(logits, pos_weight):
    odds = np.exp(logits) / pos_weight
    return odds / (1 + odds)


def per_sample(logits, pos_weight):
    weight = pos_weight[..., None] if np.ndim(pos_weight) else pos_weight
    return sigmoid(logits - np.log(weight))


def one_weight_for_all(logits, pos_weight):
    return sigmoid(logits - np.log(pos_weight.mean()))


def still_logits(logits, pos_weight):
    return logits - np.log(pos_weight)


def still_odds(logits, pos_weight):
    return np.exp(logits) / pos_weight


def subtracts_from_the_probability(logits, pos_weight):
    return sigmoid(logits) - np.log(pos_weight)


def other_class(logits, pos_weight):
    return sigmoid(np.log(pos_weight) - logits)


def softmax_over_labels(logits, pos_weight):
    x = logits - np.log(pos_weight)
    e = np.exp(x - x.max(-1, keepdims=True) if x.ndim else x - x)
    return e / (e.sum(-1, keepdims=True) if x.ndim else e)


def sigmoid_twice(logits, pos_weight):
    return sigmoid(sigmoid(logits) - np.log(pos_weight))


def in_place(logits, pos_weight):
    logits -= np.log(pos_weight)
    return sigmoid(logits)
