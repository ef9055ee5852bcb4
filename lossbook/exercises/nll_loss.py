"""Exercise: the negative log-likelihood, from log-probabilities to a loss."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.activations import log_softmax
from lossbook.exercises import cases_classes as cases
from lossbook.exercises.cases import INF
from lossbook.exercises.description import Aspect, Case, Exercise, Mistake
from lossbook.exercises.forbidden import EVERYTHING
from lossbook.exercises.steps_classes import (
    ClassLoss,
    Losses,
    axis_of,
    check,
    factor,
    ignore_mistakes,
    pick,
    pick_by_one_hot,
    pick_on_last_axis,
    reduce,
    reduction_mistakes,
    target_mistakes,
    unchanged,
    weight_mistakes,
)
from lossbook.exercises.steps_shared import detached


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Return minus the log-probability of the true class. It takes no logarithm itself.

    Args:
        input: log-probabilities, one per class: (C,) for one sample, (N, C) for a batch, or (N, C, d1, ...).
            Any floating-point numbers will do, they are used as they are.
        target: the true classes, int64: the input's shape without its class axis.
        weight: one factor per class, (C,); without it every class counts 1.
        ignore_index: samples with this target count for nothing. It may be a class.
        reduction: "none" gives one loss per target (0 where it is ignored), "sum" their sum, "mean" the sum
            divided by the sum of the weights of the targets that count (nan if there are none).

    Raises:
        ValueError: the number of targets is not the number of samples, or there is no such reduction.
        IndexError: a target is neither a class, 0 to C - 1, nor ignored.
    """
    raise NotImplementedError


INPUTS = cases.Inputs(cases.random_log_probs)


def values(generator: torch.Generator) -> Iterator[Case]:
    """Plain batches; and numbers that are no log-probabilities, which are used as they are, too."""
    yield from INPUTS.values(generator)
    note = "probabilities by mistake: no error, and a loss below 0"
    yield Case((torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]]), torch.tensor([0, 1])), note=note)


def impossible(generator: torch.Generator) -> Iterator[Case]:
    """A log-probability of -inf, for the true class and for others."""
    yield Case((torch.tensor([[-0.5, -INF, -1.0]]), torch.tensor([0])), note="another class is impossible")
    yield Case((torch.tensor([[-0.5, -INF, -1.0]]), torch.tensor([1])), note="the true class is impossible")
    batch = torch.tensor([[-INF, -0.25, -1.5], [-INF, 0.0, -INF]])
    yield Case((batch, torch.tensor([2, 1])), {"reduction": "sum"}, note="other classes are impossible")


def gradients(generator: torch.Generator) -> Iterator[Case]:
    """Plain batches, and a -inf that must not leak into the gradient."""
    yield from INPUTS.gradients(generator)
    yield Case((torch.tensor([[-0.5, -INF], [-INF, -0.0]]), torch.tensor([0, 1])), note="impossible classes")


def together(generator: torch.Generator) -> Iterator[Case]:
    """All arguments at once, with gradients."""
    yield from INPUTS.together(generator)
    broken = torch.tensor([[-0.5, -INF], [cases.NAN, -1.0]])
    yield Case((broken, torch.tensor([0, -100])), note="nan where it is ignored")


RIGHT = ClassLoss(log_probs=unchanged)


def _with(**steps: object) -> ClassLoss:
    """Return the loss with wrong steps."""
    return ClassLoss(**{"log_probs": unchanged, **steps})  # type: ignore[arg-type]


