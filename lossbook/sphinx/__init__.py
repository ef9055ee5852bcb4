"""The book's Sphinx extension: everything between the chapters and the pages that are read.

| module | what it does |
|---|---|
| `katex` | sets formulas while the book is built, so that pages need no script for them |
| `folding` | folded boxes and solutions as plain ``<details>`` |
| `trim` | keeps what is loaded from outside, or loaded in vain, off the pages |
| `notebooks`, `plain` | the notebook behind the download button, in the markdown that any Jupyter shows |
| `api` | docstrings of attributes as they stand |
| `sources` | pages with the source of modules, looked through without importing these |
| `pictures` | pixels in drawings, as files that do not hold up the text |
| `tables` | cells that say which column they are of, for phones |
| `whole` | short formulas and code that stay in one line |
| `pages` | the last pass over written pages: no path of this machine stays in them |
| `labs` | sliders: their scripts, on the pages that have them |
| `search` | what the search page ranks: each section with its text |
| `stylesheet` | the styles of a page, inside the page, without the rules that it does not use |
| `fonts` | fonts cut to the characters and icons that the book uses |
| `live` | exercises inside a page: the directives, readable without scripts |
| `live_assets`, `live_python` | what these exercises load: scripts, cases, Python and NumPy |
| `assets` | where those parts come from, and the one place that orders this pass |
| `execution`, `kernels` | execute the chapters side by side, before the pages are made |
| `dependencies` | which code and data the results of a chapter depend on |
| `build`, `serve`, `pdf`, `jupyter_book` | ``python -m lossbook.sphinx.build``, ``... .serve`` and ``... .pdf`` |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossbook import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register all parts with Sphinx."""
    # Imported late: `build` and `serve` live in this package and must start at once.
    from lossbook.sphinx import (
        api,
        assets,
        folding,
        katex,
        labs,
        live,
        notebooks,
        pictures,
        search,
        sources,
        tables,
        trim,
        whole,
    )

    early = (api, sources, katex, folding, trim, notebooks, labs, live)
    for part in (*early, pictures, tables, whole, search, assets):
        part.setup(app)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
