"""Exercise: binary cross-entropy of probabilities, with torch's clamp of the logarithms."""

import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.activations import sigmoid
from lossbook.exercises.cases_binary import (
    PROBABILITY_SWEEP,
    mismatched_shapes,
    random_probabilities,
    random_targets,
    soft_targets,
)
from lossbook.exercises.description import Aspect, Case, Exercise, Mistake
from lossbook.exercises.forbidden import EVERYTHING
from lossbook.reduction import reduce
from lossbook.validation import check_same_shape


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """Return the binary cross-entropy of probabilities: -weight * (y * log(p) + (1 - y) * log(1 - p)).

    Each logarithm is clamped at -100 from below: a certain and wrong answer costs 100, not infinity.

    Args:
        input: probabilities p from 0 to 1 (both included), any shape, float32 or float64. Tiny ones keep their
            digits: p = 1e-10 and y = 0 cost 1e-10.
        target: y from 0 to 1, of the same shape and dtype. Values between 0 and 1 are allowed, too.
        weight: factor for each element; its shape broadcasts to the input's. None weights nothing.
        reduction: "none" (one loss per element), "sum", or "mean", which divides by the number of elements,
            whatever the weights (so an empty batch has the mean nan).

    Returns:
        A tensor of the input's dtype: of the input's shape for "none", else without axes.

    Raises:
        ValueError: input and target have different shapes.
    """
    raise NotImplementedError


def values(generator: torch.Generator) -> Iterator[Case]:
    yield Case((torch.tensor([0.8]), torch.tensor([1.0])))
    yield Case((torch.tensor([0.8]), torch.tensor([0.0])))
    yield Case((torch.tensor([0.9, 0.2, 0.6]), torch.tensor([1.0, 0.0, 0.0])))
    yield Case((torch.tensor([0.7, 0.3]), torch.tensor([0.25, 0.75])), note="soft targets")
    yield Case((random_probabilities((2, 3), generator), random_targets((2, 3), generator)))
    yield Case((random_probabilities((3, 3), generator), soft_targets((3, 3), generator)), note="soft targets")


def shapes_and_dtypes(generator: torch.Generator) -> Iterator[Case]:
    yield Case((torch.tensor(0.8), torch.tensor(1.0)), note="a single number")
    yield Case(
        (random_probabilities((3, 1), generator), random_targets((3, 1), generator)),
        {"reduction": "none"},
        "a column",
    )
    double = torch.tensor([0.9, 0.2, 0.6], dtype=torch.float64)
    yield Case((double, torch.tensor([1, 0, 0.5], dtype=torch.float64)), note="float64")
    yield Case(
        (random_probabilities((2, 3, 4), generator), random_targets((2, 3, 4), generator)),
        {"reduction": "none"},
        "three axes",
    )
    yield Case((torch.zeros(0), torch.zeros(0)), note="an empty batch: the mean of nothing is nan")


def reductions(generator: torch.Generator) -> Iterator[Case]:
    pair = torch.tensor([[0.9, 0.2], [0.6, 0.3], [0.5, 0.8]]), torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.25, 1.0]])
    for reduction in ("none", "sum", "mean"):
        yield Case(pair, {"reduction": reduction})
    batch = random_probabilities((4, 3), generator), random_targets((4, 3), generator)
    for reduction in ("none", "sum", "mean"):
        yield Case(batch, {"reduction": reduction})


