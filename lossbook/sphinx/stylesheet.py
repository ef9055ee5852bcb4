"""All styles of the book in one file, made of KaTeX's, sphinx-design's and our own."""

import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

from lossbook.sphinx.paths import STATIC, node_module

OUR_ORDER = ("tokens", "text", "layout", "cells", "boxes", "landing", "print")
"""Files in ``static/css``; later ones may override earlier ones."""

REPLACED = (
    "basic.css",
    "copybutton.css",
    "exercise.css",
    "mystnb",
    "proof.css",
    "pygments.css",
    "sphinx-book-theme.css",
    "sphinx-design.min.css",
)
"""Style sheets of others that a page no longer links: in the bundle, or written anew in ours."""


def is_bundled(sheet: Any) -> bool:
    """Tell whether `bundle` stands in for this style sheet."""
    name = str(getattr(sheet, "filename", sheet))
    return any(part in name for part in REPLACED)


@lru_cache(maxsize=1)
def bundle() -> str:
    """Return the style sheet of every page."""
    ours = [(STATIC / "css" / f"{name}.css").read_text(encoding="utf-8") for name in OUR_ORDER]
    return "\n".join([_katex(), _sphinx_design(), *map(_compact, ours)])


def _katex() -> str:
    """KaTeX's styles, with our copies of its fonts and without the formats that no browser needs any more."""
    text = (node_module("katex") / "dist" / "katex.min.css").read_text(encoding="utf-8")
    text = re.sub(r",url\([^)]*\.(?:woff|ttf)\) format\(\"(?:woff|truetype)\"\)", "", text)
    return text.replace("font-display:block", "font-display:swap")


def _sphinx_design() -> str:
    return (files("sphinx_design") / "static" / "sphinx-design.min.css").read_text(encoding="utf-8")


def _compact(css: str) -> str:
    """Drop comments and indentation: they are for whoever reads the source."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"\s*\n\s*", "\n", css).strip()
