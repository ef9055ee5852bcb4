"""What benchmarks/lighthouse.py makes of Lighthouse's reports; Lighthouse itself is not run here."""

import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from lossbook.sphinx.paths import PROJECT

sys.path.insert(0, str(PROJECT / "benchmarks"))
lighthouse = pytest.importorskip("lighthouse")


def report(seconds: float = 0.9, kilobytes: float = 100, **scores: int) -> dict[str, Any]:
    """Return as much of a report as the benchmark reads."""
    reached = {**lighthouse.AIMS, **{name.replace("_", "-"): score for name, score in scores.items()}}
    audits: dict[str, Any] = {
        "largest-contentful-paint": {"numericValue": 1000 * seconds},
        "total-byte-weight": {"numericValue": 1024 * kilobytes},
        "metrics": {"details": {"items": [{"firstContentfulPaint": 800, "totalBlockingTime": 0}]}},
    }
    return {"audits": audits, "categories": {name: {"score": score / 100} for name, score in reached.items()}}


@pytest.mark.parametrize(
    ("changed", "reached"),
    [
        ({}, True),
        ({"seconds": 1.0}, False),
        ({"kilobytes": 301}, False),
        ({"performance": 94}, False),
        ({"best_practices": 99}, False),
    ],
)
def test_a_missed_aim_is_missed_and_said(changed: dict[str, Any], reached: bool) -> None:
    found = report(**changed)
    assert lighthouse.reaches_the_aims(found) is reached
    assert lighthouse.row("index.html", [found]).endswith("missed") is not reached


def test_the_middle_run_counts() -> None:
    assert lighthouse.paint(lighthouse.middle([report(0.7), report(3.0), report(0.8)])) == 0.8


def test_all_pages_are_measured_but_listings(tmp_path: Path) -> None:
    for name in ("index.html", "losses/bce.html", "_modules/lossbook/losses.html", "_static/x.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert lighthouse.pages_of(tmp_path) == ["index.html", "losses/bce.html"]


@pytest.mark.parametrize(("handler", "encoding"), [("Handler", "br"), ("GzipHandler", "gzip")])
def test_host_sends_what_it_can(tmp_path: Path, handler: str, encoding: str) -> None:
    (tmp_path / "index.html").write_text("text " * 100, encoding="utf-8")
    with lighthouse.served(tmp_path, getattr(lighthouse, handler)) as address:
        request = urllib.request.Request(f"{address}/index.html", headers={"Accept-Encoding": "gzip, deflate, br"})
        with urllib.request.urlopen(request) as answer:
            assert answer.headers["Content-Encoding"] == encoding
