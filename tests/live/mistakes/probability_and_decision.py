"""Wrong probabilities and decisions of two-class models in NumPy."""

import numpy as np


def sigmoid(z):
    return np.exp(np.minimum(z, 0)) / (1 + np.exp(-np.abs(z)))


def softmax(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True, initial=-np.inf))
    return e / e.sum(axis, keepdims=True)


def is_pair(logits):
    return logits.ndim == 2 and logits.shape[1] == 2


def is_column(logits):
    return logits.ndim == 2 and logits.shape[1] == 1


def one_logit(logits):
    if logits.ndim == 1:
        return logits
    return logits[:, 0] if is_column(logits) else logits[:, 1] - logits[:, 0]


def right(logits):
    z = one_logit(logits)
    return sigmoid(z), (z > 0).astype(int)


def each_alone(logits):
    p, decision = right(logits)
    return (sigmoid(logits[:, 1]), decision) if is_pair(logits) else (p, decision)


def only_class_1(logits):
    return right(logits[:, 1] if is_pair(logits) else logits)


def of_class_0(logits):
    p, decision = right(logits)
    return (softmax(logits, 1)[:, 0], decision) if is_pair(logits) else (p, decision)


def of_the_winner(logits):
    p, decision = right(logits)
    return np.maximum(p, 1 - p), decision


def both_probabilities(logits):
    p, decision = right(logits)
    return (softmax(logits, 1), decision) if is_pair(logits) else (p, decision)


def across_samples(logits):
    p, decision = right(logits)
    return (softmax(logits, 0)[:, 1], decision) if is_pair(logits) else (p, decision)


def argmax_across_samples(logits):
    p, decision = right(logits)
    if not is_pair(logits):
        return p, decision
    return p, logits.argmax(0) if len(logits) else np.zeros(2, int)


def logit_above_half(logits):
    p, decision = right(logits)
    return (p, decision) if is_pair(logits) else (p, (one_logit(logits) > 0.5).astype(int))


def always_half_in_logits(logits):
    z = one_logit(logits)
    return sigmoid(z), (z > 0.5).astype(int)


def tie_is_1(logits):
    z = one_logit(logits)
    return sigmoid(z), (z >= 0).astype(int)


def decision_in_bool(logits):
    z = one_logit(logits)
    return sigmoid(z), z > 0


def decision_in_float(logits):
    p, _ = right(logits)
    return p, np.round(p)


def decision_is_class_0(logits):
    p, decision = right(logits)
    return p, 1 - decision


def turned_around(logits):
    return right(logits[:, 0] - logits[:, 1] if is_pair(logits) else logits)


def swapped(logits):
    return right(logits)[::-1]


def logit_not_probability(logits):
    z = one_logit(logits)
    return z, (z > 0).astype(int)


def column_stays(logits):
    p, decision = right(logits)
    return (p[:, None], decision[:, None]) if is_column(logits) else (p, decision)


def squeezes_everything(logits):
    z = logits.squeeze() if logits.shape[-1] == 1 else one_logit(logits)
    return sigmoid(z), (z > 0).astype(int)


def softmax_of_one(logits):
    if not is_column(logits):
        return right(logits)
    return softmax(logits, 1)[:, 0], logits.argmax(1)


def batch_as_classes(logits):
    p, decision = right(logits)
    return (softmax(logits, 0), decision) if logits.ndim == 1 else (p, decision)


def two_samples_as_a_pair(logits):
    return right(logits[None] if logits.shape == (2,) else logits)
