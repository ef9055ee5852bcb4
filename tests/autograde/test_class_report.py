"""The report on a class: counts, wording, and that strangers' text cannot do anything in it."""

import io

import pytest
from rich.console import Console

from lossbook.autograde import class_page
from lossbook.autograde.class_report import summarise
from lossbook.autograde.gradebook import GRADED, NOT_GRADED, Standing
from lossbook.autograde.marking import Finding
from lossbook.exercises import get_exercise

SIGMOID = get_exercise("sigmoid")


def finding(earned=0, mistake="", failed=("values",), forbidden=(), unsolved=False, besides=""):
    return Finding("sigmoid", earned, SIGMOID.points, mistake, failed, forbidden, unsolved, 1, besides)


def standing(*findings, remarks=(), status=GRADED):
    return Standing(status, "f", "v", findings, remarks)


@pytest.fixture
def report():
    name, other = (mistake.name for mistake in SIGMOID.mistakes[:2])
    return summarise(
        "01-probabilities",
        {
            "ada": standing(finding(SIGMOID.points, failed=())),
            "ben": standing(finding(2, name)),
            "cleo": standing(finding(1, name, failed=("values", "gradient"), besides=other)),
            "dora": standing(finding(unsolved=True)),
            "<script>alert(1)</script>\x1b[2J": standing(
                finding(forbidden=("sigmoid",)), remarks=("called <b>torch</b>",)
            ),
            "fred": standing(finding(0, "")),
            "gina": standing(status=NOT_GRADED, remarks=("the disk is full",)),
        },
    )


def test_it_counts_learners_points_and_mistakes(report):
    (sigmoid,) = report.exercises
    assert (sigmoid.learners, sigmoid.solved, sigmoid.unsolved, sigmoid.forbidden) == (6, 1, 1, 1)
    assert [(m.title, m.learners) for m in sigmoid.mistakes] == [
        (SIGMOID.mistakes[0].title, 2),
        (SIGMOID.mistakes[1].title, 1),
    ]
    assert sigmoid.unexplained == 1
    assert dict(sigmoid.aspects) == {"values": 3, "gradient": 1}
    assert sigmoid.mean == pytest.approx((SIGMOID.points + 3) / 6)


def test_work_that_was_not_graded_is_no_zero(report):
    assert len(report.totals) == 6
    assert report.not_graded == {"gina": "the disk is full"}


def test_the_histogram_counts_everybody_once(report):
    assert sum(count for _, count in report.histogram) == len(report.totals)
    assert report.histogram[-1][0].endswith(str(SIGMOID.points))


def test_the_page_runs_nothing_and_loads_nothing(report):
    page = class_page.as_html(report)
    assert "<script" not in page
    assert "<b>" not in page
    assert "\x1b" not in page
    assert "src=" not in page
    assert SIGMOID.mistakes[0].title in page.replace("&#x27;", "'").replace("&lt;", "<").replace("&gt;", ">")


def test_the_terminal_shows_counts_and_no_control_characters(report):
    printed = io.StringIO()
    class_page.show(report, Console(file=printed, width=100))
    text = printed.getvalue()
    assert "1 of 6 solved it" in text
    assert "the disk is full" in text
    assert "\x1b" not in text


def test_a_set_that_nobody_has_a_grade_in():
    empty = summarise("01-probabilities", {})
    assert "nobody" in class_page.as_html(empty)
