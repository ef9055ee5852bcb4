"""Losses over classes in steps: a mistake is one step replaced, and everything else is right.

Each named mistake of ``nll_loss`` and ``cross_entropy`` is a :class:`ClassLoss` with a wrong step, or a few
lines around a right one. So it differs from torch where that step matters, and nowhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.activations import log_softmax
from lossbook.exercises.description import Mistake


def axis_of(input: Tensor) -> int:
    """Return the axis of the classes."""
    return min(1, input.dim() - 1)


def along(weight: Tensor, table: Tensor, axis: int) -> Tensor:
    """Return class weights that broadcast along the class axis of ``table``."""
    return weight.reshape([-1 if d == axis else 1 for d in range(table.dim())])


def unchanged(input: Tensor, axis: int) -> Tensor:
    """Return log-probabilities as they are."""
    return input


def is_counted(target: Tensor, ignore_index: int) -> Tensor:
    """Return which samples count."""
    return target != ignore_index


def check(input: Tensor, target: Tensor, counted: Tensor, reduction: str) -> None:
    """Raise what torch raises for index targets that do not fit."""
    axis = axis_of(input)
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(reduction)
    if target.is_floating_point():
        raise RuntimeError(target.dtype)
    if target.shape != input.shape[:axis] + input.shape[axis + 1 :]:
        raise ValueError(target.shape)
    if ((target < 0) | (target >= input.shape[axis]))[counted].any():
        raise IndexError


def pick(table: Tensor, index: Tensor, axis: int) -> Tensor:
    """Return each sample's score of its class."""
    return table.gather(axis, index.unsqueeze(axis)).squeeze(axis)


def factor(weight: Tensor | None, index: Tensor, loss: Tensor) -> Tensor:
    """Return each sample's weight."""
    return torch.ones_like(loss) if weight is None else weight[index]


@dataclass(frozen=True)
class Losses:
    """What a reduction gets: per-sample losses and weights, which samples count, and the class weights."""

    loss: Tensor
    factor: Tensor
    counted: Tensor
    weight: Tensor | None

    @property
    def total(self) -> Tensor:
        """The weights of the samples that count, together."""
        return torch.where(self.counted, self.factor, 0).sum()


def reduce(losses: Losses, reduction: str) -> Tensor:
    """Return the losses of the samples that count, their sum, or their mean over their weights."""
    loss = torch.where(losses.counted, losses.loss, 0)
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.sum() / losses.total


def divided_by(total: Callable[[Losses], Tensor | int]) -> Callable[[Losses, str], Tensor]:
    """Return a reduction whose mean divides by something else."""

    def wrong(losses: Losses, reduction: str) -> Tensor:
        if reduction == "mean":
            return reduce(losses, "sum") / total(losses)
        return reduce(losses, reduction)

    return wrong


def everywhere(mean: str = "mean", total: str = "sum", each: str = "none") -> Callable[[Losses, str], Tensor]:
    """Return a reduction that takes one word for another."""
    return lambda losses, reduction: reduce(losses, {"mean": mean, "sum": total, "none": each}[reduction])


@dataclass(frozen=True)
class Smoothing:
    """What label smoothing gets: per-sample losses and weights, log-probabilities, class weights, epsilon."""

    loss: Tensor
    factor: Tensor
    table: Tensor
    weight: Tensor | None
    epsilon: float
    axis: int

    @property
    def classes(self) -> int:
        """The number of classes."""
        return self.table.shape[self.axis]

    @property
    def all_classes(self) -> Tensor:
        """Each sample's loss summed over all classes as if each were true, with its own weight."""
        terms = self.table if self.weight is None else self.table * along(self.weight, self.table, self.axis)
        return -terms.sum(self.axis)


def smooth(s: Smoothing) -> Tensor:
    """Mix each sample's loss with that of a uniform target, in which every class has its own weight."""
    return (1 - s.epsilon) * s.loss + s.epsilon / s.classes * s.all_classes


def smooth_probs(target: Tensor, epsilon: float, axis: int) -> Tensor:
    """Return class probabilities, a share of which is spread evenly."""
    return (1 - epsilon) * target + epsilon / target.shape[axis]


def sum_of_terms(probs: Tensor, table: Tensor, weight: Tensor | None, axis: int) -> Tensor:
    """Return each sample's cross-entropy for class probabilities."""
    terms = probs * table if weight is None else probs * table * along(weight, table, axis)
    return -terms.sum(axis)


def reduce_soft(loss: Tensor, probs: Tensor, weight: Tensor | None, axis: int, reduction: str) -> Tensor:
    """Reduce losses of class probabilities: the mean divides by their number, whatever the weights."""
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.mean()


