"""Build the book: ``python -m lossbook.sphinx.build``.

Chapters are executed side by side first, then Jupyter Book makes the pages with warnings as errors. When
nothing that the book is made of has changed since the last good build, this ends at once.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from lossbook.sphinx import dependencies
from lossbook.sphinx.paths import BOOK, HTML, OUTPUT, PROJECT, BrokenPart, MissingPart, node_module

STAMP = OUTPUT / ".built-from.json"
AROUND_THE_CHAPTERS = tuple(
    PROJECT / name
    for name in (
        *("lossbook", "_config.yml", "package-lock.json", "constraints.txt"),
        *(name for names in dependencies.BESIDE.values() for name in names),
    )
)
_NOT_EXECUTED = ("lossbook/sphinx/", "lossbook/live/", "lossbook/autograde/", "lossbook/cli.py")
_IGNORED = {"__pycache__", ".ipynb_checkpoints"}


def digest(paths: Iterable[Path]) -> str:
    """Return a digest of these files and folders, and of the torch that is installed."""
    result = hashlib.sha256(f"torch {version('torch')}".encode())
    for path in _files(paths):
        result.update(f"\0{path.relative_to(PROJECT)}\0".encode())
        result.update(path.read_bytes())
    return result.hexdigest()


def _files(paths: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for path in paths:
        found += path.rglob("*") if path.is_dir() else [path]
    return sorted(path for path in found if path.is_file() and not _IGNORED.intersection(path.parts))


def digest_of_book() -> str:
    """Digest all that the pages are made of."""
    return digest([BOOK, *AROUND_THE_CHAPTERS])


def digest_of_code() -> str:
    """Digest the code and the versions behind losses and exercises, without what only shows or grades them."""
    modules = _files([PROJECT / "lossbook"])
    names = ((path, str(path.relative_to(PROJECT))) for path in modules)
    executed = [path for path, name in names if not name.startswith(_NOT_EXECUTED)]
    return digest([*executed, PROJECT / "constraints.txt"])


def digest_of_frame() -> str:
    """Digest all but the chapters' text. While this stays, a change of text concerns its own page only."""
    chapters = sorted(BOOK.rglob("*.md"))
    titles = [line for path in chapters for line in path.read_text("utf-8").splitlines() if line.startswith("# ")]
    others = [path for path in _files([BOOK]) if path.suffix != ".md"]
    names = "\n".join([*map(str, chapters), *titles])
    return digest([*others, *AROUND_THE_CHAPTERS]) + hashlib.sha256(names.encode()).hexdigest()


def digest_of_cells() -> str:
    """Digest what the chapters execute. While this and the frame stay, no chapter has to be executed."""
    chapters = sorted(BOOK.rglob("*.md"))
    cells = [[str(path), *dependencies.cells_in(path.read_text(encoding="utf-8"))] for path in chapters]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def run_jupyter_book(*, everything: bool) -> tuple[int, str]:
    """Make the pages. Return the exit status and everything that was printed.

    Args:
        everything: Read and write all pages, whatever has changed.
    """
    command = [sys.executable, "-m", "lossbook.sphinx.jupyter_book", "build"]
    command += ["-W", "--keep-going", "-n", "--path-output", ".", "--config", "_config.yml", "book"]
    if everything:
        command.append("--all")
        shutil.rmtree(HTML, ignore_errors=True)  # pages that are no longer in the book must not stay
    done = subprocess.run(
        command, cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return done.returncode, done.stdout


def warnings_in(log: str) -> list[str]:
    """Return the warnings and errors among the lines of a build, without colours or this machine's paths."""
    return [line for line in _plain(log).splitlines() if re.search(r"\b(WARNING|ERROR|CRITICAL):", line)]


def tracebacks_of_chapters() -> list[str]:
    """Return the end of the traceback of each chapter that failed, as MyST-NB reported it."""
    reports = sorted((HTML / "reports").rglob("*.err.log"))
    texts = [_plain(report.read_text(encoding="utf-8")).splitlines() for report in reports]
    return ["\n".join([f"\n{report.stem}:", *lines[-15:]]) for report, lines in zip(reports, texts, strict=True)]


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", text).replace(f"{PROJECT}/", "")


def build(*, everything: bool = False) -> int:
    """Build the book where that is needed. Return the exit status.

    Args:
        everything: Write all pages even if only some chapters' text has changed.
    """
    started = time.monotonic()
    page = HTML / "index.html"
    now = {"book": digest_of_book(), "frame": digest_of_frame(), "cells": digest_of_cells()}
    before = json.loads(STAMP.read_text(encoding="utf-8")) if STAMP.exists() and page.exists() else {}
    if before.get("book") == now["book"] and not everything:
        print(f"The book is up to date: {page.relative_to(PROJECT)}")
        return 0
    # A failed build leaves no stamp, so that the next one writes all pages and repeats all warnings.
    STAMP.unlink(missing_ok=True)
    node_module("katex")
    same_frame, same_cells = (before.get(part) == now[part] for part in ("frame", "cells"))
    if everything or not (same_frame and same_cells):
        _execute()
    print("Making the pages ...", flush=True)
    status, log = run_jupyter_book(everything=everything or not same_frame)
    if status:
        print("\n".join([*(warnings_in(log) or log.splitlines()[-30:]), *tracebacks_of_chapters()]))
        print("The book was not built: each warning above must go.")
        return 1
    STAMP.write_text(json.dumps(now), encoding="utf-8")
    print(f"The book is built: {page.relative_to(PROJECT)} ({time.monotonic() - started:.1f} s)")
    return 0


def _execute() -> None:
    """Execute the chapters, and meanwhile make what the pages load.

    What that needs takes a second to import: not before it is sure to be needed.
    """
    from lossbook.sphinx import execution

    started = time.monotonic()
    command = [sys.executable, "-m", "lossbook.sphinx.live_assets"]
    # One thread: how torch shares out a sum decides its last digit.
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, cwd=PROJECT, text=True, stderr=subprocess.PIPE, env=alone) as preparing:
        executed = execution.execute_chapters()
        _, trouble = preparing.communicate()
    if preparing.returncode:
        raise BrokenPart(trouble.strip())
    if executed:
        print(f"Executed {executed} in {time.monotonic() - started:.1f} s")


def main() -> int:
    """Run `build`, with a sentence in place of a traceback where npm's parts are missing or broken."""
    parser = argparse.ArgumentParser(prog="python -m lossbook.sphinx.build", description="Build the book.")
    parser.add_argument("--all", action="store_true", help="write every page anew, whatever has changed")
    try:
        return build(everything=parser.parse_args().all)
    except (MissingPart, BrokenPart) as problem:
        print(problem, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
