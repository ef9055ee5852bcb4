"""Finds the modules that the first Run of a page imports, and compiles them. Runs in the page's own Python.

Reads /parts/packages (NumPy and the page's own package); writes /parts/compiled and /parts/needed.json.
Compiled code starts a second sooner than source. It keeps neither line numbers nor, but for lossbook's own
functions, docstrings: errors show the reader's own lines only, and without both the download is a tenth smaller.
"""

import importlib.util
import json
import marshal
import pathlib
import sys
import types
import zipfile

PACKAGES, COMPILED = "/parts/packages/", "/parts/compiled/"
LIBRARY = "/lib/python312.zip/"
EXERCISE = {
    "name": "f",
    "aspects": [
        {
            "name": "values",
            "cases": [{"args": [], "kwargs": {}, "note": "", "answer": 1, "relative": 0, "absolute": 0}],
        }
    ],
    "mistakes": [],
}
PROBES = (
    "import numpy as np\nprint(np.array([1.0, np.nan]))\nnp.linalg.norm(np.log(np.zeros(2)))",
    "import numpy as np\ndef f():\n    return np.ones((2, 2)) @ np.ones(3)",
    "def f(:",
    "from lossbook import plot, softmax\nplot([0, 1], softmax([0, 1], 0))",
)
"""Code of readers: values, a wrong answer, errors, a plot. What it imports belongs to the first Run."""


def start() -> None:
    """Do what the first Run of a page does."""
    sys.path.insert(0, PACKAGES)
    # here, as in the page, this is the folder lossbook/live/page
    from lossbook import checker, later

    later.install({}, lambda name: b"")
    for code in PROBES:
        for data in (None, json.dumps(EXERCISE)):
            checker.run(code, data, lambda kind, text: None)


def needed() -> list[str]:
    """Return the files of the imported modules below PACKAGES and in the standard library's archive."""
    files = {getattr(module, "__file__", None) or "" for module in sys.modules.values()}
    return sorted(file for file in files if file.startswith((PACKAGES, LIBRARY)) and "_bootstrap" not in file)


def without_line_numbers(code: types.CodeType) -> types.CodeType:
    """Return a code object, and those inside, with a table that says of each instruction: no line known."""
    constants = tuple(without_line_numbers(c) if isinstance(c, types.CodeType) else c for c in code.co_consts)
    return code.replace(co_linetable=no_lines(len(code.co_code) // 2), co_consts=constants)


def no_lines(instructions: int) -> bytes:
    """Return such a table: one byte for eight instructions, see Objects/locations.md in CPython."""
    eights, rest = divmod(instructions, 8)
    return b"\xff" * eights + (bytes([0xF8 + rest - 1]) if rest else b"")


def compiled(source: bytes, name: str) -> bytes:
    """Return the bytes of a .pyc file that is never checked against its source."""
    level = 0 if name.startswith("lossbook/") else 2
    code = compile(source, name, "exec", dont_inherit=True, optimize=level)
    head = importlib.util.MAGIC_NUMBER + (1).to_bytes(4, "little") + bytes(8)
    return head + marshal.dumps(without_line_numbers(code))


def write(folder: str, name: str, source: bytes) -> None:
    """Write a module's .pyc."""
    target = pathlib.Path(COMPILED, folder, name).with_suffix(".pyc")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(compiled(source, name))


start()
found = needed()
archive = zipfile.ZipFile(LIBRARY.rstrip("/"))
for path in found:
    if path.startswith(LIBRARY):
        write("library/", path.removeprefix(LIBRARY), archive.read(path.removeprefix(LIBRARY)))
    elif path.endswith(".py"):
        write("packages/", path.removeprefix(PACKAGES), pathlib.Path(path).read_bytes())
names = [path.removeprefix(PACKAGES).removeprefix(LIBRARY) for path in found]
pathlib.Path("/parts/needed.json").write_text(json.dumps(names), encoding="utf-8")
