"""What a learner wrote or drew, without what could run in a page that shows it: feedback, or formgrader."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

LONG = 10_000  # characters: what is made to be slow takes nbconvert 2 s for these, and 25 for five times as many
LINE = 120
PICTURES = frozenset({"image/png", "image/jpeg"})
FILE_NAME = re.compile(r"[\w.-]{1,200}\Z", re.ASCII)  # of an attachment: it ends up in an address
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*\Z")
_ENTITY = re.compile(r"&(?=[A-Za-z#])")
_ATTACHED = re.compile(r"attachment(?:\\?:)([\w.-]*)", re.ASCII)
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_RUNS = re.compile(r"(?:java|vb)script\s*\\?:|data\s*\\?:\s*text", re.IGNORECASE)
# MathJax makes links and attributes of these, whatever Markdown makes of them
_TEX = re.compile(
    r"\\(?=(?:href|url|require|mmlToken|class|cssId|style|data|html\w*|unicode|bbox|csname|def|edef|gdef|let"
    r"|newcommand|renewcommand|newenvironment|DeclareMathOperator)\b)"
)


def is_picture(kind: Any, value: Any, limit: int = 20 << 20) -> bool:
    """Return whether this is a picture, which is base64 and nothing else: it ends up in an address."""
    return (
        isinstance(kind, str)
        and kind in PICTURES
        and isinstance(value, str)
        and len(value) <= limit
        and bool(_BASE64.match(value))
    )


def harmless(text: str, attached: Iterable[str] = ()) -> str:
    """Return Markdown in which tags, scripts' addresses and TeX commands that make links are only text.

    So are entities, which could spell any of these, and pictures that are not ``attached``: nbconvert refuses the
    whole page for one of them. Long text is shown as it is, without being read as Markdown.
    """
    there = set(attached)
    text = _ENTITY.sub(
        "& ", _TAG.sub("< ", text)
    )  # a space, because Markdown undoes any other escape in addresses
    text = _RUNS.sub("(no script)", text)
    text = _TEX.sub(r"\\backslash ", text)
    text = _ATTACHED.sub(lambda found: found[0] if found[1] in there else f"(not attached) {found[1] or ''}", text)
    return verbatim(text) if len(text) > LONG else text


def verbatim(text: str) -> str:
    """Return Markdown that shows a text as it is: a block of code, in lines so short that no converter is slow."""
    lines = (line[start : start + LINE] for line in text.splitlines() for start in range(0, len(line) or 1, LINE))
    return "\n".join(f"    {line}" for line in lines)
