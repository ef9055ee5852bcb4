"""Exercise: the cross-entropy of logits, for one answer out of C."""

import math
from collections.abc import Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.activations import log_sigmoid, log_softmax, softmax
from lossbook.exercises import cases_classes as cases
from lossbook.exercises.cases import INF, SMALL_NUMBERS, random_logits
from lossbook.exercises.description import Aspect, Case, Exercise, Mistake
from lossbook.exercises.forbidden import EVERYTHING
from lossbook.exercises.steps_classes import (
    ClassLoss,
    Smoothing,
    along,
    axis_of,
    factor,
    ignore_mistakes,
    pick,
    pick_by_one_hot,
    pick_on_last_axis,
    reduce_soft,
    reduction_mistakes,
    smooth_probs,
    sum_of_terms,
    target_mistakes,
    unchanged,
    weight_mistakes,
)
from lossbook.exercises.steps_shared import detached


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return the cross-entropy of logits, -sum_c weight[c] * q[c] * log(softmax(logits)[c]) for each sample.

    Args:
        input: logits of any size, one per class: (C,) for one sample, (N, C) for a batch, or (N, C, d1, ...).
        target: what is true, q, in one of two forms. Class indices, int64, in the input's shape without its
            class axis: q is 1 for that class. Or class probabilities, floats, in the input's very shape;
            they are used as they are, even if they do not sum to 1.
        weight: one factor per class, (C,); without it every class counts 1.
        ignore_index: samples with this target count for nothing; for class indices only.
        reduction: "none" gives one loss per sample and position (0 where it is ignored), "sum" their sum.
            "mean" divides the sum, for class indices, by the sum of the weights of the targets that count (nan if
            there are none); for class probabilities by the number of samples and positions, whatever the weights.
        label_smoothing: epsilon, 0 to 1: q becomes (1 - epsilon) * q + epsilon / C.

    Raises:
        ValueError: the number of class indices is not the number of samples.
        IndexError: a class index is neither a class, 0 to C - 1, nor ignored.
        RuntimeError: floats in the shape of class indices, integers in the shape of class probabilities, or a
            label_smoothing above 1.
    """
    raise NotImplementedError


def logits(shape: Sequence[int], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return logits that are not far apart: no probability is so small that an added 1e-8 would show."""
    return random_logits(shape, generator, scale=1.0, dtype=dtype)


INPUTS = cases.Inputs(logits)


def one_sample(generator: torch.Generator) -> Iterator[Case]:
    """One sample without a batch axis; float64; a single class, which is always right."""
    yield from INPUTS.one_sample(generator)
    yield Case((logits((3, 1), generator), torch.tensor([0, 0, 0])), note="one class: nothing to get wrong")


def extreme(generator: torch.Generator) -> Iterator[Case]:
    """Logits at which exp overflows, or at which a probability rounds to 0."""
    yield Case((torch.tensor([[1000.0, 0.0]]), torch.tensor([1])))
    yield Case((torch.tensor([[-1000.0, -1000.0]]), torch.tensor([0])))
    yield Case((torch.tensor([[0.0, 30.0]]), torch.tensor([0])))
    rows = torch.tensor([[500.0, 501.0], [-500.0, -501.0]])
    yield Case((rows, torch.tensor([0, 1])), {"reduction": "none"}, note="rows far from each other")
    yield Case((torch.tensor([[0.0, 150.0, -INF]]), torch.tensor([0])), note="another class ruled out by -inf")
    far = logits((4, 5), generator) + torch.tensor([[900.0], [-900.0], [300.0], [0.0]])
    yield Case((far, torch.tensor([4, 0, 2, 1])), note="rows far from each other")


