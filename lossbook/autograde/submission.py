"""A learner's folder, read as one reads what a stranger hands in: nothing of it is run or followed here."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lossbook.autograde.plan import NotebookPlan, PlannedCell, SetPlan

MAX_NOTEBOOK = 20 << 20  # bytes
MAX_CELLS = 2_000
MAX_SOURCE = 200_000  # characters of one cell
PICTURES = frozenset({"image/png", "image/jpeg"})
ADDED = "This cell was missing from the submission. It was added back.\n\n"


class Unreadable(Exception):
    """A notebook cannot be read; the message says why."""


@dataclass(frozen=True)
class Cell:
    """One cell of a submitted notebook. ``planned`` is None for cells of the learner's own."""

    cell_type: str
    source: str
    planned: PlannedCell | None = None
    attachments: dict[str, dict[str, str]] | None = None


@dataclass(frozen=True)
class Notebook:
    """A submitted notebook, with the instructor's cells as the instructor wrote them.

    Attributes:
        plan: what it should be.
        cells: in the learner's order.
        trouble: why there is nothing to grade, "" where there is: it then earns 0, with this reason.
        remarks: changes that were undone, for a human to look at.
    """

    plan: NotebookPlan
    cells: tuple[Cell, ...]
    trouble: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Submission:
    """What one learner handed in for one set.

    Attributes:
        student: their id.
        notebooks: one for each of the set's.
        fingerprint: of the files; another one means a new submission.
        timestamp: when it was handed in, in UTC without a zone, as nbgrader stores it.
        remarks: on the folder, for a human to look at.
    """

    student: str
    notebooks: tuple[Notebook, ...]
    fingerprint: str
    timestamp: datetime.datetime | None = None
    remarks: tuple[str, ...] = ()


def read(folder: Path, student: str, plan: SetPlan) -> Submission:
    """Read a learner's folder. A notebook that cannot be read becomes one with ``trouble``."""
    found = [(planned, _raw(folder, planned)) for planned in plan.notebooks]
    moment, remarks = _timestamp(folder / "timestamp.txt")
    notebooks = tuple(_notebook(planned, raw) for planned, raw in found)
    return Submission(student, notebooks, _digest([raw for _, raw in found], moment), moment, remarks)


def fingerprint(folder: Path, plan: SetPlan) -> str:
    """Return the fingerprint that :func:`read` would give, without looking inside the notebooks."""
    moment, _ = _timestamp(folder / "timestamp.txt")
    return _digest([_raw(folder, planned) for planned in plan.notebooks], moment)


def _raw(folder: Path, planned: NotebookPlan) -> bytes | Unreadable:
    try:
        if folder.is_symlink() or folder.parent.is_symlink():
            raise Unreadable("the folder is a link, not a folder")
        return _bytes(folder / f"{planned.name}.ipynb")
    except Unreadable as trouble:
        return trouble


def _digest(raws: list[bytes | Unreadable], moment: datetime.datetime | None) -> str:
    digest = hashlib.sha256(str(moment).encode())
    for raw in raws:
        digest.update(raw if isinstance(raw, bytes) else str(raw).encode("utf-8", "replace"))
    return digest.hexdigest()


def _notebook(planned: NotebookPlan, raw: bytes | Unreadable) -> Notebook:
    try:
        if isinstance(raw, Unreadable):
            raise raw
        return _restore(planned, _cells(raw))
    except Unreadable as trouble:
        return Notebook(planned, (), trouble=str(trouble))


