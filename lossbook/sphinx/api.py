"""Docstrings of attributes and properties on the API page, as they stand.

Napoleon takes what stands before a colon in such a docstring for a type. Ours are sentences, some with a colon.
"""

from typing import Any

from sphinx.application import Sphinx

_SENTENCES = ("attribute", "data", "property")


def _keep(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    if what in _SENTENCES:
        app.env.temp_data["lossbook_docstring"] = list(lines)


def _restore(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    if what in _SENTENCES:
        lines[:] = app.env.temp_data.pop("lossbook_docstring", lines)


def setup(app: Sphinx) -> None:
    """Stand before and behind napoleon, whose handler has the priority 500."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", _keep, priority=400)
    app.connect("autodoc-process-docstring", _restore, priority=600)