def sign_missing(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    return -RIGHT(input, target, weight, ignore_index, reduction)


def for_every_sample(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    if input.dim() == 1:
        return RIGHT(input, target, weight, ignore_index, reduction)
    counted = target != ignore_index
    check(input, target, counted, reduction)
    index = torch.where(counted, target, 0)
    loss = -input[:, index]
    factors = factor(weight, index, loss).expand_as(loss)
    return reduce(Losses(factors * loss, factors, counted.expand_as(loss), weight), reduction)


def by_elements(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    loss = RIGHT(input, target, weight, ignore_index, reduction)
    return loss / input.shape[axis_of(input)] if reduction == "mean" else loss


def pick_reshaped(table: Tensor, index: Tensor, axis: int) -> Tensor:
    rows = table.reshape(-1, table.shape[axis])
    return rows.gather(1, index.reshape(-1, 1)).reshape(index.shape)


def pick_all(table: Tensor, index: Tensor, axis: int) -> Tensor:
    return table.mean(axis)


def pick_largest(table: Tensor, index: Tensor, axis: int) -> Tensor:
    return table.amax(axis)


def pick_class_before(table: Tensor, index: Tensor, axis: int) -> Tensor:
    return pick(table, (index - 1) % table.shape[axis], axis)


def no_weights(weight: Tensor | None, index: Tensor, loss: Tensor) -> Tensor:
    return torch.ones_like(loss)


def weights_normalised(weight: Tensor | None, index: Tensor, loss: Tensor) -> Tensor:
    return factor(None if weight is None else weight / weight.sum(), index, loss)


def weights_inverted(weight: Tensor | None, index: Tensor, loss: Tensor) -> Tensor:
    return factor(None if weight is None else 1 / weight, index, loss)


def mean_of_means(losses: Losses, reduction: str) -> Tensor:
    if reduction != "mean" or losses.loss.dim() < 2:
        return reduce(losses, reduction)
    loss = torch.where(losses.counted, losses.loss, 0).flatten(1).sum(1)
    return (loss / torch.where(losses.counted, losses.factor, 0).flatten(1).sum(1)).mean()


def counted_from_the_end(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    classes = input.shape[axis_of(input)]
    wrapped = torch.where((target < 0) & (target >= -classes) & (target != ignore_index), target + classes, target)
    return RIGHT(input, wrapped, weight, ignore_index, reduction)


def clamped(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    inside = target.clamp(0, input.shape[axis_of(input)] - 1)
    return RIGHT(input, torch.where(target == ignore_index, target, inside), weight, ignore_index, reduction)


def in_place(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    return sign_missing(input.neg_(), target, weight, ignore_index, reduction)


def target_in_place(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    loss = RIGHT(input, target, weight, ignore_index, reduction)
    target[target == ignore_index] = 0
    return loss


EXERCISE = Exercise(
    name="nll_loss",
    stub=nll_loss,
    reference=F.nll_loss,
    aspects=(
        Aspect("values", 1, values),
        Aspect("reductions", 1, INPUTS.reductions),
        Aspect("one sample, float64", 1, INPUTS.one_sample),
        Aspect("class weights", 2, INPUTS.weighted),
        Aspect("ignored targets", 2, INPUTS.ignored),
        Aspect("nothing to count", 1, INPUTS.nothing_counts),
        Aspect("the class axis", 2, INPUTS.class_axis),
        Aspect("impossible classes", 1, impossible),
        Aspect("gradient", 1, gradients, gradient=True),
        Aspect("everything at once", 1, together, gradient=True),
        Aspect("bad input", 1, cases.bad_indices),
    ),
    mistakes=(
        Mistake(
            "sign_missing",
            "leaves the minus out: log-probabilities are negative, a loss is not",
            sign_missing,
            "nll",
        ),
        Mistake(
            "takes_log",
            "takes a logarithm of its input: that is a log-probability already, and the logarithm of a negative "
            "number is nan",
            _with(log_probs=lambda x, axis: torch.log(x)),
            "nll",
        ),
        Mistake(
            "squashes_again",
            "puts its input through a log-softmax: that is cross_entropy, nll_loss takes the numbers as they are",
            _with(log_probs=log_softmax),
            "nll",
        ),
        Mistake(
            "probability_not_log",
            "turns its input back into probabilities: minus a probability is no log-likelihood",
            _with(log_probs=lambda x, axis: torch.exp(x)),
            "nll",
        ),
        Mistake(
            "for_every_sample",
            "picks with input[:, target]: that looks up all targets for every sample, an N x N table",
            for_every_sample,
            "nll",
        ),
        Mistake(
            "by_one_hot",
            "multiplies by a one-hot target and sums: 0 times -inf is nan, picking the one number is not",
            _with(pick=pick_by_one_hot),
            "nll",
        ),
        Mistake(
            "all_scores",
            "averages over all classes, whatever the target says: only the true class's number counts",
            _with(pick=pick_all),
            "nll",
        ),
        Mistake(
            "most_likely",
            "takes the largest log-probability, not that of the true class",
            _with(pick=pick_largest),
            "nll",
        ),
        Mistake(
            "counts_from_one",
            "subtracts 1 from the targets: classes are counted from 0 here",
            _with(pick=pick_class_before),
            "ce-targets",
        ),
        Mistake(
            "last_axis",
            "looks for the classes on the last axis: they are on axis 1, and nothing complains while both have "
            "the same length",
            _with(pick=pick_on_last_axis),
            "class-axis",
        ),
        Mistake(
            "reshaped",
            "reshapes to rows of C numbers without moving the class axis to the end first, so the rows mix "
            "classes and positions",
            _with(pick=pick_reshaped),
            "class-axis",
        ),
        *reduction_mistakes(RIGHT),
        Mistake(
            "by_elements",
            "divides by the number of all scores, classes included: the mean is one over the samples",
            by_elements,
            "ce-reduction",
        ),
        Mistake(
            "mean_of_means",
            "takes a mean per sample and then the mean of these: a short sample then counts as much as a long one",
            _with(reduce=mean_of_means),
            "ce-reduction",
        ),
        Mistake("unweighted", "does not use the class weights", _with(factor=no_weights), "class-weights"),
        *weight_mistakes(RIGHT),
        Mistake(
            "weights_normalised",
            "makes the weights sum to 1 first: the mean does not notice, the sum and the single losses do",
            _with(factor=weights_normalised),
            "class-weights",
        ),
        Mistake(
            "weights_inverted",
            "divides by the weights: a large weight makes a class count more, not less",
            _with(factor=weights_inverted),
            "class-weights",
        ),
        *ignore_mistakes(RIGHT),
        *target_mistakes(RIGHT),
        Mistake(
            "from_the_end",
            "lets a target of -1 mean the last class, as indices in Python do: torch refuses it",
            counted_from_the_end,
            "ce-targets",
        ),
        Mistake(
            "clamped",
            "clamps the targets into the range of the classes: a wrong target then trains the wrong class, "
            "silently",
            clamped,
            "ce-targets",
        ),
        detached(RIGHT, "ce-gradient"),
        Mistake("in_place", "overwrites its input", in_place, "nll"),
        Mistake(
            "target_in_place",
            "overwrites the ignored targets: the caller's tensor changes with them",
            target_in_place,
            "ignore-index",
        ),
    ),
    hints=(
        "Start small: (N, C), no weights, nothing ignored. Each sample has C numbers. How do you pick one per "
        "row, each at its own place? Look at torch.gather, or at indexing with two tensors.",
        "Keep two things per target: its loss, and its factor (1, its class's weight, or 0 if it is ignored). "
        "The mean is the sum of the one over the sum of the other. -100 is no place to look up: put a 0 there "
        "first, with torch.where.",
        "axis = 0 if input.dim() == 1 else 1; index = torch.where(counted, target, 0); loss = -input.gather(axis, "
        "index.unsqueeze(axis)).squeeze(axis). Set what is ignored to 0 with torch.where as well: 0 * nan is nan.",
    ),
    chapter="losses/cross-entropy",
    problem_set="03-cross-entropy",
    forbidden=EVERYTHING,
    difficulty=3,
    minutes=25,
)
