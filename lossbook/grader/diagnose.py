"""Finds the named mistakes whose numbers a wrong solution gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lossbook.exercises import Aspect, Case, Exercise, Mistake
from lossbook.grader.compare import difference, same, same_but_for_a_factor
from lossbook.grader.outcome import Outcome
from lossbook.grader.runner import run_trusted

Drawn = Sequence[tuple[Aspect, tuple[Case, ...]]]

ENOUGH = 0.6  # share of the telling cases that a mistake has to explain


@dataclass
class Match:
    """How well one mistake explains a learner's Outcomes.

    A case is telling where the learner or the mistake differs from torch. It is explained where the mistake
    gives the learner's very answer, hinted at where it does so but for one factor, and it contradicts the
    mistake where that fails and the learner does not.
    """

    mistake: Mistake
    telling: int = 0
    explained: int = 0
    hinted: int = 0
    contradicting: int = 0
    aspects: int = 0

    @property
    def share(self) -> float:
        """The share of the telling cases that the mistake explains."""
        return self.explained / self.telling if self.telling else 0.0

    @property
    def counts(self) -> bool:
        """Whether to name the mistake.

        It explains most of what is wrong; or, for solutions with two mistakes, it explains all of what is
        wrong in one aspect, or all wrong answers but for a factor (a sign, a sum for a mean).
        """
        if self.share >= ENOUGH:
            return True
        return not self.contradicting and (self.aspects > 0 or self.hinted == self.telling > 0)


def diagnose(
    exercise: Exercise, drawn: Drawn, wants: list[list[Outcome]], gots: list[list[Outcome]]
) -> tuple[Mistake, ...]:
    """Return the mistakes that explain the learner's Outcomes, best first; at most three."""
    matches = [_match(mistake, drawn, wants, gots) for mistake in exercise.mistakes]
    matches = [match for match in matches if match.counts]
    matches.sort(key=lambda match: (-match.share, -match.aspects))  # stable: the description breaks ties
    best = matches[0].share if matches else 0.0
    return tuple(match.mistake for match in matches if match.share > best - 0.2)[:3]


def _match(mistake: Mistake, drawn: Drawn, wants: list[list[Outcome]], gots: list[list[Outcome]]) -> Match:
    match = Match(mistake)
    wrongs = run_trusted(mistake.function, drawn)
    for (aspect, cases), want_row, got_row, wrong_row in zip(drawn, wants, gots, wrongs, strict=True):
        before = (match.telling, match.explained)
        for case, want, got, wrong in zip(cases, want_row, got_row, wrong_row, strict=True):
            _weigh(match, aspect, case, want, got, wrong)
        telling, explained = match.telling - before[0], match.explained - before[1]
        match.aspects += 0 < telling == explained
    return match


def _weigh(match: Match, aspect: Aspect, case: Case, want: Outcome, got: Outcome, wrong: Outcome) -> None:
    failed = difference(want, got, aspect, case) is not None
    predicted = difference(want, wrong, aspect, case) is not None
    if not failed and not predicted:
        return
    match.telling += 1
    match.contradicting += predicted and not failed
    if failed and same(wrong, got, aspect, case):
        match.explained += 1
        match.hinted += 1
    elif failed and predicted:
        match.hinted += same_but_for_a_factor(wrong, got, aspect, case)
