"""What chapters use to show things: the source of a function, computed numbers in a sentence, named mistakes."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from html import escape
from typing import Any

from IPython.core.formatters import format_display_data
from IPython.display import HTML, Markdown, display

from lossbook.exercises import Exercise, Mistake, get_exercise
from lossbook.grader import first_failure

_GLUE_PREFIX = "application/papermill.record/"
_GONE = "\0"
_WIDEST = 73
"""Characters in a line of a page's column."""
_SIGNATURE = re.compile(r"(?P<start>\s*def \w+)\((?P<parameters>.+)\)(?P<end>(?: -> .+)?:)")
_PARAMETER = re.compile(r"(?:\[(?:[^\[\]]|\[[^\[\]]*\])*\]|[^,])+")
"""Up to the next comma that stands in no brackets."""
_LINE = re.compile(r" \(line \d+: .*\)$")
"""Where in the mistake's own source an error came from: of no use to a reader who cannot see that source."""


def source(*definitions: Callable[..., Any]) -> Markdown:
    """Return the source of functions and classes without their docstrings, which the book gives as prose.

    A signature that is wider than a page's column has one parameter in a line.

    Args:
        definitions: Python functions or classes; their sources follow each other.
    """
    listing = "\n\n".join(_without_docstrings(textwrap.dedent(inspect.getsource(d))) for d in definitions)
    return Markdown(f"```python\n{listing}\n```")


def _without_docstrings(code: str) -> str:
    lines = code.rstrip().splitlines()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            assert docstring.end_lineno is not None
            for number in range(docstring.lineno - 1, docstring.end_lineno):
                lines[number] = _GONE
    kept = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before != _GONE]
    return "\n".join(_narrow(line) for line in kept if line != _GONE)


def _narrow(line: str) -> str:
    signature = _SIGNATURE.fullmatch(line)
    if len(line) <= _WIDEST or signature is None:
        return line
    indent = " " * (len(line) - len(line.lstrip()))
    parameters = _PARAMETER.findall(signature["parameters"])
    inside = "".join(f"{indent}    {parameter.strip()},\n" for parameter in parameters)
    return f"{signature['start']}(\n{inside}{indent}){signature['end']}"


def glue(**values: Any) -> None:
    """Keep computed values for the text around the cell, which shows them with ``{glue:text}`name:.2f```.

    This is what ``myst_nb.glue`` does, without needing the book's tools in a downloaded notebook.

    Args:
        values: numbers or strings, by the names that the text uses.
    """
    for name, value in values.items():
        bundle, metadata = format_display_data(value)
        metadata["scrapbook"] = {"name": name, "mime_prefix": _GLUE_PREFIX}
        record = {_GLUE_PREFIX + kind: data for kind, data in bundle.items()}
        display(record, metadata=metadata, raw=True)


def common_mistakes(name: str) -> HTML:
    """Return the named mistakes of an exercise, each with a call and the number that it gives for it.

    Args:
        name: of the exercise. Links lead to its chapter, from a page that is one folder below the book's root.

    Raises:
        KeyError: there is no exercise of that name.
    """
    exercise = get_exercise(name)
    items = "".join(_mistake_item(exercise, mistake, heading=mistake.name) for mistake in exercise.mistakes)
    return HTML(f'<ul class="lossbook-mistakes">{items}</ul>')


def mistakes_here(**chosen: str) -> HTML:
    """Return a folded box with a few named mistakes, for the end of the chapter that they belong to.

    Args:
        chosen: by exercise, the names of its mistakes with blanks between them: ``softmax="no_shift last_axis"``.
            Links lead on from a page that is one folder below the book's root.

    Raises:
        KeyError: there is no exercise, or no mistake of it, of such a name.
    """
    items, places = "", []
    for name, mistakes in chosen.items():
        exercise = get_exercise(name)
        by_name = {mistake.name: mistake for mistake in exercise.mistakes}
        heading, anchor = name.replace("_", "_<wbr>"), name.replace("_", "-")
        items += "".join(_mistake_item(exercise, by_name[each], heading) for each in mistakes.split())
        places.append(f'<a href="../reference/common-mistakes.html#mistakes-{anchor}"><code>{heading}</code></a>')
    return HTML(
        '<details class="admonition lb-folded"><summary class="admonition-title">Common mistakes here</summary>'
        f'<div class="lb-folded__content"><ul class="lossbook-mistakes">{items}</ul>'
        f"<p>All that the checks know: {', '.join(places)}.</p></div></details>"
    )


def _mistake_item(exercise: Exercise, mistake: Mistake, heading: str) -> str:
    failure = first_failure(exercise.name, mistake.function, seed=0)
    assert failure is not None
    assert failure.difference is not None
    difference = failure.difference
    answers = escape(_LINE.sub("", difference.problem))
    if difference.returned and not difference.returned.startswith("gradient "):  # of what? The sentence says it
        mine, right = escape(difference.returned), escape(difference.expected)
        answers = f"gives <code>{mine}</code>, {exercise.source.label} <code>{right}</code>"
    title = f"{mistake.title[0].upper()}{mistake.title[1:]}."
    chapter, anchor = mistake.place(exercise.chapter).split("#")
    place = f"../{chapter}.html#{anchor}"
    return (
        f"<li><p><strong>{heading}</strong>: {escape(title)}</p>"
        f'<p><code>{escape(failure.call)}</code> {answers}. <a href="{escape(place, quote=True)}">Why</a></p></li>'
    )