def probabilities(generator: torch.Generator) -> Iterator[Case]:
    """Targets that give a probability to each class."""
    soft = torch.tensor([[0.7, 0.2, 0.1], [0.0, 0.25, 0.75]])
    yield Case((torch.tensor([[2.0, 1.0, -1.0]]), soft[:1]))
    for reduction in cases.REDUCTIONS:
        yield Case((logits((2, 3), generator), soft), {"reduction": reduction})
    hot = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    yield Case((logits((3, 3), generator), hot), note="one-hot, as many classes as samples")
    unbatched = logits((3,), generator), torch.tensor([0.5, 0.25, 0.25])
    yield Case(unbatched, {"reduction": "none"}, note="one sample: three classes, not three samples")
    square = logits((2, 3, 3), generator), cases.random_probs((2, 3, 3), generator)
    for reduction in cases.REDUCTIONS:
        yield Case(square, {"reduction": reduction}, note="(N, C, T), T is as large as C")
    image = logits((1, 3, 3, 2), generator), cases.random_probs((1, 3, 3, 2), generator)
    yield Case(image, {"reduction": "none"}, note="an image: (N, C, H, W), H is as large as C")
    any_numbers = torch.tensor([[1.0, 1.0, 0.0], [0.2, 0.2, 0.2]])
    yield Case((logits((2, 3), generator), any_numbers), note="targets that do not sum to 1")
    double = logits((2, 4), generator, dtype=torch.float64)
    yield Case((double, cases.random_probs((2, 4), generator, torch.float64)), note="float64")
    yield Case((torch.tensor([[1000.0, 0.0]]), torch.tensor([[0.5, 0.5]])), note="extreme logits")


def weighted_probabilities(generator: torch.Generator) -> Iterator[Case]:
    """Class probabilities and class weights: the mean divides by the number of samples."""
    soft = torch.tensor([[0.7, 0.2, 0.1], [0.0, 0.25, 0.75]])
    for reduction in cases.REDUCTIONS:
        kwargs = {"weight": cases.weights(), "reduction": reduction}
        yield Case((logits((2, 3), generator), soft), kwargs)
    square = logits((3, 3), generator), cases.random_probs((3, 3), generator)
    yield Case(square, {"weight": cases.weights()}, note="as many classes as samples")
    unbatched = logits((3,), generator), torch.tensor([0.5, 0.25, 0.25])
    yield Case(unbatched, {"weight": cases.weights()}, note="no batch axis")
    sequence = logits((2, 3, 3), generator), cases.random_probs((2, 3, 3), generator)
    yield Case(sequence, {"weight": cases.weights()}, note="(N, C, T), T is as large as C")


def smoothed(generator: torch.Generator) -> Iterator[Case]:
    """Label smoothing from a little to all of it."""
    yield Case((torch.tensor([[2.0, 1.0, -1.0]]), torch.tensor([0])), {"label_smoothing": 0.1})
    for reduction in cases.REDUCTIONS:
        kwargs = {"label_smoothing": 0.3, "reduction": reduction}
        yield Case((logits((3, 4), generator), torch.tensor([3, 0, 0])), kwargs)
    square = logits((3, 3), generator), torch.tensor([2, 0, 2])
    yield Case(square, {"label_smoothing": 0.1}, note="as many classes as samples")
    yield Case(square, {"label_smoothing": 1.0}, note="nothing is left of the target")
    yield Case((logits((3,), generator), torch.tensor(2)), {"label_smoothing": 0.2}, note="no batch axis")
    sequence = logits((2, 3, 3), generator), torch.tensor([[0, 1, 1], [2, 0, 1]])
    yield Case(sequence, {"label_smoothing": 0.1}, note="(N, C, T), T is as large as C")
    image = logits((1, 3, 3, 2), generator), torch.tensor([[[0, 1], [1, 2], [0, 2]]])
    yield Case(image, {"label_smoothing": 0.1}, note="an image: (N, C, H, W), H is as large as C")
    ignoring = logits((4, 3), generator), torch.tensor([1, -100, 2, -100])
    for reduction in cases.REDUCTIONS:
        kwargs = {"label_smoothing": 0.1, "reduction": reduction}
        yield Case(ignoring, kwargs, note="ignored targets, too")


def smoothed_and_weighted(generator: torch.Generator) -> Iterator[Case]:
    """Label smoothing with class weights: the smoothed part carries every class's own weight."""
    for reduction in cases.REDUCTIONS:
        kwargs = {"weight": cases.weights(), "label_smoothing": 0.2, "reduction": reduction}
        yield Case((logits((2, 3), generator), torch.tensor([2, 0])), kwargs)
    kwargs = {"weight": cases.weights(), "label_smoothing": 0.2}
    yield Case((logits((3, 3), generator), torch.tensor([0, 0, 1])), kwargs)
    yield Case((logits((3,), generator), torch.tensor(1)), kwargs, note="no batch axis")
    ignoring = logits((4, 3), generator), torch.tensor([0, -100, 1, -100])
    yield Case(ignoring, kwargs, note="ignored targets, too")
    sequence = logits((2, 3, 3), generator), torch.tensor([[0, 1, 1], [2, 0, 1]])
    yield Case(sequence, kwargs, note="(N, C, T), T is as large as C")


