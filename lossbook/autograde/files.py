"""Graded notebooks on disk: a folder is there as a whole, or not at all."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

STAGING = ".lossbook"


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
    an instant, or the new one.

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
            _write(made / f"{name}.ipynb", json.dumps(notebook, ensure_ascii=False, indent=1) + "\n")
        if moment is not None:
            _write(made / "timestamp.txt", f"{moment} UTC\n")
        made.chmod(0o755)
        _replace(made, autograded / student / set_name)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def is_complete(autograded: Path, student: str, set_name: str, names: list[str]) -> bool:
    """Return whether all graded notebooks of a submission are there."""
    return all((autograded / student / set_name / f"{name}.ipynb").is_file() for name in names)


def clear_staging(autograded: Path) -> None:
    """Remove what a grading that was cut off left behind. Only one grading may run."""
    shutil.rmtree(autograded / STAGING, ignore_errors=True)


def _copy_pictures(source: Path, target: Path) -> None:
    def ignored(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if name.endswith(".ipynb") or name.startswith(".")}

    if source.is_dir():
        shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True, copy_function=shutil.copyfile)


def _write(path: Path, text: str) -> None:
    """Write a file and wait until it is on the disk: a power cut must not leave an empty one."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _replace(made: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(target):
        old = Path(tempfile.mkdtemp(dir=made.parent))
        target.rename(old / "old")
        made.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    else:
        made.rename(target)
