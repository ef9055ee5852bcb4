"""Graded notebooks on disk: a folder is there as a whole, or not at all."""

from __future__ import annotations

import contextlib
import datetime
import errno
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

STAGING = ".lossbook"
REPLACE_TRIES = 5


def write_graded(
    autograded: Path,
    source: Path,
    student: str,
    set_name: str,
    notebooks: dict[str, dict[str, Any]],
    moment: datetime.datetime | None,
) -> None:
    """Write a submission's graded notebooks into autograded/STUDENT/SET.

    They are written beside it, to the disk, and then put in its place: whoever looks sees the old folder, none for
    an instant, or the new one. What was cut off at any moment :func:`is_complete` does not take for complete.

    Args:
        autograded: nbgrader's folder for graded notebooks.
        source: the folder with the set's source, whose pictures go along.
        student: whose they are.
        set_name: of the problem set.
        notebooks: by name, in nbformat's form.
        moment: when it was handed in, if known.

    Raises:
        OSError: e.g. the disk is full; the old folder is still there then.
    """
    staging = autograded / STAGING
    staging.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=staging))
    try:
        _copy_pictures(source / set_name, made)
        for name, notebook in notebooks.items():
            _write(made / f"{name}.ipynb", _as_json(notebook))
        if moment is not None:
            _write(made / "timestamp.txt", f"{moment} UTC\n")
        made.chmod(0o755)
        _sync(made)
        _replace(made, autograded / student / set_name)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def is_complete(autograded: Path, student: str, set_name: str, names: list[str]) -> bool:
    """Return whether all graded notebooks of a submission are there, and nothing is empty as after a power cut."""
    folder = autograded / student / set_name
    if not all((folder / f"{name}.ipynb").is_file() for name in names):
        return False
    return all(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def clear_staging(autograded: Path) -> None:
    """Remove what a grading that was cut off left behind. Only one grading may run."""
    shutil.rmtree(autograded / STAGING, ignore_errors=True)


def _copy_pictures(source: Path, target: Path) -> None:
    def ignored(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if name.endswith(".ipynb") or name.startswith(".")}

    if source.is_dir():
        shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True, copy_function=shutil.copyfile)


def _as_json(notebook: dict[str, Any]) -> str:
    """Return a notebook as JSON, each cell on a line of its own: with ``indent`` it would take five times as long."""
    rest = {name: value for name, value in notebook.items() if name != "cells"}
    cells = ",\n".join(json.dumps(cell, ensure_ascii=False) for cell in notebook["cells"])
    return f'{{"cells": [\n{cells}\n],\n{json.dumps(rest, ensure_ascii=False)[1:]}\n'


def _write(path: Path, text: str) -> None:
    """Write a file and wait until it is on the disk: a power cut must not leave an empty one."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _replace(made: Path, target: Path) -> None:
    """Put a folder in the place of another. A worker that was given up may do the same at the same time."""
    target.parent.mkdir(parents=True, exist_ok=True)
    old = Path(tempfile.mkdtemp(dir=made.parent))
    for attempt in range(REPLACE_TRIES):
        with contextlib.suppress(FileNotFoundError):
            target.rename(old / str(attempt))
        try:
            made.rename(target)
            break
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) or attempt == REPLACE_TRIES - 1:
                raise
    shutil.rmtree(old, ignore_errors=True)
