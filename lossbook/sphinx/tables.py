"""Tables that a phone can show: each cell says which column it is of.

Where there is no room for columns side by side, the styles put the cells of a row below each other. What stood in
the head of the table then stands in front of each cell. Short code stays in one line, long code may break.
"""

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

FEWEST_COLUMNS = 3
"""Two columns of text fit on a phone."""

_TABLE = re.compile(r'<table class="table\b(?:(?!</table>).)*</table>', re.DOTALL)
_HEAD = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
_ROW = re.compile(r"<tr\b[^>]*>.*?</tr>", re.DOTALL)
_CELL = re.compile(r"<td(?=[ >])")
_CODE = re.compile(r'<code class="([^"]*)">(.*?)</code>', re.DOTALL)
_LONGEST_CODE = 18
_LONG_WORD = re.compile(r"[\w(]{24,}")
_JOINT = re.compile(r"(?<=\()(?=\w)|(?<=[a-z])(?=[A-Z])")
_JOINT_OF_WORDS = re.compile(r"(?<=_)")
_TAG = re.compile(r"<[^>]+>")


def label_cells(body: str) -> str:
    """Return a page on which each cell of a wide table, from the second on, has its column's name.

    Args:
        body: HTML. Only tables of the chapters' own are changed, not what cells have computed.
    """
    return _TABLE.sub(lambda table: _labelled(_CODE.sub(_breakable, table[0])), body)


def _labelled(table: str) -> str:
    head, end, rows = table.partition("</thead>")
    columns = [" ".join(_TAG.sub("", name).split()) for name in _HEAD.findall(head)]
    if not end or len(columns) < FEWEST_COLUMNS:
        return table
    head = head.replace('class="table', 'class="table lb-rows', 1)
    return head + end + _ROW.sub(lambda row: _labelled_row(row[0], columns), rows)


def _labelled_row(row: str, columns: list[str]) -> str:
    first, *others = _CELL.split(row)[1:]
    start = row[: row.index("<td")]
    named = [f'<td data-column="{name}"{cell}' for name, cell in zip(columns[1:], others, strict=True)]
    return "".join([f"{start}<td{first}", *named])


def _breakable(code: re.Match[str]) -> str:
    if len(_TAG.sub("", code[2])) <= _LONGEST_CODE:
        return code[0]
    return f'<code class="{code[1]} lb-long">{_LONG_WORD.sub(_with_joints, code[2])}</code>'


def _with_joints(word: re.Match[str]) -> str:
    pieces = (_JOINT_OF_WORDS.sub("<wbr>", p) if _LONG_WORD.match(p) else p for p in _JOINT.split(word[0]))
    return "<wbr>".join(pieces)


def _label_page(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    context["body"] = label_cells(context.get("body", ""))


def setup(app: Sphinx) -> None:
    """Do so on each page."""
    app.connect("html-page-context", _label_page)
