"""Short formulas and short code do not break at the end of a line; long ones still can."""

import pytest

from lossbook.sphinx import katex
from lossbook.sphinx.paths import HTML
from lossbook.sphinx.whole import is_short_formula, keep_code_whole


@pytest.mark.parametrize(
    ("tex", "short"),
    [
        (r"\log(1 - p)", True),
        (r"1 - \sigma(z) = \sigma(-z)", True),
        (r"\max(x, 0) - x y + \log(1 + e^{-|x|})", True),
        (r"\mathrm{logsumexp}(z + c) = \mathrm{logsumexp}(z) + c", False),
    ],
)
def test_a_short_formula_is_told_by_what_can_be_seen(tex: str, short: bool) -> None:
    assert is_short_formula(katex.render(tex, display=False)) is short


def code(text: str, kind: str = "docutils literal notranslate") -> str:
    words = " ".join(f'<span class="pre">{word}</span>' for word in text.split())
    return f'<code class="{kind}">{words}</code>'


def test_short_code_with_a_place_to_break_stays_whole() -> None:
    assert keep_code_whole(code("(N, C)")) == code("(N, C)", "docutils literal notranslate lb-whole")
    for text in ("softmax", "torch.where(target == 1, 100., 1.)"):
        assert keep_code_whole(code(text)) == code(text)
    listing = '<code class="language-python">(N, C)</code>'
    assert keep_code_whole(listing) == listing


def test_the_book_uses_it() -> None:
    page = (HTML / "losses" / "cross-entropy.html").read_text(encoding="utf-8")
    assert '<span class="math lb-whole">' in page
    assert 'notranslate lb-whole"><span class="pre">(N,</span>' in page
    assert ".lb-whole" in page.partition("</style>")[0]
