"""Exercise: log-sum-exp, the smooth maximum inside every softmax."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from lossbook.exercises import cases
from lossbook.exercises.description import Aspect, Case, Exercise, Mistake
from lossbook.exercises.forbidden import ACTIVATIONS
from lossbook.exercises.steps_shared import detached, fixed_axes


def logsumexp(x: Tensor, dim: int) -> Tensor:
    """Return log(sum(exp(x))) along ``dim``, for numbers of any size.

    Args:
        x: float32 or float64, any shape with at least one axis.
        dim: the axis to sum over, also counted from the end.

    Returns:
        A tensor without the axis ``dim``.
    """
    raise NotImplementedError


def nothing_there(generator: torch.Generator) -> Iterator[Case]:
    """Rows of -inf: exp gives 0, and the logarithm of a sum of zeros is -inf."""
    yield Case((torch.tensor([-cases.INF, -cases.INF]), 0), note="all -inf")
    yield Case((torch.tensor([[-cases.INF, -cases.INF], [0.0, 1.0]]), 1), note="a row of -inf")
    yield Case((torch.tensor([cases.INF, 0.0]), 0), note="one +inf")


def _max(x: Tensor, dim: int) -> Tensor:
    m = x.amax(dim, keepdim=True)
    return torch.where(m.isinf(), 0, m)


def _right(x: Tensor, dim: int) -> Tensor:
    m = _max(x, dim)
    return torch.log(torch.exp(x - m).sum(dim)) + m.squeeze(dim)


def no_shift(x: Tensor, dim: int) -> Tensor:
    return torch.log(torch.exp(x).sum(dim))


def shift_not_added(x: Tensor, dim: int) -> Tensor:
    return torch.log(torch.exp(x - _max(x, dim)).sum(dim))


def shift_added_twice(x: Tensor, dim: int) -> Tensor:
    m = _max(x, dim)
    return torch.log(torch.exp(x - m).sum(dim)) + 2 * m.squeeze(dim)


def shift_taken_off_twice(x: Tensor, dim: int) -> Tensor:
    m = _max(x, dim)
    return torch.log(torch.exp(x - m).sum(dim)) - m.squeeze(dim)


def shift_by_minimum(x: Tensor, dim: int) -> Tensor:
    return -_max(-x, dim).squeeze(dim) + no_shift(x + _max(-x, dim), dim)


def shift_by_mean(x: Tensor, dim: int) -> Tensor:
    m = x.mean(dim, keepdim=True)
    m = torch.where(m.isinf(), 0, m)
    return m.squeeze(dim) + no_shift(x - m, dim)


def clamps(limit: float) -> Callable[[Tensor, int], Tensor]:
    return lambda x, dim: no_shift(x.clamp(-limit, limit), dim)


def one_shift_for_all(x: Tensor, dim: int) -> Tensor:
    m = x.max()
    m = torch.where(m.isinf(), 0, m)
    return torch.log(torch.exp(x - m).sum(dim)) + m


def keeps_axis(x: Tensor, dim: int) -> Tensor:
    m = _max(x, dim)
    return torch.log(torch.exp(x - m).sum(dim, keepdim=True)) + m


def inf_minus_inf(x: Tensor, dim: int) -> Tensor:
    m = x.amax(dim, keepdim=True)
    return torch.log(torch.exp(x - m).sum(dim)) + m.squeeze(dim)


def mean_not_sum(x: Tensor, dim: int) -> Tensor:
    m = _max(x, dim)
    return torch.log(torch.exp(x - m).mean(dim)) + m.squeeze(dim)


def no_keepdim(x: Tensor, dim: int) -> Tensor:
    m = x.max(dim).values
    return torch.log(torch.exp(x - m).sum(dim)) + m


def everything(x: Tensor, dim: int) -> Tensor:
    m = x.max()
    m = torch.where(m.isinf(), 0, m)
    return torch.log(torch.exp(x - m).sum()) + m


def log_then_sum(x: Tensor, dim: int) -> Tensor:
    return torch.log(torch.exp(x)).sum(dim)


def maximum(x: Tensor, dim: int) -> Tensor:
    return x.amax(dim)


def base_two(x: Tensor, dim: int) -> Tensor:
    m = _max(x, dim)
    return (torch.log(torch.exp(x - m).sum(dim)) + m.squeeze(dim)) / math.log(2)


def with_eps(x: Tensor, dim: int) -> Tensor:
    return torch.log(torch.exp(x).sum(dim) + 1e-8)


EXERCISE = Exercise(
    name="logsumexp",
    stub=logsumexp,
    reference=torch.logsumexp,
    aspects=(
        Aspect("values", 1, cases.rows_values),
        Aspect("every axis", 1, cases.rows_every_dim),
        Aspect("extreme numbers", 2, cases.rows_extreme),
        Aspect("infinities", 1, nothing_there),
        Aspect("gradient", 1, cases.rows_gradients, gradient=True),
    ),
    mistakes=(
        Mistake(
            "no_shift",
            "exponentiates the numbers as they are: exp(1000) is inf, exp(-1000) is 0, and log(0) is -inf",
            no_shift,
            "log-sum-exp",
        ),
        Mistake(
            "shift_not_added",
            "subtracts the maximum and never adds it back after the logarithm",
            shift_not_added,
            "log-sum-exp",
        ),
        Mistake("shift_added_twice", "adds the maximum back twice", shift_added_twice, "log-sum-exp"),
        Mistake(
            "shift_taken_off_twice",
            "subtracts the maximum once more after the logarithm, where it has to be added back",
            shift_taken_off_twice,
            "log-sum-exp",
        ),
        Mistake(
            "shift_by_minimum",
            "shifts by the minimum: that makes the largest exponent larger, not smaller",
            shift_by_minimum,
            "shift",
        ),
        Mistake(
            "shift_by_mean", "shifts by the mean: a number far above it still overflows", shift_by_mean, "shift"
        ),
        Mistake(
            "clamps",
            "clamps the numbers before the exp: beyond the clamp they are other numbers",
            clamps(50),
            "log-sum-exp",
            variants=tuple(map(clamps, (20, 30, 80, 88))),
        ),
        Mistake(
            "one_shift_for_all",
            "subtracts one maximum from the whole tensor: a row far below it underflows to log(0)",
            one_shift_for_all,
            "shift",
        ),
        Mistake("keeps_axis", "leaves the summed axis in place, with length 1", keeps_axis, "log-sum-exp"),
        Mistake(
            "inf_minus_inf",
            "subtracts a maximum that is infinite: inf - inf is nan",
            inf_minus_inf,
            "log-sum-exp",
        ),
        Mistake("mean_not_sum", "takes the mean of the exponentials, not their sum", mean_not_sum, "log-sum-exp"),
        *fixed_axes(_right, "sums over"),
        Mistake(
            "no_keepdim",
            "subtracts a maximum that has lost its axis: without keepdim=True it lines up with the wrong axis, "
            "silently for a square batch",
            no_keepdim,
            "axis",
        ),
        Mistake("everything", "sums over all elements, whatever dim says", everything, "axis"),
        Mistake(
            "log_then_sum",
            "takes the logarithm before the sum, which only undoes the exp",
            log_then_sum,
            "log-sum-exp",
        ),
        Mistake("maximum", "returns the maximum, which log-sum-exp only comes near to", maximum, "log-sum-exp"),
        Mistake("base_two", "takes the logarithm to base 2, not the natural one", base_two, "log-sum-exp"),
        Mistake(
            "with_eps",
            "adds a small number before the logarithm: that hides underflow, exp(1000) is still inf",
            with_eps,
            "log-sum-exp",
        ),
        detached(_right, "sigmoid"),
    ),
    hints=(
        "exp(1000) is inf. By how much may you lower all numbers of a row without changing what you are after?",
        "log(sum(exp(x))) = m + log(sum(exp(x - m))) for every m. Which m makes the largest exponent 0?",
        "Take m = x.amax(dim, keepdim=True), and put 0 in its place where it is infinite. Add m back without the "
        "kept axis: m.squeeze(dim).",
    ),
    chapter="probabilities/sigmoid-and-softmax",
    problem_set="01-probabilities",
    forbidden=ACTIVATIONS,
    difficulty=2,
    minutes=15,
    sweep=cases.ROWS_SWEEP,
)
