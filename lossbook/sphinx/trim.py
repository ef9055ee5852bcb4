"""What a page loads: our own style sheet and scripts, and nothing from another host.

sphinx-book-theme and Jupyter Book load thebe from a CDN, Font Awesome as a 540 KB script beside its fonts,
Bootstrap, and the whole search index on every page. Our templates leave out what the theme writes itself;
this module takes out what extensions add.
"""

import hashlib
import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from lossbook.sphinx.paths import TEMPLATES

UNWANTED = (
    "thebe",
    "sphinx-book-theme",
    "togglebutton",
    "mathjax",
    "require.min",
    "html-manager",
    "clipboard",
    "copybutton",
    "documentation_options",
    "doctools",
    "sphinx_highlight",
)
"""In a script's or style sheet's name. Folding is done by `folding`; ``book.js`` does the rest, or contains it."""

_INLINE_UNWANTED = re.compile(r"thebe|toggle|^DOCUMENTATION_OPTIONS\.", re.IGNORECASE)
_THEBE_CONFIG = re.compile(
    r'<script type="text/x-thebe-config">.*?</script>\s*(<script>kernelName = [^<]*</script>)?', re.DOTALL
)
_TRACEBACK_RULE = re.compile(r"-{60,}")
_MISNAMED_SUMMARY = re.compile(r'<summary aria-label="[^"]*">')
_REPEATED_ID = re.compile(r' id="(?:exercise|solution)-content"')

_FIGURE_STYLE = re.compile(r"<style>\.lb-figure\{.*?</style>")
_LISTING = re.compile(r"<pre>.*?</pre>", re.DOTALL)
_PLAIN_WORD = re.compile(r'<span class="(?:bp|n|nb|ni|nn|nv|nx|o|p|py|w)">([^<]*)</span>|<span></span>')
"""Names, operators and brackets, which have no colour: they are most of a listing's elements."""

_ID_IN_DRAWING = re.compile(r"\bf[0-9a-f]{8}(?:r\d+)?-\w+")

DEFERRED = ("design-tabs",)
"""Scripts that need not hold up the page."""


def is_wanted(asset: Any) -> bool:
    """Tell whether a script or style sheet (Sphinx's object, or its bare name) stays on the page."""
    name = str(getattr(asset, "filename", asset) or "")
    if not name:
        return not _INLINE_UNWANTED.search((getattr(asset, "attributes", {}) or {}).get("body") or "")
    return "://" not in name and not any(word in name for word in UNWANTED)


def defer(script: Any) -> Any:
    """Let a script wait for the page, where nothing on the page waits for the script."""
    name = str(getattr(script, "filename", "") or "")
    if any(word in name for word in DEFERRED):
        script.attributes.setdefault("defer", "defer")
    return script


def trim_body(body: str) -> str:
    """Take out of the text what is of no use there: settings, wrong names and roles, rules wider than a phone."""
    body = _THEBE_CONFIG.sub("", body)
    body = _MISNAMED_SUMMARY.sub("<summary>", body)
    # sphinx-exercise gives every exercise on a page the same id.
    body = _REPEATED_ID.sub("", body)
    # Docutils gives entries of the bibliography a role that ARIA has dropped since.
    body = body.replace('role="doc-biblioentry"', 'role="listitem"')
    # The colours of figures in a notebook: on our pages, tokens.css has them.
    body = _FIGURE_STYLE.sub("", body)
    body = _LISTING.sub(lambda listing: _PLAIN_WORD.sub(r"\1", listing[0]), body)
    return _TRACEBACK_RULE.sub("-" * 36, body)


def short_ids(body: str, pagename: str) -> str:
    """Number the ids inside a page's drawings: the digits that make them unique cannot be compressed.

    They begin with a digest of the page, for all pages may come onto one (`lossbook.sphinx.pdf`).
    """
    page = "d" + hashlib.sha256(pagename.encode()).hexdigest()[:5]
    known: dict[str, str] = {}
    return _ID_IN_DRAWING.sub(lambda found: known.setdefault(found[0], f"{page}-{len(known)}"), body)


def _trim_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    context["body"] = short_ids(trim_body(context.get("body", "")), pagename)
    scripts = [script for script in context["script_files"] if is_wanted(script)]
    if "sd-tab-set" not in context["body"]:
        scripts = [script for script in scripts if "design-tabs" not in str(getattr(script, "filename", ""))]
    context["script_files"] = [defer(script) for script in scripts]
    context["css_files"] = [sheet for sheet in context["css_files"] if is_wanted(sheet)]


def _use_our_templates(app: Sphinx, config: Any) -> None:
    config.templates_path.insert(0, str(TEMPLATES))


def setup(app: Sphinx) -> None:
    """Put our templates before the theme's, and trim each page after all extensions have added theirs."""
    app.connect("config-inited", _use_our_templates, priority=900)
    app.connect("html-page-context", _trim_page, priority=990)
