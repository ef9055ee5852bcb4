"""Exercise: the gradient of binary cross-entropy with logits, in closed form."""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.activations import log_sigmoid, sigmoid, softmax
from lossbook.exercises.cases import random_logits
from lossbook.exercises.cases_binary import SLOPE_SWEEP, mismatched_shapes, random_targets, soft_targets
from lossbook.exercises.description import Aspect, Case, Exercise, Mistake
from lossbook.exercises.forbidden import AUTOGRAD, EVERYTHING
from lossbook.validation import check_same_shape


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


Terms = Callable[[Tensor, Tensor, Tensor | float], Tensor]
Gradient = Callable[..., Tensor]


def _slopes(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    p = sigmoid(x)
    return (1 - y) * p - pos * y * (1 - p)


def _around(terms: Terms) -> Gradient:
    """Add to a mistake that concerns single elements all that the exercise asks for besides."""

    def gradient(
        logits: Tensor, target: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
    ) -> Tensor:
        check_same_shape(logits, target)
        slopes = terms(logits, target, 1.0 if pos_weight is None else pos_weight)
        return slopes / logits.numel() if reduction == "mean" else slopes

    return gradient


_right = _around(_slopes)


@_around
def sign_turned(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return -_slopes(x, y, pos)


@_around
def forgets_sigmoid(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return (1 - y) * x - pos * y * (1 - x)


@_around
def decision_not_probability(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    p = (x > 0).to(x.dtype)
    return (1 - y) * p - pos * y * (1 - p)


@_around
def forgets_target(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return sigmoid(x) * (1 + (pos - 1) * y)


@_around
def rounds_targets(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return _slopes(x, (y > 0.5).to(x.dtype), pos)


@_around
def only_positives(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return -pos * y * (1 - sigmoid(x))


@_around
def swapped_arguments(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return _slopes(y, x, pos)


@_around
def times_slope_of_sigmoid(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    p = sigmoid(x)
    return _slopes(x, y, pos) * p * (1 - p)


@_around
def for_the_probability(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    p = sigmoid(x)
    return _slopes(x, y, pos) / (p * (1 - p))


@_around
def of_the_target(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return log_sigmoid(-x) - pos * log_sigmoid(x)


@_around
def returns_loss(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return -(pos * y * log_sigmoid(x) + (1 - y) * log_sigmoid(-x))


@_around
def naive_sigmoid(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    p = torch.exp(x) / (1 + torch.exp(x))
    return (1 - y) * p - pos * y * (1 - p)


@_around
def loses_tiny_slopes(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    not_p = sigmoid(-x)
    return (1 - y) * (1 - not_p) - pos * y * not_p


@_around
def clamps_probability(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    p = sigmoid(x).clamp(1e-7, 1 - 1e-7)
    return (1 - y) * p - pos * y * (1 - p)


@_around
def labels_compete(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    p = softmax(x.reshape(x.shape or (1,)), -1).reshape(x.shape)
    return (1 - y) * p - pos * y * (1 - p)


@_around
def ignores_pos_weight(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return sigmoid(x) - y


@_around
def pos_weight_on_all(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return pos * (sigmoid(x) - y)


@_around
def pos_weight_on_target_alone(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return sigmoid(x) - pos * y


@_around
def pos_weight_on_negatives(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    p = sigmoid(x)
    return pos * (1 - y) * p - y * (1 - p)


@_around
def pos_weight_where_one(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return torch.where(y == 1, pos, 1.0) * (sigmoid(x) - y)


@_around
def pos_weight_where_any(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return torch.where(y > 0, pos, 1.0) * (sigmoid(x) - y)


@_around
def pos_weight_mixed(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return (1 + (pos - 1) * y) * (sigmoid(x) - y)


def pos_weight_from_left(
    logits: Tensor, target: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    if pos_weight is not None and pos_weight.dim() == 1 and logits.dim() > 1:
        pos_weight = pos_weight.reshape(-1, *[1] * (logits.dim() - 1))
    return _right(logits, target, pos_weight, reduction)


def never_divided(
    logits: Tensor, target: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    return _right(logits, target, pos_weight, "none")


def always_divided(
    logits: Tensor, target: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    return _right(logits, target, pos_weight, "mean")


def divides_for_sum(
    logits: Tensor, target: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    return _right(logits, target, pos_weight, "none" if reduction == "none" else "mean")


def divides_by_rows(
    logits: Tensor, target: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    slopes = _right(logits, target, pos_weight, "none")
    return slopes / (len(logits) if logits.dim() else 1) if reduction == "mean" else slopes


def adds_up(logits: Tensor, target: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    slopes = _right(logits, target, pos_weight, "none")
    if reduction == "none":
        return slopes
    return slopes.mean() if reduction == "mean" else slopes.sum()


def no_shape_check(
    logits: Tensor, target: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    slopes = _slopes(logits, target, 1.0 if pos_weight is None else pos_weight)
    return slopes / slopes.numel() if reduction == "mean" else slopes


def asserts_shapes(
    logits: Tensor, target: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    assert logits.shape == target.shape
    return _right(logits, target, pos_weight, reduction)


def reshapes_target(
    logits: Tensor, target: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    return _right(logits, target.reshape(logits.shape), pos_weight, reduction)


@_around
def always_float32(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    return _slopes(x.float(), y.float(), pos)


@_around
def in_place(x: Tensor, y: Tensor, pos: Tensor | float) -> Tensor:
    p = x.neg_().exp_().add_(1).reciprocal_()
    return (1 - y) * p - pos * y * (1 - p)


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
            "how "
            "sure the model is",
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
            clamps_probability,
            "bce-gradient",
        ),
        Mistake(
            "labels_compete",
            "takes a softmax over the last axis: here each element is a question of its own, with a sigmoid of "
            "its own",
            labels_compete,
            "bernoulli",
        ),
        Mistake("ignores_pos_weight", "never uses pos_weight", ignores_pos_weight, "pos-weight"),
        Mistake(
            "pos_weight_on_all",
            "multiplies the whole slope by pos_weight: it belongs to the term of y only",
            pos_weight_on_all,
            "pos-weight",
        ),
        Mistake(
            "pos_weight_on_target_alone",
            "computes p - pos_weight * y: for y = 1 the whole of p - 1 has to grow, not the 1 alone",
            pos_weight_on_target_alone,
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
            "multiplies the slope of elements with y == 1: a soft target has a part of 1 in it, too",
            pos_weight_where_one,
            "pos-weight",
        ),
        Mistake(
            "pos_weight_where_any",
            "multiplies the whole slope of elements with y above 0: a soft target has a part of 0 in it that "
            "stays "
            "as it "
            "is",
            pos_weight_where_any,
            "pos-weight",
        ),
        Mistake(
            "pos_weight_mixed",
            "multiplies p - y by 1 + (pos_weight - 1) * y: for soft targets only the part of y may grow",
            pos_weight_mixed,
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
            "never_divided",
            "forgets that the mean divides: its slopes are those of the elements, divided by their number",
            never_divided,
            "bce-reduction",
        ),
        Mistake(
            "always_divided",
            "divides by the number of elements, whatever reduction says: only the mean divides",
            always_divided,
            "bce-reduction",
        ),
        Mistake(
            "divides_for_sum",
            "divides for the sum, too: a sum has the slopes of its terms, as they are",
            divides_for_sum,
            "bce-reduction",
        ),
        Mistake(
            "divides_by_rows",
            "divides by the number of rows: the mean of this loss counts every element, each label of each sample",
            divides_by_rows,
            "bce-reduction",
        ),
        Mistake(
            "adds_up",
            "adds the slopes up to one number: the loss is one number, its gradient has a number for each logit",
            adds_up,
            "bce-reduction",
        ),
        Mistake(
            "no_shape_check",
            "lets different shapes broadcast: (N,) against (N, 1) silently makes an N x N table",
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
        Mistake("always_float32", "returns float32 whatever it is given", always_float32, "bce-dtypes"),
        Mistake(
            "in_place",
            "overwrites its input (neg_, exp_ and -= change the caller's tensor)",
            in_place,
            "bce-gradient",
        ),
    ),
    hints=(
        "Take one element and y = 1: the loss is -log(sigmoid(x)). Differentiate it on paper; the slope of the "
        "sigmoid "
        "is p * (1 - p), and something cancels. Then do the same for y = 0.",
        "The slope of -log(p) is -(1 - p), the slope of -log(1 - p) is p. Which of the two does pos_weight "
        "multiply, "
        "and with which share does each of them count for a target of 0.25?",
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