def weights(generator: torch.Generator) -> Iterator[Case]:
    pair = torch.tensor([0.8, 0.3]), torch.tensor([1.0, 0.0])
    yield Case(pair, {"weight": torch.tensor([1.0, 3.0]), "reduction": "none"})
    yield Case(pair, {"weight": torch.tensor([1.0, 3.0])})
    yield Case(pair, {"weight": torch.tensor([0.0, 3.0])}, "an element that does not count")
    yield Case(pair, {"weight": torch.tensor(3.0), "reduction": "sum"}, "one weight for all")
    table = torch.tensor([[0.9, 0.2], [0.6, 0.3]]), torch.tensor([[1.0, 0.0], [0.25, 1.0]])
    yield Case(table, {"weight": torch.tensor([1.0, 3.0])}, "a weight for each column")
    yield Case(table, {"weight": torch.tensor([[1.0], [3.0]])}, "a weight for each row")
    batch = random_probabilities((2, 3), generator), soft_targets((2, 3), generator)
    yield Case(batch, {"weight": torch.tensor([0.5, 1.0, 4.0]), "reduction": "none"}, "a weight for each column")
    yield Case(batch, {"weight": 3 * random_probabilities((2, 3), generator), "reduction": "sum"})


def certain(generator: torch.Generator) -> Iterator[Case]:
    """Probabilities of 0 and 1. One element each, so that answers with any eps differ by a factor only."""
    for p, y, note in (
        (0.0, 1.0, "certain and wrong"),
        (1.0, 0.0, "certain and wrong"),
        (0.0, 0.0, "certain and right"),
        (1.0, 1.0, "certain and right"),
        (0.0, 0.25, "certain, with a soft target"),
        (1e-38, 1.0, "nearly certain: the logarithm is still above -100"),
    ):
        yield Case((torch.tensor([p]), torch.tensor([y])), {"reduction": "none"}, note)
    tiny, one = torch.tensor([1e-60], dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    yield Case((tiny, one), {"reduction": "none"}, "float64, where the logarithm is finite and below -100")
    yield Case((torch.tensor([0.0, 1.0, 0.5]), torch.tensor([1.0, 1.0, 0.0])))


def tiny(generator: torch.Generator) -> Iterator[Case]:
    for p in (1e-8, 1e-10):
        yield Case((torch.tensor([p]), torch.tensor([0.0])), {"reduction": "none"})


def gradients(generator: torch.Generator) -> Iterator[Case]:
    yield Case((torch.tensor([0.8]), torch.tensor([1.0])))
    yield Case((torch.tensor([0.8]), torch.tensor([0.0])))
    yield Case((torch.tensor([0.7, 0.3]), torch.tensor([0.25, 0.75])), note="soft targets")
    yield Case((random_probabilities((2, 3), generator), random_targets((2, 3), generator)), {"reduction": "none"})
    yield Case((random_probabilities((2, 3), generator), soft_targets((2, 3), generator)), note="soft targets")


Terms = Callable[[Tensor, Tensor], Tensor]
Loss = Callable[..., Tensor]


def _log(p: Tensor) -> Tensor:
    return torch.log(p).clamp(min=-100)


def _log_not(p: Tensor) -> Tensor:
    return torch.log1p(-p).clamp(min=-100)


def _elements(p: Tensor, y: Tensor) -> Tensor:
    return -(y * _log(p) + (1 - y) * _log_not(p))


def _around(terms: Terms) -> Loss:
    """Add to a mistake that concerns single elements all that the exercise asks for besides."""

    def loss(input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
        check_same_shape(input, target)
        return _finish(terms(input, target), weight, reduction)

    return loss


def _finish(loss: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    return reduce(loss if weight is None else loss * weight, reduction)


_right = _around(_elements)


@_around
def missing_minus(p: Tensor, y: Tensor) -> Tensor:
    return -_elements(p, y)


@_around
def only_positives(p: Tensor, y: Tensor) -> Tensor:
    return -y * _log(p)


@_around
def minus_on_first(p: Tensor, y: Tensor) -> Tensor:
    return -y * _log(p) + (1 - y) * _log_not(p)


@_around
def swapped_answers(p: Tensor, y: Tensor) -> Tensor:
    return _elements(p, 1 - y)


@_around
def swapped_arguments(p: Tensor, y: Tensor) -> Tensor:
    return _elements(y, p)


@_around
def no_clamp(p: Tensor, y: Tensor) -> Tensor:
    return -(y * torch.log(p) + (1 - y) * torch.log1p(-p))


# Learners add or clamp with other numbers, too. In cases of one element their answers differ from these by a
# factor alone, and the diagnosis still knows them.


@_around
def eps_inside(p: Tensor, y: Tensor) -> Tensor:
    return -(y * torch.log(p + 1e-8) + (1 - y) * torch.log(1 - p + 1e-8))


@_around
def tiny_eps_inside(p: Tensor, y: Tensor) -> Tensor:
    return -(y * torch.log(p + 1e-12) + (1 - y) * torch.log(1 - p + 1e-12))


@_around
def clamps_probability(p: Tensor, y: Tensor) -> Tensor:
    p = p.clamp(1e-7, 1 - 1e-7)
    return -(y * torch.log(p) + (1 - y) * torch.log1p(-p))


@_around
def clamps_one_side(p: Tensor, y: Tensor) -> Tensor:
    p = p.clamp(1e-8, 1 - 1e-8)
    return -(y * torch.log(p) + (1 - y) * torch.log1p(-p))


@_around
def clamps_loss(p: Tensor, y: Tensor) -> Tensor:
    return -(y * torch.log(p) + (1 - y) * torch.log1p(-p)).clamp(min=-100)


@_around
def only_infinities(p: Tensor, y: Tensor) -> Tensor:
    log_p, log_not_p = (torch.nan_to_num(log, neginf=-100.0) for log in (torch.log(p), torch.log1p(-p)))
    return -(y * log_p + (1 - y) * log_not_p)


@_around
def without_log1p(p: Tensor, y: Tensor) -> Tensor:
    return -(y * _log(p) + (1 - y) * _log(1 - p))


@_around
def only_hard_targets(p: Tensor, y: Tensor) -> Tensor:
    return torch.where(y == 1, -_log(p), -_log_not(p))


@_around
def rounds_targets(p: Tensor, y: Tensor) -> Tensor:
    return torch.where(y > 0.5, -_log(p), -_log_not(p))


@_around
def double_sigmoid(p: Tensor, y: Tensor) -> Tensor:
    return _elements(sigmoid(p), y)


@_around
def base_two(p: Tensor, y: Tensor) -> Tensor:
    return _elements(p, y) / math.log(2)


@_around
def squared_error(p: Tensor, y: Tensor) -> Tensor:
    return (p - y) ** 2


@_around
def detached(p: Tensor, y: Tensor) -> Tensor:
    return _elements(p.detach(), y)


@_around
def always_float32(p: Tensor, y: Tensor) -> Tensor:
    return _elements(p.float(), y.float())


@_around
def in_place(p: Tensor, y: Tensor) -> Tensor:
    log_not_p = _log_not(p)
    return -(y * p.log_().clamp_(min=-100) + (1 - y) * log_not_p)


def ignores_weight(input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    return _right(input, target, None, reduction)


def weight_normalised(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    loss = _right(input, target, weight, "none")
    if weight is None or reduction != "mean":
        return reduce(loss, reduction)
    return loss.sum() / weight.expand(loss.shape).sum()


def weight_on_positives(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    check_same_shape(input, target)
    factor = 1 if weight is None else weight
    return reduce(-(factor * target * _log(input) + (1 - target) * _log_not(input)), reduction)


def weight_after_reduction(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    loss = _right(input, target, None, reduction)
    return loss if weight is None else loss * weight


def weight_by_row(input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    if weight is not None and weight.dim() == 1 and input.dim() > 1:
        weight = weight.unsqueeze(-1)
    return _right(input, target, weight, reduction)


def ignores_reduction(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    return _right(input, target, weight, "mean")


def sum_for_mean(input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    return _right(input, target, weight, "none" if reduction == "none" else "sum")


def mean_for_sum(input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    return _right(input, target, weight, "none" if reduction == "none" else "mean")


def divides_by_rows(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    if reduction == "mean" and input.dim():
        return _right(input, target, weight, "sum") / len(input)
    return _right(input, target, weight, reduction)


def one_mean_per_row(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    loss = _right(input, target, weight, "none")
    return loss.mean(-1) if reduction == "mean" and loss.dim() > 1 else reduce(loss, reduction)


def no_shape_check(input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    return _finish(_elements(input, target), weight, reduction)


def asserts_shapes(input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    assert input.shape == target.shape
    return _right(input, target, weight, reduction)


def reshapes_target(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    return _finish(_elements(input, target.reshape(input.shape)), weight, reduction)


def squeezes(input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    return _right(input.squeeze(), target.squeeze(), weight, reduction)


EXERCISE = Exercise(
    name="binary_cross_entropy",
    stub=binary_cross_entropy,
    reference=lambda input, target, weight=None, reduction="mean": F.binary_cross_entropy(
        input, target, weight, reduction=reduction
    ),
    aspects=(
        Aspect("values", 1, values),
        Aspect("shapes and dtypes", 1, shapes_and_dtypes),
        Aspect("reductions", 1, reductions),
        Aspect("weights", 2, weights),
        Aspect("certain answers", 2, certain),
        Aspect("tiny probabilities", 1, tiny, small_values=True),
        Aspect("gradient", 1, gradients, gradient=True),
        Aspect("different shapes", 1, mismatched_shapes),
    ),
    mistakes=(
        Mistake(
            "missing_minus",
            "has lost the minus: logarithms of probabilities are negative, and a loss is not",
            missing_minus,
            "bernoulli",
        ),
        Mistake(
            "minus_on_first",
            "puts the minus before the first term only: it belongs to the whole sum",
            minus_on_first,
            "bernoulli",
        ),
        Mistake(
            "only_positives",
            "has only the term y * log(p): a target of 0 then costs nothing, and answering 1 always is best",
            only_positives,
            "bernoulli",
        ),
        Mistake(
            "swapped_answers",
            "pairs y with log(1 - p) and 1 - y with log(p), so it rewards the wrong answer",
            swapped_answers,
            "bernoulli",
        ),
        Mistake(
            "swapped_arguments",
            "takes the logarithm of the target: the probabilities come first, the targets second",
            swapped_arguments,
            "bernoulli",
        ),
        Mistake(
            "no_clamp",
            "takes log(0) as it comes: that is -inf, a certain and wrong answer costs infinity, and 0 * inf is "
            "nan",
            no_clamp,
            "bce-clamp",
        ),
        Mistake(
            "eps_inside",
            "adds a small number such as 1e-8 inside the logarithms: that caps the loss far below 100",
            eps_inside,
            "bce-clamp",
        ),
        Mistake(
            "tiny_eps_inside",
            "adds a tiny number such as 1e-12 inside the logarithms: that still caps the loss far below 100",
            tiny_eps_inside,
            "bce-clamp",
        ),
        Mistake(
            "clamps_probability",
            "keeps the probabilities away from 0 and 1, which caps the loss far below 100: clamp the logarithms",
            clamps_probability,
            "bce-clamp",
        ),
        Mistake(
            "clamps_one_side",
            "clamps the probabilities at 1 - 1e-8 or closer: in float32 that is 1, so one side is not clamped at "
            "all",
            clamps_one_side,
            "bce-clamp",
        ),
        Mistake(
            "clamps_loss",
            "clamps the finished loss and not each logarithm: by then 0 * inf is already nan",
            clamps_loss,
            "bce-clamp",
        ),
        Mistake(
            "only_infinities",
            "puts -100 in the place of -inf only: in float64 a logarithm can be finite and still below -100",
            only_infinities,
            "bce-clamp",
        ),
        Mistake(
            "without_log1p",
            "computes log(1 - p): for a tiny p the difference rounds to 1, and log1p(-p) keeps its digits",
            without_log1p,
            "bce-clamp",
        ),
        Mistake(
            "only_hard_targets",
            "takes every target but 1 for a 0: a soft target needs both terms",
            only_hard_targets,
            "bernoulli",
        ),
        Mistake(
            "rounds_targets",
            "rounds the targets to 0 and 1: a soft target needs both terms",
            rounds_targets,
            "bernoulli",
        ),
        Mistake(
            "double_sigmoid",
            "squashes the input once more: it holds probabilities already, a sigmoid of these is never below 0.5",
            double_sigmoid,
            "double-sigmoid",
        ),
        Mistake("base_two", "takes logarithms to base 2 (bits), not natural ones (nats)", base_two, "bernoulli"),
        Mistake(
            "squared_error",
            "squares the difference of probability and target: that is another loss, without a logarithm",
            squared_error,
            "bernoulli",
        ),
        Mistake("ignores_weight", "never uses weight", ignores_weight, "bce-weight"),
        Mistake(
            "weight_normalised",
            "divides the mean by the sum of the weights: this loss divides by the number of elements, whatever "
            "the "
            "weights",
            weight_normalised,
            "bce-weight",
        ),
        Mistake(
            "weight_on_positives",
            "multiplies the weight to the term of y only: weight belongs to the whole loss of an element",
            weight_on_positives,
            "bce-weight",
        ),
        Mistake(
            "weight_after_reduction",
            "multiplies by the weights after the reduction, when the elements are already added up",
            weight_after_reduction,
            "bce-weight",
        ),
        Mistake(
            "weight_by_row",
            "gives a weight of shape (C,) to the rows: shapes are matched from the right, so it belongs to the "
            "columns",
            weight_by_row,
            "bce-shapes",
        ),
        Mistake(
            "ignores_reduction", "takes the mean, whatever reduction says", ignores_reduction, "bce-reduction"
        ),
        Mistake(
            "sum_for_mean", "returns the sum where reduction asks for the mean", sum_for_mean, "bce-reduction"
        ),
        Mistake(
            "mean_for_sum", "returns the mean where reduction asks for the sum", mean_for_sum, "bce-reduction"
        ),
        Mistake(
            "divides_by_rows",
            "divides by the number of rows: the mean of this loss counts every element",
            divides_by_rows,
            "bce-reduction",
        ),
        Mistake(
            "one_mean_per_row",
            "takes the mean along the last axis only, so each row keeps a loss of its own",
            one_mean_per_row,
            "bce-reduction",
        ),
        Mistake(
            "no_shape_check",
            "lets different shapes broadcast: (N,) against (N, 1) silently makes a table of N x N losses",
            no_shape_check,
            "bce-shapes",
        ),
        Mistake(
            "asserts_shapes",
            "refuses different shapes with an error other than ValueError",
            asserts_shapes,
            "bce-shapes",
        ),
        Mistake(
            "reshapes_target",
            "reshapes the target to fit: numbers that were not meant for each other are then compared in silence",
            reshapes_target,
            "bce-shapes",
        ),
        Mistake(
            "squeezes",
            "squeezes its arguments: axes of length 1 get lost, and shapes that differ look alike",
            squeezes,
            "bce-shapes",
        ),
        Mistake("always_float32", "returns float32 whatever it is given", always_float32, "bce-dtypes"),
        Mistake(
            "in_place",
            "overwrites its input (log_, clamp_ and += change the caller's tensor)",
            in_place,
            "bce-clamp",
        ),
        Mistake("detached", "computes the right numbers outside of autograd", detached, "bce-gradient"),
    ),
    hints=(
        "Start with one element: which probability did the model give to what really happened? The loss is minus "
        "its "
        "logarithm. Weights and reductions come after that.",
        "log(0) is -inf, and 0 * inf is nan: clamp each logarithm before it is multiplied by anything. "
        "For log(1 - p) at tiny p, think of the last exercises of set 1: log1p.",
        "Compare the shapes and raise ValueError first. Then log_p = log(p).clamp(min=-100), the same for "
        "log1p(-p), and minus the sum of both, each with its share of the target. Multiply by weight where there "
        "is "
        "one, and reduce at the very end with .mean() or .sum().",
    ),
    chapter="losses/binary-cross-entropy",
    problem_set="02-binary-cross-entropy",
    forbidden=EVERYTHING,
    difficulty=2,
    minutes=20,
    sweep=PROBABILITY_SWEEP,
)
