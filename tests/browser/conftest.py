"""The built book behind a server on a free port, and one Chromium for each file of browser tests."""

import functools
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, Response, expect, sync_playwright

from lossbook.sphinx.paths import HTML, PROJECT
from lossbook.sphinx.serve import Handler, Server

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

expect.set_options(timeout=20_000)  # milliseconds; a busy machine is no failure

SCRIPTS_ARE_THERE = """() => {
  const {mode, scripts} = document.documentElement.dataset;
  return !mode || scripts === "loaded";
}"""
"""A page of ours says so once it has what it loads after its first paint. Where no script runs, it has no mode."""


@pytest.fixture(autouse=True)
def pages_are_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``goto`` and ``reload`` end when the scripts of the page have run: a reader is not as fast as a test."""
    for name in ("goto", "reload"):
        monkeypatch.setattr(Page, name, _and_ready(getattr(Page, name)))


def _and_ready(go: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(go)
    def wrapped(page: Page, *arguments: Any, **options: Any) -> Any:
        answer = go(page, *arguments, **options)
        page.wait_for_function(SCRIPTS_ARE_THERE)
        return answer

    return wrapped


class Watch:
    """Everything that goes wrong around a page, as sentences. Made before the page is opened, read afterwards."""

    def __init__(self, page: Page, base: str) -> None:
        self.problems: list[str] = []
        self._host = urlsplit(base).netloc
        page.on("console", lambda message: message.type == "error" and self._add(f"console: {message.text}"))
        page.on("pageerror", lambda error: self._add(f"script error: {error}"))
        page.on("request", self._request)
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _add(self, problem: str) -> None:
        self.problems.append(problem)

    def _failed(self, request: Request) -> None:
        # The browser itself ends what is under way when it leaves a page or starts a download.
        if request.failure != "net::ERR_ABORTED":
            self._add(f"failed request: {request.url} ({request.failure})")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.netloc != self._host:
            self._add(f"request to a foreign host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self._add(f"status {response.status}: {response.url}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)


def pages() -> list[str]:
    """Return the address of every page, below the book's own."""
    if not (HTML / "index.html").exists():
        return ["index.html"]
    return sorted(str(path.relative_to(HTML)) for path in HTML.rglob("*.html") if "_static" not in path.parts)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes ``page_path`` runs for every page."""
    if "page_path" in metafunc.fixturenames:
        metafunc.parametrize("page_path", pages())


@pytest.fixture(scope="session")
def book() -> Path:
    if not (HTML / "index.html").exists():
        pytest.fail("there is no built book: run `make book` first", pytrace=False)
    return HTML


def _serve(prefix: str) -> Iterator[str]:
    handler = type("PrefixedHandler", (Handler,), {"prefix": prefix})
    server = Server(("127.0.0.1", 0), partial(handler))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}{prefix}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def base(book: Path) -> Iterator[str]:
    """Address of the book, at the root of its host."""
    yield from _serve("/")


@pytest.fixture(scope="module")
def deep_base(book: Path) -> Iterator[str]:
    """Address of the book, below a path."""
    yield from _serve("/some/sub/path/")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser. It ends with the file: other tests fork, or have an event loop of their own."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.fail("no Chromium: apt-get install chromium, or set CHROMIUM to its path", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def axe() -> str:
    script = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
    if not script.exists():
        pytest.fail("axe-core is not installed: run `make book` first", pytrace=False)
    return script.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def watch() -> type[Watch]:
    return Watch
