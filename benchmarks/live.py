"""What the first Run of an in-page exercise costs a reader: bytes on the wire, and seconds to the first result.

    python benchmarks/live.py [--runs 3] [--browser firefox]

Needs a built book, and Chromium or Firefox (``CHROMIUM`` or ``FIREFOX`` names another one). Each run has a fresh
browser profile. "Connection" is how slow the server makes itself, for all its answers together; developer tools
cannot slow a worker down. The server compresses text as static hosts do. The aims are 6 MB, 3 s on loopback,
6 s at 20 Mbit/s with 20 ms of latency, and 0.1 s for later runs.
"""

import argparse
import os
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from playwright.sync_api import sync_playwright

from lossbook.live.twins import TWINS
from lossbook.sphinx.paths import PROJECT
from lossbook.sphinx.serve import Handler, Server

sys.path.append(str(PROJECT / "tools"))

import firefox

PAGE, NAME = "probabilities/sigmoid-and-softmax.html", "softmax"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
LATER_RUNS = 10


@dataclass(frozen=True)
class Connection:
    """A line to the server; no limit where a number is 0."""

    name: str
    megabits: float  # per second
    latency: float  # seconds, for each request


CONNECTIONS = (Connection("loopback", 0, 0), Connection("20 Mbit/s", 20, 0.02), Connection("4 Mbit/s", 4, 0.06))


class Line:
    """What all answers go through, one piece after the other. Counts the bytes."""

    PIECE = 16_384

    def __init__(self) -> None:
        self.connection = CONNECTIONS[0]
        self.sent = 0
        self._lock = threading.Lock()
        self._free = 0.0

    def wait(self, size: int) -> None:
        """Return when a piece of this size has gone through."""
        with self._lock:
            self.sent += size
            if not self.connection.megabits:
                return
            self._free = max(self._free, time.monotonic()) + size * 8 / (self.connection.megabits * 1e6)
            pause = self._free - time.monotonic()
        time.sleep(max(pause, 0))


@dataclass(frozen=True)
class Measured:
    """One fresh profile: megabytes and seconds of the first Run, and seconds of a later one (the median)."""

    megabytes: float
    first: float
    later: float


@contextmanager
def serving(line: Line) -> Iterator[str]:
    """Yield the address of the book, behind a line."""

    class Slow(Handler):
        def do_GET(self) -> None:
            time.sleep(line.connection.latency)
            super().do_GET()

        def setup(self) -> None:
            super().setup()
            write = self.wfile.write

            def through_the_line(body: bytes) -> int:
                for place in range(0, len(body), line.PIECE):
                    piece = body[place : place + line.PIECE]
                    line.wait(len(piece))
                    write(piece)
                return len(body)

            self.wfile.write = through_the_line  # type: ignore[method-assign, assignment]

    server = Server(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


class Tab(Protocol):
    """One tab of a browser with a fresh profile."""

    def open(self, address: str) -> object: ...
    def evaluate(self, function: str, argument: Any) -> Any: ...


Browser = Callable[[], AbstractContextManager[Tab]]


class ChromiumTab:
    def __init__(self, page: Any) -> None:
        self.open, self.evaluate = page.goto, page.evaluate


@contextmanager
def chromiums() -> Iterator[Browser]:
    """Yield what opens a Chromium with a fresh profile."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))

        @contextmanager
        def opened() -> Iterator[Tab]:
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            yield ChromiumTab(context.new_page())
            context.close()

        yield opened
        browser.close()


@contextmanager
def firefoxes() -> Iterator[Browser]:
    """Yield what opens a Firefox with a fresh profile."""
    yield firefox.Firefox


BROWSERS = {"chromium": chromiums, "firefox": firefoxes}


def measure(browser: Browser, base: str, line: Line, connection: Connection) -> Measured:
    """Open the page in a fresh profile, and run the solution."""
    with browser() as tab:
        line.connection = CONNECTIONS[0]
        tab.open(base + PAGE)
        tab.evaluate(WRITE, [NAME, TWINS[NAME].answer])
        line.connection, before = connection, line.sent
        first = float(tab.evaluate(RUN, NAME))
        megabytes = (line.sent - before) / 1e6
        later = statistics.median(float(tab.evaluate(RUN, NAME)) for _ in range(LATER_RUNS))
    return Measured(megabytes, first, later)


WRITE = """async ([name, code]) => {
  const box = document.querySelector(`live-exercise[data-name=${name}]`);
  box.scrollIntoView();
  while (box.dataset.editor !== "ready") await new Promise((resolve) => setTimeout(resolve, 50));
  // as another tab does
  dispatchEvent(new StorageEvent("storage", {key: `lossbook:live:${name}`, newValue: code}));
  await new Promise((resolve) => setTimeout(resolve, 1000)); // whatever else the page loads
}"""

RUN = """async (name) => {
  const box = document.querySelector(`live-exercise[data-name=${name}]`);
  const result = box.querySelector(".lb-live__result");
  const started = performance.now();
  box.querySelector(".lb-live__run").click();
  await new Promise((resolve) => {
    new MutationObserver((_, observer) => {
      if (result.dataset.state === "busy") return;
      observer.disconnect();
      resolve();
    }).observe(result, {attributes: true, attributeFilter: ["data-state"]});
  });
  if (result.dataset.state !== "right") throw new Error(result.textContent);
  return (performance.now() - started) / 1000;
}"""
"""Runs the code, and returns how long it took until the result stood there, by the page's own clock."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="fresh profiles per connection")
    parser.add_argument("--browser", choices=BROWSERS, default="chromium")
    options = parser.parse_args()
    if options.browser == "firefox" and firefox.installed() is None:
        sys.exit("There is no Firefox: apt-get install firefox-esr, or set FIREFOX to its path.")
    print(f"{'connection':12} {'MB':>6} {'first Run, s':>20} {'later, s':>10}   ({time.strftime('%Y-%m-%d')})")
    line = Line()
    with serving(line) as base, BROWSERS[options.browser]() as browser:
        for connection in CONNECTIONS:
            rows = [measure(browser, base, line, connection) for _ in range(options.runs)]
            firsts = sorted(row.first for row in rows)
            span = f"{statistics.median(firsts):.2f} ({firsts[0]:.2f} to {firsts[-1]:.2f})"
            later = statistics.median(row.later for row in rows)
            print(f"{connection.name:12} {rows[0].megabytes:6.2f} {span:>20} {later:10.3f}", flush=True)


if __name__ == "__main__":
    main()
