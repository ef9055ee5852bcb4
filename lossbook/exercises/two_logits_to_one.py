"""Exercise: from a head of two logits to the one logit that says the same."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.exercises.cases import random_logits
from lossbook.exercises.cases_heads import two_logits
from lossbook.exercises.description import PROMPT, Aspect, Case, Exercise, Mistake
from lossbook.exercises.steps_shared import detached


def two_logits_to_one(logits: Tensor) -> Tensor:
    """Turn the two logits of a head into the one logit whose sigmoid is the same probability of class 1.

    Args:
        logits: float32 or float64, shape (N, 2), or (..., 2) with any axes before the last. The last axis
            holds the logit of class 0 and the logit of class 1.

    Returns:
        One logit per sample, that of class 1: shape (N,), or (...), and the same dtype. Exact for logits of
        any size.

    Raises:
        ValueError: the last axis does not have length 2.
    """
    raise NotImplementedError


def reference(logits: Tensor) -> Tensor:
    _check(logits)
    return logits[..., 1] - logits[..., 0]


def _check(logits: Tensor) -> None:
    if logits.shape[-1] != 2:
        raise ValueError(f"two logits per sample are needed, not {logits.shape[-1]}")


def values(generator: torch.Generator) -> Iterator[Case]:
    """Batches of pairs; one of them is square."""
    yield Case((torch.tensor([[0.5, 2.0]]),))
    yield Case((torch.tensor([[1.5, -0.5], [-1.0, 0.25]]),), note="as many samples as logits")
    yield Case((two_logits(4, generator),))


def shapes(generator: torch.Generator) -> Iterator[Case]:
    """No axis, several axes and no sample before the pair; float64."""
    yield Case((random_logits((2,), generator),), note="a single pair")
    yield Case((random_logits((2, 2, 2), generator),), note="two axes before the pair")
    yield Case((random_logits((2, 3, 2), generator),), note="two axes before the pair")
    yield Case((two_logits(3, generator, dtype=torch.float64),), note="float64")
    yield Case((torch.zeros(0, 2),), note="an empty batch")


def extreme(generator: torch.Generator) -> Iterator[Case]:
    """Pairs whose probabilities round to 0 and 1."""
    yield Case((torch.tensor([[1000.0, -1000.0]]),))
    yield Case((torch.tensor([[-200.0, 50.0], [150.0, 0.0]]),))
    yield Case((torch.tensor([[500.0, 501.5]]),), note="large, and close to each other")


def gradients(generator: torch.Generator) -> Iterator[Case]:
    """Pairs at which the gradient is compared, equal ones among them."""
    yield Case((torch.tensor([[0.0, 0.0]]),), note="as a zero-initialised head gives them")
    yield Case((two_logits(3, generator),))
    yield Case((torch.tensor([[300.0, -300.0]]),), note="extreme logits")


def wrong_length(generator: torch.Generator) -> Iterator[Case]:
    """Heads of another width."""
    yield Case((random_logits((3, 1), generator),), note="one logit per sample")
    yield Case((random_logits((2, 3), generator),), note="three logits per sample")


def turned_around(logits: Tensor) -> Tensor:
    _check(logits)
    return logits[..., 0] - logits[..., 1]


def only_class_1(logits: Tensor) -> Tensor:
    _check(logits)
    return logits[..., 1].clone()


def added(logits: Tensor) -> Tensor:
    _check(logits)
    return logits.sum(-1)


def halved(logits: Tensor) -> Tensor:
    return reference(logits) / 2


def larger(logits: Tensor) -> Tensor:
    _check(logits)
    return logits.amax(-1)


def margin(logits: Tensor) -> Tensor:
    _check(logits)
    return (logits[..., 1] - logits[..., 0]).abs()


def probability(logits: Tensor) -> Tensor:
    _check(logits)
    return logits.softmax(-1)[..., 1]


def log_probability(logits: Tensor) -> Tensor:
    _check(logits)
    return logits.log_softmax(-1)[..., 1]


def difference_of_probabilities(logits: Tensor) -> Tensor:
    _check(logits)
    p = logits.softmax(-1)
    return p[..., 1] - p[..., 0]


def through_the_probability(logits: Tensor) -> Tensor:
    _check(logits)
    p = logits.softmax(-1)
    return torch.log(p[..., 1]) - torch.log(p[..., 0])


def through_one_probability(logits: Tensor) -> Tensor:
    _check(logits)
    p = logits.softmax(-1)[..., 1]
    return torch.log(p / (1 - p))


def implicit_dim(logits: Tensor) -> Tensor:
    _check(logits)
    p = F.softmax(logits)
    return torch.log(p[..., 1]) - torch.log(p[..., 0])


def first_axis(logits: Tensor) -> Tensor:
    _check(logits)
    return logits[1] - logits[0]


def second_axis(logits: Tensor) -> Tensor:
    _check(logits)
    return logits[:, 1] - logits[:, 0]


def keeps_axis(logits: Tensor) -> Tensor:
    _check(logits)
    return logits[..., 1:] - logits[..., :1]


def decided(logits: Tensor) -> Tensor:
    _check(logits)
    return logits.argmax(-1)


def unchecked(logits: Tensor) -> Tensor:
    return logits[..., -1] - logits[..., 0]


def in_place(logits: Tensor) -> Tensor:
    _check(logits)
    result = logits[..., 1]
    result -= logits[..., 0]
    return result


EXERCISE = Exercise(
    name="two_logits_to_one",
    stub=two_logits_to_one,
    reference=reference,
    source=PROMPT,
    aspects=(
        Aspect("values", 1, values),
        Aspect("shapes and dtypes", 1, shapes),
        Aspect("extreme logits", 1, extreme),
        Aspect("gradient", 1, gradients, gradient=True),
        Aspect("another number of logits", 1, wrong_length),
    ),
    mistakes=(
        Mistake(
            "turned_around",
            "subtracts the wrong way round: the result speaks for class 0, a positive logit has to speak for "
            "class 1",
            turned_around,
            "two-heads",
        ),
        Mistake(
            "only_class_1",
            "keeps the logit of class 1 and drops the other: on its own it says nothing, as both may be moved by "
            "the same amount",
            only_class_1,
            "two-heads",
        ),
        Mistake(
            "added",
            "adds the two logits: what the classes share then counts, not what parts them",
            added,
            "two-heads",
        ),
        Mistake(
            "halved",
            "divides the difference by 2: that belongs to logits of -z and z, here one step of the difference is "
            "one step of the logit",
            halved,
            "two-heads",
        ),
        Mistake(
            "larger", "takes the larger of the two logits, so one never knows whose it is", larger, "two-heads"
        ),
        Mistake(
            "margin",
            "drops the sign of the difference, so one never knows which class it is for",
            margin,
            "two-heads",
        ),
        Mistake(
            "probability",
            "returns the probability of class 1: the loss does the squashing itself and wants the logit",
            probability,
            "two-heads",
        ),
        Mistake(
            "log_probability",
            "returns the log-probability of class 1: a logit is the log-odds, it has the other class in it, too",
            log_probability,
            "two-heads",
        ),
        Mistake(
            "difference_of_probabilities",
            "subtracts probabilities: that stays between -1 and 1, and a logit can be any number",
            difference_of_probabilities,
            "two-heads",
        ),
        Mistake(
            "through_the_probability",
            "goes through the softmax and back with a logarithm: once a probability has rounded to 0 the "
            "logarithm is -inf",
            through_the_probability,
            "two-heads",
            variants=(through_one_probability,),
        ),
        Mistake(
            "implicit_dim",
            "calls softmax without dim: torch then takes axis 0 of three, with a warning, and other samples compete",
            implicit_dim,
            "two-heads",
        ),
        Mistake(
            "first_axis",
            "subtracts along the axis of the samples, not along that of the pair",
            first_axis,
            "two-heads",
        ),
        Mistake(
            "second_axis",
            "takes axis 1 for the pair: it is the last axis, whatever stands before it",
            second_axis,
            "two-heads",
        ),
        Mistake(
            "keeps_axis",
            "leaves the pair's axis in place with length 1: against targets of shape (N,) that makes N x N",
            keeps_axis,
            "silent-repairs",
        ),
        Mistake(
            "decided", "returns the winning class: a decision has no gradient and no size", decided, "decision"
        ),
        Mistake(
            "unchecked",
            "accepts another number of logits without a word: one logit minus itself is 0, and of three one is "
            "lost",
            unchecked,
            "forum-error",
        ),
        Mistake("in_place", "overwrites its input (x -= ... changes the caller's tensor)", in_place, "two-heads"),
        detached(reference, "two-heads"),
    ),
    hints=(
        "Write the softmax of (z0, z1) for class 1 as a fraction, and divide both of its sides by exp(z1). Which "
        "function do you know that looks like that?",
        "1 / (1 + exp(-(...))): what stands where the sigmoid has its logit?",
        "Use ... for the axes before the last: logits[..., 1] is the logit of class 1. Compare "
        "logits.shape[-1] with 2 first.",
    ),
    chapter="losses/bce-versus-ce",
    problem_set="04-bce-versus-ce",
    forbidden=frozenset(),
    difficulty=1,
    minutes=10,
)
