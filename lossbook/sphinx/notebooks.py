"""The notebook behind the download button: each chapter's cells as .ipynb, not executed."""

from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from myst_nb.core.config import NbParserConfig
from myst_nb.core.read import create_nb_reader
from myst_parser.config.main import MdParserConfig
from sphinx.application import Sphinx

from lossbook.sphinx.plain import plain_markdown

SOURCES = "_sources"


def _notebook_of(app: Sphinx, docname: str) -> nbformat.NotebookNode | None:
    """Return the chapter as a notebook, or None where a page has no code to run."""
    path = Path(app.env.doc2path(docname))
    if path.suffix != ".md":
        return None
    text = path.read_text(encoding="utf-8")
    reader = create_nb_reader(str(path), MdParserConfig(), NbParserConfig(), text)
    return reader.read(text) if reader is not None and "{code-cell}" in text else None


def _offer_notebook(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    notebook = _notebook_of(app, pagename) if doctree is not None else None
    if notebook is None:
        return
    target = Path(app.outdir, SOURCES, f"{pagename}.ipynb")
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(_plain(notebook, app.config.lossbook_katex_macros), target)
    context["lossbook_notebook"] = context["pathto"](f"{SOURCES}/{pagename}.ipynb", 1)


def _plain(notebook: nbformat.NotebookNode, macros: dict[str, str]) -> nbformat.NotebookNode:
    """Write text for any Jupyter; number the cells, whose random ids would differ from build to build."""
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            cell.source = plain_markdown(cell.source, macros)
        cell["id"] = f"cell-{number}"
        cell.metadata.pop("source_map", None)
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def setup(app: Sphinx) -> None:
    """Write a notebook for each chapter with code, and tell the page's template where."""
    app.connect("html-page-context", _offer_notebook, priority=400)
