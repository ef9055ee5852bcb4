"""Wrong masked losses in NumPy."""

import numpy as np


def each(x, y, pos_weight=None):
    w = 1 if pos_weight is None else pos_weight
    log_p = np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))
    return -(w * y * log_p + (1 - y) * (log_p - x))


def safe(x, y, mask, pos_weight=None):
    return np.where(mask, each(np.where(mask, x, 0), np.where(mask, y, 0), pos_weight), 0)


def reduced(losses, mask, reduction):
    if reduction == "none":
        return losses
    return losses.sum() / mask.sum() if reduction == "mean" else losses.sum()


def ignores_mask(x, y, mask, pos_weight=None, reduction="mean"):
    return reduced(each(x, y, pos_weight), np.ones_like(mask), reduction)


def divides_by_all(x, y, mask, pos_weight=None, reduction="mean"):
    return reduced(safe(x, y, mask, pos_weight), np.ones_like(mask), reduction)


def hides_logits_only(x, y, mask, pos_weight=None, reduction="mean"):
    losses = each(np.where(mask, x, 0), np.where(mask, y, 0), pos_weight)
    return reduced(losses, np.ones_like(mask), reduction)


def multiplies_by_mask(x, y, mask, pos_weight=None, reduction="mean"):
    return reduced(each(x, y, pos_weight) * mask, mask, reduction)


def target_left_as_it_is(x, y, mask, pos_weight=None, reduction="mean"):
    return reduced(each(np.where(mask, x, 0), y, pos_weight) * mask, mask, reduction)


def hides_every_nan(x, y, mask, pos_weight=None, reduction="mean"):
    return reduced(each(np.nan_to_num(x), np.nan_to_num(y), pos_weight) * mask, mask, reduction)


def mean_of_sequence_means(x, y, mask, pos_weight=None, reduction="mean"):
    losses = safe(x, y, mask, pos_weight)
    return (losses.sum(1) / mask.sum(1)).mean() if reduction == "mean" else reduced(losses, mask, reduction)


def divides_by_sequences(x, y, mask, pos_weight=None, reduction="mean"):
    losses = safe(x, y, mask, pos_weight)
    return losses.sum() / len(losses) if reduction == "mean" else reduced(losses, mask, reduction)


def padding_at_the_end_only(x, y, mask, pos_weight=None, reduction="mean"):
    from_the_left = np.arange(mask.shape[1]) < mask.sum(1, keepdims=True)
    return reduced(safe(x, y, from_the_left, pos_weight), mask, reduction)


def mask_upside_down(x, y, mask, pos_weight=None, reduction="mean"):
    return reduced(safe(x, y, ~mask, pos_weight), ~mask, reduction)


def drops_the_padding(x, y, mask, pos_weight=None, reduction="mean"):
    return reduced(safe(x, y, mask, pos_weight)[mask], mask, reduction)


def no_pos_weight(x, y, mask, pos_weight=None, reduction="mean"):
    return reduced(safe(x, y, mask), mask, reduction)


def weights_everything(x, y, mask, pos_weight=None, reduction="mean"):
    factor = 1 if pos_weight is None else pos_weight
    return reduced(factor * safe(x, y, mask), mask, reduction)


def weights_hard_targets(x, y, mask, pos_weight=None, reduction="mean"):
    factor = 1 if pos_weight is None else np.where(y == 1, pos_weight, 1)
    return reduced(factor * safe(x, y, mask), mask, reduction)


def divides_by_the_weights(x, y, mask, pos_weight=None, reduction="mean"):
    factor = 1 if pos_weight is None else 1 + (pos_weight - 1) * np.where(mask, y, 0)
    return reduced(safe(x, y, mask, pos_weight), mask * factor, reduction)


def always_the_mean(x, y, mask, pos_weight=None, reduction="mean"):
    return reduced(safe(x, y, mask, pos_weight), mask, "mean")


def zero_for_nothing(x, y, mask, pos_weight=None, reduction="mean"):
    return reduced(safe(x, y, mask, pos_weight), np.maximum(mask.sum(), 1), reduction)


def sigmoid_twice(x, y, mask, pos_weight=None, reduction="mean"):
    p = np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))
    return reduced(safe(p, y, mask, pos_weight), mask, reduction)


def swapped_arguments(x, y, mask, pos_weight=None, reduction="mean"):
    return reduced(safe(y, x, mask, pos_weight), mask, reduction)


def in_place(x, y, mask, pos_weight=None, reduction="mean"):
    x[~mask] = 0
    y[~mask] = 0
    return reduced(safe(x, y, mask, pos_weight), mask, reduction)
