"""Exercise: the gradient of the cross-entropy on the logits, in closed form."""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.activations import log_softmax, softmax
from lossbook.exercises import cases_classes as cases
from lossbook.exercises.cases import INF, random_logits
from lossbook.exercises.description import Aspect, Case, Exercise, Mistake
from lossbook.exercises.forbidden import AUTOGRAD, EVERYTHING


def cross_entropy_gradient(
    logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """Return the gradient of cross_entropy(logits, target, weight, reduction=reduction) on the logits.

    By a formula, not by autograd: this is what a backward pass computes.

    Args:
        logits: (N, C), numbers of any size. N may be 0.
        target: the true classes, int64, (N,).
        weight: one factor per class, (C,); without it every class counts 1.
        reduction: that of the loss, "mean" (the sum divided by the sum of the targets' weights) or "sum".

    Returns:
        A tensor of the logits' shape and dtype.

    Raises:
        ValueError: the reduction is neither "mean" nor "sum".
    """
    raise NotImplementedError


def by_autograd(logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    """Return the gradient that torch finds."""
    leaf = logits.detach().clone().requires_grad_()
    if reduction == "none":
        raise ValueError("a gradient is of one number")
    loss = F.cross_entropy(leaf, target, weight=weight, reduction=reduction)
    return torch.autograd.grad(loss, leaf)[0]


def values(generator: torch.Generator) -> Iterator[Case]:
    """Plain batches, and the mean."""
    yield Case((torch.tensor([[2.0, 1.0, -1.0]]), torch.tensor([1])))
    yield Case((random_logits((2, 3), generator), torch.tensor([2, 1])))
    yield Case((random_logits((3, 3), generator), torch.tensor([2, 0, 2])), note="as many classes as samples")
    yield Case((random_logits((20, 5), generator), cases.all_classes((20,), 5, generator)))


def sums(generator: torch.Generator) -> Iterator[Case]:
    """The gradient of the sum."""
    for shape, target in (((2, 3), [0, 2]), ((3, 3), [1, 0, 1]), ((4, 2), [1, 0, 0, 1])):
        yield Case((random_logits(shape, generator), torch.tensor(target)), {"reduction": "sum"})


def weighted(generator: torch.Generator) -> Iterator[Case]:
    """Weights far from each other; with the mean they are in the denominator, too."""
    for reduction in ("sum", "mean"):
        kwargs = {"weight": cases.weights(), "reduction": reduction}
        yield Case((random_logits((2, 3), generator), torch.tensor([2, 0])), kwargs)
        square = random_logits((3, 3), generator), torch.tensor([2, 2, 1])
        yield Case(square, kwargs, note="as many classes as samples")
        yield Case((random_logits((4, 3), generator), torch.tensor([0, 1, 1, 2])), kwargs)
    kwargs = {"weight": cases.weights(0.0, 1.0, 3.0)}
    yield Case((random_logits((3, 3), generator), torch.tensor([0, 1, 2])), kwargs, note="a weight of 0")
    double = random_logits((2, 3), generator, dtype=torch.float64)
    kwargs = {"weight": cases.weights(dtype=torch.float64)}
    yield Case((double, torch.tensor([2, 1])), kwargs, note="float64")


def extreme(generator: torch.Generator) -> Iterator[Case]:
    """Logits at which exp overflows."""
    yield Case((torch.tensor([[1000.0, 0.0]]), torch.tensor([1])))
    yield Case((torch.tensor([[-1000.0, -1000.0]]), torch.tensor([0])))
    rows = torch.tensor([[500.0, 501.0], [-500.0, -501.0]])
    yield Case((rows, torch.tensor([0, 1])), note="rows far from each other")
    yield Case((torch.tensor([[0.0, 1.0, -INF]]), torch.tensor([0])), note="another class ruled out by -inf")


def shapes(generator: torch.Generator) -> Iterator[Case]:
    """float64, two classes, one class, and an empty batch."""
    double = random_logits((3, 4), generator, dtype=torch.float64)
    yield Case((double, torch.tensor([3, 0, 1])), note="float64")
    yield Case((random_logits((3, 2), generator), torch.tensor([1, 0, 1])))
    yield Case((random_logits((2, 1), generator), torch.tensor([0, 0])), note="one class: nothing to learn")
    empty = torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64)
    yield Case(empty, {"reduction": "sum"}, note="an empty batch")


def bad_reduction(generator: torch.Generator) -> Iterator[Case]:
    """Words that name no loss of one number."""
    case = random_logits((2, 3), generator), torch.tensor([2, 0])
    yield Case(case, {"reduction": "none"}, note="N losses have no one gradient")
    yield Case(case, {"reduction": "average"}, note="no such reduction")


def _hot(logits: Tensor, target: Tensor) -> Tensor:
    return F.one_hot(target, logits.shape[1]).to(logits.dtype)


def _factor(logits: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
    return torch.ones_like(logits[:, 0]) if weight is None else weight[target]


def _reduce(rows: Tensor, total: Tensor | float, reduction: str) -> Tensor:
    if reduction not in ("mean", "sum"):
        raise ValueError(reduction)
    return rows / total if reduction == "mean" else rows


def _with(difference: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """Return the gradient with another row for each sample, from its logits and its one-hot target."""

    def wrong(logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
        factor = _factor(logits, target, weight)
        rows = factor.unsqueeze(1) * difference(logits, _hot(logits, target))
        return _reduce(rows, factor.sum(), reduction)

    return wrong


right = _with(lambda x, hot: softmax(x, 1) - hot)


def _no_shift(x: Tensor, hot: Tensor) -> Tensor:
    e = torch.exp(x)
    return e / e.sum(1, keepdim=True) - hot


def _one_shift_for_all(x: Tensor, hot: Tensor) -> Tensor:
    e = torch.exp(x - x.max()) if x.numel() else x
    return e / e.sum(1, keepdim=True) - hot


def _clamped(limit: float) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda x, hot: softmax(x.clamp(-limit, limit), 1) - hot


def _in_every_row(x: Tensor, hot: Tensor) -> Tensor:
    return softmax(x, 1) - (hot.amax(0) if len(hot) else hot)


def _each_alone(x: Tensor, hot: Tensor) -> Tensor:
    z = torch.exp(torch.where(x >= 0, -x, x))
    return torch.where(x >= 0, 1, z) / (1 + z) - hot


def _with_another_slope(x: Tensor, hot: Tensor) -> Tensor:
    p = softmax(x, 1)
    return (p - hot) * p * (1 - p)


def _diagonal(x: Tensor, hot: Tensor) -> Tensor:
    return hot * (softmax(x, 1) - 1)


def _squared_error(x: Tensor, hot: Tensor) -> Tensor:
    p = softmax(x, 1)
    slope = 2 * (p - hot)
    return p * (slope - (p * slope).sum(1, keepdim=True))


def by_position(logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    rows = softmax(logits, 1) - _hot(logits, target)
    factor = _factor(logits, target, weight)
    return _reduce(rows if weight is None else weight.unsqueeze(1) * rows, factor.sum(), reduction)


def by_column(logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    rows = softmax(logits, 1) - _hot(logits, target)
    factor = _factor(logits, target, weight)
    return _reduce(rows if weight is None else weight * rows, factor.sum(), reduction)


def by_column_over_number(
    logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    rows = right(logits, target, None, "sum")
    return _reduce(rows if weight is None else weight * rows, max(len(target), 1), reduction)


def weighted_target_only(
    logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    factor = _factor(logits, target, weight)
    rows = softmax(logits, 1) - factor.unsqueeze(1) * _hot(logits, target)
    return _reduce(rows, factor.sum(), reduction)


def weighted_logits(
    logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    return right(logits if weight is None else weight * logits, target, None, reduction)


def unweighted(logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    return right(logits, target, None, reduction)


def by_number(logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    return _reduce(right(logits, target, weight, "sum"), max(len(target), 1), reduction)


def by_all_weights(
    logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    total = len(target) if weight is None else weight.sum()
    return _reduce(right(logits, target, weight, "sum"), total, reduction)


def by_elements(logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    rows = right(logits, target, weight, reduction)
    return rows / logits.shape[1] if reduction == "mean" else rows


def never_divided(logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    return right(logits, target, weight, "sum" if reduction == "mean" else reduction)


def always_divided(
    logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    return right(logits, target, weight, "mean" if reduction == "sum" else reduction)


def over_samples(logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    return right(logits, target, weight, reduction).sum(0)


def logits_in_place(
    logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    rows = right(logits, target, weight, reduction)
    logits.copy_(softmax(logits, 1))
    return rows


def any_reduction(logits: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean") -> Tensor:
    return right(logits, target, weight, "mean" if reduction == "mean" else "sum")


EXERCISE = Exercise(
    name="cross_entropy_gradient",
    stub=cross_entropy_gradient,
    reference=by_autograd,
    aspects=(
        Aspect("values", 2, values),
        Aspect("the sum", 1, sums),
        Aspect("class weights", 2, weighted),
        Aspect("extreme logits", 1, extreme),
        Aspect("shapes and dtypes", 1, shapes),
        Aspect("bad input", 1, bad_reduction),
    ),
    mistakes=(
        Mistake(
            "sign_turned",
            "has the sign turned around: the gradient is probability minus target, and descent subtracts it",
            _with(lambda x, hot: hot - softmax(x, 1)),
            "ce-gradient",
        ),
        Mistake(
            "only_softmax",
            "returns the probabilities: the one-hot target is not subtracted",
            _with(lambda x, hot: softmax(x, 1)),
            "ce-gradient",
        ),
        Mistake(
            "logits_minus_target",
            "subtracts the target from the logits: the softmax is missing",
            _with(lambda x, hot: x - hot),
            "ce-gradient",
        ),
        Mistake(
            "log_probs_minus_target",
            "subtracts the target from the log-probabilities: the gradient has the probabilities themselves",
            _with(lambda x, hot: log_softmax(x, 1) - hot),
            "ce-gradient",
        ),
        Mistake(
            "softmax_of_softmax",
            "puts the logits through a softmax twice",
            _with(lambda x, hot: softmax(softmax(x, 1), 1) - hot),
            "double-softmax",
        ),
        Mistake(
            "on_probabilities",
            "stops at the probabilities: -1 / p is the gradient on the softmax's output, not on the logits",
            _with(lambda x, hot: -hot / softmax(x, 1)),
            "ce-gradient",
        ),
        Mistake(
            "another_slope",
            "multiplies by p * (1 - p): the slope of the softmax is in p - y already, it cancels against the "
            "logarithm's",
            _with(_with_another_slope),
            "ce-gradient",
        ),
        Mistake(
            "squared_error",
            "is the gradient of a squared error of the probabilities, not of their logarithm",
            _with(_squared_error),
            "ce-gradient",
        ),
        Mistake(
            "true_class_only",
            "moves the true class only: the others have a gradient as well, their probability",
            _with(_diagonal),
            "ce-gradient",
        ),
        Mistake(
            "each_alone",
            "squashes each logit alone: that is the gradient of a binary loss per class",
            _with(_each_alone),
            "ce-gradient",
        ),
        Mistake(
            "first_axis",
            "takes the softmax over the samples, not over the classes",
            _with(lambda x, hot: softmax(x, 0) - hot),
            "class-axis",
        ),
        Mistake(
            "no_shift",
            "exponentiates the logits as they are: exp(1000) is inf, and inf / inf is nan",
            _with(_no_shift),
            "ce-stability",
        ),
        Mistake(
            "one_shift_for_all",
            "subtracts one maximum from the whole batch: a row far below it underflows to 0 / 0",
            _with(_one_shift_for_all),
            "ce-stability",
        ),
        Mistake(
            "never_divided",
            "returns the gradient of the sum where that of the mean is asked for",
            never_divided,
            "ce-reduction",
        ),
        Mistake(
            "always_divided",
            "divides for the sum as well: only the mean has a denominator",
            always_divided,
            "ce-reduction",
        ),
        Mistake(
            "by_elements",
            "divides by the number of all logits, classes included: the mean is one over the samples",
            by_elements,
            "ce-reduction",
        ),
        Mistake(
            "clamps_logits",
            "clamps the logits before the softmax: beyond the clamp all classes are taken for equal",
            _with(_clamped(50)),
            "ce-stability",
            variants=tuple(_with(_clamped(limit)) for limit in (20, 30, 80, 100)),
        ),
        Mistake(
            "in_every_row",
            "subtracts 1 with p[:, target]: that is the column of every target in every row, p[rows, target] is one "
            "number in each",
            _with(_in_every_row),
            "ce-gradient",
        ),
        Mistake(
            "over_samples",
            "adds the samples up: every sample's logits have a gradient of their own, (N, C) in all",
            over_samples,
            "ce-gradient",
        ),
        Mistake("unweighted", "does not use the class weights", unweighted, "class-weights"),
        Mistake(
            "by_number",
            "divides by the number of samples, not by the sum of their weights",
            by_number,
            "class-weights",
        ),
        Mistake(
            "by_all_weights",
            "divides by the sum of all class weights, not by those of the targets in the batch",
            by_all_weights,
            "class-weights",
        ),
        Mistake(
            "by_column",
            "multiplies each column by its class's weight: a sample's whole row has the weight of its true class",
            by_column,
            "class-weights",
            variants=(by_column_over_number,),
        ),
        Mistake(
            "by_position",
            "multiplies the rows by the weights as they stand: look up each sample's own, weight[target]",
            by_position,
            "class-weights",
        ),
        Mistake(
            "weighted_target_only",
            "weights the one-hot target and not the probabilities: the weight is a factor of the whole row",
            weighted_target_only,
            "class-weights",
        ),
        Mistake(
            "weighted_logits",
            "multiplies the logits by the weights: weights multiply losses, and so gradients",
            weighted_logits,
            "class-weights",
        ),
        Mistake("in_place", "overwrites its input", logits_in_place, "ce-gradient"),
        Mistake(
            "any_reduction",
            "takes every other word for the sum: an unknown reduction is an error, or a slip of the pen goes "
            "unnoticed",
            any_reduction,
            "ce-reduction",
        ),
    ),
    hints=(
        "Write the loss of one sample as log(sum(exp(x))) - x[y]. What is the derivative of the first part with "
        "respect to x[i]? And of the second, for i = y and for i != y?",
        "The row of one sample is softmax(x) - onehot(y). The weight and the denominator of the mean do not "
        "depend on the logits: they are factors.",
        "p = e / e.sum(1, keepdim=True), with e = exp(x - x.amax(1, keepdim=True)). Subtract "
        "F.one_hot(target, C), multiply each row by weight[target] (as a column), and for the mean divide by "
        "the sum of weight[target].",
    ),
    chapter="losses/cross-entropy",
    problem_set="03-cross-entropy",
    forbidden=EVERYTHING | AUTOGRAD,
    difficulty=3,
    minutes=20,
)
