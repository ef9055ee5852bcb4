"""Exercise: the gradient of binary cross-entropy with logits, in closed form."""

from collections.abc import Iterator
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.activations import log_sigmoid, sigmoid, softmax
from lossbook.exercises.cases import random_logits
from lossbook.exercises.cases_binary import SLOPE_SWEEP, mismatched_shapes, random_targets, soft_targets
from lossbook.exercises.description import Aspect, Case, Exercise, Mistake
from lossbook.exercises.forbidden import AUTOGRAD, EVERYTHING
from lossbook.exercises.steps_binary import (
    BinaryLoss,
    Factor,
    Parts,
    Terms,
    in_shares,
    mixed,
    pos_weight_mistakes,
    shape_mistakes,
)


def bce_with_logits_gradient(
    logits: Tensor, target: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """Return d loss / d logits for the binary cross-entropy with logits, in closed form, without autograd.

    Args:
        logits: x of any shape, float32 or float64.
        target: y from 0 to 1, of the same shape and dtype. Values between 0 and 1 are allowed, too.
        pos_weight: factor for the term of y in the loss; its shape broadcasts to the logits'. None is 1.
        reduction: of the loss. For "mean" and "sum" the result is the gradient of that one number; for "none" it
            is the slope of each element's loss with respect to its own logit.

    Returns:
        The gradient, always of the logits' shape and dtype, right at every finite logit. Tiny slopes keep their
        digits: at x = -50 and y = 0 it is exp(-50), not 0.

    Raises:
        ValueError: logits and target have different shapes.
    """
    raise NotImplementedError


def reference(logits: Tensor, target: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    """Return what autograd makes of torch's loss."""
    leaf = logits.detach().clone().requires_grad_()
    loss = F.binary_cross_entropy_with_logits(leaf, target, reduction=reduction, pos_weight=pos_weight)
    (gradient,) = torch.autograd.grad(loss, leaf, torch.ones_like(loss))
    return gradient


def values(generator: torch.Generator) -> Iterator[Case]:
    """Slopes of single elements: whoever has not thought of the mean yet earns these points, too."""
    one_each = {"reduction": "none"}
    for x, y in ((0.0, 1.0), (2.0, 1.0), (2.0, 0.0)):
        yield Case((torch.tensor([x]), torch.tensor([y])), one_each)
    yield Case((torch.tensor([2.0, -1.0, 0.5]), torch.tensor([1.0, 0.0, 0.0])), one_each)
    yield Case((torch.tensor([1.5, -0.5]), torch.tensor([0.25, 0.75])), one_each, "soft targets")
    yield Case((random_logits((2, 3), generator), random_targets((2, 3), generator)), one_each)
    yield Case((random_logits((3, 3), generator), soft_targets((3, 3), generator)), one_each, "soft targets")


def shapes_and_dtypes(generator: torch.Generator) -> Iterator[Case]:
    one_each = {"reduction": "none"}
    yield Case((torch.tensor(2.0), torch.tensor(1.0)), note="a single number")
    yield Case((random_logits((3, 1), generator), random_targets((3, 1), generator)), one_each, "a column")
    double = torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64)
    yield Case((double, torch.tensor([1, 0, 0.5], dtype=torch.float64)), one_each, "float64")
    yield Case((random_logits((2, 3, 4), generator), random_targets((2, 3, 4), generator)), one_each, "three axes")
    yield Case((torch.zeros(0), torch.zeros(0)), {"reduction": "sum"}, "an empty batch")


def reductions(generator: torch.Generator) -> Iterator[Case]:
    pair = torch.tensor([2.0, -1.0]), torch.tensor([1.0, 0.0])
    yield Case(pair)
    yield Case(pair, {"reduction": "sum"})
    table = (
        torch.tensor([[2.0, -1.0], [0.5, 1.0], [0.0, -3.0]]),
        torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.25, 1.0]]),
    )
    for reduction in ("mean", "sum", "none"):
        yield Case(table, {"reduction": reduction})
    yield Case((random_logits((4, 3), generator), random_targets((4, 3), generator)), {"reduction": "mean"})


