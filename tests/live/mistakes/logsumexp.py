"""Wrong log-sum-exps in NumPy."""

import numpy as np


def largest(x, axis):
    m = x.max(axis, keepdims=True)
    return np.where(np.isinf(m), 0, m)


def no_shift(x, axis):
    return np.log(np.exp(x).sum(axis))


def shift_not_added(x, axis):
    return np.log(np.exp(x - largest(x, axis)).sum(axis))


def shift_added_twice(x, axis):
    m = largest(x, axis)
    return np.log(np.exp(x - m).sum(axis)) + 2 * m.squeeze(axis)


def one_shift_for_all(x, axis):
    m = largest(x, None).reshape(())
    return np.log(np.exp(x - m).sum(axis)) + m


def keeps_axis(x, axis):
    m = largest(x, axis)
    return np.log(np.exp(x - m).sum(axis, keepdims=True)) + m


def inf_minus_inf(x, axis):
    m = x.max(axis, keepdims=True)
    return np.log(np.exp(x - m).sum(axis)) + m.squeeze(axis)


def mean_not_sum(x, axis):
    m = largest(x, axis)
    return np.log(np.exp(x - m).mean(axis)) + m.squeeze(axis)


def last_axis(x, axis):
    m = largest(x, -1)
    return np.log(np.exp(x - m).sum(-1)) + m.squeeze(-1)


def everything(x, axis):
    m = largest(x, None).reshape(())
    return np.log(np.exp(x - m).sum()) + m


def log_then_sum(x, axis):
    return np.log(np.exp(x)).sum(axis)


def maximum(x, axis):
    return x.max(axis)


def base_two(x, axis):
    m = largest(x, axis)
    return (np.log(np.exp(x - m).sum(axis)) + m.squeeze(axis)) / np.log(2)


def with_eps(x, axis):
    return np.log(np.exp(x).sum(axis) + 1e-8)


def second_axis(x, axis):
    m = largest(x, 1)
    return np.log(np.exp(x - m).sum(1)) + m.squeeze(1)


def no_keepdim(x, axis):
    m = x.max(axis)
    return np.log(np.exp(x - m).sum(axis)) + m


def shift_taken_off_twice(x, axis):
    m = largest(x, axis)
    return np.log(np.exp(x - m).sum(axis)) - m.squeeze(axis)


def shift_by_minimum(x, axis):
    m = -largest(-x, axis)
    return np.log(np.exp(x - m).sum(axis)) + m.squeeze(axis)


def shift_by_mean(x, axis):
    m = x.mean(axis, keepdims=True)
    m = np.where(np.isinf(m), 0, m)
    return np.log(np.exp(x - m).sum(axis)) + m.squeeze(axis)


def clamps(x, axis):
    return no_shift(np.clip(x, -50, 50), axis)


def first_axis(x, axis):
    m = largest(x, 0)
    return np.log(np.exp(x - m).sum(0)) + m.squeeze(0)
