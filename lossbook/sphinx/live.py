"""Exercises inside a page: ``{live}`` for one that is checked, ``{playground}`` for code of any kind.

Both write plain text that needs no script: what to do, the code to start from, and hints and solution, folded.
Where scripts run, ``static/live/live.js`` turns that into an editor.
"""

import html
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from lossbook.live.twins import Twin, twin_of
from lossbook.sphinx import live_assets
from lossbook.sphinx.folding import folded, folded_title

_EXAMPLE = "%% "


class live_box(nodes.General, nodes.Element):
    """The element ``<live-exercise>`` with what it shows where no script runs."""


class example_bar(nodes.General, nodes.Element):
    """A button for each example, there from the start, so that nothing moves when the script comes."""


class LiveDirective(SphinxDirective):
    """``{live} softmax``: write this function here. The text below it says what to do."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the box with title, text, starting point, hints and solution."""
        name = self.arguments[0]
        try:
            twin = twin_of(name)
        except KeyError as unknown:
            raise self.error(str(unknown.args[0])) from None
        if any(box["name"] == name for box in self.state.document.findall(live_box)):
            raise self.error(f"{name} stands on this page already: one box keeps one reader's code")
        return [
            live_box(
                "",
                _title(nodes.Text("Write it here: "), nodes.literal("", name)),
                _text(self),
                _code(twin.starter),
                *self._hints(twin),
                _folded("Solution", _listing(twin.answer), classes=["lb-live__solution"]),
                name=name,
                kind="exercise",
            )
        ]

    def _hints(self, twin: Twin) -> list[nodes.Node]:
        total = len(twin.hints)
        boxes: list[nodes.Node] = []
        for number, hint in enumerate(twin.hints, start=1):
            text, _ = self.state.inline_text(hint, self.lineno)
            content = nodes.paragraph("", "", *text)
            boxes.append(_folded(f"Hint {number} of {total}", content, classes=["lb-live__hint"]))
        return boxes


class PlaygroundDirective(SphinxDirective):
    """``{playground} name``: code that a reader may change and run; it is printed and plotted, not checked.

    A line ``%% Title`` begins another example. The first one is what the box starts with.
    """

    required_arguments = 1
    final_argument_whitespace = False
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"title": str}

    def run(self) -> list[nodes.Node]:
        """Return the box with the code that it starts with, and the other examples, folded."""
        self.assert_has_content()
        title = _title(nodes.Text(self.options.get("title", "Try it here")))
        (start, code), *others = examples(list(self.content))
        folds = [_folded(name, _listing(text), classes=["lb-live__example"]) for name, text in others]
        bar = [example_bar(titles=[start, *(name for name, _ in others)])] if others else []
        return [live_box("", title, *bar, _code(code), *folds, name=self.arguments[0], kind="playground")]


def examples(lines: list[str]) -> list[tuple[str, str]]:
    """Split a playground's text into pairs of a title ("" where there is none) and code."""
    found: list[tuple[str, list[str]]] = [] if lines[0].startswith(_EXAMPLE) else [("", [])]
    for line in lines:
        if line.startswith(_EXAMPLE):
            found.append((line.removeprefix(_EXAMPLE).strip(), []))
        else:
            found[-1][1].append(line)
    return [(title, "\n".join(code).strip("\n") + "\n") for title, code in found]


def _title(*text: nodes.Node) -> nodes.Node:
    return nodes.paragraph("", "", *text, classes=["lb-live__title"])


def _text(directive: SphinxDirective) -> nodes.Node:
    text = nodes.container(classes=["lb-live__prompt"])
    directive.state.nested_parse(directive.content, directive.content_offset, text)
    return text


def _code(code: str) -> nodes.Node:
    return nodes.container("", _listing(code), classes=["lb-live__starter"])


def _listing(code: str) -> nodes.Node:
    return nodes.literal_block(code, code, language="python")


def _folded(title: str, *content: nodes.Node, classes: list[str]) -> nodes.Node:
    return folded("", folded_title("", title), *content, classes=["admonition", "hint", *classes])


def _visit(translator: HTML5Translator, node: live_box) -> None:
    data = {f"data-{key}": node[key] for key in ("name", "kind")}
    translator.body.append(translator.starttag(node, "live-exercise", CLASS="lb-live", **data))


def _depart(translator: HTML5Translator, node: live_box) -> None:
    translator.body.append("</live-exercise>\n")


def _visit_bar(translator: HTML5Translator, node: example_bar) -> None:
    buttons = "".join(f'<button type="button">{html.escape(title)}</button>' for title in node["titles"])
    translator.body.append(
        '<div class="lb-live__examples" role="group" aria-label="Examples">'
        f'<span aria-hidden="true">Examples</span>{buttons}</div>\n'
    )
    raise nodes.SkipNode


def _describe_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let only pages with such a box load its script."""
    if doctree is not None and next(iter(doctree.findall(live_box)), None) is not None:
        context["lossbook_live_version"] = live_assets.version()


def setup(app: Sphinx) -> None:
    """Register the directives and their node."""
    app.add_node(live_box, html=(_visit, _depart))
    app.add_node(example_bar, html=(_visit_bar, None))
    app.add_directive("live", LiveDirective)
    app.add_directive("playground", PlaygroundDirective)
    app.connect("html-page-context", _describe_page)
