"""Formulas set while the book is built: KaTeX, run by an embedded JavaScript engine.

Pages carry the finished formula as HTML, and as MathML for screen readers. No script runs on the page, and
TeX that KaTeX cannot read is a warning with its place in the chapter.
"""

import html
import json
import re
from functools import lru_cache
from pathlib import Path

import quickjs
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

from lossbook.sphinx.paths import node_module
from lossbook.sphinx.whole import WHOLE, is_short_formula

logger = logging.getLogger(__name__)

_RENDER = """
function render(tex, display, macros) {
  const options = {displayMode: display, macros: JSON.parse(macros), output: "htmlAndMathml",
                   throwOnError: true, strict: "error"};
  try {
    return JSON.stringify({html: katex.renderToString(tex, options)});
  } catch (error) {
    return JSON.stringify({error: error.message});
  }
}
"""


_TEX_INSIDE = re.compile(r"<annotation [^>]*>.*?</annotation>|</?semantics>", re.DOTALL)
"""What the formula was made of. Nobody hears or sees it, and who copies a formula gets it as a third copy."""


_MARK = re.compile(r"[,.;:!?)\]’”–-]+")
"""What must not begin a line: the marks that close what comes before them, and the hyphen of "K-dimensional"."""


class TexError(ValueError):
    """KaTeX cannot read this formula."""


@lru_cache(maxsize=1)
def _engine(script: Path) -> quickjs.Function:
    return quickjs.Function("render", script.read_text(encoding="utf-8") + _RENDER)


def render(tex: str, *, display: bool, macros: dict[str, str] | None = None) -> str:
    r"""Return ``tex`` as HTML with MathML.

    Args:
        tex: The formula, without dollar signs. Several lines (``\\``) or alignment (``&``) in a display
            formula need no environment of their own: they are put into ``aligned``.
        display: A formula on its own line, or one inside a sentence.
        macros: TeX macros, as KaTeX takes them: ``{r"\R": r"\mathbb{R}"}``.

    Raises:
        TexError: If KaTeX cannot read it; the message says where.
    """
    source = aligned(tex) if display else tex
    engine = _engine(node_module("katex") / "dist" / "katex.min.js")
    answer = json.loads(engine(source.strip(), display, json.dumps(macros or {})))
    if "error" in answer:
        raise TexError(answer["error"].removeprefix("KaTeX parse error: "))
    return _TEX_INSIDE.sub("", answer["html"])


def aligned(tex: str) -> str:
    r"""Wrap a formula of several lines in ``aligned``, unless it brings an environment of its own."""
    several = r"\\" in tex or "&" in tex
    if not several or r"\begin" in tex:
        return tex
    return r"\begin{aligned}" + tex + r"\end{aligned}"


def keep_marks(doctree: nodes.document) -> None:
    """Move the mark behind each inline formula into it: browsers break lines between the two.

    Behind a short one it then stays on the same line. A long formula has to be free to break, on a phone.
    """
    for formula in list(doctree.findall(nodes.math)):
        behind = formula.next_node(descend=False, siblings=True)
        mark = _MARK.match(behind) if isinstance(behind, nodes.Text) else None
        if mark and behind is not None and behind.parent is formula.parent:
            formula["mark"] = mark[0]
            formula.parent.replace(behind, nodes.Text(behind.astext()[mark.end() :]))


def _keep_marks(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if app.builder.format == "html":
        keep_marks(doctree)


def _html_or_warning(translator: HTML5Translator, node: nodes.Element, *, display: bool) -> str:
    macros = translator.config.lossbook_katex_macros
    try:
        return render(node.astext(), display=display, macros=macros)
    except TexError as error:
        logger.warning("formula: %s", error, location=node, type="lossbook", subtype="katex")
        return f"<code>{html.escape(node.astext().strip())}</code>"


def _visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    drawn = _html_or_warning(translator, node, display=False)
    is_short, mark = is_short_formula(drawn), html.escape(node.get("mark", ""), quote=False)
    classes = f"math {WHOLE}" if is_short else "math"
    formula = translator.starttag(node, "span", "", CLASS=classes) + drawn + "</span>" + mark
    translator.body.append(f'<span class="{WHOLE}">{formula}</span>' if is_short and mark else formula)
    raise nodes.SkipNode


def _visit_display(translator: HTML5Translator, node: nodes.math_block) -> None:
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    translator.body.append(f'<div class="lb-scroll">{_html_or_warning(translator, node, display=True)}</div>')
    if node.get("number"):
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the math renderer ``lossbook_katex``."""
    app.add_html_math_renderer("lossbook_katex", (_visit_inline, None), (_visit_display, None))
    app.connect("doctree-resolved", _keep_marks)
    app.add_config_value("lossbook_katex_macros", {}, "html", types=dict)
