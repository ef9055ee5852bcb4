"""Each page, light and dark, wide and narrow: nothing broken, nothing foreign, nobody left out."""

import functools
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from lossbook.sphinx import labs

THEMES = ("light", "dark")
WIDTHS = (1280, 390)
HEIGHT = 900
OPENED_AT = {"light": 1280, "dark": 390}
"""How wide the window is while the page loads. Then it takes the other width, as a phone that is turned does."""
MAX_KILOBYTES = 250

INSPECT = r"""
() => {
  const problems = [];
  const name = (element) => {
    const id = element.id ? "#" + element.id : "";
    const kind = element.getAttribute("class") ? "." + element.getAttribute("class").split(" ").join(".") : "";
    return element.tagName.toLowerCase() + id + kind;
  };
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    const wide = [...document.body.querySelectorAll("*")].filter((element) => {
      if (element.getBoundingClientRect().right <= width + 1) return false;
      for (let box = element.parentElement; box; box = box.parentElement) {
        if (getComputedStyle(box).overflowX !== "visible") return false;
      }
      return true;
    });
    problems.push(`wider than the screen (${document.documentElement.scrollWidth} > ${width}): `
                  + wide.slice(0, 5).map(name).join(", "));
  }
  for (const element of document.querySelectorAll(".katex-error")) {
    problems.push("formula with an error: " + element.textContent);
  }
  for (const element of document.querySelectorAll("span.math, div.math")) {
    if (!element.querySelector(".katex-html")) problems.push("formula not rendered: " + element.textContent);
  }
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (parent.closest("code, pre, script, style, annotation")) continue;
    const text = walker.currentNode.data.trim();
    if (/\\\(|\\\[|\$\$/.test(text)) problems.push("raw TeX: " + text);
  }
  for (const image of document.querySelectorAll("img:not(svg img)")) { // a drawing has a description as a whole
    if (!image.alt.trim() && image.getAttribute("role") !== "presentation") {
      problems.push("image without a description: " + image.src);
    }
  }
  for (const svg of document.querySelectorAll("svg")) {
    if (svg.closest("[aria-hidden=true]")) continue;
    const described = svg.getAttribute("aria-label") ?? svg.querySelector(":scope > title")?.textContent;
    if (!described?.trim()) {
      problems.push("drawing without a description: " + name(svg.parentElement));
    }
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((id, place) => ids.indexOf(id) !== place))) {
    problems.push("id used twice: " + id);
  }
  return problems;
}
"""


def violations(page: Page, axe: str) -> list[str]:
    """Run axe with all its default rules."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate("axe.run({resultTypes: ['violations']}).then(r => r.violations)")
    return [f"axe {rule['id']} ({rule['help']}): {_places(rule)}" for rule in found]


def _places(rule: dict[str, Any]) -> str:
    return json.dumps([node["target"] for node in rule["nodes"][:4]])


@dataclass(frozen=True)
class Seen:
    """What was seen of a page that was loaded into an empty cache; what is wrong with it by the window's width."""

    kilobytes: float
    files: set[str]
    links: set[str]
    empty_labs: int
    problems: dict[int, list[str]]


Look = Callable[[str, str], Seen]


@pytest.fixture(scope="module")
def look(chromium: Browser, base: str, axe: str, watch: Any) -> Look:
    """Load a page in a theme, once for all tests that ask for it, and return what was seen."""

    @functools.cache
    def look(path: str, theme: str) -> Seen:
        size = {"width": OPENED_AT[theme], "height": HEIGHT}
        context = chromium.new_context(viewport=size, color_scheme=theme)
        try:
            page = context.new_page()
            return _seen(page, base + path, theme, axe, watch(page, base))
        finally:
            context.close()

    return look


def _seen(page: Page, address: str, theme: str, axe: str, watched: Any) -> Seen:
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    files: set[str] = set()
    page.on("request", lambda request: files.add(urlsplit(request.url).path.rpartition("/")[2]))
    page.goto(address, wait_until="networkidle")
    kilobytes = sum(sizes) / 1024
    links = page.evaluate("[...document.querySelectorAll('a[href], link[href]')].map((a) => a.href.split('#')[0])")
    # All of it, also what is far below the screen.
    page.evaluate("document.documentElement.dataset.whole = ''")
    empty_labs = sum(not _is_drawn(lab) for lab in page.locator(".lb-lab").all())
    shown = page.evaluate("document.documentElement.dataset.theme")
    wrong_theme = [f"the system asks for {theme}, the page is {shown}"] if shown != theme else []
    page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
    found = {width: _problems_at(page, width, axe) for width in sorted(WIDTHS, key=OPENED_AT[theme].__ne__)}
    problems = {width: [*watched.problems, *wrong_theme, *at_width] for width, at_width in found.items()}
    return Seen(kilobytes, files, set(links), empty_labs, problems)


def _is_drawn(lab: Locator) -> bool:
    try:
        lab.locator("svg").first.wait_for(state="visible", timeout=5_000)
    except PlaywrightTimeout:
        return False
    return True


def _problems_at(page: Page, width: int, axe: str) -> list[str]:
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return [*page.evaluate(INSPECT), *violations(page, axe)]


@functools.cache
def _status(address: str) -> int:
    try:
        with urllib.request.urlopen(address) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", THEMES)
def test_page_is_sound(look: Look, page_path: str, theme: str, width: int) -> None:
    problems = look(page_path, theme).problems[width]
    listed = "\n".join(f"  - {problem}" for problem in problems)
    assert not problems, f"{page_path}, {theme}, {width} px wide:\n{listed}"


def test_page_is_light_on_the_wire(look: Look, page_path: str) -> None:
    kilobytes = look(page_path, "light").kilobytes
    assert 0 < kilobytes <= MAX_KILOBYTES, f"{page_path} takes {kilobytes:.0f} KB on first load"


def test_page_shows_its_labs_and_loads_no_others(book: Path, look: Look, page_path: str) -> None:
    seen = look(page_path, "light")
    text = (book / page_path).read_text(encoding="utf-8")
    wanted = labs.labs_in(text)
    styles = {"sliders.css" for _ in wanted} | {"live.css" for _ in re.findall("<live-exercise", text)}
    assert {name for name in seen.files if name.endswith("-lab.js")} == {f"{tag}.js" for tag in wanted}
    assert {name for name in seen.files if name.endswith(".css")} == styles
    assert seen.empty_labs == 0


def test_links_of_the_page_as_it_is_shown_are_answered(base: str, look: Look, page_path: str) -> None:
    inside = {link for link in look(page_path, "light").links if link.startswith(base)}
    assert inside
    assert {link: status for link in inside if (status := _status(link)) != 200} == {}
