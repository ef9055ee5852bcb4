"""Tests that run side by side: those that share something run in one worker, and what takes long starts first."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from side_by_side import group, turn

TESTS = Path(__file__).resolve().parents[1]
ATTACK = "tests/autograde/attacks/test_escape.py::test_no_way_out"
LIVE = "tests/browser/test_live.py::test_named"


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("tests/losses/test_a.py::test_x[1]", "tests/losses/test_a.py::test_y", True),
        ("tests/losses/test_a.py::test_x", "tests/losses/test_b.py::test_x", False),
        (f"{LIVE}[losses/bce.html-nll]", f"{LIVE}[losses/bce.html-bce]", True),
        (f"{LIVE}[losses/bce.html-nll]", f"{LIVE}[losses/ce.html-bce]", False),
        (
            f"{ATTACK}[fork]",
            "tests/autograde/attacks/test_escape.py::test[b]",
            False,
        ),
    ],
)
def test_group_is_the_file_the_page_or_the_test(one: str, other: str, together: bool) -> None:
    assert (group(one) == group(other)) is together


def test_long_groups_come_before_short_tests_that_fill_the_gaps() -> None:
    names = [
        "tests/autograde/durability/test_cluster.py::test_database",
        f"{LIVE}[losses/bce.html-nll]",
        "tests/losses/test_a.py::test_x",
        f"{ATTACK}[fork]",
    ]
    turned = list(reversed(names))
    assert sorted(turned, key=turn) == names


def test_groups_are_kept_by_the_xdist_that_is_installed(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (folder / "conftest.py").write_text("from side_by_side import *\n")
    source = "import os, pytest\n\n@pytest.mark.parametrize('number', range(6))\ndef test_worker(number):\n"
    source += "    print('ran', __name__, os.environ['PYTEST_XDIST_WORKER'])\n"
    for name in ("one", "two", "three"):
        (folder / f"test_{name}.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-n", "2", "-rP", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    ran = [line for line in done.stdout.splitlines() if line.startswith("ran ")]
    assert len(ran) == 18, done.stdout
    assert len(set(ran)) == 3, set(ran)