@dataclass(frozen=True)
class ClassLoss:
    """A loss over classes, right unless a step is replaced."""

    log_probs: Callable[[Tensor, int], Tensor] = log_softmax
    is_counted: Callable[[Tensor, int], Tensor] = is_counted
    check: Callable[[Tensor, Tensor, Tensor, str], None] = check
    pick: Callable[[Tensor, Tensor, int], Tensor] = pick
    factor: Callable[[Tensor | None, Tensor, Tensor], Tensor] = factor
    smooth: Callable[[Smoothing], Tensor] = smooth
    reduce: Callable[[Losses, str], Tensor] = reduce
    smooth_probs: Callable[[Tensor, float, int], Tensor] = smooth_probs
    sum_of_terms: Callable[[Tensor, Tensor, Tensor | None, int], Tensor] = sum_of_terms
    reduce_soft: Callable[[Tensor, Tensor, Tensor | None, int, str], Tensor] = reduce_soft

    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> Tensor:
        """Return the loss."""
        axis = axis_of(input)
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(label_smoothing)
        if target.shape == input.shape:
            return self._soft(input, target, weight, axis, reduction, label_smoothing)
        counted = self.is_counted(target, ignore_index)
        self.check(input, target, counted, reduction)
        index = torch.where(counted, target, 0)
        table = self.log_probs(input, axis)
        loss = -self.pick(table, index, axis)
        factor = self.factor(weight, index, loss)
        loss = factor * loss
        if label_smoothing:
            loss = self.smooth(Smoothing(loss, factor, table, weight, label_smoothing, axis))
        return self.reduce(Losses(loss, factor, counted, weight), reduction)

    def _soft(
        self,
        input: Tensor,
        target: Tensor,
        weight: Tensor | None,
        axis: int,
        reduction: str,
        label_smoothing: float,
    ) -> Tensor:
        if not target.is_floating_point():
            raise RuntimeError(target.dtype)
        probs = self.smooth_probs(target, label_smoothing, axis)
        loss = self.sum_of_terms(probs, self.log_probs(input, axis), weight, axis)
        return self.reduce_soft(loss, probs, weight, axis, reduction)


# Wrong steps, and the mistakes that nll_loss and cross_entropy share ----------------------------------------


def pick_by_one_hot(table: Tensor, index: Tensor, axis: int) -> Tensor:
    """Multiply by one-hot rows and sum."""
    hot = F.one_hot(index, table.shape[axis]).movedim(-1, axis)
    return (hot * table).sum(axis)


def pick_on_last_axis(table: Tensor, index: Tensor, axis: int) -> Tensor:
    """Pick along the last axis."""
    return table.gather(-1, index.unsqueeze(-1)).squeeze(-1)


def _soft_sum(loss: Tensor, probs: Tensor, weight: Tensor | None, axis: int, reduction: str) -> Tensor:
    """Return the sum for the mean."""
    return loss if reduction == "none" else loss.sum()


def _soft_mean(loss: Tensor, probs: Tensor, weight: Tensor | None, axis: int, reduction: str) -> Tensor:
    """Return the mean for everything."""
    return loss.mean()


def _soft_by_samples(loss: Tensor, probs: Tensor, weight: Tensor | None, axis: int, reduction: str) -> Tensor:
    """Divide by the number of samples, whatever further axes there are."""
    reduced = reduce_soft(loss, probs, weight, axis, reduction)
    return reduced * loss.shape[1:].numel() if reduction == "mean" else reduced


def samples(losses: Losses) -> Tensor:
    """Return the total for each position, as if there were one target to a sample."""
    positions = losses.loss.shape[1:].numel()
    return losses.total / positions


def reduction_mistakes(right: ClassLoss) -> tuple[Mistake, ...]:
    """Return what goes wrong with ``reduction``."""
    return (
        Mistake(
            "sum_for_mean",
            "returns the sum where the mean is asked for",
            replace(right, reduce=everywhere(mean="sum"), reduce_soft=_soft_sum),
            "ce-reduction",
        ),
        Mistake(
            "always_mean",
            "returns the mean whatever reduction says",
            replace(right, reduce=everywhere(total="mean", each="mean"), reduce_soft=_soft_mean),
            "ce-reduction",
        ),
        Mistake(
            "by_samples",
            "divides by the number of samples where each of them has several positions: the mean is one over all "
            "of them",
            replace(right, reduce=divided_by(samples), reduce_soft=_soft_by_samples),
            "ce-reduction",
        ),
    )


def number(losses: Losses) -> Tensor:
    """Return how many samples count."""
    return losses.counted.sum()


def all_weights(losses: Losses) -> Tensor:
    """Return the sum of all class weights."""
    return losses.total if losses.weight is None else losses.weight.sum()


