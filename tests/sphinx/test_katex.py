"""Formulas: rendered while the book is built, readable to screen readers, and never wrong in silence."""

import io
import re
from pathlib import Path

import pytest
from sphinx.application import Sphinx

from lossbook.sphinx import katex


def test_formula_is_html_for_the_eye_and_mathml_for_the_ear() -> None:
    rendered = katex.render(r"\sigma(x)", display=False)
    assert 'class="katex-html" aria-hidden="true"' in rendered
    assert "<math" in rendered
    assert "<script" not in rendered


def test_macros_are_known() -> None:
    rendered = katex.render(r"\R", display=False, macros={r"\R": r"\mathbb{R}"})
    assert 'mathvariant="double-struck"' in rendered


@pytest.mark.parametrize("tex", [r"\frac{1}", r"x_", r"\nosuchcommand", r"\left( x", "{"])
def test_bad_tex_is_an_error(tex: str) -> None:
    with pytest.raises(katex.TexError, match=r"."):
        katex.render(tex, display=True)


@pytest.mark.parametrize(
    ("tex", "wrapped"),
    [
        ("x = 1", False),
        (r"x &= 1 \\ y &= 2", True),
        ("x &= 1", True),
        (r"\begin{cases} 1 \\ 2 \end{cases}", False),
    ],
)
def test_several_lines_are_aligned(tex: str, wrapped: bool) -> None:
    assert (katex.aligned(tex) != tex) is wrapped
    katex.render(tex, display=True)


def _build(folder: Path, text: str) -> tuple[str, str]:
    """Build a one-page book of plain Sphinx with our renderer. Return the page and the warnings."""
    source, output = folder / "source", folder / "output"
    source.mkdir()
    (source / "conf.py").write_text(
        "extensions = ['myst_parser']\n"
        "myst_enable_extensions = ['dollarmath']\n"
        "html_math_renderer = 'lossbook_katex'\n"
        "def setup(app):\n"
        "    from lossbook.sphinx import katex\n"
        "    katex.setup(app)\n"
    )
    (source / "index.md").write_text(text)
    warnings = io.StringIO()
    folders = (source, source, output, folder / "doctrees")
    app = Sphinx(*map(str, folders), "html", status=None, warning=warnings)
    app.build()
    return (output / "index.html").read_text(encoding="utf-8"), warnings.getvalue()


def test_equation_is_numbered_and_can_be_cited(tmp_path: Path) -> None:
    page, warnings = _build(tmp_path, "# Page\n\n$$\nx = 1\n$$ (eq-one)\n\nSee {eq}`eq-one`.\n")
    assert warnings == ""
    assert re.search(r'<span class="eqno">\(1\)', page)
    assert 'href="#equation-eq-one"' in page
    assert "mathjax.js" not in page.lower()


def test_bad_tex_in_a_chapter_is_a_warning_with_its_place(tmp_path: Path) -> None:
    page, warnings = _build(tmp_path, "# Page\n\nText.\n\n$$\n\\frac{1}\n$$\n")
    assert "index.md:5: WARNING: formula:" in warnings
    assert r"<code>\frac{1}</code>" in page


def test_formula_holds_its_meaning_once_and_not_its_source() -> None:
    html = katex.render(r"\frac{1}{1 + e^{-z}}", display=True)
    assert "<mfrac>" in html
    assert r"\frac" not in html
    assert "<annotation" not in html
    assert "semantics" not in html


def test_a_comma_stays_with_its_formula(tmp_path: Path) -> None:
    long = " + ".join("abcdefghijklmn")
    page, _ = _build(tmp_path, f"# Title\n\nIf $x$, or ($y$), then $z$ is *$w$*, ${long}$.\n")
    seen = re.sub(r'<span class="katex-mathml">.*?</math></span>', "", page)
    joined = seen.split('<span class="lb-whole">')[1:]
    texts = [re.sub(r"<[^>]*>", "", part) for part in joined]
    assert [text.split(" ")[0] for text in texts] == ["x,", "y),"]
    assert "If x, or (y), then z is w, a+b+c+d+e+f+g+h+i+j+k+l+m+n." in re.sub(r"<[^>]*>", "", seen)
