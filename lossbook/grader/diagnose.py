"""Finds the named mistakes whose numbers a wrong solution gives."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from lossbook.exercises import Exercise, Mistake
from lossbook.grader.compare import Tried, differs, same, same_but_for_a_factor
from lossbook.grader.factors import divided, factor_of, has_numbers, is_factor, without
from lossbook.grader.memory import answer, remembered
from lossbook.grader.outcome import Outcome
from lossbook.grader.runner import trusting

Wrong = Callable[..., Any]
Candidate = tuple[Mistake, Wrong]

ENOUGH = 0.6  # share of the telling cases that a mistake has to explain
MISSES = 4  # failures that a mistake has with other answers than the learner's, until it is given up
NEAR = 0.2  # the share of the telling cases by which another mistake may be worse and still be looked at
MOST = 3  # mistakes that are named, or looked at closely


@dataclass
class Match:
    """How well one mistake explains a learner's Outcomes.

    A case is telling where the learner or the mistake differs from the reference. It is explained where the
    mistake gives the learner's very answer, or where both accept what the reference refuses; hinted at where it
    does so but perhaps for one factor; and it contradicts the mistake where that fails and the learner does not.
    """

    mistake: Mistake
    function: Wrong
    telling: int = 0
    explained: int = 0
    exact: int = 0  # of the explained cases, those with the very same answer
    hinted: int = 0
    numbers: int = 0  # of the hinted cases, those that have an answer, and not an error
    exact_numbers: int = 0  # of the explained cases, those with the very same answer, and a number in it
    contradicting: int = 0
    aspects: int = 0
    at_once: bool = False  # it explains, or hints at, the failure that the report shows first

    @property
    def share(self) -> float:
        """The share of the telling cases that the mistake explains."""
        return self.explained / self.telling if self.telling else 0.0

    @property
    def weighed_share(self) -> float:
        """The share of the telling cases that it explains; those that it hints at count half."""
        return (self.explained + max(self.hinted - self.explained, 0) / 2) / self.telling if self.telling else 0.0

    @property
    def rank(self) -> tuple[bool, bool, float, int, int]:
        """Sorts the best match first.

        What explains wrong numbers comes before what explains a missing check alone: whoever has both mistakes
        wants to hear of the numbers first. And they read the report from its top.
        """
        return not self.numbers, not self.at_once, -self.weighed_share, -self.aspects, -self.exact

    @property
    def counts(self) -> bool:
        """Whether to name the mistake.

        It explains most of what is wrong; or, for solutions with more mistakes, it never contradicts, and explains
        all of what is wrong in one aspect, the first failure and another, or all wrong answers but for a factor (a
        sign, a sum for a mean).
        """
        if self.share >= ENOUGH:
            return True
        if self.contradicting:
            return False
        return self.aspects > 0 or self.hinted == self.telling > 0 or (self.at_once and self.exact_numbers > 1)


@dataclass(frozen=True)
class Diagnosis:
    """The mistakes that explain the learner's Outcomes.

    Attributes:
        mistakes: those that a solution may have, best first: where two together explain it, these two; where one
            does, or none does better, that one, and after it those that explain it as well.
        at_once: whether the first explains the failure that the report shows first.
        both: whether the first two are in the solution together.
    """

    mistakes: tuple[Mistake, ...] = ()
    at_once: bool = False
    both: bool = False


def diagnose(exercise: Exercise, tried: Sequence[Tried]) -> Diagnosis:
    """Return the mistakes that explain the learner's Outcomes, at most MOST."""
    # failures first: after them it is mostly clear what a mistake cannot explain any more
    tried = sorted(tried, key=lambda one: not one.failed)
    with trusting():
        matches = _known(exercise, tried)
        if not matches or matches[0].share < 1:
            product = _product(exercise, tried, matches[0].explained if matches else 0)
            if product is not None:
                return product
        if not matches:
            return Diagnosis()
        return _together(matches, tried)


def _known(exercise: Exercise, tried: list[Tried]) -> list[Match]:
    """Return the matches that count, the best of each mistake, best first."""
    telling = _first_failures(tried)
    matches = _matches([(mistake, mistake.function) for mistake in exercise.mistakes], tried, telling)
    if not any(match.share == 1 for match in matches):  # variants take time, and explain no more
        varied = [(mistake, variant) for mistake in exercise.mistakes for variant in mistake.variants]
        matches += _matches(varied, tried, telling)
    best = [_best_of(mistake, matches) for mistake in exercise.mistakes]
    matches = [match for match in best if match is not None]
    if any(one.failed and one.want.failure is None for one in tried) and not any(m.numbers for m in matches):
        return []  # a missing check would be named, and the wrong numbers be passed over
    return sorted(matches, key=lambda match: match.rank)  # stable: the description breaks ties