def weights_by_position(weight: Tensor | None, index: Tensor, loss: Tensor) -> Tensor:
    """Multiply by the weights as they stand."""
    return torch.ones_like(loss) if weight is None else weight * torch.ones_like(loss)


def weight_mistakes(right: ClassLoss) -> tuple[Mistake, ...]:
    """Return what goes wrong with class weights."""
    return (
        Mistake(
            "weights_by_number",
            "divides the weighted mean over class indices by their number, not by the sum of their weights",
            replace(right, reduce=divided_by(number)),
            "class-weights",
        ),
        Mistake(
            "weights_by_position",
            "multiplies the losses by the weights as they stand: weights belong to classes, so look up that of "
            "each sample's class, weight[target]",
            replace(right, factor=weights_by_position),
            "class-weights",
        ),
        Mistake(
            "by_all_weights",
            "divides by the sum of all class weights, not by those of the targets in the batch",
            replace(right, reduce=divided_by(all_weights)),
            "class-weights",
        ),
    )


def ignored_as_well(losses: Losses) -> Tensor:
    """Return all weights, those of ignored samples too: class 0 stands in for them."""
    return losses.factor.sum()


def at_least_one(losses: Losses) -> Tensor:
    """Return the total, and 1 where nothing counts."""
    return torch.where(losses.counted.any(), losses.total, 1)


def shortened(losses: Losses, reduction: str) -> Tensor:
    """Leave what is ignored out of single losses."""
    return losses.loss[losses.counted] if reduction == "none" else reduce(losses, reduction)


def multiplied_mask(losses: Losses, reduction: str) -> Tensor:
    """Hide what is ignored by a factor of 0."""
    loss = losses.counted * losses.loss
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.sum() / losses.total


def all_counted(target: Tensor, ignore_index: int) -> Tensor:
    """Ignore nothing."""
    return torch.ones_like(target, dtype=torch.bool)


def negatives_ignored(target: Tensor, ignore_index: int) -> Tensor:
    """Ignore negative targets."""
    return target >= 0


def default_ignored(target: Tensor, ignore_index: int) -> Tensor:
    """Ignore -100."""
    return target != -100


def ignore_mistakes(right: ClassLoss) -> tuple[Mistake, ...]:
    """Return what goes wrong with ``ignore_index``."""
    return (
        Mistake(
            "ignored_in_denominator",
            "leaves the ignored targets out of the sum, and counts them in what the mean divides by",
            replace(right, reduce=divided_by(ignored_as_well)),
            "ignore-index",
        ),
        Mistake(
            "nothing_ignored",
            "does not use ignore_index: targets of -100 are no classes",
            replace(right, is_counted=all_counted),
            "ignore-index",
        ),
        Mistake(
            "negatives_ignored",
            "ignores every negative target, whatever ignore_index says",
            replace(right, is_counted=negatives_ignored),
            "ignore-index",
        ),
        Mistake(
            "only_default_ignored",
            "ignores targets of -100 only: ignore_index can be any number, a class as well",
            replace(right, is_counted=default_ignored),
            "ignore-index",
        ),
        Mistake(
            "shortened",
            "drops the ignored targets from the result of reduction='none': they stay in it, with a loss of 0",
            replace(right, reduce=shortened),
            "ignore-index",
        ),
        Mistake(
            "multiplied_mask",
            "multiplies the ignored losses by 0: where such a loss is nan or infinite, 0 times it is nan",
            replace(right, reduce=multiplied_mask),
            "ignore-index",
        ),
        Mistake(
            "guarded_mean",
            "returns 0 as the mean of nothing: torch says nan, so that an empty batch does not look like a "
            "perfect one",
            replace(right, reduce=divided_by(at_least_one)),
            "ignore-index",
        ),
    )


def unchecked(input: Tensor, target: Tensor, counted: Tensor, reduction: str) -> None:
    """Look at the reduction alone."""
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(reduction)


def refused_as_values(input: Tensor, target: Tensor, counted: Tensor, reduction: str) -> None:
    """Raise ValueError also for a class that is not there."""
    try:
        check(input, target, counted, reduction)
    except IndexError as error:
        raise ValueError from error


def target_mistakes(right: ClassLoss) -> tuple[Mistake, ...]:
    """Return what goes wrong with targets that do not fit."""
    return (
        Mistake(
            "unchecked",
            "does not look at the targets: a target too few goes unnoticed, and of a wrong class gather complains",
            replace(right, check=unchecked),
            "ce-targets",
        ),
        Mistake(
            "value_error",
            "refuses a class that is not there with a ValueError: an index out of range is an IndexError",
            replace(right, check=refused_as_values),
            "ce-targets",
        ),
    )
