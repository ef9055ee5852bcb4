"""matplotlib's SVG made light: the same picture from half of the bytes, and from fewer elements.

A page carries up to twenty drawings, and a phone reads all of them before it shows the first line.
"""

import base64
import io
import re
from collections.abc import Iterable

_IDLE = re.compile(r'\s(?:version="1\.1"|xmlns:xlink="[^"]*"|transform="rotate\(-?0 [^"]*")')
_PLACED = re.compile(r'(?<![\w-])(points|x|y|x1|y1|x2|y2|cx|cy|r|width|height|transform)="([^"]*)"')
_DECIMAL = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?")
_PATH = re.compile(r'(?<![\w-])d="([^"]*)"')
_STEP = re.compile(r"([A-Za-z])([^A-Za-z]*)")
_POINTS_OF = {"M": 1, "L": 1, "Q": 2, "C": 3}
MANY_STEPS = 40
"""A line of more steps than this is a curve: a tenth of a point is finer than a screen's pixels."""


def light(svg: str) -> str:
    """Return a drawing of matplotlib's (one ``<svg>`` element) without what a browser can do without."""
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r">\s*\n\s*", ">", svg)
    svg = _with_joins_of_its_own(svg)
    svg = re.sub(
        r'\s(?:version="1\.1"|xmlns:xlink="[^"]*"|transform="rotate\(-?0 [^"]*"|type="text/css")', "", svg
    )
    svg = svg.replace("xlink:href=", "href=")
    svg = _PATH.sub(lambda path: f'd="{short_path(" ".join(path[1].split()))}"', svg)
    svg = _PLACED.sub(lambda place: f'{place[1]}="{_rounded(place[2])}"', svg)
    svg = re.sub(r'style="[^"]*"', lambda style: re.sub("([:;]) +", r"\1", style[0]), svg)
    svg = re.sub(r'(?<=data:image/png;base64,)[^"]*', lambda png: grey_png(png[0]), svg)
    return _without_idle_groups(_with_common_styles(_without_unused_ids(svg))).replace("<defs></defs>", "")


def _with_joins_of_its_own(svg: str) -> str:
    """Say on the drawing how its lines join: matplotlib's rule would be one for the whole page around it."""
    svg, found = re.subn(r'<defs>\s*<style type="text/css">\*\{[^}]*\}</style>\s*</defs>', "", svg)
    joins = '<svg stroke-linejoin="round" stroke-linecap="butt" '
    return svg.replace("<svg ", joins, 1) if found else svg


def _rounded(numbers: str) -> str:
    """Keep hundredths of a point."""
    numbers = _DECIMAL.sub(lambda number: _plain(round(float(number[0]) * 100), 100), numbers)
    return " ".join(re.sub(r"(?<![\d.])-0(?![\d.])", "0", numbers).split())


def short_path(path: str) -> str:
    """Return a path in steps from point to point. Only absolute M, L, Q, C and z are understood; else it stays."""
    steps = _STEP.findall(path)
    if any(command not in {"z", *_POINTS_OF} for command, _ in steps):
        return path
    scale = 10 if len(steps) > MANY_STEPS else 100
    here = start = (0, 0)
    written: list[tuple[str, str]] = []
    for command, text in steps:
        if command == "z":
            here = start
            written.append(("z", ""))
            continue
        # Each point is rounded first and subtracted then: errors do not add up.
        numbers = [round(float(number) * scale) for number in _NUMBER.findall(text)]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        for place in range(0, len(points), _POINTS_OF[command]):
            group = points[place : place + _POINTS_OF[command]]
            # Further pairs after an M are lines.
            first = command == "M" and place == 0
            written.append(_move(group[0], scale) if first else _step(command, here, group, scale))
            here = group[-1]
            start = here if first else start
    return _joined(written)


def _move(point: tuple[int, int], scale: int) -> tuple[str, str]:
    return "M", _numbers(point, scale)


def _step(command: str, here: tuple[int, int], group: list[tuple[int, int]], scale: int) -> tuple[str, str]:
    """Return the relative command for a step, and its numbers."""
    offsets = [offset for x, y in group for offset in (x - here[0], y - here[1])]
    if command in "ML" and offsets[1] == 0:
        return "h", _numbers(offsets[:1], scale)
    if command in "ML" and offsets[0] == 0:
        return "v", _numbers(offsets[1:], scale)
    return "l" if command == "M" else command.lower(), _numbers(offsets, scale)


def _joined(steps: Iterable[tuple[str, str]]) -> str:
    """Write steps behind each other; a command that stays the same is not repeated."""
    path, last = "", ""
    for command, numbers in steps:
        if command != last or command in "Mz":
            path += command + numbers
        else:
            path += numbers if numbers.startswith("-") else f" {numbers}"
        last = command
    return path


def _numbers(values: Iterable[int], scale: int) -> str:
    """Write numbers with as few characters as SVG allows: a minus sign separates, and so does a space."""
    return "".join(f" {text}" if text[0] != "-" else text for text in (_plain(v, scale) for v in values)).lstrip()


def _plain(value: int, scale: int) -> str:
    text = f"{abs(value) / scale:.2f}".rstrip("0").rstrip(".").removeprefix("0") or "0"
    return f"-{text}" if value < 0 else text


def _without_unused_ids(svg: str) -> str:
    named = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    return re.sub(r'\s+id="([^"]*)"', lambda name: name[0] if name[1] in named else "", svg)


def _with_common_styles(svg: str) -> str:
    """Give a group the style that all markers in it have."""
    return re.sub(r"<g\b([^>]*)>((?:<use [^>]*/>){2,})</g>", _common_style, svg)


def _common_style(group: re.Match[str]) -> str:
    styles = set(re.findall(r'style="[^"]*"', group[2]))
    if len(styles) != 1 or "style=" in group[1] or group[2].count("style=") != group[2].count("<use "):
        return group[0]
    (style,) = styles
    return f"<g{group[1]} {style}>{group[2].replace(f' {style}', '')}</g>"


def _without_idle_groups(svg: str) -> str:
    """Drop groups without attributes, and empty ones."""
    closing: list[str] = []

    def kept(tag: re.Match[str]) -> str:
        if tag[0] == "</g>":
            return closing.pop()
        closing.append("" if tag[0] == "<g>" else "</g>")
        return "" if tag[0] == "<g>" else tag[0]

    return re.sub(r"<g\b[^>]*></g>", "", re.sub(r"<g\b[^>]*>|</g>", kept, svg))


def grey_png(data: str) -> str:
    """Return a PNG (base64) with one channel in place of four, where it is grey and opaque; else as it is."""
    from PIL import Image

    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        red, green, blue, alpha = picture.convert("RGBA").split()
    if alpha.getextrema() != (255, 255) or not red.tobytes() == green.tobytes() == blue.tobytes():
        return "".join(data.split())
    target = io.BytesIO()
    red.save(target, "PNG", optimize=True)
    return base64.b64encode(target.getvalue()).decode("ascii")