def _bytes(path: Path, limit: int = MAX_NOTEBOOK) -> bytes:
    """Return a plain file's bytes. A link is not followed: it may lead anywhere."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Unreadable(f"{path.name} was not handed in") from None
    except OSError as error:
        why = "is a link, not a file" if path.is_symlink() else f"cannot be opened ({error.strerror})"
        raise Unreadable(f"{path.name} {why}") from None
    with open(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable(f"{path.name} is no plain file")
        if found.st_size > limit:
            raise Unreadable(
                f"{path.name} has {found.st_size / 1e6:.0f} MB: clear its outputs and hand it in again"
            )
        return file.read(limit)


def _cells(raw: bytes) -> list[dict[str, Any]]:
    try:
        data = json.loads(raw)
        cells = data["cells"] if data.get("nbformat", 4) >= 4 else data["worksheets"][0]["cells"]
        assert isinstance(cells, list)
    except (ValueError, RecursionError, TypeError, KeyError, IndexError, AttributeError, AssertionError):
        raise Unreadable("it is no valid notebook: open it in Jupyter, save it, and hand it in again") from None
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"it has {len(cells)} cells, {MAX_CELLS} are read at most")
    return [cell for cell in cells if isinstance(cell, dict)]


def _restore(plan: NotebookPlan, found: list[dict[str, Any]]) -> Notebook:
    """Put the instructor's cells back to what they were, and add those that are missing."""
    known, seen = plan.by_id, set[str]()
    cells: list[Cell] = []
    remarks: list[str] = []
    for data in found:
        cell = _cell(data)
        name = _grade_id(data)
        planned = known.get(name) if name else None
        if planned and name in seen:
            remarks.append(f"the cell {name} was there twice: only the first counts")
            planned = None
        if planned:
            seen.add(planned.grade_id)
            remarks += _changes(planned, cell, data)
            source = planned.source if planned.locked else cell.source
            cell = replace(cell, planned=planned, cell_type=planned.cell_type, source=source)
        cells.append(cell)
    return Notebook(plan, tuple(_with_missing(plan, cells, seen, remarks)), remarks=tuple(remarks))


def _cell(data: dict[str, Any]) -> Cell:
    kind = data.get("cell_type")
    source = data.get("source", data.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    source = source if isinstance(source, str) else ""
    text = source[:MAX_SOURCE].encode("utf-8", "replace").decode()
    return Cell(kind if kind in ("code", "markdown", "raw") else "markdown", text, attachments=_attachments(data))


def _attachments(data: dict[str, Any]) -> dict[str, dict[str, str]] | None:
    """Return a Markdown cell's pictures; anything else attached is dropped."""
    found = data.get("attachments")
    if data.get("cell_type") != "markdown" or not isinstance(found, dict):
        return None
    kept = {
        str(name): {kind: value for kind, value in bundle.items() if kind in PICTURES and isinstance(value, str)}
        for name, bundle in found.items()
        if isinstance(bundle, dict)
    }
    return {name: bundle for name, bundle in kept.items() if bundle} or None


def _nbgrader(data: dict[str, Any]) -> dict[str, Any]:
    metadata = data.get("metadata")
    entry = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return entry if isinstance(entry, dict) else {}


def _grade_id(data: dict[str, Any]) -> str | None:
    name = _nbgrader(data).get("grade_id")
    return name if isinstance(name, str) else None


def _changes(planned: PlannedCell, cell: Cell, data: dict[str, Any]) -> list[str]:
    """Say what was changed that counts: text alone of a cell that is not graded is nobody's concern."""
    if planned.points is None:
        return []
    remarks = []
    if planned.locked and cell.source.strip() != planned.source.strip():
        remarks.append(f"the graded cell {planned.grade_id} was changed: the released one was used")
    if cell.cell_type != planned.cell_type:
        remarks.append(f"the graded cell {planned.grade_id} was turned into another kind of cell: turned back")
    points = _nbgrader(data).get("points")
    if points is not None and points != planned.points:
        remarks.append(f"the points of {planned.grade_id} were changed: {planned.points:g} count")
    return remarks


def _with_missing(plan: NotebookPlan, cells: list[Cell], seen: set[str], remarks: list[str]) -> list[Cell]:
    """Add each missing graded cell behind the planned cell before it, at the front where there is none."""
    place = -1
    for planned in plan.cells:
        if planned.grade_id in seen:
            place = next(i for i, cell in enumerate(cells) if cell.planned is planned)
        elif planned.points is not None:
            remarks.append(f"the graded cell {planned.grade_id} was missing: it was added back")
            place += 1
            note = f"# {ADDED}" if planned.cell_type == "code" else ADDED
            cells.insert(place, Cell(planned.cell_type, note + planned.source, planned))
    return cells


def _timestamp(path: Path) -> tuple[datetime.datetime | None, tuple[str, ...]]:
    if not os.path.lexists(path):
        return None, ()
    from nbgrader.utils import parse_utc

    try:
        text = _bytes(path, limit=1_000).decode().strip()
        return (parse_utc(text) if text else None), ()
    except (Unreadable, ValueError, OverflowError):
        return None, ("timestamp.txt could not be read: no time of submission is recorded",)
