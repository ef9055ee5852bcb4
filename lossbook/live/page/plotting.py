"""Curves in a page: Python hands the numbers over, the page draws them in its own colours."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np

MOST_POINTS = 1000
MOST_CURVES = 6

_receivers: list[Callable[[str], object]] = []


def receive(receiver: Callable[[str], object] | None) -> None:
    """Let ``receiver(text)`` have each plot, as JSON; None for nobody."""
    _receivers[:] = [] if receiver is None else [receiver]


def plot(x: Any, *ys: Any, xlabel: object = "", **curves: Any) -> None:
    """Draw curves over x: plot(x, y), or plot(x, sigmoid=y, slope=dy) with names.

    x: numbers, (n,). Each curve: n numbers; where one is nan or infinite the curve has a gap.

    Raises ValueError where a curve does not fit x, or there are no curves or more than six.
    """
    x = np.asarray(x, float)
    named = {**{f"curve {i}": y for i, y in enumerate(ys, 1)}, **curves}
    if x.ndim != 1 or x.size < 2:
        raise ValueError(f"plot takes x of shape (n,) with at least two numbers, not {x.shape}")
    if not 1 <= len(named) <= MOST_CURVES:
        raise ValueError(f"plot draws one to {MOST_CURVES} curves, not {len(named)}")
    step = -(-x.size // MOST_POINTS)
    data: dict[str, Any] = {"xlabel": str(xlabel), "x": _numbers(x[::step]), "curves": []}
    for name, numbers in named.items():
        y = np.asarray(numbers, float)
        if y.shape != x.shape:
            raise ValueError(f"{name} has shape {y.shape}, and x has {x.shape}: one number for each x is needed")
        label = "" if ys and not curves and len(ys) == 1 else name
        data["curves"].append({"label": label, "y": _numbers(y[::step])})
    for receiver in _receivers:
        receiver(json.dumps(data))


def _numbers(values: np.ndarray) -> list[float | None]:
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in values]
