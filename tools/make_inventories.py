"""Write the inventories that link the book to the documentation of torch and Python, without a network.

Run it when a page links to a name that the build does not know. Each name is looked up in the installed torch, or
Python, so a link never names what is not there: python tools/make_inventories.py
"""

import importlib
import inspect
import re
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INVENTORIES = ROOT / "lossbook" / "sphinx" / "inventories"

TORCH_PAGES = {
    "torch.Tensor": "tensors.html",
    "torch.dtype": "tensor_attributes.html",
    "torch.optim.Optimizer": "optim.html",
}
"""Names whose page is not called after them. Always in the inventory: signatures name them."""

TORCH_ALIASES = {
    "torch.nn.modules.module.Module": "torch.nn.Module",
    "torch.nn.modules.conv.Conv2d": "torch.nn.Conv2d",
    "torch.optim.optimizer.Optimizer": "torch.optim.Optimizer",
}
"""What signatures name by its module, and torch's documentation by the place where it is used."""

PYTHON_PAGES = {
    "functions": ("bool", "float", "int"),
    "stdtypes": ("dict", "list", "range", "str", "tuple"),
    "constants": ("None",),
    "exceptions": (
        "AssertionError", "IndexError", "KeyError", "NotImplementedError", "RuntimeError", "TypeError",
        "ValueError",
    ),
    "typing": ("typing.Any", "typing.NamedTuple"),
    "collections.abc": ("collections.abc.Callable", "collections.abc.Iterable", "collections.abc.Sequence"),
    "pathlib": ("pathlib.Path",),
}  # fmt: skip
"""Names in the signatures and docstrings of the API page, by the page of the library reference."""

_LINKED = re.compile(r"(?:\{py:\w+\}|:\w+:)`(?:[^`<]*<)?~?(torch(?:\.\w+)+)>?`")


def names_linked() -> set[str]:
    """Return the names of torch that chapters and docstrings link to."""
    sources = [*ROOT.glob("book/**/*.md"), *ROOT.glob("lossbook/**/*.py")]
    found = {name for path in sources for name in _LINKED.findall(path.read_text(encoding="utf-8"))}
    return found | set(TORCH_PAGES)


def resolve(name: str) -> object:
    """Return what a dotted name stands for.

    Raises:
        AttributeError: There is no such thing.
    """
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    return resolve(f"builtins.{name}")


def kind_of(name: str) -> str:
    """Return the kind of Python object as Sphinx names it."""
    found = resolve(name)
    if inspect.ismodule(found):
        return "module"
    if isinstance(found, type):
        return "exception" if issubclass(found, BaseException) else "class"
    return "data" if found is None else "method" if ".Tensor." in name else "function"


def torch_lines() -> list[str]:
    """Return a line of the inventory for each name of torch that the book links to."""
    return [_torch_line(name) for name in sorted(names_linked() | set(TORCH_ALIASES))]


def _torch_line(name: str) -> str:
    kind = kind_of(name)
    if kind == "module":
        return f"{name} py:module 0 {name.removeprefix('torch.')}.html#module-{name} -"
    known = TORCH_ALIASES.get(name, name)
    return f"{name} py:{kind} 1 {TORCH_PAGES.get(known, f'generated/{known}.html')}#{known} -"


def python_lines() -> list[str]:
    """Return a line of the inventory for each name of Python in the signatures."""
    pages = PYTHON_PAGES.items()
    return [f"{name} py:{kind_of(name)} 1 library/{page}.html#{name} -" for page, names in pages for name in names]


def inventory(project: str, lines: list[str]) -> bytes:
    """Return an inventory in Sphinx's format, version 2."""
    head = f"# Sphinx inventory version 2\n# Project: {project}\n# Version: \n"
    head += "# The remainder of this file is compressed using zlib.\n"
    return head.encode() + zlib.compress(("\n".join(lines) + "\n").encode(), 9)


def main() -> None:
    INVENTORIES.mkdir(exist_ok=True)
    for project, lines in (("torch", torch_lines()), ("python", python_lines())):
        (INVENTORIES / f"{project}.inv").write_bytes(inventory(project, lines))
        print(f"{project}: {len(lines)} names")


if __name__ == "__main__":
    main()
