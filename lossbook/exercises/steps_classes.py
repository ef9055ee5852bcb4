"""Losses over classes in steps: a mistake is one step replaced, and everything else is right.

Each named mistake of ``nll_loss`` and ``cross_entropy`` is a :class:`ClassLoss` with a wrong step, or a few
lines around a right one. So it differs from torch where that step matters, and nowhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lossbook.activations import log_softmax


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
