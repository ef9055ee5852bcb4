"""In-page exercises in Firefox: what Chromium is asked at length, in short. Skipped where there is no Firefox."""

from collections.abc import Callable, Iterator
from typing import Any

import firefox
import pytest

from lossbook.live.twins import TWINS

pytestmark = pytest.mark.skipif(firefox.installed() is None, reason="no Firefox: apt-get install firefox-esr")

PAGE = "probabilities/sigmoid-and-softmax.html"
BOX = "document.querySelector(`live-exercise[data-name=${name}]`)"


@pytest.fixture(scope="module")
def browser() -> Iterator[firefox.Firefox]:
    with firefox.Firefox() as browser:
        yield browser


class Box:
    """A live exercise in Firefox."""

    def __init__(self, browser: firefox.Firefox, name: str) -> None:
        self.browser, self.name = browser, name
        self.ask("box.scrollIntoView()")
        browser.wait_for(f"(name) => {BOX}.querySelector('.lb-live__run') !== null", name)
        browser.press(firefox.CONTROL)  # somebody is there
        browser.wait_for(f"(name) => {BOX}.dataset.editor === 'ready'", name)

    def ask(self, expression: str) -> Any:
        return self.browser.evaluate(f"(name) => {{ const box = {BOX}; return {expression}; }}", self.name)

    def text(self, part: str) -> str:
        text: str = self.ask(f"box.querySelector('.lb-live__{part}')?.innerText ?? ''")
        return text

    def write(self, code: str) -> None:
        """Put code into the editor as another tab would: Firefox pastes nothing that a script has made."""
        event = "new StorageEvent('storage', {key: `lossbook:live:${name}`, newValue: code})"
        self.browser.evaluate(f"(name, code) => {{ dispatchEvent({event}); }}", self.name, code)

    def run(self, code: str | None = None) -> str:
        """Run with the keyboard, wait for the end, and return the status."""
        if code is not None:
            self.write(code)
        self.ask("box.querySelector('.cm-content').focus()")
        self.browser.press(firefox.CONTROL, firefox.ENTER)
        state = "querySelector('.lb-live__result').dataset.state"
        self.browser.wait_for(f"(name) => {BOX}.{state} !== 'busy'", self.name)
        return self.text("status")


def test_right_wrong_printed_error_and_endless_loop(
    browser: firefox.Firefox, deep_base: str, wrong_code: Callable[[str, str], str]
) -> None:
    browser.open(deep_base + PAGE)
    box = Box(browser, "softmax")
    assert "not written yet" in box.run(TWINS["softmax"].starter)
    assert "All right" in box.run("print('before')\n" + TWINS["softmax"].answer)
    assert box.text("printed") == "before\n"
    assert "exponentiates the logits as they are" in box.run(wrong_code("softmax", "no_shift"))
    assert box.ask("box.querySelector('.lb-live__status a').href").startswith(deep_base)
    assert box.run("def softmax(x, axis)\n    return x") == "Your code stops with an error."
    assert "SyntaxError: expected ':'" in box.text("error")
    assert box.run("while True:\n    pass\n").startswith("Stopped after 6 seconds")
    assert "All right" in box.run(TWINS["softmax"].answer)


def test_code_is_kept_and_the_playground_plots(browser: firefox.Firefox, deep_base: str) -> None:
    browser.open(deep_base + PAGE)
    box = Box(browser, "sigmoid")
    box.ask("box.querySelector('.cm-content').focus()")
    browser.press(firefox.CONTROL, "a")
    browser.press(firefox.DELETE)
    browser.type("print('mine')")
    box.run()
    assert box.text("printed") == "mine\n"
    browser.open(deep_base + PAGE)
    assert "print('mine')" in Box(browser, "sigmoid").text("editor")
    browser.open(deep_base + "playground.html")
    box = Box(browser, "playground")
    code = "import numpy as np\nfrom lossbook import plot\nplot([0, 1], [1, 2])\n"
    assert box.run(code + "np.random.default_rng(0).integers(10, size=3).tolist()") == "Done."
    assert box.text("printed") == "[8, 6, 5]\n"
    assert box.ask("box.querySelector('.lb-live__plot svg').getBoundingClientRect().width") > 200
