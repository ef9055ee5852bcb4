"""From a function to a report."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lossbook.exercises import Aspect, Case, Exercise, Sweep, get_exercise
from lossbook.exercises.forbidden import BOOK
from lossbook.grader.compare import Tried, find_difference
from lossbook.grader.curve import Curve
from lossbook.grader.diagnose import Diagnosis, diagnose
from lossbook.grader.memory import Drawn, answer, draw
from lossbook.grader.outcome import Array, Outcome
from lossbook.grader.patterns import pattern
from lossbook.grader.report import AspectResult, CaseResult, Report
from lossbook.grader.runner import run_all, run_trusted, trusting

SWEEP = Aspect("sweep", 0, lambda generator: iter(()))


def evaluate(
    name: str,
    function: Callable[..., Any],
    seed: int | None = None,
    seconds: float = 5.0,
    own_work: bool = False,
) -> Report:
    """Compare a function with the reference, in this process, with a time limit for each call.

    Args:
        name: of the exercise.
        function: the learner's.
        seed: what the cases are drawn from; fresh without one. The verdict does not depend on it.
        seconds: how long each call may take.
        own_work: whether it has to be somebody's own: calls of this book's functions are then forbidden, as
            those of torch's always are.

    Returns:
        A report, also where the function raises, hangs or returns nonsense.

    Raises:
        KeyError: there is no exercise of that name.
        TypeError: ``function`` cannot be called.
    """
    exercise = get_exercise(name)
    if not callable(function):
        raise TypeError(
            f"the second argument must be your function, not {type(function).__name__}: "
            f'write check("{name}", {name}), without parentheses after the name'
        )
    seed = secrets.randbelow(2**31) if seed is None else seed
    forbidden = exercise.forbidden | {BOOK} if own_work and exercise.forbidden else exercise.forbidden
    return judge_call(exercise, seed, lambda drawn: run_all(function, drawn, forbidden, seconds))


def judge_call(exercise: Exercise, seed: int, call: Callable[[Drawn], list[list[Outcome]]]) -> Report:
    """Draw an exercise's cases, have a learner's function called on them, and report.

    Args:
        exercise: whose function it is.
        seed: what the cases are drawn from.
        call: calls the learner's function, wherever that runs: returns its Outcomes, one for each case.
    """
    drawn = draw(exercise, seed)
    report = judge(exercise, seed, drawn, call(drawn))
    if exercise.sweep is None or report.passed or report.unsolved or report.forbidden:
        return report
    return replace(report, curve=curve_of(exercise, call(_swept(exercise.sweep))[0][0]))


def curve_of(exercise: Exercise, got: Outcome) -> Curve | None:
    """Return the learner's numbers over the right ones, or None where they are no numbers, or the very same."""
    sweep = exercise.sweep
    if sweep is None or not isinstance(got.value, Array):
        return None
    n = len(sweep.x)
    with trusting():
        want = answer(exercise.reference, SWEEP, sweep.case).value.numbers
    if got.value.numbers.shape != want.shape or got.value.numbers.dtype.kind != "f":
        return None
    ours, theirs = (numbers.astype(float).reshape(n, -1)[:, 0] for numbers in (want, got.value.numbers))
    if np.allclose(ours, theirs, rtol=1e-3, atol=1e-3, equal_nan=True):
        return None
    return Curve(sweep.label, sweep.x.double().numpy(), ours, theirs, exercise.source)


def _swept(sweep: Sweep) -> list[tuple[Aspect, tuple[Case, ...]]]:
    return [(SWEEP, (sweep.case,))]


def first_failure(
    name: str, function: Callable[..., Any], seed: int, seconds: float | None = None
) -> CaseResult | None:
    """Return the first case that a function fails, or None where it passes all: the verdict alone, and quickly.

    Args:
        name: of the exercise.
        function: whose verdict is asked for; forbidden calls are not looked at.
        seed: what the cases are drawn from.
        seconds: how long each call may take; without a limit for functions of our own, which come back.

    Raises:
        KeyError: there is no exercise of that name.
    """
    exercise = get_exercise(name)
    for aspect, cases in exercise.draw(seed):
        for case in cases:
            one = [(aspect, (case,))]
            got = run_trusted(function, one) if seconds is None else run_all(function, one, seconds=seconds)
            result = _result(exercise, aspect, case, run_trusted(exercise.reference, one)[0][0], got[0][0])
            if not result.passed:
                return result
    return None


def judge(exercise: Exercise, seed: int, drawn: Drawn, gots: list[list[Outcome]]) -> Report:
    """Turn the Outcomes of a learner's function, wherever it ran, into a report."""
    with trusting():
        wants = [[answer(exercise.reference, aspect, case) for case in cases] for aspect, cases in drawn]
    aspects = tuple(
        AspectResult(aspect.name, aspect.points, _results(exercise, aspect, cases, want_row, got_row))
        for (aspect, cases), want_row, got_row in zip(drawn, wants, gots, strict=True)
    )
    outcomes = [got for row in gots for got in row]
    forbidden = tuple(dict.fromkeys(name for got in outcomes for name in got.forbidden))
    unsolved = all(got.failure is not None and got.failure.is_a("NotImplementedError") for got in outcomes)
    wrong = not unsolved and not all(aspect.passed for aspect in aspects)
    tried = list(_tried(drawn, wants, gots, aspects)) if wrong else []
    found = diagnose(exercise, tried) if wrong else Diagnosis()
    return Report(
        name=exercise.name,
        seed=seed,
        aspects=aspects,
        mistakes=found.mistakes,
        at_once=found.at_once,
        both=found.both,
        pattern=pattern(tried, exercise.source) if wrong else "",
        forbidden=forbidden,
        unsolved=unsolved,
        chapter=exercise.chapter,
        warnings=tuple(dict.fromkeys(text for got in outcomes for text in got.warnings)),
        printed=next((got.printed for got in outcomes if got.printed), ""),
        hints=exercise.hints,
        source=exercise.source,
    )


def _results(
    exercise: Exercise, aspect: Aspect, cases: tuple[Case, ...], wants: list[Outcome], gots: list[Outcome]
) -> tuple[CaseResult, ...]:
    return tuple(
        _result(exercise, aspect, case, want, got) for case, want, got in zip(cases, wants, gots, strict=True)
    )


def _result(exercise: Exercise, aspect: Aspect, case: Case, want: Outcome, got: Outcome) -> CaseResult:
    return CaseResult(exercise.name, case, find_difference(want, got, aspect, case, exercise.source))


def _tried(
    drawn: Drawn, wants: list[list[Outcome]], gots: list[list[Outcome]], results: Sequence[AspectResult]
) -> Iterator[Tried]:
    for (aspect, cases), want_row, got_row, found in zip(drawn, wants, gots, results, strict=True):
        for case, want, got, result in zip(cases, want_row, got_row, found.results, strict=True):
            yield Tried(aspect, case, want, got, not result.passed)
