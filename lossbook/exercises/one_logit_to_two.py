"""Exercise: from one logit to a head of two that says the same."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.exercises.cases import random_logits
from lossbook.exercises.cases_heads import one_logit
from lossbook.exercises.description import PROMPT, Aspect, Case, Exercise, Mistake
from lossbook.exercises.steps_shared import detached


def one_logit_to_two(logit: Tensor) -> Tensor:
    """Turn one logit per sample into two whose softmax gives class 1 the same probability.

    Many pairs do; return the one whose first logit, that of class 0, is 0.

    Args:
        logit: float16, float32 or float64, shape (N,).

    Returns:
        Logits of shape (N, 2), class 0 first, and the same dtype.

    Raises:
        ValueError: ``logit`` does not have exactly one axis.
    """
    raise NotImplementedError


def reference(logit: Tensor) -> Tensor:
    _check(logit)
    return torch.stack([torch.zeros_like(logit), logit], dim=1)


def _check(logit: Tensor) -> None:
    if logit.dim() != 1:
        raise ValueError(f"logits of shape (N,) are needed, not {tuple(logit.shape)}")


def values(generator: torch.Generator) -> Iterator[Case]:
    """One logit, as many as classes, and a few."""
    yield Case((torch.tensor([2.0]),))
    yield Case((torch.tensor([1.5, -0.5]),), note="as many samples as classes")
    yield Case((one_logit(4, generator),))


def shapes(generator: torch.Generator) -> Iterator[Case]:
    """Other dtypes, and no sample."""
    yield Case((one_logit(3, generator, dtype=torch.float64),), note="float64")
    yield Case((one_logit(3, generator, dtype=torch.float16),), note="float16")
    yield Case((torch.zeros(0),), note="an empty batch")


def extreme(generator: torch.Generator) -> Iterator[Case]:
    """Logits whose probabilities round to 0 or 1."""
    yield Case((torch.tensor([1000.0]),))
    yield Case((torch.tensor([-1000.0, 200.0, -150.0]),))


def gradients(generator: torch.Generator) -> Iterator[Case]:
    """Logits at which the gradient is compared, 0 among them."""
    yield Case((torch.tensor([0.0]),), note="exactly 0")
    yield Case((one_logit(3, generator),))
    yield Case((torch.tensor([-300.0, 300.0]),), note="extreme logits")


def wrong_axes(generator: torch.Generator) -> Iterator[Case]:
    """Logits with another number of axes."""
    yield Case((random_logits((3, 1), generator),), note="a column, as Linear(d, 1) gives it")
    yield Case((random_logits((3, 2), generator),), note="two logits per sample already")
    yield Case((torch.tensor(1.5),), note="no axis")


def swapped(logit: Tensor) -> Tensor:
    return reference(logit).flip(1)


def of_class_0(logit: Tensor) -> Tensor:
    return reference(-logit)


def plus_and_minus(logit: Tensor) -> Tensor:
    _check(logit)
    return torch.stack([-logit, logit], dim=1)


def shared_out(logit: Tensor) -> Tensor:
    _check(logit)
    return torch.stack([-logit / 2, logit / 2], dim=1)


def one_minus(logit: Tensor) -> Tensor:
    _check(logit)
    return torch.stack([1 - logit, logit], dim=1)


def repeated(logit: Tensor) -> Tensor:
    _check(logit)
    return torch.stack([logit, logit], dim=1)


def probabilities(logit: Tensor) -> Tensor:
    _check(logit)
    return torch.stack([torch.sigmoid(-logit), torch.sigmoid(logit)], dim=1)


def zero_and_probability(logit: Tensor) -> Tensor:
    return reference(torch.sigmoid(logit))


def log_probabilities(logit: Tensor) -> Tensor:
    _check(logit)
    return torch.stack([F.logsigmoid(-logit), F.logsigmoid(logit)], dim=1)


def stacked_first(logit: Tensor) -> Tensor:
    _check(logit)
    return torch.stack([torch.zeros_like(logit), logit], dim=0)


def joined(logit: Tensor) -> Tensor:
    _check(logit)
    return torch.cat([torch.zeros_like(logit), logit])


def default_dtype(logit: Tensor) -> Tensor:
    _check(logit)
    result = torch.zeros(len(logit), 2)
    result[:, 1] = logit
    return result


def float32_zeros(logit: Tensor) -> Tensor:
    _check(logit)
    return torch.stack([torch.zeros(len(logit)), logit], dim=1)


def decided(logit: Tensor) -> Tensor:
    _check(logit)
    return F.one_hot((logit > 0).long(), 2).to(logit.dtype)


def unchecked(logit: Tensor) -> Tensor:
    return torch.stack([torch.zeros_like(logit), logit], dim=-1)


def unchecked_along_axis_1(logit: Tensor) -> Tensor:
    return torch.stack([torch.zeros_like(logit), logit], dim=1)


EXERCISE = Exercise(
    name="one_logit_to_two",
    stub=one_logit_to_two,
    reference=reference,
    source=PROMPT,
    aspects=(
        Aspect("values", 1, values),
        Aspect("dtypes", 1, shapes),
        Aspect("extreme logits", 1, extreme),
        Aspect("gradient", 1, gradients, gradient=True),
        Aspect("another number of axes", 1, wrong_axes),
    ),
    mistakes=(
        Mistake("swapped", "puts the logit into the column of class 0", swapped, "two-heads"),
        Mistake(
            "of_class_0",
            "turns the sign around, so that the pair speaks for the other class",
            of_class_0,
            "two-heads",
        ),
        Mistake(
            "plus_and_minus",
            "returns -z and z: their difference is 2 z, so every probability is too sure",
            plus_and_minus,
            "two-heads",
        ),
        Mistake(
            "shared_out",
            "returns -z / 2 and z / 2: the probabilities are right, but the first logit was to be 0",
            shared_out,
            "two-heads",
        ),
        Mistake(
            "one_minus",
            "returns 1 - z and z, as if the logit were a probability: logits need not sum to 1",
            one_minus,
            "two-heads",
        ),
        Mistake(
            "repeated",
            "gives both classes the same logit, which is a probability of one half for each",
            repeated,
            "two-heads",
        ),
        Mistake(
            "probabilities",
            "returns probabilities: CrossEntropyLoss would put a second softmax on top of them",
            probabilities,
            "two-heads",
        ),
        Mistake(
            "zero_and_probability",
            "squashes the logit before it puts it beside the 0: the softmax squashes a second time",
            zero_and_probability,
            "two-heads",
        ),
        Mistake(
            "log_probabilities",
            "returns two log-probabilities: the softmax is right, but the first logit was to be 0",
            log_probabilities,
            "two-heads",
        ),
        Mistake(
            "stacked_first",
            "stacks along axis 0: the result is (2, N), with the classes down",
            stacked_first,
            "two-heads",
        ),
        Mistake(
            "joined",
            "joins zeros and logits end to end: that is one long axis, not one pair per sample",
            joined,
            "two-heads",
        ),
        Mistake(
            "default_dtype",
            "takes zeros in float32, whatever dtype the logits have: make the zeros like the logits",
            default_dtype,
            "targets",
            variants=(float32_zeros,),
        ),
        Mistake(
            "decided", "returns the decision as 0 and 1, and how sure the model was is gone", decided, "decision"
        ),
        Mistake(
            "unchecked",
            "accepts logits of another shape: a column (N, 1) becomes (N, 1, 2), and breaks or spoils what comes "
            "next",
            unchecked,
            "targets",
            variants=(unchecked_along_axis_1,),
        ),
        detached(reference, "two-heads"),
    ),
    hints=(
        "The last exercise had one answer for each pair. Which pairs (0, ?) have the difference z?",
        "You need a column of zeros and a column of logits. Which torch function puts tensors side by side along "
        "a new axis?",
        "torch.stack takes a list of tensors and the position of the new axis; torch.zeros_like keeps the dtype. "
        "Check logit.dim() first.",
    ),
    chapter="losses/bce-versus-ce",
    problem_set="04-bce-versus-ce",
    forbidden=frozenset(),
    difficulty=1,
    minutes=5,
)
