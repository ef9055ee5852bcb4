"""What stays off the pages, what is folded, and what the notebooks say."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docutils import nodes

from lossbook.sphinx import fonts, pages, stylesheet, trim
from lossbook.sphinx.folding import fold, folded, folded_title
from lossbook.sphinx.paths import PROJECT, STATIC
from lossbook.sphinx.plain import plain_markdown


def script(filename: str | None = None, body: str = "") -> Any:
    return SimpleNamespace(filename=filename, attributes={"body": body} if body else {})


@pytest.mark.parametrize(
    "asset",
    [
        script("https://cdn.example.org/thing.js"),
        script("_static/sphinx-thebe.js"),
        script("_static/scripts/sphinx-book-theme.js"),
        script("_static/togglebutton.js"),
        script(body="const THEBE_JS_URL = 'https://example.org'"),
        script(body="let toggleHintShow = 'Click to show';"),
        script(body="DOCUMENTATION_OPTIONS.pagename = 'index';"),
        "_static/sphinx-thebe.css",
    ],
)
def test_unwanted_assets_go(asset: Any) -> None:
    assert not trim.is_wanted(asset)


@pytest.mark.parametrize(
    "name", ["documentation_options.js", "doctools.js", "copybutton.js", "sphinx_highlight.js"]
)
def test_scripts_that_ours_contains_or_replaces_go(name: str) -> None:
    assert not trim.is_wanted(script(f"_static/{name}"))


def test_wanted_scripts_stay_and_wait_for_the_page() -> None:
    asset = script("_static/design-tabs.js")
    assert trim.is_wanted(asset)
    assert trim.defer(asset).attributes["defer"] == "defer"


def test_body_loses_settings_and_misleading_names() -> None:
    body = (
        '<p>Text</p><script type="text/x-thebe-config">\n{"a": 1}\n</script>\n'
        "<script>kernelName = 'python3'</script>"
        '<summary aria-label="Toggle hidden content"><p>Show</p></summary>' + "-" * 75
    )
    assert trim.trim_body(body) == "<p>Text</p><summary><p>Show</p></summary>" + "-" * 36


def test_machine_paths_become_short() -> None:
    text = f"File {PROJECT}/lossbook/losses.py:3\nFile {pages.__file__}\n/tmp/ipykernel_123/456.py:1: UserWarning"
    cleaned = pages.without_machine_paths(text)
    assert cleaned == "File lossbook/losses.py:3\nFile lossbook/sphinx/pages.py\nthis cell:1: UserWarning"


def document(*content: nodes.Node) -> nodes.document:
    from docutils.frontend import get_default_settings
    from docutils.utils import new_document

    doctree = new_document("test", get_default_settings())
    doctree += list(content)
    return doctree


def test_box_of_class_dropdown_is_folded_and_keeps_its_anchor() -> None:
    link = nodes.reference("", "Exercise 1", refuri="#ex")
    title = nodes.title("", "", nodes.Text("Solution to "), link)
    box = nodes.admonition("", title, nodes.paragraph("", "Because."), classes=["solution", "dropdown"], ids=["s"])
    doctree = document(box)
    fold(doctree)
    (result,) = doctree.findall(folded)
    assert result["ids"] == ["s"]
    assert result["classes"] == ["admonition", "solution"]
    assert result[0].astext() == "Solution to Exercise 1"
    assert not list(result[0].findall(nodes.reference)), "a link in the title would take the click"
    assert result[1].astext() == "Because."


def test_hint_without_a_title_is_folded_under_its_name() -> None:
    doctree = document(nodes.hint("", nodes.paragraph("", "Look again."), classes=["dropdown"]))
    fold(doctree)
    (title,) = doctree.findall(folded_title)
    assert title.astext() == "Hint"


def test_other_boxes_stay_open() -> None:
    doctree = document(nodes.note("", nodes.paragraph("", "Text.")))
    fold(doctree)
    assert not list(doctree.findall(folded))


@pytest.mark.parametrize(
    ("myst", "plain"),
    [
        (":::{tip}\nText.\n:::", "> **Tip**\n>\n> Text.\n"),
        (":::{exercise} Two\n:label: ex\nText.\n:::", "> **Exercise: Two**\n>\n> Text.\n"),
        ("::::{grid} 1 2\n:gutter: 3\n:::{tip}\nA\n:::\n::::", "> **Tip**\n>\n> A\n\n"),
        ("(anchor)=\n# Title", "# Title"),
        ("See {ref}`the sigmoid <sec>` and {cite:p}`bishop2006`.", "See the sigmoid and bishop2006."),
        ("$$\na &= b\n$$ (eq)", "$$\\begin{aligned}\na &= b\n\\end{aligned}$$"),
        (r"$\R$ and $\Rx$", r"$\mathbb{R}$ and $\Rx$"),
        ("```python\nx = 1\n```", "```python\nx = 1\n```"),
    ],
)
def test_notebook_text_is_plain_markdown(myst: str, plain: str) -> None:
    assert plain_markdown(myst, {r"\R": r"\mathbb{R}"}) == plain


MATHS = '<span class="katex"><span class="katex-html"><span class="mord mathnormal">x</span></span></span>'


def test_styles_ask_no_other_host_and_name_only_fonts_that_are_written() -> None:
    import re

    text = stylesheet.of_page(MATHS, "../").replace("url(../_static/fonts/", "url(fonts/")
    assert "http://" not in text.replace("http://www.w3.org/", "")
    assert "https://" not in text
    named = set(re.findall(r"url\(fonts/([\w-]+)\.woff2\)", text))
    ours = {font.name for font in fonts.TEXT_FONTS}
    assert {name for name in named if not name.startswith("KaTeX_")} == ours


def test_styles_of_others_are_only_those_that_the_page_uses() -> None:
    plain, maths = stylesheet.of_page("<p>Text</p>", ""), stylesheet.of_page(MATHS, "")
    assert ".katex .mathnormal" not in plain
    assert "KaTeX_Math" not in plain
    assert ".katex .mathnormal{" in maths
    assert "url(_static/fonts/KaTeX_Math-Italic.woff2)" in maths
    assert "KaTeX_Fraktur" not in maths
    assert ".lb-top" in plain  # ours are all there: scripts use more than the text does


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        (".a{x:1}.b{x:2}", ".a{x:1}"),
        (".b,.a .a,.a.b{x:1}", ".a .a{x:1}"),
        (".a:not(.b){x:1}.a:is(.a,.b){x:2}", ".a:not(.b){x:1}.a:is(.a,.b){x:2}"),
        ("@media print{.b{x:1}.a{x:2}}", "@media print{.a{x:2}}"),
        ("@media print{.b{x:1}}", ""),
        (":root{--x:1}", ":root{--x:1}"),
        (
            "@font-face{font-family:F;src:url(f)}.a{font:1em F}",
            "@font-face{font-family:F;src:url(f)}.a{font:1em F}",
        ),
        ("@font-face{font-family:F;src:url(f)}.b{font:1em F}", ""),
    ],
)
def test_rules_are_kept_by_the_classes_they_name(css: str, kept: str) -> None:
    assert stylesheet.used(css, frozenset({"a"})).replace("\n", "") == kept


def test_our_style_files_are_all_in_a_page() -> None:
    assert {path.stem for path in (STATIC / "css").glob("*.css")} == set(stylesheet.OUR_ORDER)


def test_font_is_cut_to_its_characters(tmp_path: Path) -> None:
    from fontTools.ttLib import TTFont

    font = fonts.TEXT_FONTS[0]
    source = fonts.node_module(f"@fontsource-variable/{font.package}") / "files" / f"{font.source}.woff2"
    target = tmp_path / "cut.woff2"
    target.write_bytes(fonts.cut(source.read_bytes(), "abc", font.weights))
    cut = TTFont(target)
    assert set(cut.getBestCmap()) == set(map(ord, "abc"))
    (axis,) = cut["fvar"].axes
    assert (axis.minValue, axis.maxValue) == font.weights
