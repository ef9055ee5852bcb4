"""The styles of a page, inside the page: KaTeX's and sphinx-design's rules that it uses, and our own.

A page is painted as soon as it is there: it waits for no style sheet. On a phone, the few kilobytes more in each
page take less time than one more journey to the server. The fonts are named apart from the rest: a page fetches
them after it has been painted for the first time.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from lossbook.sphinx import fonts
from lossbook.sphinx.paths import STATIC, node_module

OUR_ORDER = ("tokens", "text", "layout", "cells", "boxes", "live", "landing", "print")
"""Files in ``static/css``; later ones may override earlier ones. ``fonts`` comes once a page is painted."""

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
_EXCEPTION = re.compile(r":not\((?:[^()]|\([^()]*\))*\)")
_CHOICE = re.compile(r":(?:is|where)\([^()]*\)|:has\([^()]*,[^()]*\)")
_FONT_FACE = re.compile(r"@font-face ?\{[^}]*\}")
_MOVEMENT = re.compile(r"@keyframes ([\w-]+)\{(?:[^{}]|\{[^{}]*\})*\}\n?")
_ITALIC = re.compile(r"<(?:em|i|cite|var|dfn|blockquote)\b")
_GREEK = re.compile("[\u0370-\u03ff]")
_WORD = re.compile(r"[A-Za-z][\w-]*")
_CLASSES_IN_HTML = re.compile(r'\bclass="([^"]*)"')


@dataclass(frozen=True)
class Styles:
    """What a page needs to be painted, and the fonts that it gets afterwards: their files, and their use."""

    rules: str
    faces: str
    fonts: str


def of_page(body: str, root: str, *, around: str = "") -> Styles:
    """Return the styles of a page.

    Args:
        body: HTML of its text: rules that name a class come along if the class is in there.
        root: Where the book begins, seen from the page, as in "../".
        around: Templates and scripts of the page: each word in them may be a class.
    """
    classes = frozenset(name for names in _CLASSES_IN_HTML.findall(body) for name in names.split())
    ours = used(_ours(), classes | frozenset(_WORD.findall(around)))
    design = used(_sphinx_design(), classes) if any(name.startswith("sd-") for name in classes) else ""
    css = "\n".join([used(_katex(), classes), design, ours])
    css = css.replace("url(fonts/", f"url({root}_static/fonts/")
    of_formulas = _FONT_FACE.findall(css)
    ours = _compact_file("fonts").replace("url(fonts/", f"url({root}_static/fonts/")
    faces = [face for face in _FONT_FACE.findall(ours) if _is_shown(face, body + around)]
    families = sorted({_font(face)[0] for face in of_formulas})
    variables = f":root{{{';'.join(f'--{family}:{family}' for family in families)}}}" if families else ""
    return Styles(
        rules=f"{fonts.stand_ins()}\n{_FONT_FACE.sub('', css)}",
        faces="\n".join([*of_formulas, *faces]),
        fonts=f"{_FONT_FACE.sub('', ours).strip()}\n{variables}",
    )


def _is_shown(face: str, text: str) -> bool:
    """Tell whether a page with this text shows one of our fonts: most are on every page."""
    if "U+0370" in face:
        return _GREEK.search(text) is not None
    return "font-style:italic" not in face or _ITALIC.search(text) is not None


@lru_cache(maxsize=1)
def _ours() -> str:
    return "\n".join(map(_compact_file, OUR_ORDER))


@lru_cache
def _compact_file(name: str) -> str:
    return compact((STATIC / "css" / f"{name}.css").read_text(encoding="utf-8"))


def used(css: str, classes: frozenset[str]) -> str:
    """Return the rules whose selectors name no other classes than these, and the fonts that these rules name."""
    kept = [_kept(selectors.strip(), block, classes) for selectors, block in _RULE.findall(css)]
    rules = "\n".join(filter(None, kept))
    asked = {_font(block) for _, block in _RULE.findall(rules) if "font" in block}
    faces = [block for selectors, block in _RULE.findall(css) if selectors.strip() == "@font-face"]
    named = [block for block in faces if _font(block) in asked]
    rules = _MOVEMENT.sub(lambda found: found[0] if rules.count(found[1]) > 1 else "", rules)
    return "\n".join([*(f"@font-face{{{block}}}" for block in named), rules])


def _font(block: str) -> tuple[str, bool, bool]:
    """Return the font of KaTeX that a rule asks for, or brings: its family, whether it is italic, whether bold.

    A rule without a family is one for letters in the main font.
    """
    family = re.search(r"KaTeX_\w+", block)
    return family[0] if family else "KaTeX_Main", "font-style:italic" in block, "font-weight:700" in block


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
    return _CLASS.findall(_CHOICE.sub("", _EXCEPTION.sub("", selector)))


_KATEX_FONT = re.compile(r'(@font-face\{[^}]*\})|"?(KaTeX_\w+)"?(?:,math,Times New Roman,serif)?')


@lru_cache(maxsize=1)
def _katex() -> str:
    """KaTeX's styles, with our copies of its fonts and without the formats that no browser needs any more.

    Its fonts are asked for by way of variables, which are set once the fonts may be fetched.
    """
    text = (node_module("katex") / "dist" / "katex.min.css").read_text(encoding="utf-8")
    text = re.sub(r",url\([^)]*\.(?:woff|ttf)\) format\(\"(?:woff|truetype)\"\)", "", text)
    text = _KATEX_FONT.sub(lambda found: found[1] or f"var(--{found[2]},var(--lb-serif))", text)
    return text.replace("font-display:block", "font-display:swap")


@lru_cache(maxsize=1)
def _sphinx_design() -> str:
    return (files("sphinx_design") / "static" / "sphinx-design.min.css").read_text(encoding="utf-8")


def compact(css: str) -> str:
    """Drop comments and indentation: they are for whoever reads the source."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s*\n\s*", "\n", css).strip()
    return re.sub(r"(?<=[{;])\s*([\w-]+): ", r"\1:", re.sub(r" ?([{};]) ?", r"\1", css)).replace(";}", "}")
