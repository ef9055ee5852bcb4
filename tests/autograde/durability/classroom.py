"""A class of six with a small set, made in a folder, and what can be seen of its grades afterwards."""

from __future__ import annotations

import contextlib
import datetime
import inspect
import json
import os
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

import nbformat
import nbgrader.api as nb
import psutil
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.apps import NbGraderAPI
from sqlalchemy import create_engine, select

from lossbook import cli
from lossbook.autograde import course as courses
from lossbook.autograde.gradebook import GRADING, Book
from lossbook.exercises import get_exercise

SET, NOTEBOOK = "tiny", "work"
EXERCISES = ("sigmoid", "softmax")
CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "class"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
c.LateSubmissionPlugin.penalty_method = "zero"
c.ExportApp.plugin_class = "lossbook.autograde.export.GradesExport"
"""
RIGHT = {"sigmoid": "z = torch.where(x < 0, x, -x).exp()\n    return torch.where(x < 0, z, 1) / (1 + z)"}
RIGHT["softmax"] = "z = (x - x.amax(dim, keepdim=True)).exp()\n    return z / z.sum(dim, keepdim=True)"
TEXTBOOK = {
    "sigmoid": "return 1 / (1 + torch.exp(-x))",
    "softmax": "return x.exp() / x.exp().sum(dim, keepdim=True)",
}
FORBIDDEN = {"sigmoid": "return 1 / (1 + torch.exp(x))", "softmax": "return torch.softmax(x, dim)"}
CLASS = {"ada": RIGHT, "ben": TEXTBOOK, "cleo": FORBIDDEN, "dan": {}, "eve": RIGHT, "finn": None}
LATE = "eve"
ESSAY = "Answer here."


def make(root: Path, exercises: tuple[str, ...] = EXERCISES) -> Path:
    """Make the course with the set released and everybody's work handed in."""
    root.mkdir(parents=True)
    (root / "nbgrader_config.py").write_text(CONFIG)
    release(root, exercises)
    for student, bodies in CLASS.items():
        hand_in(root, student, bodies)
    (root / "submitted" / LATE / SET / "timestamp.txt").write_text("2026-02-02 12:00:00 UTC\n")
    Book(courses.load(root)).secret()  # made now: copies of the course draw the same cases
    return root


