"""Gradients of the cross-entropy, with two mistakes each."""

import torch

from . import Collection

TWOFOLD = Collection()


def softmax(x, axis=1):
    if not x.numel():
        return x
    e = torch.exp(x - x.amax(axis, keepdim=True))
    return e / e.sum(axis, keepdim=True)


def one_hot(target, logits):
    return torch.eye(logits.shape[1], dtype=logits.dtype)[target]


def weights_of(weight, target, logits):
    return torch.ones(len(target), dtype=logits.dtype) if weight is None else weight[target]


def refuse_other_reductions(reduction):
    if reduction not in ("mean", "sum"):
        raise ValueError("a gradient is of one number")


def finish(rows, target, weight, reduction):
    refuse_other_reductions(reduction)
    factor = weights_of(weight, target, rows)
    rows = factor.unsqueeze(1) * rows
    return rows / factor.sum() if reduction == "mean" else rows


@TWOFOLD.has("sign_turned", "never_divided")
def target_minus_probability(logits, target, weight=None, reduction="mean"):
    refuse_other_reductions(reduction)
    return finish(one_hot(target, logits) - softmax(logits), target, weight, "sum")


@TWOFOLD.has("only_softmax", "by_number")
def probabilities_over_the_number(logits, target, weight=None, reduction="mean"):
    refuse_other_reductions(reduction)
    rows = finish(softmax(logits), target, weight, "sum")
    return rows / len(target) if reduction == "mean" else rows


@TWOFOLD.has("first_axis", "sign_turned")
def over_the_samples_and_turned(logits, target, weight=None, reduction="mean"):
    return finish(one_hot(target, logits) - softmax(logits, 0), target, weight, reduction)


@TWOFOLD.has("no_shift", "unweighted")
def overflowing_and_unweighted(logits, target, weight=None, reduction="mean"):
    p = torch.exp(logits) / torch.exp(logits).sum(1, keepdim=True)
    return finish(p - one_hot(target, logits), target, None, reduction)


@TWOFOLD.has("no_shift", "by_number")
def overflowing_over_the_number(logits, target, weight=None, reduction="mean"):
    refuse_other_reductions(reduction)
    p = torch.exp(logits) / torch.exp(logits).sum(1, keepdim=True)
    rows = finish(p - one_hot(target, logits), target, weight, "sum")
    return rows / len(target) if reduction == "mean" else rows


@TWOFOLD.has("another_slope", "never_divided")
def chain_rule_too_far(logits, target, weight=None, reduction="mean"):
    refuse_other_reductions(reduction)
    p = softmax(logits)
    return finish((p - one_hot(target, logits)) * p * (1 - p), target, weight, "sum")


@TWOFOLD.has("softmax_of_softmax", "by_all_weights")
def squashed_twice_over_all_weights(logits, target, weight=None, reduction="mean"):
    refuse_other_reductions(reduction)
    rows = finish(softmax(softmax(logits)) - one_hot(target, logits), target, weight, "sum")
    if reduction == "mean":
        return rows / (len(target) if weight is None else weight.sum())
    return rows


@TWOFOLD.has("in_every_row", "by_column")
def columns_twice(logits, target, weight=None, reduction="mean"):
    refuse_other_reductions(reduction)
    rows = softmax(logits).clone()
    rows[:, target] -= 1
    factor = weights_of(weight, target, logits)
    if weight is not None:
        rows = rows * weight
    return rows / factor.sum() if reduction == "mean" else rows


@TWOFOLD.has("true_class_only", "unweighted")
def true_class_unweighted(logits, target, weight=None, reduction="mean"):
    hot = one_hot(target, logits)
    return finish(hot * (softmax(logits) - 1), target, None, reduction)


@TWOFOLD.has("logits_minus_target", "never_divided")
def no_softmax_no_division(logits, target, weight=None, reduction="mean"):
    refuse_other_reductions(reduction)
    return finish(logits - one_hot(target, logits), target, weight, "sum")


@TWOFOLD.has("each_alone", "by_number")
def sigmoids_over_the_number(logits, target, weight=None, reduction="mean"):
    refuse_other_reductions(reduction)
    rows = finish(1 / (1 + torch.exp(-logits)) - one_hot(target, logits), target, weight, "sum")
    return rows / len(target) if reduction == "mean" else rows


@TWOFOLD.has("on_probabilities", "sign_turned")
def one_over_p(logits, target, weight=None, reduction="mean"):
    return finish(one_hot(target, logits) / softmax(logits), target, weight, reduction)


@TWOFOLD.has("over_samples", "by_number")
def added_up_over_the_number(logits, target, weight=None, reduction="mean"):
    refuse_other_reductions(reduction)
    rows = finish(softmax(logits) - one_hot(target, logits), target, weight, "sum")
    return rows.mean(0) if reduction == "mean" else rows.sum(0)


@TWOFOLD.has("weighted_target_only", "never_divided")
def weighted_target_not_divided(logits, target, weight=None, reduction="mean"):
    refuse_other_reductions(reduction)
    return softmax(logits) - weights_of(weight, target, logits).unsqueeze(1) * one_hot(target, logits)


@TWOFOLD.has("squared_error", "unweighted")
def squared_error_unweighted(logits, target, weight=None, reduction="mean"):
    p = softmax(logits)
    slope = 2 * (p - one_hot(target, logits))
    return finish(p * (slope - (p * slope).sum(1, keepdim=True)), target, None, reduction)


@TWOFOLD.has("clamps_logits", "by_elements")
def clamped_over_all_numbers(logits, target, weight=None, reduction="mean"):
    rows = finish(softmax(logits.clamp(-50, 50)) - one_hot(target, logits), target, weight, reduction)
    return rows / logits.shape[1] if reduction == "mean" else rows


@TWOFOLD.has("one_shift_for_all", "by_position")
def one_maximum_and_weights_as_they_stand(logits, target, weight=None, reduction="mean"):
    refuse_other_reductions(reduction)
    e = torch.exp(logits - logits.max()) if logits.numel() else logits
    rows = e / e.sum(1, keepdim=True) - one_hot(target, logits)
    total = weights_of(weight, target, logits).sum()
    if weight is not None:
        rows = rows * weight.unsqueeze(1)
    return rows / total if reduction == "mean" else rows


@TWOFOLD.has("log_probs_minus_target", "by_elements")
def log_probabilities_over_all_numbers(logits, target, weight=None, reduction="mean"):
    rows = finish(torch.log(softmax(logits)) - one_hot(target, logits), target, weight, reduction)
    return rows / logits.shape[1] if reduction == "mean" else rows


@TWOFOLD.has("in_place", "never_divided")
def overwrites_and_never_divides(logits, target, weight=None, reduction="mean"):
    refuse_other_reductions(reduction)
    logits.copy_(softmax(logits))
    logits[torch.arange(len(target)), target] -= 1
    return weights_of(weight, target, logits).unsqueeze(1) * logits


@TWOFOLD.has("any_reduction", "sign_turned")
def turned_for_any_word(logits, target, weight=None, reduction="mean"):
    rows = one_hot(target, logits) - softmax(logits)
    return finish(rows, target, weight, "mean" if reduction == "mean" else "sum")


@TWOFOLD.has("only_softmax", "never_divided")
def probabilities_not_divided(logits, target, weight=None, reduction="mean"):
    refuse_other_reductions(reduction)
    return finish(softmax(logits), target, weight, "sum")
