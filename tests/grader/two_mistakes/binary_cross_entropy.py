"""Binary cross-entropies of probabilities with two mistakes each."""

import torch

from . import Collection

TWOFOLD = Collection()


def refuse_other_shapes(input, target):
    if input.shape != target.shape:
        raise ValueError(f"input {tuple(input.shape)}, target {tuple(target.shape)}")


def log(p):
    return torch.log(p).clamp(min=-100)


def log_not(p):
    return torch.log1p(-p).clamp(min=-100)


def costs(p, y):
    return -(y * log(p) + (1 - y) * log_not(p))


def finish(loss, weight, reduction):
    if weight is not None:
        loss = loss * weight
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss


@TWOFOLD.has("missing_minus", "sum_for_mean")
def adds_up_what_is_negative(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    loss = target * log(input) + (1 - target) * log_not(input)
    if weight is not None:
        loss = loss * weight
    if reduction == "none":
        return loss
    return loss.sum()


@TWOFOLD.has("missing_minus", "no_clamp", "without_log1p")
def textbook_without_its_minus(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    loss = target * torch.log(input) + (1 - target) * torch.log(1 - input)
    return finish(loss, weight, reduction)


@TWOFOLD.has("no_clamp", "ignores_weight", "without_log1p")
def textbook_without_weight(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    loss = -(target * torch.log(input) + (1 - target) * torch.log(1 - input))
    return finish(loss, None, reduction)


@TWOFOLD.has("eps_inside", "divides_by_rows")
def eps_and_rows(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    eps = 1e-7
    loss = -(target * torch.log(input + eps) + (1 - target) * torch.log(1 - input + eps))
    if weight is not None:
        loss = loss * weight
    if reduction == "mean":
        return loss.sum() / input.shape[0]
    return loss.sum() if reduction == "sum" else loss


@TWOFOLD.has("clamps_probability", "weight_normalised")
def clamped_and_normalised(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    p = torch.clamp(input, 1e-6, 1 - 1e-6)
    loss = -(target * torch.log(p) + (1 - target) * torch.log(1 - p))
    if weight is not None:
        loss = loss * weight
    if reduction == "mean":
        return loss.mean() if weight is None else loss.sum() / weight.sum()
    return loss.sum() if reduction == "sum" else loss


@TWOFOLD.has("base_two", "minus_on_first", "without_log1p")
def bits_with_half_a_minus(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    one = torch.log2(input).clamp(min=-100)
    other = torch.log2(1 - input).clamp(min=-100)
    return finish(-target * one + (1 - target) * other, weight, reduction)


@TWOFOLD.has("swapped_answers", "ignores_reduction")
def always_the_mean_of_the_wrong(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    loss = -(target * log_not(input) + (1 - target) * log(input))
    if weight is not None:
        loss = loss * weight
    return loss.mean()


@TWOFOLD.has("only_positives", "weight_after_reduction")
def positives_weighted_late(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    loss = finish(-target * log(input), None, reduction)
    return loss if weight is None else loss * weight


@TWOFOLD.has("no_clamp", "no_shape_check")
def as_in_the_textbook(input, target, weight=None, reduction="mean"):
    loss = -(target * torch.log(input) + (1 - target) * torch.log1p(-input))
    return finish(loss, weight, reduction)


@TWOFOLD.has("without_log1p", "weight_normalised")
def rounds_and_normalises(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    loss = -(target * log(input) + (1 - target) * log(1 - input))
    if weight is None:
        return finish(loss, None, reduction)
    loss = loss * weight
    if reduction == "mean":
        return loss.sum() / weight.expand_as(loss).sum()
    return loss.sum() if reduction == "sum" else loss


@TWOFOLD.has("double_sigmoid", "mean_for_sum")
def squashed_and_averaged(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    loss = costs(1 / (1 + torch.exp(-input)), target)
    return finish(loss, weight, "none" if reduction == "none" else "mean")


@TWOFOLD.has("swapped_arguments", "missing_minus")
def log_of_the_target(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    loss = input * log(target) + (1 - input) * log_not(target)
    return finish(loss, weight, reduction)


@TWOFOLD.has("detached", "no_clamp")
def plain_numbers(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    p = input.detach()
    loss = -(target * torch.log(p) + (1 - target) * torch.log1p(-p))
    return finish(loss, weight, reduction)


@TWOFOLD.has("rounds_targets", "one_mean_per_row")
def hard_rows(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    loss = torch.where(target > 0.5, -log(input), -log_not(input))
    if weight is not None:
        loss = loss * weight
    if reduction == "mean":
        return loss.mean(dim=-1)
    return loss.sum() if reduction == "sum" else loss


@TWOFOLD.has("squared_error", "ignores_weight")
def squares(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    return finish((input - target) ** 2, None, reduction)


@TWOFOLD.has("tiny_eps_inside", "missing_minus")
def tiny_eps_without_minus(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    loss = target * torch.log(input + 1e-12) + (1 - target) * torch.log(1 - input + 1e-12)
    return finish(loss, weight, reduction)


@TWOFOLD.has("always_float32", "clamps_probability")
def in_float32_and_clamped(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    p, y = input.float().clamp(1e-7, 1 - 1e-7), target.float()
    return finish(-(y * torch.log(p) + (1 - y) * torch.log1p(-p)), weight, reduction)


@TWOFOLD.has("eps_inside", "ignores_reduction", "no_shape_check")
def three_lines(input, target, weight=None, reduction="mean"):
    loss = -(target * torch.log(input + 1e-8) + (1 - target) * torch.log(1 - input + 1e-8))
    if weight is not None:
        loss = loss * weight
    return loss.mean()


@TWOFOLD.has("no_clamp", "divides_by_rows")
def sums_each_row_and_averages(input, target, weight=None, reduction="mean"):
    refuse_other_shapes(input, target)
    loss = -(target * torch.log(input) + (1 - target) * torch.log1p(-input))
    if weight is not None:
        loss = loss * weight
    if reduction == "mean":
        return loss.sum() / len(loss)
    return loss.sum() if reduction == "sum" else loss
