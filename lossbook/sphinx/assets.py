"""What the pages load, put in place: styles inside the page, one script, fonts. What nothing loads is removed."""

import hashlib
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from lossbook import __version__
from lossbook.sphinx import fonts, labs, live_assets, pages, search, stylesheet
from lossbook.sphinx.paths import STATIC

PRELOAD = ("text.woff2",)
"""Fonts that the first screen cannot do without."""

JOINED = ("documentation_options", "doctools", "sphinx_highlight")
"""Scripts of Sphinx's that are part of ``book.js``, in their order."""

UNUSED = (
    "check-solid.svg",
    "clipboard.min.js",
    "copy-button.svg",
    "copybutton*",
    "design-style.*",
    "play-solid.svg",
    "design-tabs.js.map",
    "images",
    "language_data.js",
    "locales",
    "sbt-webpack-macros.html",
    "scripts",
    "searchtools.js",
    "sphinx-design.min.css",
    "sphinx-thebe.*",
    "styles",
    "togglebutton.*",
    "vendor",
    "webpack-macros.html",
    "basic.css",
    "mystnb.*.css",
    "pygments.css",
    "exercise.css",
    "proof.css",
    "*.map",
    "file.png",
    "minus.png",
    "plus.png",
    "__init__.py",
    "__pycache__",
)
"""In ``_static``: what the theme and extensions copy there and no page of ours refers to."""


def version_of(text: str) -> str:
    """Return a short digest for a link, so that browsers fetch a changed file anew."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _own_script() -> str:
    return (STATIC / "js" / "book.js").read_text(encoding="utf-8")


def _whole_script(static: Path) -> str:
    """Return Sphinx's scripts that every page has, and ours: one request in place of four."""
    others = [(static / f"{name}.js").read_text(encoding="utf-8") for name in JOINED]
    return "\n".join([*others, _own_script()])


def _describe_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Give the templates what they name ``lossbook_...``."""
    torch_version = version("torch").split("+")[0]
    context["lossbook_preload"] = PRELOAD
    context["lossbook_styles"] = _styles(context)
    context["lossbook_script_version"] = version_of(f"{_own_script()} {version('sphinx')} {__version__}")
    context["lossbook_versions"] = f"lossbook {__version__}, executed with torch {torch_version}"
    context["lossbook_description"] = _description(doctree) or app.config.html_title
    context["css_files"] = [sheet for sheet in context["css_files"] if not stylesheet.is_replaced(sheet)]


def _styles(context: dict[str, Any]) -> str:
    extra = [labs.STYLES] if context.get("lossbook_labs") else []
    extra += [live_assets.STYLES] if context.get("lossbook_live_version") else []
    body, root = context.get("body", ""), context["content_root"]
    return stylesheet.of_page(body, root, extra=tuple(path.read_text(encoding="utf-8") for path in extra))


def _description(doctree: nodes.document | None) -> str:
    """Return the first paragraph, cut at a word, for search engines and link previews."""
    if doctree is None:
        return ""
    first = next(iter(doctree.findall(nodes.paragraph)), None)
    text = " ".join(first.astext().split()) if first is not None else ""
    return text if len(text) <= 155 else text[:155].rsplit(" ", 1)[0] + " …"


def _finish(app: Sphinx, exception: Exception | None) -> None:
    """Order the last pass: pages first, for the fonts hold the characters that the pages show."""
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    if app.builder.name == "html":
        search.write(app, static)
    pages.clean(Path(app.outdir))
    (static / "book.js").write_text(_whole_script(static), encoding="utf-8")
    for name in ("img/favicon.svg", "LICENSES.md"):
        shutil.copyfile(STATIC / name, static / Path(name).name)
    for pattern in (*UNUSED, *(f"{name}.js" for name in JOINED)):
        for found in static.glob(pattern):
            shutil.rmtree(found) if found.is_dir() else found.unlink()
    labs.write(static)
    live_assets.write(static / "live")
    fonts.write(Path(app.outdir), static / "fonts", labs.characters())


def setup(app: Sphinx) -> None:
    """Hook in: page by page, and once at the end."""
    app.connect("html-page-context", _describe_page, priority=995)
    app.connect("build-finished", _finish, priority=900)
