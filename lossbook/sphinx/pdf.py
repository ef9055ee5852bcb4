"""The whole book as one PDF: ``python -m lossbook.sphinx.pdf [--to FILE]``.

Jupyter Book puts all chapters on one page, and Chromium prints it, with bookmarks, tags for screen readers, and
links that work inside the file.
"""

import argparse
import base64
import os
import shutil
import sys
import threading
import time
from functools import partial
from pathlib import Path

from lossbook.sphinx import build
from lossbook.sphinx.paths import OUTPUT, PROJECT, MissingPart
from lossbook.sphinx.serve import Handler, Server

SINGLE = OUTPUT / "singlehtml"
PDF = OUTPUT / "book.pdf"
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
_CENTIMETRES = 0.3937  # in inches, as Chromium wants them
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


LINKS_STAY_INSIDE = """() => {
  for (const link of document.querySelectorAll('a[href^="../"]')) {
    const place = document.getElementById(link.getAttribute("href").split("#")[1] ?? "");
    if (place) link.setAttribute("href", `#${place.id}`);
    else link.removeAttribute("href");
  }
}"""
"""What cells show links from page to page. On one page with all chapters, the place is on the page itself."""


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


def print_page(folder: Path, page: str, target: Path, chromium: str) -> None:
    """Print one page of a built book.

    Args:
        folder: The built pages; they are served on loopback while Chromium reads them.
        page: Address of the page below the folder.
        target: Where the PDF goes.
        chromium: Path of the browser.
    """
    from playwright.sync_api import sync_playwright

    handler = type("FolderHandler", (Handler,), {"root": folder})
    server = Server(("127.0.0.1", 0), partial(handler))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
            tab = browser.new_page(color_scheme="light")
            tab.goto(f"http://127.0.0.1:{server.server_port}/{page}", wait_until="load", timeout=120_000)
            tab.emulate_media(media="print", color_scheme="light")
            tab.evaluate("dispatchEvent(new Event('beforeprint'))")
            tab.evaluate("document.fonts.ready.then(() => true)")
            tab.evaluate(LINKS_STAY_INSIDE)
            target.write_bytes(_printed(tab))
            browser.close()
    finally:
        server.shutdown()
        server.server_close()


def _printed(tab: object) -> bytes:
    """Print in pieces: one message holds no file of many megabytes."""
    session = tab.context.new_cdp_session(tab)  # type: ignore[attr-defined]
    stream = session.send("Page.printToPDF", PAPER | {"transferMode": "ReturnAsStream"})["stream"]
    pieces = []
    while True:
        piece = session.send("IO.read", {"handle": stream, "size": 1 << 20})
        data = piece["data"]
        pieces.append(base64.b64decode(data) if piece.get("base64Encoded") else data.encode("latin-1"))
        if piece["eof"]:
            return b"".join(pieces)


def make(target: Path) -> int:
    """Build the one page and print it. Return the exit status."""
    started = time.monotonic()
    chromium = find_chromium()
    status = build.build()  # executes the chapters, and reports what is wrong with them
    if status:
        return status
    print("Putting all chapters on one page ...", flush=True)
    status, log = build.run_jupyter_book(everything=False, builder="singlehtml")
    if status:
        print("\n".join(build.warnings_in(log) or log.splitlines()[-30:]))
        print("The PDF was not made: each warning above must go.")
        return 1
    print("Printing ...", flush=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    print_page(SINGLE, "index.html", target, chromium)
    shown = target.relative_to(PROJECT) if target.is_relative_to(PROJECT) else target
    print(
        f"The book is printed: {shown} ({target.stat().st_size / 1e6:.1f} MB, {time.monotonic() - started:.0f} s)"
    )
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
        print('Printing needs playwright: pip install "lossbook[test]"', file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
