"""``lossbook grade`` on the terminal: progress with the time that is left, and the summary."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from lossbook.autograde import course as courses
from lossbook.autograde import wall
from lossbook.autograde.batch import Options, Summary, grade_set
from lossbook.autograde.printable import printable

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 20  # lines of each table; the rest is counted
LINE_SECONDS = 60.0  # between two lines of progress in a file


def run(options: argparse.Namespace, console: Console) -> bool:
    """Grade as the command line asks, and return whether every submission of the set has a grade.

    Raises:
        CannotGrade: nothing was graded; the message says why and what to do.
    """
    course = courses.load(Path.cwd())
    wanted = Options(
        workers=options.workers or _cores(),
        student=options.student,
        force=options.force,
        scheduler=options.scheduler,
        protected=not options.unprotected,
    )
    with _progress(console, options.set) as progress:
        summary = grade_set(course, options.set, wanted, progress)
    _show(console, summary)
    if summary.graded:
        console.print(_walls(wanted), end="", highlight=False)
    return summary.complete


def _walls(options: Options) -> str:
    """Return a line on what this run's sandbox lacked; "" where it lacked nothing, or stood on other machines."""
    if not options.protected:
        return "Without the sandbox, as asked for: the submissions ran with your rights.\n"
    if options.scheduler or wall.command():
        return ""
    return (
        "The sandbox had one wall less, because bubblewrap is missing or may not work here: learners' code could "
        "read and change none of your files, but ask for the size and time of one whose name it knows.\n"
    )


def _cores() -> int:
    """Return how many cores this process may use, where the system can say that."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _progress(console: Console, name: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar with the time that is left; in a file a line now and then."""
    if not console.is_terminal:
        yield _Lines(console, name)
        return
    columns = (
        TextColumn("grading {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        bar = bars.add_task(name, total=None)
        yield lambda done, of: bars.update(bar, completed=done, total=of)


class _Lines:
    def __init__(self, console: Console, name: str) -> None:
        self._console, self._name = console, name
        self._told = time.monotonic()

    def __call__(self, done: int, of: int) -> None:
        if time.monotonic() - self._told > LINE_SECONDS:
            self._told = time.monotonic()
            self._console.print(f"{self._name}: {done} of {of}")


def _show(console: Console, summary: Summary) -> None:
    count = len(summary.graded)
    told = [f"{count} graded" + (f" in {summary.seconds:.1f} s" if count else "")]
    if summary.before:
        told.append(f"{len(summary.before)} graded before")
    if summary.failed:
        told.append(f"{len(summary.failed)} not graded")
    console.print(f"{summary.plan.name}: {', '.join(told)}", highlight=False)
    _table(console, "Look at these yourself", summary.flagged)
    _table(console, "Not graded, without a score from this run: run the command again", summary.failed)
    if summary.stopped:
        left = summary.waiting - count
        console.print(f"Stopped. {left} of {summary.waiting} wait for the next lossbook grade {summary.plan.name}")


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
