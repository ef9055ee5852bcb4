"""Exercise: binary cross-entropy of probabilities, with torch's clamp of the logarithms."""

from collections.abc import Iterator

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
from lossbook.exercises.steps_binary import (
    BinaryLoss,
    Factor,
    in_shares,
    of_parts,
    reduction_mistakes,
    shape_mistakes,
    value_mistakes,
    weight_mistakes,
)


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


def _log(p: Tensor) -> Tensor:
    return torch.log(p).clamp(min=-100)


def _log_not(p: Tensor) -> Tensor:
    return torch.log1p(-p).clamp(min=-100)


def _parts(p: Tensor) -> tuple[Tensor, Tensor]:
    return -_log(p), -_log_not(p)


RIGHT = of_parts(_parts)


@BinaryLoss
def swapped_arguments(p: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return in_shares(*_parts(y), p, pos)


def _unclamped(p: Tensor) -> tuple[Tensor, Tensor]:
    return -torch.log(p), -torch.log1p(-p)


@BinaryLoss
def nothing_times_infinity(p: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return -torch.xlogy(y, p) - torch.special.xlog1py(1 - y, -p)


@BinaryLoss
def replaces_nan(p: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return torch.nan_to_num(in_shares(*_unclamped(p), y, pos))


def clamps_elsewhere(least: float) -> BinaryLoss:
    return of_parts(lambda p: (-torch.log(p).clamp(min=least), -torch.log1p(-p).clamp(min=least)))


def eps_inside(eps: float) -> BinaryLoss:
    return of_parts(lambda p: (-torch.log(p + eps), -torch.log(1 - p + eps)))


def clamps_probability(eps: float) -> BinaryLoss:
    return of_parts(lambda p: _unclamped(p.clamp(eps, 1 - eps)))


@BinaryLoss
def clamps_loss(p: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return -(y * torch.log(p) + (1 - y) * torch.log1p(-p)).clamp(min=-100)


@of_parts
def only_infinities(p: Tensor) -> tuple[Tensor, Tensor]:
    return -torch.nan_to_num(torch.log(p), neginf=-100.0), -torch.nan_to_num(torch.log1p(-p), neginf=-100.0)


@of_parts
def without_log1p(p: Tensor) -> tuple[Tensor, Tensor]:
    return -_log(p), -_log(1 - p)


@of_parts
def double_sigmoid(p: Tensor) -> tuple[Tensor, Tensor]:
    return _parts(sigmoid(p))


@BinaryLoss
def squared_error(p: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return (p - y) ** 2


@of_parts
def in_place(p: Tensor) -> tuple[Tensor, Tensor]:
    log_not_p = _log_not(p)
    return -p.log_().clamp_(min=-100), -log_not_p


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
        *value_mistakes(_parts),
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
            of_parts(_unclamped),
            "bce-clamp",
            variants=(nothing_times_infinity,),
        ),
        Mistake(
            "clamps_elsewhere",
            "clamps the logarithms at another number than -100",
            clamps_elsewhere(-10),
            "bce-clamp",
            variants=tuple(map(clamps_elsewhere, (-20, -50, -80, -1000))),
        ),
        Mistake(
            "replaces_nan",
            "puts numbers in the place of nan and infinity in the finished loss: what belongs there is lost by then",
            replaces_nan,
            "bce-clamp",
        ),
        Mistake(
            "eps_inside",
            "adds a small number such as 1e-8 inside the logarithms: that caps the loss far below 100",
            eps_inside(1e-8),
            "bce-clamp",
            variants=tuple(map(eps_inside, (1e-4, 1e-5, 1e-6, 1e-7))),
        ),
        Mistake(
            "tiny_eps_inside",
            "adds a tiny number such as 1e-12 inside the logarithms: that still caps the loss far below 100",
            eps_inside(1e-12),
            "bce-clamp",
            variants=tuple(map(eps_inside, (1e-9, 1e-10, 1e-15, 1e-16, 1e-20, 1e-30))),
        ),
        Mistake(
            "clamps_probability",
            "keeps the probabilities away from 0 and 1, which caps the loss far below 100: clamp the logarithms",
            clamps_probability(1e-7),
            "bce-clamp",
            variants=tuple(map(clamps_probability, (1e-4, 1e-5, 1e-6))),
        ),
        Mistake(
            "clamps_one_side",
            "clamps the probabilities at 1 - 1e-8 or closer: in float32 that is 1, so one side is not clamped at "
            "all",
            clamps_probability(1e-8),
            "bce-clamp",
            variants=tuple(map(clamps_probability, (1e-10, 1e-12, 1e-15, 1e-16))),
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
            "double_sigmoid",
            "squashes the input once more: it holds probabilities already, a sigmoid of these is never below 0.5",
            double_sigmoid,
            "double-sigmoid",
        ),
        Mistake(
            "squared_error",
            "squares the difference of probability and target: that is another loss, without a logarithm",
            squared_error,
            "bernoulli",
        ),
        Mistake(
            "in_place",
            "overwrites its input (log_, clamp_ and += change the caller's tensor)",
            in_place,
            "bce-clamp",
        ),
        *weight_mistakes(RIGHT),
        *reduction_mistakes(RIGHT),
        *shape_mistakes(RIGHT),
    ),
    hints=(
        "Start with one element: which probability did the model give to what really happened? The loss is minus "
        "its logarithm. Weights and reductions come after that.",
        "log(0) is -inf, and 0 * inf is nan: clamp each logarithm before it is multiplied by anything. "
        "For log(1 - p) at tiny p, think of the last exercises of set 1: log1p.",
        "Compare the shapes and raise ValueError first. Then log_p = log(p).clamp(min=-100), the same for "
        "log1p(-p), and minus the sum of both, each with its share of the target. Multiply by weight where there "
        "is one, and reduce at the very end with .mean() or .sum().",
    ),
    chapter="losses/binary-cross-entropy",
    problem_set="02-binary-cross-entropy",
    forbidden=EVERYTHING,
    difficulty=2,
    minutes=20,
    sweep=PROBABILITY_SWEEP,
)
