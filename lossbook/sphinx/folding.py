"""Folded boxes as ``<details>``: they open without a script, by keyboard, in print and when searched.

Any admonition or solution with ``:class: dropdown`` becomes one. This stands in for sphinx-togglebutton's
script, which leaves everything unfolded where scripts do not run.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import admonitionlabels
from sphinx.writers.html5 import HTML5Translator


class folded(nodes.General, nodes.Element):
    """A box of which only the title shows until it is opened."""


class folded_title(nodes.Part, nodes.TextElement):
    """The line that opens and closes it."""


def fold(doctree: nodes.document) -> None:
    """Replace each box of class ``dropdown`` in ``doctree`` by a `folded` one."""
    for box in [node for node in doctree.findall(nodes.Element) if _is_dropdown(node)]:
        # Not replace_self: that would hand on the class "dropdown".
        box.parent.replace(box, _folded(box))


def _is_dropdown(node: nodes.Element) -> bool:
    if isinstance(node, folded) or "dropdown" not in node["classes"]:
        return False
    return isinstance(node, nodes.Admonition) or (bool(node.children) and isinstance(node[0], nodes.title))


def _folded(box: nodes.Element) -> folded:
    title, content = _title_and_content(box)
    classes = [name for name in box["classes"] if name != "dropdown"]
    if isinstance(box, nodes.Admonition) and box.tagname != "admonition":
        classes.append(box.tagname)
    summary = folded_title("", "", *title)
    for link in list(summary.findall(nodes.reference)):
        # A click on the title opens the box: no link may stand in its way.
        link.replace_self(link.children)
    return folded("", summary, *content, ids=box["ids"], classes=["admonition", *classes])


def _title_and_content(box: nodes.Element) -> tuple[list[nodes.Node], list[nodes.Node]]:
    """Split a box. A hint or note has no title of its own: it shows what it is called."""
    if box.children and isinstance(box[0], nodes.title):
        return list(box[0].children), list(box.children[1:])
    return [nodes.Text(admonitionlabels[box.tagname])], list(box.children)


def _fold_document(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if app.builder.format == "html":
        fold(doctree)


def _visit_box(translator: HTML5Translator, node: folded) -> None:
    translator.body.append(translator.starttag(node, "details", CLASS="lb-folded"))


def _depart_box(translator: HTML5Translator, node: folded) -> None:
    translator.body.append("</div></details>\n")


def _visit_title(translator: HTML5Translator, node: folded_title) -> None:
    translator.body.append('<summary class="admonition-title">')


def _depart_title(translator: HTML5Translator, node: folded_title) -> None:
    translator.body.append('</summary><div class="lb-folded__content">\n')


def setup(app: Sphinx) -> None:
    """Register the nodes, and fold each document once all references in it are resolved."""
    app.add_node(folded, html=(_visit_box, _depart_box))
    app.add_node(folded_title, html=(_visit_title, _depart_title))
    app.connect("doctree-resolved", _fold_document, priority=900)
