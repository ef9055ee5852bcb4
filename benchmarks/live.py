"""What the first Run of an in-page exercise costs a reader: bytes on the wire, and seconds to the first result.

    python benchmarks/live.py [--runs 3]

Needs a built book and Chromium (``CHROMIUM`` names another one). Each row is a fresh browser profile. "Connection"
is how slow the server makes itself, for all its answers together; developer tools cannot slow a worker down. The
server compresses text as static hosts do. The aims are 6 MB, 3 s on loopback, 6 s at 20 Mbit/s with 20 ms of
latency, and 0.1 s for later runs.
"""

import argparse
import os
import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, sync_playwright

from lossbook.live.twins import TWINS
from lossbook.sphinx.serve import Handler, Server

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


def measure(browser: Browser, base: str, line: Line, connection: Connection) -> Measured:
    """Open the page in a fresh profile, and run the solution."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    line.connection = CONNECTIONS[0]
    page.goto(base + PAGE)
    box = page.locator(f"live-exercise[data-name={NAME}]")
    box.scroll_into_view_if_needed()
    page.wait_for_selector(f"live-exercise[data-name={NAME}][data-editor=ready]")
    box.locator(".cm-content").focus()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(TWINS[NAME].answer)
    page.wait_for_load_state("networkidle")
    line.connection, before = connection, line.sent
    first = seconds_to_result(page)
    megabytes = (line.sent - before) / 1e6
    later = statistics.median(seconds_to_result(page) for _ in range(LATER_RUNS))
    context.close()
    return Measured(megabytes, first, later)


def seconds_to_result(page: Page) -> float:
    """Run with the keyboard, and return how long it took until the result stood there, by the page's own clock."""
    return float(
        page.evaluate(
            """async (name) => {
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
            }""",
            NAME,
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=3, help="fresh profiles per connection")
    runs = parser.parse_args().runs
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    print(f"{'connection':12} {'MB':>6} {'first Run, s':>20} {'later, s':>10}   ({time.strftime('%Y-%m-%d')})")
    line = Line()
    with serving(line) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for connection in CONNECTIONS:
            rows = [measure(browser, base, line, connection) for _ in range(runs)]
            firsts = sorted(row.first for row in rows)
            span = f"{statistics.median(firsts):.2f} ({firsts[0]:.2f} to {firsts[-1]:.2f})"
            later = statistics.median(row.later for row in rows)
            print(f"{connection.name:12} {rows[0].megabytes:6.2f} {span:>20} {later:10.3f}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