def gradients(generator: torch.Generator) -> Iterator[Case]:
    """Class indices without weights, extreme logits among them."""
    yield from INPUTS.gradients(generator)
    yield Case((torch.tensor([[1000.0, 0.0], [-1000.0, -1001.0]]), torch.tensor([1, 0])), note="extreme logits")
    ruled_out = torch.tensor([[0.0, 1.0, -INF]]), torch.tensor([0])
    yield Case(ruled_out, note="another class ruled out by -inf")


def together(generator: torch.Generator) -> Iterator[Case]:
    """All arguments at once, with gradients."""
    yield from INPUTS.together(generator)
    kwargs = {"weight": cases.weights(), "label_smoothing": 0.1, "ignore_index": 1}
    yield Case((logits((4, 3), generator), torch.tensor([2, 1, 0, 1])), kwargs)
    soft = logits((2, 3), generator), torch.tensor([[0.7, 0.2, 0.1], [0.0, 0.25, 0.75]])
    yield Case(soft, {"label_smoothing": 0.2}, note="class probabilities")
    yield Case(soft, {"label_smoothing": 0.2, "reduction": "none"}, note="class probabilities")
    sequence = logits((2, 3, 4), generator), cases.random_probs((2, 3, 4), generator)
    yield Case(sequence, {"weight": cases.weights(), "label_smoothing": 0.1}, note="class probabilities")


def bad_input(generator: torch.Generator) -> Iterator[Case]:
    """Targets that torch refuses, by number, range, dtype; and a smoothing that is no share."""
    scores = logits((3, 4), generator)
    yield Case((scores, torch.tensor([0, 1])), note="three samples, two targets")
    yield Case((scores, torch.tensor([0, 1, 4])), note="classes are 0 to 3")
    yield Case((scores, torch.tensor([0, -1, 3])), note="-1 is no class, and not ignored")
    yield Case((scores, torch.tensor([0.0, 1.0, 3.0])), note="class indices are integers")
    note = "class probabilities are floats: one-hot integers need .float()"
    yield Case((scores, F.one_hot(torch.tensor([0, 1, 3]), 4)), note=note)
    yield Case((scores, torch.tensor([0, 1, 3])), {"label_smoothing": 1.5}, note="a share is at most 1")


RIGHT = ClassLoss()


def _shifted(x: Tensor, axis: int) -> Tensor:
    return x - x.amax(axis, keepdim=True)


def _log_of_softmax(x: Tensor, axis: int) -> Tensor:
    return torch.log(softmax(x, axis))


def _log_with_eps(eps: float) -> ClassLoss:
    return ClassLoss(log_probs=lambda x, axis: torch.log(softmax(x, axis) + eps))


def _clamped_log(eps: float) -> ClassLoss:
    return ClassLoss(log_probs=lambda x, axis: torch.log(softmax(x, axis).clamp(eps, 1 - eps)))


def _clamped_at_100(x: Tensor, axis: int) -> Tensor:
    return _log_of_softmax(x, axis).clamp(min=-100)


def _infinity_replaced(x: Tensor, axis: int) -> Tensor:
    return torch.nan_to_num(_log_of_softmax(x, axis))


def _clamped_logits(limit: float) -> ClassLoss:
    return ClassLoss(log_probs=lambda x, axis: log_softmax(x.clamp(-limit, limit), axis))


def _no_shift(x: Tensor, axis: int) -> Tensor:
    return x - torch.log(torch.exp(x).sum(axis, keepdim=True))


def _shift_only_in_sum(x: Tensor, axis: int) -> Tensor:
    return x - torch.log(torch.exp(_shifted(x, axis)).sum(axis, keepdim=True))


def _one_shift_for_all(x: Tensor, axis: int) -> Tensor:
    s = x - x.max() if x.numel() else x
    return s - torch.log(torch.exp(s).sum(axis, keepdim=True))


def _no_keepdim(x: Tensor, axis: int) -> Tensor:
    s = _shifted(x, axis)
    return s - torch.log(torch.exp(s).sum(axis))


def _first_axis(x: Tensor, axis: int) -> Tensor:
    return log_softmax(x, 0)


def _last_axis(x: Tensor, axis: int) -> Tensor:
    return log_softmax(x, -1)