def pos_weights(generator: torch.Generator) -> Iterator[Case]:
    pair = torch.tensor([2.0, -1.0]), torch.tensor([1.0, 0.0])
    yield Case(pair, {"pos_weight": torch.tensor(3.0), "reduction": "sum"})
    soft = torch.tensor([1.5, -0.5, 0.5]), torch.tensor([0.25, 0.75, 1.0])
    yield Case(soft, {"pos_weight": torch.tensor(3.0), "reduction": "none"}, "soft targets")
    table = torch.tensor([[2.0, -1.0], [0.5, 1.0]]), torch.tensor([[1.0, 1.0], [0.25, 1.0]])
    yield Case(table, {"pos_weight": torch.tensor([3.0, 0.5]), "reduction": "sum"}, "a weight for each label")
    channels = {"pos_weight": torch.tensor([[[2.0]], [[0.5]], [[9.0]]]), "reduction": "none"}
    images = random_logits((2, 3, 2, 2), generator), soft_targets((2, 3, 2, 2), generator)
    yield Case(images, channels, "a weight for each channel of images")
    yield Case(pair, {"pos_weight": torch.tensor([3.0]), "reduction": "mean"})


def extreme(generator: torch.Generator) -> Iterator[Case]:
    for x in (1000.0, -1000.0):
        for y in (0.0, 1.0, 0.25):
            yield Case((torch.tensor([x]), torch.tensor([y])), {"reduction": "none"})
    batch = torch.tensor([-1000.0, 1000.0, 0.0]), torch.tensor([1.0, 0.0, 1.0])
    yield Case(batch, {"reduction": "sum"})


def tiny(generator: torch.Generator) -> Iterator[Case]:
    for x in (-20.0, -50.0):
        yield Case((torch.tensor([x]), torch.tensor([0.0])), {"reduction": "none"})
    yield Case((torch.tensor([-20.0, -80.0]), torch.zeros(2)), {"reduction": "sum"})


