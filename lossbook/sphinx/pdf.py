"""The whole book as one PDF: ``python -m lossbook.sphinx.pdf [--to FILE]``.

A script puts all built pages on one, behind a cover and the contents, and Chromium prints it, with bookmarks, tags
for screen readers, and links that work inside the file.
"""

import argparse
import base64
import io
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lossbook.sphinx import build
from lossbook.sphinx.paths import HTML, OUTPUT, PROJECT, STATIC, MissingPart
from lossbook.sphinx.serve import Handler, Server

if TYPE_CHECKING:
    import pikepdf
    from playwright.sync_api import Page

PDF = OUTPUT / "book.pdf"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
_CENTIMETRES = 0.3937  # in inches, as Chromium wants them
TEXT_WIDTH = 643  # pixels: what the margins leave of A4
_FOOTER = (
    '<div style="font: 8px sans-serif; width: 100%; text-align: center; color: #444">'
    '<span class="pageNumber"></span></div>'
)
PAPER = {
    "paperWidth": 21.0 * _CENTIMETRES,
    "paperHeight": 29.7 * _CENTIMETRES,
    "marginTop": 1.8 * _CENTIMETRES,
    "marginBottom": 1.8 * _CENTIMETRES,
    "marginLeft": 2.0 * _CENTIMETRES,
    "marginRight": 2.0 * _CENTIMETRES,
    "printBackground": True,
    "displayHeaderFooter": True,
    "headerTemplate": "<span></span>",
    "footerTemplate": _FOOTER,
    "generateTaggedPDF": True,
    "generateDocumentOutline": True,
}
"""What Chromium is asked for: A4, page numbers, tags, bookmarks made of the headings."""


def find_chromium() -> str:
    """Return the path of Chromium: ``CHROMIUM``, or the one on the search path.

    Raises:
        MissingPart: There is none; says what to do.
    """
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None or shutil.which(path) is None:
        raise MissingPart(
            "The PDF is printed by Chromium, which is not here: apt-get install chromium, or set CHROMIUM."
        )
    return path


def print_book(folder: Path, target: Path, chromium: str, keep: Sequence[str] = ()) -> int:
    """Print all pages of a built book into one file.

    Chromium cannot say on which page something will be. So it prints until the contents are right: the first
    print tells the page of each chapter, and the second one has these numbers in its contents. A third one is
    needed where something on the page was drawn anew for paper.

    Args:
        folder: The built pages; they are served on loopback while Chromium reads them.
        target: Where the PDF goes.
        chromium: Path of the browser.
        keep: Ids of the chapters to print; all, if empty.

    Returns:
        How many pages it has.
    """
    import pikepdf
    from playwright.sync_api import sync_playwright

    from lossbook.sphinx import fonts

    with _served(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        # As wide as the text on paper: labs draw themselves for the width that they have.
        tab = browser.new_page(color_scheme="light", viewport={"width": TEXT_WIDTH, "height": 1000})
        tab.goto(address, wait_until="load", timeout=60_000)
        tab.wait_for_function("document.documentElement.dataset.scripts === 'loaded'")
        tab.emulate_media(media="print", color_scheme="light")
        chapters = tab.evaluate((STATIC / "js" / "whole-book.js").read_text(encoding="utf-8"), list(keep))
        tab.add_style_tag(content=(STATIC / "whole-book.css").read_text(encoding="utf-8"))
        tab.add_style_tag(content=fonts.for_print(folder))
        tab.evaluate("dispatchEvent(new Event('beforeprint'))")
        tab.evaluate(_SETTLE)
        pages: dict[str, int] = {}
        for _ in range(_ATTEMPTS):
            printed = pikepdf.open(io.BytesIO(_printed(tab)))
            found = {name: _page_of(printed, name) for name in chapters}
            if found == pages:
                break
            pages = found
            tab.evaluate(_NUMBER, pages)
        headings = tab.evaluate(_HEADINGS)
        browser.close()
    _name_bookmarks(printed, headings)
    # Chromium packs nothing but the pages' contents: what describes their structure is most of the file.
    printed.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return len(printed.pages)


_ATTEMPTS = 4
_SETTLE = """async () => {
  // A stand-in that this machine does not have cannot be loaded: no matter.
  await Promise.allSettled([...document.fonts].map((font) => font.load()));
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map((image) => image.decode()));
  for (const frame of [1, 2, 3]) await new Promise(requestAnimationFrame);
}"""
_NUMBER = """(pages) => Object.entries(pages).forEach(([name, page]) => {
  document.querySelector(`.lb-contents a[href="#${name}"] .lb-contents__page`).textContent = page;
})"""


_HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
  .filter((heading) => heading.checkVisibility())
  .map((heading) => heading.textContent.replace(/\\s+/g, " ").trim())"""


def _name_bookmarks(printed: "pikepdf.Pdf", headings: Sequence[str]) -> None:
    """Name the bookmarks as the headings are: Chromium says a heading's first words twice at some page breaks."""
    with printed.open_outline() as outline:
        waiting, found = list(reversed(outline.root)), []
        while waiting:
            found.append(waiting.pop())
            waiting += reversed(found[-1].children)
        if len(found) == len(headings):  # else there are headings without a bookmark: better leave them
            for bookmark, heading in zip(found, headings, strict=True):
                bookmark.title = heading


def _page_of(printed: "pikepdf.Pdf", name: str) -> int:
    """Return the page, from 1, where what has this id begins."""
    place = printed.Root.Dests[f"/{name}"]
    return next(number for number, page in enumerate(printed.pages, 1) if page.objgen == place[0].objgen)


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    """Yield the address of the folder's first page on loopback."""
    handler = type("FolderHandler", (Handler,), {"root": folder})
    server = Server(("127.0.0.1", 0), partial(handler))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/index.html"
    finally:
        server.shutdown()
        server.server_close()


def _printed(tab: "Page") -> bytes:
    """Print in pieces: one message holds no file of many megabytes."""
    session = tab.context.new_cdp_session(tab)
    stream = session.send("Page.printToPDF", PAPER | {"transferMode": "ReturnAsStream"})["stream"]
    pieces = []
    while True:
        piece = session.send("IO.read", {"handle": stream, "size": 1 << 20})
        data = piece["data"]
        pieces.append(base64.b64decode(data) if piece.get("base64Encoded") else data.encode("latin-1"))
        if piece["eof"]:
            return b"".join(pieces)


def make(target: Path) -> int:
    """Build the book where that is needed, and print it. Return the exit status."""
    chromium = find_chromium()
    status = build.build()
    if status:
        return status
    started = time.monotonic()
    print("Printing ...", flush=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    pages = print_book(HTML, target, chromium)
    shown = target.relative_to(PROJECT) if target.is_relative_to(PROJECT) else target
    size, took = target.stat().st_size / 1e6, time.monotonic() - started
    print(f"The book is printed: {shown} ({pages} pages, {size:.1f} MB, {took:.0f} s)")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run `make`, with a sentence in place of a traceback where a part is missing."""
    parser = argparse.ArgumentParser(prog="python -m lossbook.sphinx.pdf", description="Print the book as a PDF.")
    parser.add_argument("--to", type=Path, default=PDF, help="file to write (default: _build/book.pdf)")
    try:
        return make(parser.parse_args(arguments).to.resolve())
    except MissingPart as missing:
        print(missing, file=sys.stderr)
        return 2
    except ImportError:
        print('Printing needs playwright and pikepdf: pip install "lossbook[pdf]"', file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
