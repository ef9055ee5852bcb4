"""Exercise: from the logits of either head to a probability and a decision."""

from collections.abc import Iterator

import torch
from torch import Tensor

from lossbook.exercises.cases import random_logits
from lossbook.exercises.cases_heads import one_logit, two_logits
from lossbook.exercises.description import PROMPT, Aspect, Case, Exercise, Mistake

Answer = tuple[Tensor, Tensor]


def probability_and_decision(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return what a two-class model says about class 1, whichever head it has.

    Args:
        logits: float32 or float64. One logit per sample, shape (N,) or (N, 1); or two logits per sample,
            shape (N, 2), class 0 first.

    Returns:
        The probability of class 1, shape (N,), in the dtype of the logits; and the decision, shape (N,),
        int64: 1 where class 1 has the larger probability, else 0 (also where both have 0.5).

    Raises:
        ValueError: ``logits`` has another shape.
    """
    raise NotImplementedError


def reference(logits: Tensor) -> Answer:
    z = _one_logit(logits)
    return torch.sigmoid(z), (z > 0).to(torch.int64)


def _one_logit(logits: Tensor) -> Tensor:
    """Return one logit of class 1 per sample, whatever head gave the logits."""
    if logits.dim() == 1:
        return logits
    if logits.dim() != 2 or logits.shape[1] not in (1, 2):
        raise ValueError(f"logits of shape (N,), (N, 1) or (N, 2) are needed, not {tuple(logits.shape)}")
    return logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]


def one(generator: torch.Generator) -> Iterator[Case]:
    """One logit per sample, without an axis of its own."""
    yield Case((torch.tensor([-1.0]),))
    yield Case((torch.tensor([0.3, -0.3, 0.0]),), note="a probability of exactly 0.5 is class 0")
    yield Case((torch.tensor([-2.0, 1.0]),), note="two samples, not two logits of one")
    yield Case((one_logit(5, generator),))
    yield Case((one_logit(3, generator, dtype=torch.float64),), note="float64")
    yield Case((torch.zeros(0),), note="an empty batch")


def column(generator: torch.Generator) -> Iterator[Case]:
    """One logit per sample, as Linear(d, 1) gives it."""
    yield Case((torch.tensor([[-1.5], [0.3]]),))
    yield Case((torch.tensor([[1.5]]),), note="a single sample")
    yield Case((torch.cat([one_logit(4, generator), torch.zeros(1)]).unsqueeze(1),), note="the last is exactly 0")
    yield Case((torch.zeros(0, 1),), note="an empty batch")


def pairs(generator: torch.Generator) -> Iterator[Case]:
    """Two logits per sample, as Linear(d, 2) gives them."""
    yield Case((torch.tensor([[-2.34, 3.45]]),), note="a single sample")
    yield Case((torch.tensor([[1.0, 2.0], [-1.0, -3.0]]),), note="as many samples as logits")
    yield Case((torch.tensor([[1.0, 1.0], [2.0, 0.5], [-0.5, -0.2]]),), note="two equal logits are class 0")
    yield Case((two_logits(5, generator),))
    yield Case((two_logits(3, generator, dtype=torch.float64),), note="float64")
    yield Case((torch.zeros(0, 2),), note="an empty batch")


def extreme(generator: torch.Generator) -> Iterator[Case]:
    """Logits that overflow when they are exponentiated as they are."""
    yield Case((torch.tensor([[500.0, 499.0], [300.0, 302.0]]),), note="large, and close to each other")
    yield Case((torch.tensor([[-400.0, -401.0], [-1000.0, 0.0]]),))
    yield Case((torch.tensor([[1000.0], [-1000.0]]),))
    yield Case((torch.tensor([-1000.0, 150.0, -60.0]),))


def wrong_shapes(generator: torch.Generator) -> Iterator[Case]:
    """Logits that come from no two-class head."""
    yield Case((random_logits((2, 3), generator),), note="three classes")
    yield Case((random_logits((2, 2, 2), generator),), note="three axes")
    yield Case((torch.tensor(0.5),), note="no axis")


def _answer(z: Tensor) -> Answer:
    return torch.sigmoid(z), (z > 0).to(torch.int64)


def _is_pair(logits: Tensor) -> bool:
    return logits.dim() == 2 and logits.shape[1] == 2


def each_alone(logits: Tensor) -> Answer:
    p, decision = reference(logits)
    return (torch.sigmoid(logits[:, 1]), decision) if _is_pair(logits) else (p, decision)


def only_class_1(logits: Tensor) -> Answer:
    return _answer(logits[:, 1]) if _is_pair(logits) else reference(logits)


def of_class_0(logits: Tensor) -> Answer:
    p, decision = reference(logits)
    return (torch.softmax(logits, 1)[:, 0], decision) if _is_pair(logits) else (p, decision)


def of_the_winner(logits: Tensor) -> Answer:
    p, decision = reference(logits)
    return torch.maximum(p, 1 - p), decision


def both_probabilities(logits: Tensor) -> Answer:
    p, decision = reference(logits)
    return (torch.softmax(logits, 1), decision) if _is_pair(logits) else (p, decision)


def across_samples(logits: Tensor) -> Answer:
    p, decision = reference(logits)
    return (torch.softmax(logits, 0)[:, 1], decision) if _is_pair(logits) else (p, decision)


def argmax_across_samples(logits: Tensor) -> Answer:
    p, decision = reference(logits)
    if not _is_pair(logits):
        return p, decision
    return p, logits.argmax(0) if len(logits) else torch.zeros(2, dtype=torch.int64)


def logit_above_half(logits: Tensor) -> Answer:
    p, decision = reference(logits)
    return (p, decision) if _is_pair(logits) else (p, (_one_logit(logits) > 0.5).long())


def always_half_in_logits(logits: Tensor) -> Answer:
    z = _one_logit(logits)
    return torch.sigmoid(z), (z > 0.5).long()


def tie_is_1(logits: Tensor) -> Answer:
    z = _one_logit(logits)
    return torch.sigmoid(z), (z >= 0).long()


def decision_in_bool(logits: Tensor) -> Answer:
    z = _one_logit(logits)
    return torch.sigmoid(z), z > 0


def decision_in_float(logits: Tensor) -> Answer:
    p, decision = reference(logits)
    return p, decision.to(logits.dtype)


def decision_is_class_0(logits: Tensor) -> Answer:
    p, decision = reference(logits)
    return p, 1 - decision


def turned_around(logits: Tensor) -> Answer:
    return _answer(logits[:, 0] - logits[:, 1]) if _is_pair(logits) else reference(logits)


def swapped(logits: Tensor) -> tuple[Tensor, Tensor]:
    p, decision = reference(logits)
    return decision, p


def logit_not_probability(logits: Tensor) -> Answer:
    z = _one_logit(logits)
    return z.clone(), (z > 0).long()


def column_stays(logits: Tensor) -> Answer:
    p, decision = reference(logits)
    is_column = logits.dim() == 2 and logits.shape[1] == 1
    return (p.unsqueeze(1), decision.unsqueeze(1)) if is_column else (p, decision)


def squeezes_everything(logits: Tensor) -> Answer:
    _one_logit(logits)
    return _answer(logits.squeeze()) if logits.shape[-1] == 1 else reference(logits)


def softmax_of_one(logits: Tensor) -> Answer:
    p, decision = reference(logits)
    is_column = logits.dim() == 2 and logits.shape[1] == 1
    return (torch.softmax(logits, 1)[:, 0], logits.argmax(1)) if is_column else (p, decision)


def batch_as_classes(logits: Tensor) -> Answer:
    p, decision = reference(logits)
    return (torch.softmax(logits, 0), decision) if logits.dim() == 1 else (p, decision)


def two_samples_as_a_pair(logits: Tensor) -> Answer:
    if logits.shape == (2,):
        return reference(logits.unsqueeze(0))
    return reference(logits)


def exponentiates(logits: Tensor) -> Answer:
    p, decision = reference(logits)
    if not _is_pair(logits):
        return p, decision
    e = torch.exp(logits)
    return e[:, 1] / e.sum(1), decision


def unchecked(logits: Tensor) -> Answer:
    z = logits if logits.dim() < 2 else logits[:, -1] - (logits[:, 0] if logits.shape[1] > 1 else 0)
    return _answer(z)


EXERCISE = Exercise(
    name="probability_and_decision",
    stub=probability_and_decision,
    reference=reference,
    source=PROMPT,
    aspects=(
        Aspect("one logit, (N,)", 1, one),
        Aspect("one logit, (N, 1)", 1, column),
        Aspect("two logits, (N, 2)", 2, pairs),
        Aspect("extreme logits", 1, extreme),
        Aspect("other shapes", 1, wrong_shapes),
    ),
    mistakes=(
        Mistake(
            "each_alone",
            "takes the sigmoid of class 1's logit for its probability: a head of two logits was trained with a "
            "softmax, and only the difference of its logits means something",
            each_alone,
            "two-heads",
        ),
        Mistake(
            "only_class_1",
            "looks at class 1's logit alone, for the probability and for the decision: only the difference of the "
            "two logits means something",
            only_class_1,
            "two-heads",
        ),
        Mistake(
            "of_class_0",
            "returns the probability of class 0 for a head of two logits: class 1 is the second column",
            of_class_0,
            "decision",
        ),
        Mistake(
            "of_the_winner",
            "returns the probability of the class that wins: it is never below 0.5, and that of class 1 often is",
            of_the_winner,
            "decision",
        ),
        Mistake(
            "both_probabilities",
            "returns the probabilities of both classes for a head of two logits: that of class 1 was wanted",
            both_probabilities,
            "decision",
        ),
        Mistake(
            "across_samples",
            "takes the softmax across the samples: the two logits of one sample compete, on axis 1",
            across_samples,
            "decision",
        ),
        Mistake(
            "argmax_across_samples",
            "takes the argmax across the samples: there has to be one decision per sample, on axis 1",
            argmax_across_samples,
            "decision",
        ),
        Mistake(
            "logit_above_half",
            "compares the logit with 0.5: a probability of 0.5 is a logit of 0",
            logit_above_half,
            "decision",
        ),
        Mistake(
            "always_half_in_logits",
            "compares the logit, and the difference of two logits, with 0.5: a probability of 0.5 is a logit of 0",
            always_half_in_logits,
            "decision",
        ),
        Mistake(
            "tie_is_1",
            "decides for class 1 where both classes have 0.5: argmax takes the first of equal logits, class 0, "
            "and so must the other head",
            tie_is_1,
            "decision",
        ),
        Mistake(
            "decision_in_bool",
            "returns the decision as True and False: class numbers are int64",
            decision_in_bool,
            "targets",
        ),
        Mistake(
            "decision_in_float",
            "returns the decision as a float, as torch.round leaves it: class numbers are int64",
            decision_in_float,
            "targets",
        ),
        Mistake("decision_is_class_0", "has 0 and 1 swapped in the decision", decision_is_class_0, "decision"),
        Mistake(
            "turned_around",
            "subtracts the two logits the wrong way round, so that it speaks for class 0",
            turned_around,
            "two-heads",
        ),
        Mistake("swapped", "returns the decision first and the probability second", swapped, "decision"),
        Mistake(
            "logit_not_probability",
            "returns the logit where its probability was wanted",
            logit_not_probability,
            "decision",
        ),
        Mistake(
            "column_stays",
            "leaves a column as (N, 1): compared with targets of shape (N,) it would make N x N",
            column_stays,
            "silent-repairs",
        ),
        Mistake(
            "squeezes_everything",
            "squeezes every axis of length 1: a batch of one sample then has no axis left",
            squeezes_everything,
            "silent-repairs",
        ),
        Mistake(
            "softmax_of_one",
            "takes softmax and argmax of a single logit: alone it always has probability 1, and number 0 wins",
            softmax_of_one,
            "two-heads",
        ),
        Mistake(
            "batch_as_classes",
            "takes the softmax of logits of shape (N,): the samples of the batch then compete with each other",
            batch_as_classes,
            "two-heads",
        ),
        Mistake(
            "two_samples_as_a_pair",
            "takes two samples with one logit each for one sample with two: shape (2,) is a batch of two",
            two_samples_as_a_pair,
            "targets",
        ),
        Mistake(
            "exponentiates",
            "exponentiates the logits as they are: exp(500) is inf, and inf / inf is nan",
            exponentiates,
            "two-heads",
        ),
        Mistake(
            "unchecked",
            "accepts logits of any shape: of three classes it silently leaves one out",
            unchecked,
            "forum-error",
        ),
    ),
    hints=(
        "Can you bring all three shapes to the same form first, one logit per sample? You have written the step "
        "from two logits to one already.",
        "From one logit of shape (N,) a sigmoid makes the probability. Where is it above 0.5, in terms of the "
        "logit?",
        "z = logits, or logits[:, 0], or logits[:, 1] - logits[:, 0], according to dim() and shape; then "
        "torch.sigmoid(z) and (z > 0) in int64.",
    ),
    chapter="losses/bce-versus-ce",
    problem_set="04-bce-versus-ce",
    forbidden=frozenset(),
    difficulty=2,
    minutes=15,
)
