"""Exercises inside a page, in a real browser: what a reader types, and what comes back."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from lossbook.live.twins import TWINS
from lossbook.sphinx.paths import BOOK

PAGES = {
    "probabilities/sigmoid-and-softmax.html": ("sigmoid", "softmax"),
    "losses/likelihood-and-entropy.html": ("nll_loss",),
    "losses/binary-cross-entropy.html": ("binary_cross_entropy", "bce_with_logits_gradient"),
    "losses/cross-entropy.html": ("cross_entropy", "cross_entropy_gradient"),
    "losses/bce-versus-ce.html": ("two_logits_to_one", "one_logit_to_two", "probability_and_decision"),
    "losses/numerical-stability.html": (
        "log_sigmoid",
        "logsumexp",
        "log_softmax",
        "binary_cross_entropy_with_logits",
    ),
    "practice/residual-network.html": ("loss_of_one_logit",),
    "practice/multi-label.html": ("predicted_labels",),
    "practice/weights-and-thresholds.html": ("threshold_for_fpr", "undo_pos_weight"),
    "practice/averaging-losses.html": ("dataset_mean_loss",),
    "practice/heartbeats.html": ("masked_binary_cross_entropy_with_logits",),
    "practice/noisy-labels.html": ("symmetric_cross_entropy",),
    "practice/calibration.html": ("temperature",),
}
FIRST_RUN, RUN = 60_000, 20_000  # milliseconds; a busy machine is no failure


@pytest.fixture(scope="module")
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """One browser profile for this file: Python comes out of its cache after the first page."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.evaluate("localStorage.clear()")
    page.close()


@pytest.fixture(scope="module")
def open_chapter(context: BrowserContext, base: str, watch: Any) -> Callable[[str], tuple[Page, Any]]:
    """Open a chapter once for all exercises on it: they share one Python. The one before is closed."""
    opened: dict[str, tuple[Page, Any]] = {}

    def open_(path: str) -> tuple[Page, Any]:
        if path not in opened:
            for page, _ in opened.values():
                page.close()
            opened.clear()
            page = context.new_page()
            opened[path] = page, watch(page, base)
            page.goto(base + path)
        return opened[path]

    return open_


PASTE = """(code, text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  code.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
}"""

IS_DONE = """(box) =>
  box.querySelector(".lb-live__result").dataset.state !== "busy" && !box.querySelector(".lb-live__stop")
"""


