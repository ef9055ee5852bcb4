"""Keeps what is the same in each drawing of an exercise's cases, so that a class has it computed once.

About half of the cases do not depend on the seed. What the reference and the named mistakes answer to them stays
in memory with the case: a bounded number of small arrays for each exercise.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

from lossbook.exercises import Aspect, Case, Exercise
from lossbook.grader.outcome import Outcome
from lossbook.grader.runner import call

Found = TypeVar("Found")
Drawn = Sequence[tuple[Aspect, tuple[Case, ...]]]

_first_seen: dict[tuple[str, int, int], Case | None] = {}  # None for one that changes with the seed


def draw(exercise: Exercise, seed: int) -> Drawn:
    """Draw an exercise's cases; one that is as it was before is the same object as then."""
    return [
        (aspect, tuple(_known(case, (exercise.name, place, number)) for number, case in enumerate(cases)))
        for place, (aspect, cases) in enumerate(exercise.draw(seed))
    ]


def _known(case: Case, place: tuple[str, int, int]) -> Case:
    seen = _first_seen.setdefault(place, case)
    if seen is None or seen is case:
        return case
    if _same(seen.args, case.args) and _same(seen.kwargs, case.kwargs) and seen.note == case.note:
        return seen
    _first_seen[place] = None
    return case


def _same(one: Any, other: Any) -> bool:
    """Return whether two arguments are the same to the last bit, in the same layout."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Tensor):
        return (one.dtype, one.shape, one.stride(), one.requires_grad) == (
            *(other.dtype, other.shape, other.stride(), other.requires_grad),
        ) and _bits(one) == _bits(other)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(_same(one[key], other[key]) for key in one)
    return isinstance(one, (bool, int, float, str, torch.dtype, type(None))) and repr(one) == repr(other)


def _bits(x: Tensor) -> bytes:
    return x.detach().contiguous().view(-1).view(torch.uint8).numpy().tobytes() if x.numel() else b""


def remembered(case: Case, key: Hashable, find: Callable[[], Found]) -> Found:
    """Return what ``find`` returned for this case, which lives as long as the case does."""
    memory = vars(case).setdefault("_memory", {})
    if key not in memory:
        memory[key] = find()
    return memory[key]


def answer(function: Callable[..., Any], aspect: Aspect, case: Case) -> Outcome:
    """Return what a function of our own, whose answers do not change, answers; called inside ``trusting``."""
    return remembered(case, (function, aspect.gradient), lambda: call(function, case, aspect.gradient))
