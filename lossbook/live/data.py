"""What a page needs to check an exercise: cases, torch's answers, and what each named mistake answers, as JSON.

Everything is computed in float64 by the exercise's own reference and mistakes. So the page needs neither
torch nor a second implementation of the mistakes, and names a mistake by its numbers, as the grader does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lossbook.exercises import PROMPT, TORCH, Aspect, Case, Exercise, Mistake, get_exercise
from lossbook.grader.compare import Tolerance, difference, same
from lossbook.grader.outcome import Array, Outcome
from lossbook.grader.runner import run_trusted
from lossbook.live.twins import Twin, twin_of

SEED = 0
"""The cases are drawn once, when the book is built: every reader gets the same ones."""

Drawn = list[tuple[Aspect, tuple[Case, ...]]]

_WORDS = {
    TORCH: {"label": "torch", "answers": "torch's", "all_right": "in every case your numbers are torch's"},
    PROMPT: {"label": "expected", "answers": "the expected ones", "all_right": "every answer is the expected one"},
}

_IN_NUMPY = (
    (r"\bkeepdim\b", "keepdims"),
    (r"\bwhatever dim says\b", "whatever axis says"),
    (r"\btorch\.", "np."),
    (r"\btensor\b", "array"),
    (r" and dtypes\b", ""),
    (r"shapes, dtypes, extremes", "shapes and extremes"),
    (r"\balong dim\b", "along the axis"),
    (r"\((?:\w+_, )?\w+_ and (\S+) change\b", r"(\1 changes"),
)
"""Words of the exercises that NumPy has others for."""


def live_exercise(name: str) -> dict[str, Any]:
    """Return all that the page's checker needs to know of an exercise, as plain data.

    Args:
        name: of an exercise that stands in :data:`lossbook.live.twins.TWINS`.

    Returns:
        ``aspects`` with their cases, answers and tolerances; ``mistakes`` with a sentence, the place in the
        book that explains them, and their answers in the order of all cases (None where the answer is right);
        ``words`` for whose answers these are.

    Raises:
        KeyError: the exercise has no NumPy twin; the message lists those that have.
    """
    twin = twin_of(name)
    exercise = get_exercise(name)
    drawn = draw(exercise, twin)
    wants = run_trusted(exercise.reference, drawn)
    return {
        "name": name,
        "words": _WORDS[exercise.source],
        "aspects": [
            {
                "name": in_numpy(aspect.name),
                "cases": [_case(twin, aspect, case, want) for case, want in zip(cases, row, strict=True)],
            }
            for (aspect, cases), row in zip(drawn, wants, strict=True)
        ],
        "mistakes": [
            _mistake(exercise, twin, mistake, answers) for mistake, answers in shown(exercise, twin, drawn, wants)
        ],
    }


def draw(exercise: Exercise, twin: Twin) -> Drawn:
    """Return the twin's aspects with the cases that it can be asked, in float64.

    A case is left out where it needs an argument that the twin does not have, or where torch refuses it.
    """
    drawn: Drawn = []
    for aspect, cases in exercise.draw(SEED):
        if aspect.name not in twin.aspects:
            continue
        asked = (_widened(case, twin) for case in cases)
        kept = tuple(case for case in asked if case is not None and _is_answered(exercise, aspect, case))
        drawn.append((aspect, kept))
    return drawn


def _widened(case: Case, twin: Twin) -> Case | None:
    """Return the case in float64, or None if the twin lacks one of its arguments."""
    kwargs = {**case.kwargs, **twin.fixed}
    if not set(kwargs) <= {*twin.parameters, *twin.fixed}:
        return None
    note = "" if case.note.startswith("float") else case.note
    widened = tuple(_wide(value) for value in case.args)
    return Case(widened, {key: _wide(value) for key, value in kwargs.items()}, note)


def _wide(value: Any) -> Any:
    """Return float64 with the digits that were meant: 4.62 in float32 is 4.62, not 4.61999989."""
    if isinstance(value, list | tuple):
        return type(value)(map(_wide, value))
    if not isinstance(value, Tensor) or not value.is_floating_point():
        return value
    if value.dtype == torch.float64:
        return value
    meant = [float(f"{number:.6g}") for number in value.reshape(-1).tolist()]
    return torch.tensor(meant, dtype=torch.float64).reshape(value.shape)


def _is_answered(exercise: Exercise, aspect: Aspect, case: Case) -> bool:
    return run_trusted(exercise.reference, [(aspect, (case,))])[0][0].failure is None


def shown(
    exercise: Exercise, twin: Twin, drawn: Drawn, wants: list[list[Outcome]]
) -> list[tuple[Mistake, list[Outcome | None]]]:
    """Return the mistakes that can show in NumPy, with their Outcomes (None where the answer is right).

    Left out are those that only autograd or a dtype brings to light, and those that answer every case as an
    earlier one does.
    """
    found: list[tuple[Mistake, list[Outcome | None]]] = []
    seen: list[list[Outcome]] = []
    cases = [(aspect, case) for aspect, row in drawn for case in row]
    right = [want for row in wants for want in row]
    for mistake in exercise.mistakes:
        got = [outcome for row in run_trusted(mistake.function, drawn) for outcome in row]
        if mistake.name in twin.left_out or _is_about_dtypes(right, got):
            continue
        answers = [
            None if difference(want, outcome, aspect, case) is None else outcome
            for want, outcome, (aspect, case) in zip(right, got, cases, strict=True)
        ]
        if any(answers) and not any(_alike(got, other, cases) for other in seen):
            found.append((mistake, answers))
            seen.append(got)
    return found


def _is_about_dtypes(right: list[Outcome], got: list[Outcome]) -> bool:
    pairs = [(want.value, outcome.value) for want, outcome in zip(right, got, strict=True)]
    return any(
        isinstance(want, Array) and isinstance(value, Array) and value.dtype in ("float16", "bfloat16", "float32")
        for want, value in pairs
    )


def _alike(one: Sequence[Outcome], other: Sequence[Outcome], cases: Sequence[tuple[Aspect, Case]]) -> bool:
    return all(same(a, b, aspect, case) for a, b, (aspect, case) in zip(one, other, cases, strict=True))


def _case(twin: Twin, aspect: Aspect, case: Case, want: Outcome) -> dict[str, Any]:
    tolerance = Tolerance.of(replace(aspect, gradient=False), case, "float64")
    return {
        "args": [encode(value) for value in case.args],
        "kwargs": {key: encode(value) for key, value in case.kwargs.items() if key not in twin.fixed},
        "note": in_numpy(case.note),
        "answer": encode(want.value),
        "relative": tolerance.relative,
        "absolute": tolerance.absolute,
    }


def _mistake(exercise: Exercise, twin: Twin, mistake: Mistake, answers: list[Outcome | None]) -> dict[str, Any]:
    return {
        "name": mistake.name,
        "title": twin.titles.get(mistake.name, in_numpy(mistake.title)),
        "see": mistake.place(exercise.chapter),
        "answers": [None if outcome is None else _wrong_answer(outcome) for outcome in answers],
    }


def _wrong_answer(outcome: Outcome) -> dict[str, Any]:
    if outcome.failure is not None:
        return {"raised": True}
    if outcome.changed:
        return {"changed": True}
    return {"value": encode(outcome.value, digits=13)}


def in_numpy(text: str) -> str:
    """Return a sentence about torch in NumPy's words."""
    for torchs, numpys in _IN_NUMPY:
        text = re.sub(torchs, numpys, text)
    return text


def encode(value: Any, digits: int = 17) -> Any:
    """Return a value as JSON can hold it: arrays as kind, shape and numbers, in which infinities are words.

    Args:
        value: an Array, a tensor, a number, a string, None, or a list or tuple of them.
        digits: how many significant digits a float keeps.

    Raises:
        TypeError: it is none of these.
    """
    if isinstance(value, Tensor):
        value = Array(value.numpy(), str(value.dtype).removeprefix("torch."))
    if isinstance(value, Array):
        kind = value.numbers.dtype.kind
        numbers = [_number(number, digits) for number in value.numbers.reshape(-1).tolist()]
        return {"kind": kind, "shape": list(value.shape), "numbers": numbers}
    if isinstance(value, list | tuple):
        return {"kind": type(value).__name__, "items": [encode(item, digits) for item in value]}
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return {"kind": "float", "number": _number(value, digits)}
    raise TypeError(f"no page can be asked for a {type(value).__name__}")


def _number(number: float | int | bool, digits: int) -> float | int | bool | str:
    if isinstance(number, bool | int):
        return number
    return float(f"{number:.{digits}g}") if np.isfinite(number) else str(number)
