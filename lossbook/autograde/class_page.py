"""The report on a class: as a page that needs no other file, and as tables for a terminal."""

from __future__ import annotations

from html import escape
from importlib import resources
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from lossbook.autograde.class_report import ClassReport, ExerciseSummary
from lossbook.autograde.printable import printable
from lossbook.grader.page import place_in_book

if TYPE_CHECKING:
    from rich.console import Console

MOST = 5  # mistakes shown for each exercise on the terminal
BAR = 20  # characters of a full bar


def as_html(report: ClassReport) -> str:
    """Return a page with everything: the distribution, each exercise with its mistakes, and who to look at."""
    style = resources.files("lossbook.autograde").joinpath("class_page.css").read_text(encoding="utf-8")
    parts = [
        f"<h1>{escape(report.set_name)}: what the class got wrong</h1>",
        f"<p>{_headline(report)}</p>",
        _histogram(report),
        *map(_exercise, report.exercises),
        _people("Look at these yourself", report.flagged),
        _people("Not graded", report.not_graded),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.set_name)}: report on the class</title><style>{style}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def show(report: ClassReport, console: Console) -> None:
    """Print the report as tables."""
    console.print(f"{report.set_name}: {_headline(report)}", highlight=False, markup=False)
    most = max((count for _, count in report.histogram), default=0) or 1
    for label, count in report.histogram:
        console.print(f"{label:>7} points {'█' * round(BAR * count / most):<{BAR}} {count}", highlight=False)
    for exercise in report.exercises:
        table = Table(title=f"{exercise.name}: {_shares(exercise)}", title_justify="left", show_header=False)
        table.add_column("learners", justify="right", no_wrap=True)
        table.add_column("what they did", overflow="fold")
        for mistake in exercise.mistakes[:MOST]:
            table.add_row(str(mistake.learners), f"their solution {mistake.title}")
        if exercise.unexplained:
            table.add_row(str(exercise.unexplained), "wrong in a way that has no name here")
        if table.row_count:
            console.print(table)
        else:
            console.print(f"{exercise.name}: {_shares(exercise)}", highlight=False)
    for title, people in (("Look at these yourself", report.flagged), ("Not graded", report.not_graded)):
        if people:
            table = Table("student", "why", title=title, title_justify="left")
            for student, why in people.items():
                table.add_row(Text(printable(student)), Text(printable(why)))
            console.print(table)


def _headline(report: ClassReport) -> str:
    if not report.totals:
        return "nobody's work is graded yet."
    learners = f"{len(report.totals)} learner{'s' if len(report.totals) > 1 else ''}"
    full = sum(total == report.points for total in report.totals)
    return f"{learners}, median {report.median:g} of {report.points} points, {full} with full points."


def _shares(exercise: ExerciseSummary) -> str:
    parts = [
        f"{exercise.solved} of {exercise.learners} solved it",
        f"{exercise.mean:.1f} of {exercise.points} points",
    ]
    if exercise.unsolved:
        parts.append(f"{exercise.unsolved} left it unwritten")
    if exercise.forbidden:
        parts.append(f"{exercise.forbidden} called torch's own")
    return ", ".join(parts)


def _histogram(report: ClassReport) -> str:
    most = max((count for _, count in report.histogram), default=0) or 1
    rows = "".join(
        f'<tr><th scope="row">{label}</th><td>{_bar(count / most)}{count}</td></tr>'
        for label, count in report.histogram
    )
    head = '<thead><tr><th scope="col">points</th><th scope="col">learners</th></tr></thead>'
    return f'<table class="bars"><caption>How many learners have how many points</caption>{head}{rows}</table>'


def _bar(share: float) -> str:
    return f'<span class="bar" style="width:{100 * share * 0.7:.1f}%" aria-hidden="true"></span>'


def _exercise(exercise: ExerciseSummary) -> str:
    most = max((mistake.learners for mistake in exercise.mistakes), default=0) or 1
    rows = [
        f"<tr><td>{_bar(mistake.learners / most)}{mistake.learners}</td>"
        f"<td>Their solution {escape(mistake.title)}. {place_in_book(mistake.see)}</td></tr>"
        for mistake in exercise.mistakes
    ]
    if exercise.unexplained:
        rows.append(f"<tr><td>{exercise.unexplained}</td><td>Wrong in a way that has no name here.</td></tr>")
    head = '<thead><tr><th scope="col">learners</th><th scope="col">mistake</th></tr></thead>'
    table = f'<table class="mistakes">{head}{"".join(rows)}</table>' if rows else ""
    failed = "; ".join(f"{escape(name)} ({count})" for name, count in exercise.aspects)
    aspects = f"<p>Aspects that failed: {failed}.</p>" if failed else ""
    return f"<h2><code>{escape(exercise.name)}</code></h2><p>{_shares(exercise)}.</p>{table}{aspects}"


def _people(title: str, people: object) -> str:
    assert hasattr(people, "items")
    rows = "".join(
        f'<tr><th scope="row">{escape(printable(student))}</th><td>{escape(printable(why))}</td></tr>'
        for student, why in people.items()
    )
    head = '<thead><tr><th scope="col">student</th><th scope="col">why</th></tr></thead>'
    return f"<h2>{title}</h2><table>{head}{rows}</table>" if rows else ""
