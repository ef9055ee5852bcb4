"""The book on paper: one chapter as ``make pdf`` prints it, read with a PDF reader; and printing from a page."""

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

CHAPTER = "losses-bce-versus-ce"
PHOTOS = "practice-residual-network"
TITLE = "5. BCE against CE: BCEWithLogitsLoss or CrossEntropyLoss?"


@pytest.fixture(scope="module")
def printed(book: Path, tmp_path_factory: pytest.TempPathFactory) -> PdfReader:
    target = tmp_path_factory.mktemp("pdf") / "book.pdf"
    # A process of its own: Playwright does not start twice in one.
    command = f"from pathlib import Path; from lossbook.sphinx import pdf; pdf.print_book(Path({str(book)!r}), "
    command += f"Path({str(target)!r}), pdf.find_chromium(), [{CHAPTER!r}, {PHOTOS!r}, 'reference-sheet'])"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return PdfReader(target)


def bookmarks(reader: PdfReader, entries: Any = None) -> Iterator[tuple[str, int]]:
    for entry in reader.outline if entries is None else entries:
        if isinstance(entry, list):
            yield from bookmarks(reader, entry)
        else:
            yield str(entry.title), reader.get_destination_page_number(entry) + 1


def links(reader: PdfReader) -> list[Any]:
    marks = [mark.get_object() for page in reader.pages for mark in page.get("/Annots") or []]
    return [mark for mark in marks if mark["/Subtype"] == "/Link"]


def test_bookmarks_are_the_headings(printed: PdfReader) -> None:
    found = dict(bookmarks(printed))
    assert {"Sigmoid or softmax?", "Contents", TITLE, "5.1. A question to start with"} <= set(found), list(found)
    assert found["Contents"] < found[TITLE]


def test_contents_tell_the_page_of_each_chapter(printed: PdfReader) -> None:
    places = dict(bookmarks(printed))
    contents = " ".join(printed.pages[places["Contents"] - 1].extract_text().split())
    for title in (TITLE, "One page to print"):
        assert f"{title} {places[title]}" in contents
        beginning = " ".join(printed.pages[places[title] - 1].extract_text().split())
        assert title.split(". ")[-1] in beginning


def test_links_lead_to_a_place_in_the_file_or_to_the_web(printed: PdfReader) -> None:
    found = links(printed)
    inside = [link["/Dest"] for link in found if "/Dest" in link]
    assert len(inside) >= 3  # both chapters in the contents, and an equation
    assert set(inside) <= set(printed.named_destinations)
    outside = {link["/A"]["/URI"] for link in found if "/A" in link}
    assert all(address.startswith("https://") for address in outside), outside


def test_photos_are_printed(printed: PdfReader, book: Path) -> None:
    shown = (book / "practice" / "residual-network.html").read_text(encoding="utf-8").count('<img loading="lazy"')
    assert shown
    assert sum(len(page.images) for page in printed.pages) == shown


def test_paper_has_text_and_no_controls(printed: PdfReader) -> None:
    text = "\n".join(page.extract_text() for page in printed.pages)
    assert "cross-entropy" in text
    assert "Solution" in text  # unfolded
    for control in (
        "Show the code",
        "Hide the code",
        "Start reading",
        "Print this",
        "Reset",
        "\N{REPLACEMENT CHARACTER}",
    ):
        assert control not in text


def test_text_is_set_in_fonts_and_not_in_pictures_of_letters(printed: PdfReader) -> None:
    page = printed.pages[dict(bookmarks(printed))[TITLE] - 1]
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert fonts
    assert {font["/Subtype"] for font in fonts} == {"/Type0"}


def test_sheet_is_one_page(printed: PdfReader) -> None:
    assert dict(bookmarks(printed))["One page to print"] == len(printed.pages)


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme="dark")
    context.add_init_script("window.print = () => { window.printed = (window.printed ?? 0) + 1; }")
    yield context.new_page()
    context.close()


def test_button_prints_the_sheet_on_one_page(page: Page, base: str) -> None:
    page.goto(f"{base}reference/sheet.html")
    page.get_by_role("button", name="Print this").click()
    assert page.evaluate("window.printed") == 1
    reader = PdfReader(io.BytesIO(page.pdf(format="A4")))
    assert len(reader.pages) == 1
    assert "Print this" not in reader.pages[0].extract_text()


def test_chapter_on_paper_is_light_and_without_controls(page: Page, base: str) -> None:
    page.goto(f"{base}losses/bce-versus-ce.html")
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for control in (".lb-top", ".lb-nav", ".lb-toc", ".lb-turn", "button", "input[type=range]", "details.hide"):
        expect(page.locator(control).filter(visible=True)).to_have_count(0)
    expect(page.locator("details.solution .lb-folded__content").first).to_be_visible()
    assert page.locator("main").evaluate("(main) => main.scrollWidth <= main.clientWidth")
