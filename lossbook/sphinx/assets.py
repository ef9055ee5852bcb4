"""What the pages load, put in place: styles inside the page, one script, fonts. What nothing loads is removed."""

import hashlib
import shutil
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from lossbook import __version__
from lossbook.sphinx import fonts, labs, live_assets, pages, search, stylesheet
from lossbook.sphinx.paths import STATIC, TEMPLATES

JOINED = ("documentation_options", "doctools", "sphinx_highlight")
"""Scripts of Sphinx's that are part of ``book.js``, in their order."""

SEARCH = ("search.js",)
"""What the search page loads beyond that. It loads ``search-data.js`` itself."""

OF_SPHINX = ("caption", "highlighted", "section-number")
"""Classes that Sphinx's scripts and lists of contents give to elements, and that our styles know."""

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
    has_labs, is_live = bool(context.get("lossbook_labs")), "lossbook_live_version" in context
    styles = stylesheet.of_page(
        context.get("body", ""),
        context["content_root"],
        around=_around(labs=has_labs, live=is_live, search=pagename == "search"),
    )
    context["lossbook_styles"] = styles.rules
    context["lossbook_faces"], context["lossbook_fonts"] = styles.faces, styles.fonts
    context["lossbook_font_version"] = __version__
    context["lossbook_sheets"], context["lossbook_scripts"] = _rest(pagename, context)
    context["lossbook_versions"] = f"lossbook {__version__}, executed with torch {torch_version}"
    context["lossbook_description"] = _description(doctree) or app.config.html_title
    context["css_files"] = [sheet for sheet in context["css_files"] if not stylesheet.is_replaced(sheet)]


Element = dict[str, str]


def _rest(pagename: str, context: dict[str, Any]) -> tuple[list[Element], list[Element]]:
    """Return what the page's elements for style sheets and scripts say: they are made once the text is there."""
    static = f"{context['content_root']}_static"
    book = f"{static}/book.js?v={version_of(_own_script() + version('sphinx') + __version__)}"
    sheets, scripts = [], [{"src": book}]
    if live := context.get("lossbook_live_version"):
        sheets.append({"rel": "stylesheet", "href": f"{static}/live/live.css?v={live}"})
        scripts.append({"src": f"{static}/live/live.js?v={live}"})
    if shown := context.get("lossbook_labs"):
        sheets.append({"rel": "stylesheet", "href": f"{static}/{labs.folder()}/{labs.STYLES.name}"})
        scripts += [{"type": "module", "src": f"{static}/{labs.folder()}/{name}.js"} for name in shown]
    if pagename == "search":
        scripts += [{"src": f"{static}/{name}"} for name in SEARCH]
    return sheets, scripts


@lru_cache
def _around(*, labs: bool, live: bool, search: bool) -> str:
    """Return the text of what is around a page's own: templates, and the scripts that such a page has."""
    sources = [*sorted(TEMPLATES.glob("*.html")), STATIC / "js" / "book.js"]
    sources += sorted((STATIC / "sliders").glob("*.js")) if labs else []
    sources += sorted((STATIC / "live").glob("*.js")) if live else []
    sources += [STATIC / "js" / "search.js"] if search else []
    return "\n".join([*(path.read_text(encoding="utf-8") for path in sources), *OF_SPHINX])


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
