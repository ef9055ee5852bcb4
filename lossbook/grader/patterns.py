"""In which pattern wrong numbers differ from the right ones: what can be said where no named mistake fits."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lossbook.exercises import TORCH, Aspect, Case, Source
from lossbook.grader.compare import Tried, factor_between, near, real_numbers
from lossbook.grader.errors import meaning
from lossbook.grader.outcome import Array, Outcome


@dataclass(frozen=True)
class Pair:
    """The right numbers and the learner's for one case that failed, none of them NaN."""

    aspect: Aspect
    case: Case
    want: np.ndarray
    got: np.ndarray

    def fits(self, guess: np.ndarray) -> bool:
        """Return whether the learner's numbers are ``guess``, as far as rounding lets one tell."""
        if all(x.dtype == torch.float32 for x in self.case.floating_inputs):
            guess = guess.astype(np.float32)  # what overflows there overflows here
        return near(guess.astype(np.float64), self.got, self.aspect, self.case)


def pattern(tried: Sequence[Tried], source: Source = TORCH) -> str:
    """Return a sentence on how all wrong answers differ from the right ones, or where they are; else ""."""
    said = _stopped_at_first(tried)
    if said:
        return said
    pairs = list(_pairs(tried))
    with np.errstate(all="ignore"):  # a guess may overflow; then it does not fit
        said = _by_numbers(pairs, source) if pairs else ""
    said = said or _by_form(tried) or _by_axes(tried) or _by_absence(tried)
    said = said or _by_refusals(tried) or _in_float32(pairs)
    return said or _by_aspects(tried) or _rounded(pairs) or _negative(pairs)


def _stopped_at_first(tried: Sequence[Tried]) -> str:
    """Say it where the first wrong answer is none: what there is to say of the others comes later."""
    bad = [one.got.failure for one in _answerable(tried) if one.failed]
    if not bad or bad[0] is None or bad[0].is_a("NotImplementedError"):
        return ""
    explained = meaning(bad[0])
    kinds = [bad[0].kind] if explained else sorted({failure.kind for failure in bad if failure is not None})
    where = "It" if len(bad) == len(_answerable(tried)) and None not in bad else "In some calls it"
    said = f"{where} stops with an error ({', '.join(kinds)})"
    return f"{said}: {explained}" if explained else f"{said} before there is an answer."


def _pairs(tried: Sequence[Tried]) -> Iterator[Pair]:
    for one in tried:
        if not one.failed:
            continue
        right, wrong = real_numbers(one.want), real_numbers(one.got)
        if right is None or wrong is None or not right.size:
            continue
        if not near(right, wrong, one.aspect, one.case):
            yield Pair(one.aspect, one.case, right, wrong)


def _by_numbers(pairs: list[Pair], source: Source) -> str:
    for test, sentence in _TESTS:
        if all(test(pair) for pair in pairs):
            return sentence.format(right=source.answers)
    return _constant(pairs, source)


def _rows(pair: Pair) -> int:
    first = pair.case.args[0]
    return len(first) if isinstance(first, Tensor) and first.dim() else 1


def _elements(pair: Pair) -> int:
    first = pair.case.args[0]
    return first.numel() if isinstance(first, Tensor) else 1


def _times(count: Callable[[Pair], int], power: int) -> Callable[[Pair], bool]:
    return lambda pair: count(pair) > 1 and pair.fits(pair.want * float(count(pair)) ** power)


def _is_input(pair: Pair) -> bool:
    first = pair.case.args[0]
    return isinstance(first, Tensor) and not first.is_complex() and pair.fits(first.double().numpy())


def _same_numbers_elsewhere(pair: Pair) -> bool:
    want, got = pair.want.ravel(), pair.got.ravel()
    if want.size < 2 or near(want, got, pair.aspect, pair.case):
        return False
    return near(np.sort(want), np.sort(got), pair.aspect, pair.case)


_TESTS: tuple[tuple[Callable[[Pair], bool], str], ...] = (
    (lambda p: p.fits(-p.want), "The answers are {right} with the sign turned around."),
    (lambda p: p.fits(p.want / math.log(2)), "The answers are {right} in bits, not nats: a logarithm has base 2."),
    (lambda p: p.fits(p.want / math.log(10)), "The answers are {right} with logarithms to base 10."),
    (lambda p: p.want.ndim == 2 and p.fits(p.want.T), "The answers are {right}, transposed."),
    (_times(_rows, 1), "The answers are {right} times the number of samples: a sum where a mean should be."),
    (_times(_rows, -1), "The answers are {right} divided by the number of samples: divided once too often."),
    (_times(_elements, 1), "The answers are {right} times the number of elements: a sum where a mean should be."),
    (_times(_elements, -1), "The answers are {right} divided by the number of elements: divided once too often."),
    (lambda p: p.fits(p.want - math.log(2)), "The answers are log 2 too small."),
    (lambda p: p.fits(p.want + math.log(2)), "The answers are log 2 too large."),
    (lambda p: p.fits(1 - p.want), "The answers are 1 minus {right}."),
    (lambda p: p.fits(np.exp(p.want)), "The answers are the exponentials of {right}: a logarithm is missing."),
    (
        lambda p: bool((p.want >= 0).all()) and p.fits(np.log(p.want)),
        "The answers are the logarithms of {right}: one logarithm too many.",
    ),
    (_is_input, "It returns its first argument as it came."),
    (_same_numbers_elsewhere, "The answers are {right} in another order: an axis may be mixed up."),
)


