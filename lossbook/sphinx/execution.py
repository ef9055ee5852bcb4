"""Execute the chapters side by side before the pages are made, into the cache that MyST-NB reads.

MyST-NB executes one chapter after the other, and its cache knows the cells of a chapter but not the code
that they import. So what it keeps of a chapter is dropped when that code (see `dependencies`), or torch, changes.
"""

import json
import logging
import multiprocessing
import os
import sys
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import JupyterCacheAbstract
from jupyter_cache.executors import load_executor
from jupyter_cache.executors.basic import ExecutionWorkerLocalMProc, ProcessData
from myst_nb.core.read import is_myst_markdown_notebook

from lossbook.sphinx import dependencies, kernels
from lossbook.sphinx.build import digest
from lossbook.sphinx.paths import BOOK, OUTPUT, PROJECT

CACHE = OUTPUT / ".jupyter_cache"
LONGEST = (
    "teaching/run-a-class.md",
    "practice/residual-network.md",
    "practice/heartbeats.md",
    "practice/multi-label.md",
    "practice/noisy-labels.md",
)
"""Begun first, so that at the end no processor waits for one of them. A wrong name costs seconds, nothing else."""

_KERNEL = """c = get_config()
c.Application.log_level = 40

from ipykernel.iostream import OutStream

OutStream.flush_interval = 3600.0
"""
_READER = {"type": "plugin", "name": "myst_nb_md"}


def execute_chapters() -> int:
    """Execute each chapter that is not in the cache. Return how many were.

    A chapter that fails is left for MyST-NB, which reports it with its cell and traceback.
    """
    cache = get_cache(CACHE)
    forget_outdated(cache, {_name(path): digest_behind(path) for path in chapters()})
    waiting = sorted(
        (path for path in chapters() if not _is_cached(cache, path)), key=lambda path: _name(path) not in LONGEST
    )
    if not waiting:
        return 0
    _isolate_kernels()
    print(f"Executing {', '.join(path.stem for path in waiting)} ...", flush=True)
    _execute(cache, waiting)
    return len(waiting)


def _execute(cache: JupyterCacheAbstract, waiting: list[Path]) -> None:
    """Give each processor the next chapter when it is done with one. (jupyter-cache deals them out in threes.)"""
    executor = load_executor("local-parallel", cache, logger=_quiet_logger())
    records = {record.uri: record for record in executor.get_records(filter_uris=[str(path) for path in waiting])}
    timeout = _timeout()
    work = [ProcessData(records[str(path)].pk, str(path), cache, timeout, False) for path in waiting]
    multiprocessing.log_to_stderr(logging.ERROR)
    can_fork = sys.platform == "linux"  # elsewhere a system's own libraries do not stand it
    if can_fork:
        kernels.preload()
    side_by_side = (os.cpu_count() or 1) + 1  # the longest chapter waits for learners' processes much of its time
    with multiprocessing.Pool(
        min(len(work), side_by_side), initializer=kernels.fork_kernels if can_fork else None
    ) as pool:
        pool.map(ExecutionWorkerLocalMProc(), work, chunksize=1)


def digest_behind(path: Path) -> str:
    """Digest the code, data and versions that the results of a chapter depend on, besides its own cells."""
    sources = dependencies.cells_in(path.read_text(encoding="utf-8"))
    return digest([*dependencies.files_behind(sources, PROJECT), PROJECT / "constraints.txt"])


def forget_outdated(cache: JupyterCacheAbstract, digests: dict[str, str]) -> None:
    """Drop from the cache all that was executed with other code than these digests say, by chapter.

    Also results for cells that a chapter had before: they would come back when the cells do.
    """
    stamp = CACHE / "executed-with.json"
    before = json.loads(stamp.read_text(encoding="utf-8")) if stamp.exists() else {}
    for record in cache.list_cache_records():
        name = _name(Path(record.uri))
        if name not in digests or before.get(name) != digests[name]:
            cache.remove_cache(record.pk)
    stamp.write_text(json.dumps(digests), encoding="utf-8")


def _name(path: Path) -> str:
    """Return the name of a chapter below the folder of the book, wherever that was when it was executed."""
    return "/".join(path.parts[len(path.parts) - path.parts[::-1].index(BOOK.name) :])


def chapters() -> list[Path]:
    """Return the chapters of the table of contents that have cells to execute."""
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
    paths = [(BOOK / name).with_suffix(".md") for name in _files_named_in(toc)]
    return [path for path in paths if is_myst_markdown_notebook(path.read_text(encoding="utf-8"))]


def _files_named_in(entry: object) -> list[str]:
    """Walk the table of contents: `root` and `file` are names, all else is nested further."""
    if isinstance(entry, list):
        return [name for item in entry for name in _files_named_in(item)]
    if not isinstance(entry, dict):
        return []
    here = [str(entry[key]) for key in ("root", "file") if key in entry]
    return here + [name for value in entry.values() for name in _files_named_in(value)]


def _is_cached(cache: JupyterCacheAbstract, path: Path) -> bool:
    record = cache.add_nb_to_project(str(path), read_data=_READER)
    return cache.get_cached_project_nb(record.uri) is not None


def _isolate_kernels() -> None:
    """Give kernels a profile of their own: no start-up files of whoever builds, no notices about transport.

    What a cell prints is sent when the cell ends or shows something. By default it is sent every 0.2 s, and where
    the pieces are put together again, each border becomes the end of a line: the text would hang on the clock.

    And one thread each: they run side by side, and threads of each would only wait for each other.
    """
    os.environ["OMP_NUM_THREADS"] = "1"
    os.environ["LOSSBOOK_BOOK"] = ".."  # reports on a page lead to the place that they name
    profile = OUTPUT / ".ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text(_KERNEL, encoding="utf-8")
    os.environ["IPYTHONDIR"] = str(profile.parent)


def _timeout() -> int:
    config = yaml.safe_load((PROJECT / "_config.yml").read_text(encoding="utf-8"))
    return int(config["execute"]["timeout"])


def _quiet_logger() -> logging.Logger:
    logger = logging.getLogger(__name__)
    logger.setLevel(logging.ERROR)
    return logger
