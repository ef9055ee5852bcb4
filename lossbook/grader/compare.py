"""Compares two Outcomes of the same case, and says in a sentence how they differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from lossbook.exercises import TORCH, Aspect, Case, Source
from lossbook.grader.outcome import Array, Other, Outcome
from lossbook.grader.show import show
from lossbook.grader.upstream import upstream

EPSILON = {
    "float64": 2.0**-52,
    "float32": 2.0**-23,
    "float16": 2.0**-10,
    "bfloat16": 2.0**-7,
}


@dataclass(frozen=True)
class Tolerance:
    """What rounding can do to a right solution: |got - want| <= absolute + relative * |want|."""

    relative: float
    absolute: float

    @classmethod
    def of(cls, aspect: Aspect, case: Case, dtype: str) -> Tolerance:
        """Return the tolerance for a case.

        Logits of size s carry a rounding error of about eps * s into every sum with them, and so into every
        logarithm of a probability: right solutions differ by a few times that. Where small values matter,
        the absolute part is all but dropped. Where the answer is searched for, the exercise says how exactly.
        """
        if aspect.accuracy is not None:
            return cls(relative=aspect.accuracy, absolute=0.0)
        eps = EPSILON.get(dtype, 0.0)
        if aspect.small_values:
            return cls(relative=1000 * eps, absolute=1e-30)
        return cls(relative=100 * eps, absolute=16 * eps * case.largest)


def _input_dtype(case: Case, otherwise: str) -> str:
    """Return the dtype that a case is computed in: that of its first floating-point input."""
    names = (str(value.dtype).removeprefix("torch.") for value in case.floating_inputs)
    return next((name for name in names if name in EPSILON), otherwise)


FEW_WEIGHTS = 4  # that a sentence can hold
Problem = Callable[[], str]  # says how two values differ; most are only asked whether they do


CUT_OFF = (
    "returned the right numbers, cut off from their input: no gradient reaches it "
    "(.detach(), .item(), .numpy(), torch.tensor(...) and torch.no_grad() cut it off)"
)

TOO_SLOW = "was stopped because it took too long: is there a loop that does not end?"


@dataclass(frozen=True)
class Difference:
    """How an answer differs from the expected one: a clause that follows the call, and both where that helps."""

    problem: str
    returned: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Tried:
    """One case, the right Outcome and the learner's, and whether they differ."""

    aspect: Aspect
    case: Case
    want: Outcome
    got: Outcome
    failed: bool


def difference(
    want: Outcome, got: Outcome, aspect: Aspect, case: Case, source: Source = TORCH
) -> Difference | None:
    """Return how ``got`` differs from what was wanted, in the words of ``source``; None where it does not."""
    found = find_difference(want, got, aspect, case, source)
    return None if found is None else found()


def differs(want: Outcome, got: Outcome, aspect: Aspect, case: Case) -> bool:
    """Return whether ``got`` differs from what was wanted: :func:`difference` without its words, and quicker."""
    return find_difference(want, got, aspect, case, TORCH) is not None


def find_difference(
    want: Outcome, got: Outcome, aspect: Aspect, case: Case, source: Source
) -> Callable[[], Difference] | None:
    """Return what puts the difference into words, or None where there is none: most are never read."""
    trouble = _trouble(want, got, source)
    if trouble is not None:
        return partial(Difference, trouble)
    if want.failure is not None:
        return None
    wanted, given = _compared(want.value, aspect), _compared(got.value, aspect)
    problem = _value_difference(wanted, given, aspect, case)
    if problem is not None:
        return partial(_in_values, problem, wanted, given)
    if not aspect.gradient or want.gradient is None:
        return None
    if got.gradient is None:
        return partial(Difference, CUT_OFF)
    problem = _array_difference(want.gradient, got.gradient, aspect, case)
    return None if problem is None else partial(_in_gradients, problem, want, got.gradient)


def _in_values(problem: Problem, wanted: Any, given: Any) -> Difference:
    yours, expected = show(given), show(wanted)
    return Difference(problem(), yours, expected) if yours != expected else Difference(problem())


