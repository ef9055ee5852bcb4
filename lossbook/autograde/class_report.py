"""What a class got right and wrong: points, and how often each named mistake was made."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lossbook.autograde.gradebook import GRADED, Standing
from lossbook.autograde.marking import Finding
from lossbook.exercises import get_exercise

BINS = 10


@dataclass(frozen=True)
class MistakeCount:
    """One named mistake: its title, where the book explains it, and how many learners made it."""

    title: str
    see: str
    learners: int


@dataclass(frozen=True)
class ExerciseSummary:
    """How a class did in one exercise.

    Attributes:
        name: of the exercise.
        points: that it is worth.
        mean: points that the class earned on average.
        learners: whose work was graded.
        solved: learners with full points.
        unsolved: learners who left the stub as it was.
        forbidden: learners who called torch's own function.
        aspects: the names of aspects, with how many learners failed them, most first; unsolved work left out.
        mistakes: made at least once, most frequent first.
        unexplained: learners with wrong work that matches no named mistake.
    """

    name: str
    points: int
    mean: float
    learners: int
    solved: int
    unsolved: int
    forbidden: int
    aspects: tuple[tuple[str, int], ...]
    mistakes: tuple[MistakeCount, ...]
    unexplained: int


@dataclass(frozen=True)
class ClassReport:
    """How a class did in one set.

    Attributes:
        set_name: of the problem set.
        points: that the set is worth.
        totals: points of each graded learner, in no order.
        exercises: in the set's order.
        flagged: learners whose work a human should look at, with the remarks.
        not_graded: learners without a grade, with the reason.
    """

    set_name: str
    points: int
    totals: tuple[int, ...]
    exercises: tuple[ExerciseSummary, ...]
    flagged: Mapping[str, str]
    not_graded: Mapping[str, str]

    @property
    def median(self) -> float:
        """The median of the totals."""
        return statistics.median(self.totals) if self.totals else 0.0

    @property
    def histogram(self) -> tuple[tuple[str, int], ...]:
        """How many learners have how many points: a label such as "12–14", and a count, for at most ten ranges."""
        width = -(-(self.points + 1) // BINS)
        counts = Counter(total // width for total in self.totals)
        ranges = [(low, min(low + width - 1, self.points)) for low in range(0, self.points + 1, width)]
        return tuple((f"{low}" if low == high else f"{low}–{high}", counts[low // width]) for low, high in ranges)


def summarise(set_name: str, standings: Mapping[str, Standing]) -> ClassReport:
    """Return the report on a class from how its submissions stand in the gradebook."""
    graded = {student: found for student, found in standings.items() if found.status == GRADED}
    by_exercise: dict[str, list[Finding]] = {}
    for standing in graded.values():
        for finding in standing.findings:
            by_exercise.setdefault(finding.exercise, []).append(finding)
    exercises = tuple(_exercise(name, findings) for name, findings in by_exercise.items())
    return ClassReport(
        set_name=set_name,
        points=sum(exercise.points for exercise in exercises),
        totals=tuple(sum(finding.earned for finding in found.findings) for found in graded.values()),
        exercises=exercises,
        flagged={student: "; ".join(found.remarks) for student, found in sorted(graded.items()) if found.remarks},
        not_graded={
            student: "; ".join(found.remarks)
            for student, found in sorted(standings.items())
            if found.status != GRADED
        },
    )


def _exercise(name: str, findings: Sequence[Finding]) -> ExerciseSummary:
    exercise = get_exercise(name)
    by_name = {mistake.name: mistake for mistake in exercise.mistakes}
    wrong = [found for found in findings if found.earned < found.points and not found.unsolved]
    honest = [found for found in wrong if not found.forbidden]
    named = (name for found in honest for name in (found.mistake, found.besides))
    made = Counter(name for name in named if name in by_name)
    return ExerciseSummary(
        name=name,
        points=exercise.points,
        mean=statistics.fmean(found.earned for found in findings),
        learners=len(findings),
        solved=sum(found.earned == found.points for found in findings),
        unsolved=sum(found.unsolved for found in findings),
        forbidden=sum(bool(found.forbidden) for found in findings),
        aspects=tuple(Counter(aspect for found in honest for aspect in found.failed).most_common()),
        mistakes=tuple(
            MistakeCount(by_name[key].title, by_name[key].place(exercise.chapter), count)
            for key, count in made.most_common()
        ),
        unexplained=sum(found.mistake not in by_name for found in honest),
    )
