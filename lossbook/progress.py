"""How far a learner has come: each problem set's notebook, run and checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lossbook.exercises import SETS, get_exercise
from lossbook.grader import Report, evaluate
from lossbook.workbook import UnreadableWorkbook, Workbook, load


@dataclass(frozen=True)
class Standing:
    """One exercise: the points earned so far, and whether something is written at all."""

    name: str
    earned: int
    points: int
    started: bool

    @property
    def mark(self) -> str:
        """✓ done, ✗ begun, · not begun."""
        return "✓" if self.earned == self.points else "✗" if self.started else "·"


@dataclass(frozen=True)
class SetStanding:
    """One problem set: its notebook (None where there is none), its exercises, and what went wrong in reading."""

    folder: str
    notebook: Path | None
    standings: tuple[Standing, ...]
    trouble: str = ""

    @property
    def earned(self) -> int:
        """Points earned so far."""
        return sum(standing.earned for standing in self.standings)

    @property
    def points(self) -> int:
        """Points that can be earned."""
        return sum(standing.points for standing in self.standings)


def standings(root: Path) -> Iterator[SetStanding]:
    """Yield how far each problem set below ``root`` is, one at a time: checking takes a moment.

    Args:
        root: the folder that holds the sets' folders, each with one notebook.
    """
    for folder in SETS:
        notebooks = sorted((root / folder).glob("*.ipynb"))
        notebook = notebooks[0] if notebooks else None
        workbook, trouble = Workbook(), ""
        try:
            workbook = load(notebook) if notebook else workbook
        except UnreadableWorkbook as error:
            trouble = str(error)
        yield SetStanding(folder, notebook, tuple(_standing(name, workbook) for name in SETS[folder]), trouble)


def _standing(name: str, workbook: Workbook) -> Standing:
    points = get_exercise(name).points
    if name not in workbook.functions:
        return Standing(name, 0, points, started=False)
    report: Report = evaluate(name, workbook.functions[name], own_work=True)
    return Standing(name, report.earned, points, started=not report.unsolved)
