"""What a solution would answer without one of its mistakes, where that mistake only multiplies.

A lost minus, a logarithm of another base, a sum for a mean: many a mistake multiplies the right answer by one
number, another in each case. Where it stands beside a second mistake, dividing by that number leaves what the
second one alone would give.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lossbook.grader.compare import Tried, differs, factor_between, real_numbers, same, times
from lossbook.grader.memory import answer, remembered
from lossbook.grader.outcome import Array, Outcome

Wrong = Callable[..., Any]

HIDDEN = 0.2  # share of the cases with a factor in which a second mistake may make the answer right again


def is_factor(function: Wrong, some: Sequence[Tried]) -> bool:
    """Return whether a mistake shows in some cases, and only multiplies there."""
    factors = [factor_of(function, one) for one in some if real_numbers(one.want) is not None]
    return None not in factors and any(factor != 1 for factor in factors)


def has_numbers(outcome: Outcome) -> bool:
    """Return whether an answer has a number in it that a factor changes."""
    numbers = real_numbers(outcome)
    return numbers is not None and bool((np.isfinite(numbers) & (numbers != 0)).any())


def factor_of(function: Wrong, one: Tried) -> float | None:
    """Return what a mistake multiplies the right answer of a case by, 1 where it does not show, or None."""
    return remembered(one.case, (function, "factor"), lambda: _factor(function, one))


def _factor(function: Wrong, one: Tried) -> float | None:
    wrong = answer(function, one.aspect, one.case)
    if not differs(one.want, wrong, one.aspect, one.case):
        return 1.0
    ours, theirs = real_numbers(one.want), real_numbers(wrong)
    if ours is None or theirs is None:
        return None
    factor = factor_between(ours, theirs) or -1.0  # of infinities the sign may still be turned
    if not times(factor, ours, theirs, one.aspect, one.case):
        return None
    if one.want.gradient is None or wrong.gradient is None:
        return factor if one.want.gradient is wrong.gradient else None
    slopes = one.want.gradient.numbers, wrong.gradient.numbers
    return factor if times(factor, *slopes, one.aspect, one.case) else None


def without(function: Wrong, tried: Sequence[Tried]) -> list[Tried] | None:
    """Return the cases as a solution would answer them without a mistake that multiplies.

    A case in which the solution gives the mistake's very answer, and that is no multiple (the mean of nothing),
    is left out. None means that the mistake is not in the solution: too often the solution is right where the
    mistake would show. Rarely it may be, where the other mistake happens to hide it.
    """
    found = [(one, factor_of(function, one)) for one in tried if one.want.failure is None]
    shows = [(one, factor) for one, factor in found if factor != 1]
    if sum(not one.failed for one, _ in shows) > HIDDEN * len(shows):
        return None
    if not all(factor or _gives(function, one) for one, factor in shows if one.failed):
        return None
    rest = [divided(one, factor) if one.failed else one for one, factor in found if factor]
    return [*rest, *(one for one in tried if one.want.failure is not None)]


def _gives(function: Wrong, one: Tried) -> bool:
    return same(answer(function, one.aspect, one.case), one.got, one.aspect, one.case)


def divided(one: Tried, factor: float) -> Tried:
    """Return a case with the learner's answer divided by a number."""
    if factor == 1:
        return one
    if isinstance(one.got.value, Array):
        got = replace(one.got, value=_array(one.got.value, factor), gradient=_slope(one.got, factor))
    elif type(one.got.value) is float:
        got = replace(one.got, value=one.got.value / factor)
    else:
        return one
    return replace(one, got=got, failed=differs(one.want, got, one.aspect, one.case))


def _slope(got: Outcome, factor: float) -> Array | None:
    return None if got.gradient is None else _array(got.gradient, factor)


def _array(array: Array, factor: float) -> Array:
    with np.errstate(all="ignore"):
        return Array((array.numbers / factor).astype(array.numbers.dtype), array.dtype)
