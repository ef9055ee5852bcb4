"""Exercise: binary cross-entropy of logits, exact at any logit."""

import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.activations import log_sigmoid, log_softmax, sigmoid
from lossbook.exercises.cases import random_logits
from lossbook.exercises.cases_binary import (
    LOGIT_SWEEP,
    mismatched_shapes,
    random_probabilities,
    random_targets,
    soft_targets,
)
from lossbook.exercises.description import Aspect, Case, Exercise, Mistake
from lossbook.exercises.forbidden import EVERYTHING
from lossbook.reduction import reduce
from lossbook.validation import check_same_shape


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Return the binary cross-entropy of logits, exact at any logit.

    With p = sigmoid(x), for each element: -weight * (pos_weight * y * log(p) + (1 - y) * log(1 - p)).

    Args:
        input: logits x of any shape, float32 or float64.
        target: y from 0 to 1, of the same shape and dtype. Values between 0 and 1 are allowed, too.
        weight: factor for each element; its shape broadcasts to the input's. None weights nothing.
        reduction: "none" (one loss per element), "sum", or "mean", which divides by the number of elements,
            whatever the weights (so an empty batch has the mean nan).
        pos_weight: factor for the term of y, e.g. of shape (C,) for logits (N, C), or (C, 1, 1) for
            (N, C, H, W); its shape broadcasts to the input's. None weights nothing.

    Returns:
        A tensor of the input's dtype: of the input's shape for "none", else without axes. Value and gradient are
        right at every finite logit: nothing overflows, nothing is clamped, and the slope at 0 is 0.5 - y.

    Raises:
        ValueError: input and target have different shapes.
    """
    raise NotImplementedError


def values(generator: torch.Generator) -> Iterator[Case]:
    yield Case((torch.tensor([0.0]), torch.tensor([1.0])))
    yield Case((torch.tensor([2.0]), torch.tensor([1.0])))
    yield Case((torch.tensor([2.0]), torch.tensor([0.0])))
    yield Case((torch.tensor([2.0, -1.0, 0.5]), torch.tensor([1.0, 0.0, 0.0])))
    yield Case((torch.tensor([1.5, -0.5]), torch.tensor([0.25, 0.75])), note="soft targets")
    yield Case((random_logits((2, 3), generator), random_targets((2, 3), generator)))
    yield Case((random_logits((3, 3), generator), soft_targets((3, 3), generator)), note="soft targets")


def shapes_and_dtypes(generator: torch.Generator) -> Iterator[Case]:
    yield Case((torch.tensor(2.0), torch.tensor(1.0)), note="a single number")
    yield Case(
        (random_logits((3, 1), generator), random_targets((3, 1), generator)), {"reduction": "none"}, "a column"
    )
    double = torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64)
    yield Case((double, torch.tensor([1, 0, 0.5], dtype=torch.float64)), note="float64")
    yield Case(
        (random_logits((2, 3, 4), generator), random_targets((2, 3, 4), generator)),
        {"reduction": "none"},
        "three axes",
    )
    yield Case((torch.zeros(0), torch.zeros(0)), note="an empty batch: the mean of nothing is nan")


def reductions(generator: torch.Generator) -> Iterator[Case]:
    pair = (
        torch.tensor([[2.0, -1.0], [0.5, 1.0], [0.0, -3.0]]),
        torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.25, 1.0]]),
    )
    for reduction in ("none", "sum", "mean"):
        yield Case(pair, {"reduction": reduction})
    batch = random_logits((4, 3), generator), random_targets((4, 3), generator)
    for reduction in ("none", "sum", "mean"):
        yield Case(batch, {"reduction": reduction})


def weights(generator: torch.Generator) -> Iterator[Case]:
    pair = torch.tensor([2.0, -1.0]), torch.tensor([1.0, 0.0])
    yield Case(pair, {"weight": torch.tensor([1.0, 3.0]), "reduction": "none"})
    yield Case(pair, {"weight": torch.tensor([1.0, 3.0])})
    yield Case(pair, {"weight": torch.tensor([0.0, 3.0])}, "an element that does not count")
    table = torch.tensor([[2.0, -1.0], [0.5, 1.0]]), torch.tensor([[1.0, 0.0], [0.25, 1.0]])
    yield Case(table, {"weight": torch.tensor([1.0, 3.0])}, "a weight for each column")
    yield Case(table, {"weight": torch.tensor([[1.0], [3.0]])}, "a weight for each row")
    batch = random_logits((2, 3), generator), soft_targets((2, 3), generator)
    yield Case(batch, {"weight": torch.tensor([0.5, 1.0, 4.0]), "reduction": "none"}, "a weight for each column")
    yield Case(batch, {"weight": 3 * random_probabilities((2, 3), generator), "reduction": "sum"})


def pos_weights(generator: torch.Generator) -> Iterator[Case]:
    pair = torch.tensor([2.0, -1.0]), torch.tensor([1.0, 0.0])
    yield Case(pair, {"pos_weight": torch.tensor(3.0), "reduction": "none"})
    yield Case(pair, {"pos_weight": torch.tensor([3.0])})
    soft = torch.tensor([1.5, -0.5, 0.5]), torch.tensor([0.25, 0.75, 1.0])
    yield Case(soft, {"pos_weight": torch.tensor(3.0), "reduction": "none"}, "soft targets")
    yield Case(
        pair, {"pos_weight": torch.tensor(3.0), "weight": torch.tensor([1.0, 2.0])}, "both kinds of weights"
    )
    table = torch.tensor([[2.0, -1.0], [0.5, 1.0]]), torch.tensor([[1.0, 1.0], [0.25, 1.0]])
    yield Case(table, {"pos_weight": torch.tensor([3.0, 0.5])}, "a weight for each label")
    batch = random_logits((3, 2), generator), random_targets((3, 2), generator)
    yield Case(batch, {"pos_weight": torch.tensor([3.0, 0.5]), "reduction": "sum"}, "a weight for each label")
    images = random_logits((2, 3, 2, 2), generator), soft_targets((2, 3, 2, 2), generator)
    yield Case(
        images, {"pos_weight": torch.tensor([[[2.0]], [[0.5]], [[9.0]]])}, "a weight for each channel of images"
    )


def extreme(generator: torch.Generator) -> Iterator[Case]:
    """Logits that a sigmoid rounds to 0 or 1. One element each, so that any eps differs by a factor only."""
    for x, y, note in (
        (20.0, 0.0, "certain and wrong"),
        (-200.0, 1.0, "certain and wrong"),
        (1000.0, 0.0, "certain and wrong"),
        (-1000.0, 1.0, "certain and wrong"),
        (1000.0, 1.0, "certain and right"),
        (-1000.0, 0.0, "certain and right"),
        (-1000.0, 0.25, "certain, with a soft target"),
    ):
        yield Case((torch.tensor([x]), torch.tensor([y])), note=note)


def gradients(generator: torch.Generator) -> Iterator[Case]:
    for y in (1.0, 0.0, 0.25):
        yield Case((torch.tensor([0.0]), torch.tensor([y])), note="exactly 0, where a fresh model starts")
    yield Case((torch.tensor([2.0, -1.0, 0.5]), torch.tensor([1.0, 0.0, 0.25])), {"reduction": "none"})
    yield Case((random_logits((2, 3), generator), soft_targets((2, 3), generator)), note="soft targets")


def extreme_gradients(generator: torch.Generator) -> Iterator[Case]:
    for x in (1000.0, -1000.0):
        for y in (0.0, 1.0):
            yield Case((torch.tensor([x]), torch.tensor([y])))
    for x, y in ((30.0, 0.0), (-200.0, 1.0), (200.0, 0.25)):
        yield Case((torch.tensor([x]), torch.tensor([y])))


def weighted_gradients(generator: torch.Generator) -> Iterator[Case]:
    """The gradient with pos_weight, which some write down with a formula of its own."""
    for x, y, note in (
        (0.0, 1.0, "exactly 0"),
        (2.0, 0.25, "a soft target"),
        (-1000.0, 1.0, "certain and wrong"),
        (1000.0, 0.0, "certain and wrong"),
        (1000.0, 1.0, "certain and right"),
    ):
        yield Case((torch.tensor([x]), torch.tensor([y])), {"pos_weight": torch.tensor(3.0)}, note)
    batch = random_logits((2, 3), generator), soft_targets((2, 3), generator)
    yield Case(
        batch, {"pos_weight": torch.tensor([3.0, 1.0, 0.5]), "reduction": "none"}, "a weight for each label"
    )


Terms = Callable[[Tensor, Tensor, Tensor | float], Tensor]
Loss = Callable[..., Tensor]


def _elements(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return -(pos * y * log_sigmoid(x) + (1 - y) * log_sigmoid(-x))


def _around(terms: Terms) -> Loss:
    """Add to a mistake that concerns single elements all that the exercise asks for besides."""

    def loss(
        input: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ) -> Tensor:
        check_same_shape(input, target)
        return _finish(terms(input, target, 1.0 if pos_weight is None else pos_weight), weight, reduction)

    return loss


def _finish(loss: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    return reduce(loss if weight is None else loss * weight, reduction)


_right = _around(_elements)


def _of_logs(x: Tensor, y: Tensor, pos: Tensor | float, log_p: Tensor, log_not_p: Tensor) -> Tensor:
    return -(pos * y * log_p + (1 - y) * log_not_p)


# The values ----------------------------------------------------------------------------------------------


@_around
def missing_minus(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return -_elements(x, y, pos)


@_around
def only_positives(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return -pos * y * log_sigmoid(x)


@_around
def swapped_answers(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return -(pos * y * log_sigmoid(-x) + (1 - y) * log_sigmoid(x))


@_around
def swapped_arguments(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return _elements(y, x, pos)


@_around
def takes_probabilities(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return _of_logs(x, y, pos, torch.log(x).clamp(min=-100), torch.log1p(-x).clamp(min=-100))


@_around
def double_sigmoid(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return _elements(sigmoid(x), y, pos)


@_around
def labels_compete(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    axis = -1 if x.dim() else 0
    log_p = log_softmax(x.reshape(x.shape or (1,)), axis).reshape(x.shape)
    return _of_logs(x, y, pos, log_p, torch.log1p(-torch.exp(log_p)).clamp(min=-100))


@_around
def base_two(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return _elements(x, y, pos) / math.log(2)


@_around
def squared_error(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return (1 + (pos - 1) * y) * (sigmoid(x) - y) ** 2


# The extremes --------------------------------------------------------------------------------------------


@_around
def log_of_sigmoid(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    p = sigmoid(x)
    return _of_logs(x, y, pos, torch.log(p), torch.log(1 - p))


@_around
def log_with_eps(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    p = sigmoid(x)
    return _of_logs(x, y, pos, torch.log(p + 1e-8), torch.log(1 - p + 1e-8))


@_around
def log_with_tiny_eps(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    p = sigmoid(x)
    return _of_logs(x, y, pos, torch.log(p + 1e-12), torch.log(1 - p + 1e-12))


@_around
def clamps_probability(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    p = sigmoid(x).clamp(1e-7, 1 - 1e-7)
    return _of_logs(x, y, pos, torch.log(p), torch.log1p(-p))


@_around
def clamps_logarithms(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    p = sigmoid(x)
    return _of_logs(x, y, pos, torch.log(p).clamp(min=-100), torch.log1p(-p).clamp(min=-100))


@_around
def overflows(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return _of_logs(x, y, pos, -torch.log1p(torch.exp(-x)), -torch.log1p(torch.exp(x)))


@_around
def overflows_above(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return torch.log1p(torch.exp(x)) - pos * y * x + (pos - 1) * y * -log_sigmoid(-x)


@_around
def overflows_below(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return (1 - y) * x + (1 + (pos - 1) * y) * torch.log1p(torch.exp(-x))


@_around
def clamps_logits(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return _elements(x.clamp(-50, 50), y, pos)


@_around
def softplus_turned(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return pos * y * (-log_sigmoid(x) - x) - (1 - y) * log_sigmoid(x)


@_around
def forgets_log1p(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return (1 - y) * x + (1 + (pos - 1) * y) * (-x).clamp(min=0)


@_around
def forgets_maximum(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return (1 - y) * x + (1 + (pos - 1) * y) * torch.log1p(torch.exp(-x.abs()))


# The gradient --------------------------------------------------------------------------------------------


@_around
def abs_and_clamp(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    tail = torch.log1p(torch.exp(-x.abs()))
    return pos * y * (x.clamp(min=0) - x + tail) + (1 - y) * (x.clamp(min=0) + tail)


@_around
def abs_and_relu(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    tail = torch.log1p(torch.exp(-x.abs()))
    return pos * y * (torch.relu(x) - x + tail) + (1 - y) * (torch.relu(x) + tail)


@_around
def where_leaks(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    log_p = torch.where(x >= 0, -torch.log1p(torch.exp(-x)), x - torch.log1p(torch.exp(x)))
    return _of_logs(x, y, pos, log_p, log_p - x)


@_around
def detached(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return _elements(x.detach(), y, pos)


# The weights ---------------------------------------------------------------------------------------------


@_around
def ignores_pos_weight(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return _elements(x, y, 1.0)


@_around
def pos_weight_on_all(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return pos * _elements(x, y, 1.0)


@_around
def pos_weight_on_negatives(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return -(y * log_sigmoid(x) + pos * (1 - y) * log_sigmoid(-x))


@_around
def pos_weight_where_one(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return torch.where(y == 1, pos, 1.0) * _elements(x, y, 1.0)


@_around
def pos_weight_where_any(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return torch.where(y > 0, pos, 1.0) * _elements(x, y, 1.0)


@_around
def pos_weight_mixed(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return (1 + (pos - 1) * y) * _elements(x, y, 1.0)


@_around
def pos_weight_on_log_alone(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return (1 - y) * x - pos * log_sigmoid(x)


@_around
def pos_weight_scales_logit(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return _elements(x, y * pos, 1.0)


def pos_weight_normalised(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    loss = _right(input, target, weight, "none", pos_weight)
    if pos_weight is None or reduction != "mean":
        return reduce(loss, reduction)
    return loss.sum() / (1 + (pos_weight - 1) * target).sum()


def pos_weight_from_left(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    if pos_weight is not None and pos_weight.dim() == 1 and input.dim() > 1:
        pos_weight = pos_weight.reshape(-1, *[1] * (input.dim() - 1))
    return _right(input, target, weight, reduction, pos_weight)


def weights_exchanged(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    return _right(input, target, pos_weight, reduction, weight)


def ignores_weight(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    return _right(input, target, None, reduction, pos_weight)


def weight_normalised(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    loss = _right(input, target, weight, "none", pos_weight)
    if weight is None or reduction != "mean":
        return reduce(loss, reduction)
    return loss.sum() / weight.expand(loss.shape).sum()


def weight_on_positives(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    factor = 1.0 if weight is None else weight
    return _right(input, target, None, reduction, factor * (1.0 if pos_weight is None else pos_weight))


def weight_after_reduction(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    loss = _right(input, target, None, reduction, pos_weight)
    return loss if weight is None else loss * weight


# Reductions, shapes and dtypes ---------------------------------------------------------------------------


def ignores_reduction(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    return _right(input, target, weight, "mean", pos_weight)


def sum_for_mean(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    return _right(input, target, weight, "none" if reduction == "none" else "sum", pos_weight)


def mean_for_sum(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    return _right(input, target, weight, "none" if reduction == "none" else "mean", pos_weight)


def divides_by_rows(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    if reduction == "mean" and input.dim():
        return _right(input, target, weight, "sum", pos_weight) / len(input)
    return _right(input, target, weight, reduction, pos_weight)


def one_mean_per_row(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    loss = _right(input, target, weight, "none", pos_weight)
    return loss.mean(-1) if reduction == "mean" and loss.dim() > 1 else reduce(loss, reduction)


def no_shape_check(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    return _finish(_elements(input, target, 1.0 if pos_weight is None else pos_weight), weight, reduction)


def asserts_shapes(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    assert input.shape == target.shape
    return _right(input, target, weight, reduction, pos_weight)


def reshapes_target(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    return _right(input, target.reshape(input.shape), weight, reduction, pos_weight)


def squeezes(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    return _right(input.squeeze(), target.squeeze(), weight, reduction, pos_weight)


@_around
def always_float32(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return _elements(x.float(), y.float(), pos)


@_around
def in_place(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    log_p = log_sigmoid(x)
    return _of_logs(x, y, pos, log_p, log_sigmoid(x.neg_()))


EXERCISE = Exercise(
    name="binary_cross_entropy_with_logits",
    stub=binary_cross_entropy_with_logits,
    reference=lambda input, target, weight=None, reduction="mean", pos_weight=None: (
        F.binary_cross_entropy_with_logits(input, target, weight, reduction=reduction, pos_weight=pos_weight)
    ),
    aspects=(
        Aspect("values", 1, values),
        Aspect("shapes and dtypes", 1, shapes_and_dtypes),
        Aspect("reductions", 1, reductions),
        Aspect("weight", 1, weights),
        Aspect("pos_weight", 1, pos_weights),
        Aspect("extreme logits", 2, extreme),
        Aspect("gradient", 1, gradients, gradient=True),
        Aspect("gradient at extreme logits", 1, extreme_gradients, gradient=True),
        Aspect("gradient with pos_weight", 1, weighted_gradients, gradient=True),
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
            "takes the targets for the logits: the logits come first, the targets second",
            swapped_arguments,
            "bernoulli",
        ),
        Mistake(
            "takes_probabilities",
            "takes the logarithm of the logits themselves: they are no probabilities, the sigmoid is missing",
            takes_probabilities,
            "bce-with-logits",
        ),
        Mistake(
            "double_sigmoid",
            "applies the sigmoid twice: this loss already has it inside",
            double_sigmoid,
            "double-sigmoid",
        ),
        Mistake(
            "labels_compete",
            "takes a softmax over the last axis: here each element is a question of its own, with a sigmoid of "
            "its own",
            labels_compete,
            "bernoulli",
        ),
        Mistake("base_two", "takes logarithms to base 2 (bits), not natural ones (nats)", base_two, "bernoulli"),
        Mistake(
            "squared_error",
            "squares the difference of probability and target: that is another loss, without a logarithm",
            squared_error,
            "bernoulli",
        ),
        Mistake(
            "log_of_sigmoid",
            "takes the logarithm of a sigmoid, which has rounded to 0 or 1 by then: log(0) is -inf, and 0 * inf "
            "is nan",
            log_of_sigmoid,
            "bce-with-logits",
        ),
        Mistake(
            "log_with_eps",
            "adds a small number such as 1e-8 before the logarithm: that hides the infinity and caps the loss, "
            "with no "
            "gradient "
            "beyond",
            log_with_eps,
            "bce-with-logits",
        ),
        Mistake(
            "log_with_tiny_eps",
            "adds a tiny number such as 1e-12 before the logarithm: that still caps the loss, with no gradient "
            "beyond",
            log_with_tiny_eps,
            "bce-with-logits",
        ),
        Mistake(
            "clamps_probability",
            "keeps the probabilities away from 0 and 1: that caps the loss, with no gradient beyond",
            clamps_probability,
            "bce-with-logits",
        ),
        Mistake(
            "clamps_logarithms",
            "goes through the probability and clamps its logarithm: a logit of 20 with target 0 costs 100 then, "
            "not 20",
            clamps_logarithms,
            "bce-with-logits",
        ),
        Mistake(
            "clamps_logits",
            "clamps the logits: beyond that the loss no longer grows, and there is no gradient",
            clamps_logits,
            "bce-with-logits",
        ),
        Mistake(
            "overflows",
            "computes log(1 + exp(x)) and log(1 + exp(-x)) as they stand: exp(1000) is inf",
            overflows,
            "bce-with-logits",
        ),
        Mistake(
            "overflows_above",
            "computes log(1 + exp(x)) as it stands: exp(x) overflows for large positive logits",
            overflows_above,
            "bce-with-logits",
        ),
        Mistake(
            "overflows_below",
            "computes log(1 + exp(-x)) as it stands: exp(-x) overflows for very negative logits",
            overflows_below,
            "bce-with-logits",
        ),
        Mistake(
            "softplus_turned",
            "has the sign of the logit turned around in softplus(x) - x * y, or in max(x, 0) - x * y + "
            "log1p(exp(-|x|))",
            softplus_turned,
            "bce-with-logits",
        ),
        Mistake(
            "forgets_log1p",
            "forgets the term log(1 + exp(-|x|)): what is left has a kink at 0 and costs nothing there",
            forgets_log1p,
            "bce-with-logits",
        ),
        Mistake(
            "forgets_maximum",
            "forgets the linear term max(x, 0), or max(-x, 0), of the stable form",
            forgets_maximum,
            "bce-with-logits",
        ),
        Mistake(
            "abs_and_clamp",
            "uses abs(x) and clamp(x, min=0): at exactly 0 their slopes are 0 and 1, which gives the gradient 1 "
            "- y, "
            "not 0.5 - y",
            abs_and_clamp,
            "bce-gradient",
        ),
        Mistake(
            "abs_and_relu",
            "uses abs(x) with relu(x), or with clamp(-x, min=0): at exactly 0 their slopes give the gradient -y, "
            "not "
            "0.5 - y",
            abs_and_relu,
            "bce-gradient",
        ),
        Mistake(
            "where_leaks",
            "has the right values, but the branch that torch.where drops overflows: 0 * inf makes the gradient "
            "nan",
            where_leaks,
            "bce-gradient",
        ),
        Mistake("detached", "computes the right numbers outside of autograd", detached, "bce-gradient"),
        Mistake("ignores_pos_weight", "never uses pos_weight", ignores_pos_weight, "pos-weight"),
        Mistake(
            "pos_weight_on_all",
            "multiplies the whole loss by pos_weight: it belongs to the term of y only",
            pos_weight_on_all,
            "pos-weight",
        ),
        Mistake(
            "pos_weight_on_negatives",
            "multiplies the term of 1 - y by pos_weight: it belongs to the term of y",
            pos_weight_on_negatives,
            "pos-weight",
        ),
        Mistake(
            "pos_weight_where_one",
            "multiplies the loss of elements with y == 1: a soft target has a part of 1 in it, too",
            pos_weight_where_one,
            "pos-weight",
        ),
        Mistake(
            "pos_weight_where_any",
            "multiplies the whole loss of elements with y above 0: a soft target has a part of 0 in it that "
            "stays as "
            "it is",
            pos_weight_where_any,
            "pos-weight",
        ),
        Mistake(
            "pos_weight_mixed",
            "multiplies the whole loss by 1 + (pos_weight - 1) * y: for soft targets only the logarithm that "
            "belongs "
            "to y may grow",
            pos_weight_mixed,
            "pos-weight",
        ),
        Mistake(
            "pos_weight_on_log_alone",
            "multiplies log(p) by pos_weight in (1 - y) * x - log(p), also where y is 0",
            pos_weight_on_log_alone,
            "pos-weight",
        ),
        Mistake(
            "pos_weight_scales_logit",
            "multiplies the target by pos_weight, so that 1 - y changes with it",
            pos_weight_scales_logit,
            "pos-weight",
        ),
        Mistake(
            "pos_weight_normalised",
            "divides the mean by the sum of the weights: it is divided by the number of elements, whatever "
            "pos_weight",
            pos_weight_normalised,
            "pos-weight",
        ),
        Mistake(
            "pos_weight_from_left",
            "gives a pos_weight of shape (C,) to the rows: shapes are matched from the right, one weight per "
            "label",
            pos_weight_from_left,
            "bce-shapes",
        ),
        Mistake(
            "weights_exchanged",
            "exchanges weight and pos_weight",
            weights_exchanged,
            "pos-weight",
        ),
        Mistake("ignores_weight", "never uses weight", ignores_weight, "bce-weight"),
        Mistake(
            "weight_normalised",
            "divides the mean by the sum of weight: this loss divides by the number of elements, whatever the "
            "weights",
            weight_normalised,
            "bce-weight",
        ),
        Mistake(
            "weight_on_positives",
            "multiplies weight to the term of y only, which is what pos_weight does: weight belongs to the whole "
            "loss",
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
            "divides by the number of rows: the mean of this loss counts every element, each label of each sample",
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
            "overwrites its input (neg_, clamp_ and += change the caller's tensor)",
            in_place,
            "bce-with-logits",
        ),
    ),
    hints=(
        "Two logarithms are needed, of sigmoid(x) and of 1 - sigmoid(x), and the second is log(sigmoid(-x)). Set "
        "1 "
        "has taught you to compute such a logarithm without ever taking a sigmoid.",
        "-log(sigmoid(x)) = log(exp(0) + exp(-x)). Which torch function adds two exponentials inside a logarithm, "
        "and shifts them first? And which factor belongs to which of the two terms?",
        "cost_of_1 = torch.logaddexp(zeros, -x) and cost_of_0 = torch.logaddexp(zeros, x). Then "
        "pos_weight * y * cost_of_1 + (1 - y) * cost_of_0, times weight, and reduce at the very end.",
    ),
    chapter="losses/binary-cross-entropy",
    problem_set="02-binary-cross-entropy",
    forbidden=EVERYTHING,
    difficulty=3,
    minutes=30,
    sweep=LOGIT_SWEEP,
)
