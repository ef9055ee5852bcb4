"""Cross-entropies with two mistakes each."""

import math

import torch

from . import Collection

TWOFOLD = Collection()


def class_axis(input):
    return 0 if input.dim() == 1 else 1


def log_softmax(x, axis):
    shifted = x - x.detach().amax(axis, keepdim=True) if x.numel() else x
    return shifted - torch.log(torch.exp(shifted).sum(axis, keepdim=True))


def softmax(x, axis):
    return torch.exp(log_softmax(x, axis))


def along(weight, table, axis):
    return weight.reshape([-1 if d == axis else 1 for d in range(table.dim())])


def is_soft(input, target):
    if target.shape != input.shape:
        return False
    if not target.is_floating_point():
        raise RuntimeError("class probabilities are floats")
    return True


def refuse_wrong_targets(input, target, counted, label_smoothing=0.0):
    axis = class_axis(input)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError("label_smoothing is a share")
    if target.is_floating_point():
        raise RuntimeError("class indices are integers")
    if target.shape != input.shape[:axis] + input.shape[axis + 1 :]:
        raise ValueError("one target for each sample")
    if ((target < 0) | (target >= input.shape[axis]))[counted].any():
        raise IndexError("no such class")


def soft_loss(log_probs, target, weight, reduction, label_smoothing, axis):
    target = (1 - label_smoothing) * target + label_smoothing / target.shape[axis]
    terms = target * log_probs
    if weight is not None:
        terms = terms * along(weight, terms, axis)
    loss = -terms.sum(axis)
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss


def hard_losses(log_probs, target, weight, counted, label_smoothing, axis):
    """Return what each sample costs, and its weight; both 0 where it does not count."""
    index = torch.where(counted, target, 0)
    factor = torch.ones_like(log_probs.select(axis, 0)) if weight is None else weight[index]
    loss = -factor * log_probs.gather(axis, index.unsqueeze(axis)).squeeze(axis)
    if label_smoothing:
        terms = log_probs if weight is None else log_probs * along(weight, log_probs, axis)
        share = label_smoothing / log_probs.shape[axis]
        loss = (1 - label_smoothing) * loss - share * terms.sum(axis)
    return torch.where(counted, loss, 0), torch.where(counted, factor, 0)


def finish(loss, factor, reduction):
    if reduction == "mean":
        return loss.sum() / factor.sum()
    return loss.sum() if reduction == "sum" else loss


def loss_of(log_probs, input, target, weight, ignore_index, reduction, label_smoothing):
    """The rest of a cross-entropy, when the log-probabilities are there."""
    axis = class_axis(input)
    if is_soft(input, target):
        return soft_loss(log_probs, target, weight, reduction, label_smoothing, axis)
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, label_smoothing)
    return finish(*hard_losses(log_probs, target, weight, counted, label_smoothing, axis), reduction)


