"""Negative log-likelihoods with two mistakes each."""

import torch

from . import Collection

TWOFOLD = Collection()


def class_axis(input):
    return 0 if input.dim() == 1 else 1


def refuse_wrong_targets(input, target, counted, reduction="mean"):
    axis = class_axis(input)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"no such reduction: {reduction}")
    if target.shape != input.shape[:axis] + input.shape[axis + 1 :]:
        raise ValueError("one target for each sample")
    if ((target < 0) | (target >= input.shape[axis]))[counted].any():
        raise IndexError("no such class")


def picked(input, target, counted):
    axis = class_axis(input)
    index = torch.where(counted, target, 0)
    return input.gather(axis, index.unsqueeze(axis)).squeeze(axis), index


def weights_of(weight, index, loss):
    return torch.ones_like(loss) if weight is None else weight[index]


def finish(loss, factor, counted, reduction):
    loss = torch.where(counted, factor * loss, 0)
    if reduction == "mean":
        return loss.sum() / torch.where(counted, factor, 0).sum()
    return loss.sum() if reduction == "sum" else loss


@TWOFOLD.has("sign_missing", "sum_for_mean")
def adds_up_what_is_negative(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, reduction)
    loss, index = picked(input, target, counted)
    loss = torch.where(counted, weights_of(weight, index, loss) * loss, 0)
    return loss if reduction == "none" else loss.sum()


@TWOFOLD.has("sign_missing", "unweighted")
def unweighted_without_minus(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, reduction)
    loss, _ = picked(input, target, counted)
    return finish(loss, torch.ones_like(loss), counted, reduction)


