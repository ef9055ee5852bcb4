"""What chapters use to show things: the source of a function, and computed numbers in the middle of a sentence."""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from IPython.core.formatters import format_display_data
from IPython.display import Markdown, display

_GLUE_PREFIX = "application/papermill.record/"


def source(*functions: Callable[..., Any]) -> Markdown:
    """Return the source of functions without their docstrings, which the book gives as prose.

    Args:
        functions: Python functions; their sources follow each other.
    """
    listing = "\n\n".join(_without_docstring(textwrap.dedent(inspect.getsource(f))) for f in functions)
    return Markdown(f"```python\n{listing}\n```")


def _without_docstring(code: str) -> str:
    lines = code.rstrip().splitlines()
    (definition,) = ast.parse(code).body
    assert isinstance(definition, ast.FunctionDef)
    first = definition.body[0]
    if ast.get_docstring(definition) is not None:
        assert first.end_lineno is not None
        del lines[first.lineno - 1 : first.end_lineno]
    return "\n".join(lines)


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
