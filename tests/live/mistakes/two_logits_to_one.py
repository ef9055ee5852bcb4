"""Wrong ways from two logits to one in NumPy."""

import numpy as np


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def turned_around(logits):
    return logits[..., 0] - logits[..., 1]


def only_class_1(logits):
    return logits[..., 1]


def added(logits):
    return logits.sum(-1)


def halved(logits):
    return (logits[..., 1] - logits[..., 0]) / 2


def larger(logits):
    return logits.max(-1)


def margin(logits):
    return np.abs(logits[..., 1] - logits[..., 0])


def probability(logits):
    return softmax(logits)[..., 1]


def log_probability(logits):
    s = logits - logits.max(-1, keepdims=True)
    return (s - np.log(np.exp(s).sum(-1, keepdims=True)))[..., 1]


def difference_of_probabilities(logits):
    p = softmax(logits)
    return p[..., 1] - p[..., 0]


def through_the_probability(logits):
    p = softmax(logits)
    return np.log(p[..., 1]) - np.log(p[..., 0])


def first_axis(logits):
    return logits[1] - logits[0]


def second_axis(logits):
    return logits[:, 1] - logits[:, 0]


def keeps_axis(logits):
    return logits[..., 1:] - logits[..., :1]


def decided(logits):
    return logits.argmax(-1)


def in_place(logits):
    result = logits[..., 1]
    result -= logits[..., 0]
    return result


def implicit_dim(logits):
    axis = 0 if logits.ndim in (0, 1, 3) else 1
    e = np.exp(logits - logits.max(axis, keepdims=True))
    p = e / e.sum(axis, keepdims=True)
    return np.log(p[..., 1]) - np.log(p[..., 0])
