"""A report as plain text: for terminals, logs, and notebooks that show no HTML."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lossbook.grader.report import AspectResult, Report

WIDTH = 100


def as_text(report: Report, width: int = WIDTH) -> str:
    """Return the report in lines of at most about ``width`` characters."""
    lines = [f"{report.name}: {report.earned} of {report.points} points", ""]
    if report.unsolved:
        return "\n".join([*lines, *textwrap.wrap(report.summary, width), f"The chapter: {report.chapter}"])
    column = max(len(aspect.name) for aspect in report.aspects)
    for aspect in report.aspects:
        lines += _aspect_lines(report, aspect, column, width)
    lines += ["", *textwrap.wrap(report.summary, width)]
    if report.mistakes and not report.passed:
        lines.append(f"Read about it: {report.mistakes[0].place(report.chapter)}")
    elif not report.passed:
        lines.append(f"The chapter: {report.chapter}")
    if report.printed:
        lines += ["", "It printed:", textwrap.indent(report.printed.rstrip(), "  ")]
    lines += [f"It warned: {warning}" for warning in report.warnings]
    if not report.passed:
        lines.append(f"(seed={report.seed} gives the same cases again)")
    return "\n".join(lines)


def _aspect_lines(report: Report, aspect: AspectResult, column: int, width: int) -> list[str]:
    verdict, expected = report.verdict(aspect), report.source.label
    word = f"  {verdict.word}" if verdict.mark not in "✓✗" else ""
    lines = [f"  {verdict.mark} {aspect.name:<{column}}  {verdict.earned}/{aspect.points}{word}"]
    failure = aspect.first_failure
    if failure and failure.difference:
        note = f"  ({failure.note})" if failure.note else ""
        for paragraph in (f"{failure.call}{note}", failure.difference.problem):
            lines += textwrap.wrap(paragraph, width, initial_indent="      ", subsequent_indent="        ")
        if failure.difference.returned:
            column = len(expected) + 1
            both = ("yours:", failure.difference.returned), (f"{expected}:", failure.difference.expected)
            for name, answer in both:
                indent = " " * (7 + column)  # numbers below numbers
                lines += textwrap.wrap(
                    answer, width, initial_indent=f"      {name:<{column}} ", subsequent_indent=indent
                )
    return lines