def _in_gradients(problem: Problem, want: Outcome, given: Array) -> Difference:
    said = f"{_weighted(want.value)} is wrong: {problem().removeprefix('returned ')}"
    return Difference(said, f"gradient {show(given)}", f"gradient {show(want.gradient)}")


def _weighted(value: Array) -> str:
    """Say of what the gradient was taken: who computes it by hand would wonder about the numbers."""
    weights = upstream(torch.Size(value.shape), getattr(torch, value.dtype))
    if weights.numel() == 1:
        return f"returned the right value, but the gradient of {weights.item():.6g} times it"
    these = f"the weights {show(weights)}" if weights.numel() <= FEW_WEIGHTS else "fixed weights"
    return f"returned the right values, but the gradient of their sum with {these}"


def _trouble(want: Outcome, got: Outcome, source: Source) -> str | None:
    """Return what is wrong with a call that has no value to compare, or None."""
    if got.timed_out or got.skipped:
        return TOO_SLOW if got.timed_out else "was not tried"
    if want.failure is not None:
        return _failure_difference(want, got, source)
    if got.failure is not None:
        return raised(got)
    if got.changed:
        return "changed its input in place: work on a copy, the caller still needs it"
    return None


def same(one: Outcome, other: Outcome, aspect: Aspect, case: Case) -> bool:
    """Return whether two Outcomes are the same answer, right or wrong."""
    if (one.timed_out, one.skipped, one.changed) != (other.timed_out, other.skipped, other.changed):
        return False
    if one.failure is not None or other.failure is not None:
        return bool(one.failure and other.failure and one.failure.kind == other.failure.kind)
    if one.graph_cut != other.graph_cut or (one.gradient is None) != (other.gradient is None):
        return False
    if _value_difference(_compared(one.value, aspect), _compared(other.value, aspect), aspect, case) is not None:
        return False
    if one.gradient is None or other.gradient is None:
        return True
    return _array_difference(one.gradient, other.gradient, aspect, case) is None


def _compared(value: Any, aspect: Aspect) -> Any:
    """Return the part of an answer that an aspect looks at: some entries of a dict, or all of it."""
    if aspect.entries and isinstance(value, dict):
        return {key: value[key] for key in aspect.entries if key in value}
    return value


def same_but_for_a_factor(wrong: Outcome, got: Outcome, want: Outcome, aspect: Aspect, case: Case) -> bool:
    """Return whether a mistake's answer times one number is the learner's: -1, say, or the number of samples.

    Nearly any factor will do between tables of numbers that are wrong in their own way. Between single numbers,
    or where the mistake itself is a factor of what is right, there is always one: it has to be one people make.
    """
    ours, theirs = real_numbers(wrong), real_numbers(got)
    if ours is None or theirs is None:
        return False
    factor = factor_between(ours, theirs)
    if not factor or not times(factor, ours, theirs, aspect, case):
        return False
    if not _is_telling(factor) and (ours.size == 1 or _is_factor_of(want, ours, aspect, case)):
        return False
    if wrong.gradient is None or got.gradient is None:
        return wrong.gradient is got.gradient
    return times(factor, wrong.gradient.numbers, got.gradient.numbers, aspect, case)


def times(factor: float, one: np.ndarray, other: np.ndarray, aspect: Aspect, case: Case) -> bool:
    """Return whether numbers times ``factor`` are the others, to the precision of the case's own."""
    with np.errstate(invalid="ignore"):
        return near(one.astype(np.float64) * factor, other.astype(np.float64), aspect, case)


def _is_factor_of(want: Outcome, numbers: np.ndarray, aspect: Aspect, case: Case) -> bool:
    right = real_numbers(want)
    return right is not None and times(factor_between(right, numbers), right, numbers, aspect, case)


def _is_telling(factor: float) -> bool:
    """Return whether a factor says something: a sign, a sum in place of a mean, bits in place of nats."""
    size = max(abs(factor), 1 / abs(factor))
    if size > 10_000:
        return False
    return abs(size - round(size)) < 1e-4 * size or math.isclose(size, 1 / math.log(2), rel_tol=1e-4)


