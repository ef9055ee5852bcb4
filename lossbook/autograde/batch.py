"""A whole class: what there is to grade, workers, progress, recording, and the summary."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from lossbook.autograde import pool
from lossbook.autograde.course import Course
from lossbook.autograde.files import clear_staging, is_complete
from lossbook.autograde.gradebook import GRADED, Book, Standing
from lossbook.autograde.plan import CannotGrade, SetPlan
from lossbook.autograde.sandbox import missing
from lossbook.autograde.submission import fingerprint
from lossbook.autograde.task import Assignment, Graded

LOCK = ".lossbook.lock"
TRIES, PAUSE = 4, 0.5  # to record in a database that may be away for a moment: 0.5, 1, 2 seconds between


@dataclass(frozen=True)
class Options:
    """What to grade, and how.

    Attributes:
        workers: processes on this machine.
        student: this one only.
        force: also what is graded already.
        scheduler: address of a dask scheduler, instead of processes on this machine.
        protected: whether the sandbox is on.
    """

    workers: int = 1
    student: str | None = None
    force: bool = False
    scheduler: str | None = None
    protected: bool = True


@dataclass
class Summary:
    """How a run ended.

    Attributes:
        plan: of the set.
        graded: students graded in this run.
        before: students whose grade still stands from an earlier run.
        failed: students that were not graded, with the reason.
        seconds: that the run took.
    """

    plan: SetPlan
    graded: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


Progress = Callable[[int, int], None]


def grade_set(
    course: Course, set_name: str, options: Options, progress: Progress = lambda done, of: None
) -> Summary:
    """Grade all submissions of a set that are new, were changed, or were not graded yet.

    Args:
        course: as :func:`lossbook.autograde.course.load` gives it.
        set_name: of the problem set.
        options: what to grade, and how.
        progress: called with how many are done, of how many.

    Raises:
        CannotGrade: nothing was graded; the message says why and what to do.
    """
    if options.protected and missing():
        raise CannotGrade(
            f"{missing()}; nothing was graded. For submissions that you trust there is --unprotected"
        )
    book = Book(course)
    plan = book.plan(set_name)
    with _alone(course.autograded):
        clear_staging(course.autograded)
        summary = Summary(plan)
        students = _wanted(course, set_name, options.student)
        waiting = _waiting(course, plan, students, book.standings(set_name), options.force)
        summary.before = sorted(set(students) - set(waiting))
        assignment = Assignment(
            plan, book.secret(), course.submitted, course.autograded, course.source, options.protected
        )
        start = time.monotonic()
        progress(0, len(waiting))
        for student, result in _results(assignment, waiting, options):
            reason = _record(book, plan, student, result)
            if reason:
                summary.failed[student] = reason
            else:
                summary.graded.append(student)
            progress(len(summary.graded) + len(summary.failed), len(waiting))
        summary.seconds = time.monotonic() - start
    return summary


def _results(assignment: Assignment, students: Sequence[str], options: Options) -> Iterator[pool.Result]:
    if options.scheduler:
        return pool.on_a_cluster(assignment, students, options.scheduler)
    return pool.on_this_machine(assignment, students, options.workers)


def _wanted(course: Course, set_name: str, student: str | None) -> list[str]:
    students = course.students(set_name)
    if student is not None and student not in students:
        raise CannotGrade(f"{student} handed in nothing for {set_name}: {course.submitted / student} is not there")
    if not students:
        raise CannotGrade(
            f"nobody handed in {set_name}: put submissions into {course.submitted}/STUDENT/{set_name}"
        )
    return students if student is None else [student]


def _waiting(
    course: Course, plan: SetPlan, students: Sequence[str], standings: dict[str, Standing], force: bool
) -> list[str]:
    """Return who has to be graded: no grade yet, another submission or another set than the grade is for."""

    def stands(student: str) -> bool:
        standing = standings.get(student)
        return (
            standing is not None
            and standing.status == GRADED
            and standing.version == plan.version
            and is_complete(course.autograded, student, plan.name, [found.name for found in plan.notebooks])
            and standing.fingerprint == fingerprint(course.submitted / student / plan.name, plan)
        )

    return [student for student in students if force or not stands(student)]


def _record(book: Book, plan: SetPlan, student: str, result: Graded | Exception) -> str:
    """Write a result into the gradebook; return why there is no grade, "" where there is one."""
    if isinstance(result, Exception):
        reason = f"{type(result).__name__}: {result}".splitlines()[0][:300]
        _persistently(lambda: book.record_failure(plan, student, reason))
        return reason
    graded = result
    trouble = _persistently(lambda: book.record(plan, graded.marked, graded.moment))
    return f"the gradebook could not be written: {trouble}" if trouble else ""


def _persistently(write: Callable[[], None]) -> str:
    """Write, again after a pause where the database is away; return what is wrong in the end, or ""."""
    for attempt in range(TRIES):
        try:
            write()
            return ""
        except (SQLAlchemyError, OSError, UnicodeError) as error:
            trouble = str(error).splitlines()[0][:200]
            if attempt < TRIES - 1:
                time.sleep(PAUSE * 2**attempt)
    return trouble


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the course's lock, which the system lets go when this process ends, however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / LOCK, "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotGrade("another lossbook grade is at work in this course: wait for it to end") from None
        yield
