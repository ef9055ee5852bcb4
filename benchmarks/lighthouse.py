"""Lighthouse's scores of the built book, as a table: python benchmarks/lighthouse.py [PAGE ...]

Each page (or those that are named) is opened three times in the throttled mobile profile: a slow phone on slow 4G,
simulated from what was observed on loopback. The book's own server sends it. The table shows the middle run, FCP
and LCP in seconds, TBT in milliseconds, and what the first load takes on the wire. The first row is a page with
two lines of text: nothing can be below it. Lighthouse takes 180 MB, so it is no part of package.json: this script
installs the version below into build/lighthouse and compares its digest. Needs Chromium (CHROMIUM or the search
path). On a busy machine the performance scores mean little: let nothing else run.

The server sends Brotli, as most hosts do; --gzip measures what a host that has gzip only (GitHub Pages) comes to.

What the simulation makes of a page: 0.6 s for DNS, connection and the first 14 KB of HTML, 0.15 s for the next 29
KB and for each 30 KB after that, and then the CPU's time until the first paint, four times (layout: twice).

The aims stand in the last row. Exit status 1 where a page misses one.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from lossbook.sphinx.paths import HTML, PROJECT, MissingPart
from lossbook.sphinx.pdf import find_chromium
from lossbook.sphinx.serve import Handler, Server

VERSION = "13.5.0"
INTEGRITY = "sha512-w/yYIwg7mP9pCwkcbAXRztnvKHua2dJnZaNptPLa1cEw+akr6lbsIDiUOLsQwvaiAUr0xvxdmwvAzl3pj3Np0A=="
FOLDER = PROJECT / "build" / "lighthouse"
FLOOR = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Nearly empty</title>'
    '<meta name="viewport" content="width=device-width"><meta name="description" content="Two lines of text.">'
    '<link rel="icon" href="data:,"></head><body><main><h1>Nearly empty</h1><p>A line of text.</p></main></body>'
)
AIMS = {"performance": 95, "accessibility": 100, "best-practices": 100, "seo": 100}
FLOOR_NAME = "(nearly empty)"
MAX_SECONDS, MAX_KILOBYTES = 1.0, 300
CATEGORIES = tuple(AIMS)
FLAGS = "--headless=new --no-sandbox --disable-gpu --disable-background-networking --no-first-run"


def environment() -> dict[str, str]:
    """Node from the project's environment first: Lighthouse wants a new one."""
    return os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def install() -> Path:
    """Install Lighthouse where it is not there yet, and return its script."""
    listing = FOLDER / "node_modules" / ".package-lock.json"
    if not listing.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "package.json").write_text('{"private": true}\n', encoding="utf-8")
        command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", f"lighthouse@{VERSION}"]
        subprocess.run(command, cwd=FOLDER, env=environment(), check=True)
    found = json.loads(listing.read_text(encoding="utf-8"))["packages"]["node_modules/lighthouse"]
    if found["integrity"] != INTEGRITY:
        raise SystemExit(
            f"build/lighthouse holds another Lighthouse than {VERSION}: remove the folder and run again."
        )
    return FOLDER / "node_modules" / "lighthouse" / "cli" / "index.js"


