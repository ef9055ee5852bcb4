"""Wrong symmetric cross-entropies in NumPy."""

import numpy as np


def log_softmax(x, axis=1):
    s = x - x.max(axis, keepdims=True)
    return s - np.log(np.exp(s).sum(axis, keepdims=True))


def picked(table, target):
    return table[np.arange(len(target)), target]


def forward(logits, target):
    return -picked(log_softmax(logits), target)


def reverse(logits, target, log_zero):
    return -log_zero * (1 - np.exp(-forward(logits, target)))


def right(logits, target, alpha, beta, log_zero):
    return (alpha * forward(logits, target) + beta * reverse(logits, target, log_zero)).mean()


def cross_entropy_alone(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    return alpha * forward(logits, target).mean()


def reverse_alone(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    return beta * reverse(logits, target, log_zero).mean()


def factors_swapped(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    return right(logits, target, beta, alpha, log_zero)


def without_factors(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    return right(logits, target, 1, 1, log_zero)


def beta_from_alpha(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    return right(logits, target, alpha, 1 - alpha, log_zero)


def clamps_labels_at_1e_4(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    return right(logits, target, alpha, beta, np.log(1e-4))


def clamps_labels_at_1e_8(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    return right(logits, target, alpha, beta, np.log(1e-8))


def always_minus_four(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    return right(logits, target, alpha, beta, -4.0)


def clamps_labels_at_log_zero(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    one_hot = np.maximum(np.eye(logits.shape[1])[target], log_zero)
    p = np.exp(log_softmax(logits))
    return (alpha * forward(logits, target) - beta * (p * one_hot).sum(1)).mean()


def reverse_with_the_wrong_sign(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    return right(logits, target, alpha, -beta, log_zero)


def true_class_in_the_reverse(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    cost = forward(logits, target)
    return (alpha * cost - beta * log_zero * np.exp(-cost)).mean()


def absolute_error(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    return right(logits, target, alpha, 2 * beta, log_zero)


def entropy(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    log_p = log_softmax(logits)
    return (alpha * forward(logits, target) - beta * (np.exp(log_p) * log_p).sum(1)).mean()


def reverse_not_reduced(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    return alpha * forward(logits, target).mean() + beta * reverse(logits, target, log_zero)


def reverse_summed(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    return alpha * forward(logits, target).mean() + beta * reverse(logits, target, log_zero).sum()


def not_reduced_and_clamped_at_1e_8(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    return alpha * forward(logits, target).mean() + beta * reverse(logits, target, np.log(1e-8))


def reverse_averaged_over_classes(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    return right(logits, target, alpha, beta / logits.shape[1], log_zero)


def summed_over_samples(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    return len(target) * right(logits, target, alpha, beta, log_zero)


def log_with_eps(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0, eps=1e-8):
    p = np.exp(-forward(logits, target))
    return (-alpha * np.log(p + eps) - beta * log_zero * (1 - p)).mean()


def no_shift(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    e = np.exp(logits)
    p = picked(e / e.sum(1, keepdims=True), target)
    return (alpha * forward(logits, target) - beta * log_zero * (1 - p)).mean()


def softmax_twice(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    twice = forward(np.exp(log_softmax(logits)), target)
    return (alpha * twice + beta * reverse(logits, target, log_zero)).mean()


def softmax_over_samples(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    cost = -picked(log_softmax(logits, 0), target)
    return (alpha * cost - beta * log_zero * (1 - np.exp(-cost))).mean()


def base_two(logits, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    return right(logits, target, alpha / np.log(2), beta, log_zero)
