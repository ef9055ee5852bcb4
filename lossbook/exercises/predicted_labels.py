"""Exercise: the set of labels that a multi-label model predicts."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.exercises.cases import random_logits
from lossbook.exercises.description import PROMPT, Aspect, Case, Exercise, Mistake


def predicted_labels(logits: Tensor, threshold: float = 0.5) -> Tensor:
    """Say which labels a multi-label model predicts: those whose probability is above the threshold.

    Args:
        logits: one per sample and label, shape (N, L), float32 or float64.
        threshold: a probability, between 0 and 1, both excluded.

    Returns:
        A bool tensor of shape (N, L).

    Raises:
        ValueError: ``threshold`` is not above 0 and below 1.
    """
    raise NotImplementedError


def reference(logits: Tensor, threshold: float = 0.5) -> Tensor:
    _check(threshold)
    return torch.sigmoid(logits) > threshold


def _check(threshold: float) -> None:
    if not 0 < threshold < 1:
        raise ValueError(f"threshold must be between 0 and 1, not {threshold}: it is a probability")


def _labels(count: int, labels: int, generator: torch.Generator) -> Tensor:
    """Return random logits, none of them near the logits of the thresholds used here."""
    logits = random_logits((count, labels), generator)
    for threshold in (0.2, 0.5, 0.8, 0.9):
        edge = math.log(threshold / (1 - threshold))
        logits = torch.where((logits - edge).abs() < 0.05, edge + 0.1, logits).round(decimals=2)
    return logits


def one_half(generator: torch.Generator) -> Iterator[Case]:
    """The usual threshold: any number of labels may be above it."""
    yield Case((torch.tensor([[2.0, 0.3, -1.0]]),))
    yield Case((torch.tensor([[-1.0, -0.2, -3.0]]),), note="no label is likely")
    yield Case((torch.tensor([[0.0, 1.0], [1.5, 0.2]]),), note="a probability of exactly 0.5 is not above it")
    yield Case((_labels(4, 4, generator),), note="as many samples as labels")
    yield Case((_labels(5, 3, generator),))


def other_thresholds(generator: torch.Generator) -> Iterator[Case]:
    """Thresholds that make false positives, or misses, rarer."""
    yield Case((torch.tensor([[0.5, 0.85, 1.0, 3.0]]), 0.8))
    yield Case((torch.tensor([[-2.0, -1.0, 0.1, 0.3]]),), {"threshold": 0.2})
    yield Case((torch.tensor([[1.0, 2.0], [2.5, -2.5]]), 0.9), note="as many samples as labels")
    yield Case((_labels(4, 3, generator), 0.2))
    yield Case((_labels(4, 3, generator), 0.9))


def shapes(generator: torch.Generator) -> Iterator[Case]:
    """One label, no sample, float64, extreme logits."""
    yield Case((torch.tensor([[1.0], [-1.0]]),), note="a single label")
    yield Case((torch.tensor([[0.7, 0.3, -1.0]], dtype=torch.float64),), {"threshold": 0.6}, note="float64")
    yield Case((torch.tensor([[1000.0, -1000.0], [200.0, 150.0]]), 0.9), note="extreme logits")
    yield Case((torch.zeros(0, 3),), note="an empty batch")


def wrong_thresholds(generator: torch.Generator) -> Iterator[Case]:
    """Thresholds that are no probabilities."""
    logits = _labels(2, 3, generator)
    yield Case((logits, 2.0), note="a logit, not a probability")
    yield Case((logits, 50.0), note="a percentage")
    yield Case((logits, -0.5))
    yield Case((logits, 0.0), note="every label would be predicted")
    yield Case((logits, 1.0), note="no label would be predicted")


def threshold_on_logit(logits: Tensor, threshold: float = 0.5) -> Tensor:
    _check(threshold)
    return logits > threshold


def threshold_ignored(logits: Tensor, threshold: float = 0.5) -> Tensor:
    _check(threshold)
    return logits > 0


def softmax(logits: Tensor, threshold: float = 0.5) -> Tensor:
    _check(threshold)
    return logits.softmax(1) > threshold


def across_samples(logits: Tensor, threshold: float = 0.5) -> Tensor:
    _check(threshold)
    return logits.softmax(0) > threshold


def only_the_best(logits: Tensor, threshold: float = 0.5) -> Tensor:
    _check(threshold)
    return F.one_hot(logits.argmax(1), logits.shape[1]).bool()


def best_if_likely(logits: Tensor, threshold: float = 0.5) -> Tensor:
    return reference(logits, threshold) & only_the_best(logits, threshold)


def at_least_one(logits: Tensor, threshold: float = 0.5) -> Tensor:
    return reference(logits, threshold) | only_the_best(logits, threshold)


def or_equal(logits: Tensor, threshold: float = 0.5) -> Tensor:
    _check(threshold)
    return torch.sigmoid(logits) >= threshold


def below(logits: Tensor, threshold: float = 0.5) -> Tensor:
    _check(threshold)
    return torch.sigmoid(logits) < threshold


def odds_turned_around(logits: Tensor, threshold: float = 0.5) -> Tensor:
    _check(threshold)
    return logits > math.log((1 - threshold) / threshold)


def log_of_threshold(logits: Tensor, threshold: float = 0.5) -> Tensor:
    _check(threshold)
    return logits > math.log(threshold)


def odds_without_log(logits: Tensor, threshold: float = 0.5) -> Tensor:
    _check(threshold)
    return logits > threshold / (1 - threshold)


def sigmoid_of_threshold(logits: Tensor, threshold: float = 0.5) -> Tensor:
    _check(threshold)
    return logits > 1 / (1 + math.exp(-threshold))


def sigmoid_twice(logits: Tensor, threshold: float = 0.5) -> Tensor:
    _check(threshold)
    return torch.sigmoid(torch.sigmoid(logits)) > threshold


def relative_to_the_best(logits: Tensor, threshold: float = 0.5) -> Tensor:
    _check(threshold)
    p = torch.sigmoid(logits)
    return p > threshold * p.amax(1, keepdim=True)


def in_int64(logits: Tensor, threshold: float = 0.5) -> Tensor:
    return reference(logits, threshold).long()


def in_float(logits: Tensor, threshold: float = 0.5) -> Tensor:
    return reference(logits, threshold).to(logits.dtype)


def probabilities(logits: Tensor, threshold: float = 0.5) -> Tensor:
    _check(threshold)
    return torch.sigmoid(logits)


def label_numbers(logits: Tensor, threshold: float = 0.5) -> Tensor:
    return reference(logits, threshold).nonzero()


def whole_row(logits: Tensor, threshold: float = 0.5) -> Tensor:
    return reference(logits, threshold).any(1)


def unchecked(logits: Tensor, threshold: float = 0.5) -> Tensor:
    return torch.sigmoid(logits) > threshold


def ends_accepted(logits: Tensor, threshold: float = 0.5) -> Tensor:
    if not 0 <= threshold <= 1:
        raise ValueError(threshold)
    return torch.sigmoid(logits) > threshold


EXERCISE = Exercise(
    name="predicted_labels",
    stub=predicted_labels,
    reference=reference,
    source=PROMPT,
    aspects=(
        Aspect("a threshold of one half", 2, one_half),
        Aspect("other thresholds", 2, other_thresholds),
        Aspect("shapes, dtypes, extremes", 1, shapes),
        Aspect("no probability as threshold", 1, wrong_thresholds),
    ),
    mistakes=(
        Mistake(
            "threshold_on_logit",
            "compares the logit with the threshold: the threshold is a probability, and 0.5 of those is a logit "
            "of 0",
            threshold_on_logit,
            "decision",
        ),
        Mistake(
            "threshold_ignored",
            "asks whether the logit is above 0: that is the threshold 0.5, whatever was asked for",
            threshold_ignored,
            "decision",
        ),
        Mistake(
            "softmax",
            "takes a softmax over the labels: they then share one total of 1, and two of them cannot both be "
            "likely",
            softmax,
            "multi-label",
        ),
        Mistake(
            "across_samples",
            "takes a softmax across the samples: each sample, and each label, stands for itself",
            across_samples,
            "multi-label",
        ),
        Mistake(
            "only_the_best",
            "predicts the best label of each sample and no other: there may be several, or none",
            only_the_best,
            "multi-label",
        ),
        Mistake(
            "best_if_likely",
            "predicts at most one label per sample: all that are above the threshold count",
            best_if_likely,
            "multi-label",
        ),
        Mistake(
            "at_least_one",
            "predicts the best label even where it is not above the threshold: no label at all is an answer, too",
            at_least_one,
            "multi-label",
        ),
        Mistake("or_equal", "predicts a label at the threshold: it has to be above it", or_equal, "decision"),
        Mistake(
            "below", "predicts the labels below the threshold, which are the unlikely ones", below, "decision"
        ),
        Mistake(
            "odds_turned_around",
            "has the threshold's odds upside down: its logit is log(t / (1 - t))",
            odds_turned_around,
            "decision",
        ),
        Mistake(
            "log_of_threshold",
            "compares the logit with the logarithm of the threshold: its log-odds are log(t / (1 - t))",
            log_of_threshold,
            "decision",
        ),
        Mistake(
            "odds_without_log",
            "compares the logit with the odds of the threshold: a logit is the logarithm of the odds",
            odds_without_log,
            "decision",
        ),
        Mistake(
            "sigmoid_of_threshold",
            "takes the sigmoid of the threshold, not of the logit",
            sigmoid_of_threshold,
            "decision",
        ),
        Mistake(
            "sigmoid_twice",
            "squashes twice: the sigmoid of a probability is never below 0.5",
            sigmoid_twice,
            "decision",
        ),
        Mistake(
            "relative_to_the_best",
            "measures each label by the best one of its sample: each label stands for itself",
            relative_to_the_best,
            "multi-label",
        ),
        Mistake("in_int64", "returns 0 and 1: True and False were wanted", in_int64, "targets"),
        Mistake("in_float", "returns 0.0 and 1.0: True and False were wanted", in_float, "targets"),
        Mistake("probabilities", "returns the probabilities and does not decide", probabilities, "decision"),
        Mistake(
            "label_numbers",
            "returns the places of the labels as numbers: one True or False for each label was wanted",
            label_numbers,
            "multi-label",
        ),
        Mistake("whole_row", "says for each sample whether it has any label, not which", whole_row, "multi-label"),
        Mistake(
            "ends_accepted",
            "accepts the thresholds 0 and 1, with which all or no labels are predicted",
            ends_accepted,
            "decision",
        ),
        Mistake(
            "unchecked",
            "accepts a threshold that is no probability: a logit or a percentage then predicts nothing, silently",
            unchecked,
            "decision",
        ),
    ),
    hints=(
        "Each label is a binary problem of its own. Which function turns one logit into one probability?",
        "Compare probabilities with the threshold; a comparison of tensors gives bool. How many labels of a row "
        "may be True?",
        "torch.sigmoid(logits) > threshold, after a look at the threshold: 0 < threshold < 1.",
    ),
    chapter="losses/bce-versus-ce",
    problem_set="04-bce-versus-ce",
    forbidden=frozenset(),
    difficulty=1,
    minutes=5,
)
