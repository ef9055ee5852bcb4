"""One submission's points: its code runs in the sandbox, the verdict falls here."""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from lossbook.autograde.harmless import harmless
from lossbook.autograde.plan import Check, NotebookPlan, PlannedCell, SetPlan
from lossbook.autograde.session import Clock, Session
from lossbook.autograde.submission import Cell, Notebook, Submission
from lossbook.autograde.suspicion import forbidden_names, same_bits, strange_names
from lossbook.autograde.workers import WarmProcess
from lossbook.exercises import Exercise, get_exercise
from lossbook.grader.evaluation import judge_call
from lossbook.grader.memory import Drawn, draw
from lossbook.grader.notebook import NothingEarned
from lossbook.grader.outcome import Outcome
from lossbook.grader.report import Report

MAX_REMARKS = 20
BIT_DRAWS = 4  # of the cases, until the same bits are no chance

Answers = list[list[Outcome]]


@dataclass(frozen=True)
class Finding:
    """What the check of one exercise found, for the report on the class.

    Attributes:
        exercise: its name.
        earned: points that it earned.
        points: points that it is worth.
        mistake: the named mistake that comes first, "" where there is none.
        failed: the aspects that are wrong.
        forbidden: torch's own functions that were called.
        unsolved: whether the stub was left as it is.
        seed: what the cases were drawn from: ``lossbook check --seed`` draws them again.
        besides: the named mistake that was made together with the first, "" where there is none.
    """

    exercise: str
    earned: int
    points: int
    mistake: str
    failed: tuple[str, ...]
    forbidden: tuple[str, ...]
    unsolved: bool
    seed: int
    besides: str = ""


@dataclass(frozen=True)
class Marked:
    """A graded submission, as plain data.

    Attributes:
        student: their id.
        fingerprint: of what was handed in.
        scores: by notebook and grade_id; None where a human has to grade.
        answered: by notebook, the grade_ids of solution cells that were changed.
        notebooks: by name, the notebook with its outputs, in nbformat's form.
        findings: one for each check.
        remarks: what a human should look at.
    """

    student: str
    fingerprint: str
    scores: dict[str, dict[str, float | None]]
    answered: dict[str, frozenset[str]]
    notebooks: dict[str, dict[str, Any]]
    findings: tuple[Finding, ...]
    remarks: tuple[str, ...]


