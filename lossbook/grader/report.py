"""What a check found, which the text and HTML views show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from lossbook.exercises import TORCH, Case, Mistake, Source
from lossbook.exercises.forbidden import AUTOGRAD
from lossbook.grader.compare import Difference
from lossbook.grader.curve import Curve
from lossbook.grader.page import as_html
from lossbook.grader.show import show_call
from lossbook.grader.text import as_text


@dataclass(frozen=True)
class Verdict:
    """What a report says of one aspect: a mark, a word for it, and the points that were earned."""

    mark: str
    word: str
    earned: int


@dataclass(frozen=True)
class CaseResult:
    """One case of an exercise, and what says how the answer differs from the expected one, if it does.

    A report shows a few of them only, so they are put into words when they are asked for.
    """

    name: str
    case: Case
    found: Callable[[], Difference] | None

    @property
    def passed(self) -> bool:
        """Whether the answer is right."""
        return self.found is None

    @cached_property
    def difference(self) -> Difference | None:
        """How the answer differs from the expected one, None where it does not."""
        return None if self.found is None else self.found()

    @cached_property
    def call(self) -> str:
        """The call, e.g. ``softmax(tensor([1, 2]), dim=0)``."""
        return show_call(self.name, self.case)

    @property
    def note(self) -> str:
        """What is special about the case, "" where nothing is."""
        return self.case.note


@dataclass(frozen=True)
class AspectResult:
    """One aspect with its cases."""

    name: str
    points: int
    results: tuple[CaseResult, ...]

    @cached_property
    def passed(self) -> bool:
        """Whether all cases pass."""
        return all(result.passed for result in self.results)

    @property
    def first_failure(self) -> CaseResult | None:
        """The smallest case that fails."""
        return next((result for result in self.results if not result.passed), None)


@dataclass(frozen=True)
class Report:
    """The result of checking one function.

    Attributes:
        name: of the exercise.
        seed: gives the same cases again.
        aspects: with points and results, in the order of the description.
        mistakes: the named mistakes that the numbers match, best first.
        at_once: whether the first of them explains the first failure.
        both: whether the first two of them are there together, and the second not in the place of the first.
        pattern: a sentence on how the numbers differ from the right ones, "" if nothing can be said.
        forbidden: torch functions that are the answer itself and were called; there are no points then.
        unsolved: the function still raises NotImplementedError.
        chapter: the page of the book that teaches the exercise.
        warnings: what the function warned of, each once.
        printed: what it printed in the first call that printed.
        hints: of the exercise, shown one step at a time on request.
        curve: the learner's numbers over the right ones along a range, where that shows more; None elsewhere.
        source: who says what is right.
    """

    name: str
    seed: int
    aspects: tuple[AspectResult, ...]
    mistakes: tuple[Mistake, ...]
    pattern: str
    forbidden: tuple[str, ...]
    unsolved: bool
    chapter: str
    warnings: tuple[str, ...]
    printed: str
    hints: tuple[str, ...]
    at_once: bool = True
    both: bool = False
    curve: Curve | None = None
    source: Source = TORCH

    @property
    def results(self) -> tuple[CaseResult, ...]:
        """All cases, in order."""
        return tuple(result for aspect in self.aspects for result in aspect.results)

    @property
    def points(self) -> int:
        """The points that can be earned."""
        return sum(aspect.points for aspect in self.aspects)

    @property
    def earned(self) -> int:
        """The points that were earned: those of the aspects that pass, none where the rules were broken."""
        return 0 if self.forbidden else sum(aspect.points for aspect in self.aspects if aspect.passed)

    def verdict(self, aspect: AspectResult) -> Verdict:
        """Return what to say of an aspect: right numbers that torch has computed are not called right."""
        if not aspect.passed:
            return Verdict("✗", "wrong", 0)
        return Verdict("–", "agrees, no points", 0) if self.forbidden else Verdict("✓", "right", aspect.points)

    @property
    def score(self) -> float:
        """The share of the points that was earned, 0 to 1."""
        return self.earned / self.points

    @property
    def passed(self) -> bool:
        """Whether everything is right."""
        return self.earned == self.points

    @property
    def summary(self) -> str:
        """One sentence: what to know first."""
        if self.passed:
            return self.source.all_right
        if self.forbidden:
            return f"{self._broken_rule} {self._besides_the_rule}"
        if self.unsolved:
            return "It is not written yet: replace the line that raises NotImplementedError."
        return self._diagnosis

    @property
    def _broken_rule(self) -> str:
        names = " and ".join(self.forbidden)
        if AUTOGRAD.issuperset(self.forbidden):
            return f"It calls torch's own {names}, so there are no points: finding the formula is the exercise."
        return (
            f"It calls {names} ready-made (torch's own, or this book's), so there are no points: writing that "
            "function is the exercise."
        )

    @property
    def _besides_the_rule(self) -> str:
        if all(aspect.passed for aspect in self.aspects):
            return f"The answers agree with {self.source.answers}."
        return f"Nor do all answers agree. {self._diagnosis}" if self.mistakes else "Nor do all answers agree."

    @property
    def _diagnosis(self) -> str:
        if self.mistakes and self.at_once:
            return f"This looks like a solution that {self._named}"
        if self.mistakes:
            known = self.pattern or "None of the known mistakes explains the first ✗."
            return f"{known} Further down this looks like a solution that {self._named}"
        known = self.pattern or "None of the known mistakes fits."
        return f"{known} Start with the first ✗: its case is the smallest that fails."

    @property
    def _named(self) -> str:
        besides = f" Besides, it {self.mistakes[1].title}." if self.both else ""
        return f"{self.mistakes[0].title}.{besides}"

    def __str__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)
