"""The command ``lossbook``. Nothing heavy is imported before it is needed, so that ``--help`` is instant."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NoReturn

import lossbook

PASSED, FAILED, CANNOT_RUN = 0, 1, 2


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
    check = commands.add_parser(
        "check",
        help="check the functions of a notebook or Python file",
        description="Run a notebook (.ipynb) or Python file and compare each exercise's function with torch's.",
    )
    check.add_argument("path", type=Path, metavar="PATH", help="a notebook or a .py file")
    check.add_argument("--exercise", metavar="NAME", help="check this one only")
    check.add_argument("--seed", type=int, help="draw the same cases again (a report names its seed)")
    check.set_defaults(run=_check)
    return parser


def _check(options: argparse.Namespace) -> int:
    from lossbook.grader import evaluate
    from lossbook.workbook import load

    workbook = load(options.path)
    names = list(workbook.functions)
    if options.exercise:
        names = [_one_of(options.exercise, names, options.path)]
    reports = [evaluate(name, workbook.functions[name], options.seed) for name in names]
    for error in workbook.errors:
        print(f"{error}\n")
    print("\n\n".join(str(report) for report in reports))
    print(f"\n{sum(r.earned for r in reports)} of {sum(r.points for r in reports)} points")
    return PASSED if all(report.passed for report in reports) else FAILED


def _one_of(name: str, names: list[str], path: Path) -> str:
    from lossbook.workbook import UnreadableWorkbook

    if name not in names:
        raise UnreadableWorkbook(f"{path} does not define {name!r}: it has {', '.join(names)}")
    return name


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit status: 0 passed, 1 failed checks, 2 cannot run."""
    options = _parser().parse_args(arguments)
    from lossbook.workbook import UnreadableWorkbook

    try:
        return int(options.run(options))
    except UnreadableWorkbook as error:
        print(f"lossbook: {error}", file=sys.stderr)
        return CANNOT_RUN


if __name__ == "__main__":
    sys.exit(main())
