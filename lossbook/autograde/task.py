"""Grading one submission from reading to writing its notebooks: a worker's part. It never sees the gradebook."""

from __future__ import annotations

import datetime
import os
import platform
import threading
import traceback
from dataclasses import dataclass, field, replace
from pathlib import Path

from lossbook.autograde.files import write_graded
from lossbook.autograde.marking import Marked, mark
from lossbook.autograde.plan import SetPlan, judges
from lossbook.autograde.sandbox import SandboxUnavailable
from lossbook.autograde.session import Clock
from lossbook.autograde.submission import read
from lossbook.autograde.workers import GraderTrouble, WarmProcess


@dataclass(frozen=True)
class Assignment:
    """What a worker has to know of a set: plain data, without the gradebook's address.

    Attributes:
        plan: of the set.
        secret: that cases are drawn from.
        submitted: nbgrader's folder with what was handed in.
        autograded: nbgrader's folder for graded notebooks.
        source: nbgrader's folder with the set's source.
        judges: the version of lossbook and torch, as :func:`lossbook.autograde.plan.judges` gives it.
        protected: whether the sandbox is on.
        clock: how long things may take.
    """

    plan: SetPlan
    secret: bytes
    submitted: Path
    autograded: Path
    source: Path
    judges: str
    protected: bool = True
    clock: Clock = field(default_factory=Clock)


@dataclass(frozen=True)
class Graded:
    """A submission whose notebooks are written; what is left is to record it."""

    marked: Marked
    moment: datetime.datetime | None


class NotGraded(Exception):
    """A submission could not be graded, for reasons of ours: it has no score. The message says why."""


_warm: dict[bool, WarmProcess] = {}
_one_at_a_time = threading.Lock()  # a dask worker may run tasks in several threads; torch's settings are global


def prepare(assignment: Assignment) -> None:
    """Start what grading needs, so that it is known at once where that does not work here.

    Raises:
        NotGraded: it does not.
    """
    try:
        _warm_process(assignment)
    except (GraderTrouble, SandboxUnavailable, OSError) as trouble:
        raise NotGraded(str(trouble)) from None


def grade(assignment: Assignment, student: str) -> Graded:
    """Grade one submission, and write its notebooks.

    Raises:
        NotGraded: whatever went wrong on our side. A learner's mistakes and attacks raise nothing.
    """
    try:
        with _one_at_a_time:
            return _grade(assignment, student)
    except NotGraded:
        raise
    except (GraderTrouble, SandboxUnavailable) as trouble:
        raise NotGraded(str(trouble)) from None
    except OSError as error:
        raise NotGraded(_in_words(error)) from None
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        raise NotGraded(f"the grader failed: {type(error).__name__} in {where}: {error}") from None


def _grade(assignment: Assignment, student: str) -> Graded:
    plan, folder = assignment.plan, assignment.submitted / student / assignment.plan.name
    if judges() != assignment.judges:
        raise NotGraded("a worker has another version of lossbook or torch: install the same one everywhere")
    if not student.isascii() and student != student.encode("utf-8", "replace").decode():
        raise NotGraded("the folder's name is no text in UTF-8: rename it")
    if not os.path.lexists(folder):  # it was there when the coordinator looked
        raise NotGraded(f"{folder} is not there any more, or not seen from {platform.node()}")
    submission = read(folder, student, plan)
    try:
        marked = mark(submission, plan, _warm_process(assignment), assignment.secret, assignment.clock)
    except GraderTrouble:
        close()  # a warm process may have been killed: once more with a fresh one
        marked = mark(submission, plan, _warm_process(assignment), assignment.secret, assignment.clock)
    moment = submission.timestamp
    write_graded(assignment.autograded, assignment.source, student, plan.name, marked.notebooks, moment)
    return Graded(replace(marked, notebooks={}), moment)


def _in_words(error: OSError) -> str:
    what = error.strerror or str(error)
    return f"{what}: {error.filename}" if error.filename else f"{what}, while it was graded or written"


def _warm_process(assignment: Assignment) -> WarmProcess:
    if assignment.protected not in _warm:
        _warm[assignment.protected] = WarmProcess(assignment.protected)
    return _warm[assignment.protected]


def close() -> None:
    """End this process's warm process."""
    while _warm:
        _, warm = _warm.popitem()
        warm.close()