def measure(script: Path, address: str, chromium: str) -> dict[str, Any]:
    """Run Lighthouse once. Its default profile is the throttled phone."""
    command = ["node", str(script), address, "--quiet", "--output=json", f"--chrome-flags={FLAGS}"]
    command.append(f"--only-categories={','.join(CATEGORIES)}")
    done = subprocess.run(
        command, env=environment() | {"CHROME_PATH": chromium}, check=True, stdout=subprocess.PIPE, timeout=180
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def middle(reports: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the run with the median time to the largest paint."""
    return sorted(reports, key=paint)[len(reports) // 2]


def paint(report: dict[str, Any]) -> float:
    """Seconds until the largest element was painted."""
    return float(report["audits"]["largest-contentful-paint"]["numericValue"]) / 1000


def lost(report: dict[str, Any]) -> list[str]:
    """What cost points, by audit."""
    weighed = {
        part["id"] for name in CATEGORIES for part in report["categories"][name]["auditRefs"] if part["weight"] > 0
    }
    audits = ((name, report["audits"][name]) for name in sorted(weighed))
    return [
        f"{name} {audit.get('displayValue', '')}".strip()
        for name, audit in audits
        if audit["score"] is not None and audit["score"] < 0.9
    ]


def kilobytes(report: dict[str, Any]) -> float:
    """What the first load takes on the wire."""
    return float(report["audits"]["total-byte-weight"]["numericValue"]) / 1024


def score(report: dict[str, Any], category: str) -> int:
    return round(100 * (report["categories"][category]["score"] or 0))


def reaches_the_aims(report: dict[str, Any]) -> bool:
    scores = all(score(report, category) >= aim for category, aim in AIMS.items())
    return scores and paint(report) < MAX_SECONDS and kilobytes(report) <= MAX_KILOBYTES


def row(page: str, reports: list[dict[str, Any]]) -> str:
    """One page as a line of the table."""
    shown = middle(reports)
    metrics = shown["audits"]["metrics"]["details"]["items"][0]
    scores = " ".join(f"{score(shown, category):14}" for category in CATEGORIES)
    first, blocked = metrics["firstContentfulPaint"] / 1000, metrics["totalBlockingTime"]
    spread = f"({min(map(paint, reports)):.2f} to {max(map(paint, reports)):.2f})"
    missed = "" if reaches_the_aims(shown) else "  missed"
    numbers = f"{first:6.2f} {paint(shown):6.2f} {spread:15} {blocked:6.0f} {kilobytes(shown):5.0f}"
    return f"{page:38}{scores} {numbers}{missed}"


def pages_of(folder: Path) -> list[str]:
    """Return the address of each page that readers come to. The listings of source code are left out."""
    found = (path.relative_to(folder) for path in folder.rglob("*.html"))
    return sorted(str(path) for path in found if not path.parts[0].startswith("_"))


class GzipHandler(Handler):
    """A host that knows no Brotli."""

    def do_GET(self) -> None:
        """Take Brotli off the list of what the browser understands."""
        accepted = self.headers.get("Accept-Encoding", "")
        self.headers.replace_header("Accept-Encoding", accepted.replace("br", ""))
        super().do_GET()


@contextmanager
def served(folder: Path, handler: type[Handler]) -> Iterator[str]:
    """Yield the address of a folder on loopback."""
    server = Server(("127.0.0.1", 0), partial(type("FolderHandler", (handler,), {"root": folder})))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument(
        "pages", nargs="*", help="addresses below the book's own (default: all but source listings)"
    )
    parser.add_argument("--gzip", action="store_true", help="compress as a host without Brotli does")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=HTML, help="another built book, to compare with")
    options = parser.parse_args()
    if missing := [page for page in options.pages if not (options.folder / page).is_file()]:
        parser.error(f"not in the built book: {', '.join(missing)} (as in losses/cross-entropy.html)")
    try:
        chromium = find_chromium()
    except MissingPart as problem:
        raise SystemExit(str(problem)) from None
    script = install()
    handler = GzipHandler if options.gzip else Handler
    names = " ".join(f"{name:>14}" for name in CATEGORIES)
    print(f"{'page':38}{names} {'FCP':>6} {'LCP':>6} {'(all runs)':15} {'TBT':>6} {'KB':>5}")
    with tempfile.TemporaryDirectory() as name:
        Path(name, "index.html").write_text(FLOOR, encoding="utf-8")
        with served(Path(name), handler) as address:
            show(FLOOR_NAME, [measure(script, f"{address}/", chromium) for _ in range(options.runs)])
    missed = []
    with served(options.folder, handler) as address:
        for page in options.pages or pages_of(options.folder):
            compress(f"{address}/{page}")
            reports = [measure(script, f"{address}/{page}", chromium) for _ in range(options.runs)]
            show(page, reports)
            missed += [] if reaches_the_aims(middle(reports)) else [page]
    scores = " ".join(f"{f'>= {aim}':>14}" for aim in AIMS.values())
    print(
        f"{'(the aims)':38}{scores} {'':6} {f'< {MAX_SECONDS:.2f}':>6} {'':15} {'':6} {f'<= {MAX_KILOBYTES}':>5}"
    )
    print(f"{len(missed)} missed: {', '.join(missed)}" if missed else "All pages reach the aims.")
    return 1 if missed else 0


def show(page: str, reports: list[dict[str, Any]]) -> None:
    """Print a page's line, and below it what cost points."""
    print(row(page, reports), flush=True)
    for problem in lost(middle(reports)):
        print(f"    {problem}")


def compress(address: str) -> None:
    """Ask for the page once: the server compresses it now, and not while Lighthouse waits."""
    request = urllib.request.Request(address, headers={"Accept-Encoding": "gzip, br"})
    with urllib.request.urlopen(request) as answer:
        answer.read()


if __name__ == "__main__":
    sys.exit(main())