def _softmax_first(x: Tensor, axis: int) -> Tensor:
    return log_softmax(softmax(x, axis), axis)


def _log_softmax_of_probabilities(x: Tensor, axis: int) -> Tensor:
    return softmax(x, axis)


def _each_alone(x: Tensor, axis: int) -> Tensor:
    return log_sigmoid(x)


def _base_two(x: Tensor, axis: int) -> Tensor:
    return log_softmax(x, axis) / math.log(2)


def _log_missing(x: Tensor, axis: int) -> Tensor:
    s = _shifted(x, axis)
    return s - torch.exp(s).sum(axis, keepdim=True)


def _log1p_of_sum(x: Tensor, axis: int) -> Tensor:
    s = _shifted(x, axis)
    return s - torch.log1p(torch.exp(s).sum(axis, keepdim=True))


def sign_missing(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    return -RIGHT(input, target, weight, ignore_index, reduction, label_smoothing)


def _other_classes(table: Tensor) -> Tensor:
    """Return log(1 - p), from log-probabilities."""
    return torch.log1p(-torch.exp(table))


def _binary_terms(table: Tensor, index: Tensor, axis: int) -> Tensor:
    rest = _other_classes(table)
    return pick(table, index, axis) + rest.sum(axis) - pick(rest, index, axis)


def _binary_sum(probs: Tensor, table: Tensor, weight: Tensor | None, axis: int) -> Tensor:
    terms = sum_of_terms(probs, table, weight, axis)
    return terms + sum_of_terms(1 - probs, _other_classes(table), weight, axis)


def weighted_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    if weight is not None:
        input = input * along(weight, input, axis_of(input))
    return RIGHT(input, target, None, ignore_index, reduction, label_smoothing)


def without_ignored_class(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    axis = axis_of(input)
    if 0 <= ignore_index < input.shape[axis]:
        input = input.index_fill(axis, torch.tensor(ignore_index), -INF)
    return RIGHT(input, target, weight, ignore_index, reduction, label_smoothing)


def by_elements(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    loss = RIGHT(input, target, weight, ignore_index, reduction, label_smoothing)
    return loss / input.shape[axis_of(input)] if reduction == "mean" else loss


def most_likely_target(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    if target.shape == input.shape and target.is_floating_point():
        target = target.argmax(axis_of(input))
    return RIGHT(input, target, weight, ignore_index, reduction, label_smoothing)


def targets_in_place(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    if target.shape == input.shape and target.is_floating_point():
        target *= 1 - label_smoothing
        target += label_smoothing / target.shape[axis_of(input)]
        label_smoothing = 0.0
    loss = RIGHT(input, target, weight, ignore_index, reduction, label_smoothing)
    if not target.is_floating_point():
        target[target == ignore_index] = 0
    return loss


def in_place(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    if input.numel():
        input -= input.amax(axis_of(input), keepdim=True)
    return RIGHT(input, target, weight, ignore_index, reduction, label_smoothing)


def indices_only(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    if target.shape == input.shape:
        raise RuntimeError("as gather does, which wants integers")
    return RIGHT(input, target, weight, ignore_index, reduction, label_smoothing)


def _normalised_sum(probs: Tensor, table: Tensor, weight: Tensor | None, axis: int) -> Tensor:
    return sum_of_terms(probs / probs.sum(axis, keepdim=True), table, weight, axis)


def _unweighted_sum(probs: Tensor, table: Tensor, weight: Tensor | None, axis: int) -> Tensor:
    return sum_of_terms(probs, table, None, axis)


def _from_the_right(probs: Tensor, table: Tensor, weight: Tensor | None, axis: int) -> Tensor:
    terms = probs * table if weight is None else probs * table * weight
    return -terms.sum(axis)


def _over_last_axis(probs: Tensor, table: Tensor, weight: Tensor | None, axis: int) -> Tensor:
    return _from_the_right(probs, table, weight, -1)


def _by_weights(loss: Tensor, probs: Tensor, weight: Tensor | None, axis: int, reduction: str) -> Tensor:
    if reduction != "mean" or weight is None:
        return reduce_soft(loss, probs, weight, axis, reduction)
    return loss.sum() / (probs * along(weight, probs, axis)).sum()


def _soft_by_elements(loss: Tensor, probs: Tensor, weight: Tensor | None, axis: int, reduction: str) -> Tensor:
    reduced = reduce_soft(loss, probs, weight, axis, reduction)
    return reduced / probs.shape[axis] if reduction == "mean" else reduced


def _no_smoothing(s: Smoothing) -> Tensor:
    return s.loss


def _no_smooth_probs(target: Tensor, epsilon: float, axis: int) -> Tensor:
    return target


def _only_others(s: Smoothing) -> Tensor:
    return (1 - s.epsilon) * s.loss + s.epsilon / (s.classes - 1) * (s.all_classes - s.loss)


def _only_others_probs(target: Tensor, epsilon: float, axis: int) -> Tensor:
    return (1 - epsilon) * target + epsilon / max(target.shape[axis] - 1, 1) * (1 - target)


def _true_class_left_out(s: Smoothing) -> Tensor:
    return (1 - s.epsilon) * s.loss + s.epsilon / s.classes * (s.all_classes - s.loss)


def _true_class_left_out_probs(target: Tensor, epsilon: float, axis: int) -> Tensor:
    return (1 - epsilon) * target + epsilon / target.shape[axis] * (1 - target)


def _added(s: Smoothing) -> Tensor:
    return s.loss + s.epsilon / s.classes * s.all_classes


def _added_probs(target: Tensor, epsilon: float, axis: int) -> Tensor:
    return target + epsilon / target.shape[axis]


def _not_shared(s: Smoothing) -> Tensor:
    return (1 - s.epsilon) * s.loss + s.epsilon * s.all_classes


def _not_shared_probs(target: Tensor, epsilon: float, axis: int) -> Tensor:
    return (1 - epsilon) * target + epsilon


def _swapped(s: Smoothing) -> Tensor:
    return s.epsilon * s.loss + (1 - s.epsilon) / s.classes * s.all_classes


def _swapped_probs(target: Tensor, epsilon: float, axis: int) -> Tensor:
    return smooth_probs(target, 1 - epsilon, axis) if epsilon else target


def _smoothing_unweighted(s: Smoothing) -> Tensor:
    return (1 - s.epsilon) * s.loss - s.epsilon * s.table.mean(s.axis)


def _true_weight_for_all(s: Smoothing) -> Tensor:
    return (1 - s.epsilon) * s.loss - s.epsilon * s.factor * s.table.mean(s.axis)


def _uniform(input: Tensor, weight: Tensor | None) -> Tensor:
    """Return each sample's loss for a target that is the same for all classes."""
    even = torch.full_like(input, 1 / input.shape[axis_of(input)])
    return RIGHT(input, even, weight, reduction="none")


def smoothing_keeps_ignored(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    right = RIGHT(input, target, weight, ignore_index, reduction, label_smoothing)
    if target.shape == input.shape or not label_smoothing:
        return right
    counted = target != ignore_index
    rest = torch.where(counted, 0, label_smoothing * _uniform(input, weight))
    if reduction == "none":
        return right + rest
    if reduction == "sum":
        return right + rest.sum()
    factors = factor(weight, torch.where(counted, target, 0), rest)
    return right + rest.sum() / torch.where(counted, factors, 0).sum()


def smoothing_by_number(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    if target.shape == input.shape or reduction != "mean" or not label_smoothing:
        return RIGHT(input, target, weight, ignore_index, reduction, label_smoothing)
    sharp = RIGHT(input, target, weight, ignore_index)
    counted = target != ignore_index
    rest = torch.where(counted, _uniform(input, weight), 0).sum() / counted.sum()
    return (1 - label_smoothing) * sharp + label_smoothing * rest


def reshaped(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    if input.dim() < 3:
        return RIGHT(input, target, weight, ignore_index, reduction, label_smoothing)
    rows = input.reshape(-1, input.shape[1])
    flat = target.reshape(rows.shape) if target.shape == input.shape else target.reshape(-1)
    loss = RIGHT(rows, flat, weight, ignore_index, reduction, label_smoothing)
    return loss.reshape(input.shape[:1] + input.shape[2:]) if reduction == "none" else loss


def from_the_end(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    if not target.is_floating_point() and target.shape != input.shape:
        classes = input.shape[axis_of(input)]
        negative = (target < 0) & (target >= -classes) & (target != ignore_index)
        target = torch.where(negative, target + classes, target)
    return RIGHT(input, target, weight, ignore_index, reduction, label_smoothing)


def any_dtype(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    target = target.to(input.dtype) if target.shape == input.shape else target.long()
    return RIGHT(input, target, weight, ignore_index, reduction, label_smoothing)


EXERCISE = Exercise(
    name="cross_entropy",
    stub=cross_entropy,
    reference=F.cross_entropy,
    aspects=(
        Aspect("values", 2, INPUTS.values),
        Aspect("reductions", 1, INPUTS.reductions),
        Aspect("one sample, float64, one class", 1, one_sample),
        Aspect("extreme logits", 2, extreme),
        Aspect("class weights", 2, INPUTS.weighted),
        Aspect("ignored targets", 2, INPUTS.ignored),
        Aspect("nothing to count", 1, INPUTS.nothing_counts),
        Aspect("the class axis", 2, INPUTS.class_axis),
        Aspect("class probabilities", 2, probabilities),
        Aspect("class probabilities with weights", 1, weighted_probabilities),
        Aspect("label smoothing", 1, smoothed),
        Aspect("label smoothing with weights", 1, smoothed_and_weighted),
        Aspect("gradient", 1, gradients, gradient=True),
        Aspect("everything at once", 1, together, gradient=True),
        Aspect("bad input", 1, bad_input),
    ),
    mistakes=(
        Mistake("sign_missing", "leaves the minus out: a cross-entropy is never negative", sign_missing, "nll"),
        Mistake(
            "softmax_first",
            "puts the logits through a softmax twice: probabilities between 0 and 1 are taken for logits, so the "
            "loss cannot come near 0",
            ClassLoss(log_probs=_softmax_first),
            "double-softmax",
        ),
        Mistake(
            "logits_as_log_probs",
            "takes the logits for log-probabilities: without the log-softmax the other classes do not matter",
            ClassLoss(log_probs=unchanged),
            "cross-entropy",
        ),
        Mistake(
            "probability_not_log",
            "returns minus the probability of the true class: the logarithm is missing",
            ClassLoss(log_probs=_log_softmax_of_probabilities),
            "cross-entropy",
        ),
        Mistake(
            "log_of_softmax",
            "takes the logarithm of the softmax: a probability that has rounded to 0 costs infinitely much",
            ClassLoss(log_probs=_log_of_softmax),
            "ce-stability",
        ),
        Mistake(
            "log_with_eps",
            "adds a small number before the logarithm: that hides the infinity, and caps the loss (at about 18 for 1e-8)",
            _log_with_eps(1e-8),
            "ce-stability",
            variants=tuple(map(_log_with_eps, SMALL_NUMBERS)),
        ),
        Mistake(
            "clamped_log",
            "clamps the probabilities before the logarithm: that caps the loss (at about 16 for 1e-7), and stops the "
            "gradient just where the model is most wrong",
            _clamped_log(1e-7),
            "ce-stability",
            variants=tuple(map(_clamped_log, (1e-4, 1e-5, 1e-6, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15))),
        ),
        Mistake(
            "clamps_logarithm",
            "clamps the logarithm, or puts a number in the place of -inf: the loss is capped there",
            ClassLoss(log_probs=_clamped_at_100),
            "ce-stability",
            variants=(ClassLoss(log_probs=_infinity_replaced),),
        ),
        Mistake(
            "clamps_logits",
            "clamps the logits: beyond the clamp the loss no longer grows, and there is no gradient",
            _clamped_logits(50),
            "ce-stability",
            variants=tuple(map(_clamped_logits, (20, 30, 80, 100))),
        ),
        Mistake(
            "no_shift",
            "exponentiates the logits as they are: exp(1000) is inf, and log(exp(-1000)) is -inf",
            ClassLoss(log_probs=_no_shift),
            "ce-stability",
        ),
        Mistake(
            "one_shift_for_all",
            "subtracts one maximum from the whole batch: a row far below it underflows to log(0)",
            ClassLoss(log_probs=_one_shift_for_all),
            "ce-stability",
        ),
        Mistake(
            "shift_only_in_sum",
            "subtracts the maximum inside the log-sum-exp and never adds it back",
            ClassLoss(log_probs=_shift_only_in_sum),
            "ce-stability",
        ),
        Mistake(
            "log_missing",
            "subtracts the sum of the exponentials, not its logarithm",
            ClassLoss(log_probs=_log_missing),
            "cross-entropy",
        ),
        Mistake(
            "log1p_of_sum",
            "takes log1p of the sum of exponentials: the 1 of the largest class is in it already, and counts twice",
            ClassLoss(log_probs=_log1p_of_sum),
            "cross-entropy",
        ),
        Mistake(
            "no_keepdim",
            "sums the exponentials without keepdim=True: the sums then line up with the wrong axis, silently "
            "for a square batch",
            ClassLoss(log_probs=_no_keepdim),
            "class-axis",
        ),
        Mistake(
            "first_axis",
            "takes the softmax over the samples, not over the classes",
            ClassLoss(log_probs=_first_axis),
            "class-axis",
        ),
        Mistake(
            "last_axis",
            "looks for the classes on the last axis: they are on axis 1, and nothing complains while both have "
            "the same length",
            ClassLoss(log_probs=_last_axis, pick=pick_on_last_axis, sum_of_terms=_over_last_axis),
            "class-axis",
        ),
        Mistake(
            "softmax_on_last_axis",
            "takes the softmax along the last axis and the true class on axis 1: the classes are on axis 1 for both",
            ClassLoss(log_probs=_last_axis),
            "class-axis",
        ),
        Mistake(
            "reshaped",
            "reshapes to rows of C numbers without moving the class axis to the end first, so the rows mix "
            "classes and positions",
            reshaped,
            "class-axis",
        ),
        Mistake(
            "each_alone",
            "squashes each logit alone, with a sigmoid: the classes do not compete",
            ClassLoss(log_probs=_each_alone),
            "cross-entropy",
        ),
        Mistake(
            "binary_terms",
            "adds log(1 - p) of the other classes: that is the binary formula, the softmax takes care of them",
            ClassLoss(pick=_binary_terms, sum_of_terms=_binary_sum),
            "cross-entropy",
        ),
        Mistake(
            "base_two",
            "takes logarithms to base 2: the loss is then in bits, torch's is in nats",
            ClassLoss(log_probs=_base_two),
            "cross-entropy",
        ),
        Mistake(
            "by_one_hot",
            "multiplies by a one-hot target and sums: 0 times -inf is nan where a class is ruled out",
            ClassLoss(pick=pick_by_one_hot),
            "ce-stability",
        ),
        *reduction_mistakes(RIGHT),
        Mistake(
            "by_elements",
            "divides by the number of all logits, classes included: the mean is one over the samples",
            by_elements,
            "ce-reduction",
        ),
        Mistake(
            "unweighted",
            "does not use the class weights",
            lambda input, target, weight=None, *args, **kwargs: RIGHT(input, target, None, *args, **kwargs),
            "class-weights",
        ),
        *weight_mistakes(RIGHT),
        Mistake(
            "weighted_logits",
            "multiplies the logits by the weights: that makes other probabilities; weights multiply losses",
            weighted_logits,
            "class-weights",
        ),
        *ignore_mistakes(RIGHT),
        Mistake(
            "without_ignored_class",
            "takes the ignored class out of the softmax: samples are ignored, the class competes in all others",
            without_ignored_class,
            "ignore-index",
        ),
        Mistake(
            "indices_only",
            "takes every target for class indices: one in the logits' own shape holds class probabilities",
            indices_only,
            "probability-targets",
        ),
        Mistake(
            "most_likely_target",
            "turns class probabilities into the most likely class: what the target says about the others is lost",
            most_likely_target,
            "probability-targets",
        ),
        Mistake(
            "target_normalised",
            "makes class probabilities sum to 1: torch uses them as they are",
            ClassLoss(sum_of_terms=_normalised_sum),
            "probability-targets",
        ),
        Mistake(
            "target_squashed",
            "puts the class probabilities of the target through a softmax: they are probabilities already",
            ClassLoss(smooth_probs=lambda target, e, axis: smooth_probs(softmax(target, axis), e, axis)),
            "probability-targets",
        ),
        Mistake(
            "soft_by_elements",
            "takes the mean over all terms of class probabilities: sum over the classes first, then average",
            ClassLoss(reduce_soft=_soft_by_elements),
            "probability-targets",
        ),
        Mistake(
            "soft_unweighted",
            "uses the class weights for class indices only, not for class probabilities",
            ClassLoss(sum_of_terms=_unweighted_sum),
            "probability-targets",
        ),
        Mistake(
            "soft_by_weights",
            "divides the mean over class probabilities by their weights: here it is by the number of samples",
            ClassLoss(reduce_soft=_by_weights),
            "probability-targets",
        ),
        Mistake(
            "weights_from_the_right",
            "lets the weights line up with the last axis: with sequences they belong to axis 1, as (C, 1)",
            ClassLoss(sum_of_terms=_from_the_right),
            "class-axis",
        ),
        Mistake(
            "no_smoothing",
            "does not use label_smoothing",
            ClassLoss(smooth=_no_smoothing, smooth_probs=_no_smooth_probs),
            "label-smoothing",
        ),
        Mistake(
            "soft_not_smoothed",
            "smooths class indices only: class probabilities are smoothed in the same way",
            ClassLoss(smooth_probs=_no_smooth_probs),
            "label-smoothing",
        ),
        Mistake(
            "smoothing_others_only",
            "spreads epsilon over the C - 1 other classes: all C classes, the true one too, get epsilon / C each",
            ClassLoss(smooth=_only_others, smooth_probs=_only_others_probs),
            "label-smoothing",
        ),
        Mistake(
            "smoothing_without_true_class",
            "leaves the true class at 1 - epsilon: it gets epsilon / C on top, else the target does not sum to 1",
            ClassLoss(smooth=_true_class_left_out, smooth_probs=_true_class_left_out_probs),
            "label-smoothing",
        ),
        Mistake(
            "smoothing_added",
            "adds epsilon / C to every class and does not scale the target down by 1 - epsilon",
            ClassLoss(smooth=_added, smooth_probs=_added_probs),
            "label-smoothing",
        ),
        Mistake(
            "smoothing_not_shared",
            "gives every class the whole of epsilon: the classes share it, epsilon / C for each",
            ClassLoss(smooth=_not_shared, smooth_probs=_not_shared_probs),
            "label-smoothing",
        ),
        Mistake(
            "smoothing_swapped",
            "has epsilon and 1 - epsilon swapped: epsilon is the share that is spread evenly",
            ClassLoss(smooth=_swapped, smooth_probs=_swapped_probs),
            "label-smoothing",
        ),
        Mistake(
            "smoothing_unweighted",
            "leaves the smoothed part without weights: each class in it carries its own",
            ClassLoss(smooth=_smoothing_unweighted),
            "label-smoothing",
        ),
        Mistake(
            "true_weight_for_all",
            "multiplies the smoothed part by the true class's weight: each class in it carries its own",
            ClassLoss(smooth=_true_weight_for_all),
            "label-smoothing",
        ),
        Mistake(
            "smoothing_by_number",
            "divides the smoothed part by the number of targets: the whole loss is divided by the sum of their "
            "weights",
            smoothing_by_number,
            "label-smoothing",
        ),
        Mistake(
            "smoothing_keeps_ignored",
            "leaves the ignored samples in the smoothed part: they count for nothing there, too",
            smoothing_keeps_ignored,
            "label-smoothing",
        ),
        *target_mistakes(RIGHT),
        Mistake(
            "from_the_end",
            "lets a target of -1 mean the last class, as indices in Python do: torch refuses it",
            from_the_end,
            "ce-targets",
        ),
        Mistake(
            "any_dtype",
            "casts targets of the wrong dtype: torch refuses them, since a class of 1.7 or a one-hot table of "
            "integers is more likely a slip",
            any_dtype,
            "ce-targets",
        ),
        Mistake(
            "in_place", "overwrites its input (x -= ... changes the caller's tensor)", in_place, "ce-stability"
        ),
        Mistake(
            "targets_in_place",
            "overwrites the target (smoothing it, or putting 0 where it is ignored): the caller's tensor changes",
            targets_in_place,
            "ce-targets",
        ),
        detached(RIGHT, "ce-gradient"),
    ),
    hints=(
        "Begin with class indices and nothing else: log_softmax along the class axis, then what nll_loss does. "
        "Check often: each aspect that passes earns its points.",
        "The target's shape tells the two forms apart. Class probabilities need one line of their own: "
        "-(q * log_probs).sum(axis), and a mean that divides by the number of samples.",
        "Per sample, with class indices: loss = (1 - eps) * weight[y] * -log_probs[y] + "
        "eps / C * -(weight * log_probs).sum(axis). Then set ignored samples to 0, and divide by the sum of "
        "weight[y] over those that count. weight has to line up with axis 1: reshape it to (C, 1, ...).",
    ),
    chapter="losses/cross-entropy",
    problem_set="03-cross-entropy",
    forbidden=EVERYTHING,
    difficulty=4,
    minutes=45,
)
