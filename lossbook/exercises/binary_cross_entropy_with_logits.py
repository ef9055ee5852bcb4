"""Exercise: binary cross-entropy of logits, exact at any logit."""

from collections.abc import Iterator

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
from lossbook.exercises.steps_binary import (
    BinaryLoss,
    Factor,
    in_shares,
    of_parts,
    pos_weight_mistakes,
    reduction_mistakes,
    shape_mistakes,
    value_mistakes,
    weight_mistakes,
)
from lossbook.reduction import reduce


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


def _parts(x: Tensor) -> tuple[Tensor, Tensor]:
    return -log_sigmoid(x), -log_sigmoid(-x)


RIGHT = of_parts(_parts)


# The values ----------------------------------------------------------------------------------------------


@BinaryLoss
def swapped_arguments(x: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return in_shares(*_parts(y), x, pos)


def _of_probabilities(p: Tensor) -> tuple[Tensor, Tensor]:
    return -torch.log(p), -torch.log(1 - p)


def _of_clamped(p: Tensor) -> tuple[Tensor, Tensor]:
    return -torch.log(p).clamp(min=-100), -torch.log1p(-p).clamp(min=-100)


@of_parts
def double_sigmoid(x: Tensor) -> tuple[Tensor, Tensor]:
    return _parts(sigmoid(x))


@of_parts
def labels_compete(x: Tensor) -> tuple[Tensor, Tensor]:
    log_p = log_softmax(x.reshape(x.shape or (1,)), -1).reshape(x.shape)
    return -log_p, -torch.log1p(-torch.exp(log_p)).clamp(min=-100)


@BinaryLoss
def squared_error(x: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return (1 + (pos - 1) * y) * (sigmoid(x) - y) ** 2


# The extremes --------------------------------------------------------------------------------------------


@of_parts
def log_of_sigmoid(x: Tensor) -> tuple[Tensor, Tensor]:
    return _of_probabilities(sigmoid(x))


def log_with_eps(eps: float) -> BinaryLoss:
    def parts(x: Tensor) -> tuple[Tensor, Tensor]:
        p = sigmoid(x)
        return -torch.log(p + eps), -torch.log(1 - p + eps)

    return of_parts(parts)


def clamps_probability(eps: float) -> BinaryLoss:
    def parts(x: Tensor) -> tuple[Tensor, Tensor]:
        p = sigmoid(x).clamp(eps, 1 - eps)
        return -torch.log(p), -torch.log1p(-p)

    return of_parts(parts)


@of_parts
def clamps_logarithms(x: Tensor) -> tuple[Tensor, Tensor]:
    return _of_clamped(sigmoid(x))


@of_parts
def overflows(x: Tensor) -> tuple[Tensor, Tensor]:
    return torch.log1p(torch.exp(-x)), torch.log1p(torch.exp(x))


@BinaryLoss
def overflows_above(x: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return torch.log1p(torch.exp(x)) - pos * y * x + (pos - 1) * y * -log_sigmoid(-x)


@BinaryLoss
def overflows_below(x: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return (1 - y) * x + (1 + (pos - 1) * y) * torch.log1p(torch.exp(-x))


def clamps_logits(limit: float) -> BinaryLoss:
    return of_parts(lambda x: _parts(x.clamp(-limit, limit)))


@of_parts
def softplus_turned(x: Tensor) -> tuple[Tensor, Tensor]:
    return -log_sigmoid(x) - x, -log_sigmoid(x)


@BinaryLoss
def forgets_log1p(x: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return (1 - y) * x + (1 + (pos - 1) * y) * (-x).clamp(min=0)


@BinaryLoss
def forgets_maximum(x: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return (1 - y) * x + (1 + (pos - 1) * y) * torch.log1p(torch.exp(-x.abs()))


# The gradient --------------------------------------------------------------------------------------------


@of_parts
def abs_and_clamp(x: Tensor) -> tuple[Tensor, Tensor]:
    tail = torch.log1p(torch.exp(-x.abs()))
    return x.clamp(min=0) - x + tail, x.clamp(min=0) + tail


@of_parts
def abs_and_relu(x: Tensor) -> tuple[Tensor, Tensor]:
    tail = torch.log1p(torch.exp(-x.abs()))
    return torch.relu(x) - x + tail, torch.relu(x) + tail


@of_parts
def where_leaks(x: Tensor) -> tuple[Tensor, Tensor]:
    log_p = torch.where(x >= 0, -torch.log1p(torch.exp(-x)), x - torch.log1p(torch.exp(x)))
    return -log_p, x - log_p


# The weights ---------------------------------------------------------------------------------------------


@BinaryLoss
def pos_weight_on_log_alone(x: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return (1 - y) * x - pos * log_sigmoid(x)


@BinaryLoss
def pos_weight_scales_target(x: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return in_shares(*_parts(x), y * pos, 1.0)


def pos_weight_normalised(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    loss = RIGHT(input, target, weight, "none", pos_weight)
    if pos_weight is None or reduction != "mean":
        return reduce(loss, reduction)
    return loss.sum() / (1 + (pos_weight - 1) * target).sum()


def weights_exchanged(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    return RIGHT(input, target, pos_weight, reduction, weight)


@of_parts
def in_place(x: Tensor) -> tuple[Tensor, Tensor]:
    log_p = log_sigmoid(x)
    return -log_p, -log_sigmoid(x.neg_())


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
        *value_mistakes(_parts),
        Mistake(
            "swapped_arguments",
            "takes the targets for the logits: the logits come first, the targets second",
            swapped_arguments,
            "bernoulli",
        ),
        Mistake(
            "takes_probabilities",
            "takes the logarithm of the logits themselves: they are no probabilities, the sigmoid is missing",
            of_parts(_of_clamped),
            "bce-with-logits",
            variants=(of_parts(_of_probabilities),),
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
            "with no gradient beyond",
            log_with_eps(1e-8),
            "bce-with-logits",
            variants=tuple(map(log_with_eps, (1e-4, 1e-5, 1e-6, 1e-7))),
        ),
        Mistake(
            "log_with_tiny_eps",
            "adds a tiny number such as 1e-12 before the logarithm: that still caps the loss, with no gradient "
            "beyond",
            log_with_eps(1e-12),
            "bce-with-logits",
            variants=tuple(map(log_with_eps, (1e-9, 1e-10, 1e-15, 1e-16, 1e-20, 1e-30))),
        ),
        Mistake(
            "clamps_probability",
            "keeps the probabilities away from 0 and 1: that caps the loss, with no gradient beyond",
            clamps_probability(1e-7),
            "bce-with-logits",
            variants=tuple(map(clamps_probability, (1e-4, 1e-5, 1e-6))),
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
            clamps_logits(50.0),
            "bce-with-logits",
            variants=tuple(map(clamps_logits, (20.0, 30.0, 80.0, 88.0, 100.0))),
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
            "uses abs(x) and clamp(x, min=0): at exactly 0 their slopes are 0 and 1, which gives the gradient 1 - "
            "y, not 0.5 - y",
            abs_and_clamp,
            "abs-trap",
        ),
        Mistake(
            "abs_and_relu",
            "uses abs(x) with relu(x), or with clamp(-x, min=0): at exactly 0 their slopes give the gradient -y, "
            "not 0.5 - y",
            abs_and_relu,
            "abs-trap",
        ),
        Mistake(
            "where_leaks",
            "has the right values, but the branch that torch.where drops overflows: 0 * inf makes the gradient "
            "nan",
            where_leaks,
            "bce-gradient",
        ),
        *pos_weight_mistakes(_parts, RIGHT, "loss"),
        Mistake(
            "pos_weight_on_log_alone",
            "multiplies log(p) by pos_weight in (1 - y) * x - log(p), also where y is 0",
            pos_weight_on_log_alone,
            "pos-weight",
        ),
        Mistake(
            "pos_weight_scales_target",
            "multiplies the target by pos_weight, so that 1 - y changes with it",
            pos_weight_scales_target,
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
            "weights_exchanged",
            "exchanges weight and pos_weight",
            weights_exchanged,
            "pos-weight",
        ),
        Mistake(
            "in_place",
            "overwrites its input (neg_, clamp_ and += change the caller's tensor)",
            in_place,
            "bce-with-logits",
        ),
        *weight_mistakes(RIGHT),
        *reduction_mistakes(RIGHT),
        *shape_mistakes(RIGHT),
    ),
    hints=(
        "Two logarithms are needed, of sigmoid(x) and of 1 - sigmoid(x), and the second is log(sigmoid(-x)). Set "
        "1 has taught you to compute such a logarithm without ever taking a sigmoid.",
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
