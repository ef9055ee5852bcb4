"""Pictures for the chapters: one style, inline SVG that follows light and dark, a description always::

    fig, ax = figures.subplots()
    ax.plot(x, y)
    figures.show(fig, alt="The sigmoid rises from 0 to 1, steepest at 0.")

Write labels in plain Unicode where that will do ("σ(z)", "−log p"): they take the page's font, while TeX
between dollar signs is drawn in matplotlib's.

The SVG carries its text as text, black becomes ``currentColor`` and each colour of the palette becomes a
CSS variable with the light value as its fallback. So a picture takes the theme of the page around it: the
book's, JupyterLab's or VS Code's.
"""

import hashlib
import html
import io
import re
from collections import Counter
from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from IPython.display import HTML
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from lossbook.drawings import light

BLUE, ORANGE, GREEN, PURPLE, OCHRE, GREY = "#0068a8", "#c24e00", "#007f5c", "#a44a86", "#8a6a00", "#5d6972"
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, OCHRE, GREY)
"""Six colours that stay apart for colour-blind readers; at least 4.5:1 on the light page."""

LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))
MARKERS = ("o", "s", "^", "D", "v", "X")
"""Goes with `PALETTE`, so that colour is never the only difference between two series."""

MUTED, GRID, PAPER = "#616a70", "#d9d8d2", "#ffffff"

DARK_PALETTE = ("#6db9f0", "#f5955c", "#45cba4", "#e39dcd", "#e0bf52", "#abb6be")
_DARK_NEUTRALS = {"muted": "#a2abb1", "grid": "#3a4147", "paper": "#111111"}

_VARIABLES = {colour: f"--lb-series-{number}" for number, colour in enumerate(PALETTE, 1)} | {
    MUTED: "--lb-figure-muted",
    GRID: "--lb-figure-grid",
    PAPER: "--lb-figure-paper",
}

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelsize": 11,
    "axes.linewidth": 0.8,
    "axes.prop_cycle": cycler(color=PALETTE, linestyle=LINE_STYLES),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "figure.facecolor": "none",
    "font.size": 11,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.fontsize": 10.5,
    "legend.frameon": False,
    "lines.linewidth": 1.9,
    "lines.markersize": 5,
    "mathtext.fontset": "dejavusans",
    "patch.linewidth": 0,
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "lossbook",
    "xtick.color": MUTED,
    "xtick.labelcolor": "black",
    "xtick.labelsize": 10.5,
    "ytick.color": MUTED,
    "ytick.labelcolor": "black",
    "ytick.labelsize": 10.5,
}
"""The house style as matplotlib parameters; `subplots` and `show` apply it by themselves."""

PHONE = 380
"""Pixels that a phone has for a figure."""

SMALLEST_TEXT = 11
"""Pixels, on a phone: there a wide figure is shrunk to fit, and its text with it."""

_TEXT = tuple(name for name in STYLE if re.fullmatch(r"font\.size|.+\.(?:font|label|title)size", name))

_used_prefixes: Counter[str] = Counter()


def subplots(
    rows: int = 1, columns: int = 1, *, width: float = 5.6, height: float = 3.2, **options: Any
) -> tuple[Figure, Any]:
    """Make a figure in the house style.

    The style stays in force for what is drawn later, so that titles and legends have it too.

    Args:
        rows: Number of rows of axes.
        columns: Number of columns of axes.
        width: In inches. The wider, the larger its text: a phone shrinks both. Beyond 6 show two with `beside`.
        height: In inches.
        options: Goes to `matplotlib.figure.Figure.subplots` (``sharey=True``, ``width_ratios=[2, 1]``).

    Returns:
        The figure, and its axes as ``matplotlib.pyplot.subplots`` gives them. The figure is not known to
        pyplot, so a notebook does not show it a second time.
    """
    mpl.rcParams.update(_style_at(width))
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def _style_at(width: float) -> dict[Any, Any]:
    """Return the style of a figure of so many inches, with text that can still be read when a phone shrinks it."""
    smallest = min(STYLE[name] for name in _TEXT)
    larger = max(0.0, round(SMALLEST_TEXT / PHONE * 72 * width - smallest, 1))
    return STYLE | {name: STYLE[name] + larger for name in _TEXT}


def series(index: int, *, marker: bool = False) -> dict[str, Any]:
    """Return colour and line style (and marker) of series ``index``, for a plot outside the cycle.

    Use it where two axes show the same thing, or where a series must keep its look: ``**series(1)``.
    """
    position = index % len(PALETTE)
    look: dict[str, Any] = {"color": PALETTE[position], "linestyle": LINE_STYLES[position]}
    return look | {"marker": MARKERS[position]} if marker else look


