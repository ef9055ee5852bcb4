"""Short formulas and short code in a sentence stay in one line.

A browser may end a line at each operator of a formula and at each space of a piece of code: ``(N,`` here and
``C)`` in the next line. What fits on the narrowest phone is not worth that.
"""

import html
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

WHOLE = "lb-whole"
"""The class of what may not break."""

LONGEST_FORMULA = 24
LONGEST_CODE = 18

_TAG = re.compile(r"<[^>]+>")
_CODE = re.compile(r'<code class="(docutils literal[^"]*)">(.*?)</code>', re.DOTALL)
_PLACE_TO_BREAK = re.compile(r"[\s/-]")
_WIDTHLESS = "\u200b"


def is_short_formula(rendered: str) -> bool:
    """Tell whether a formula, as KaTeX's HTML, is short enough to stay in one line."""
    visible = rendered.partition('class="katex-html"')[2].partition(">")[2]
    return len(_text(visible).replace(_WIDTHLESS, "")) <= LONGEST_FORMULA


def keep_code_whole(body: str) -> str:
    """Return a page on which short pieces of code inside sentences have a class that keeps them in one line."""
    return _CODE.sub(_whole, body)


def _whole(code: re.Match[str]) -> str:
    text = _text(code[2])
    if len(text) > LONGEST_CODE or not _PLACE_TO_BREAK.search(text):
        return code[0]
    return f'<code class="{code[1]} {WHOLE}">{code[2]}</code>'


def _text(markup: str) -> str:
    return html.unescape(_TAG.sub("", markup))


def _keep_code_of_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    context["body"] = keep_code_whole(context.get("body", ""))


def setup(app: Sphinx) -> None:
    """Do so on each page."""
    app.connect("html-page-context", _keep_code_of_page)
