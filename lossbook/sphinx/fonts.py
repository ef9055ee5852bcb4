"""Fonts of the book itself, cut to the characters that its pages show.

Text: Source Serif 4. Labels, tables and figures: Source Sans 3. Code: Source Code Pro. Formulas: KaTeX's.
All are under the SIL Open Font License (see ``static/LICENSES.md``). Cutting takes seconds, so each result is
kept under a digest of what it was made from.
"""

import base64
import hashlib
import io
import string
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from lossbook.sphinx.paths import OUTPUT, node_module

ALWAYS = string.printable + "–—‘’“”…×·−→≤≥≈∞"
"""Kept in every text font whether a page has it or not: readers type, and scripts write."""

_CACHE = OUTPUT / ".fonts"
_RECIPE = "3"  # change it when the way of cutting changes
_FEATURES = ["kern", "liga", "calt", "ccmp", "locl", "mark", "mkmk", "tnum", "lnum", "case"]
_NAMES = [0, 13, 14]  # copyright and licence stay; the name is reserved for the font as a whole


@dataclass(frozen=True)
class TextFont:
    """One font file of ours: where it comes from and the weights that the styles use."""

    name: str
    package: str
    source: str
    weights: tuple[int, int]


TEXT_FONTS = (
    TextFont("text", "source-serif-4", "source-serif-4-latin-wght-normal", (400, 700)),
    TextFont("text-italic", "source-serif-4", "source-serif-4-latin-wght-italic", (400, 700)),
    TextFont("text-greek", "source-serif-4", "source-serif-4-greek-wght-normal", (400, 700)),
    TextFont("sans", "source-sans-3", "source-sans-3-latin-wght-normal", (400, 700)),
    TextFont("sans-greek", "source-sans-3", "source-sans-3-greek-wght-normal", (400, 700)),
    TextFont("code", "source-code-pro", "source-code-pro-latin-wght-normal", (400, 600)),
    TextFont("code-greek", "source-code-pro", "source-code-pro-greek-wght-normal", (400, 600)),
)


@dataclass(frozen=True)
class Measures:
    """What decides where lines break, and where they stand in their height, in em. Widths: the mean in English."""

    width: float
    ascent: float
    descent: float


@dataclass(frozen=True)
class StandIn:
    """A font of the reader's device that is shown until ours is there."""

    family: str
    local: tuple[str, ...]
    width: float
    ours: Measures
    italic: bool = False


SERIF, SANS = Measures(0.479, 1.036, 0.335), Measures(0.418, 1.024, 0.400)
ITALIC = Measures(0.443, 1.036, 0.335)
STAND_INS = (
    StandIn("Near Georgia", ("Georgia",), 0.446, SERIF),
    StandIn("Near Georgia", ("Georgia",), 0.446, ITALIC, italic=True),
    StandIn("Near Times", ("Liberation Serif", "Times New Roman"), 0.408, SERIF),
    StandIn("Near Times", ("Liberation Serif", "Times New Roman"), 0.408, ITALIC, italic=True),
    StandIn("Near Arial", ("Liberation Sans", "Arial", "Roboto"), 0.446, SANS),
)
"""Widths are those of @capsizecss/metrics 4, but that of Times was measured on this book's text. Android's serif
needs none: Noto Serif is as wide as ours.

For our italics, which are narrower, the same upright fonts stand in: a browser would slant them and leave them as
wide as they are, and fonts of other names would have to be looked for.
"""


def stand_ins() -> str:
    """Return the rules that make fonts of the device as wide as ours: the text hardly moves when ours come."""
    return "\n".join(map(stand_in, STAND_INS))


def stand_in(other: StandIn) -> str:
    """Return the rule that makes one such font as wide as ours, and puts its lines where ours are."""
    scale = other.ours.width / other.width
    source = ",".join(f'local("{name}")' for name in other.local)
    style = "font-style:italic;" if other.italic else ""
    return (
        f'@font-face{{font-family:"{other.family}";{style}src:{source};size-adjust:{scale:.1%};'
        f"ascent-override:{other.ours.ascent / scale:.1%};descent-override:{other.ours.descent / scale:.1%};"
        "line-gap-override:0%}"
    )