def _parts(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the slopes of both costs: p - 1 where the target is 1, p where it is 0."""
    p = sigmoid(x)
    return p - 1, p


def divided(slopes: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    """Divide by the number of elements for the mean, and only then."""
    return slopes / slopes.numel() if reduction == "mean" else slopes


RIGHT = BinaryLoss(mixed(_parts), finish=divided)


def _of_terms(terms: Terms) -> BinaryLoss:
    return replace(RIGHT, terms=terms)


def _of_parts(parts: Parts) -> BinaryLoss:
    return _of_terms(mixed(parts))


# The slopes ----------------------------------------------------------------------------------------------


@_of_parts
def sign_turned(x: Tensor) -> tuple[Tensor, Tensor]:
    p = sigmoid(x)
    return 1 - p, -p


@_of_parts
def forgets_sigmoid(x: Tensor) -> tuple[Tensor, Tensor]:
    return x - 1, x


@_of_parts
def decision_not_probability(x: Tensor) -> tuple[Tensor, Tensor]:
    p = (x > 0).to(x.dtype)
    return p - 1, p


@_of_terms
def forgets_target(x: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return sigmoid(x) * (1 + (pos - 1) * y)


@_of_terms
def rounds_targets(x: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return in_shares(*_parts(x), (y > 0.5).to(x.dtype), pos)


@_of_parts
def only_positives(x: Tensor) -> tuple[Tensor, Tensor]:
    return sigmoid(x) - 1, torch.zeros_like(x)


@_of_terms
def swapped_arguments(x: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return in_shares(*_parts(y), x, pos)


@_of_parts
def times_slope_of_sigmoid(x: Tensor) -> tuple[Tensor, Tensor]:
    p = sigmoid(x)
    return (p - 1) * p * (1 - p), p * p * (1 - p)


@_of_terms
def for_the_probability(x: Tensor, y: Tensor, pos: Factor) -> Tensor:
    p = sigmoid(x)
    return in_shares(p - 1, p, y, pos) / (p * (1 - p))


@_of_terms
def of_the_target(x: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return log_sigmoid(-x) - pos * log_sigmoid(x)


@_of_parts
def returns_loss(x: Tensor) -> tuple[Tensor, Tensor]:
    return -log_sigmoid(x), -log_sigmoid(-x)


@_of_parts
def naive_sigmoid(x: Tensor) -> tuple[Tensor, Tensor]:
    p = torch.exp(x) / (1 + torch.exp(x))
    return p - 1, p


@_of_parts
def loses_tiny_slopes(x: Tensor) -> tuple[Tensor, Tensor]:
    not_p = sigmoid(-x)
    return -not_p, 1 - not_p


def clamps_probability(eps: float) -> BinaryLoss:
    def parts(x: Tensor) -> tuple[Tensor, Tensor]:
        p = sigmoid(x).clamp(eps, 1 - eps)
        return p - 1, p

    return _of_parts(parts)


@_of_parts
def labels_compete(x: Tensor) -> tuple[Tensor, Tensor]:
    p = softmax(x.reshape(x.shape or (1,)), -1).reshape(x.shape)
    return p - 1, p


@_of_terms
def pos_weight_on_target_alone(x: Tensor, y: Tensor, pos: Factor) -> Tensor:
    return sigmoid(x) - pos * y


# Reductions and dtypes -----------------------------------------------------------------------------------


def always_divided(slopes: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    return slopes / slopes.numel()


def divided_for_sum(slopes: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    return slopes if reduction == "none" else slopes / slopes.numel()


def divided_by_rows(slopes: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    return slopes / (len(slopes) if slopes.dim() else 1) if reduction == "mean" else slopes


@_of_parts
def in_place(x: Tensor) -> tuple[Tensor, Tensor]:
    p = x.neg_().exp_().add_(1).reciprocal_()
    return p - 1, p


EXERCISE = Exercise(
    name="bce_with_logits_gradient",
    stub=bce_with_logits_gradient,
    reference=reference,
    aspects=(
        Aspect("values", 1, values),
        Aspect("shapes and dtypes", 1, shapes_and_dtypes),
        Aspect("reductions", 1, reductions),
        Aspect("pos_weight", 2, pos_weights),
        Aspect("extreme logits", 1, extreme),
        Aspect("tiny slopes", 1, tiny, small_values=True),
        Aspect("different shapes", 1, mismatched_shapes),
    ),
    mistakes=(
        Mistake(
            "sign_turned",
            "has the sign turned around: the slope is p - y, so that a step against it moves p towards y",
            sign_turned,
            "bce-gradient",
        ),
        Mistake(
            "forgets_sigmoid",
            "subtracts the target from the logit: it is the probability, sigmoid(x), that is compared with y",
            forgets_sigmoid,
            "bce-gradient",
        ),
        Mistake(
            "decision_not_probability",
            "compares the decision (logit above 0 or not) with the target: it takes the probability, which says "
            "how sure the model is",
            decision_not_probability,
            "bce-gradient",
        ),
        Mistake(
            "forgets_target",
            "never subtracts the target: the slope of an element with y = 1 is negative",
            forgets_target,
            "bce-gradient",
        ),
        Mistake(
            "rounds_targets",
            "rounds the targets to 0 and 1: a soft target has a slope of 0 where p equals it",
            rounds_targets,
            "bernoulli",
        ),
        Mistake(
            "only_positives",
            "has only the slope of the term with y: the term with 1 - y pushes, too",
            only_positives,
            "bernoulli",
        ),
        Mistake(
            "swapped_arguments",
            "takes the targets for the logits: the logits come first, the targets second",
            swapped_arguments,
            "bernoulli",
        ),
        Mistake(
            "times_slope_of_sigmoid",
            "multiplies p - y by the sigmoid's slope p * (1 - p): in this loss that factor has cancelled",
            times_slope_of_sigmoid,
            "bce-gradient",
        ),
        Mistake(
            "for_the_probability",
            "differentiates by the probability, not by the logit: the sigmoid's slope p * (1 - p) is missing",
            for_the_probability,
            "bce-gradient",
        ),
        Mistake(
            "of_the_target",
            "differentiates by the target, not by the logits",
            of_the_target,
            "bce-gradient",
        ),
        Mistake("returns_loss", "returns the loss itself, not its slope", returns_loss, "bce-gradient"),
        Mistake(
            "naive_sigmoid",
            "divides exp(x) by 1 + exp(x): for large x that is inf / inf, which is nan",
            naive_sigmoid,
            "bce-with-logits",
        ),
        Mistake(
            "loses_tiny_slopes",
            "computes p as 1 minus a number near 1, or with tanh: for very negative logits the difference rounds "
            "to 0",
            loses_tiny_slopes,
            "bce-gradient",
        ),
        Mistake(
            "clamps_probability",
            "clamps the probability: a tiny slope is then the clamp's number",
            clamps_probability(1e-7),
            "bce-gradient",
            variants=tuple(map(clamps_probability, (1e-6, 1e-8, 1e-10, 1e-12))),
        ),
        Mistake(
            "labels_compete",
            "takes a softmax over the last axis: here each element is a question of its own, with a sigmoid of "
            "its own",
            labels_compete,
            "bernoulli",
        ),
        *pos_weight_mistakes(_parts, RIGHT, "slope"),
        Mistake(
            "pos_weight_on_target_alone",
            "computes p - pos_weight * y: for y = 1 the whole of p - 1 has to grow, not the 1 alone",
            pos_weight_on_target_alone,
            "pos-weight",
        ),
        Mistake(
            "never_divided",
            "forgets that the mean divides: its slopes are those of the elements, divided by their number",
            replace(RIGHT, finish=lambda slopes, weight, reduction: slopes),
            "bce-reduction",
        ),
        Mistake(
            "always_divided",
            "divides by the number of elements, whatever reduction says: only the mean divides",
            replace(RIGHT, finish=always_divided),
            "bce-reduction",
        ),
        Mistake(
            "divides_for_sum",
            "divides for the sum, too: a sum has the slopes of its terms, as they are",
            replace(RIGHT, finish=divided_for_sum),
            "bce-reduction",
        ),
        Mistake(
            "divides_by_rows",
            "divides by the number of rows: the mean of this loss counts every element, each label of each sample",
            replace(RIGHT, finish=divided_by_rows),
            "bce-reduction",
        ),
        Mistake(
            "adds_up",
            "adds the slopes up to one number: the loss is one number, its gradient has a number for each logit",
            BinaryLoss(mixed(_parts)),
            "bce-reduction",
        ),
        Mistake(
            "in_place",
            "overwrites its input (neg_, exp_ and -= change the caller's tensor)",
            in_place,
            "bce-gradient",
        ),
        *shape_mistakes(RIGHT),
    ),
    hints=(
        "Take one element and y = 1: the loss is -log(sigmoid(x)). Differentiate it on paper; the slope of the "
        "sigmoid is p * (1 - p), and something cancels. Then do the same for y = 0.",
        "The slope of -log(p) is -(1 - p), the slope of -log(1 - p) is p. Which of the two does pos_weight "
        "multiply, and with which share does each of them count for a target of 0.25?",
        "(1 - y) * p - pos_weight * y * (1 - p), with p = 1 / (1 + exp(-x)). Divide by the number of elements for "
        '"mean", and only then.',
    ),
    chapter="losses/binary-cross-entropy",
    problem_set="02-binary-cross-entropy",
    forbidden=EVERYTHING | AUTOGRAD,
    difficulty=3,
    minutes=20,
    sweep=SLOPE_SWEEP,
)
