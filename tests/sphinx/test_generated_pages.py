"""What stays off the pages, what is folded, and what the notebooks say."""

import base64
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from docutils import nodes

from lossbook.sphinx import fonts, pages, pictures, stylesheet, trim
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
    styles = stylesheet.of_page(f"{MATHS} <em>\u03c3</em>", "../")
    assert "url(" not in styles.rules + styles.fonts
    text = styles.faces.replace("url(../_static/fonts/", "url(fonts/")
    assert "//" not in text
    named = set(re.findall(r"url\(fonts/([\w-]+)\.woff2\)", text))
    ours = {font.name for font in fonts.TEXT_FONTS}
    assert {name for name in named if not name.startswith("KaTeX_")} == ours


def test_styles_of_others_are_only_those_that_the_page_uses() -> None:
    plain, maths = stylesheet.of_page("<p>Text</p>", ""), stylesheet.of_page(MATHS, "")
    assert ".katex .mathnormal" not in plain.rules
    assert "KaTeX_Math" not in plain.faces + plain.fonts
    assert ".katex .mathnormal{" in maths.rules


def test_a_page_fetches_the_fonts_that_it_shows() -> None:
    def fetched(body: str) -> set[str]:
        return set(re.findall(r"fonts/([\w-]+)\.woff2", stylesheet.of_page(body, "").faces))

    plain = {"text", "sans", "code"}
    assert fetched("<p>Text</p>") == plain
    assert fetched("<p><em>Text</em></p>") == plain | {"text-italic"}
    assert fetched("<p>\u03c3</p>") == plain | {"text-greek", "sans-greek", "code-greek"}
    assert fetched(MATHS) == plain | {"KaTeX_Main-Regular", "KaTeX_Math-Italic"}
    bold = '<span class="katex"><b class="mord textbf">x</b> <span class="mord boldsymbol">x</span></span>'
    assert fetched(bold) == plain | {"KaTeX_Main-Regular", "KaTeX_Main-Bold", "KaTeX_Math-BoldItalic"}


def test_our_styles_are_those_that_the_page_and_what_is_around_it_use() -> None:
    bare, with_bar = (stylesheet.of_page("<p>Text</p>", "", around=text).rules for text in ("", 'class="lb-top"'))
    assert ".lb-top{" not in bare
    assert ".lb-top{" in with_bar
    assert "p,ul,ol,dl{" in bare.replace(", ", ","), "rules for elements are always there"


def test_page_is_painted_in_fonts_that_the_device_has() -> None:
    styles = stylesheet.of_page(MATHS, "")
    assert "Book Serif" not in styles.rules, "a font that is not there yet costs a search for it"
    assert ":KaTeX_" not in styles.rules
    assert '--lb-serif:"Near Georgia"' in styles.rules
    assert 'local("Georgia")' in styles.rules
    assert "Book Serif" in styles.faces
    assert '--lb-serif:"Book Serif", "Near Georgia"' in styles.fonts, (
        "while ours is fetched, the text must not move"
    )
    assert "--KaTeX_Math:KaTeX_Math" in styles.fonts


@pytest.mark.parametrize("font", fonts.STAND_INS, ids=lambda font: font.family)
def test_stand_in_is_as_wide_as_our_font(font: fonts.StandIn) -> None:
    scale, ascent = (
        float(part) for part in re.findall(r"(?:size-adjust|ascent-override):([\d.]+)%", fonts.stand_in(font))
    )
    assert font.width * scale / 100 == pytest.approx(font.ours.width, rel=1e-3)
    assert ascent * scale / 1e4 == pytest.approx(font.ours.ascent, rel=2e-3)


