"""What a class costs: made classes of several sizes, graded as ``lossbook grade`` does, in one run.

Half of the submissions are right, 30 % have the formulas of the textbook, 20 % are wrong. For each size:
milliseconds a submission, submissions per core and hour, how much the trusted workers grow while they grade, and
how long a second run takes that finds nothing to do. The last line compares the largest class with the smallest.

    python benchmarks/class_size.py [--sizes 100 1000] [--workers 2] [--save lossbook/autograde/class-size.json]

``--save`` keeps the measurements for the book, whose chapter for instructors makes its table of them.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import nbformat
import psutil
from nbgrader.apps import NbGraderAPI
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from lossbook.autograde import course as courses
from lossbook.autograde.batch import Options, grade_set
from lossbook.autograde.example import NOTEBOOK, PROBLEM_SET, TEXTBOOK, WRONG
from lossbook.autograde.gradebook import Book

ROOT = Path(__file__).resolve().parent.parent
HEADINGS = (
    *("submissions", "s", "first after", "ms each", "per core and hour"),
    *("gradebook", "graders' memory", "growth", "again"),
)
MB = 1 << 20


class Watch:
    """Notes when the first submission was graded, and the memory of the trusted workers then and at the end."""

    def __init__(self, update):
        self._update, self._start = update, time.perf_counter()
        self.first = self.last = 0.0
        self.memory: list[int] = []

    def __call__(self, done, of):
        self._update(completed=done, total=of)
        if not done:
            return
        self.last = time.perf_counter() - self._start
        self.first = self.first or self.last
        if done in (of // 10, of - 8):  # once everything was used that there is; before the workers end
            self.memory.append(_trusted_memory())


def _trusted_memory() -> int:
    """Return the memory of the largest trusted worker, in bytes."""
    found = [0]
    for process in psutil.Process().children():
        try:
            if "lossbook.autograde.trusted" in process.cmdline():
                found.append(process.memory_info().rss)
        except psutil.Error:
            continue
    return max(found)


def make_course(folder: Path) -> Path:
    """Copy the project's course and release a set in it."""
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    shutil.copytree(ROOT / "solutions" / PROBLEM_SET, folder / "solutions" / PROBLEM_SET)
    config = courses.load(folder).config
    config.CourseDirectory.root = str(folder)
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = NbGraderAPI(config=config).generate_assignment(PROBLEM_SET)
    if not done["success"]:
        raise SystemExit(done["log"])
    return folder


def hand_in(course: Path, size: int) -> None:
    """Let a class of a size hand in."""
    release = course / "exercises" / PROBLEM_SET / NOTEBOOK
    solutions = _solutions(course / "solutions" / PROBLEM_SET / NOTEBOOK)
    right = _notebook(release, lambda name, stub: solutions[name])
    half, wrong = (
        _notebook(release, lambda name, stub, b=bodies: _body(name, stub, b)) for bodies in (TEXTBOOK, WRONG)
    )
    shutil.rmtree(course / "submitted", ignore_errors=True)
    for number in range(size):
        kind = (right, right, right, right, right, half, half, half, wrong, wrong)[number % 10]
        target = course / "submitted" / f"student-{number:05}" / PROBLEM_SET
        target.mkdir(parents=True)
        (target / NOTEBOOK).write_text(kind.replace("# me", f"# student {number}"))


def _solutions(path: Path) -> dict[str, str]:
    cells = nbformat.read(path, as_version=4).cells
    entries = [(cell.metadata.get("nbgrader", {}), cell.source) for cell in cells]
    return {entry["grade_id"]: source for entry, source in entries if entry.get("solution")}


def _body(name: str, stub: str, bodies: dict[str, str]) -> str:
    return stub.replace("raise NotImplementedError", bodies.get(name, "raise NotImplementedError"))


def _notebook(release: Path, fill: Callable[[str, str], str]) -> str:
    notebook = nbformat.read(release, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = f"# me\n{fill(cell.metadata.nbgrader.grade_id, cell.source)}"
    return nbformat.writes(notebook)


class Records:
    """Notes the processor time that the gradebook took for each submission: no further worker makes it less."""

    def __init__(self):
        self.seconds: list[float] = []
        self._record = Book.record

    def __enter__(self):
        def record(book, *arguments):
            start = time.process_time()  # the workers may keep us waiting
            self._record(book, *arguments)
            self.seconds.append(time.process_time() - start)

        Book.record = record
        return self

    def __exit__(self, *exception):
        Book.record = self._record


def measure(course: Path, size: int, workers: int, progress: Progress) -> dict[str, float]:
    """Grade a class of a size; return what it took."""
    hand_in(course, size)
    shutil.rmtree(course / "autograded", ignore_errors=True)
    bar = progress.add_task(f"a class of {size}", total=size)
    watch = Watch(lambda **now: progress.update(bar, **now))
    with Records() as records:
        _grade(course, Options(workers=workers, force=True), watch)
    start = time.perf_counter()
    _grade(course, Options(workers=workers), lambda done, of: None)
    return {
        "submissions": size,
        "seconds": round(watch.last, 1),
        "first_seconds": round(watch.first, 1),
        "milliseconds_each": round(1000 * (watch.last - watch.first) / (size - 1), 1),  # workers started before
        "record_milliseconds": round(1000 * statistics.median(records.seconds), 1),
        "memory_mb": round(watch.memory[-1] / MB),
        "growth_mb": round((watch.memory[-1] - watch.memory[0]) / MB, 1),
        "again_seconds": round(time.perf_counter() - start, 1),
    }


def _grade(course: Path, options: Options, update: Callable[[int, int], None]) -> None:
    summary = grade_set(courses.load(course), PROBLEM_SET, options, update)
    if summary.failed:
        raise SystemExit(f"not graded: {summary.failed}")


def cells(row: dict[str, float], busy_cores: int) -> tuple[str, ...]:
    """Return a row of the table."""
    return (
        f"{row['submissions']}",
        f"{row['seconds']:.1f}",
        f"{row['first_seconds']:.1f} s",
        f"{row['milliseconds_each']:.0f}",
        f"{3_600_000 / row['milliseconds_each'] / busy_cores:.0f}",
        f"{row['record_milliseconds']:.0f} ms",
        f"{row['memory_mb']:.0f} MB",
        f"{row['growth_mb']:+.1f} MB",
        f"{row['again_seconds']:.1f} s",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--save", type=Path, help="write the measurements into this JSON file")
    options = parser.parse_args()
    console = Console(width=120)
    cores = len(os.sched_getaffinity(0))
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="lossbook-class-") as folder,
        Progress(console=Console(stderr=True)) as progress,
    ):
        course = make_course(Path(folder))
        for size in options.sizes:
            rows.append(measure(course, size, options.workers, progress))
    table = Table(*HEADINGS)
    for row in rows:
        table.add_row(*cells(row, min(options.workers, cores)))
    console.print(f"{PROBLEM_SET}, {options.workers} workers on {cores} cores")
    console.print(table)
    ratio = rows[-1]["milliseconds_each"] / rows[0]["milliseconds_each"]
    console.print(f"a submission at {options.sizes[-1]} costs {ratio:.2f} times that at {options.sizes[0]}")
    if options.save:
        facts = {"set": PROBLEM_SET, "workers": options.workers, "cores": cores, "rows": rows}
        made = {"date": f"{datetime.date.today()}", "python": platform.python_version()}
        options.save.write_text(json.dumps(made | facts, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
