"""Pixels as files of their own: a browser shows the text of a page while it still fetches its pictures."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

FOLDER = "pictures"
SMALLEST = 1000
"""Characters. What is shorter is part of the page: it takes less than asking for it."""

_INLINE = re.compile(r'<image\b([^>]*?) href="data:image/png;base64,([^"]+)"([^>]*?)(?:/>|></image>)')

_SIZE = re.compile(r' (?:width|height)="[^"]*"')
_STYLE = re.compile(r' style="([^"]*)"')


def take_out(body: str, static: Path, address: str) -> str:
    """Write the PNGs of a page's drawings to files, named by their content, and return the page that links them.

    Args:
        body: HTML.
        static: The book's folder ``_static``.
        address: Where that is, seen from the page.
    """

    def linked(image: re.Match[str]) -> str:
        if len(image[2]) < SMALLEST:
            return image[0]
        content = base64.b64decode(image[2])
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.png"
        (static / FOLDER).mkdir(parents=True, exist_ok=True)
        (static / FOLDER / name).write_bytes(content)
        return _lazy(f"{address}/{FOLDER}/{name}", image[1] + image[3])

    return _INLINE.sub(linked, body)


def _lazy(source: str, attributes: str) -> str:
    """Return an HTML image inside the drawing. SVG's own would be fetched before the page is shown."""
    size = "".join(_SIZE.findall(attributes))
    style = "".join(_STYLE.findall(attributes))
    image = f'<img loading="lazy" alt="" src="{source}"{size} style="display:block;{style}">'
    return f"<foreignObject{_STYLE.sub('', attributes)}>{image}</foreignObject>"


def _take_out_of_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    static = f"{context['content_root']}_static"
    context["body"] = take_out(context.get("body", ""), Path(app.outdir) / "_static", static)


def setup(app: Sphinx) -> None:
    """Do so on each page."""
    app.connect("html-page-context", _take_out_of_page)
