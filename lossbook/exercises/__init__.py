"""The exercises: one module describes each of them, and everything else reads these descriptions."""

import importlib

from lossbook.exercises.description import Aspect, Case, Exercise, Mistake, Sweep

__all__ = ["SETS", "Aspect", "Case", "Exercise", "Mistake", "Sweep", "exercise_names", "get_exercise"]

SETS: dict[str, tuple[str, ...]] = {
    "01-probabilities": ("sigmoid", "log_sigmoid", "logsumexp", "softmax", "log_softmax"),
}


def exercise_names() -> list[str]:
    """Return the names of all exercises, in the order of the problem sets."""
    return [name for names in SETS.values() for name in names]


def get_exercise(name: str) -> Exercise:
    """Return the description of an exercise.

    Raises:
        KeyError: there is no exercise of that name; the message lists those that there are.
    """
    if name not in exercise_names():
        raise KeyError(f"there is no exercise {name!r}: choose one of {', '.join(exercise_names())}")
    found = importlib.import_module(f"lossbook.exercises.{name}").EXERCISE
    assert isinstance(found, Exercise)
    return found