def factor_between(want: np.ndarray, got: np.ndarray) -> float:
    """Return got / want where the finite part of ``want`` is largest; 0 where there is no such number."""
    finite = np.where(np.isfinite(want), np.abs(want), 0.0)
    if want.shape != got.shape or not finite.any():
        return 0.0
    place = int(finite.argmax())
    factor = float(got.flat[place] / want.flat[place])
    return factor if np.isfinite(factor) else 0.0


def real_numbers(outcome: Outcome) -> np.ndarray | None:
    """Return the value in float64 where it is a float, or a tensor of real numbers, without NaN; else None."""
    known = vars(outcome)  # one answer is compared with those of all mistakes
    if "_real_numbers" not in known:
        known["_real_numbers"] = _real_numbers(outcome.value)
    return known["_real_numbers"]


def _real_numbers(value: Any) -> np.ndarray | None:
    if type(value) is float:
        value = Array(np.array(value), "float64")
    if not isinstance(value, Array) or value.numbers.dtype.kind == "c":
        return None
    numbers = value.numbers.astype(np.float64)
    return None if np.isnan(numbers).any() else numbers


def near(want: np.ndarray, got: np.ndarray, aspect: Aspect, case: Case) -> bool:
    """Return whether float64 arrays agree in shape, and in value to the precision of the case's own numbers."""
    if want.shape != got.shape:
        return False
    return bool(_close(want, got, Tolerance.of(aspect, case, _input_dtype(case, "float32"))).all())


def raised(outcome: Outcome) -> str:
    """Return a sentence for the exception that ended a call."""
    failure = outcome.failure
    assert failure is not None
    if failure.is_a("NotImplementedError"):
        return "raised NotImplementedError: it is not written yet"
    where = f" (line {failure.line}: {failure.source})" if failure.source else ""
    message = f": {failure.message}" if failure.message else ""
    return f"raised {failure.kind}{message}{where}"


def _failure_difference(want: Outcome, got: Outcome, source: Source) -> str | None:
    """A bad input: the reference refuses it, and so must the learner's function, with the same kind of error."""
    assert want.failure is not None
    if got.failure is None:
        return f"accepted an input that {source.refusal} {want.failure.kind}"
    if got.failure.is_a(want.failure.kind) and not got.failure.is_a("NotImplementedError"):
        return None
    return f"{raised(got)}; {source.raising} {want.failure.kind} here"


def _value_difference(want: Any, got: Any, aspect: Aspect, case: Case) -> Problem | None:
    if isinstance(want, Array):
        if isinstance(got, Array):
            return _array_difference(want, got, aspect, case)
        return lambda: _no_tensor(got)
    if isinstance(want, tuple) and isinstance(got, tuple) and len(want) == len(got):
        return _parts_difference(dict(enumerate(want)), dict(enumerate(got)), aspect, case)
    if isinstance(want, dict) and isinstance(got, dict):
        return _parts_difference(want, got, aspect, case)
    if isinstance(want, float):
        return _number_difference(want, got, aspect, case)
    if type(want) is type(got) and want == got:
        return None
    if isinstance(want, tuple) and isinstance(got, list):
        return lambda: f"returned a list: return a tuple, {show(want)}"
    return lambda: f"returned {show(got)}, not {show(want)}"


def _parts_difference(
    want: Mapping[Any, Any], got: Mapping[Any, Any], aspect: Aspect, case: Case
) -> Problem | None:
    """Compare the items of two tuples, or the entries of two dicts, one by one."""
    if want.keys() != got.keys():
        return lambda: _other_keys(want, got)
    for key, wanted in want.items():
        problem = _value_difference(wanted, got[key], aspect, case)
        if problem is not None:
            place = f"item {key}" if isinstance(key, int) else repr(key)
            return partial(_at, problem, place)
    return None


def _at(problem: Problem, place: str) -> str:
    return f"{problem()}, for {place}"


def _other_keys(want: Mapping[Any, Any], got: Mapping[Any, Any]) -> str:
    missing = [repr(key) for key in want if key not in got]
    if missing:
        return f"returned a dict without {' and '.join(missing)}"
    more = [repr(key) for key in got if key not in want][:5]
    return f"returned a dict with {' and '.join(more)} besides"


