"""What a reader does with the book: search, switch the theme, take a chapter along, read below any path."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from lossbook.sphinx import stylesheet
from lossbook.sphinx.paths import PROJECT

CHAPTER = "probabilities/sigmoid-and-softmax.html"


def test_search_finds_the_chapter(page: Page, base: str, watch: Any) -> None:
    watched = watch(page, base)
    page.goto(base)
    page.keyboard.press("/")
    page.keyboard.type("sigmoid")
    page.keyboard.press("Enter")
    result = page.locator(f"#search-results a[href*='{CHAPTER}']").first
    expect(result).to_be_visible(timeout=10_000)
    result.click()
    expect(page.locator("h1")).to_contain_text("softmax")
    assert not watched.problems


def test_theme_button_changes_the_theme_and_the_choice_stays(page: Page, base: str) -> None:
    page.goto(base + CHAPTER)
    paper = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(paper)
    page.locator(".lb-theme-button").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    dark = page.evaluate(paper)
    assert dark != light
    page.reload()
    assert page.evaluate(paper) == dark
    page.locator(".lb-theme-button").click()
    assert page.evaluate(paper) == light


def test_paper_is_light_and_shows_what_is_folded(page: Page, base: str) -> None:
    page.emulate_media(color_scheme="dark")
    page.goto(base + CHAPTER)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    expect(page.locator("details:not([open]):not(.hide)")).to_have_count(0)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_search_terms_are_marked_also_inside_figures(page: Page, base: str) -> None:
    page.goto(base + "index.html?highlight=logit")
    mark = page.locator("rect.highlighted").first
    expect(mark).to_be_attached()
    assert mark.evaluate("(box) => getComputedStyle(box).fill") != "rgb(0, 0, 0)"


def test_figures_follow_the_theme(page: Page, base: str) -> None:
    page.goto(base + CHAPTER)
    colours = """() => {
      const picture = document.querySelector(".lb-figure svg");
      const label = getComputedStyle(picture.querySelector("text")).fill;
      const line = [...picture.querySelectorAll("path")].map((path) => getComputedStyle(path).stroke);
      return [label, ...line.filter((stroke) => stroke !== "none")];
    }"""
    light = page.evaluate(colours)
    page.locator(".lb-theme-button").click()
    dark = page.evaluate(colours)
    same = [colour for colour, other in zip(light, dark, strict=True) if colour == other]
    assert not same, f"colours that stay the same in the dark: {sorted(set(same))}"


def test_chapter_can_be_downloaded_as_a_notebook(page: Page, base: str) -> None:
    page.goto(base + CHAPTER)
    with page.expect_download() as waiting:
        page.locator(".lb-download").click()
    assert waiting.value.suggested_filename == "sigmoid-and-softmax.ipynb"
    notebook = json.loads(Path(waiting.value.path()).read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    assert any(cell["cell_type"] == "code" for cell in notebook["cells"])


def test_menu_opens_and_closes_on_a_phone(page: Page, base: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(base)
    menu = page.get_by_role("navigation", name="Chapters")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Chapters").click()
    expect(menu).to_be_visible()
    expect(menu.get_by_role("link", name="First page")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(page.get_by_role("button", name="Chapters")).to_be_focused()
    page.get_by_role("button", name="Chapters").click()
    menu.get_by_role("link", name="Bibliography").click()
    expect(page.locator("h1")).to_contain_text("Bibliography")


def test_solution_is_folded_and_opens_by_keyboard(page: Page, base: str) -> None:
    page.goto(base + CHAPTER)
    solution = page.locator("details.solution").first
    content = solution.locator(".lb-folded__content")
    expect(content).to_be_hidden()
    solution.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(content).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_link_leads_to_its_section_past_sections_that_were_never_drawn(
    page: Page, base: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(base + "losses/cross-entropy.html")
    section = page.locator("article > section > section").nth(-3)
    anchor = section.get_attribute("id")
    page.evaluate("(anchor) => { location.hash = anchor; }", anchor)
    heading = section.locator("h2").first
    at_the_top = "(box) => { const {top} = box.getBoundingClientRect(); return top > 0 && top < 130; }"
    page.wait_for_function(at_the_top, arg=heading.element_handle())
    page.wait_for_timeout(500)
    assert heading.evaluate(at_the_top), "it does not stay there"
    page.reload()
    page.wait_for_function(at_the_top, arg=heading.element_handle())


LAST_IS_LAID_OUT = """() => [...document.querySelectorAll("article > section > section")].at(-1)
  .firstElementChild.nextElementSibling.checkVisibility({contentVisibilityAuto: true})"""


def test_a_page_is_laid_out_to_its_end_without_anybody_scrolling(page: Page, base: str) -> None:
    page.goto(base + CHAPTER)
    page.wait_for_function("'whole' in document.documentElement.dataset")
    assert page.evaluate(LAST_IS_LAID_OUT)
    # Not at once: without the script that does it, the end waits for the reader.
    page.route("**/book.js*", lambda route: route.abort())
    page.goto(base + "losses/cross-entropy.html")
    assert not page.evaluate(LAST_IS_LAID_OUT)


def test_copy_button_copies_the_code(chromium: Browser, base: str) -> None:
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(base + CHAPTER)
    page.locator(".cell_input .highlight").first.hover()
    page.locator(".cell_input button.copybtn").first.click()
    expect(page.locator("button.copybtn.success")).to_have_count(1)
    assert "import torch" in page.evaluate("navigator.clipboard.readText()")
    context.close()


@pytest.mark.parametrize("path", ["index.html", CHAPTER, "search.html?q=sigmoid"])
def test_book_works_below_a_path(page: Page, deep_base: str, watch: Any, path: str) -> None:
    watched = watch(page, deep_base)
    page.goto(deep_base + path, wait_until="networkidle")
    page.locator(".lb-nav a").last.click()
    page.wait_for_load_state("networkidle")
    assert not watched.problems, f"{path} below {deep_base}: {watched.problems}"


def test_no_path_of_this_machine_is_in_the_book(book: Path) -> None:
    secret = (str(PROJECT).encode(), str(Path.home()).encode() + b"/.", b"ipykernel_")
    found = [
        str(path.relative_to(book))
        for path in book.rglob("*")
        if path.is_file() and any(word in path.read_bytes() for word in secret)
    ]
    assert not found


FONTS_USED = "getComputedStyle(document.documentElement).getPropertyValue('--lb-serif').includes('Book Serif')"


def test_text_is_painted_before_fonts_and_scripts_are_asked_for(chromium: Browser, base: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    # Where nothing is painted for long, a clock has them asked for: on a busy machine that could be here.
    page.add_init_script("const real = setTimeout; self.setTimeout = (f, ms) => real(f, ms === 500 ? 1e6 : ms);")
    page.goto(base + CHAPTER, wait_until="networkidle")
    painted, asked = page.evaluate(
        """() => [performance.getEntriesByName("first-contentful-paint")[0].startTime,
                  performance.getEntriesByType("resource").map(({name, startTime}) => [name, startTime])]"""
    )
    later = [(name, start) for name, start in asked if ".woff2" in name or ".js" in name]
    assert {name.rpartition("/")[2].partition("?")[0] for name, _ in later} >= {"text.woff2", "book.js"}
    assert all(start >= painted for _, start in later), (painted, later)
    context.close()


def test_fonts_that_are_there_are_used_from_the_start(chromium: Browser, base: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(base + CHAPTER, wait_until="networkidle")
    # On the next page, before anything is painted.
    page.add_init_script(
        f"document.addEventListener('DOMContentLoaded', () => {{ window.fontsAtFirst = {FONTS_USED}; }})"
    )
    page.route("**/book.js*", lambda route: route.abort())
    page.goto(base + "reference/glossary.html")
    assert page.evaluate("window.fontsAtFirst")
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    "path", [CHAPTER, "losses/binary-cross-entropy.html", "playground.html", "bibliography.html"]
)
def test_text_does_not_move_when_fonts_styles_and_scripts_come(
    chromium: Browser, base: str, path: str, width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 844}, is_mobile=width < 600)
    page = context.new_page()
    page.add_init_script(
        "window.moved = 0; const add = (list) => list.getEntries().forEach(({value}) => { moved += value; });"
        "new PerformanceObserver(add).observe({type: 'layout-shift', buffered: true});"
    )
    page.goto(base + path, wait_until="networkidle")
    page.wait_for_function(FONTS_USED)
    assert page.evaluate("window.moved") < 0.05
    context.close()


def test_wide_tables_put_their_cells_below_each_other_on_a_phone(page: Page, base: str) -> None:
    column = "(cell) => getComputedStyle(cell, '::before').content"
    for width, shown in ((390, '"in code"'), (1280, "none")):
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(base + "reference/notation.html")
        assert page.locator("td[data-column='in code']").first.evaluate(column) == shown
        tables = page.locator(".pst-scrollable-table-container")
        assert tables.count() > 4
        assert tables.evaluate_all("(boxes) => boxes.filter((box) => box.scrollWidth > box.clientWidth + 1)") == []


def test_without_scripts_a_page_has_its_fonts_and_styles(chromium: Browser, base: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(base + "losses/binary-cross-entropy.html", wait_until="networkidle")
    names = {url.rpartition("/")[2].partition("?")[0] for url in asked}
    assert {"text.woff2", "sliders.css", "live.css"} <= names
    context.close()


def test_each_page_has_all_our_styles_for_what_is_on_it(book: Path) -> None:
    missing = {}
    for path in sorted(book.rglob("*.html")):
        page = path.read_text(encoding="utf-8")
        styles = "\n".join(re.findall(r"<style\b[^>]*>(.*?)</style>", page, re.DOTALL))
        elements = re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.DOTALL)
        wanted = selectors(stylesheet.of_page(elements, "").rules)
        missing[path.relative_to(book).as_posix()] = sorted(wanted - selectors(styles))
    assert len(missing) > 20
    assert {name: rules for name, rules in missing.items() if rules} == {}


def selectors(css: str) -> set[str]:
    """The selectors of all rules, also of those inside a condition."""
    lists = re.findall(r"([^{};]+)\{", re.sub(r"@(?:media|font-face)[^{]*\{", "", css))
    return {one.strip() for found in lists for one in found.split(",")}