@pytest.mark.parametrize(
    ("ours", "package"),
    [(fonts.SERIF, "source-serif-4"), (fonts.SANS, "source-sans-3")],
)
def test_measures_are_those_of_our_fonts(ours: fonts.Measures, package: str) -> None:
    from fontTools.ttLib import TTFont

    source = fonts.node_module(f"@fontsource-variable/{package}") / "files" / f"{package}-latin-wght-normal.woff2"
    font = TTFont(source)
    assert font["hhea"].ascent / font["head"].unitsPerEm == pytest.approx(ours.ascent)
    assert -font["hhea"].descent / font["head"].unitsPerEm == pytest.approx(ours.descent)


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
        (".c:has(> .a){x:1}.a:has(.a){x:2}.a:has(.b){x:3}", ".a:has(.a){x:2}"),
        (".a:has(> .b, > .c){x:1}.a:not(:has(> .b)){x:2}", ".a:has(> .b, > .c){x:1}.a:not(:has(> .b)){x:2}"),
        ("@keyframes in{0%{x:0}100%{x:1}}.b{animation:in}", ""),
        ("@keyframes in{0%{x:0}100%{x:1}}.a{animation:in}", "@keyframes in{0%{x:0}100%{x:1}}.a{animation:in}"),
    ],
)
def test_rules_are_kept_by_the_classes_they_name(css: str, kept: str) -> None:
    assert stylesheet.used(css, frozenset({"a"})).replace("\n", "") == kept


def test_our_style_files_are_all_in_a_page() -> None:
    assert {path.stem for path in (STATIC / "css").glob("*.css")} == {*stylesheet.OUR_ORDER, "fonts"}


def test_styles_are_compact_and_mean_the_same() -> None:
    css = "/* Why. */\na:hover,\nb { color: var(--x); margin: 0 calc(1px + 2px); }\n"
    css += "@media (min-width: 3px) {\n  i { x: y; }\n}"
    assert stylesheet.compact(css).replace("\n", "") == (
        "a:hover,b{color:var(--x);margin:0 calc(1px + 2px)}@media (min-width: 3px){i{x:y}}"
    )


def test_listing_has_no_elements_without_a_colour() -> None:
    listing = (
        '<pre><span></span><span class="n">x</span> <span class="o">=</span> <span class="mi">1</span>\n</pre>'
    )
    assert trim.trim_body(listing) == '<pre>x = <span class="mi">1</span>\n</pre>'
    assert trim.trim_body('<p><span class="n">x</span></p>') == '<p><span class="n">x</span></p>'
    styled = set(
        re.findall(
            r"\.(\w+)",
            " ".join(
                re.findall(
                    r"\.highlight (.*?)\{",
                    stylesheet.compact((STATIC / "css" / "cells.css").read_text(encoding="utf-8")),
                )
            ),
        )
    )
    assert not styled & {"bp", "n", "nb", "ni", "nn", "nv", "nx", "o", "p", "py", "w"}, "these have a colour"


def test_pixels_become_files_and_small_ones_stay(tmp_path: Path) -> None:
    pixels, small = base64.b64encode(bytes(2000)).decode(), base64.b64encode(bytes(20)).decode()
    place = 'width="6" height="4" transform="scale(2)"'
    body = "".join(f'<image href="data:image/png;base64,{data}" {place} style="a:b"/>' for data in (pixels, small))
    taken = pictures.take_out(body, tmp_path, "../_static")
    (file,) = (tmp_path / "pictures").iterdir()
    assert file.read_bytes() == bytes(2000)
    address = f"../_static/pictures/{file.name}"
    image = f'<img loading="lazy" alt="" src="{address}" width="6" height="4" style="display:block;a:b">'
    as_before = body[body.index("/>") + 2 :]
    assert taken == f"<foreignObject {place}>{image}</foreignObject>{as_before}"


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


def test_ids_in_drawings_are_numbered_and_differ_from_page_to_page() -> None:
    body = '<path id="f0123abcd-p452"/><g clip-path="url(#f0123abcd-p452)"/><path id="f0123abcdr2-m64"/>'
    one, other = (trim.short_ids(body, name) for name in ("losses/a", "losses/b"))
    first, reference, second = re.findall(r'(?:id="|url\(#)([\w-]+)', one)
    assert first == reference != second
    assert len(first) < 10
    assert not set(re.findall(r'id="([\w-]+)', one)) & set(re.findall(r'id="([\w-]+)', other))
