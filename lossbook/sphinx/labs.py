"""The scripts of the labs that `lossbook.sliders` puts into chapters, for the pages that have one.

Scripts import each other by name, without a version. So they lie in a folder whose name changes with their text,
and a browser never mixes old ones with new ones.
"""

import hashlib
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from lossbook.sphinx.paths import STATIC

SOURCE = STATIC / "sliders"
STYLES = SOURCE / "sliders.css"


def sources() -> list[Path]:
    """Return the scripts and the style sheet."""
    return sorted(path for path in SOURCE.iterdir() if path.suffix in {".js", ".css"})


def folder() -> str:
    """Return the name of the folder below ``_static``."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources()))
    return f"sliders-{digest.hexdigest()[:10]}"


def labs_in(body: str) -> list[str]:
    """Return the kinds of labs on a page. A lab's element is named like its script."""
    return [path.stem for path in sources() if path.stem.endswith("-lab") and f"<{path.stem} " in body]


def characters() -> str:
    """Return all that the scripts may write, so that the fonts keep it."""
    return "".join(path.read_text(encoding="utf-8") for path in sources())


def write(static: Path) -> None:
    """Copy scripts and styles below ``static``."""
    target = static / folder()
    target.mkdir(exist_ok=True)
    for path in sources():
        shutil.copyfile(path, target / path.name)


def _describe_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give the template what the page's labs load."""
    context["lossbook_labs"] = labs_in(context.get("body", ""))


def setup(app: Sphinx) -> None:
    """Tell each page which labs it has."""
    app.connect("html-page-context", _describe_page, priority=995)
