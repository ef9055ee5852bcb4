"""Figures: described, the same in each build, and at home on a light and on a dark page."""

import re
import subprocess
import sys
from collections import Counter

import pytest
from matplotlib.figure import Figure

from lossbook import figures

ALT = "A line that rises."


def draw(slope: float = 1.0) -> Figure:
    fig, ax = figures.subplots()
    for factor in range(1, 7):
        ax.plot([0, 1], [0, slope * factor], label=f"{factor} & more")
    ax.fill_between([0, 1], [0, slope], color=figures.GREY, alpha=0.2)
    ax.set(xlabel="score z", title="A title", ylim=(0, 6))
    ax.legend()
    return fig


def markup(fig: Figure) -> str:
    return str(figures.show(fig, alt=ALT).data)


@pytest.mark.parametrize("alt", ["", "  ", "\n"])
def test_description_is_required(alt: str) -> None:
    with pytest.raises(ValueError, match="alt is empty"):
        figures.show(draw(), alt=alt)


def test_description_is_escaped_and_on_the_drawing() -> None:
    data = str(figures.show(draw(), alt='p < 1 and "q"\nis 2').data)
    assert 'role="img" aria-label="p &lt; 1 and &quot;q&quot; is 2"' in data


def test_caption_is_below_and_escaped() -> None:
    data = str(figures.show(draw(), alt=ALT, caption="p < 1").data)
    assert data.endswith("<figcaption>p &lt; 1</figcaption></figure>")


def test_negative_numbers_have_a_true_minus_wherever_they_are_read() -> None:
    fig = draw()
    fig.axes[0].set_title("-0.18 at 1e-8")
    data = str(figures.show(fig, alt="From -3 to x-1.", caption="Down to -2.").data)
    assert "−0.18 at 1e-8" in data
    assert 'aria-label="From −3 to x-1."' in data
    assert "Down to −2." in data


@pytest.mark.parametrize("width", [1.9, 3.6, 5.6, 5.8])
def test_text_can_be_read_on_a_phone(width: float) -> None:
    fig, ax = figures.subplots(width=width)
    ax.plot([0, 1], [0, 1], label="one")
    ax.set(xlabel="score z", title="A title")
    ax.legend()
    figures.subplots(width=1.9)  # Another one, before the first is drawn.
    drawing = markup(fig)
    sizes = {float(size) for size in re.findall(r"(?:font|font-size):[^;\"]*?([\d.]+)px", drawing)}
    assert len(sizes) >= 3
    shrunk = min(1, figures.PHONE / (96 * width))
    assert min(sizes) * 96 / 72 * shrunk >= figures.SMALLEST_TEXT - 0.1


def test_page_knows_how_wide_a_figure_was_drawn() -> None:
    fig, _ = figures.subplots(width=2.5)
    drawing = markup(fig)
    assert '<figure class="lb-figure" style="--lb-drawn: 240px">' in drawing
    assert "max-width:240px" in drawing.replace(" ", "")


def test_no_colour_is_fixed() -> None:
    drawing = re.sub(r"<style.*?</style>", "", markup(draw()), flags=re.DOTALL)
    drawing = re.sub(r"var\(--lb-[\w-]+, #[0-9a-f]{6}\)", "", drawing)
    assert not re.findall(r"#[0-9a-fA-F]{6}\b|\bblack\b|\bwhite\b", drawing)
    assert "currentColor" in drawing


def test_each_colour_of_the_palette_is_a_variable_of_its_own() -> None:
    found = set(re.findall(r"var\((--lb-series-\d)", markup(draw())))
    assert found == {f"--lb-series-{number}" for number in range(1, 7)}


def test_text_stays_text_in_the_font_of_the_page() -> None:
    data = markup(draw())
    assert "score z</text>" in data
    assert "DejaVu" not in data
    assert "var(--lb-figure-font, sans-serif)" in data


def test_every_text_has_a_colour_that_follows() -> None:
    for text in re.findall(r"<text [^>]*>", markup(draw())):
        assert "currentColor" in text or "var(--lb" in text, text


def test_ids_are_unique_across_the_figures_of_a_page() -> None:
    page = "".join(markup(draw(slope)) for slope in (1.0, 1.0, 2.0))
    ids = Counter(re.findall(r'\bid="([^"]+)"', page))
    assert ids
    assert max(ids.values()) == 1


def test_every_reference_finds_its_id() -> None:
    data = markup(draw())
    ids = set(re.findall(r'\bid="([^"]+)"', data))
    references = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', data))
    assert {first or second for first, second in references} <= ids


def test_two_builds_draw_the_same() -> None:
    program = (
        "from lossbook import figures\n"
        "for _ in range(2):\n"
        "    fig, ax = figures.subplots()\n"
        "    ax.plot([0, 1], [0, 1], label='one')\n"
        "    ax.legend()\n"
        "    print(figures.show(fig, alt='A line.').data)\n"
    )
    first, second = (
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout for _ in range(2)
    )
    assert first == second


def test_ink_takes_the_colour_of_the_page_and_brings_no_paper() -> None:
    fig, ax = figures.subplots()
    figures.ink(ax, [[0.0, 0.5], [1.0, -3.0]], color=figures.ORANGE)
    drawing = markup(fig)
    assert "<image" not in drawing
    assert drawing.count("var(--lb-series-2, ") == 2, "one path for each shade that occurs"
    assert 'role="img"' in drawing


def test_figures_beside_each_other_keep_their_descriptions() -> None:
    both = str(figures.beside(figures.show(draw(), alt="Left."), figures.show(draw(), alt="Right.")).data)
    assert 'aria-label="Left."' in both
    assert 'aria-label="Right."' in both


def test_series_differ_by_more_than_colour() -> None:
    looks = [figures.series(index, marker=True) for index in range(6)]
    for key in ("color", "linestyle", "marker"):
        assert len({str(look[key]) for look in looks}) == 6


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(("palette", "paper"), [(figures.PALETTE, "#fdfcfa"), (figures.DARK_PALETTE, "#14181b")])
def test_palette_can_be_read_on_its_page(palette: tuple[str, ...], paper: str) -> None:
    for colour in palette:
        low, high = sorted((_luminance(colour), _luminance(paper)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, colour
