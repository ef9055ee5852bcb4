"""The tools that keep the code as it is meant to be, run as tests."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",), ("lint-imports",)],
    ids=" ".join,
)
def test_a_linter_is_content(command):
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def committed_files():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_torch_is_pinned_and_the_supported_range_holds_the_pin():
    pinned = re.search(r"^torch==(\d+\.\d+)", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    supported = re.search(r'"torch>=([\d.]+),<', (ROOT / "pyproject.toml").read_text())
    assert pinned[1] == supported[1]


def test_no_path_of_a_machine_is_committed():
    home = str(Path.home())
    for path in committed_files():
        text = path.read_bytes()
        assert str(ROOT).encode() not in text, path
        assert home.encode() + b"/" not in text, path


def test_no_file_is_large():
    for path in committed_files():
        assert path.stat().st_size < 700_000, path
