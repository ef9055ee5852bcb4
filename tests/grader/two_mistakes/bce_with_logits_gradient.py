"""Gradients of the binary cross-entropy with logits, with two mistakes each."""

import torch

from . import Collection

TWOFOLD = Collection()


def refuse_other_shapes(logits, target):
    if logits.shape != target.shape:
        raise ValueError(f"logits {tuple(logits.shape)}, target {tuple(target.shape)}")


def sigmoid(x):
    return 1 / (1 + torch.exp(-x))


def slopes(p, y, pos_weight):
    pos = 1.0 if pos_weight is None else pos_weight
    return (1 - y) * p - pos * y * (1 - p)


def divided(slopes, reduction):
    return slopes / slopes.numel() if reduction == "mean" else slopes


@TWOFOLD.has("sign_turned", "never_divided")
def target_minus_probability(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    return -slopes(sigmoid(logits), target, pos_weight)


@TWOFOLD.has("sign_turned", "naive_sigmoid")
def turned_and_overflowing(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    p = torch.exp(logits) / (1 + torch.exp(logits))
    return divided(-slopes(p, target, pos_weight), reduction)


@TWOFOLD.has("forgets_sigmoid", "always_divided")
def logit_minus_target(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    return slopes(logits, target, pos_weight) / logits.numel()


@TWOFOLD.has("naive_sigmoid", "ignores_pos_weight")
def overflowing_without_pos_weight(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    p = torch.exp(logits) / (1 + torch.exp(logits))
    return divided(p - target, reduction)


@TWOFOLD.has("pos_weight_on_target_alone", "never_divided")
def probability_minus_weighted_target(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    if pos_weight is not None:
        target = pos_weight * target
    return sigmoid(logits) - target


@TWOFOLD.has("pos_weight_on_all", "divides_by_rows")
def weighted_all_over_rows(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    slope = sigmoid(logits) - target
    if pos_weight is not None:
        slope = slope * pos_weight
    if reduction == "mean":
        return slope / (len(slope) if slope.dim() else 1)
    return slope


@TWOFOLD.has("for_the_probability", "never_divided")
def by_the_probability(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    p = sigmoid(logits)
    pos = 1.0 if pos_weight is None else pos_weight
    return (1 - target) / (1 - p) - pos * target / p


@TWOFOLD.has("times_slope_of_sigmoid", "sign_turned")
def chain_rule_too_far(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    p = sigmoid(logits)
    return divided(-slopes(p, target, pos_weight) * p * (1 - p), reduction)


@TWOFOLD.has("forgets_target", "never_divided")
def probabilities_only(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    p = sigmoid(logits)
    return p if pos_weight is None else p * (1 + (pos_weight - 1) * target)


@TWOFOLD.has("forgets_target", "ignores_pos_weight")
def probabilities_without_pos_weight(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    return divided(sigmoid(logits), reduction)


@TWOFOLD.has("loses_tiny_slopes", "pos_weight_on_all")
def tanh_and_weighted_all_over(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    slope = (torch.tanh(logits / 2) + 1) / 2 - target
    if pos_weight is not None:
        slope = slope * pos_weight
    return divided(slope, reduction)


@TWOFOLD.has("clamps_probability", "always_divided")
def clamped_and_divided(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    p = sigmoid(logits).clamp(1e-7, 1 - 1e-7)
    return slopes(p, target, pos_weight) / logits.numel()


@TWOFOLD.has("labels_compete", "ignores_pos_weight")
def softmax_without_pos_weight(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    p = torch.exp(logits) / torch.exp(logits).sum(-1, keepdim=True)
    return divided(p - target, reduction)


@TWOFOLD.has("decision_not_probability", "sign_turned")
def perceptron(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    return divided(-slopes((logits > 0).to(logits.dtype), target, pos_weight), reduction)


@TWOFOLD.has("returns_loss", "ignores_pos_weight")
def the_loss_itself(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    zero = torch.zeros_like(logits)
    loss = target * torch.logaddexp(zero, -logits) + (1 - target) * torch.logaddexp(zero, logits)
    return divided(loss, reduction)


@TWOFOLD.has("rounds_targets", "divides_for_sum")
def hard_and_divided(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    slope = slopes(sigmoid(logits), (target > 0.5).to(logits.dtype), pos_weight)
    return slope if reduction == "none" else slope / slope.numel()


@TWOFOLD.has("adds_up", "sign_turned")
def one_number_turned(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    slope = -slopes(sigmoid(logits), target, pos_weight)
    if reduction == "mean":
        return slope.mean()
    return slope.sum() if reduction == "sum" else slope


@TWOFOLD.has("naive_sigmoid", "no_shape_check")
def overflowing_without_check(logits, target, pos_weight=None, reduction="mean"):
    p = torch.exp(logits) / (torch.exp(logits) + 1)
    return divided(slopes(p, target, pos_weight), reduction)


@TWOFOLD.has("only_positives", "never_divided")
def positives_not_divided(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    pos = 1.0 if pos_weight is None else pos_weight
    return pos * target * (sigmoid(logits) - 1)


@TWOFOLD.has("forgets_sigmoid", "sign_turned")
def target_minus_logit(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    return divided(-slopes(logits, target, pos_weight), reduction)


@TWOFOLD.has("labels_compete", "never_divided")
def softmax_not_divided(logits, target, pos_weight=None, reduction="mean"):
    refuse_other_shapes(logits, target)
    e = torch.exp(logits - logits.amax(-1, keepdim=True)) if logits.numel() else logits
    p = e / (e.sum(-1, keepdim=True) if e.dim() else e)
    return slopes(p, target, pos_weight)
