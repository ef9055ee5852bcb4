"""Each page, light and dark, wide and narrow: nothing broken, nothing foreign, nobody left out."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

THEMES = ("light", "dark")
WIDTHS = (1280, 390)
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
  for (const image of document.querySelectorAll("img")) {
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
    page.evaluate(axe)
    found: list[dict[str, Any]] = page.evaluate("axe.run({resultTypes: ['violations']}).then(r => r.violations)")
    return [f"axe {rule['id']} ({rule['help']}): {_places(rule)}" for rule in found]


def _places(rule: dict[str, Any]) -> str:
    return json.dumps([node["target"] for node in rule["nodes"][:4]])


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", THEMES)
def test_page_is_sound(
    chromium: Browser, base: str, axe: str, watch: Any, page_path: str, theme: str, width: int
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    page = context.new_page()
    watched = watch(page, base)
    page.goto(base + page_path, wait_until="networkidle")
    shown = page.evaluate("document.documentElement.dataset.theme")
    # All of it, also what is far below the screen.
    page.evaluate("document.documentElement.dataset.whole = ''")
    page.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true; })")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    problems = [*watched.problems, *page.evaluate(INSPECT), *violations(page, axe)]
    if shown != theme:
        problems.append(f"the system asks for {theme}, the page is {shown}")
    context.close()
    listed = "\n".join(f"  - {problem}" for problem in problems)
    assert not problems, f"{page_path}, {theme}, {width} px wide:\n{listed}"


def test_page_is_light_on_the_wire(chromium: Browser, base: str, page_path: str) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(base + page_path, wait_until="networkidle")
    context.close()
    kilobytes = sum(sizes) / 1024
    assert kilobytes <= MAX_KILOBYTES, f"{page_path} takes {kilobytes:.0f} KB on first load"
