"""Take the README's pictures: ``make book``, then ``.venv/bin/python tools/take_pictures.py``."""

import os
import shutil
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright

from lossbook.sphinx.serve import Handler, Server

PICTURES = Path(__file__).resolve().parent.parent / "pictures"
CHAPTER = "probabilities/sigmoid-and-softmax.html"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        path = shutil.which(os.environ.get("CHROMIUM", "chromium"))
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        page = browser.new_page(viewport={"width": 1180, "height": 980}, color_scheme="light")
        page.goto(f"http://127.0.0.1:{server.server_port}/{CHAPTER}#sigmoid", wait_until="networkidle")
        # with all sections laid out the heading stays where it is put: just below the bar
        page.add_style_tag(content="section { content-visibility: visible !important; }")
        page.evaluate("scrollTo(0, document.querySelector('#sigmoid, [id^=one-score]').offsetTop - 70)")
        page.wait_for_timeout(300)
        page.screenshot(path=PICTURES / "book.png")
        page.locator(".lossbook-report").first.screenshot(path=PICTURES / "report.png")
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
