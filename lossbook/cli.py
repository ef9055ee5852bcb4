"""The command ``lossbook``. Nothing heavy is imported before it is needed, so that ``--help`` is instant."""

from __future__ import annotations

import argparse
import contextlib
import secrets
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import lossbook

if TYPE_CHECKING:
    from rich.console import Console

    from lossbook.grader import Report

PASSED, FAILED, CANNOT_RUN = 0, 1, 2
LONGEST_LINE = 100  # characters, where nothing is known of the width
UNBROKEN = "\N{NO-BREAK SPACE}"
POLL = 0.05  # seconds between two looks at a watched file


class CannotRun(Exception):
    """The command cannot do what it was asked; the message says why and what to do."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Say it in one line, with the way to help."""
        self.exit(CANNOT_RUN, f"lossbook: {message} (see: {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="lossbook",
        description="A course on sigmoid, softmax, BCE and cross-entropy: compares your solutions with torch's.",
        epilog="Exit status: 0 all right, 1 something is wrong in the solutions, 2 cannot run.",
    )
    parser.add_argument("--version", action="version", version=f"lossbook {lossbook.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, run: Callable[[argparse.Namespace], int], summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        added.set_defaults(run=run)
        return added

    check = command("check", _check, "check the exercises in a notebook or Python file")
    watch = command("watch", _watch, "check a file again each time that it is saved (Ctrl+C ends it)")
    for one in (check, watch):
        one.add_argument("path", type=Path, metavar="PATH", help="a notebook (.ipynb) or Python file (.py)")
        one.add_argument("--exercise", metavar="NAME", help="this one only")
    check.add_argument("--seed", type=int, help="draw the same cases again (a report names its seed)")

    progress = command("progress", _progress, "show how far all problem sets are, and what to do next")
    progress.add_argument(
        "folder", type=Path, nargs="?", default=Path("exercises"), help="where the sets are (default: exercises)"
    )

    grade = command("grade", _grade, "grade what a class handed in, in a sandbox (in the course's folder)")
    grade.add_argument("set", metavar="SET", help="the problem set, e.g. 01-probabilities")
    grade.add_argument("--workers", type=int, metavar="N", help="processes (default: one for each processor)")
    grade.add_argument("--student", metavar="ID", help="this one only")
    grade.add_argument("--force", action="store_true", help="also what is graded already")
    grade.add_argument("--scheduler", metavar="ADDRESS", help="of a dask cluster that sees this folder")
    grade.add_argument(
        "--unprotected", action="store_true", help="run their code with your rights: for your own work alone"
    )

    report = command("report", _report, "show what the class got wrong in a set that is graded")
    report.add_argument("set", metavar="SET", help="the problem set, e.g. 01-probabilities")
    report.add_argument("--to", type=Path, metavar="FILE", help="write it as a page (.html) besides")

    hint = command("hint", _hint, "show a hint for an exercise, one step at a time")
    hint.add_argument("name", metavar="NAME", help="the exercise")
    hint.add_argument("step", type=int, nargs="?", default=1, metavar="STEP", help="1 is the smallest (default)")
    return parser


def _check(options: argparse.Namespace) -> int:
    reports, errors = _reports(options.path, options.exercise, options.seed)
    console = _console()
    for error in errors:
        console.print(f"{error}\n", markup=False)
    for report in reports:
        _print_report(console, report)
        console.print()
    console.print(f"{sum(r.earned for r in reports)} of {sum(r.points for r in reports)} points")
    return PASSED if all(report.passed for report in reports) else FAILED


def _watch(options: argparse.Namespace) -> int:
    console = _console()
    console.print(f"Watching {options.path}: save it to check it again. Ctrl+C ends this.", markup=False)
    import lossbook.grader  # noqa: F401  (torch, before the first save rather than after it)

    seed = secrets.randbelow(2**31)  # one for all saves: the case in question stays, and mistakes answer it once
    try:
        for _ in _changes(options.path):
            _check_once(console, options, seed)
    except KeyboardInterrupt:
        console.print("\nNo longer watching.")
    return PASSED


def _changes(path: Path) -> Iterator[None]:
    """Yield now, and each time that the file has another date or size; a missing file may come back."""
    known: tuple[int, int] | None = (0, -1)
    while True:
        try:
            found = path.stat()
            state: tuple[int, int] | None = (found.st_mtime_ns, found.st_size)
        except OSError:
            state = None
        if state != known:
            known = state
            yield
        time.sleep(POLL)


def _check_once(console: Console, options: argparse.Namespace, seed: int) -> None:
    start = time.perf_counter()
    try:
        reports, errors = _reports(options.path, options.exercise, seed)
    except CannotRun as trouble:
        console.rule()
        console.print(str(trouble), markup=False)
        return
    took = time.perf_counter() - start
    console.rule(f"{time.strftime('%H:%M:%S')}, checked in {took:.2f} s")
    for error in errors:
        console.print(error, markup=False)
    for report in reports:
        mark = "[green]✓[/]" if report.passed else "[red]✗[/]"
        console.print(f"{mark} {report.name}  {report.earned}/{report.points}")
    wrong = [report for report in reports if not report.passed]
    # what somebody works on is wrong and begun; the rest waits its turn
    begun = [report for report in wrong if not report.unsolved]
    for report in (begun or wrong)[:1]:
        console.print()
        _print_report(console, report)


def _progress(options: argparse.Namespace) -> int:
    if not options.folder.is_dir():
        raise CannotRun(
            f"there is no folder {options.folder}: give the one that holds 01-probabilities and the like"
        )
    from lossbook.progress import standings

    console, following = _console(), ""
    for found in standings(options.folder):
        full = round(20 * found.earned / found.points)
        bar = f"[green]{'█' * full}[/][dim]{'░' * (20 - full)}[/]"
        marks = "  ".join(f"{s.mark}{UNBROKEN}{s.name}" for s in found.standings)
        console.print(f"{found.folder:<26} {bar} {found.earned:>3} of {found.points}", highlight=False)
        _print_words(console, found.trouble or marks, indent="  ")
        open_ones = [s.name for s in found.standings if s.earned < s.points]
        if open_ones and not following:
            place = found.notebook or options.folder / found.folder
            following = f"Next: {open_ones[0]}, in {place}  (a hint: lossbook hint {open_ones[0]})"
    console.print(f"\n{following or 'All done: every exercise is right.'}", markup=False)
    return PASSED


def _grade(options: argparse.Namespace) -> int:
    if options.workers is not None and options.workers < 1:
        raise CannotRun(f"--workers must be at least 1, not {options.workers}")
    try:
        with _teaching():
            from lossbook.autograde.summary import run

            return PASSED if run(options, _console()) else FAILED
    except KeyboardInterrupt:
        _console().print("Stopped, before anything was graded.")
        return FAILED


def _report(options: argparse.Namespace) -> int:
    console = _console()
    with _teaching():
        from lossbook.autograde import class_page, course
        from lossbook.autograde.class_report import summarise
        from lossbook.autograde.gradebook import Book

        book = Book(course.load(Path.cwd()))
        book.plan(options.set)  # says so where there is no such set
        report = summarise(options.set, book.standings(options.set))
    class_page.show(report, console)
    if options.to is not None:
        try:
            options.to.write_text(class_page.as_html(report), encoding="utf-8")
        except OSError as error:
            raise CannotRun(f"cannot write {options.to}: {error.strerror}. Is there such a folder?") from None
        console.print(f"\nAs a page: {options.to}", markup=False)
    return PASSED


@contextlib.contextmanager
def _teaching() -> Iterator[None]:
    """Turn what stops a command for instructors into one sentence."""
    try:
        yield
    except ImportError as error:
        raise CannotRun(f'{error.name} is not installed: pip install "lossbook[teach]"') from None
    except ValueError as error:
        from lossbook.autograde.plan import CannotGrade

        if isinstance(error, CannotGrade):
            raise CannotRun(str(error)) from None
        raise


def _hint(options: argparse.Namespace) -> int:
    from lossbook.exercises import get_exercise

    try:
        hints = get_exercise(options.name).hints
    except KeyError as error:
        raise CannotRun(str(error.args[0])) from None
    if not 1 <= options.step <= len(hints):
        raise CannotRun(f"{options.name} has hints 1 to {len(hints)}, not {options.step}")
    console = _console()
    _print_words(console, f"Hint {options.step} of {len(hints)}: {hints[options.step - 1]}")
    if options.step < len(hints):
        _print_words(console, f"(One step more: lossbook hint {options.name} {options.step + 1})", style="dim")
    return PASSED


def _reports(path: Path, exercise: str | None, seed: int | None) -> tuple[list[Report], list[str]]:
    """Load a file and check its exercises, or one of them."""
    from lossbook.grader import evaluate
    from lossbook.workbook import UnreadableWorkbook, load

    try:
        workbook = load(path)
    except UnreadableWorkbook as error:
        raise CannotRun(str(error)) from None
    names = list(workbook.functions)
    if exercise is not None:
        if exercise not in names:
            raise CannotRun(f"{path} does not define {exercise!r}: it has {', '.join(names)}")
        names = [exercise]
    return [evaluate(name, workbook.functions[name], seed, own_work=True) for name in names], workbook.errors


def _console() -> Console:
    """Return where to print: with colours on a terminal, plain text elsewhere."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True, force_jupyter=False)


def _width(console: Console) -> int:
    """Return how long lines may be: as the terminal is wide, but no longer than is good to read."""
    return min(console.width, LONGEST_LINE) if console.is_terminal else LONGEST_LINE


def _print_words(console: Console, text: str, style: str = "", indent: str = "") -> None:
    """Print a text, on a terminal broken between words; UNBROKEN is a space at which it is not."""
    words = textwrap.TextWrapper(
        _width(console) if console.is_terminal else sys.maxsize,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in words.wrap(text):
        console.print(line.replace(UNBROKEN, " "), style=style, markup=False)


def _print_report(console: Console, report: Report) -> None:
    from lossbook.grader.text import as_text

    colours = {"✓": "green", "✗": "red"}
    for line in as_text(report, _width(console)).splitlines():
        style = colours.get(line.strip()[:1])
        console.print(line, style=style, markup=False)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 0 passed, 1 failed checks, 2 cannot run."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except CannotRun as error:
        print(f"lossbook: {error}", file=sys.stderr)
        return CANNOT_RUN


if __name__ == "__main__":
    sys.exit(main())
