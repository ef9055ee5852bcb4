"""Exercise: the softmax, from scores to probabilities that sum to 1."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from lossbook.exercises import cases
from lossbook.exercises.description import Aspect, Exercise, Mistake
from lossbook.exercises.forbidden import ACTIVATIONS
from lossbook.exercises.steps_shared import detached, fixed_axes


def softmax(x: Tensor, dim: int) -> Tensor:
    """Turn logits into probabilities that sum to 1 along ``dim``.

    Args:
        x: logits, float32 or float64, any shape with at least one axis.
        dim: the axis of the classes, also counted from the end.

    Returns:
        Probabilities of the same shape and dtype, for logits of any size. A logit of -inf has the probability 0.
    """
    raise NotImplementedError


def no_shift(x: Tensor, dim: int) -> Tensor:
    e = torch.exp(x)
    return e / e.sum(dim, keepdim=True)


def one_shift_for_all(x: Tensor, dim: int) -> Tensor:
    e = torch.exp(x - x.max())
    return e / e.sum(dim, keepdim=True)


def shift_by_minimum(x: Tensor, dim: int) -> Tensor:
    e = torch.exp(x - x.amin(dim, keepdim=True))
    return e / e.sum(dim, keepdim=True)


def shift_by_mean(x: Tensor, dim: int) -> Tensor:
    e = torch.exp(x - x.mean(dim, keepdim=True))
    return e / e.sum(dim, keepdim=True)


def _exp(x: Tensor, dim: int) -> Tensor:
    return torch.exp(x - x.amax(dim, keepdim=True))


def clamps_logits(limit: float) -> Callable[[Tensor, int], Tensor]:
    return lambda x, dim: no_shift(x.clamp(-limit, limit), dim)


def replaces_nan(x: Tensor, dim: int) -> Tensor:
    return torch.nan_to_num(no_shift(x, dim))


def eps_in_sum(eps: float) -> Callable[[Tensor, int], Tensor]:
    def wrong(x: Tensor, dim: int) -> Tensor:
        e = _exp(x, dim)
        return e / (e.sum(dim, keepdim=True) + eps)

    return wrong


def _right(x: Tensor, dim: int) -> Tensor:
    e = _exp(x, dim)
    return e / e.sum(dim, keepdim=True)


def twice(x: Tensor, dim: int) -> Tensor:
    return _right(_right(x, dim), dim)


def base_two(x: Tensor, dim: int) -> Tensor:
    return _right(x * math.log(2), dim)


def sign_turned(x: Tensor, dim: int) -> Tensor:
    return _right(-x, dim)


def by_mean(x: Tensor, dim: int) -> Tensor:
    e = _exp(x, dim)
    return e / e.mean(dim, keepdim=True)


def no_keepdim(x: Tensor, dim: int) -> Tensor:
    e = _exp(x, dim)
    return e / e.sum(dim)


def over_everything(x: Tensor, dim: int) -> Tensor:
    e = torch.exp(x - x.max())
    return e / e.sum()


def by_maximum(x: Tensor, dim: int) -> Tensor:
    e = _exp(x, dim)
    return e / e.amax(dim, keepdim=True)


def without_exp(x: Tensor, dim: int) -> Tensor:
    return x / x.sum(dim, keepdim=True)


def each_alone(x: Tensor, dim: int) -> Tensor:
    z = torch.exp(-x.abs())
    return torch.where(x >= 0, 1 / (1 + z), z / (1 + z))


def hard_maximum(x: Tensor, dim: int) -> Tensor:
    return (x == x.amax(dim, keepdim=True)).to(x.dtype)


def in_place(x: Tensor, dim: int) -> Tensor:
    x -= x.amax(dim, keepdim=True)
    e = torch.exp(x)
    return e / e.sum(dim, keepdim=True)


EXERCISE = Exercise(
    name="softmax",
    stub=softmax,
    reference=torch.softmax,
    aspects=(
        Aspect("values", 1, cases.rows_values),
        Aspect("every axis", 1, cases.rows_every_dim),
        Aspect("extreme logits", 2, cases.rows_extreme),
        Aspect("gradient", 1, cases.rows_gradients, gradient=True),
    ),
    mistakes=(
        Mistake(
            "no_shift",
            "exponentiates the logits as they are: exp(1000) is inf, and inf / inf is nan",
            no_shift,
            "shift",
        ),
        Mistake(
            "one_shift_for_all",
            "subtracts one maximum from the whole tensor: a row far below it underflows to 0 / 0",
            one_shift_for_all,
            "shift",
        ),
        Mistake(
            "shift_by_minimum",
            "subtracts the minimum: that makes the largest exponent larger, not smaller",
            shift_by_minimum,
            "shift",
        ),
        Mistake(
            "shift_by_mean",
            "subtracts the mean: a logit far above it still overflows",
            shift_by_mean,
            "shift",
        ),
        Mistake(
            "clamps_logits",
            "clamps the logits before the exp: beyond the clamp all of them are taken for equal",
            clamps_logits(50),
            "shift",
            variants=tuple(map(clamps_logits, (10, 20, 30, 80, 88))),
        ),
        Mistake(
            "replaces_nan",
            "puts numbers in the place of nan after the division: inf / inf came of an overflow, and what is put there "
            "does not sum to 1",
            replaces_nan,
            "shift",
        ),
        Mistake(
            "eps_in_sum",
            "adds a small number to the sum: after the shift it is never below 1, and now nothing sums to 1 any more",
            eps_in_sum(1e-8),
            "softmax",
            variants=tuple(map(eps_in_sum, (1e-3, *cases.SMALL_NUMBERS[:-1]))),
        ),
        Mistake("twice", "puts the probabilities through a second softmax", twice, "softmax"),
        Mistake("base_two", "raises 2, not e, to the power of the logits", base_two, "softmax"),
        Mistake(
            "sign_turned",
            "has the sign of the logits turned around: the largest logit has to get the largest probability",
            sign_turned,
            "softmax",
        ),
        Mistake("by_mean", "divides by the mean of the exponentials, not by their sum", by_mean, "softmax"),
        Mistake(
            "no_keepdim",
            "sums without keepdim=True: the sums then line up with the wrong axis, silently for a square batch",
            no_keepdim,
            "axis",
        ),
        *fixed_axes(_right, "works along"),
        Mistake(
            "over_everything",
            "divides by the sum over the whole tensor: all samples then share one total of 1",
            over_everything,
            "axis",
        ),
        Mistake("by_maximum", "divides by the largest exponential, not by their sum", by_maximum, "softmax"),
        Mistake("without_exp", "divides the logits themselves by their sum, without exp", without_exp, "softmax"),
        Mistake(
            "each_alone",
            "squashes each logit alone: that is a sigmoid, the classes do not compete",
            each_alone,
            "sigmoid-or-softmax",
        ),
        Mistake(
            "hard_maximum",
            "gives 1 to the largest logit and 0 to the others: that is the decision, not the probabilities",
            hard_maximum,
            "softmax",
        ),
        Mistake("in_place", "overwrites its input (x -= ... changes the caller's tensor)", in_place, "shift"),
        detached(_right, "sigmoid"),
    ),
    hints=(
        "What is exp(1000) in float32? What becomes of the probabilities if you lower all logits of a row by 5?",
        "Subtract the same number from all logits of a row: nothing changes but the size of the exponentials. "
        "Which number keeps every exponent at or below 0?",
        "Subtract x.amax(dim, keepdim=True), exponentiate, divide by the sum along dim with keepdim=True.",
    ),
    chapter="probabilities/sigmoid-and-softmax",
    problem_set="01-probabilities",
    forbidden=ACTIVATIONS,
    difficulty=2,
    minutes=15,
    sweep=cases.ROWS_SWEEP,
)
