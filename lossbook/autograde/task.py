"""Grading one submission from reading to writing its notebooks: a worker's part. It never sees the gradebook."""

from __future__ import annotations

import datetime
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from lossbook.autograde.files import write_graded
from lossbook.autograde.marking import Marked, mark
from lossbook.autograde.plan import SetPlan
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
        protected: whether the sandbox is on.
        clock: how long things may take.
    """

    plan: SetPlan
    secret: bytes
    submitted: Path
    autograded: Path
    source: Path
    protected: bool = True
    clock: Clock = field(default_factory=Clock)


@dataclass(frozen=True)
class Graded:
    """A submission whose notebooks are written; what is left is to record it."""

    marked: Marked
    moment: datetime.datetime | None


_warm: dict[bool, WarmProcess] = {}
_one_at_a_time = threading.Lock()  # a dask worker may run tasks in several threads; torch's settings are global


def grade(assignment: Assignment, student: str) -> Graded:
    """Grade one submission, and write its notebooks.

    Raises:
        GraderTrouble: the grader failed twice; the submission is not graded.
        OSError: the notebooks could not be written.
    """
    with _one_at_a_time:
        plan = assignment.plan
        submission = read(assignment.submitted / student / plan.name, student, plan)
        try:
            marked = mark(submission, plan, _warm_process(assignment), assignment.secret, assignment.clock)
        except GraderTrouble:
            close()  # a warm process may have been killed: once more with a fresh one
            marked = mark(submission, plan, _warm_process(assignment), assignment.secret, assignment.clock)
        moment = submission.timestamp
        write_graded(assignment.autograded, assignment.source, student, plan.name, marked.notebooks, moment)
        return Graded(replace(marked, notebooks={}), moment)


def _warm_process(assignment: Assignment) -> WarmProcess:
    if assignment.protected not in _warm:
        _warm[assignment.protected] = WarmProcess(assignment.protected)
    return _warm[assignment.protected]


def close() -> None:
    """End this process's warm process."""
    while _warm:
        _, warm = _warm.popitem()
        warm.close()
