"""Feedback pages run nothing of what a learner put into outputs or text, and keep the reports."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from lossbook.autograde.feedback import CleanFeedback
from lossbook.exercises import get_exercise
from lossbook.grader import evaluate

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)></svg>",
    '<a href="javascript:alert(1)">x</a>',
    '<iframe src="https://example.org"></iframe>',
    "<style>@import 'https://example.org/x.css'</style>",
    '<div style="background:url(https://example.org)">x</div>',
    "<ScRiPt>alert(1)</sCrIpT>",
]


def cleaned(*cells):
    notebook, _ = CleanFeedback(enabled=True)(new_notebook(cells=list(cells)), {})
    return notebook.cells


@pytest.mark.parametrize("attack", ATTACKS)
def test_html_output_loses_what_could_run(attack):
    output = new_output("display_data", data={"text/html": attack + "<p>kept</p>"})
    _, cell = cleaned(new_markdown_cell("first"), new_code_cell("x", outputs=[output]))
    markup = cell.outputs[0].data["text/html"].lower()
    assert "<p>kept</p>" in markup
    for live in ("<script", "<svg", "<iframe", "<style", "onerror=alert", "javascript:", "style="):
        assert live not in markup.replace("&lt;", "")


@pytest.mark.parametrize(
    "kind", ["application/javascript", "image/svg+xml", "application/vnd.jupyter.widget-view+json"]
)
def test_outputs_that_are_programs_are_dropped(kind):
    output = new_output("display_data", data={kind: "alert(1)", "text/plain": "kept"})
    _, cell = cleaned(new_markdown_cell("first"), new_code_cell("x", outputs=[output]))
    assert cell.outputs[0].data == {"text/plain": "kept"}


@pytest.mark.parametrize("attack", ATTACKS[:3])
def test_a_learners_own_text_is_text(attack):
    _, cell = cleaned(new_markdown_cell("first"), new_markdown_cell(f"hello {attack} and a < b"))
    assert attack not in cell.source
    assert "a < b" in cell.source


def test_a_report_passes_unharmed():
    report = evaluate("softmax", get_exercise("softmax").mistakes[0].function, seed=0)
    output = new_output("display_data", data={"text/html": report._repr_html_()})
    first, cell = cleaned(new_markdown_cell("first"), new_code_cell("x", outputs=[output]))
    markup = cell.outputs[0].data["text/html"]
    assert markup.count("<li>") == len(report.aspects)
    assert "<details>" in markup
    assert "&lt;" not in markup
    assert ".lossbook-report" in first.source
