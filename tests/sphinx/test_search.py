"""What the search knows of a page: its sections, with labels as anchors, and what stands out of the text."""

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from sphinx import addnodes

from lossbook.sphinx.search import Place, places

PAGE = """
Losses
======

About :math:`x` losses.

.. _pos-weight:

The weight of a yes
-------------------

For **rare** ones.

One level down
~~~~~~~~~~~~~~

Deeper.
"""


def test_each_section_is_a_place_with_its_own_text() -> None:
    assert places(publish_doctree(PAGE, settings_overrides={"doctitle_xform": False})) == [
        Place("", "Losses", "About losses."),
        Place("pos-weight", "The weight of a yes", "For rare ones."),
        Place("one-level-down", "One level down", "Deeper."),
    ]


def document(*parts: nodes.Node) -> nodes.document:
    page = publish_doctree("")
    page += nodes.section("", nodes.title("", "Page"), *parts, ids=["page"])
    return page


def cell(*classes: str) -> nodes.container:
    code = nodes.container("", nodes.literal_block("", "fig.show()"), classes=["cell_input"])
    output = nodes.container("", nodes.literal_block("", "loss 0.69"), classes=["cell_output"])
    return nodes.container("", code, output, classes=["cell", *classes])


@pytest.mark.parametrize(("tag", "text"), [("tag_other", "fig.show() loss 0.69"), ("tag_hide-input", "loss 0.69")])
def test_outputs_are_found_and_folded_code_is_not(tag: str, text: str) -> None:
    assert places(document(cell(tag)))[0].text == text


def test_numbers_that_docutils_gives_are_no_anchors() -> None:
    section = nodes.section("", nodes.title("", "Class weights"), ids=["class-weights", "id1"])
    assert places(document(section))[1].anchor == "class-weights"


def test_inside_of_an_exercise_belongs_to_the_section_around_it() -> None:
    inside = nodes.section("", nodes.paragraph("", "How sure?"), ids=["exercise-content"])
    assert places(document(nodes.admonition("", inside))) == [Place("", "Page", "How sure?")]


def test_questions_and_terms_are_places_of_their_own() -> None:
    question = nodes.paragraph("", "", nodes.strong("", "Which loss?"), nodes.Text(" BCE."), ids=["q-0b"])
    term = nodes.definition_list_item(
        "",
        nodes.term("", "CE", ids=["term-CE"]),
        nodes.term("", "Cross-entropy", ids=["term-Cross-entropy"]),
        nodes.definition("", nodes.paragraph("", "Mean surprise.")),
    )
    glossary = addnodes.glossary("", nodes.definition_list("", term))
    assert places(document(question, glossary))[1:] == [
        Place("q-0b", "Which loss?", "BCE."),
        Place("term-CE", "CE, Cross-entropy", "Mean surprise."),
    ]


def test_drawings_and_the_numbers_of_mistakes_are_left_out() -> None:
    html = "<svg><text>0.25</text></svg><p>too &lt; small</p><p><code>f(1)</code> gives 2</p>"
    assert places(document(nodes.raw("", html, format="html")))[0].text == "too < small"
