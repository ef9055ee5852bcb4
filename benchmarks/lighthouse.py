"""Lighthouse's scores of the built book, as a table: python benchmarks/lighthouse.py [PAGE ...]

Each page is opened three times in the throttled mobile profile (a slow phone on slow 4G, simulated from what was
observed on loopback), served by the book's own server; the table shows the middle run, FCP and LCP in seconds, TBT
in milliseconds, and what the first load takes on the wire. Lighthouse takes 180 MB, so it is no part of
package.json: this script installs the version below into build/lighthouse and compares its digest. Needs Chromium
(CHROMIUM or the search path). On a busy machine the performance scores mean little: let nothing else run.

The aims: scores of at least 95, 100, 100, 100; LCP below 1 s; at most 300 KB. Exit status 1 where one is missed.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path
from typing import Any

from lossbook.sphinx.paths import PROJECT, MissingPart
from lossbook.sphinx.pdf import find_chromium
from lossbook.sphinx.serve import Handler, Server

VERSION = "13.5.0"
INTEGRITY = "sha512-w/yYIwg7mP9pCwkcbAXRztnvKHua2dJnZaNptPLa1cEw+akr6lbsIDiUOLsQwvaiAUr0xvxdmwvAzl3pj3Np0A=="
FOLDER = PROJECT / "build" / "lighthouse"
PAGES = (
    "index.html",
    "losses/cross-entropy.html",
    "practice/weights-and-thresholds.html",
    "reference/error-messages.html",
    "playground.html",
    "reference/api.html",
)
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
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


def row(page: str, reports: list[dict[str, Any]]) -> str:
    """One page as a line of the table."""
    shown = middle(reports)
    scores = " ".join(f"{100 * (shown['categories'][name]['score'] or 0):13.0f}" for name in CATEGORIES)
    spread = f"{min(map(paint, reports)):.2f} to {max(map(paint, reports)):.2f}"
    return f"{page:42}{scores} {statistics.median(map(paint, reports)):7.2f} ({spread})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("pages", nargs="*", default=PAGES, help="addresses below the book's own")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    try:
        chromium = find_chromium()
    except MissingPart as missing:
        raise SystemExit(str(missing)) from None
    script = install()
    server = Server(("127.0.0.1", 0), partial(Handler))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"{'page':42}{' '.join(f'{name:>13}' for name in CATEGORIES)}   LCP s")
    for page in options.pages:
        address = f"http://127.0.0.1:{server.server_port}/{page}"
        reports = [measure(script, address, chromium) for _ in range(options.runs)]
        print(row(page, reports), flush=True)
        for problem in lost(middle(reports)):
            print(f"    {problem}")
    server.shutdown()


if __name__ == "__main__":
    main()
