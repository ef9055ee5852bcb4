"""What points into the book hits something: the reports' places to read, and links from page to page."""

import re
from html import unescape
from urllib.parse import unquote, urlsplit

import pytest

from lossbook.exercises import exercise_names, get_exercise

PLACES = sorted(
    {
        tuple(mistake.place(exercise.chapter).split("#"))
        for exercise in map(get_exercise, exercise_names())
        for mistake in exercise.mistakes
    }
)


def anchors(path):
    return set(re.findall(r'\bid="([^"]+)"', path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(("chapter", "anchor"), PLACES)
def test_the_place_that_a_report_names_is_in_the_book(book, chapter, anchor):
    page = book / f"{chapter}.html"
    assert page.exists()
    assert anchor in anchors(page)


def test_every_link_inside_the_book_leads_somewhere(book, page_path):
    page = book / page_path
    broken = []
    for address in map(unescape, re.findall(r'<a [^>]*href="([^"]+)"', page.read_text(encoding="utf-8"))):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        target = target / "index.html" if target.is_dir() else target
        fragment = unquote(parts.fragment)
        if not target.exists() or (fragment and target.suffix == ".html" and fragment not in anchors(target)):
            broken.append(address)
    assert broken == []


def test_common_mistakes_lists_every_exercise_and_mistake(book):
    text = (book / "reference" / "common-mistakes.html").read_text(encoding="utf-8")
    for exercise in map(get_exercise, exercise_names()):
        assert f'common_mistakes("{exercise.name}")' in text or f">{exercise.name}</" in text
        for mistake in exercise.mistakes:
            assert f"<strong>{mistake.name}</strong>" in text
