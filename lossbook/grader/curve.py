"""A small picture of the learner's numbers over the right ones, where that shows more than single calls do.

The lines are an SVG in an ``img`` tag: no script can hide in it, and feedback pages may keep it. An image does not
know the page's colours, so its own can be told apart on light and on dark ground.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

import numpy as np

from lossbook.exercises import TORCH, Source

WIDTH, HEIGHT, MARGIN, FLOOR = 420, 140, 4, 12
YOURS, RIGHT, GREY = "#e0691a", "#3b8fd4", "#888888"
NARROWEST = 1e-12
QUOTED = {code: quote(chr(code)) for code in range(128)}  # quote itself goes through them one by one in Python


@dataclass(frozen=True)
class Curve:
    """The same input for both: numbers along ``x``, the right ones and the learner's.

    Attributes:
        label: what x is.
        x: finite and rising, (n,).
        want: the right numbers, (n,).
        got: the learner's, (n,); NaN and infinities are marked, not drawn.
        source: who says what is right.
    """

    label: str
    x: np.ndarray
    want: np.ndarray
    got: np.ndarray
    source: Source = TORCH

    @property
    def description(self) -> str:
        """What the picture shows, for readers who do not see it."""
        broken = self.x[~np.isfinite(self.got) & np.isfinite(self.want)]
        where = f"; yours is nan or infinite from {broken.min():g} to {broken.max():g}" if broken.size else ""
        return f"Your numbers (orange) over {self.source.answers} (blue), along {self.label}{where}."


def as_picture(curve: Curve) -> str:
    """Return the picture with its labels, as HTML that needs no other file.

    The labels are text of the page: in the picture they would shrink with it on a phone, and not know its colours.
    """
    picture = _svg(curve)
    address = "data:image/svg+xml," + (picture.translate(QUOTED) if picture.isascii() else quote(picture))
    low, high = _range(curve)
    return (
        '<div class="lb-curve">'
        f'<div class="lb-key"><span class="lb-yours">yours</span> '
        f'<span class="lb-right">{escape(curve.source.label)}</span></div>'
        f'<div class="lb-levels"><span>{high:.3g}</span> <span>{low:.3g}</span></div>'
        f'<img alt="{escape(curve.description, quote=True)}" src="{address}" width="{WIDTH}">'
        f'<div class="lb-ends"><span>{curve.x[0]:g}</span> <span>{escape(curve.label)}</span> '
        f"<span>{curve.x[-1]:g}</span></div></div>"
    )


def _svg(curve: Curve) -> str:
    low, high = _range(curve)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" fill="none" stroke-width="2">'
        f'<path stroke="{GREY}" stroke-width="1" d="M0 {HEIGHT - 1}H{WIDTH}"/>'
        f'<path stroke="{RIGHT}" stroke-width="5" opacity="0.6" d="{_path(curve, curve.want, low, high)}"/>'
        f'<path stroke="{YOURS}" d="{_path(curve, curve.got, low, high)}"/>{"".join(_broken(curve))}</svg>'
    )


def _range(curve: Curve) -> tuple[float, float]:
    """The right numbers' range and some room for wrong ones, so that one runaway does not flatten the picture."""
    want = curve.want[np.isfinite(curve.want)]
    low, high = (float(want.min()), float(want.max())) if want.size else (0.0, 1.0)
    room = 0.25 * max(high - low, NARROWEST)
    got = curve.got[np.isfinite(curve.got)]
    if got.size:
        low, high = max(min(low, float(got.min())), low - room), min(max(high, float(got.max())), high + room)
    return low, max(high, low + NARROWEST)


def _places(curve: Curve) -> np.ndarray:
    first, last = float(curve.x[0]), float(curve.x[-1])
    return MARGIN + (curve.x - first) / (last - first) * (WIDTH - 2 * MARGIN)


def _path(curve: Curve, numbers: np.ndarray, low: float, high: float) -> str:
    """Draw the finite numbers, with a gap where others are."""
    finite = np.isfinite(numbers)
    numbers = np.where(finite, numbers, low)
    levels = HEIGHT - FLOOR - (np.clip(numbers, low, high) - low) / (high - low) * (HEIGHT - FLOOR - MARGIN)
    starts = finite & ~np.concatenate(([False], finite[:-1]))
    drawn = zip(starts[finite], _places(curve)[finite], levels[finite], strict=True)
    return "".join(f"{'M' if start else 'L'}{x:.1f} {y:.1f}" for start, x, y in drawn)


def _broken(curve: Curve) -> Iterator[str]:
    """Mark along the bottom where the learner's numbers are NaN or infinite and the right ones are not."""
    for place in _places(curve)[~np.isfinite(curve.got) & np.isfinite(curve.want)]:
        yield f'<path stroke="{YOURS}" d="M{place:.1f} {HEIGHT - FLOOR + 2}v8"/>'
