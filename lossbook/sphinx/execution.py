"""Execute the chapters side by side before the pages are made, into the cache that MyST-NB reads.

MyST-NB executes one chapter after the other, and its cache knows the cells of a chapter but not the code
that they import. So the cache is dropped when that code, or torch, changes.
"""

import logging
import os
import shutil
from pathlib import Path

import yaml
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors import load_executor
from myst_nb.core.read import is_myst_markdown_notebook
from nbformat import NotebookNode

from lossbook.sphinx.paths import BOOK, OUTPUT, PROJECT

CACHE = OUTPUT / ".jupyter_cache"
_READER = {"type": "plugin", "name": "myst_nb_md"}


def execute_chapters(code: str) -> int:
    """Execute each chapter that is not in the cache. Return how many were.

    A chapter that fails is left for MyST-NB, which reports it with its cell and traceback.

    Args:
        code: Digest of all that chapters import.
    """
    cache = _cache_for(code)
    waiting = [path for path in chapters() if not _is_cached(cache, path)]
    if not waiting:
        return 0
    _isolate_kernels()
    print(f"Executing {', '.join(path.stem for path in waiting)} ...", flush=True)
    for path in waiting:
        cache.add_nb_to_project(str(path), read_data=_READER)
    executor = load_executor("local-parallel", cache, logger=_quiet_logger())
    executor.run_and_cache(filter_uris=[str(path) for path in waiting], timeout=_timeout())
    for path in waiting:
        _join_streams_of(cache, path)
    return len(waiting)


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


def _cache_for(code: str) -> JupyterCacheAbstract:
    stamp = CACHE / "executed-with"
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != code:
        shutil.rmtree(CACHE, ignore_errors=True)
        CACHE.mkdir(parents=True)
        stamp.write_text(code, encoding="utf-8")
    return get_cache(CACHE)


def _is_cached(cache: JupyterCacheAbstract, path: Path) -> bool:
    record = cache.add_nb_to_project(str(path), read_data=_READER)
    return cache.get_cached_project_nb(record.uri) is not None


def join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Return a cell's outputs with all that went to one stream in one piece.

    A kernel sends what is printed when some time has passed: a slow cell's lines come in pieces that differ from
    run to run and end anywhere, and MyST-NB would begin a new line with each.
    """
    joined: list[NotebookNode] = []
    streams: dict[str, NotebookNode] = {}
    for output in outputs:
        if output.output_type == "stream" and output.name in streams:
            streams[output.name].text += output.text
            continue
        if output.output_type == "stream":
            streams[output.name] = output
        joined.append(output)
    return joined


def _join_streams_of(cache: JupyterCacheAbstract, path: Path) -> None:
    record = cache.add_nb_to_project(str(path), read_data=_READER)
    cached = cache.get_cached_project_nb(record.uri)
    if cached is None:  # it failed
        return
    bundle = cache.get_cache_bundle(cached.pk)
    for cell in bundle.nb.cells:
        if cell.cell_type == "code":
            cell.outputs = join_streams(cell.outputs)
    joined = CacheBundleIn(nb=bundle.nb, uri=cached.uri, data=cached.data)
    cache.cache_notebook_bundle(joined, check_validity=False, overwrite=True)


def _isolate_kernels() -> None:
    """Give kernels a profile of their own: no start-up files of whoever builds, no notices about transport.

    And one thread each: they run side by side, and threads of each would only wait for each other.
    """
    os.environ["OMP_NUM_THREADS"] = "1"
    profile = OUTPUT / ".ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text("c = get_config()\nc.Application.log_level = 40\n")
    os.environ["IPYTHONDIR"] = str(profile.parent)


def _timeout() -> int:
    config = yaml.safe_load((PROJECT / "_config.yml").read_text(encoding="utf-8"))
    return int(config["execute"]["timeout"])


def _quiet_logger() -> logging.Logger:
    logger = logging.getLogger(__name__)
    logger.setLevel(logging.ERROR)
    return logger