class Box:
    """A live exercise, as a reader handles it."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.root = page.locator(f"live-exercise[data-name='{name}']")
        self.root.scroll_into_view_if_needed()
        expect(self.root.locator(".lb-live__run")).to_be_visible()
        page.mouse.move(1, 1)  # somebody is there
        expect(self.root).to_have_attribute("data-editor", "ready", timeout=RUN)
        self.code = self.root.locator(".cm-content")
        self.status = self.root.locator(".lb-live__status")
        self.result = self.root.locator(".lb-live__result")
        self.table = self.root.locator(".lb-live__result table")
        self.printed = self.root.locator(".lb-live__printed")
        self.error = self.root.locator(".lb-live__error")

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.root.get_by_role("button", name=name)

    def write(self, code: str) -> None:
        self.code.focus()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(code)

    def paste(self, code: str) -> None:
        """Put code in place of what is there, as a reader pastes it; with keys many lines take long."""
        self.code.focus()
        self.page.keyboard.press("Control+A")
        self.code.evaluate(PASTE, code)

    def text(self) -> str:
        lines: list[str] = self.code.locator(".cm-line").all_inner_texts()
        return "\n".join(line.rstrip("\n") for line in lines)

    def run(self, code: str | None = None) -> str:
        """Run with the keyboard, wait for the end, and return the status."""
        if code is not None:
            self.write(code)
        self.code.focus()
        self.page.keyboard.press("Control+Enter")
        return self.wait()

    def wait(self) -> str:
        self.page.wait_for_function(IS_DONE, arg=self.root.element_handle(), timeout=FIRST_RUN)
        return self.status.inner_text()


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in PAGES.items() for name in names])
def test_starter_fails_solution_passes_and_each_mistake_is_named(
    open_chapter: Callable[[str], tuple[Page, Any]],
    book: Path,
    wrong_code: Callable[[str, str], str],
    path: str,
    name: str,
) -> None:
    page, watched = open_chapter(path)
    box = Box(page, name)
    assert "not written yet" in box.run()
    assert "All right" in box.run(TWINS[name].answer)
    expect(box.table).not_to_contain_text("wrong")
    data = json.loads((book / "_static" / "live" / f"{name}.json").read_text(encoding="utf-8"))
    for mistake in data["mistakes"]:
        box.paste(wrong_code(name, mistake["name"]))
        status = box.run()
        assert f"This looks like a solution that {mistake['title']}." in status, mistake["name"]
        place = box.status.get_by_role("link", name="Read about it").get_attribute("href")
        assert place is not None
        assert place.endswith(mistake["see"].replace("#", ".html#"))
    assert not watched.problems


def test_every_twin_stands_on_a_page() -> None:
    assert sorted(name for names in PAGES.values() for name in names) == sorted(TWINS)


def test_every_chapter_has_an_exercise() -> None:
    parts = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))["parts"][:3]
    chapters = {f"{chapter['file']}.html" for part in parts for chapter in part["chapters"]}
    assert len(chapters) > 10
    assert chapters <= set(PAGES)


SOFTMAX = "probabilities/sigmoid-and-softmax.html"


def test_nothing_heavy_is_loaded_before_the_first_run(page: Page, base: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(base + SOFTMAX, wait_until="networkidle")
    assert not [url for url in asked if "editor.js" in url or ".bin" in url]
    Box(page, "sigmoid")
    assert [url for url in asked if "editor.js" in url]
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if ".bin" in url or "worker.js" in url or ".json" in url]


def test_editor_on_the_screen_waits_for_somebody_to_do_something(page: Page, base: str) -> None:
    page.goto(base + "playground.html", wait_until="networkidle")
    root = page.locator("live-exercise")
    expect(root).to_be_in_viewport()
    assert root.get_attribute("data-editor") is None
    page.keyboard.press("Tab")
    expect(root).to_have_attribute("data-editor", "ready")


def test_errors_show_the_readers_own_lines(page: Page, base: str) -> None:
    page.goto(base + SOFTMAX)
    box = Box(page, "softmax")
    assert box.run("def softmax(x, axis)\n    return x") == "Your code stops with an error."
    expect(box.error).to_contain_text("Line 1")
    expect(box.error).to_contain_text("SyntaxError: expected ':'")
    expect(box.root.locator(".lb-live__wrong-line")).to_have_text("def softmax(x, axis)")
    box.run("import numpy as np\n\nnp.ones(2) @ np.ones(3)\n")
    text = box.error.inner_text()
    assert text.startswith("Line 3, in your code:\n    np.ones(2) @ np.ones(3)\nValueError: matmul")
    assert ".py" not in text
    status = box.run("def softmax(x, axis):\n    return x.sum(axis, keepdim=True)\n")
    assert status == "Your function stops with an error in every case."
    expect(box.error).to_contain_text("(NumPy says keepdims)")
    expect(box.root.locator(".lb-live__wrong-line")).to_have_text("    return x.sum(axis, keepdim=True)")
    box.run("import torch")
    expect(box.error).to_contain_text("torch does not run in the page")
    box.run("from lossbook import softmax")
    expect(box.error).to_contain_text("you write the functions yourself")


def test_endless_loop_is_stopped_and_the_next_run_works(page: Page, base: str) -> None:
    page.goto(base + SOFTMAX)
    box = Box(page, "sigmoid")
    box.run()
    status = box.run("print('so far')\nwhile True:\n    pass\n")
    assert status == "Stopped after 6 seconds: is there a loop that does not end?"
    expect(box.printed).to_have_text("so far\n")
    assert "All right" in box.run(TWINS["sigmoid"].answer)


def test_stop_button_stops(page: Page, base: str) -> None:
    page.goto(base + SOFTMAX)
    box = Box(page, "sigmoid")
    box.run()
    box.write("while True:\n    pass\n")
    box.button("Run").click()
    expect(box.status).to_have_text("Running …", timeout=RUN)
    box.button("Stop").click()
    assert box.wait() == "Stopped."


def test_code_that_python_does_not_survive_is_told_from_a_loop(page: Page, base: str) -> None:
    page.goto(base + SOFTMAX)
    box = Box(page, "sigmoid")
    box.run()
    assert box.run("import os\nos._exit(1)").startswith("This code broke Python itself")
    assert "All right" in box.run(TWINS["sigmoid"].answer)


def test_output_without_end_is_cut(page: Page, base: str) -> None:
    page.goto(base + SOFTMAX)
    box = Box(page, "sigmoid")
    box.run()
    box.run("for i in range(1_000_000):\n    print(i, 'x' * 50)\n" + TWINS["sigmoid"].answer)
    expect(box.printed).to_contain_text("only the first 4000 characters")
    assert len(box.printed.inner_text()) < 5000


def test_reset_brings_back_the_starting_point(page: Page, base: str) -> None:
    page.goto(base + SOFTMAX)
    box = Box(page, "softmax")
    start = box.text()
    assert "raise NotImplementedError" in start
    box.write("x = 1")
    box.button("Reset").click()
    assert box.text() == start
    assert page.evaluate("Object.keys(localStorage).filter((key) => key !== 'fonts')") == []
    page.keyboard.press("Control+Z")
    assert box.text() == "x = 1"


def test_code_survives_a_reload_each_box_its_own(page: Page, base: str) -> None:
    page.goto(base + SOFTMAX)
    for name in ("sigmoid", "softmax"):
        Box(page, name).write(f"# my {name}")
    page.reload()
    for name in ("sigmoid", "softmax"):
        assert Box(page, name).text() == f"# my {name}"


def test_code_is_the_same_in_two_tabs(context: BrowserContext, page: Page, base: str) -> None:
    page.goto(base + SOFTMAX)
    here = Box(page, "softmax")
    other = context.new_page()
    other.goto(base + SOFTMAX)
    there = Box(other, "softmax")
    here.write("# written here")
    expect(there.code).to_have_text("# written here")
    there.write("# written there")
    expect(here.code).to_have_text("# written there")
    here.button("Reset").click()
    expect(there.code).to_contain_text("raise NotImplementedError")
    there.code.focus()
    other.keyboard.press("Control+Z")
    expect(here.code).to_have_text("# written there")
    other.close()


def test_where_nothing_is_stored_the_reader_is_told(chromium: Browser, base: str) -> None:
    page = chromium.new_page()
    page.add_init_script("Object.defineProperty(self, 'localStorage', {get() { throw new Error('refused'); }})")
    page.goto(base + SOFTMAX)
    box = Box(page, "softmax")
    warning = box.root.get_by_text("This browser stores nothing")
    expect(warning).to_be_hidden()
    assert "All right" in box.run(TWINS["softmax"].answer)
    expect(warning).to_have_count(1)
    page.close()


def test_two_boxes_share_one_python_and_wait_for_each_other(page: Page, base: str) -> None:
    workers: list[object] = []
    page.on("worker", lambda worker: workers.append(worker))
    page.goto(base + SOFTMAX)
    first, second = Box(page, "sigmoid"), Box(page, "softmax")
    first.write("import time\ntime.sleep(1)\nname = 'mine'\n" + TWINS["sigmoid"].answer)
    second.write("print('name' in globals())\n" + TWINS["softmax"].answer)
    first.button("Run").click()
    second.button("Run").click()
    assert "All right" in first.wait()
    assert "All right" in second.wait()
    expect(second.printed).to_have_text("False\n")
    assert len(workers) == 1
    first.button("Run").click()
    second.button("Run").click()
    second.button("Stop").click()
    assert second.wait() == "Stopped."
    assert "All right" in first.wait()


def test_hints_come_one_at_a_time_and_the_solution_after_a_try(page: Page, base: str) -> None:
    page.goto(base + SOFTMAX)
    box = Box(page, "sigmoid")
    hints = box.root.locator(".lb-live__shown-hint")
    expect(box.button("Show solution")).to_be_hidden()
    for number in (1, 2, 3):
        expect(hints).to_have_count(number - 1)
        box.button(f"Hint {number} of 3").click()
    expect(hints).to_have_count(3)
    expect(box.button(re.compile("^Hint"))).to_be_hidden()
    expect(box.button("Show solution")).to_be_focused()
    solution = box.root.locator("details.lb-live__solution")
    expect(solution).to_be_hidden()
    box.button("Show solution").click()
    expect(solution.locator("pre")).to_be_visible()
    expect(solution.locator("summary")).to_be_focused()


def test_solution_waits_for_a_try(page: Page, base: str) -> None:
    page.goto(base + SOFTMAX)
    box = Box(page, "sigmoid")
    box.run()
    expect(box.button("Show solution")).to_be_hidden()
    box.run("def sigmoid(x):\n    return x\n")
    expect(box.button("Show solution")).to_be_visible()


def test_keyboard_alone_will_do(page: Page, base: str) -> None:
    page.goto(base + SOFTMAX)
    box = Box(page, "softmax")
    label = box.code.get_attribute("aria-label") or ""
    assert "Escape, then Tab" in label
    box.write("def softmax(x, axis):\n")
    page.keyboard.press("Tab")
    page.keyboard.type("return x")
    assert box.text().startswith("def softmax(x, axis):\n    ")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(box.button("Run")).to_be_focused()
    page.keyboard.press("Enter")
    box.wait()
    expect(box.table).to_be_visible()
    assert box.status.get_attribute("role") == "status"


def test_box_has_a_name_and_says_its_keys(page: Page, base: str) -> None:
    page.goto(base + SOFTMAX)
    box = Box(page, "softmax")
    group = page.get_by_role("group", name="Write it here: softmax", exact=True)
    expect(group.get_by_role("button", name="Run")).to_have_attribute("aria-keyshortcuts", "Control+Enter")
    expect(box.status).to_have_css("display", "block")  # while it is empty: what comes into it is read out then
    expect(box.result).to_have_css("display", "block")
    keys = box.root.get_by_text("Esc, then Tab, leaves")
    expect(keys).to_be_hidden()
    box.code.focus()
    expect(keys).to_be_visible()


def test_phone_keyboards_leave_code_alone(page: Page, base: str) -> None:
    page.goto(base + SOFTMAX)
    code = Box(page, "softmax").code
    for attribute, value in (("autocapitalize", "off"), ("autocorrect", "off"), ("spellcheck", "false")):
        expect(code).to_have_attribute(attribute, value)


def test_pasted_spaces_are_pythons(page: Page, base: str) -> None:
    page.goto(base + SOFTMAX)
    box = Box(page, "softmax")
    box.write("")
    box.paste("if\u00a0x:\n\treturn\u00a01")
    assert box.text() == "if x:\n    return 1"


def test_python_needs_indentation_and_the_editor_gives_it(page: Page, base: str) -> None:
    page.goto(base + SOFTMAX)
    box = Box(page, "softmax")
    box.write("")
    page.keyboard.type("def f(x):\nif x:\nreturn 1")
    assert box.text() == "def f(x):\n    if x:\n        return 1"


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_results_are_sound_in_both_themes_and_on_a_phone(
    chromium: Browser,
    base: str,
    axe: str,
    watch: Any,
    wrong_code: Callable[[str, str], str],
    theme: str,
    width: int,
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
    page = context.new_page()
    watched = watch(page, base)
    page.goto(base + SOFTMAX)
    first, second = Box(page, "sigmoid"), Box(page, "softmax")
    first.button("Hint 1 of 3").click()
    first.run("print('x' * 300)\n" + wrong_code("sigmoid", "positive_exponent"))
    first.button("Show solution").click()
    second.run("def softmax(x, axis):\n    return " + "x + " * 40 + "y\n")
    problems = list(watched.problems)
    scroll, client = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    if scroll > client:
        problems.append(f"wider than the screen: {scroll} > {client}")
    page.evaluate(axe)
    found = page.evaluate("axe.run('live-exercise', {resultTypes: ['violations']}).then((r) => r.violations)")
    problems += [f"axe {rule['id']}: {[node['target'] for node in rule['nodes'][:3]]}" for rule in found]
    context.close()
    assert not problems


def test_playground_prints_and_plots(page: Page, base: str, watch: Any, axe: str) -> None:
    watched = watch(page, base)
    page.goto(base + "playground.html")
    box = Box(page, "playground")
    assert box.run() == "Done."
    expect(box.printed).to_contain_text("sigmoid(2) = 0.88079")
    plot = box.root.locator(".lb-live__plot")
    expect(plot.get_by_role("img")).to_have_attribute("aria-label", re.compile("sigmoid, slope over logit z"))
    expect(plot.get_by_role("img").locator("path.lb-live__curve")).to_have_count(2)
    box.button("Two losses, one batch").click()
    box.run()
    numbers = re.findall(r"(?:both|difference): ([\d.]+)", box.printed.inner_text())
    assert len(numbers) == 2
    assert float(numbers[0]) == pytest.approx(float(numbers[1]))
    page.evaluate(axe)
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then((r) => r.violations)")
    assert [f"{rule['id']}: {[node['target'] for node in rule['nodes']]}" for rule in found] == []
    assert not watched.problems


def test_every_example_of_the_playground_runs(page: Page, base: str) -> None:
    page.goto(base + "playground.html")
    box = Box(page, "playground")
    names = box.root.get_by_role("group", name="Examples").get_by_role("button").all_inner_texts()
    assert len(names) >= 6
    for name in names:
        box.button(name).click()
        expect(box.status).to_contain_text(f"The example “{name}” is in the editor")
        assert box.run() == "Done.", name
        assert box.printed.count() + box.root.locator(".lb-live__plot").count() > 0, name
    page.keyboard.press("Control+Home")
    box.button("Reset").click()
    page.keyboard.press("Control+Z")
    assert "smoothing" in box.text()


def test_what_is_rarely_needed_is_loaded_when_it_is_imported(page: Page, base: str) -> None:
    asked: list[str] = []
    page.goto(base + "playground.html")
    box = Box(page, "playground")
    box.run("1 + 1")
    page.on("request", lambda request: asked.append(request.url))
    code = "import json, statistics\nimport numpy as np\nrandom = np.random.default_rng(0)\n"
    box.run(code + "print(json.dumps(random.integers(10, size=3).tolist()), statistics.mean([1, 3]))\n")
    expect(box.printed).to_have_text("[8, 6, 5] 2\n")
    assert len([url for url in asked if "later-" in url]) == 2
    box.run("import no_such_module")
    expect(box.error).to_contain_text("No module named 'no_such_module'")
    box.run("import lossbook\nhelp(lossbook.softmax)")
    expect(box.printed).to_contain_text("Turn logits into probabilities")


def test_plain_text_can_be_read_without_scripts(chromium: Browser, base: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(base + SOFTMAX)
    box = page.locator("live-exercise[data-name=softmax]")
    expect(box.locator(".lb-live__starter pre")).to_contain_text("raise NotImplementedError")
    expect(box.locator("details")).to_have_count(4)
    box.locator("details.lb-live__solution summary").click()
    expect(box.locator("details.lb-live__solution pre")).to_be_visible()
    context.close()


def test_page_opened_as_a_file_says_what_to_do(chromium: Browser, book: Path) -> None:
    page = chromium.new_page()
    page.goto((book / SOFTMAX).as_uri())
    box = page.locator("live-exercise[data-name=softmax]")
    expect(box.locator(".lb-live__unable")).to_contain_text("opened as a file")
    expect(box.locator(".lb-live__starter pre")).to_be_visible()
    page.close()


def test_browser_without_webassembly_is_told_so(chromium: Browser, base: str) -> None:
    page = chromium.new_page()
    page.add_init_script("delete self.WebAssembly")
    page.goto(base + SOFTMAX)
    expect(page.locator(".lb-live__unable").first).to_contain_text("lacks WebAssembly")
    page.close()


@pytest.mark.parametrize("part", ["interpreter.bin", "glue.bin", "library.bin", "numpy.bin"])
def test_missing_part_is_named_and_the_next_run_tries_again(chromium: Browser, base: str, part: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(base + SOFTMAX)
    box = Box(page, "softmax")
    context.route(f"**/{part}*", lambda route: route.fulfill(status=404))
    status = box.run(TWINS["softmax"].answer)
    assert status.startswith(f"Python could not be loaded (the server answers with 404 for {part})")
    context.unroute(f"**/{part}*")
    assert "All right" in box.run()
    context.close()


def test_damaged_part_is_told(chromium: Browser, base: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(base + SOFTMAX)
    context.route("**/interpreter.bin*", lambda route: route.fulfill(body=b"\x1f\x8b not gzip"))
    assert "interpreter.bin came damaged" in Box(page, "softmax").run()
    context.close()


def test_lost_connection_is_told_and_the_next_run_tries_again(chromium: Browser, base: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(base + SOFTMAX)
    box = Box(page, "softmax")
    context.route("**/numpy.bin*", lambda route: route.abort())
    status = box.run(TWINS["softmax"].answer)
    assert status.startswith("Python could not be loaded (the connection was lost). Check the connection")
    context.unroute("**/numpy.bin*")
    context.route("**/worker.js*", lambda route: route.fulfill(status=500))
    assert "worker.js did not come" in box.run()
    context.unroute("**/worker.js*")
    assert "All right" in box.run()
    context.route("**/sigmoid.json*", lambda route: route.abort())
    other = Box(page, "sigmoid")
    assert other.run(TWINS["sigmoid"].answer).startswith("The cases could not be loaded (")
    context.unroute("**/sigmoid.json*")
    assert "All right" in other.run()
    context.close()


def test_editor_that_does_not_come_is_told_and_comes_at_a_click(chromium: Browser, base: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    context.route("**/editor.js*", lambda route: route.abort())
    page.goto(base + SOFTMAX)
    root = page.locator("live-exercise[data-name=softmax]")
    root.scroll_into_view_if_needed()
    expect(root.get_by_text("The editor could not be loaded")).to_be_visible()
    context.unroute("**/editor.js*")
    root.locator("pre").first.click()
    expect(root).to_have_attribute("data-editor", "ready")
    expect(root.get_by_text("The editor could not be loaded")).to_have_count(0)
    context.close()


def test_stop_while_python_loads_ends_the_loading(chromium: Browser, base: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(base + SOFTMAX)
    box = Box(page, "softmax")
    held: list[Route] = []
    context.route("**/numpy.bin*", lambda route: held.append(route))
    box.write(TWINS["softmax"].answer)
    box.button("Run").click()
    expect(box.status).to_have_text("Loading Python and NumPy, once for this page …")
    expect(box.root.get_by_text(re.compile(r"[1-5]\.\d of 5\.\d MB"))).to_be_visible()
    box.button("Stop").click()
    assert box.wait() == "Stopped before Python was there. The next Run loads it."
    for _ in range(100):  # the browser takes a moment
        if not page.workers:
            break
        page.wait_for_timeout(50)
    assert page.workers == []
    context.unroute("**/numpy.bin*")
    assert "All right" in box.run()
    context.close()


def test_python_ends_with_the_page(page: Page, base: str) -> None:
    page.goto(base + SOFTMAX)
    Box(page, "sigmoid").run()
    assert len(page.workers) == 1
    page.goto(base + "index.html")
    assert page.workers == []
