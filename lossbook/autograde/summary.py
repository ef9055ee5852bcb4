"""``lossbook grade`` on the terminal: progress with the time that is left, and the summary."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from lossbook.autograde import course as courses
from lossbook.autograde.batch import Options, Summary, grade_set
from lossbook.autograde.gradebook import NOT_GRADED, Book, Standing
from lossbook.autograde.printable import printable

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 20  # lines of each table; the rest is counted


def run(options: argparse.Namespace, console: Console) -> bool:
    """Grade as the command line asks, and return whether every submission of the set has a grade.

    Raises:
        CannotGrade: nothing was graded; the message says why and what to do.
    """
    course = courses.load(Path.cwd())
    wanted = Options(
        workers=options.workers or len(os.sched_getaffinity(0)),
        student=options.student,
        force=options.force,
        scheduler=options.scheduler,
        protected=not options.unprotected,
    )
    columns = (
        TextColumn("grading {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bars:
        bar = bars.add_task(options.set, total=None)
        summary = grade_set(
            course, options.set, wanted, lambda done, of: bars.update(bar, completed=done, total=of)
        )
    standings = Book(course).standings(options.set)
    _show(console, summary, standings)
    return not summary.failed and not any(
        standings[student].status == NOT_GRADED for student in summary.before if student in standings
    )


def _show(console: Console, summary: Summary, standings: dict[str, Standing]) -> None:
    count = len(summary.graded)
    speed = f", {1000 * summary.seconds / count:.0f} ms each" if count else ""
    console.print(
        f"{summary.plan.name}: {count} graded in {summary.seconds:.1f} s{speed};"
        f" {len(summary.before)} stand from before; {len(summary.failed)} not graded",
        highlight=False,
    )
    flagged = {
        student: "; ".join(standings[student].remarks)
        for student in (*summary.graded, *summary.before)
        if student in standings and standings[student].remarks
    }
    _table(console, "Look at these yourself", flagged)
    _table(console, "Not graded: run the command again, they have no score from this run", summary.failed)


def _table(console: Console, title: str, rows: dict[str, str]) -> None:
    if not rows:
        return
    table = Table(title=title, title_justify="left")
    table.add_column("student", no_wrap=True)
    table.add_column("why", overflow="fold")
    for student, why in sorted(rows.items())[:SHOWN]:
        table.add_row(Text(printable(student)), Text(printable(why)))
    console.print(table)
    if len(rows) > SHOWN:
        console.print(f"... and {len(rows) - SHOWN} more")