def characters_of(output: Path) -> str:
    """Return every character that the pages below ``output`` contain, sorted."""
    found: set[str] = set(ALWAYS)
    for page in output.rglob("*.html"):
        found.update(page.read_text(encoding="utf-8"))
    return "".join(sorted(found))


def cut(font: bytes, characters: str, weights: tuple[int, int] | None = None) -> bytes:
    """Return ``font`` (WOFF2) with the glyphs of ``characters`` only, and only this range of weights."""
    key = hashlib.sha256(font + characters.encode() + repr((weights, _RECIPE)).encode()).hexdigest()
    kept = _CACHE / f"{key[:24]}.woff2"
    if not kept.exists():
        _CACHE.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(_cut(font, characters, weights))
    return kept.read_bytes()


def _cut(font: bytes, characters: str, weights: tuple[int, int] | None) -> bytes:
    options = subset.Options(
        flavor="woff2", layout_features=_FEATURES, name_IDs=_NAMES, notdef_outline=True, hinting=False
    )
    opened = TTFont(io.BytesIO(font), recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(text=characters)
    cutter.subset(opened)
    if weights is not None:
        opened = instancer.instantiateVariableFont(_reread(opened), {"wght": weights})
    target = io.BytesIO()
    subset.save_font(opened, target, options)
    return target.getvalue()


def _reread(font: TTFont) -> TTFont:
    """The instancer needs a font as read from a file: some tables of a cut one still name dropped glyphs."""
    target = io.BytesIO()
    font.flavor = None
    font.save(target)
    target.seek(0)
    return TTFont(target, recalcTimestamp=False)


def write(output: Path, target: Path, more: str = "") -> None:
    """Cut all fonts to the pages below ``output`` and write them into the folder ``target``.

    Args:
        output: The built book.
        target: Is made where it is missing.
        more: Characters that scripts write.
    """
    target.mkdir(parents=True, exist_ok=True)
    characters = "".join(sorted({*characters_of(output), *more}))
    ours = [(_file_of(font), target / f"{font.name}.woff2", font.weights) for font in TEXT_FONTS]
    katex = sorted((node_module("katex") / "dist" / "fonts").glob("*.woff2"))
    parts = [*ours, *((source, target / source.name, None) for source in katex)]
    with ProcessPoolExecutor() as pool:
        for part in [pool.submit(_write_cut, *part, characters) for part in parts]:
            part.result()


def _write_cut(source: Path, target: Path, weights: tuple[int, int] | None, characters: str) -> None:
    target.write_bytes(cut(source.read_bytes(), characters, weights))


def _file_of(font: TextFont) -> Path:
    return node_module(f"@fontsource-variable/{font.package}") / "files" / f"{font.source}.woff2"


def for_print(output: Path) -> str:
    """Return styles with the text fonts inside, one font for each weight.

    PDF knows no variable fonts: Chromium would draw each of their glyphs as a picture.
    """
    characters = characters_of(output)
    rules = [_print_face(font, weight, characters) for font in TEXT_FONTS for weight in _weights(font)]
    families = "; ".join(f'--lb-{kind}: "Print {kind}", {fallback}' for kind, fallback in _FALLBACKS.items())
    return "\n".join([*rules, f":root {{ {families} }}"])


_FAMILIES = {"text": "serif", "sans": "sans", "code": "mono"}
_FALLBACKS = {"serif": "Georgia, serif", "sans": "system-ui, sans-serif", "mono": '"DejaVu Sans Mono", monospace'}


def _weights(font: TextFont) -> list[int]:
    """Return the weights that the styles use, within those that the font is cut to."""
    return [weight for weight in (400, 600, 700) if weight <= font.weights[1]]


def _print_face(font: TextFont, weight: int, characters: str) -> str:
    data = base64.b64encode(cut(_file_of(font).read_bytes(), characters, (weight, weight))).decode()
    kind, *variant = font.name.split("-")
    style = " font-style: italic;" if "italic" in variant else ""
    reach = " unicode-range: U+0370-03FF;" if "greek" in variant else ""
    return (
        f'@font-face {{ font-family: "Print {_FAMILIES[kind]}"; font-weight: {weight};{style}{reach}'
        f' src: url(data:font/woff2;base64,{data}) format("woff2"); }}'
    )
