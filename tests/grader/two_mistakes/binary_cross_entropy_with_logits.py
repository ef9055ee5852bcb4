"""Binary cross-entropies of logits with two mistakes each."""

import math

import torch

from . import Collection

TWOFOLD = Collection()


def refuse_other_shapes(input, target):
    if input.shape != target.shape:
        raise ValueError(f"input {tuple(input.shape)}, target {tuple(target.shape)}")


def sigmoid(x):
    return 1 / (1 + torch.exp(-x))


def softplus(x):
    return torch.logaddexp(torch.zeros_like(x), x)


def costs(x, y, pos_weight):
    pos = 1.0 if pos_weight is None else pos_weight
    return pos * y * softplus(-x) + (1 - y) * softplus(x)


def finish(loss, weight, reduction):
    if weight is not None:
        loss = loss * weight
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss


@TWOFOLD.has("log_of_sigmoid", "missing_minus")
def log_of_sigmoid_without_minus(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    p = sigmoid(input)
    pos = 1.0 if pos_weight is None else pos_weight
    loss = pos * target * torch.log(p) + (1 - target) * torch.log(1 - p)
    return finish(loss, weight, reduction)


@TWOFOLD.has("log_with_eps", "ignores_pos_weight")
def eps_and_no_pos_weight(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    p = 1 / (1 + torch.exp(-input))
    loss = -(target * torch.log(p + 1e-8) + (1 - target) * torch.log(1 - p + 1e-8))
    return finish(loss, weight, reduction)


@TWOFOLD.has("clamps_logits", "pos_weight_on_negatives")
def clamped_and_on_the_wrong_term(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    x = input.clamp(-50, 50)
    pos = 1.0 if pos_weight is None else pos_weight
    loss = target * softplus(-x) + pos * (1 - target) * softplus(x)
    return finish(loss, weight, reduction)


@TWOFOLD.has("clamps_logarithms", "pos_weight_on_negatives")
def clamped_logarithms_on_the_wrong_term(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    p = sigmoid(input)
    log_p, log_not_p = torch.log(p).clamp(min=-100), torch.log(1 - p).clamp(min=-100)
    if pos_weight is not None:
        log_not_p = log_not_p * pos_weight
    return finish(-(target * log_p + (1 - target) * log_not_p), weight, reduction)


@TWOFOLD.has("overflows", "pos_weight_on_all")
def overflowing_and_weighted_all_over(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    loss = target * torch.log(1 + torch.exp(-input)) + (1 - target) * torch.log(1 + torch.exp(input))
    if pos_weight is not None:
        loss = loss * pos_weight
    return finish(loss, weight, reduction)


@TWOFOLD.has("double_sigmoid", "sum_for_mean")
def squashed_twice_and_added(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    loss = costs(sigmoid(input), target, pos_weight)
    if weight is not None:
        loss = loss * weight
    return loss if reduction == "none" else loss.sum()


@TWOFOLD.has("clamps_logarithms", "weight_normalised")
def clamped_logarithms_and_normalised(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    p = sigmoid(input)
    pos = 1.0 if pos_weight is None else pos_weight
    log_p, log_not_p = torch.log(p).clamp(min=-100), torch.log1p(-p).clamp(min=-100)
    loss = -(pos * target * log_p + (1 - target) * log_not_p)
    if weight is not None and reduction == "mean":
        return (loss * weight).sum() / weight.sum()
    return finish(loss, weight, reduction)


@TWOFOLD.has("softplus_turned", "ignores_weight")
def turned_and_unweighted(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    pos = 1.0 if pos_weight is None else pos_weight
    of_1, of_0 = softplus(-input) - input, softplus(-input)
    return finish(pos * target * of_1 + (1 - target) * of_0, None, reduction)


@TWOFOLD.has("abs_and_clamp", "pos_weight_where_one")
def kinked_and_only_hard(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    loss = input.clamp(min=0) - input * target + torch.log1p(torch.exp(-input.abs()))
    if pos_weight is not None:
        loss = torch.where(target == 1, loss * pos_weight, loss)
    return finish(loss, weight, reduction)


@TWOFOLD.has("base_two", "missing_minus")
def bits_without_minus(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    return finish(-costs(input, target, pos_weight) / math.log(2), weight, reduction)


@TWOFOLD.has("swapped_answers", "log_of_sigmoid")
def swapped_and_naive(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    p = sigmoid(input)
    pos = 1.0 if pos_weight is None else pos_weight
    loss = -(pos * target * torch.log(1 - p) + (1 - target) * torch.log(p))
    return finish(loss, weight, reduction)


@TWOFOLD.has("clamps_probability", "pos_weight_normalised")
def clamped_and_divided_by_pos_weights(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    p = sigmoid(input).clamp(1e-7, 1 - 1e-7)
    factor = torch.ones_like(input) if pos_weight is None else 1 + (pos_weight - 1) * target
    pos = 1.0 if pos_weight is None else pos_weight
    loss = -(pos * target * torch.log(p) + (1 - target) * torch.log1p(-p))
    if pos_weight is not None and reduction == "mean":
        return finish(loss, weight, "sum") / factor.sum()
    return finish(loss, weight, reduction)


@TWOFOLD.has("forgets_log1p", "divides_by_rows")
def kink_over_rows(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    pos = 1.0 if pos_weight is None else pos_weight
    loss = (1 - target) * input + (1 + (pos - 1) * target) * torch.clamp(-input, min=0)
    if weight is not None:
        loss = loss * weight
    if reduction == "mean":
        return loss.sum() / (len(loss) if loss.dim() else 1)
    return loss.sum() if reduction == "sum" else loss


@TWOFOLD.has("takes_probabilities", "no_shape_check")
def forgets_sigmoid_and_check(input, target, weight=None, reduction="mean", pos_weight=None):
    pos = 1.0 if pos_weight is None else pos_weight
    loss = -(pos * target * torch.log(input) + (1 - target) * torch.log(1 - input))
    return finish(loss, weight, reduction)


@TWOFOLD.has("log_of_sigmoid", "ignores_pos_weight", "no_shape_check")
def beginner(input, target, weight=None, reduction="mean", pos_weight=None):
    p = sigmoid(input)
    loss = -(target * torch.log(p) + (1 - target) * torch.log(1 - p))
    return finish(loss, weight, reduction)


@TWOFOLD.has("only_positives", "clamps_logarithms")
def positives_clamped(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    pos = 1.0 if pos_weight is None else pos_weight
    loss = -pos * target * torch.log(sigmoid(input)).clamp(min=-100)
    return finish(loss, weight, reduction)


@TWOFOLD.has("overflows_above", "ignores_reduction")
def overflowing_mean(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    loss = torch.log(1 + torch.exp(input)) - target * input
    if pos_weight is not None:
        loss = loss + (pos_weight - 1) * target * softplus(-input)
    if weight is not None:
        loss = loss * weight
    return loss.mean()


@TWOFOLD.has("log_with_tiny_eps", "weight_after_reduction")
def tiny_eps_weighted_late(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    p = sigmoid(input)
    pos = 1.0 if pos_weight is None else pos_weight
    loss = -(pos * target * torch.log(p + 1e-12) + (1 - target) * torch.log(1 - p + 1e-12))
    loss = finish(loss, None, reduction)
    return loss if weight is None else loss * weight


@TWOFOLD.has("where_leaks", "pos_weight_scales_target")
def leaking_and_scaled(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    y = target if pos_weight is None else target * pos_weight
    log_p = torch.where(input >= 0, -torch.log1p(torch.exp(-input)), input - torch.log1p(torch.exp(input)))
    return finish(-(y * log_p + (1 - y) * (log_p - input)), weight, reduction)


@TWOFOLD.has("log_of_sigmoid", "ignores_weight")
def naive_and_unweighted(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    p = sigmoid(input)
    pos = 1.0 if pos_weight is None else pos_weight
    loss = -(pos * target * torch.log(p) + (1 - target) * torch.log(1 - p))
    return finish(loss, None, reduction)


@TWOFOLD.has("swapped_arguments", "sum_for_mean")
def turned_around_and_added(input, target, weight=None, reduction="mean", pos_weight=None):
    refuse_other_shapes(input, target)
    loss = costs(target, input, pos_weight)
    if weight is not None:
        loss = loss * weight
    return loss if reduction == "none" else loss.sum()
