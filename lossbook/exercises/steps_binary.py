"""Binary losses in steps, and the mistakes that the three exercises of problem set 2 share.

A mistake is one step replaced, and everything else is right: so it differs from torch where that step matters,
and nowhere else. The gradient takes the same steps as the loss, with slopes in the place of costs.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lossbook.exercises.description import Mistake
from lossbook.exercises.steps_shared import detached
from lossbook.reduction import reduce
from lossbook.validation import check_same_shape

Factor = Tensor | float
Terms = Callable[[Tensor, Tensor, Factor], Tensor]
"""From input, target and pos_weight to one number for each element."""
Parts = Callable[[Tensor], tuple[Tensor, Tensor]]
"""From the input to what each element costs where the target is 1, and where it is 0."""
Mix = Callable[[Tensor, Tensor, Tensor, Factor], Tensor]
"""From these two, the target and pos_weight to one number for each element."""


def in_shares(of_1: Tensor, of_0: Tensor, y: Tensor, pos: Factor) -> Tensor:
    """Return both costs, each with its share of the target, that of 1 times pos_weight."""
    return pos * y * of_1 + (1 - y) * of_0


def mixed(parts: Parts, mix: Mix = in_shares) -> Terms:
    """Return the terms that two parts make."""
    return lambda x, y, pos: mix(*parts(x), y, pos)


def finish(numbers: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """Weigh and reduce."""
    return reduce(numbers if weight is None else numbers * weight, reduction)


@dataclass(frozen=True)
class BinaryLoss:
    """A binary loss, right unless a step is replaced."""

    terms: Terms
    check: Callable[[Tensor, Tensor], None] = check_same_shape
    finish: Callable[[Tensor, Tensor | None, str], Tensor] = finish

    def __call__(
        self,
        input: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> Tensor:
        """Return the loss."""
        self.check(input, target)
        numbers = self.terms(input, target, 1.0 if pos_weight is None else pos_weight)
        return self.finish(numbers, weight, reduction)


def of_parts(parts: Parts) -> BinaryLoss:
    """Return the loss that two parts make."""
    return BinaryLoss(mixed(parts))


# Values --------------------------------------------------------------------------------------------------


def only_hard(of_1: Tensor, of_0: Tensor, y: Tensor, pos: Factor) -> Tensor:
    """Take every target but 1 for 0."""
    return torch.where(y == 1, pos * of_1, of_0)


def rounded(of_1: Tensor, of_0: Tensor, y: Tensor, pos: Factor) -> Tensor:
    """Round the targets to 0 and 1."""
    return torch.where(y > 0.5, pos * of_1, of_0)


def value_mistakes(parts: Parts) -> tuple[Mistake, ...]:
    """Return what goes wrong between the two logarithms and the loss of an element."""
    right = mixed(parts)
    return (
        Mistake(
            "missing_minus",
            "has lost the minus: logarithms of probabilities are negative, and a loss is not",
            BinaryLoss(lambda x, y, pos: -right(x, y, pos)),
            "bernoulli",
        ),
        Mistake(
            "minus_on_first",
            "puts the minus before the first term only: it belongs to the whole sum",
            BinaryLoss(mixed(parts, lambda of_1, of_0, y, pos: pos * y * of_1 - (1 - y) * of_0)),
            "bernoulli",
        ),
        Mistake(
            "only_positives",
            "has only the term y * log(p): a target of 0 then costs nothing, and answering 1 always is best",
            BinaryLoss(mixed(parts, lambda of_1, of_0, y, pos: pos * y * of_1)),
            "bernoulli",
        ),
        Mistake(
            "swapped_answers",
            "pairs y with log(1 - p) and 1 - y with log(p), so it rewards the wrong answer",
            BinaryLoss(mixed(parts, lambda of_1, of_0, y, pos: pos * y * of_0 + (1 - y) * of_1)),
            "bernoulli",
        ),
        Mistake(
            "only_hard_targets",
            "takes every target but 1 for a 0: a soft target needs both terms",
            BinaryLoss(mixed(parts, only_hard)),
            "bernoulli",
        ),
        Mistake(
            "rounds_targets",
            "rounds the targets to 0 and 1: a soft target needs both terms",
            BinaryLoss(mixed(parts, rounded)),
            "bernoulli",
        ),
        Mistake(
            "base_two",
            "takes logarithms to base 2 (bits), not natural ones (nats)",
            BinaryLoss(lambda x, y, pos: right(x, y, pos) / math.log(2)),
            "bernoulli",
        ),
        detached(BinaryLoss(right), "bce-gradient"),
    )


# Weights -------------------------------------------------------------------------------------------------


def without_weight(numbers: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """Reduce, and forget the weights."""
    return reduce(numbers, reduction)


def over_sum_of_weights(numbers: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """Divide the mean by weight.sum(), whatever shape weight has."""
    if weight is None or reduction != "mean":
        return finish(numbers, weight, reduction)
    return (numbers * weight).sum() / weight.sum()


def over_weights_of_elements(numbers: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """Divide the mean by the weights of all elements."""
    if weight is None or reduction != "mean":
        return finish(numbers, weight, reduction)
    return (numbers * weight).sum() / weight.expand(numbers.shape).sum()


def weighted_afterwards(numbers: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """Reduce first, and multiply the one number by the weights."""
    loss = reduce(numbers, reduction)
    return loss if weight is None else loss * weight


def by_row(numbers: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """Line weights of shape (C,) up with the rows."""
    if weight is not None and weight.dim() == 1 and numbers.dim() > 1:
        weight = weight.unsqueeze(-1)
    return finish(numbers, weight, reduction)


def weight_mistakes(right: BinaryLoss) -> tuple[Mistake, ...]:
    """Return what goes wrong with ``weight``."""

    def on_positives(
        input: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> Tensor:
        both = weight if pos_weight is None else pos_weight if weight is None else weight * pos_weight
        return right(input, target, None, reduction, both)

    def on_target(
        input: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> Tensor:
        target = target if weight is None else target * weight
        return right(input, target, None, reduction, pos_weight)

    def on_input(
        input: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> Tensor:
        input = input if weight is None else input * weight
        return right(input, target, None, reduction, pos_weight)

    return (
        Mistake("ignores_weight", "never uses weight", replace(right, finish=without_weight), "bce-weight"),
        Mistake(
            "weight_normalised",
            "divides the mean by the sum of the weights: this loss divides by the number of elements, whatever "
            "weight is",
            replace(right, finish=over_weights_of_elements),
            "bce-weight",
            variants=(replace(right, finish=over_sum_of_weights),),
        ),
        Mistake(
            "weight_on_positives",
            "multiplies weight to the term of y only: weight belongs to the whole loss of an element",
            on_positives,
            "bce-weight",
        ),
        Mistake(
            "weight_on_target",
            "multiplies the target by weight: weight is a factor of the loss, and 1 - y would change with it",
            on_target,
            "bce-weight",
        ),
        Mistake(
            "weight_on_input",
            "multiplies the input by weight: weight is a factor of the loss, and leaves the model's answer alone",
            on_input,
            "bce-weight",
        ),
        Mistake(
            "weight_after_reduction",
            "multiplies by the weights after the reduction, when the elements are already added up",
            replace(right, finish=weighted_afterwards),
            "bce-weight",
        ),
        Mistake(
            "weight_by_row",
            "gives a weight of shape (C,) to the rows: shapes are matched from the right, so it belongs to the "
            "columns",
            replace(right, finish=by_row),
            "bce-weight",
        ),
    )


def _where(condition: Tensor, pos: Factor, of_1: Tensor, of_0: Tensor, y: Tensor) -> Tensor:
    return torch.where(condition, pos, 1.0) * (y * of_1 + (1 - y) * of_0)


def pos_weight_mistakes(parts: Parts, right: BinaryLoss, cost: str) -> tuple[Mistake, ...]:
    """Return what goes wrong with ``pos_weight``.

    Args:
        parts: what the elements cost.
        right: the loss, or its gradient.
        cost: what the exercise calls the number of an element, "loss" or "slope".
    """

    def mixing(mix: Mix) -> BinaryLoss:
        return replace(right, terms=mixed(parts, mix))

    def from_left(
        input: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> Tensor:
        if pos_weight is not None and pos_weight.dim() == 1 and input.dim() > 1:
            pos_weight = pos_weight.reshape(-1, *[1] * (input.dim() - 1))
        return right(input, target, weight, reduction, pos_weight)

    return (
        Mistake(
            "ignores_pos_weight",
            "never uses pos_weight",
            mixing(lambda of_1, of_0, y, pos: y * of_1 + (1 - y) * of_0),
            "pos-weight",
        ),
        Mistake(
            "pos_weight_on_all",
            f"multiplies the whole {cost} by pos_weight: it belongs to the term of y only",
            mixing(lambda of_1, of_0, y, pos: pos * (y * of_1 + (1 - y) * of_0)),
            "pos-weight",
        ),
        Mistake(
            "pos_weight_on_negatives",
            "multiplies the term of 1 - y by pos_weight: it belongs to the term of y",
            mixing(lambda of_1, of_0, y, pos: y * of_1 + pos * (1 - y) * of_0),
            "pos-weight",
        ),
        Mistake(
            "pos_weight_where_one",
            f"multiplies the {cost} of elements with y == 1: a soft target has a part of 1 in it, too",
            mixing(lambda of_1, of_0, y, pos: _where(y == 1, pos, of_1, of_0, y)),
            "pos-weight",
        ),
        Mistake(
            "pos_weight_where_any",
            f"multiplies the whole {cost} of elements with y above 0: a soft target has a part of 0 in it that "
            "stays as it is",
            mixing(lambda of_1, of_0, y, pos: _where(y > 0, pos, of_1, of_0, y)),
            "pos-weight",
        ),
        Mistake(
            "pos_weight_mixed",
            f"multiplies the whole {cost} by 1 + (pos_weight - 1) * y: with soft targets only the part of y grows",
            mixing(lambda of_1, of_0, y, pos: (1 + (pos - 1) * y) * (y * of_1 + (1 - y) * of_0)),
            "pos-weight",
        ),
        Mistake(
            "pos_weight_from_left",
            "gives a pos_weight of shape (C,) to the rows: shapes are matched from the right, one for each label",
            from_left,
            "pos-weight-shape",
        ),
    )


# Reductions, shapes and dtypes ---------------------------------------------------------------------------


def everywhere(mean: str = "mean", total: str = "sum", each: str = "none") -> Callable[..., Tensor]:
    """Return a last step that takes one reduction for another."""
    taken = {"mean": mean, "sum": total, "none": each}
    return lambda numbers, weight, reduction: finish(numbers, weight, taken[reduction])


def over_rows(numbers: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """Divide the mean by the number of rows."""
    if reduction == "mean" and numbers.dim():
        return finish(numbers, weight, "sum") / len(numbers)
    return finish(numbers, weight, reduction)


def along_last_axis(numbers: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """Take the mean of each row."""
    numbers = finish(numbers, weight, "none")
    return numbers.mean(-1) if reduction == "mean" and numbers.dim() > 1 else reduce(numbers, reduction)


def reduction_mistakes(right: BinaryLoss) -> tuple[Mistake, ...]:
    """Return what goes wrong with ``reduction``."""
    return (
        Mistake(
            "ignores_reduction",
            "takes the mean, whatever reduction says",
            replace(right, finish=everywhere(total="mean", each="mean")),
            "bce-reduction",
        ),
        Mistake(
            "sum_for_mean",
            "returns the sum where reduction asks for the mean",
            replace(right, finish=everywhere(mean="sum")),
            "bce-reduction",
        ),
        Mistake(
            "mean_for_sum",
            "returns the mean where reduction asks for the sum",
            replace(right, finish=everywhere(total="mean")),
            "bce-reduction",
        ),
        Mistake(
            "divides_by_rows",
            "divides by the number of rows: the mean of this loss counts every element, each label of each sample",
            replace(right, finish=over_rows),
            "bce-reduction",
        ),
        Mistake(
            "one_mean_per_row",
            "takes the mean along the last axis only, so each row keeps a loss of its own",
            replace(right, finish=along_last_axis),
            "bce-reduction",
        ),
    )


def no_check(input: Tensor, target: Tensor) -> None:
    """Let everything pass."""


def another_error(kind: type[Exception]) -> Callable[[Tensor, Tensor], None]:
    """Return a check that raises another error than ValueError where the shapes differ."""

    def check(input: Tensor, target: Tensor) -> None:
        if input.shape != target.shape:
            raise kind(target.shape)

    return check


def shape_mistakes(right: BinaryLoss) -> tuple[Mistake, ...]:
    """Return what goes wrong with shapes and dtypes."""
    terms = right.terms
    return (
        Mistake(
            "no_shape_check",
            "lets different shapes broadcast: (N,) against (N, 1) silently makes an N x N table",
            replace(right, check=no_check),
            "bce-shapes",
        ),
        Mistake(
            "asserts_shapes",
            "refuses different shapes with an error other than ValueError",
            replace(right, check=another_error(AssertionError)),
            "bce-shapes",
            variants=tuple(replace(right, check=another_error(kind)) for kind in (TypeError, RuntimeError)),
        ),
        Mistake(
            "reshapes_target",
            "reshapes the target to fit: numbers that were not meant for each other are then compared in silence",
            lambda input, target, *args, **kwargs: right(input, target.reshape(input.shape), *args, **kwargs),
            "bce-shapes",
        ),
        Mistake(
            "squeezes",
            "squeezes its arguments: axes of length 1 get lost, and shapes that differ look alike",
            lambda input, target, *args, **kwargs: right(input.squeeze(), target.squeeze(), *args, **kwargs),
            "bce-shapes",
        ),
        Mistake(
            "always_float32",
            "returns float32 whatever it is given",
            replace(right, terms=lambda x, y, pos: terms(x.float(), y.float(), pos)),
            "bce-dtypes",
        ),
    )