@TWOFOLD.has("sign_missing", "sum_for_mean")
def adds_up_what_is_negative(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    log_probs = log_softmax(input, class_axis(input))
    reduction = "none" if reduction == "none" else "sum"
    return -loss_of(log_probs, input, target, weight, ignore_index, reduction, label_smoothing)


@TWOFOLD.has("softmax_first", "weights_by_number")
def squashed_over_the_number(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    axis = class_axis(input)
    log_probs = log_softmax(softmax(input, axis), axis)
    if is_soft(input, target):
        return soft_loss(log_probs, target, weight, reduction, label_smoothing, axis)
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, label_smoothing)
    loss, _ = hard_losses(log_probs, target, weight, counted, label_smoothing, axis)
    return finish(loss, counted, reduction)


@TWOFOLD.has("log_of_softmax", "softmax_on_last_axis")
def naive_on_the_last_axis(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    log_probs = torch.log(softmax(input, -1))
    return loss_of(log_probs, input, target, weight, ignore_index, reduction, label_smoothing)


@TWOFOLD.has("softmax_first", "sign_missing")
def squashed_without_minus(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    axis = class_axis(input)
    log_probs = -log_softmax(softmax(input, axis), axis)
    return loss_of(log_probs, input, target, weight, ignore_index, reduction, label_smoothing)


@TWOFOLD.has("no_shift", "ignored_in_denominator")
def overflowing_and_all_counted(
    input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    axis = class_axis(input)
    log_probs = input - torch.log(torch.exp(input).sum(axis, keepdim=True))
    if is_soft(input, target):
        return soft_loss(log_probs, target, weight, reduction, label_smoothing, axis)
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, label_smoothing)
    loss, _ = hard_losses(log_probs, target, weight, counted, label_smoothing, axis)
    index = torch.where(counted, target, 0)
    return finish(loss, torch.ones_like(loss) if weight is None else weight[index], reduction)


@TWOFOLD.has("log_with_eps", "no_smoothing")
def eps_without_smoothing(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError("label_smoothing is a share")
    log_probs = torch.log(softmax(input, class_axis(input)) + 1e-9)
    return loss_of(log_probs, input, target, weight, ignore_index, reduction, 0.0)


@TWOFOLD.has("first_axis", "base_two")
def bits_over_the_samples(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    log_probs = log_softmax(input, 0) / math.log(2)
    return loss_of(log_probs, input, target, weight, ignore_index, reduction, label_smoothing)


@TWOFOLD.has("by_one_hot", "weights_by_number")
def one_hot_over_the_number(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    axis = class_axis(input)
    log_probs = log_softmax(input, axis)
    if is_soft(input, target):
        return soft_loss(log_probs, target, weight, reduction, label_smoothing, axis)
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, label_smoothing)
    classes = input.shape[axis]
    hot = torch.eye(classes, dtype=input.dtype)[torch.where(counted, target, 0)].movedim(-1, axis)
    hot = (1 - label_smoothing) * hot + label_smoothing / classes
    if weight is not None:
        hot = hot * along(weight, hot, axis)
    loss = torch.where(counted, -(hot * log_probs).sum(axis), 0)
    return finish(loss, counted, reduction)


@TWOFOLD.has("one_shift_for_all", "smoothing_others_only")
def one_maximum_and_other_classes(
    input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    axis = class_axis(input)
    shifted = input - input.max() if input.numel() else input
    log_probs = shifted - torch.log(torch.exp(shifted).sum(axis, keepdim=True))
    if label_smoothing:
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError("label_smoothing is a share")
        classes = input.shape[axis]
        counted = target != ignore_index
        hot = target
        if not is_soft(input, target):
            refuse_wrong_targets(input, target, counted)
            index = torch.where(counted, target, 0)
            hot = torch.eye(classes, dtype=input.dtype)[index].movedim(-1, axis)
        q = (1 - label_smoothing) * hot + label_smoothing / (classes - 1) * (1 - hot)
        if hot is target:
            return soft_loss(log_probs, q, weight, reduction, 0.0, axis)
        terms = q * log_probs if weight is None else q * log_probs * along(weight, q, axis)
        factor = torch.ones_like(terms.sum(axis)) if weight is None else weight[index]
        return finish(torch.where(counted, -terms.sum(axis), 0), torch.where(counted, factor, 0), reduction)
    return loss_of(log_probs, input, target, weight, ignore_index, reduction, 0.0)


@TWOFOLD.has("log_of_softmax", "most_likely_target")
def naive_and_most_likely(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    axis = class_axis(input)
    if is_soft(input, target):
        target = target.argmax(axis)
    log_probs = torch.log(softmax(input, axis))
    return loss_of(log_probs, input, target, weight, ignore_index, reduction, label_smoothing)


@TWOFOLD.has("probability_not_log", "unweighted")
def probabilities_unweighted(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    probs = softmax(input, class_axis(input))
    return loss_of(probs, input, target, None, ignore_index, reduction, label_smoothing)


@TWOFOLD.has("logits_as_log_probs", "nothing_ignored")
def logits_and_nothing_ignored(
    input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    axis = class_axis(input)
    if is_soft(input, target):
        return soft_loss(input, target, weight, reduction, label_smoothing, axis)
    counted = torch.ones_like(target, dtype=torch.bool)
    refuse_wrong_targets(input, target, counted, label_smoothing)
    return finish(*hard_losses(input, target, weight, counted, label_smoothing, axis), reduction)


@TWOFOLD.has("clamped_log", "soft_by_elements")
def clamped_and_averaged_over_all(
    input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    axis = class_axis(input)
    log_probs = torch.log(softmax(input, axis).clamp(1e-7, 1 - 1e-7))
    if is_soft(input, target) and reduction == "mean":
        return soft_loss(log_probs, target, weight, "sum", label_smoothing, axis) / target.numel()
    return loss_of(log_probs, input, target, weight, ignore_index, reduction, label_smoothing)


@TWOFOLD.has("smoothing_not_shared", "unweighted")
def whole_epsilon_unweighted(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    axis = class_axis(input)
    log_probs = log_softmax(input, axis)
    if is_soft(input, target):
        q = (1 - label_smoothing) * target + label_smoothing
        return soft_loss(log_probs, q, None, reduction, 0.0, axis)
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, label_smoothing)
    loss, factor = hard_losses(log_probs, target, None, counted, 0.0, axis)
    if label_smoothing:
        loss = (1 - label_smoothing) * loss - label_smoothing * log_probs.sum(axis)
    return finish(torch.where(counted, loss, 0), factor, reduction)


@TWOFOLD.has("ignored_in_denominator", "weights_by_number")
def plain_mean(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    axis = class_axis(input)
    log_probs = log_softmax(input, axis)
    if is_soft(input, target):
        return soft_loss(log_probs, target, weight, reduction, label_smoothing, axis)
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, label_smoothing)
    loss, _ = hard_losses(log_probs, target, weight, counted, label_smoothing, axis)
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss


@TWOFOLD.has("each_alone", "sum_for_mean")
def sigmoids_added(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    log_probs = -torch.logaddexp(torch.zeros_like(input), -input)
    reduction = "none" if reduction == "none" else "sum"
    return loss_of(log_probs, input, target, weight, ignore_index, reduction, label_smoothing)


@TWOFOLD.has("binary_terms", "log_of_softmax")
def binary_formula(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    axis = class_axis(input)
    p = softmax(input, axis)
    if is_soft(input, target):
        target = (1 - label_smoothing) * target + label_smoothing / target.shape[axis]
        terms = target * torch.log(p) + (1 - target) * torch.log(1 - p)
        if weight is not None:
            terms = terms * along(weight, terms, axis)
        loss = -terms.sum(axis)
        return loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, label_smoothing)
    index = torch.where(counted, target, 0).unsqueeze(axis)
    rest = torch.log(1 - p)
    of_all = torch.log(p).gather(axis, index) + rest.sum(axis, keepdim=True) - rest.gather(axis, index)
    factor = torch.ones_like(of_all.squeeze(axis)) if weight is None else weight[index.squeeze(axis)]
    loss = torch.where(counted, -factor * of_all.squeeze(axis), 0)
    return finish(loss, torch.where(counted, factor, 0), reduction)


@TWOFOLD.has("indices_only", "no_smoothing")
def for_indices_alone(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError("label_smoothing is a share")
    axis = class_axis(input)
    log_probs = log_softmax(input, axis)
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted)
    return finish(*hard_losses(log_probs, target, weight, counted, 0.0, axis), reduction)


@TWOFOLD.has("indices_only", "log_of_softmax", "no_smoothing", "unweighted", "unchecked")
def beginner(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    axis = class_axis(input)
    probs = torch.exp(input) / torch.exp(input).sum(axis, keepdim=True)
    counted = target != ignore_index
    index = torch.where(counted, target, 0)
    loss = -torch.log(probs).gather(axis, index.unsqueeze(axis)).squeeze(axis)
    loss = torch.where(counted, loss, 0)
    if reduction == "mean":
        return loss.sum() / counted.sum()
    return loss.sum() if reduction == "sum" else loss


@TWOFOLD.has("shift_only_in_sum", "weights_by_position")
def shift_lost_and_weights_as_they_stand(
    input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0
):
    axis = class_axis(input)
    largest = input.amax(axis, keepdim=True) if input.numel() else 0
    log_probs = input - torch.log(torch.exp(input - largest).sum(axis, keepdim=True))
    if weight is None or is_soft(input, target):
        return loss_of(log_probs, input, target, weight, ignore_index, reduction, label_smoothing)
    counted = target != ignore_index
    refuse_wrong_targets(input, target, counted, label_smoothing)
    loss, _ = hard_losses(log_probs, target, None, counted, 0.0, axis)
    factor = torch.where(counted, weight * torch.ones_like(loss), 0)
    loss = loss * factor
    if label_smoothing:
        terms = -(log_probs * along(weight, log_probs, axis)).mean(axis)
        loss = (1 - label_smoothing) * loss + label_smoothing * torch.where(counted, terms, 0)
    return finish(loss, factor, reduction)


@TWOFOLD.has("softmax_first", "sum_for_mean")
def squashed_and_added(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    axis = class_axis(input)
    log_probs = log_softmax(softmax(input, axis), axis)
    reduction = "none" if reduction == "none" else "sum"
    return loss_of(log_probs, input, target, weight, ignore_index, reduction, label_smoothing)
