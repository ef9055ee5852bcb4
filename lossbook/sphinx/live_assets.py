"""What exercises inside a page load: the scripts in three bundles, one file of cases each, Python and NumPy.

``python -m lossbook.sphinx.live_assets`` makes what takes long. The build lets that run beside the chapters.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

from lossbook.live.twins import TWINS
from lossbook.sphinx import live_python
from lossbook.sphinx.build import digest, digest_of_code
from lossbook.sphinx.paths import OUTPUT, PROJECT, STATIC, BrokenPart, MissingPart, node_module

SOURCES = STATIC / "live"
STYLES = SOURCES / "live.css"
BUNDLES = (("iife", ("live.js", "worker.js")), ("esm", ("editor.js",)))
"""How the sources in ``static/live`` are bundled. Only the editor is imported; the others are plain scripts."""

_CASES = OUTPUT / ".live-cases"
_MADE_OF = (SOURCES, PROJECT / "lossbook" / "live", PROJECT / "lossbook" / "sphinx", PROJECT / "package-lock.json")


@lru_cache(maxsize=1)
def version() -> str:
    """Return a short digest of all that these files are made of, for links that follow each change."""
    return hashlib.sha256((digest(_MADE_OF) + digest_of_code()).encode()).hexdigest()[:10]


def prepare() -> None:
    """Make what takes long and is kept from build to build: Python for the pages, and the cases.

    Raises:
        MissingPart: npm's parts or Node are not installed.
        BrokenPart: Python cannot be cut; the message says why.
    """
    live_python.folder()
    _cases()


def write(target: Path) -> None:
    """Write everything into the folder ``target``.

    Raises:
        MissingPart: npm's parts or Node are not installed.
        BrokenPart: esbuild refuses a script, or Python cannot be cut; the message says why.
    """
    target.mkdir(parents=True, exist_ok=True)
    parts = live_python.folder()
    for part in parts.glob("*.bin"):
        shutil.copyfile(part, target / part.name)
    for cases in _cases().glob("*.json"):
        shutil.copyfile(cases, target / cases.name)
    shutil.copyfile(STYLES, target / STYLES.name)
    bundle(target, json.loads((parts / "index.json").read_text(encoding="utf-8")))


def bundle(target: Path, python: dict[str, object]) -> None:
    """Bundle the scripts.

    Args:
        target: the folder to write to.
        python: the sizes of Python's parts, and Pyodide's lock.
    """
    constants = {"VERSION": version(), "SIZES": python["sizes"], "LOCK": python["lock"]}
    defined = [f"--define:{name}={json.dumps(value)}" for name, value in constants.items()]
    esbuild = node_module(".bin") / "esbuild"
    for form, names in BUNDLES:
        command = [str(esbuild), *(str(SOURCES / name) for name in names), "--bundle", "--minify"]
        command += [
            f"--format={form}",
            f"--outdir={target}",
            "--target=es2022",
            "--legal-comments=none",
            "--log-level=warning",
        ]
        command += [*defined, "--external:node:*", "--external:ws"]
        environment = {**os.environ, "PATH": live_python.search_path()}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode or done.stderr:
            raise BrokenPart(f"esbuild: {done.stderr.strip()}")


def _cases() -> Path:
    """Return the folder with the cases of each exercise, computed anew where code has changed."""
    folder = _CASES / version()
    if not folder.exists():
        from lossbook.live.data import live_exercise  # torch takes seconds to import

        shutil.rmtree(_CASES, ignore_errors=True)
        contents = {name: json.dumps(live_exercise(name), separators=(",", ":")) for name in TWINS}
        folder.mkdir(parents=True)
        for name, content in contents.items():
            (folder / f"{name}.json").write_text(content, encoding="utf-8")
    return folder


def main() -> int:
    """Run `prepare`; return 1, after a sentence, where that fails."""
    try:
        prepare()
    except (MissingPart, BrokenPart) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