def _together(matches: list[Match], tried: list[Tried]) -> Diagnosis:
    """Return the best match, with what else is in the solution, or might be in the place of it.

    Of nearly as good ones that is the best which explains most together with a second mistake.
    """
    first = matches[0]
    near = [
        m
        for m in matches
        if m.share > first.share - NEAR and (m.at_once, m.numbers > 0) == (first.at_once, first.numbers > 0)
    ]
    pairs = [(match, *_second(match, matches, tried)) for match in near[:MOST]]
    # where a mistake would show and the solution is right, that speaks louder than what it leaves open
    best, second, _ = max(pairs, key=lambda pair: pair[0].explained + pair[2] - 2 * pair[0].contradicting)
    if second is not None:
        return Diagnosis((best.mistake, second.mistake), best.at_once, both=True)
    as_good = [m for m in matches if (m.explained, m.share) == (best.explained, best.share) and m is not best]
    return Diagnosis((best.mistake, *(match.mistake for match in as_good))[:MOST], best.at_once)


def _second(best: Match, matches: list[Match], tried: list[Tried]) -> tuple[Match | None, int]:
    """Return the mistake that explains most of what another one leaves open, and how many cases that is.

    Two mistakes stand side by side where each gives the learner's answers in the cases that it shows in alone.
    """
    found, most = None, 0
    if best.share == 1:
        return found, most
    for match in matches:
        if match.mistake is best.mistake or match.contradicting:
            continue
        if not match.numbers and not match.exact:
            continue  # many a mistake accepts what has to be refused: this may be another one
        alone = [one for one in tried if _predicts(match.function, one) and not _predicts(best.function, one)]
        explained = sum(_is_alike(answer(match.function, one.aspect, one.case), one) for one in alone)
        least = 0 if match.exact_numbers or not match.numbers else 1  # nan and inf have many reasons
        if explained > max(most, least, (1 - NEAR) * len(alone)):
            found, most = match, explained
    return found, most


def _product(exercise: Exercise, tried: list[Tried], least: int) -> Diagnosis | None:
    """Return two mistakes of which one only multiplies what the other gives, or None.

    Args:
        exercise: whose mistakes may have been made.
        tried: the cases, failures first.
        least: how many failures one mistake alone explains; these have to explain more.
    """
    failures = sum(one.failed for one in tried)
    found = None
    for mistake, candidates in _promising(exercise, _first_failures(tried)):
        rest = without(mistake.function, tried)
        if rest is None:
            continue
        rest.sort(key=lambda one: not one.failed)
        mended = failures - sum(one.failed for one in rest)
        matches = _matches(candidates, rest, _first_failures(rest))
        for match in sorted(matches, key=lambda match: match.rank)[:1]:
            explained = mended + match.explained
            if explained > least and _fits(match, mistake, rest):
                found, least = _both(match, mistake, rest, _shown_first(tried)), explained
    return found


def _promising(exercise: Exercise, failures: list[Tried]) -> Iterator[tuple[Mistake, list[Candidate]]]:
    """Yield the mistakes that multiply, each with those that explain most of a few failures together with it."""
    failures = [one for one in failures if one.want.failure is None]
    multiplying = [mistake for mistake in exercise.mistakes if is_factor(mistake.function, failures)]
    candidates = [(mistake, function) for mistake in exercise.mistakes for function in mistake.functions]

    @functools.cache  # many multiply by the same number
    def left(place: int, factor: float) -> Tried:
        return divided(failures[place], factor)

    @functools.cache
    def explains(function: Wrong, place: int, factor: float | None) -> bool:
        one = failures[place]
        return factor is not None and _is_alike(answer(function, one.aspect, one.case), left(place, factor))

    def explain(factors: list[float | None], function: Wrong) -> bool:
        missed = 0
        for place, factor in enumerate(factors):
            missed += not explains(function, place, factor)
            if missed > (1 - ENOUGH) * len(failures):
                return False
        return True

    for mistake in multiplying:
        factors = [factor_of(mistake.function, one) for one in failures]
        found = [(other, function) for other, function in candidates if explain(factors, function)]
        if found:
            yield mistake, found


def _both(match: Match, factor: Mistake, rest: list[Tried], first: Tried | None) -> Diagnosis:
    """Return both mistakes, the one before the other that the report's first failure shows."""
    left = next((one for one in rest if first is not None and one.case is first.case), None)
    if left is None or not left.failed:
        return Diagnosis((factor, match.mistake), at_once=True, both=True)
    at_once = _is_alike(answer(match.function, left.aspect, left.case), left)
    return Diagnosis((match.mistake, factor), at_once, both=True)


