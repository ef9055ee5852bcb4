"""Makes feedback pages safe to open: what learners' code put out must not run in the instructor's browser.

nbconvert's own ``sanitize_html`` escapes even plain tags such as ``<p>`` and so ruins the reports; this keeps
them, their classes and their links, and drops everything that could run.
"""

import time
from importlib import resources
from typing import Any

import bleach
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode

from lossbook.autograde.harmless import FILE_NAME, harmless, is_picture, verbatim

MUCH_TEXT = 60_000  # characters of a learner's Markdown on one page: what follows is shown as it is
MANY_TAGS = 2_000  # in one output: more than our reports have, and few enough for the cleaner
SECONDS = 10.0  # for a page's outputs: of what is not cleaned by then the plain text is shown

TAGS = frozenset(
    """
    a abbr b blockquote br code dd details div dl dt em h1 h2 h3 h4 hr i img li ol p pre s small span strong sub
    summary sup table tbody td th thead tr ul
    """.split()  # noqa: SIM905
)


def _of_image(tag: str, name: str, value: str) -> bool:
    """Allow pictures that come with the page: one from elsewhere would tell that somebody looks."""
    return name in ("alt", "width", "height") or (name == "src" and value.startswith("data:image/"))


def _of_link(tag: str, name: str, value: str) -> bool:
    return name == "href" and value.startswith(("http://", "https://", "#"))


ATTRIBUTES = {"*": ["class", "title"], "a": _of_link, "img": _of_image}


class CleanFeedback(Preprocessor):
    """Keeps text and pictures of the outputs, cleans their HTML, and takes HTML out of learners' own text."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Clean every cell, and put the reports' style into the page once.

        Of the notebook's metadata only the kernel and its language stay: a widget's state, for one, makes the page
        load whatever module it names.
        """
        self._text, self._end = 0, time.monotonic() + SECONDS
        nb.metadata = NotebookNode(
            {name: nb.metadata[name] for name in ("kernelspec", "language_info") if name in nb.metadata}
        )
        nb, resources = super().preprocess(nb, resources)
        if nb.cells:
            nb.cells[0] = _with_style(nb.cells[0])
        return nb, resources

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Clean one cell."""
        if cell.cell_type == "code":
            for output in cell.outputs:
                if "data" in output:
                    output.data = _clean(output.data, time.monotonic() < self._end)
        elif not _is_ours(cell):
            cell.attachments = _pictures(cell.get("attachments", {}))
            self._text += len(cell.source)
            cell.source = harmless(cell.source, cell.attachments)
            if self._text > MUCH_TEXT:
                cell.source = verbatim(cell.source)
        return cell, resources


def _is_ours(cell: NotebookNode) -> bool:
    """Return whether nbgrader put the cell back to what was released: it knows it by its name."""
    entry = cell.metadata.get("nbgrader", {})
    return bool(entry.get("locked") and entry.get("grade_id"))


def _pictures(attachments: NotebookNode) -> NotebookNode:
    kept = {
        name: {kind: value for kind, value in bundle.items() if is_picture(kind, value)}
        for name, bundle in attachments.items()
        if FILE_NAME.match(name)
    }
    return NotebookNode({name: bundle for name, bundle in kept.items() if bundle})


def _clean(data: NotebookNode, in_time: bool = True) -> NotebookNode:
    kept = {kind: value for kind, value in data.items() if kind == "text/plain" or is_picture(kind, value)}
    if "text/latex" in data:
        kept["text/latex"] = harmless(str(data["text/latex"]))
    markup = _without_styles(str(data.get("text/html", "")))
    if markup and in_time and markup.count("<") <= MANY_TAGS:
        kept["text/html"] = bleach.clean(
            markup, tags=TAGS, attributes=ATTRIBUTES, protocols=["http", "https", "data"]
        )
    return NotebookNode(kept)


def _without_styles(markup: str) -> str:
    """Return HTML without style elements: bleach would show their text."""
    kept, rest = [], markup
    while rest:
        before, found, inside = rest.partition("<style")
        kept.append(before)
        _, closed, after = inside.partition("</style>")
        if not closed:  # bleach sees to what is left
            return "".join([*kept, found, inside])
        rest = after
    return "".join(kept)


def _with_style(cell: NotebookNode) -> NotebookNode:
    """Return a Markdown cell with the reports' style sheet in front, which the page needs once."""
    if cell.cell_type == "markdown":
        style = resources.files("lossbook").joinpath("grader", "report.css").read_text(encoding="utf-8")
        cell.source = f"<style>\n{style}</style>\n\n{cell.source}"
    return cell
