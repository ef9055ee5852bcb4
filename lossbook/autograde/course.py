"""A course as nbgrader lays it out: its folders, its gradebook, and who handed in."""

from __future__ import annotations

import os
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lossbook.autograde.plan import CannotGrade

if TYPE_CHECKING:
    from traitlets.config import Config

CONFIG = "nbgrader_config.py"
STRUCTURE = os.path.join("{nbgrader_step}", "{student_id}", "{assignment_id}")


@dataclass(frozen=True)
class Course:
    """Where things are.

    Attributes:
        root: the course's folder.
        course_id: its name in the gradebook.
        database: the gradebook's URL.
        submitted: the folder with what was handed in: STUDENT/SET.
        autograded: the folder for graded notebooks.
        source: the folder of the sets' sources, whose pictures graded notebooks show.
        config: all of nbgrader's settings.
    """

    root: Path
    course_id: str
    database: str
    submitted: Path
    autograded: Path
    source: Path
    config: Config

    def students(self, set_name: str) -> list[str]:
        """Return who handed in a set, sorted. Hidden folders are no students: nbgrader passes over them, too."""
        try:
            entries = list(os.scandir(self.submitted))
        except (FileNotFoundError, NotADirectoryError):
            raise CannotGrade(
                f"there is no folder {self.submitted}: submissions go into STUDENT/{set_name} in it"
            ) from None
        except OSError as error:
            raise CannotGrade(f"cannot read {self.submitted}: {error.strerror}") from None
        seen = [entry for entry in entries if not entry.name.startswith(".")]
        return sorted(entry.name for entry in seen if os.path.lexists(f"{entry.path}/{set_name}"))


def load(root: Path) -> Course:
    """Read nbgrader's settings.

    Raises:
        CannotGrade: there is no course here, its settings cannot be read, or nbgrader is missing.
    """
    try:
        from nbgrader.coursedir import CourseDirectory
    except ImportError:
        raise CannotGrade('nbgrader is not installed: pip install "lossbook[teach]"') from None
    from traitlets import TraitError

    root = root.resolve()
    config = _settings(root)
    try:
        directory = CourseDirectory(config=config, root=str(root))
    except TraitError as error:
        raise CannotGrade(f"a setting in {root / CONFIG} is wrong: {error}") from None
    if os.path.normpath(directory.directory_structure) != STRUCTURE:
        raise CannotGrade(f"CourseDirectory.directory_structure must be {STRUCTURE}")
    return Course(
        root=root,
        course_id=directory.course_id or "default_course",
        database=directory.db_url,
        submitted=root / directory.submitted_directory,
        autograded=root / directory.autograded_directory,
        source=root / directory.source_directory,
        config=config,
    )


def _settings(root: Path) -> Config:
    from traitlets.config.loader import PyFileConfigLoader

    path = root / CONFIG
    if not path.is_file():
        raise CannotGrade(f"there is no {CONFIG} in {root}: run this in the course's folder")
    try:
        return PyFileConfigLoader(CONFIG, path=str(root)).load_config()
    except Exception as error:  # it is Python, and may raise anything
        lines = [
            frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
        ]
        line = error.lineno if isinstance(error, SyntaxError) else next(reversed(lines), None)
        what = f"{type(error).__name__}: {getattr(error, 'msg', error)}"
        raise CannotGrade(f"cannot read {path}, line {line}: {what}") from None
