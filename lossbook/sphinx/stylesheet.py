"""The styles of a page, inside the page: KaTeX's and sphinx-design's rules that it uses, and our own.

A page is painted as soon as it is there: it waits for no style sheet. On a phone, the few kilobytes more in each
page take less time than one more journey to the server.
"""

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
"""Style sheets of others that a page does not link: their rules are in the page, or written anew in ours."""


def is_replaced(sheet: Any) -> bool:
    """Tell whether `of_page` stands in for this style sheet."""
    name = str(getattr(sheet, "filename", sheet))
    return any(part in name for part in REPLACED)


_RULE = re.compile(r"([^{}]+)\{((?:[^{}]|\{[^{}]*\})*)\}")
_CLASS = re.compile(r"\.(-?[_a-zA-Z][\w-]*)")
_BETWEEN = re.compile(r",(?![^(]*\))")
_CONDITION = re.compile(r":(?:not|is|where|has)\([^()]*\)")
_CLASSES_IN_HTML = re.compile(r'\bclass="([^"]*)"')


def of_page(body: str, root: str, *, extra: tuple[str, ...] = ()) -> str:
    """Return the styles of a page.

    Args:
        body: HTML of its text: of the styles of others, it gets those of the classes in there.
        root: Where the book begins, seen from the page, as in "../".
        extra: More style sheets of ours.
    """
    classes = frozenset(name for names in _CLASSES_IN_HTML.findall(body) for name in names.split())
    css = "\n".join([used(_katex(), classes), used(_sphinx_design(), classes), _ours(), *map(_compact, extra)])
    return css.replace("url(fonts/", f"url({root}_static/fonts/")


@lru_cache(maxsize=1)
def _ours() -> str:
    return "\n".join(_compact((STATIC / "css" / f"{name}.css").read_text(encoding="utf-8")) for name in OUR_ORDER)


def used(css: str, classes: frozenset[str]) -> str:
    """Return the rules whose selectors name no other classes than these, and the fonts that these rules name."""
    kept = [_kept(selectors.strip(), block, classes) for selectors, block in _RULE.findall(css)]
    rules = "\n".join(filter(None, kept))
    fonts = [block for selectors, block in _RULE.findall(css) if selectors.strip() == "@font-face"]
    named = [block for block in fonts if _family(block) in _FONTS_NAMED.sub("", rules)]
    return "\n".join([*(f"@font-face{{{block}}}" for block in named), rules])


_FONTS_NAMED = re.compile(r"@font-face\{[^}]*\}")


def _family(font_face: str) -> str:
    found = re.search(r"font-family:\s*[\"']?([^;\"']+)", font_face)
    return found[1].strip() if found else ""


def _kept(selectors: str, block: str, classes: frozenset[str]) -> str:
    if selectors == "@font-face":
        return ""
    if selectors.startswith("@media"):
        inside = used(block, classes)
        return f"{selectors}{{{inside}}}" if inside.strip() else ""
    if selectors.startswith("@"):
        return f"{selectors}{{{block}}}"
    kept = [selector for selector in _BETWEEN.split(selectors) if classes.issuperset(_needed(selector))]
    return f"{','.join(kept)}{{{block}}}" if kept else ""


def _needed(selector: str) -> list[str]:
    """Return the classes without which a selector means nothing on the page."""
    return _CLASS.findall(_CONDITION.sub("", selector))


@lru_cache(maxsize=1)
def _katex() -> str:
    """KaTeX's styles, with our copies of its fonts and without the formats that no browser needs any more."""
    text = (node_module("katex") / "dist" / "katex.min.css").read_text(encoding="utf-8")
    text = re.sub(r",url\([^)]*\.(?:woff|ttf)\) format\(\"(?:woff|truetype)\"\)", "", text)
    return text.replace("font-display:block", "font-display:swap")


@lru_cache(maxsize=1)
def _sphinx_design() -> str:
    return (files("sphinx_design") / "static" / "sphinx-design.min.css").read_text(encoding="utf-8")


def _compact(css: str) -> str:
    """Drop comments and indentation: they are for whoever reads the source."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    return re.sub(r"\s*\n\s*", "\n", css).strip()
