"""Run the chapters' downloads as who has installed lossbook does: python tools/run_downloads.py [NAME ...]

Makes a wheel of this working copy and unpacks it. Each notebook that the built book offers is executed in a folder
of its own, with that package and not with this project's folder. NAME is part of a notebook's path; without one,
all are run. Exit status 1 if one of them fails. Needs a built book and what ``make test`` installs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from lossbook.sphinx.notebooks import SOURCES
from lossbook.sphinx.paths import HTML, PROJECT

MINUTES = 10


def install(folder: Path) -> Path:
    """Unpack a wheel of this project below ``folder``, and return where it is."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    source, wheels, installed = (folder / name for name in ("source", "wheels", "installed"))
    for name in filter(None, listed.split("\0")):
        original, copy = PROJECT / name, source / name
        if original.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(original.read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*command, "--wheel-dir", str(wheels), str(source)], check=True)
    (wheel,) = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(installed)
    return installed


def run(notebook: Path, installed: Path, folder: Path) -> str:
    """Execute one notebook. Return what went wrong, or nothing."""
    cells = nbformat.read(notebook, as_version=4)
    probe = "import lossbook as _lossbook; print(_lossbook.__file__)"
    cells.cells.insert(0, nbformat.v4.new_code_cell(probe))
    client = NotebookClient(
        cells, timeout=60 * MINUTES, kernel_name="python3", resources={"metadata": {"path": folder}}
    )
    try:
        client.execute(env=os.environ | {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"})
    except CellExecutionError as error:
        return f"{error.ename}: {error.evalue}"
    used = cells.cells[0].outputs[0].text.strip()
    return "" if Path(used).is_relative_to(installed) else f"it used {used}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    offered = sorted((HTML / SOURCES).rglob("*.ipynb"))
    wanted = [path for path in offered if not options.names or any(name in str(path) for name in options.names)]
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        installed = install(Path(name))
        for number, notebook in enumerate(wanted):
            # Pages for teachers say that they need a copy of the project around them.
            folder = Path(name, "source") if notebook.parent.name == "teaching" else Path(name, f"reader-{number}")
            folder.mkdir(exist_ok=True)
            started = time.monotonic()
            trouble = run(notebook, installed, folder)
            failed += bool(trouble)
            shown = notebook.relative_to(HTML / SOURCES)
            print(f"{shown!s:45} {time.monotonic() - started:6.1f} s  {trouble or 'runs'}", flush=True)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
