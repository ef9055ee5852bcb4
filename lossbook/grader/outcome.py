"""What one call of a function came to, as plain data: nothing of the learner's code is left in it.

Comparison, diagnosis and reports see Outcomes only, so it does not matter where the code ran.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lossbook.precision import widen

SHORT_LIST = 100  # items; a report shows them, where a tuple or a tensor was wanted


@dataclass(frozen=True)
class Array:
    """A tensor's numbers, with its dtype as torch names it (NumPy has no bfloat16)."""

    numbers: np.ndarray
    dtype: str

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's shape."""
        return tuple(self.numbers.shape)


@dataclass(frozen=True)
class Other:
    """A returned object that is neither a plain tensor nor plain Python data."""

    type_name: str


@dataclass(frozen=True)
class Failure:
    """An exception: its class, the names of its base classes, its message, and where it was raised.

    ``line`` and ``source`` are those of the learner's own code, None where the error came from elsewhere.
    """

    kind: str
    bases: tuple[str, ...]
    message: str
    line: int | None = None
    source: str | None = None

    def is_a(self, kind: str) -> bool:
        """Return whether the exception is of class ``kind`` or derived from it."""
        return kind == self.kind or kind in self.bases


@dataclass(frozen=True)
class Outcome:
    """One call's result.

    Attributes:
        value: Array, Other, None, bool, int, float, str, tuples and dicts of them, or a short list of numbers.
        gradient: of the first argument, under an upstream gradient that depends on the case alone.
        graph_cut: a gradient was asked for, and none reaches the first argument.
        changed: positions of the arguments that the call changed in place.
        printed: what was printed, cut to a few lines.
        warnings: messages of Python warnings.
        forbidden: names of forbidden torch functions that were called.
        failure: the exception that ended the call, or the gradient's computation.
        timed_out: the call was stopped because it took too long.
        skipped: the call was not made, because an earlier one never came back.
    """

    value: Any = None
    gradient: Array | None = None
    graph_cut: bool = False
    changed: tuple[int, ...] = ()
    printed: str = ""
    warnings: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    failure: Failure | None = None
    timed_out: bool = False
    skipped: bool = False


def freeze(value: object) -> Any:
    """Return plain data for whatever a function gave back. Subclasses of Tensor are an Other: they can lie."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) in (Tensor, torch.nn.Parameter):
        assert isinstance(value, Tensor)
        return array(value)
    if type(value) in (tuple, torch.Size):
        assert isinstance(value, tuple)
        return tuple(freeze(item) for item in value)
    if type(value) is list and len(value) <= SHORT_LIST and {*map(type, value)} <= {bool, int, float}:
        return list(value)
    if isinstance(value, np.generic) and type(value).__module__ == "numpy":
        # np.float64 is a float for Python, too
        return freeze(value.item()) if value.dtype.kind in "biufU" else Other(_name(value))
    # other keys have a __str__ of their own
    if type(value) is dict and {*map(type, value)} <= {str, int, float, bool}:
        return {str(key): freeze(item) for key, item in value.items()}
    return Other(_name(value))


def _name(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")


def array(x: Tensor) -> Array:
    """Return a copy of a tensor's numbers."""
    numbers = widen(x.detach()).cpu().resolve_conj().resolve_neg().to_dense().numpy().copy()
    return Array(numbers, str(x.dtype).removeprefix("torch."))