def _constant(pairs: list[Pair], source: Source) -> str:
    """Look for one factor, or one offset, for all cases. One case, or two numbers, would be no evidence."""
    if len(pairs) < 2 or sum(pair.want.size for pair in pairs) < 3:
        return ""
    factors = [factor_between(pair.want, pair.got) for pair in pairs]
    is_known = _one_number(factors) and not math.isclose(factors[0], 1, rel_tol=1e-3)
    if is_known and all(p.fits(p.want * f) for p, f in zip(pairs, factors, strict=True)):
        return f"The answers are {factors[0]:.4g} times {source.answers}, in every case."
    if all(pair.want.shape == pair.got.shape for pair in pairs):
        offsets = [float(np.median(pair.got - pair.want)) for pair in pairs]
        if _one_number(offsets) and all(p.fits(p.want + o) for p, o in zip(pairs, offsets, strict=True)):
            return f"The answers are off by {offsets[0]:+.4g}, in every case."
    return ""


def _negative(pairs: list[Pair]) -> str:
    """Say it where answers are negative that never should be."""
    if pairs and all((p.want >= 0).all() for p in pairs) and any((p.got < 0).any() for p in pairs):
        return "Some answers are negative, and no right one is."
    return ""


def _one_number(numbers: list[float]) -> bool:
    return all(math.isfinite(n) and n and math.isclose(n, numbers[0], rel_tol=1e-4) for n in numbers)


def _by_form(tried: Sequence[Tried]) -> str:
    """Say it where the numbers are right and have another shape, or another dtype."""
    forms = {_form(one) for one in _answerable(tried) if one.failed}
    return _FORMS.get(forms.pop(), "") if len(forms) == 1 else ""


def _by_axes(tried: Sequence[Tried]) -> str:
    """Say it where all wrong answers are one number instead of many, or many instead of one."""
    bad = [one for one in _answerable(tried) if one.failed]
    pairs = [(one.want.value, one.got.value) for one in bad]
    arrays = [(w, g) for w, g in pairs if isinstance(w, Array) and isinstance(g, Array)]
    if not arrays or len(arrays) < len(pairs):
        return ""
    if all(w.shape and not g.shape for w, g in arrays):
        return (
            "It returns one number where a whole tensor is wanted: something is added up, or averaged, too soon."
        )
    if all(g.shape and not w.shape for w, g in arrays):
        return "It returns a tensor where one number is wanted: the last step, a sum or a mean, is missing."
    return ""


_FORMS = {
    "shape": "The numbers are right, their shape is not.",
    "dtype": "The numbers are right, their dtype is not.",
}


def _form(one: Tried) -> str:
    want, got = one.want.value, one.got.value
    if not isinstance(want, Array) or not isinstance(got, Array):
        return ""
    right, given = real_numbers(one.want), real_numbers(one.got)
    if right is None or given is None or not near(right.ravel(), given.ravel(), one.aspect, one.case):
        return ""
    return "shape" if want.shape != got.shape else "dtype" if want.dtype != got.dtype else ""


def _answerable(tried: Sequence[Tried]) -> list[Tried]:
    return [one for one in tried if one.want.failure is None]


def _by_absence(tried: Sequence[Tried]) -> str:
    """Say it where what is wrong is that nothing is returned."""
    bad = [one.got for one in _answerable(tried) if one.failed]
    always = len(bad) == len(_answerable(tried))
    if bad and all(_is_nothing(got) for got in bad):
        return "It returns None: is a return statement missing?" if always else _SOMETIMES_NOTHING
    return ""


def _by_refusals(tried: Sequence[Tried]) -> str:
    """Say it where everything is right but for the kind of some errors."""
    wrong = [one for one in tried if one.failed]
    if wrong and all(one.want.failure is not None and one.got.failure is not None for one in wrong):
        return "It refuses what it has to refuse, with another error than the one that is asked for."
    return ""


_SOMETIMES_NOTHING = "In some calls it returns None: does each way through it end in a return statement?"


def _is_nothing(got: Outcome) -> bool:
    return got.value is None and got.failure is None and not got.timed_out and not got.skipped


def _in_float32(pairs: list[Pair]) -> str:
    """Say it where float64 is right to float32's digits."""
    if (
        all(x.dtype == torch.float64 for p in pairs for x in p.case.floating_inputs)
        and _largest_miss(pairs) < 1e-6
    ):
        return "For float64 the answers have float32's digits only: is something on the way in float32?"
    return ""


def _rounded(pairs: list[Pair]) -> str:
    """Say it where only the first digits are right."""
    rounded = _largest_miss(pairs) < 2e-3
    return "The answers are right to about three digits: is something on the way rounded?" if rounded else ""


def _largest_miss(pairs: list[Pair]) -> float:
    """Return the largest difference, as a share of its case's largest right number; inf where there is none."""
    if not pairs or not all(p.want.shape == p.got.shape for p in pairs):
        return math.inf
    with np.errstate(all="ignore"):
        miss = max(float(np.max(np.abs(p.got - p.want)) / np.max(np.abs(p.want))) for p in pairs)
    return miss if math.isfinite(miss) else math.inf


def _by_aspects(tried: Sequence[Tried]) -> str:
    """Say it where all failures have something in common."""
    names = dict.fromkeys(one.aspect.name for one in tried)
    wrong = [name for name in names if any(one.failed for one in tried if one.aspect.name == name)]
    if all("gradient" in name for name in wrong) and len(wrong) < len(names):
        return "All values are right, only the gradient is not."
    if len(wrong) == 1 and len(names) > 1:
        return f"Everything is right but this one aspect: {wrong[0]}."
    return ""
