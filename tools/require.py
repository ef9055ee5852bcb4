"""Say which system packages are missing, before anything is installed or half-built.

Runs on the system's Python, so it uses nothing but the standard library:
``python3 tools/require.py book|test``.
"""

import ctypes.util
import glob
import importlib.util
import os
import shutil
import sys
import sysconfig

MINIMUM = (3, 11)


def missing(goal: str) -> list[str]:
    """Return one sentence for each thing that ``goal`` needs and this machine lacks."""
    found = []
    if sys.version_info < MINIMUM:
        version = ".".join(map(str, sys.version_info[:2]))
        found.append(f"Python 3.11 or newer (this is {version}): set PYTHON to it, e.g. make PYTHON=python3.11")
    if importlib.util.find_spec("ensurepip") is None:
        found.append("Python's venv module: apt-get install python3-venv")
    if shutil.which("git") is None:
        found.append("git: apt-get install git")
    if goal == "test" and not shutil.which(os.environ.get("CXX", "g++")):
        found.append("a C++ compiler, for torch.compile: apt-get install g++")
    if goal == "test" and not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")):
        found.append("Python's headers, for torch.compile: apt-get install python3-dev")
    if goal == "test" and not shutil.which(os.environ.get("CHROMIUM", "chromium")):
        found.append("Chromium, for the browser tests: apt-get install chromium, or set CHROMIUM to its path")
    if goal == "test" and not shutil.which("bwrap"):
        found.append("bubblewrap, for the sandbox: apt-get install bubblewrap")
    if goal == "test" and ctypes.util.find_library("seccomp") is None:
        found.append("libseccomp, for the sandbox: apt-get install libseccomp2")
    if goal == "test" and not glob.glob("/usr/lib/postgresql/*/bin/initdb") and not shutil.which("initdb"):
        found.append("PostgreSQL, for the tests of large classes: apt-get install postgresql")
    return found


if __name__ == "__main__":
    lines = missing(sys.argv[1] if len(sys.argv) > 1 else "book")
    if lines:
        sys.exit("This machine lacks:\n" + "\n".join(f"  - {line}" for line in lines))
