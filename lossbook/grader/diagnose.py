"""Finds the named mistakes whose numbers a wrong solution gives."""

from __future__ import annotations

from collections.abc import Sequence

from lossbook.exercises import Aspect, Case, Exercise, Mistake
from lossbook.grader.compare import difference, same
from lossbook.grader.outcome import Outcome
from lossbook.grader.runner import run_trusted

Drawn = Sequence[tuple[Aspect, tuple[Case, ...]]]

ENOUGH = 0.6  # share of the telling cases that a mistake has to explain


def diagnose(
    exercise: Exercise, drawn: Drawn, wants: list[list[Outcome]], gots: list[list[Outcome]]
) -> tuple[Mistake, ...]:
    """Return the mistakes that explain the learner's Outcomes, best first.

    A case tells something about a mistake where the learner or the mistake differs from torch. A mistake
    explains such a case where it gives the learner's very answer, right or wrong.
    """
    ranked = []
    for mistake in exercise.mistakes:
        wrongs = run_trusted(mistake.function, drawn)
        share = _explained(drawn, wants, gots, wrongs)
        if share >= ENOUGH:
            ranked.append((share, mistake))
    ranked.sort(key=lambda pair: -pair[0])  # stable: the order of the description breaks ties
    best = ranked[0][0] if ranked else 0.0
    return tuple(mistake for share, mistake in ranked if share > best - 0.2)


def _explained(
    drawn: Drawn, wants: list[list[Outcome]], gots: list[list[Outcome]], wrongs: list[list[Outcome]]
) -> float:
    telling = explained = 0
    for (aspect, cases), row in zip(drawn, zip(wants, gots, wrongs, strict=True), strict=True):
        for case, want, got, wrong in zip(cases, *row, strict=True):
            failed = difference(want, got, aspect, case) is not None
            if failed or difference(want, wrong, aspect, case) is not None:
                telling += 1
                explained += failed and same(wrong, got, aspect, case)
    return explained / telling if telling else 0.0
