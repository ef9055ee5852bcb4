"""Where things lie: the project, what npm installed, and what this extension ships."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""The folder with ``_config.yml``; the book is built from a working copy only."""

BOOK = PROJECT / "book"
OUTPUT = PROJECT / "_build"
HTML = OUTPUT / "html"
STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"


class MissingPart(RuntimeError):
    """A part from npm is not installed."""


class BrokenPart(RuntimeError):
    """A part from npm is installed and cannot be made ready for the pages."""


def node_module(name: str) -> Path:
    """Return the folder of an npm package that ``package.json`` names.

    Raises:
        MissingPart: If it is not installed; says how to install it.
    """
    folder = PROJECT / "node_modules" / name
    if not folder.is_dir():
        raise MissingPart(f"{name} is not in node_modules: run `make book`, or `npm ci` in the project's folder")
    return folder