def _fits(match: Match, factor: Mistake, rest: list[Tried]) -> bool:
    """Return whether a mistake explains what is left without a factor, above all where that shows."""
    if match.contradicting or match.share < ENOUGH:
        return False
    shows = [one for one in rest if is_factor(factor.function, [one]) and has_numbers(one.got)]
    explained = sum(
        not one.failed or _is_alike(answer(match.function, one.aspect, one.case), one) for one in shows
    )
    return explained > 1 and explained > (1 - NEAR) * len(shows)


def _first_failures(tried: list[Tried]) -> list[Tried]:
    """Return the first failing case of each aspect."""
    first: dict[str, Tried] = {}
    for one in tried:
        if one.failed:
            first.setdefault(one.aspect.name, one)
    return list(first.values())


def _shown_first(tried: list[Tried]) -> Tried | None:
    """Return the first failure that is no missing check, or else the first."""
    failed = [one for one in tried if one.failed]
    return next((one for one in failed if one.want.failure is None), failed[0] if failed else None)


def _best_of(mistake: Mistake, matches: list[Match]) -> Match | None:
    own = [match for match in matches if match.mistake is mistake]
    return min(own, key=lambda match: match.rank, default=None)


def _matches(candidates: list[Candidate], tried: list[Tried], telling: list[Tried]) -> list[Match]:
    """Return the matches that count, in the order of the candidates but for those that cannot be named."""
    hits = [_hits(function, telling) for _, function in candidates]
    found: dict[int, Match] = {}
    least = -1.0
    # the most promising first: once one explains everything, most others are given up after a few cases
    for position in sorted((p for p, hit in enumerate(hits) if hit), key=lambda p: -hits[p]):
        mistake, function = candidates[position]
        match = _match(mistake, function, tried, least)
        if match is not None and match.counts:
            found[position] = match
            if match.share == 1 and match.numbers:
                least = 1 - NEAR
    return [found[position] for position in sorted(found)]


def _hits(function: Wrong, failures: list[Tried]) -> int:
    """Return how many of a few failures a function explains: most explain none, and need no closer look.

    One that was wrong a few times, each time in another way than the learner, is not looked at any further.
    """
    hits = misses = 0
    for one in failures:
        wrong = answer(function, one.aspect, one.case)
        if _is_alike(wrong, one):
            hits += 1
        elif _predicts(function, one):
            hits += same_but_for_a_factor(wrong, one.got, one.want, one.aspect, one.case)
            misses += 1
        if misses == MISSES and not hits:
            return 0
    return hits


def _predicts(function: Wrong, one: Tried) -> bool:
    """Return whether a mistake shows in a case at all."""

    def find() -> bool:
        return differs(one.want, answer(function, one.aspect, one.case), one.aspect, one.case)

    return remembered(one.case, (function, "differs"), find)


def _match(mistake: Mistake, function: Wrong, tried: list[Tried], least: float) -> Match | None:
    """Return how well a function explains the Outcomes, or None as soon as it is clear that it cannot count.

    Nor does it count where it explains no larger share than ``least``.
    """
    match = Match(mistake, function)
    by_aspect: dict[str, list[bool]] = {}
    left = sum(one.failed for one in tried)
    first = _shown_first(tried)
    for one in tried:
        left -= one.failed
        wrong = answer(function, one.aspect, one.case)
        predicted = _predicts(function, one)
        if not one.failed and not predicted:
            continue
        alike = one.failed and _is_alike(wrong, one)
        match.telling += 1
        match.explained += alike
        exact = alike and same(wrong, one.got, one.aspect, one.case)
        match.exact += exact
        match.exact_numbers += exact and has_numbers(one.got)
        match.contradicting += not one.failed
        if one.failed and predicted:
            hinted = alike or same_but_for_a_factor(wrong, one.got, one.want, one.aspect, one.case)
            match.hinted += hinted
            match.at_once |= hinted and one is first
            match.numbers += hinted and one.want.failure is None
        by_aspect.setdefault(one.aspect.name, []).append(alike)
        most = (match.explained + left) / (match.telling + left)
        if most <= least or (match.contradicting and most < ENOUGH):
            return None
    match.aspects = sum(all(explained) for explained in by_aspect.values())
    return match


def _is_alike(wrong: Outcome, one: Tried) -> bool:
    """Return whether a mistake does what the learner does. What comes of an input that is refused is no matter."""
    if one.want.failure is not None and one.got.failure is None:
        return wrong.failure is None
    return same(wrong, one.got, one.aspect, one.case)
