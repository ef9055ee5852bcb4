"""Exercise: the logarithm of the softmax, exact where the softmax rounds to 0."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from lossbook.exercises import cases
from lossbook.exercises.description import Aspect, Exercise, Mistake
from lossbook.exercises.forbidden import ACTIVATIONS
from lossbook.exercises.steps_shared import detached, fixed_axes


def log_softmax(x: Tensor, dim: int) -> Tensor:
    """Return the logarithm of the softmax along ``dim``, exact also where the softmax rounds to 0.

    Args:
        x: logits, float32 or float64, any shape with at least one axis.
        dim: the axis of the classes, also counted from the end.

    Returns:
        Log-probabilities, at most 0, of the same shape and dtype. Where a logit is -inf so is its answer.
    """
    raise NotImplementedError


def _shifted(x: Tensor, dim: int) -> Tensor:
    return x - x.amax(dim, keepdim=True)


def _softmax(x: Tensor, dim: int) -> Tensor:
    e = torch.exp(_shifted(x, dim))
    return e / e.sum(dim, keepdim=True)


def _right(x: Tensor, dim: int) -> Tensor:
    s = _shifted(x, dim)
    return s - torch.log(torch.exp(s).sum(dim, keepdim=True))


def log_of_softmax(x: Tensor, dim: int) -> Tensor:
    return torch.log(_softmax(x, dim))


def log_with_eps(eps: float) -> Callable[[Tensor, int], Tensor]:
    return lambda x, dim: torch.log(_softmax(x, dim) + eps)


def clamps_probability(eps: float) -> Callable[[Tensor, int], Tensor]:
    return lambda x, dim: torch.log(_softmax(x, dim).clamp(min=eps))


def clamps_logarithm(x: Tensor, dim: int) -> Tensor:
    return log_of_softmax(x, dim).clamp(min=-100)


def replaces_infinity(x: Tensor, dim: int) -> Tensor:
    return torch.nan_to_num(log_of_softmax(x, dim))


def no_shift(x: Tensor, dim: int) -> Tensor:
    return x - torch.log(torch.exp(x).sum(dim, keepdim=True))


def no_shift_quotient(x: Tensor, dim: int) -> Tensor:
    return torch.log(torch.exp(x) / torch.exp(x).sum(dim, keepdim=True))


def no_shift_three_steps(x: Tensor, dim: int) -> Tensor:
    return torch.log(torch.exp(x)) - torch.log(torch.exp(x).sum(dim, keepdim=True))


def shift_only_in_sum(x: Tensor, dim: int) -> Tensor:
    return x - torch.log(torch.exp(_shifted(x, dim)).sum(dim, keepdim=True))


def one_shift_for_all(x: Tensor, dim: int) -> Tensor:
    s = x - x.max()
    return s - torch.log(torch.exp(s).sum(dim, keepdim=True))


def log_missing(x: Tensor, dim: int) -> Tensor:
    s = _shifted(x, dim)
    return s - torch.exp(s).sum(dim, keepdim=True)


def log1p_of_sum(x: Tensor, dim: int) -> Tensor:
    s = _shifted(x, dim)
    return s - torch.log1p(torch.exp(s).sum(dim, keepdim=True))


def mean_not_sum(x: Tensor, dim: int) -> Tensor:
    return _right(x, dim) + math.log(x.shape[dim])


def each_alone(x: Tensor, dim: int) -> Tensor:
    return -torch.logaddexp(torch.zeros_like(x), -x)


def only_softmax(x: Tensor, dim: int) -> Tensor:
    return _softmax(x, dim)


def sign_turned(x: Tensor, dim: int) -> Tensor:
    return -_right(x, dim)


def no_keepdim(x: Tensor, dim: int) -> Tensor:
    s = _shifted(x, dim)
    return s - torch.log(torch.exp(s).sum(dim))


def over_everything(x: Tensor, dim: int) -> Tensor:
    s = x - x.max()
    return s - torch.log(torch.exp(s).sum())


def base_two(x: Tensor, dim: int) -> Tensor:
    return _right(x, dim) / math.log(2)


def in_place(x: Tensor, dim: int) -> Tensor:
    x -= x.amax(dim, keepdim=True)
    return x - torch.log(torch.exp(x).sum(dim, keepdim=True))


EXERCISE = Exercise(
    name="log_softmax",
    stub=log_softmax,
    reference=torch.log_softmax,
    aspects=(
        Aspect("values", 1, cases.rows_values),
        Aspect("every axis", 1, cases.rows_every_dim),
        Aspect("extreme logits", 3, cases.rows_extreme),
        Aspect("gradient", 1, cases.rows_gradients, gradient=True),
    ),
    mistakes=(
        Mistake(
            "log_of_softmax",
            "takes the logarithm of the softmax: a probability that has rounded to 0 gives -inf",
            log_of_softmax,
            "log-softmax",
        ),
        Mistake(
            "log_with_eps",
            "adds a small number before the logarithm, or clamps there: that hides the -inf, and caps the answer (at "
            "about -18 for 1e-8)",
            log_with_eps(1e-8),
            "log-softmax",
            variants=(
                *map(log_with_eps, cases.SMALL_NUMBERS),
                *map(clamps_probability, (1e-8, *cases.SMALL_NUMBERS)),
            ),
        ),
        Mistake(
            "clamps_logarithm",
            "clamps the logarithm, or puts a number in the place of -inf: the answer is capped there",
            clamps_logarithm,
            "log-softmax",
            variants=(replaces_infinity,),
        ),
        Mistake(
            "no_shift",
            "exponentiates the logits as they are: exp(1000) is inf, and what follows from it is -inf or nan",
            no_shift,
            "log-softmax",
            variants=(no_shift_quotient, no_shift_three_steps),
        ),
        Mistake(
            "shift_only_in_sum",
            "subtracts the maximum inside the sum and not in front of it, so all answers are off by the maximum",
            shift_only_in_sum,
            "log-softmax",
        ),
        Mistake(
            "one_shift_for_all",
            "subtracts one maximum from the whole tensor: a row far below it underflows to log(0)",
            one_shift_for_all,
            "shift",
        ),
        Mistake(
            "log_missing", "subtracts the sum of the exponentials, not its logarithm", log_missing, "log-softmax"
        ),
        Mistake(
            "log1p_of_sum",
            "takes log1p of the sum: the 1 of the largest class is in the sum already, and now counts twice",
            log1p_of_sum,
            "log-softmax",
        ),
        Mistake("mean_not_sum", "takes the mean of the exponentials, not their sum", mean_not_sum, "log-softmax"),
        Mistake(
            "each_alone",
            "squashes each logit alone, as log_sigmoid does: the classes do not compete",
            each_alone,
            "sigmoid-or-softmax",
        ),
        Mistake("only_softmax", "returns the softmax itself, not its logarithm", only_softmax, "log-softmax"),
        Mistake(
            "sign_turned",
            "has the sign turned around: a log-probability is never positive",
            sign_turned,
            "log-softmax",
        ),
        *fixed_axes(_right, "works along"),
        Mistake(
            "no_keepdim",
            "sums without keepdim=True: the sums then line up with the wrong axis, silently for a square batch",
            no_keepdim,
            "axis",
        ),
        Mistake("over_everything", "sums over the whole tensor, not along dim", over_everything, "axis"),
        Mistake(
            "base_two", "takes the logarithm to base 2 (bits), not the natural one (nats)", base_two, "log-softmax"
        ),
        Mistake("in_place", "overwrites its input (x -= ... changes the caller's tensor)", in_place, "shift"),
        detached(_right, "sigmoid"),
    ),
    hints=(
        "The softmax of [0, -1000] has a 0 in it. Can a logarithm still find out that it was exp(-1000)?",
        "log(a / b) = log(a) - log(b), and the logarithm of an exponential needs no computing at all.",
        "Shift by the maximum along dim, then subtract log(sum(exp(shifted))) along dim, with keepdim=True.",
    ),
    chapter="probabilities/sigmoid-and-softmax",
    problem_set="01-probabilities",
    forbidden=ACTIVATIONS,
    difficulty=2,
    minutes=10,
    sweep=cases.ROWS_SWEEP,
)