def ink(ax: Any, image: Any, *, color: str = BLUE) -> None:
    """Draw a small picture as ink on the page's own paper, light or dark: ``imshow`` would bring its own paper.

    Args:
        ax: Axes to draw on; its ticks, grid and frame go.
        image: From 0, no ink, to 1; shape (H, W), a tensor or an array. Five shades are told apart.
        color: Of the ink, one of the palette.
    """
    shades = (5 * np.asarray(image).clip(0, 0.999)).astype(int)
    height, width = shades.shape
    for shade in range(1, 5):
        squares = [
            Path([(c, r), (c + 1, r), (c + 1, r + 1), (c, r + 1), (c, r)], closed=True)
            for r, c in np.argwhere(shades == shade).tolist()
        ]
        if squares:
            ax.add_patch(PathPatch(Path.make_compound_path(*squares), color=color, alpha=shade / 4))
    ax.set(xlim=(0, width), ylim=(height, 0), aspect="equal", xticks=[], yticks=[])
    ax.grid(visible=False)
    for side in ax.spines.values():
        side.set(visible=True, color=GRID)


def show(fig: Figure, alt: str, *, caption: str = "") -> HTML:
    """Return the figure as inline SVG for the end of a cell.

    Args:
        fig: Any matplotlib figure; use `subplots` for the house style.
        alt: What a reader who cannot see the picture needs to know: what is drawn and what to notice.
        caption: Shown below the picture, if given (plain text).

    Raises:
        ValueError: If ``alt`` is empty.
    """
    if not alt.strip():
        raise ValueError("alt is empty: say in a sentence what the picture shows, for readers who cannot see it.")
    drawing = _themed(_unique_ids(_svg(fig)))
    drawing = _TEXT_DRAWN.sub(lambda text: text[1] + _true_minus(text[2]), drawing)
    label = html.escape(_true_minus(" ".join(alt.split())), quote=True)
    drawing = drawing.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    below = f"<figcaption>{html.escape(_true_minus(caption))}</figcaption>" if caption else ""
    drawn = f"--lb-drawn: {_pixels(fig.get_figwidth())}px"
    return HTML(f'<figure class="lb-figure" style="{drawn}">{_NOTEBOOK_STYLE}{drawing}{below}</figure>')


def beside(*pictures: HTML) -> HTML:
    """Return pictures side by side where there is room, below each other where there is none.

    Args:
        pictures: What `show` returned. Prefer this to one wide figure, whose labels shrink on a phone.
    """
    return HTML(f'<div class="lb-figures">{"".join(str(picture.data) for picture in pictures)}</div>')


_TEXT_DRAWN = re.compile(r"(<(?:text|tspan)\b[^>]*>)([^<]+)")


def _true_minus(text: str) -> str:
    """Write -0.18 as −0.18: as axes write it, and so that screen readers say "minus" and not "dash"."""
    return re.sub(r"(?<![\w)\]])-(?=[\d.])", "−", text)


def _svg(fig: Figure) -> str:
    """Draw without date, version or size, which would differ from build to build and from screen to screen."""
    target = io.StringIO()
    with mpl.rc_context(_style_at(fig.get_figwidth())):
        fig.savefig(target, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = target.getvalue()
    text = text[text.index("<svg") :].strip()
    text = re.sub(r'<svg ([^>]*?)width="([\d.]+)pt" height="[\d.]+pt"', _fluid, text, count=1)
    return light(text)


def _fluid(opening: re.Match[str]) -> str:
    """As wide as drawn where there is room (one inch is 96 pixels), else as wide as the page."""
    pixels = _pixels(float(opening[2]) / 72)
    return f'<svg {opening[1]}style="width: 100%; max-width: {pixels}px; height: auto"'


def _pixels(inches: float) -> int:
    return round(96 * inches)


def _unique_ids(svg: str) -> str:
    """Prefix every id with a digest of the drawing: the same in each build, different for each picture."""
    digest = "f" + hashlib.sha256(svg.encode()).hexdigest()[:8]
    _used_prefixes[digest] += 1
    repeat = _used_prefixes[digest]
    prefix = digest + (f"r{repeat}" if repeat > 1 else "") + "-"
    svg = re.sub(r'\bid="', f'id="{prefix}', svg)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}", svg)


def _themed(svg: str) -> str:
    """Replace fixed colours and fonts by what the page says."""
    svg = svg.replace("#000000", "currentColor")
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var({variable}, {colour})")
    svg = re.sub(r"font-family:'[^;\"]*, sans-serif", "font-family:var(--lb-figure-font, sans-serif)", svg)
    # Formulas are placed letter by letter: only a font as wide as the one that matplotlib measured will do.
    svg = svg.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif")
    # Text without a fill of its own is black in SVG, also on a dark page.
    return re.sub(r"<text (?![^>]*fill)", '<text fill="currentColor" ', svg)


def _notebook_style() -> str:
    """Return the dark values for places that have no style sheet of ours: JupyterLab and VS Code."""
    names = [f"--lb-series-{number}" for number in range(1, len(PALETTE) + 1)]
    values = dict(zip(names, DARK_PALETTE, strict=True))
    values |= {f"--lb-figure-{name}": colour for name, colour in _DARK_NEUTRALS.items()}
    rules = ";".join(f"{name}:{value}" for name, value in values.items())
    places = '[data-jp-theme-light="false"] .lb-figure,.vscode-dark .lb-figure'
    return f"<style>.lb-figure{{margin:0}}{places}{{{rules}}}</style>"


_NOTEBOOK_STYLE = _notebook_style()