def release(root: Path, exercises: tuple[str, ...]) -> None:
    """Write the set's source and let nbgrader release it, due on the first of February."""
    source = root / "solutions" / SET
    source.mkdir(parents=True, exist_ok=True)
    (source / "picture.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    cells = [new_code_cell("import torch\nfrom torch import Tensor\nfrom lossbook import check")]
    for name in exercises:
        stub = inspect.getsource(get_exercise(name).stub)
        solved = stub.replace("raise NotImplementedError", "### BEGIN SOLUTION\n    pass\n    ### END SOLUTION")
        cells += [
            new_code_cell(solved, metadata=tags(name, solution=True)),
            new_code_cell(f'check("{name}", {name})', metadata=tags(f"check-{name}", points=4)),
        ]
    cells.append(new_markdown_cell(ESSAY, metadata=tags("essay", points=2, solution=True)))
    nbformat.write(new_notebook(cells=cells), source / f"{NOTEBOOK}.ipynb")
    register(root)


def register(root: Path) -> None:
    """Let nbgrader enter the set into the gradebook."""
    config = courses.load(root).config
    config.CourseDirectory.root = str(root)
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # nbgrader asks alembic
    done = NbGraderAPI(config=config).generate_assignment(SET, force=True)
    assert done["success"], done
    with nb.Gradebook(database(root)) as book:
        book.update_or_create_assignment(SET, duedate=datetime.datetime(2026, 2, 1))


def tags(name: str, points: int | None = None, solution: bool = False) -> dict:
    entry = {"grade_id": name, "grade": points is not None, "solution": solution, "locked": not solution}
    entry |= {"schema_version": 3, "task": False} | ({} if points is None else {"points": points})
    return {"nbgrader": entry}


def hand_in(root: Path, student: str, bodies: dict[str, str] | None) -> None:
    """Hand in the released notebook with these solutions; None for a file that is no notebook."""
    target = root / "submitted" / student / SET
    target.mkdir(parents=True, exist_ok=True)
    path = target / f"{NOTEBOOK}.ipynb"
    if bodies is None:
        path.write_text("{ no notebook")
        return
    notebook = nbformat.read(root / "exercises" / SET / path.name, as_version=4)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        cell.source = cell.source.replace(
            "raise NotImplementedError", bodies.get(name, "raise NotImplementedError")
        )
        if name == "essay" and bodies:
            cell.source = f"{student!a} thinks so."
    nbformat.write(notebook, path)


def copy(template: Path, root: Path) -> Path:
    shutil.copytree(template, root)
    return root


def database(root: Path) -> str:
    return courses.load(root).database


def grades(root: Path) -> dict:
    """Return all that the gradebook and the graded notebooks say, without ids and times that differ by run."""
    with nb.Gradebook(database(root)) as book:
        submissions = {
            submission.student_id: {
                "time": submission.timestamp,
                "notebooks": [_notebook(notebook) for notebook in submission.notebooks],
            }
            for submission in book.assignment_submissions(SET)
        }
    with create_engine(database(root)).connect() as connection:
        ours = {
            row.student: (row.assignment, row.status, row.fingerprint, row.version, row.findings, row.remarks)
            for row in connection.execute(select(GRADING))
        }
    folder = root / "autograded"
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    return {"submissions": submissions, "ours": ours, "files": files}


def _notebook(notebook: nb.SubmittedNotebook) -> dict:
    return {
        "name": notebook.name,
        "flagged": notebook.flagged,
        "penalty": notebook.late_submission_penalty,
        "grades": sorted(
            (g.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade) for g in notebook.grades
        ),
        "comments": sorted((c.name, c.auto_comment or "", c.manual_comment or "") for c in notebook.comments),
    }


def score(root: Path, student: str) -> float:
    with nb.Gradebook(database(root)) as book:
        return book.find_submission(SET, student).score


def start(root: Path, *options: str) -> int:
    """Start ``lossbook grade`` in a process of its own, forked from this one with its imports; return its id."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        os.setsid()
        os.chdir(root)
        log = os.open(root / "grade.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        status = cli.main(["grade", SET, *options])
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def finish(pid: int) -> int:
    """Wait for a process that was started; return its exit status, negative where a signal ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def grade(root: Path, *options: str) -> tuple[int, str]:
    """Run ``lossbook grade`` and return its exit status and what it printed."""
    log = root / "grade.log"
    before = log.stat().st_size if log.exists() else 0
    status = finish(start(root, *options))
    return status, log.read_bytes()[before:].decode()


def family(pid: int) -> dict[str, list[psutil.Process]]:
    """Return the processes that a run has, by kind."""
    found: dict[str, list[psutil.Process]] = {"coordinator": [], "worker": [], "warm": [], "learner": []}
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        found["coordinator"].append(root)
        for process in root.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                line = process.cmdline()
                if "lossbook.autograde.trusted" in line:
                    found["worker"].append(process)
                elif "lossbook.autograde.warm" in line:
                    forked = process.parent().cmdline() == line and "bwrap" not in line[0]
                    found["learner" if forked else "warm"].append(process)
    return found


def wait_until_gone(processes: list[psutil.Process], seconds: float = 60.0) -> list[psutil.Process]:
    """Return which of these processes still run after some time."""
    return psutil.wait_procs(processes, timeout=seconds)[1]


def wait_for(condition, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def findings(root: Path) -> dict[str, list]:
    with create_engine(database(root)).connect() as connection:
        return {row.student: json.loads(row.findings) for row in connection.execute(select(GRADING))}
