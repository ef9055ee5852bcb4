"""MyST markdown as the plain markdown that any Jupyter shows: for the notebooks behind the download button.

Boxes become quotes with their title in bold, roles become what they stand for, and formulas bring their own
environment and no macros of ours.
"""

import re

from lossbook.sphinx.katex import aligned

_OPENING = re.compile(r"^(?P<fence>:{3,}|`{3,})\{(?P<name>[\w:-]+)\} ?(?P<title>.*)$")
_OPTION = re.compile(r"^:[\w-]+:")
_ROLE = re.compile(r"\{[\w:+-]+\}`([^`]*)`")
_TARGETED = re.compile(r"^(.*?)\s*<[^>]*>$")
_DROPPED_LINE = re.compile(r"^(\([\w:-]+\)=|\{[.#][^}]*\})\s*$")
_DISPLAY = re.compile(r"\$\$(.+?)\$\$(?: \([\w:-]+\))?", re.DOTALL)

_LAYOUT = ("grid", "grid-item", "tab-set", "table", "list-table", "div", "margin")
"""Directives that only arrange: their content stands alone."""

_CALLED = {"live": "Write it yourself"}
"""Directives that a notebook calls by another name."""

_HIDDEN = ("bibliography", "contents", "tableofcontents")


def plain_markdown(text: str, macros: dict[str, str] | None = None) -> str:
    """Return the markdown cell ``text`` without MyST's own notation.

    Args:
        text: Source of one markdown cell.
        macros: TeX macros without arguments, to be written out.
    """
    text = _DISPLAY.sub(lambda formula: f"$${aligned(formula[1])}$$", _unboxed(text))
    for name, meaning in (macros or {}).items():
        written_out = meaning.replace("\\", r"\\")  # a backslash in a replacement is a group otherwise
        text = re.sub(re.escape(name) + r"(?![A-Za-z])", written_out, text)
    return _ROLE.sub(_role_text, text)


def _role_text(role: re.Match[str]) -> str:
    """``{ref}`the sigmoid <sec-sigmoid>``` reads "the sigmoid", ``{cite:p}`bishop2006``` reads "bishop2006"."""
    targeted = _TARGETED.match(role[1])
    return targeted[1] if targeted else role[1]


def _unboxed(text: str) -> str:
    """Turn fenced directives into quotes, as deep as they are nested."""
    lines: list[str] = []
    open_boxes: list[tuple[str, str]] = []  # closing fence, prefix of the lines inside
    in_options = False
    for line in text.splitlines():
        opening = _OPENING.match(line)
        prefix = open_boxes[-1][1] if open_boxes else ""
        if opening:
            inside = prefix + _prefix(opening["name"])
            open_boxes.append((opening["fence"], inside))
            lines += _title_lines(opening, inside)
            in_options = True
        elif open_boxes and line.strip() == open_boxes[-1][0]:
            open_boxes.pop()
            lines.append(open_boxes[-1][1] if open_boxes else "")
        elif (in_options and _OPTION.match(line)) or _DROPPED_LINE.match(line):
            continue
        else:
            in_options = False
            lines.append(f"{prefix}{line}".rstrip())
    return "\n".join(lines)


def _prefix(name: str) -> str:
    return "" if name in (*_LAYOUT, *_HIDDEN) else "> "


def _title_lines(opening: re.Match[str], prefix: str) -> list[str]:
    if opening["name"] in (*_LAYOUT, *_HIDDEN):
        return [f"**{opening['title']}**", ""] if opening["title"] and not _is_sizes(opening["title"]) else []
    name = _CALLED.get(opening["name"], opening["name"].split(":")[-1].replace("-", " ").capitalize())
    if name == "Solution":  # its title is a label
        return [f"{prefix}**{name}**", prefix.rstrip()]
    own = opening["title"] and opening["name"] in ("admonition", "dropdown", "tab-item", "grid-item-card")
    title = opening["title"] if own else ": ".join(part for part in (name, opening["title"]) if part)
    return [f"{prefix}**{title}**", prefix.rstrip()]


def _is_sizes(title: str) -> bool:
    """Tell whether it is a grid's numbers of columns, not words."""
    return title.replace(" ", "").isdigit()
