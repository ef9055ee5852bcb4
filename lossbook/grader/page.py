"""A report as HTML: in a notebook, in nbgrader's feedback, and in the book, in light and dark.

Colours come from the page where it has them (JupyterLab's and the book's variables) and fall back to the text's
own colour, so that nothing is painted black on black. There is no script, and nothing is loaded.
"""

from __future__ import annotations

import os
from html import escape
from importlib import resources
from typing import TYPE_CHECKING

from lossbook.grader.curve import as_picture

if TYPE_CHECKING:
    from lossbook.grader.report import AspectResult, CaseResult, Report

STYLE = resources.files("lossbook.grader").joinpath("report.css").read_text(encoding="utf-8")


_COLOURS = {"✓": "lb-ok", "✗": "lb-no"}


def as_html(report: Report) -> str:
    """Return the report as one block of HTML that brings its own style."""
    rows = "".join(_row(report, aspect) for aspect in report.aspects)
    return (
        f'<div class="lossbook-report"><style>{STYLE}</style>'
        f'<p class="lb-head"><strong>{escape(report.name)}</strong>'
        f'<span class="lb-points">{report.earned} of {report.points} points</span></p>'
        f"<p>{escape(report.summary)} {_reading(report)}</p><ul>{rows}</ul>"
        f"{_extras(report)}{_hints(report)}</div>"
    )


def _row(report: Report, aspect: AspectResult) -> str:
    verdict = report.verdict(aspect)
    colour = _COLOURS.get(verdict.mark, "lb-neither")
    failure = aspect.first_failure
    body = _failure(failure, report.source.label) if failure and not report.unsolved else ""
    return (
        f'<li><div class="lb-head"><span class="{colour}">{verdict.mark} {verdict.word}</span>'
        f"<span>{escape(aspect.name)}</span>"
        f'<span class="lb-points">{verdict.earned}/{aspect.points}</span></div>{body}</li>'
    )


def _failure(failure: CaseResult, expected: str) -> str:
    assert failure.difference is not None
    note = f" ({escape(failure.note)})" if failure.note else ""
    lines = [
        ("called", f"<code>{escape(failure.call)}</code>{note}"),
        ("problem", escape(failure.difference.problem)),
    ]
    if failure.difference.returned:
        lines += [
            ("yours", f"<code>{escape(failure.difference.returned)}</code>"),
            (expected, f"<code>{escape(failure.difference.expected)}</code>"),
        ]
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in lines) + "</dl>"


def _reading(report: Report) -> str:
    if report.passed:
        return ""
    return place_in_book(report.mistakes[0].place(report.chapter) if report.mistakes else report.chapter)


def place_in_book(place: str) -> str:
    """Point at "chapter#anchor": a link where LOSSBOOK_BOOK says where the book is, the place's name elsewhere.

    In the book itself that is "..": its chapters are one folder below its root.
    """
    chapter, mark, anchor = place.partition("#")
    book = os.environ.get("LOSSBOOK_BOOK", "").rstrip("/")
    if book == ".." or book.startswith(("http://", "https://", "file://")):
        address = escape(f"{book}/{chapter}.html{mark}{anchor}", quote=True)
        return f'Read about it: <a href="{address}">{escape(place)}</a>.'
    return f"Read about it in the book: <em>{escape(place)}</em>."


def _extras(report: Report) -> str:
    parts = [as_picture(report.curve)] if report.curve else []
    if report.printed:
        parts.append(f"<details><summary>What it printed</summary><pre>{escape(report.printed)}</pre></details>")
    parts += [f"<p>It warned: {escape(warning)}</p>" for warning in report.warnings]
    return "".join(parts)


def _hints(report: Report) -> str:
    """Nest the hints, so that each is one more step to open."""
    if report.passed or report.forbidden:
        return ""
    nested = ""
    for step in range(len(report.hints), 0, -1):
        nested = (
            f"<details><summary>Hint {step} of {len(report.hints)}</summary>"
            f"<p>{escape(report.hints[step - 1])}</p>{nested}</details>"
        )
    return nested
