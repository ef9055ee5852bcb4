"""Forked kernels: torch is there before the first cell, and all else is as in a kernel that was started."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

# In a process of its own: what is forked takes along all that the tests have imported.
BUILD = """
import sys
import nbformat
from nbclient import NotebookClient
from lossbook.sphinx import kernels

kernels.preload()
kernels.fork_kernels()
for source in sys.argv[2:]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    where = {"metadata": {"path": sys.argv[1]}}
    client = NotebookClient(notebook, resources=where, timeout=30, kernel_name="python3")
    try:
        client.execute()
        print("".join(output.get("text", "?") for output in notebook.cells[0].outputs).strip())
    except Exception as error:
        print(type(error).__name__)
"""


def run(folder: Path, *cells: str) -> list[str]:
    """Return what each cell prints, in a kernel of its own; the name of the error where it fails."""
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder), *cells], capture_output=True, text=True, check=True, timeout=120
    )
    return done.stdout.splitlines()


def test_a_forked_kernel_is_like_one_that_was_started(tmp_path: Path) -> None:
    folder, torch, backend, fresh, broken, ended = run(
        tmp_path,
        "import os; print(os.getcwd())",
        "import sys; print('torch' in sys.modules, 'matplotlib.pyplot' in sys.modules)",
        "import matplotlib.pyplot as plt; print(plt.get_backend())",
        "print('plt' in globals(), __name__, 'nbclient' in globals())",
        "1 / 0",
        "import os; os._exit(3)",
    )
    assert folder == str(tmp_path)
    assert torch == "True False"
    assert backend.endswith("inline")
    assert fresh == "False __main__ False"
    assert broken == "CellExecutionError"
    assert ended == "DeadKernelError"
