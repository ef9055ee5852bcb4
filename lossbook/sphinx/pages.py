"""The last pass over the written pages and notebooks: no path of the machine that built them stays inside.

Tracebacks and warnings name files. What a reader needs of them is the part below the project or below
site-packages, and that part is the same on every machine, so that two builds give the same text.
"""

import re
import sysconfig
from functools import lru_cache
from pathlib import Path

from lossbook.sphinx.paths import PROJECT

_KERNEL_FILE = re.compile(r"(?:/[\w.+-]+)*/ipykernel_\d+/\d+\.py")
_TEXT = (".html", ".ipynb", ".js", ".md", ".txt")


def without_machine_paths(text: str) -> str:
    """Return ``text`` with file names that begin at the project, at a package or at "this cell"."""
    for folder in _folders():
        text = text.replace(folder, "")
    return _KERNEL_FILE.sub("this cell", text) if "ipykernel_" in text else text


@lru_cache(maxsize=1)
def _folders() -> list[str]:
    """Return the folders that file names begin with; those in the home of whoever builds in both spellings."""
    home = Path.home()
    folders = [Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("stdlib")), PROJECT]
    short = [f"~/{folder.relative_to(home)}/" for folder in folders if folder.is_relative_to(home)]
    return [*(f"{folder}/" for folder in folders), *short]


def clean(output: Path) -> None:
    """Rewrite the text files below ``output`` in which such a path stands."""
    for path in sorted(output.rglob("*")):
        if path.suffix not in _TEXT or not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        cleaned = without_machine_paths(text)
        if cleaned != text:
            path.write_text(cleaned, encoding="utf-8")