def _number_difference(want: float, got: Any, aspect: Aspect, case: Case) -> Problem | None:
    """Compare with a Python float. A tensor without axes is one number, too, and so is an int."""
    # a number is no more exact than the tensors that it was computed from, or the one that it came in
    dtypes = [_input_dtype(case, "float64")]
    if isinstance(got, Array) and got.shape == () and got.dtype in EPSILON:
        dtypes.append(got.dtype)
        got = float(got.numbers)
    if type(got) not in (float, int):
        return lambda: f"returned {show(got)}: return one number, a Python float"
    limits = Tolerance.of(aspect, case, max(dtypes, key=EPSILON.__getitem__))
    close = _close(np.array(want), np.array(got), limits)
    return None if close else lambda: f"returned {_two_numbers(got, want)}"


def _no_tensor(got: Any) -> str:
    if got is None:
        return "returned None: is a return statement missing?"
    if isinstance(got, Other):
        kind = got.type_name
        return f"returned an object of type {kind}: return a plain torch.Tensor"
    return f"returned a {type(got).__name__}: return a torch.Tensor"


def _array_difference(want: Array, got: Array, aspect: Aspect, case: Case) -> Problem | None:
    if got.shape != want.shape:
        return lambda: f"returned shape {got.shape}, not {want.shape}"
    if got.dtype != want.dtype:
        return lambda: f"returned dtype {got.dtype}, not {want.dtype}"
    if want.numbers.tobytes() == got.numbers.tobytes():  # mistakes, too, are mostly right to the last bit
        return None
    tolerance = Tolerance.of(aspect, case, want.dtype)
    starts_apart = _starts_apart(want.numbers, got.numbers, tolerance)
    if not starts_apart and _close(want.numbers, got.numbers, tolerance).all():
        return None
    return lambda: _worst(want.numbers, got.numbers, _close(want.numbers, got.numbers, tolerance))


def _starts_apart(want: np.ndarray, got: np.ndarray, tolerance: Tolerance) -> bool:
    """Return whether the first numbers differ: a quick look that settles most comparisons with a mistake."""
    first, other = want.item(0), got.item(0)
    if isinstance(first, complex) or not math.isfinite(first):
        return False
    return not abs(other - first) <= tolerance.absolute + tolerance.relative * abs(first)


def _close(want: np.ndarray, got: np.ndarray, tolerance: Tolerance) -> np.ndarray:
    with np.errstate(all="ignore"):
        wide, other = want.astype(np.float64, copy=False), got.astype(np.float64, copy=False)
        near = np.abs(other - wide) <= tolerance.absolute + tolerance.relative * np.abs(wide)
    finite = np.isfinite(wide)
    if finite.all():
        return near
    return (near & finite) | (wide == other) | (np.isnan(wide) & np.isnan(other))


def _worst(want: np.ndarray, got: np.ndarray, close: np.ndarray) -> str:
    """Say where the numbers differ most; a NaN or an infinity comes first."""
    with np.errstate(all="ignore"):
        distance = np.abs(got.astype(np.float64) - want.astype(np.float64))
    distance = np.where(close, -1.0, np.where(np.isnan(distance), np.inf, distance))
    place = np.unravel_index(int(distance.argmax()), distance.shape)
    wrong, total = int((~close).sum()), close.size
    numbers = _two_numbers(got[place], want[place])
    if total == 1:
        return f"returned {numbers}"
    where = ", ".join(str(int(i)) for i in place)
    return f"returned {numbers}, at [{where}]; {wrong} of {total} numbers differ"


def _two_numbers(got: Any, want: Any) -> str:
    """Return both numbers, with as many digits as it takes to tell them apart."""
    if isinstance(want, np.bool_):
        return f"{bool(got)}, not {bool(want)}"
    for digits in (6, 9, 12, 17):
        pair = f"{got:.{digits}g}", f"{want:.{digits}g}"
        if pair[0] != pair[1]:
            break
    return f"{pair[0]}, not {pair[1]}"
