"""Wrong temperatures in NumPy."""

import numpy as np


def log_softmax(x, axis=1):
    s = x - x.max(axis, keepdims=True)
    return s - np.log(np.exp(s).sum(axis, keepdims=True))


def softmax(x):
    return np.exp(log_softmax(x))


def loss(logits, target, axis=1):
    return -log_softmax(logits, axis)[np.arange(len(target)), target].mean()


def right(logits, target):
    low, high = np.log(0.01), np.log(100)
    wanted = logits[np.arange(len(target)), target].mean()
    for _ in range(40):
        middle = (low + high) / 2
        if (softmax(logits / np.exp(middle)) * logits).sum(1).mean() > wanted:
            low = middle
        else:
            high = middle
    return np.exp(middle)


def search(function):
    low, high = np.log(0.01), np.log(100)
    for _ in range(60):
        left, right = low + (high - low) * 0.382, low + (high - low) * 0.618
        if function(np.exp(left)) <= function(np.exp(right)):
            high = right
        else:
            low = left
    return np.exp((low + high) / 2)


def turned_around(logits, target):
    return 1 / right(logits, target)


def not_fitted(logits, target):
    return 1.0


def logarithm(logits, target):
    return np.log(right(logits, target))


def the_loss(logits, target):
    return loss(logits / right(logits, target), target)


def squared_error(logits, target):
    one_hot = np.eye(logits.shape[1])[target]
    return search(lambda t: ((softmax(logits / t) - one_hot) ** 2).sum(1).mean())


def confidence_is_accuracy(logits, target):
    accuracy = (logits.argmax(1) == target).mean()
    return search(lambda t: abs(softmax(logits / t).max(1).mean() - accuracy))


def softmax_before(logits, target):
    return search(lambda t: loss(softmax(logits) / t, target))


def each_class_alone(logits, target):
    one_hot = np.eye(logits.shape[1])[target]
    return search(lambda t: (np.logaddexp(0, logits / t) - logits / t * one_hot).mean())


def over_samples(logits, target):
    return search(lambda t: loss(logits / t, target, 0))


def without_true_class(logits, target):
    return search(lambda t: -log_softmax(logits / t).max(1).mean())


def only_above_one(logits, target):
    return max(1.0, right(logits, target))


def only_below_ten(logits, target):
    return min(10.0, max(0.1, right(logits, target)))


def coarse_grid(logits, target):
    return min(np.arange(1, 101) / 10, key=lambda t: loss(logits / t, target))


def downhill(logits, target, steps):
    t = 1.0
    wanted = logits[np.arange(len(target)), target].mean()
    for _ in range(steps):
        expected = (softmax(logits / t) * logits).sum(1).mean()
        t -= 0.01 * (wanted - expected) / t**2
    return t


def one_step(logits, target):
    return downhill(logits, target, 1)


def stops_too_early(logits, target):
    return downhill(logits, target, 100)


def in_place(logits, target):
    best = right(logits, target)
    logits /= best
    return best
