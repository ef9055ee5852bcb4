"""What the search knows: each section of the book with its title, its text and its place.

Sphinx's own search knows pages, wants every word on one page, and ranks by titles alone: an error message with
sizes in it finds nothing, or the longest chapter. Ours knows sections, glossary terms, functions and questions.
The text goes into one script that the search page loads; ``search.js`` ranks it.
"""

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from lossbook.sphinx.paths import STATIC

_FOLDED_CODE = {"tag_hide-input", "tag_hide-cell", "tag_remove-input", "tag_remove-cell"}
_SKIPPED = (nodes.math, nodes.math_block, nodes.comment, nodes.target, nodes.system_message, nodes.image)
_DRAWING = re.compile(r"<(svg|style|script)\b.*?</\1>|<p><code>.*?</p>", re.DOTALL)
"""Also the calls in the lists of mistakes: nobody looks for these numbers."""
_TAG = re.compile(r"<[^>]*>")


class Place(NamedTuple):
    """Somewhere that a search can lead to."""

    anchor: str
    """Id on the page; empty for its beginning."""
    title: str
    text: str


def places(document: nodes.document) -> list[Place]:
    """Return what can be found on a page, in its order.

    Args:
        document: Its resolved doctree: with the outputs of cells, and with computed numbers in the text.
    """
    found: list[Place] = []
    for section in document.findall(nodes.section):
        if not isinstance(section.parent, nodes.document | nodes.section):
            continue  # the inside of an exercise or a solution: its text counts for the section around it
        title = next(iter(section.findall(nodes.title)), None)
        anchor = "" if section.parent is document else _anchor(section)
        found.append(Place(anchor, _text(title), _text_of_section(section)))
        found += _entries(section)
    return found


def _anchor(section: nodes.section) -> str:
    """Return the author's label, which comes last, and not a number that docutils gave."""
    return [name for name in section["ids"] if not re.fullmatch(r"id\d+", name)][-1]


def _text_of_section(section: nodes.section) -> str:
    return _text(*(part for part in section if not isinstance(part, nodes.section | nodes.title)))


def _entries(section: nodes.section) -> Iterator[Place]:
    """Yield terms of a glossary, functions and classes, and questions: paragraphs with an anchor of their own."""
    for part in section:
        if isinstance(part, addnodes.glossary):
            yield from map(_term, part.findall(nodes.definition_list_item))
        elif isinstance(part, addnodes.desc):
            yield _signature(part)
        elif isinstance(part, nodes.paragraph) and part["ids"]:
            yield from _question(part)


def _question(paragraph: nodes.paragraph) -> Iterator[Place]:
    first, *others = [part for part in paragraph if part.astext().strip()]
    if isinstance(first, nodes.strong):
        yield Place(paragraph["ids"][-1], _text(first), _text(*others))


def _term(item: nodes.definition_list_item) -> Place:
    terms = list(item.findall(nodes.term))
    return Place(terms[0]["ids"][-1], ", ".join(map(_text, terms)), _text(item[-1]))


def _signature(described: addnodes.desc) -> Place:
    signature = next(iter(described.findall(addnodes.desc_signature)))
    anchor = signature["ids"][-1] if signature["ids"] else ""
    return Place(anchor, anchor, _text(described))


def _text(*parts: nodes.Node | None) -> str:
    """Return what a reader sees there in one line: without formulas, drawings and the code that is folded away."""
    return " ".join(" ".join(piece for part in parts if part is not None for piece in _pieces(part)).split())


def _pieces(part: nodes.Node) -> Iterator[str]:
    if isinstance(part, nodes.raw):
        yield html.unescape(_TAG.sub(" ", _DRAWING.sub("", part.astext()))) if "html" in part["format"] else ""
    elif isinstance(part, nodes.Text):
        yield part.astext()
    elif not isinstance(part, _SKIPPED) and not _is_folded_code(part):
        inside = (piece for child in part.children for piece in _pieces(child))
        # What stands in one line belongs together: "log_softmax" must not become "log _softmax".
        yield "".join(inside) if isinstance(part, nodes.TextElement) else " ".join(inside)


def _is_folded_code(part: nodes.Node) -> bool:
    if not isinstance(part, nodes.Element) or "cell_input" not in part["classes"]:
        return False
    around: nodes.Node | None = part.parent
    while isinstance(around, nodes.Element) and "cell" not in around["classes"]:
        around = around.parent
    return isinstance(around, nodes.Element) and bool(_FOLDED_CODE.intersection(around["classes"]))


def _kept_in(app: Sphinx) -> Path:
    return Path(app.doctreedir) / "search"


def _keep(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Keep what a page holds: the next build may leave the page as it is, and writes the whole script anew."""
    if doctree is None or app.builder.name != "html":
        return
    file = _kept_in(app) / f"{pagename}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(places(doctree), ensure_ascii=False), encoding="utf-8")


def write(app: Sphinx, static: Path) -> None:
    """Write the script of the search page, and the one with all places that it ranks."""
    book = []
    for name in sorted(app.env.found_docs):
        file = _kept_in(app) / f"{name}.json"
        if file.exists():
            found = json.loads(file.read_text(encoding="utf-8"))
            book.append({"page": app.builder.get_target_uri(name), "title": found[0][1], "places": found})
    data = json.dumps(book, ensure_ascii=False, separators=(",", ":"))
    (static / "search-data.js").write_text(f"const lossbookPages = {data};\n", encoding="utf-8")
    (static / "search.js").write_text((STATIC / "js" / "search.js").read_text(encoding="utf-8"), encoding="utf-8")


def _replace_sphinxs(app: Sphinx) -> None:
    if app.builder.name == "html":
        app.builder.search = False  # type: ignore[attr-defined]


def _page(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    if app.builder.name == "html":
        yield "search", {}, "search.html"


def setup(app: Sphinx) -> None:
    """Take Sphinx's search out and put the page of ours in its place."""
    app.connect("builder-inited", _replace_sphinxs)
    app.connect("html-collect-pages", _page)
    app.connect("html-page-context", _keep)
