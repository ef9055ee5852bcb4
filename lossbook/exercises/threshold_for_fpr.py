"""Exercise: the decision threshold that keeps the false-positive rate where it is wanted."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from lossbook.exercises.cases_practice import binary_labels
from lossbook.exercises.description import PROMPT, Aspect, Case, Exercise, Mistake


def threshold_for_fpr(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    """Return the smallest threshold with a false-positive rate of at most ``max_fpr``.

    A sample is predicted positive if its score is at least the threshold: score >= t. The false-positive
    rate of t is the share of the negatives (label 0) that are predicted positive. The thresholds to choose
    from are the scores themselves and +inf, which predicts nothing positive. Samples of equal score cannot
    be told apart: all of them are predicted positive, or none.

    Args:
        scores: any real numbers, higher for "more likely positive", (N,), in no order.
        labels: 0 or 1, int64, (N,).
        max_fpr: from 0 to 1. A rate of exactly max_fpr is allowed.

    Returns:
        The threshold as a Python float.

    Raises:
        ValueError: there is no negative, or scores and labels have different shapes.
    """
    raise NotImplementedError


def reference(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    if scores.shape != labels.shape:
        raise ValueError("scores and labels must have one shape")
    negatives = scores[labels == 0]
    if not len(negatives):
        raise ValueError("there is no negative: there is no false-positive rate")
    for threshold in scores.unique().tolist():  # sorted, so the first that is allowed is the smallest
        if (negatives >= threshold).sum().item() / len(negatives) <= max_fpr:
            return float(threshold)
    return math.inf


def _case(scores: list[float], labels: list[int], max_fpr: float, note: str = "") -> Case:
    return Case((torch.tensor(scores), torch.tensor(labels), max_fpr), note=note)


def distinct_scores(generator: torch.Generator) -> Iterator[Case]:
    """No two samples share a score. Scores are probabilities in one case, logits in the others."""
    yield _case([0.9, 0.8, 0.3, 0.1], [1, 0, 1, 0], 0.6)
    yield _case([-1.5, 2.0, 0.5, -0.2, 1.1, -3.0], [0, 1, 0, 1, 0, 0], 0.6, "logits, in no order")
    for count, max_fpr in ((15, 0.3), (41, 0.12)):
        scores = (torch.randperm(200, generator=generator)[:count] - 100) / 10
        yield Case((scores, binary_labels((count,), generator).long(), max_fpr))


def ties(generator: torch.Generator) -> Iterator[Case]:
    """Samples that share a score, at the threshold among others."""
    yield _case([0.7, 0.4, 0.4, 0.1, 0.7], [0, 0, 1, 0, 1], 0.7)
    yield _case([0.9, 0.5, 0.5, 0.5, 0.2], [1, 1, 0, 0, 0], 0.4, "one positive ties with two negatives")
    scores = torch.randint(0, 6, (30,), generator=generator) / 4
    yield Case((scores, binary_labels((30,), generator).long(), 0.35))


def exactly_at_the_limit(generator: torch.Generator) -> Iterator[Case]:
    """A rate of max_fpr itself is allowed."""
    yield _case([0.9, 0.8, 0.1], [1, 0, 0], 0.5)
    yield _case([0.8, 0.6, 0.4, 0.2, 0.9], [0, 0, 0, 0, 1], 0.25)
    scores = torch.randperm(100, generator=generator)[:16] / 100
    yield Case((scores, torch.arange(16) % 2, 0.5))


def nothing_or_everything(generator: torch.Generator) -> Iterator[Case]:
    """Limits that only +inf keeps, a limit that every score keeps, and a data set without positives."""
    yield _case([0.9, 0.4], [0, 1], 0.0, "the top score is a negative")
    yield _case([0.9, 0.9, 0.1], [1, 0, 0], 0.2, "a positive and a negative tie at the top")
    yield _case([0.9, 0.8, 0.1], [1, 0, 0], 0.0, "no false positive at all")
    yield _case([0.3, -0.2, 0.8], [0, 1, 0], 1.0, "everything is allowed")
    yield _case([0.3, 0.6, 0.1], [0, 0, 0], 0.5, "no positives")
    yield Case(((torch.randperm(50, generator=generator)[:9] - 25) / 10, torch.arange(9) % 2, 0.1))


def bad_input(generator: torch.Generator) -> Iterator[Case]:
    """Data that has no false-positive rate, and shapes that broadcast."""
    yield _case([0.9, 0.2], [1, 1], 0.5, "no negatives")
    scores = torch.randperm(50, generator=generator)[:3] / 50
    yield Case((scores, torch.tensor([[0], [1], [0]]), 0.5), note="labels of shape (N, 1)")
    yield Case((scores[:, None], torch.tensor([0, 1, 0]), 0.5), note="scores of shape (N, 1)")


def _check(scores: Tensor, labels: Tensor) -> None:
    if scores.shape != labels.shape:
        raise ValueError("scores and labels must have one shape")
    if not (labels == 0).any():
        raise ValueError("there is no negative")


def _candidates(scores: Tensor) -> list[float]:
    return [*scores.unique().tolist(), math.inf]


def _rate(scores: Tensor, threshold: float) -> float:
    return (scores >= threshold).sum().item() / max(scores.numel(), 1)


def _negatives(scores: Tensor, labels: Tensor) -> Tensor:
    return scores[labels == 0].sort(descending=True).values


def above_not_at(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    negatives = scores[labels == 0]
    return next(t for t in _candidates(scores) if (negatives > t).sum().item() / len(negatives) <= max_fpr)


def below_the_limit(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    rates = ((t, _rate(scores[labels == 0], t)) for t in _candidates(scores))
    return next((t for t, rate in rates if rate < max_fpr), math.inf)


def false_discoveries(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    rates = ((t, (labels[scores >= t] == 0).sum().item()) for t in _candidates(scores))
    return next(t for t, wrong in rates if wrong <= max_fpr * (scores >= t).sum().item())


def share_of_all_samples(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    negatives = scores[labels == 0]
    return next(t for t in _candidates(scores) if (negatives >= t).sum().item() / len(scores) <= max_fpr)


def positives_instead(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    return next(t for t in _candidates(scores) if _rate(scores[labels == 1], t) <= max_fpr)


def all_predicted_positive(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    return next(t for t in _candidates(scores) if _rate(scores, t) <= max_fpr)


def missed_positives(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    positives = scores[labels == 1]
    allowed = [t for t in _candidates(scores) if (positives < t).sum().item() <= max_fpr * len(positives)]
    return allowed[-1]


def largest(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    allowed = [t for t in _candidates(scores)[:-1] if _rate(scores[labels == 0], t) <= max_fpr]
    return allowed[-1] if allowed else math.inf


def never_infinite(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    candidates = scores.unique().tolist()
    return next((t for t in candidates if _rate(scores[labels == 0], t) <= max_fpr), candidates[-1])


def nothing_after_the_loop(scores: Tensor, labels: Tensor, max_fpr: float) -> float | None:
    _check(scores, labels)
    return next((t for t in scores.unique().tolist() if _rate(scores[labels == 0], t) <= max_fpr), None)


def one_negative_too_many(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    negatives = _negatives(scores, labels)
    return float(negatives[min(int(max_fpr * len(negatives)), len(negatives) - 1)])


def one_negative_too_many_or_none(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    negatives = _negatives(scores, labels)
    return float(negatives[int(max_fpr * len(negatives))])


def scores_of_negatives_only(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    negatives = scores[labels == 0]
    return next(t for t in _candidates(negatives) if _rate(negatives, t) <= max_fpr)


def scores_of_positives_only(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    negatives = scores[labels == 0]
    return next(t for t in _candidates(scores[labels == 1]) if _rate(negatives, t) <= max_fpr)


def splits_ties(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    order = scores.argsort(descending=True, stable=True)
    rates = (labels[order] == 0).cumsum(0) / (labels == 0).sum()
    allowed = int((rates <= max_fpr).sum())
    return float(scores[order][allowed - 1]) if allowed else math.inf


def quantile(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    return float(torch.quantile(scores[labels == 0], 1 - max_fpr))


def grid(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    steps = [step / 100 for step in range(101)]
    return next((t for t in steps if _rate(scores[labels == 0], t) <= max_fpr), math.inf)


def other_direction(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    negatives = scores[labels == 0]
    return next(
        (t for t in scores.unique().tolist() if (negatives <= t).sum().item() / len(negatives) <= max_fpr),
        math.inf,
    )


def first_in_the_order_of_samples(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    return next((t for t in scores.tolist() if _rate(scores[labels == 0], t) <= max_fpr), math.inf)


def the_rate_itself(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    _check(scores, labels)
    negatives = scores[labels == 0]
    return next(rate for rate in (_rate(negatives, t) for t in _candidates(scores)) if rate <= max_fpr)


def _unchecked(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    scores, labels = scores.reshape(-1), labels.reshape(-1)
    negatives = scores[labels == 0]
    return next(t for t in _candidates(scores) if _rate(negatives, t) <= max_fpr)


def no_check_at_all(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    return _unchecked(scores, labels, max_fpr)


def no_check_for_negatives(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    if scores.shape != labels.shape:
        raise ValueError("scores and labels must have one shape")
    return _unchecked(scores, labels, max_fpr)


def no_check_of_shapes(scores: Tensor, labels: Tensor, max_fpr: float) -> float:
    if not (labels == 0).any():
        raise ValueError("there is no negative")
    return _unchecked(scores, labels, max_fpr)


EXERCISE = Exercise(
    name="threshold_for_fpr",
    stub=threshold_for_fpr,
    reference=reference,
    source=PROMPT,
    aspects=(
        Aspect("distinct scores", 2, distinct_scores),
        Aspect("equal scores", 1, ties),
        Aspect("exactly at the limit", 1, exactly_at_the_limit),
        Aspect("nothing or everything", 1, nothing_or_everything),
        Aspect("bad input", 1, bad_input),
    ),
    mistakes=(
        Mistake(
            "above_not_at",
            "predicts positive only above the threshold: a score equal to it counts as positive, too",
            above_not_at,
            "false-positive-rate",
        ),
        Mistake(
            "below_the_limit",
            "wants the rate to stay below max_fpr: exactly max_fpr is allowed",
            below_the_limit,
            "false-positive-rate",
        ),
        Mistake(
            "false_discoveries",
            "divides the false positives by the predicted positives: that is the false-discovery rate, 1 minus "
            "the precision",
            false_discoveries,
            "false-positive-rate",
        ),
        Mistake(
            "share_of_all_samples",
            "divides the false positives by the number of all samples, not of the negatives",
            share_of_all_samples,
            "false-positive-rate",
        ),
        Mistake(
            "positives_instead",
            "takes the rate over the samples with label 1: that is the true-positive rate",
            positives_instead,
            "false-positive-rate",
        ),
        Mistake(
            "all_predicted_positive",
            "limits the share of all samples that are predicted positive, whatever their labels",
            all_predicted_positive,
            "false-positive-rate",
        ),
        Mistake(
            "missed_positives",
            "limits the share of the positives that are missed: that is the false-negative rate",
            missed_positives,
            "false-positive-rate",
        ),
        Mistake(
            "largest",
            "returns the largest threshold that is allowed: that gives away true positives for nothing",
            largest,
            "false-positive-rate",
        ),
        Mistake(
            "never_infinite",
            "falls back on the highest score where none is allowed: only +inf predicts nothing positive",
            never_infinite,
            "false-positive-rate",
        ),
        Mistake(
            "nothing_after_the_loop",
            "returns None where no score keeps the limit: +inf is left then, it predicts nothing positive",
            nothing_after_the_loop,
            "false-positive-rate",
        ),
        Mistake(
            "one_negative_too_many",
            "returns the score of the first negative that has to stay out: a score equal to the threshold gets in",
            one_negative_too_many,
            "false-positive-rate",
            variants=(one_negative_too_many_or_none,),
        ),
        Mistake(
            "scores_of_negatives_only",
            "chooses among the scores of the negatives: a positive between two of them allows a smaller threshold",
            scores_of_negatives_only,
            "false-positive-rate",
        ),
        Mistake(
            "scores_of_positives_only",
            "chooses among the scores of the positives: every score is a possible threshold",
            scores_of_positives_only,
            "false-positive-rate",
        ),
        Mistake(
            "splits_ties",
            "counts sorted samples one by one: it may stop between samples of equal score, which no threshold can",
            splits_ties,
            "false-positive-rate",
        ),
        Mistake(
            "quantile",
            "takes a quantile of the negatives' scores: that interpolates between scores, and lets in one "
            "negative too many where it hits one",
            quantile,
            "false-positive-rate",
        ),
        Mistake(
            "grid",
            "tries a grid from 0 to 1: scores may be logits, and the threshold is one of the scores",
            grid,
            "false-positive-rate",
        ),
        Mistake(
            "other_direction",
            "predicts positive where the score is at most the threshold",
            other_direction,
            "false-positive-rate",
        ),
        Mistake(
            "first_in_the_order_of_samples",
            "returns the first score that is allowed in the order of the samples: they are not sorted",
            first_in_the_order_of_samples,
            "false-positive-rate",
        ),
        Mistake(
            "the_rate_itself",
            "returns the false-positive rate that it found, not the threshold that gives it",
            the_rate_itself,
            "false-positive-rate",
        ),
        Mistake(
            "no_check_at_all",
            "checks neither that there is a negative nor that scores and labels have one shape",
            no_check_at_all,
            "false-positive-rate",
        ),
        Mistake(
            "no_check_for_negatives",
            "answers without a single negative: there is no false-positive rate then, so that is an error",
            no_check_for_negatives,
            "false-positive-rate",
        ),
        Mistake(
            "no_check_of_shapes",
            "does not compare the shapes of scores and labels",
            no_check_of_shapes,
            "false-positive-rate",
        ),
    ),
    hints=(
        "Take one threshold t. Which samples enter its false-positive rate? What happens to that rate as t grows?",
        "The rate only falls as t grows. So try the scores from the smallest to the largest, and stop at the "
        "first one that is allowed. If none is, there is still +inf.",
        "negatives = scores[labels == 0]; for t in scores.sort().values: the rate is (negatives >= t).sum() over "
        "len(negatives). Return t.item(), or float('inf') after the loop. Check shapes and negatives first.",
    ),
    chapter="practice/weights-and-thresholds",
    problem_set="05-in-practice",
    forbidden=frozenset(),
    difficulty=2,
    minutes=15,
)
