"""Wrong logarithms of the softmax in NumPy."""

import numpy as np


def shifted(x, axis):
    return x - x.max(axis, keepdims=True)


def right(x, axis):
    s = shifted(x, axis)
    return s - np.log(np.exp(s).sum(axis, keepdims=True))


def only_softmax(x, axis):
    e = np.exp(shifted(x, axis))
    return e / e.sum(axis, keepdims=True)


def log_of_softmax(x, axis):
    return np.log(only_softmax(x, axis))


def log_with_eps(x, axis):
    return np.log(only_softmax(x, axis) + 1e-8)


def no_shift(x, axis):
    return x - np.log(np.exp(x).sum(axis, keepdims=True))


def shift_only_in_sum(x, axis):
    return x - np.log(np.exp(shifted(x, axis)).sum(axis, keepdims=True))


def one_shift_for_all(x, axis):
    s = x - x.max()
    return s - np.log(np.exp(s).sum(axis, keepdims=True))


def log_missing(x, axis):
    s = shifted(x, axis)
    return s - np.exp(s).sum(axis, keepdims=True)


def sign_turned(x, axis):
    return -right(x, axis)


def last_axis(x, axis):
    return right(x, -1)


def no_keepdim(x, axis):
    s = shifted(x, axis)
    return s - np.log(np.exp(s).sum(axis))


def over_everything(x, axis):
    s = x - x.max()
    return s - np.log(np.exp(s).sum())


def base_two(x, axis):
    return right(x, axis) / np.log(2)


def in_place(x, axis):
    x -= x.max(axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis, keepdims=True))


def second_axis(x, axis):
    return right(x, 1)


def clamps_logarithm(x, axis):
    return np.maximum(log_of_softmax(x, axis), -100)


def log1p_of_sum(x, axis):
    s = shifted(x, axis)
    return s - np.log1p(np.exp(s).sum(axis, keepdims=True))


def mean_not_sum(x, axis):
    return right(x, axis) + np.log(x.shape[axis])


def each_alone(x, axis):
    return -np.logaddexp(0, -x)


def first_axis(x, axis):
    return right(x, 0)
