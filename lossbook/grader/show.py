"""Numbers and calls as a reader wants to see them: short, and valid Python wherever they are short enough."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from lossbook.exercises import Case
from lossbook.grader.outcome import Array, Other, array

FEW = 12  # numbers that are written out
LONGEST = 400  # characters; a learner's function may return anything


def show(value: Any) -> str:
    """Return plain data, as :func:`lossbook.grader.outcome.freeze` makes it, in a few words."""
    text = _show(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ..."


def _show(value: Any) -> str:
    if isinstance(value, Tensor):
        value = array(value)
    if isinstance(value, Array):
        return _show_array(value)
    if isinstance(value, Other):
        return f"an object of type {value.type_name}"
    if isinstance(value, torch.Generator):
        return "generator"
    if isinstance(value, float):
        return _show_float(value)
    if isinstance(value, tuple):
        return f"({', '.join(_show(item) for item in value)}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(_show(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {_show(item)}' for key, item in value.items())}}}"
    return repr(value)


def show_call(name: str, case: Case) -> str:
    """Return the call that a case makes, e.g. ``softmax(tensor([1, 2]), dim=0)``."""
    words = [show(arg) for arg in case.args]
    words += [f"{key}={show(value)}" for key, value in case.kwargs.items()]
    return f"{name}({', '.join(words)})"


def _show_float(number: float) -> str:
    text = f"{number:.6g}"
    return text + "." if text.lstrip("-").isdigit() else text


def _show_array(value: Array) -> str:
    kind = "" if value.dtype in ("float32", "int64", "bool") else f", dtype={value.dtype}"
    if value.numbers.size > FEW or (value.numbers.size == 0 and value.shape != (0,)):
        return f"{value.dtype} tensor of shape {value.shape}"
    return f"tensor({_nested(value.numbers)}{kind})"


def _nested(numbers: np.ndarray) -> str:
    if numbers.ndim == 0:
        item = numbers.item()
        return _show_float(item) if isinstance(item, float) else str(item)
    return f"[{', '.join(_nested(row) for row in numbers)}]"
