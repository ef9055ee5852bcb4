"""The bench on which submissions attack the grader: a course with canaries in it, a warm process, honest work.

An attack passes a bench's :meth:`Bench.attack` when the submission ends with the score that honest work would have
got, or with zero for a reason; the grader grades on; nothing outside was touched or seen; nothing is left.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from lossbook.autograde import marking, sandbox, session, submission, wall
from lossbook.autograde.plan import NotebookPlan, PlannedCell, SetPlan, parse_check
from lossbook.autograde.session import Clock
from lossbook.autograde.workers import WarmProcess

ROOT = Path(__file__).resolve().parents[3]
SET, NAME = "01-probabilities", "probabilities"
CLOCK = Clock(cell=2.0, call=0.8, notebook=12.0)
"""Short: many attacks wait for their end."""
PATIENT = Clock()
"""A class's own, for work that is honest and may be slow on a busy machine."""
SECRET = b"the course's own secret"
CANARY = "CANARY-b1946ac92492d2347c"
EXERCISES = ("sigmoid", "log_sigmoid", "logsumexp", "softmax", "log_softmax")


def cells_of(path: Path) -> list[dict]:
    return json.loads((ROOT / path / SET / f"{NAME}.ipynb").read_text(encoding="utf-8"))["cells"]


RELEASED = cells_of(Path("exercises"))
SOLUTIONS = {
    cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"])
    for cell in cells_of(Path("solutions"))
    if cell["metadata"].get("nbgrader", {}).get("solution")
}


def planned(cell: dict) -> PlannedCell:
    entry, source = cell["metadata"]["nbgrader"], "".join(cell["source"])
    return PlannedCell(
        grade_id=entry["grade_id"],
        cell_type=cell["cell_type"],
        source=source,
        locked=entry["locked"],
        checksum=entry["checksum"],
        points=float(entry["points"]) if entry["grade"] else None,
        solution=entry["solution"],
        task=False,
        check=parse_check(source) if entry["grade"] else None,
    )


def plan_of(names: tuple[str, ...] = EXERCISES) -> SetPlan:
    """The set, or a part of it."""
    known = [planned(cell) for cell in RELEASED if cell["metadata"].get("nbgrader")]
    wanted = {"imports", *names, *(f"check-{name}" for name in names)}
    cells = tuple(cell for cell in known if cell.grade_id in wanted)
    return SetPlan(SET, (NotebookPlan(NAME, {}, cells),), "1")


PLAN, SMALL_PLAN, PAIR_PLAN = plan_of(), plan_of(("sigmoid",)), plan_of(("sigmoid", "softmax"))
POINTS = {cell.grade_id: cell.points for cell in PLAN.notebooks[0].cells if cell.points}


def code(source: str) -> dict:
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}