@dataclass
class _Marking:
    """What one notebook's marking gathers."""

    scores: dict[str, float | None] = field(default_factory=dict)
    cells: list[dict[str, Any]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def mark(submission: Submission, plan: SetPlan, warm: WarmProcess, secret: bytes, clock: Clock) -> Marked:
    """Grade a submission.

    Args:
        submission: as it was read.
        plan: of its set.
        warm: where the learner's processes come from.
        secret: the course's own. Cases are drawn from it and the submission, so no learner can know them, and
            grading again gives the same.
        clock: how long things may take.

    Raises:
        GraderTrouble: the grader failed, not the learner; there is no grade then.
    """
    torch.set_num_threads(1)
    remarks = list(submission.remarks)
    marked: dict[str, _Marking] = {}
    for notebook in submission.notebooks:
        seed = functools.partial(_seed, secret, plan.name, submission)
        marked[notebook.plan.name] = one = _mark_notebook(notebook, warm, seed, clock)
        remarks += [*notebook.remarks, *one.remarks]
    return Marked(
        student=submission.student,
        fingerprint=submission.fingerprint,
        scores={name: one.scores for name, one in marked.items()},
        answered={notebook.plan.name: _answered(notebook) for notebook in submission.notebooks},
        notebooks={
            notebook.plan.name: _document(notebook.plan, marked[notebook.plan.name].cells)
            for notebook in submission.notebooks
        },
        findings=tuple(finding for one in marked.values() for finding in one.findings),
        remarks=tuple(dict.fromkeys(remarks))[:MAX_REMARKS],
    )


def _seed(secret: bytes, plan_name: str, submission: Submission, exercise: str) -> int:
    """Return the seed of one exercise's cases: fresh for each submission, and the same when it is graded again."""
    message = "\0".join((plan_name, submission.student, submission.fingerprint, exercise)).encode()
    return int.from_bytes(hmac.digest(secret, message, hashlib.sha256)[:4], "little") % 2**31


def _mark_notebook(notebook: Notebook, warm: WarmProcess, seed: Any, clock: Clock) -> _Marking:
    marking = _Marking()
    if notebook.trouble:
        _nothing_to_grade(notebook, marking)
        return marking
    with Session(warm, clock) as session:
        for cell in notebook.cells:
            check = cell.planned.check if cell.planned else None
            if cell.planned and check:
                _check(cell, cell.planned, check, session, seed(check.exercise), marking)
            elif cell.cell_type == "code" and cell.source.strip():
                marking.cells.append(_code(cell, session.run_cell(cell.source), len(marking.cells) + 1))
                marking.remarks += _remarks_on(cell)
            else:
                marking.cells.append(_plain(cell, len(marking.cells) + 1))
            if cell.planned and not check and cell.planned.points is not None:
                marking.scores[cell.planned.grade_id] = _by_hand(cell, cell.planned)
    marking.remarks += [f"a learner's process was stopped: {ending}" for ending in session.endings]
    if not session.sound and any(finding.earned for finding in marking.findings):
        marking.remarks.append("functions of Python's, torch's or the grader's were replaced where the code ran")
    return marking


def _check(cell: Cell, planned: PlannedCell, check: Check, session: Session, seed: int, marking: _Marking) -> None:
    exercise = get_exercise(check.exercise)
    calls: list[tuple[Drawn, Answers]] = []

    def call(drawn: Drawn) -> Answers:
        calls.append((drawn, session.call(check.function, drawn, exercise.forbidden)))
        return calls[-1][1]

    report = judge_call(exercise, seed, call)
    share = report.earned / report.points
    score = (planned.points or 0.0) * share
    marking.scores[planned.grade_id] = score
    marking.cells.append(_code(cell, _verdict(report, score, len(marking.cells) + 1), len(marking.cells) + 1))
    marking.findings.append(
        Finding(
            exercise=check.exercise,
            earned=report.earned,
            points=report.points,
            mistake=report.mistakes[0].name if report.mistakes else "",
            failed=tuple(aspect.name for aspect in report.aspects if not aspect.passed),
            forbidden=report.forbidden,
            unsolved=report.unsolved,
            seed=seed,
            besides=report.mistakes[1].name if report.both else "",
        )
    )
    if report.passed and _is_torchs_own(exercise, *calls[0], call, seed):
        marking.remarks.append(
            f"the numbers of {check.exercise} are torch's own to the last bit, though no call of torch's was seen"
        )
    if report.forbidden:
        marking.remarks.append(
            f"{check.exercise} called torch's own {', '.join(report.forbidden)}: no points for it"
        )


def _is_torchs_own(
    exercise: Exercise, drawn: Drawn, answers: Answers, call: Callable[[Drawn], Answers], seed: int
) -> bool:
    """Return whether a right solution gives the very bits that torch gives, on several draws of the cases.

    Where the exercise is to write a function of torch's, every other way to compute it rounds elsewhere now and
    then, as the tests' right routes do. The same bits everywhere mean that torch was called, however well hidden.
    """
    if exercise.name not in exercise.forbidden:
        return False
    if not same_bits(exercise, drawn, answers):
        return False
    others = [draw(exercise, (seed + step) % 2**31) for step in range(1, BIT_DRAWS)]
    return all(same_bits(exercise, drawn, call(drawn)) for drawn in others)


def _verdict(report: Report, score: float, count: int) -> list[dict[str, Any]]:
    """Return the outputs that the same check gives in stock nbgrader, so that it reads the same score."""
    shown = {
        "output_type": "display_data",
        "data": {"text/plain": str(report), "text/html": report._repr_html_()},
        "metadata": {},
    }
    if report.earned == 0:
        return [shown, _error(NothingEarned.__name__, f"No points yet: {report.summary}")]
    result = {"output_type": "execute_result", "execution_count": count, "metadata": {}}
    return [shown, result | {"data": {"text/plain": repr(float(score))}}]


def _error(name: str, message: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": [message]}


def _remarks_on(cell: Cell) -> list[str]:
    """Return what a human should look at in the code of a cell."""
    if cell.planned and cell.planned.locked:
        return []
    remarks = []
    if strange := strange_names(cell.source):
        remarks.append(f"code uses {', '.join(sorted(strange))}")
    name = cell.planned.grade_id if cell.planned else ""
    try:
        forbidden = get_exercise(name).forbidden
    except KeyError:
        return remarks
    if called := forbidden_names(cell.source, forbidden):  # whether or not the call was seen when it ran
        remarks.append(f"the solution of {name} mentions torch's {', '.join(sorted(called))}")
    return remarks


def _by_hand(cell: Cell, planned: PlannedCell) -> float | None:
    """Return 0 for an answer that was left as it was released, None for one that a human has to read."""
    unchanged = cell.source.strip() == planned.source.strip()
    return 0.0 if unchanged and planned.solution else None


def _answered(notebook: Notebook) -> frozenset[str]:
    return frozenset(
        cell.planned.grade_id
        for cell in notebook.cells
        if cell.planned and cell.planned.solution and cell.source != cell.planned.source
    )


def _nothing_to_grade(notebook: Notebook, marking: _Marking) -> None:
    """Give 0 points with the reason, in each graded cell, so that the feedback page says it."""
    reason = f"No points: {notebook.trouble}."
    marking.remarks.append(f"{notebook.plan.name}: {notebook.trouble}")
    for planned in notebook.plan.cells:
        cell = Cell(planned.cell_type, planned.source, planned)
        count = len(marking.cells) + 1
        if planned.points is not None:
            marking.scores[planned.grade_id] = 0.0
        if planned.check:
            marking.cells.append(_code(cell, [_error(NothingEarned.__name__, reason)], count))
        else:
            marking.cells.append(_code(cell, [], count) if planned.cell_type == "code" else _plain(cell, count))


def _code(cell: Cell, outputs: list[dict[str, Any]], count: int) -> dict[str, Any]:
    return {**_plain(cell, count), "cell_type": "code", "execution_count": count, "outputs": outputs}


def _plain(cell: Cell, count: int) -> dict[str, Any]:
    data: dict[str, Any] = {
        "cell_type": cell.cell_type,
        "id": f"cell-{count}",
        "metadata": {"nbgrader": cell.planned.metadata} if cell.planned else {},
        "source": cell.source
        if cell.cell_type == "code" or _is_ours(cell)
        else harmless(cell.source, cell.attachments or ()),
    }
    if cell.cell_type == "code":
        data |= {"execution_count": None, "outputs": []}
    if cell.attachments:
        data["attachments"] = cell.attachments
    return data


def _is_ours(cell: Cell) -> bool:
    return cell.planned is not None and cell.planned.locked


def _document(plan: NotebookPlan, cells: list[dict[str, Any]]) -> dict[str, Any]:
    metadata = {"kernelspec": plan.kernelspec} if plan.kernelspec else {}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
