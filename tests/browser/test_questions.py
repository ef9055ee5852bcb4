"""Every question that the course grew out of has an answer, and a place where the book runs it."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROWS = {"0": "abcdefg", "1": "abcdefg", "2": "abcdefg", "3": "abcdefgh", "4": "abcdef"}
"""Five sources (two forum threads, three articles), and the questions of each."""

IDS = [f"q-{source}{letter}" for source, letters in ROWS.items() for letter in letters]


@pytest.fixture(scope="module")
def answers(book: Path) -> dict[str, str]:
    """The HTML between each anchor ``q-...`` and the next one."""
    page = (book / "reference" / "questions.html").read_text(encoding="utf-8")
    parts = re.split(r'\bid="(q-\w+)"', page)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def ids_in(page: Path) -> set[str]:
    return set(re.findall(r'\bid="([^"]+)"', page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("question", IDS)
def test_question_is_answered_and_leads_to_a_place_in_the_book(
    book: Path, answers: dict[str, str], question: str
) -> None:
    assert question in answers, f"reference/questions.md has no ({question})= yet"
    answer = answers[question].split("<h2", 1)[0]
    links = [
        urlsplit(unescape(link)) for link in re.findall(r'<a class="reference internal" href="([^"]+)"', answer)
    ]
    assert links, f"{question} leads nowhere"
    for link in links:
        target = (
            (book / "reference" / unquote(link.path)).resolve() if link.path else book / "reference/questions.html"
        )
        assert target.is_file(), f"{question} leads to {link.path}, which is not in the book"
        assert not link.fragment or link.fragment in ids_in(target), (
            f"{question} leads to {link.geturl()}: no such place"
        )


def test_page_holds_no_question_that_nobody_asked(answers: dict[str, str]) -> None:
    assert sorted(answers) == IDS