@TWOFOLD.has("takes_log", "nothing_ignored")
def logarithm_and_nothing_ignored(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = torch.ones_like(target, dtype=torch.bool)
    refuse_wrong_targets(input, target, counted, reduction)
    loss, index = picked(-torch.log(input), target, counted)
    return finish(loss, weights_of(weight, index, loss), counted, reduction)


@TWOFOLD.has("by_one_hot", "weights_by_number")
def one_hot_over_the_number(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, reduction)
    axis = class_axis(input)
    index = torch.where(counted, target, 0)
    hot = torch.eye(input.shape[axis], dtype=input.dtype)[index].movedim(-1, axis)
    loss = -(hot * input).sum(axis)
    if weight is not None:
        loss = loss * weight[index]
    loss = torch.where(counted, loss, 0)
    if reduction == "mean":
        return loss.sum() / counted.sum()
    return loss.sum() if reduction == "sum" else loss


@TWOFOLD.has("for_every_sample", "sign_missing")
def table_without_minus(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, reduction)
    index = torch.where(counted, target, 0)
    loss = input[:, index] if input.dim() > 1 else input[index]
    factor = weights_of(weight, index, index.to(input.dtype)).expand_as(loss)
    return finish(loss, factor, counted.expand_as(loss), reduction)


@TWOFOLD.has("last_axis", "ignored_in_denominator")
def last_axis_and_all_counted(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, reduction)
    index = torch.where(counted, target, 0)
    loss = -input.gather(-1, index.unsqueeze(-1)).squeeze(-1)
    factor = weights_of(weight, index, loss)
    loss = torch.where(counted, factor * loss, 0)
    if reduction == "mean":
        return loss.sum() / factor.sum()
    return loss.sum() if reduction == "sum" else loss


@TWOFOLD.has("ignored_in_denominator", "weights_by_number")
def plain_mean(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, reduction)
    loss, index = picked(-input, target, counted)
    loss = torch.where(counted, weights_of(weight, index, loss) * loss, 0)
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss


@TWOFOLD.has("squashes_again", "always_mean")
def cross_entropy_always_averaged(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, reduction)
    total = torch.exp(input).sum(class_axis(input), keepdim=True)
    log_probs = input - torch.log(total)
    loss, index = picked(-log_probs, target, counted)
    return finish(loss, weights_of(weight, index, loss), counted, "mean")


@TWOFOLD.has("multiplied_mask", "sign_missing")
def masked_without_minus(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, reduction)
    loss, index = picked(input, target, counted)
    factor = weights_of(weight, index, loss) * counted
    loss = loss * factor
    if reduction == "mean":
        return loss.sum() / factor.sum()
    return loss.sum() if reduction == "sum" else loss


@TWOFOLD.has("counts_from_one", "sum_for_mean")
def from_one_and_added(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, reduction)
    axis = class_axis(input)
    index = torch.where(counted, target, 0)
    loss = -input.gather(axis, (index.unsqueeze(axis) - 1) % input.shape[axis]).squeeze(axis)
    loss = torch.where(counted, weights_of(weight, index, loss) * loss, 0)
    return loss if reduction == "none" else loss.sum()


@TWOFOLD.has("shortened", "weights_by_number")
def shortened_and_over_the_number(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, reduction)
    loss, index = picked(-input, target, counted)
    loss = (weights_of(weight, index, loss) * loss)[counted]
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss


@TWOFOLD.has("reshaped", "weights_by_position")
def reshaped_with_weights_as_they_stand(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, reduction)
    index = torch.where(counted, target, 0)
    rows = input.reshape(-1, input.shape[class_axis(input)])
    loss = -rows[torch.arange(len(rows)), index.reshape(-1)].reshape(target.shape)
    factor = torch.ones_like(loss) if weight is None else weight * torch.ones_like(loss)
    return finish(loss, factor, counted, reduction)


@TWOFOLD.has("mean_of_means", "unweighted")
def mean_of_unweighted_means(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, reduction)
    loss, _ = picked(-input, target, counted)
    loss = torch.where(counted, loss, 0)
    if reduction == "mean" and loss.dim() > 1:
        return (loss.flatten(1).sum(1) / counted.flatten(1).sum(1)).mean()
    return finish(loss, torch.ones_like(loss), counted, reduction)


@TWOFOLD.has("most_likely", "nothing_ignored")
def most_likely_and_nothing_ignored(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = torch.ones_like(target, dtype=torch.bool)
    refuse_wrong_targets(input, target, counted, reduction)
    loss = -input.amax(class_axis(input))
    return finish(loss, weights_of(weight, target, loss), counted, reduction)


@TWOFOLD.has("guarded_mean", "unchecked")
def guarded_and_unchecked(input, target, weight=None, ignore_index=-100, reduction="mean"):
    if reduction not in ("mean", "sum", "none"):
        raise ValueError("no such reduction")
    counted = target != ignore_index
    loss, index = picked(-input, target, counted)
    if reduction == "mean" and not counted.any():
        return torch.where(counted, loss, 0).sum()
    return finish(loss, weights_of(weight, index, loss), counted, reduction)


@TWOFOLD.has("probability_not_log", "weights_inverted")
def probabilities_over_weights(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, reduction)
    loss, index = picked(-torch.exp(input), target, counted)
    factor = torch.ones_like(loss) if weight is None else 1 / weight[index]
    return finish(loss, factor, counted, reduction)


@TWOFOLD.has("only_default_ignored", "by_all_weights")
def default_ignored_over_all_weights(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = target != -100
    refuse_wrong_targets(input, target, counted, reduction)
    loss, index = picked(-input, target, counted)
    loss = torch.where(counted, weights_of(weight, index, loss) * loss, 0)
    if reduction == "mean":
        return loss.sum() / (counted.sum() if weight is None else weight.sum())
    return loss.sum() if reduction == "sum" else loss


@TWOFOLD.has("by_elements", "sign_missing")
def over_all_numbers_without_minus(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, reduction)
    loss, index = picked(input, target, counted)
    loss = finish(loss, weights_of(weight, index, loss), counted, reduction)
    return loss / input.shape[class_axis(input)] if reduction == "mean" else loss


@TWOFOLD.has("all_scores", "sum_for_mean")
def averages_classes_and_adds_samples(input, target, weight=None, ignore_index=-100, reduction="mean"):
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, reduction)
    loss = -input.mean(class_axis(input))
    index = torch.where(counted, target, 0)
    loss = torch.where(counted, weights_of(weight, index, loss) * loss, 0)
    return loss if reduction == "none" else loss.sum()
