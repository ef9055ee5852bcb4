"""The container around the warm process, where bubblewrap is installed: no network, few files."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys

import lossbook
from lossbook.autograde.sandbox import readable_paths

TMP_BYTES = 64 << 20
TRIAL_SECONDS = 30


def command() -> list[str]:
    """Return what to put before the warm process's command line; [] where bubblewrap cannot work."""
    bubblewrap = shutil.which("bwrap")
    return _arguments(bubblewrap) if bubblewrap and _works(bubblewrap) else []


@functools.cache
def _works(bubblewrap: str) -> bool:
    """Return whether bubblewrap may make its namespaces here: some containers forbid it."""
    trial = [*_arguments(bubblewrap), sys.executable, "-c", ""]
    try:
        return subprocess.run(trial, capture_output=True, check=False, timeout=TRIAL_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


@functools.cache
def _arguments(bubblewrap: str) -> list[str]:
    arguments = [bubblewrap, "--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534"]
    arguments += ["--die-with-parent", "--new-session", "--hostname", "sandbox", "--cap-drop", "ALL"]
    # first, because what is mounted later lies on top: Python or lossbook may well be somewhere in /tmp
    arguments += ["--proc", "/proc", "--dev", "/dev", "--size", str(TMP_BYTES), "--tmpfs", "/tmp"]
    for path in _seen():
        arguments += ["--ro-bind", path, path]
    for link in ("/lib", "/lib64", "/bin", "/sbin"):  # links into /usr on today's distributions
        if os.path.islink(link):
            arguments += ["--symlink", os.readlink(link), link]
    return [*arguments, "--chdir", "/tmp", "--"]


def _seen() -> list[str]:
    """Return what the warm process needs: what learners may read, Python's executable, and lossbook itself."""
    package = os.path.dirname(os.path.realpath(lossbook.__file__))
    executables = [os.path.dirname(path) for path in (sys.executable, os.path.realpath(sys.executable))]
    configuration = os.path.join(sys.prefix, "pyvenv.cfg")
    tools = ["/sbin/ldconfig", "/usr/sbin/ldconfig"]  # ctypes looks libraries up with it
    wanted = [*readable_paths(), *executables, package, configuration, *map(os.path.realpath, tools)]
    seen: list[str] = []
    for path in sorted({path for path in wanted if os.path.exists(path)}):
        if not any(path.startswith(f"{parent}/") for parent in seen):
            seen.append(path)
    return seen