def notebook(
    first: tuple[str, ...] = (), last: tuple[str, ...] = (), names: tuple[str, ...] = EXERCISES, **answers: str
) -> dict:
    """Honest work: ``first`` are cells before it, ``last`` after it, ``answers`` stand in for solutions."""
    cells = [json.loads(json.dumps(cell)) for cell in RELEASED]
    wanted = {"imports", *names, *(f"check-{name}" for name in names)}
    kept = [cell for cell in cells if cell["metadata"]["nbgrader"]["grade_id"] in wanted]
    for cell in kept:
        name = cell["metadata"]["nbgrader"]["grade_id"]
        if name in SOLUTIONS:
            cell["source"] = answers.get(name, SOLUTIONS[name])
    made = [kept[0], *map(code, first), *kept[1:], *map(code, last)]
    return {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


MB_TEXT = 1_000_000
SIGMOID, SOFTMAX = POINTS["check-sigmoid"], POINTS["check-softmax"]


@dataclass
class Result:
    """What a marking came to."""

    scores: dict[str, float | None]
    remarks: tuple[str, ...]
    document: dict
    endings: str = field(default="")

    @property
    def total(self) -> float:
        return sum(score or 0.0 for score in self.scores.values())

    @property
    def text(self) -> str:
        return json.dumps(self.document, ensure_ascii=False)

    def outputs(self, kind: str | None = None) -> list[dict]:
        cells = (cell for cell in self.document["cells"] if cell["cell_type"] == "code")
        found = [output for cell in cells for output in cell["outputs"]]
        return [output for output in found if kind is None or output["output_type"] == kind]

    @property
    def printed(self) -> str:
        return "".join(output["text"] for output in self.outputs("stream"))


class Bench:
    """A course with canaries, and a grader under attack."""

    def __init__(self, root: Path, warm: WarmProcess) -> None:
        self.root, self.warm = root, warm
        self.canaries = self._plant()

    def _plant(self) -> dict[Path, bytes]:
        places = ("gradebook.db", f"submitted/other/{SET}/{NAME}.ipynb", f"solutions/{SET}/{NAME}.ipynb")
        for place in places:
            path = self.root / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f'{{"cells": [], "secret": "{CANARY}"}}', encoding="utf-8")
        return {self.root / place: (self.root / place).read_bytes() for place in places}

    def hand_in(self, work: dict | bytes, student: str = "mallory") -> Path:
        """Put a notebook into a student's folder."""
        folder = self.root / "submitted" / student / SET
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        raw = work if isinstance(work, bytes) else json.dumps(work).encode()
        (folder / f"{NAME}.ipynb").write_bytes(raw)
        return folder

    def mark_folder(
        self, folder: Path, student: str = "mallory", plan: SetPlan = PLAN, clock: Clock = CLOCK
    ) -> Result:
        read = submission.read(folder, student, plan)
        marked = marking.mark(read, plan, self.warm, SECRET, clock)
        return Result(marked.scores[NAME], marked.remarks, marked.notebooks[NAME])

    def mark(self, work: dict | bytes, plan: SetPlan = PLAN, clock: Clock = CLOCK) -> Result:
        """Grade a notebook, and make sure that nothing was touched and nothing is left."""
        before = self.processes()
        result = self.mark_folder(self.hand_in(work), plan=plan, clock=clock)
        self.check_nothing_touched(result)
        assert self.processes() == before, "a process is left"
        assert not self.left_behind(), "a scratch directory is left"
        return result

    def mark_small(self, *first: str, **answers: str) -> Result:
        """Grade the sigmoid alone, after some cells: quick."""
        return self.mark(notebook(first, names=("sigmoid",), **answers), SMALL_PLAN)

    def mark_pair(self, *first: str, **answers: str) -> Result:
        """Grade sigmoid and softmax after some cells, and make sure that the grader goes on."""
        result = self.mark(notebook(first, names=("sigmoid", "softmax"), **answers), PAIR_PLAN)
        self.check_alive()
        return result

    def check_alive(self) -> None:
        """An honest submission still gets all points, with nothing to remark."""
        folder = self.hand_in(notebook(names=("sigmoid",)), "honest")
        result = self.mark_folder(folder, "honest", SMALL_PLAN, PATIENT)
        assert result.scores == {"check-sigmoid": POINTS["check-sigmoid"]}
        assert result.remarks == ()

    def check_nothing_touched(self, result: Result) -> None:
        for path, content in self.canaries.items():
            assert path.read_bytes() == content, f"{path} was changed"
        assert CANARY not in result.text + str(result.remarks), "a secret came out"

    def processes(self) -> set[int]:
        return {child.pid for child in psutil.Process().children(recursive=True) if child.status() != "zombie"}

    def left_behind(self) -> set[str]:
        """Return scratch directories that stay: without bubblewrap those of other tests come and go beside ours."""
        left, end = set(self.scratch()), time.monotonic() + 20
        while left and time.monotonic() < end:
            time.sleep(0.1)
            left &= set(self.scratch())
        return left

    def scratch(self) -> list[str]:
        """Return what is in the folders in which learners' processes get their scratch directories."""
        found = []
        for process in psutil.Process().children(recursive=True):
            homes = Path("/proc", str(process.pid), "root", "tmp").glob("lossbook-*")
            found += [str(path) for home in homes for path in home.glob("tmp*")]
        return found


def forget_peak() -> int:
    """Begin to measure this process's memory anew; return what it has now, in KB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return peak()


def peak() -> int:
    """Return the most memory that this process has had since the peak was forgotten, in KB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def needs_sandbox() -> None:
    if sandbox.missing():
        pytest.skip(f"no sandbox on this host: {sandbox.missing()}")


def needs_bubblewrap() -> None:
    needs_sandbox()
    if not wall.command():
        pytest.skip("bubblewrap is not installed, or may not make namespaces on this host")


@pytest.fixture(scope="session", autouse=True)
def short_patience():
    """Do not wait long for processes that hang."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "GRACE", 0.5)
        yield


@pytest.fixture(scope="session")
def secret_in_environment():
    """What a grader may have in its environment, and no learner may see."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", CANARY)
        yield CANARY


@pytest.fixture(scope="session")
def warm(secret_in_environment):
    """One warm process for all tests of this worker, as one grader has for all its submissions."""
    needs_sandbox()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGPASSWORD", CANARY)
        process = WarmProcess()
    yield process
    process.close()


@pytest.fixture(scope="session")
def bench(warm, tmp_path_factory):
    """A course under attack."""
    return Bench(tmp_path_factory.mktemp("course"), warm)


@pytest.fixture
def course_root(bench):
    """Where the bench's course lies: what attacks try to read."""
    return os.fspath(bench.root)
