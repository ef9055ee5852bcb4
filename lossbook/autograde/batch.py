"""A whole class: what there is to grade, workers, progress, recording, and the summary."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from lossbook.autograde import cluster, pool
from lossbook.autograde.course import Course
from lossbook.autograde.files import clear_staging, is_complete
from lossbook.autograde.gradebook import GRADED, Book, Standing, in_words
from lossbook.autograde.plan import CannotGrade, SetPlan, judges
from lossbook.autograde.sandbox import missing
from lossbook.autograde.submission import fingerprint
from lossbook.autograde.task import Assignment, Graded

LOCK = ".lossbook.lock"
TRIES, PAUSE = 5, 0.5  # to record in a database that may be away for a moment: 0.5, 1, 2, 4 seconds between


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
        flagged: students whose work a human should look at, with what for.
        waiting: how many were to be graded in this run.
        seconds: that the run took.
        stopped: whether Ctrl+C ended it.
    """

    plan: SetPlan
    graded: list[str] = field(default_factory=list)
    before: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    flagged: dict[str, str] = field(default_factory=dict)
    waiting: int = 0
    seconds: float = 0.0
    stopped: bool = False

    @property
    def complete(self) -> bool:
        """Whether every submission that was asked for has a grade now."""
        return len(self.graded) == self.waiting

    def flag(self, student: str, remarks: Sequence[str]) -> None:
        """Note what a human should look at, if anything."""
        if remarks:
            self.flagged[student] = "; ".join(remarks)


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
    with _alone(course.autograded):
        with _in_one_sentence():
            clear_staging(course.autograded)
            book = Book(course)
            plan = book.plan(set_name)
            students = _wanted(course, set_name, options.student)
            standings = book.standings(set_name)
            secret = book.secret()
        waiting = _waiting(course, plan, students, standings, options.force)
        summary = Summary(plan, before=sorted(set(students) - set(waiting)), waiting=len(waiting))
        for student in summary.before:
            summary.flag(student, standings[student].remarks)
        assignment = Assignment(
            plan, secret, course.submitted, course.autograded, course.source, judges(), options.protected
        )
        start = time.monotonic()
        try:
            _grade_all(assignment, waiting, options, _Recorder(book, plan), summary, progress)
        except KeyboardInterrupt:
            summary.stopped = True
        summary.seconds = time.monotonic() - start
    return summary


def _grade_all(
    assignment: Assignment,
    waiting: Sequence[str],
    options: Options,
    recorder: _Recorder,
    summary: Summary,
    progress: Progress,
) -> None:
    progress(0, len(waiting))
    with closing(_results(assignment, waiting, options)) as results:  # closed early, it ends its workers
        for student, result in results:
            reason = recorder.record(student, result)
            if reason:
                summary.failed[student] = reason
            else:
                summary.graded.append(student)
                summary.flag(student, result.marked.remarks if isinstance(result, Graded) else ())
            progress(len(summary.graded) + len(summary.failed), len(waiting))


def _results(assignment: Assignment, students: Sequence[str], options: Options) -> Generator[pool.Result]:
    if options.scheduler:
        return cluster.on_a_cluster(assignment, students, options.scheduler)
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
        if standing is None or standing.status != GRADED or standing.version != plan.version:
            return False
        try:
            complete = is_complete(course.autograded, student, plan.name, [found.name for found in plan.notebooks])
            return complete and standing.fingerprint == fingerprint(course.submitted / student / plan.name, plan)
        except OSError:  # what is wrong is said where it is graded
            return False

    return [student for student in students if force or not stands(student)]


class _Recorder:
    """Writes results into the gradebook, again after a pause where the database is away."""

    def __init__(self, book: Book, plan: SetPlan) -> None:
        self._book, self._plan = book, plan
        self._tries = TRIES

    def record(self, student: str, result: Graded | Exception) -> str:
        """Write a result; return why there is no grade, "" where there is one."""
        if isinstance(result, Exception):
            reason = " ".join(str(result).split())[:300] or type(result).__name__
            self._persistently(lambda: self._book.record_failure(self._plan, student, reason))
            return reason
        graded = result
        trouble = self._persistently(lambda: self._book.record(self._plan, graded.marked, graded.moment))
        return f"the gradebook could not be written: {trouble}" if trouble else ""

    def _persistently(self, write: Callable[[], None]) -> str:
        trouble = ""
        for attempt in range(self._tries):
            if attempt:
                time.sleep(PAUSE * 2 ** (attempt - 1))
            try:
                write()
                self._tries = TRIES
                return ""
            except (OperationalError, InterfaceError) as error:
                trouble = in_words(error)
            except Exception as error:  # of this submission, or of a course's own plugin: the next one is written
                return in_words(error)
        self._tries = 1  # it is away for longer: the next submissions do not wait for it as well
        return trouble


@contextmanager
def _in_one_sentence() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise CannotGrade(f"the gradebook fails: {in_words(error)}") from None
    except OSError as error:
        raise CannotGrade(f"cannot use {error.filename}: {error.strerror}") from None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the course's lock, which the system lets go when this process ends, however it ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = open(folder / LOCK, "w", encoding="utf-8")  # noqa: SIM115  (closed below)
    except OSError as error:
        raise CannotGrade(f"cannot write into {folder}: {error.strerror}") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotGrade("another lossbook grade is at work in this course: wait for it to end") from None
        except OSError as error:
            raise CannotGrade(f"cannot lock {folder / LOCK}: {error.strerror}") from None
        yield
