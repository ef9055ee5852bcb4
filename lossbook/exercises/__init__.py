"""The exercises: one module describes each of them, and everything else reads these descriptions."""

import importlib

from lossbook.exercises.description import PROMPT, TORCH, Aspect, Case, Exercise, Mistake, Source, Sweep

__all__ = [
    "PROMPT",
    "SETS",
    "TORCH",
    "Aspect",
    "Case",
    "Exercise",
    "Mistake",
    "Source",
    "Sweep",
    "exercise_names",
    "get_exercise",
]

SETS: dict[str, tuple[str, ...]] = {
    "01-probabilities": ("sigmoid", "log_sigmoid", "logsumexp", "softmax", "log_softmax"),
    "02-binary-cross-entropy": (
        "binary_cross_entropy",
        "binary_cross_entropy_with_logits",
        "bce_with_logits_gradient",
    ),
    "03-cross-entropy": ("nll_loss", "cross_entropy", "cross_entropy_gradient"),
    "04-bce-versus-ce": (
        "two_logits_to_one",
        "one_logit_to_two",
        "make_target",
        "loss_of_two_logits",
        "loss_of_one_logit",
        "probability_and_decision",
        "predicted_labels",
        "choose_loss",
    ),
    "05-in-practice": (
        "masked_binary_cross_entropy_with_logits",
        "dataset_mean_loss",
        "threshold_for_fpr",
        "symmetric_cross_entropy",
        "undo_pos_weight",
        "temperature",
    ),
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
