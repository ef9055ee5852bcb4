"""Exercise: the training step's loss for a head of one logit, with shape and dtype repaired."""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.exercises import cases_heads
from lossbook.exercises.cases import SMALL_NUMBERS
from lossbook.exercises.cases_heads import both_classes, forum_rows, one_logit, two_logits
from lossbook.exercises.description import PROMPT, Aspect, Case, Exercise, Mistake
from lossbook.exercises.steps_shared import detached


def loss_of_one_logit(output: Tensor, target: Tensor) -> Tensor:
    """Return the loss of a batch for a model that ends in Linear(d, 1): its mean binary cross-entropy.

    Args:
        output: logits of class 1, float32 or float64, shape (N, 1), as the layer gives them.
        target: class numbers 0 and 1, int64, shape (N,), as a data set gives them.

    Returns:
        The mean over the samples, a scalar of the dtype of ``output``. Its gradient flows back to ``output``.

    Raises:
        ValueError: ``output`` does not have shape (N, 1), with N the number of targets.
    """
    raise NotImplementedError


def reference(output: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(output.squeeze(1), target.to(output.dtype))


def forum(generator: torch.Generator) -> Iterator[Case]:
    """The thread's own numbers, each pair as the one logit that says the same."""
    batch = forum_rows()
    logits = (batch.logits[:, 1] - batch.logits[:, 0]).round(decimals=4).unsqueeze(1)
    yield Case((logits, batch.target), note="differences of the rows from the forum thread")


def batch_of_one(generator: torch.Generator) -> Iterator[Case]:
    """What a last, short batch looks like."""
    yield Case((torch.tensor([[0.5]]), torch.tensor([1])), note="a single sample")
    yield Case((one_logit(1, generator).unsqueeze(1), torch.tensor([0])), note="a single sample")


def in_float64(generator: torch.Generator) -> Iterator[Case]:
    """A model in float64."""
    yield Case(
        (one_logit(3, generator, dtype=torch.float64).unsqueeze(1), torch.tensor([0, 1, 1])), note="float64"
    )


def extreme(generator: torch.Generator) -> Iterator[Case]:
    """Samples of which the model is sure, right and wrong ones."""
    yield Case((torch.tensor([[1000.0], [500.0]]), torch.tensor([0, 1])), note="sure, and wrong once")
    yield Case((torch.tensor([[-300.0], [-150.0]]), torch.tensor([1, 0])), note="sure, and wrong once")


def gradients(generator: torch.Generator) -> Iterator[Case]:
    """Batches at which the gradient is compared, logits of 0 among them."""
    yield Case((torch.tensor([[0.0], [0.0]]), torch.tensor([1, 1])), note="as a zero-initialised head gives them")
    yield Case((one_logit(4, generator).unsqueeze(1), both_classes(4, generator)))
    yield Case((torch.tensor([[300.0], [-300.0]]), torch.tensor([0, 0])), note="extreme logits")


def wrong_shapes(generator: torch.Generator) -> Iterator[Case]:
    """The forum's error, and batches that do not fit together."""
    yield Case((two_logits(3, generator), torch.tensor([0, 1, 0])), note="two logits per sample")
    yield Case((one_logit(3, generator).unsqueeze(1), torch.tensor([0, 1])), note="a target too few")
    yield Case((one_logit(3, generator).unsqueeze(1), torch.tensor([1])), note="a single target")


def _bce(logits: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, target.to(logits.dtype))


def _column(output: Tensor, target: Tensor) -> Tensor:
    """Return the logits as (N,), or raise what torch would raise in the loss."""
    if output.shape != (len(target), 1):
        raise ValueError(f"logits of shape ({len(target)}, 1) are needed, not {tuple(output.shape)}")
    return output[:, 0]


def broadcasts(output: Tensor, target: Tensor) -> Tensor:
    return (F.softplus(output) - output * target).mean()


def not_repaired(output: Tensor, target: Tensor) -> Tensor:
    return _bce(output, target)


def squeezes_everything(output: Tensor, target: Tensor) -> Tensor:
    return _bce(output.squeeze(), target)


def squeezes_axis_0(output: Tensor, target: Tensor) -> Tensor:
    return _bce(output.squeeze(0), target)


def first_of_each_row(output: Tensor, target: Tensor) -> Tensor:
    return _bce(output[:, 0], target)


def integer_target(output: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(_column(output, target), target)


def float32_target(output: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(_column(output, target), target.to(torch.float32))


def target_repeated(output: Tensor, target: Tensor) -> Tensor:
    n = len(_column(output, target))
    return _bce(output.expand(n, n), target.expand(n, n))


def one_hot_bce(output: Tensor, target: Tensor) -> Tensor:
    return _bce(_column(output, target).unsqueeze(1).expand(-1, 2), F.one_hot(target, 2))


def one_class(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(_column(output, target).unsqueeze(1), target.to(output.dtype).unsqueeze(1))


def cross_entropy(output: Tensor, target: Tensor) -> Tensor:
    _column(output, target)
    return F.cross_entropy(output, target)


def batch_as_classes(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(_column(output, target), target.to(output.dtype))


def plus_and_minus(output: Tensor, target: Tensor) -> Tensor:
    z = _column(output, target)
    return F.cross_entropy(torch.stack([-z, z], 1), target)


def sigmoid_first(output: Tensor, target: Tensor) -> Tensor:
    return _bce(_column(output, target).sigmoid(), target)


def bce_of_sigmoid(output: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy(_column(output, target).sigmoid(), target.to(output.dtype))


def logs_of_sigmoid(output: Tensor, target: Tensor) -> Tensor:
    p = _column(output, target).sigmoid()
    return -(target * torch.log(p) + (1 - target) * torch.log(1 - p)).mean()


def overflows(output: Tensor, target: Tensor) -> Tensor:
    return F.soft_margin_loss(_column(output, target), (2 * target - 1).to(output.dtype))


def logs_with_eps(eps: float) -> Callable[[Tensor, Tensor], Tensor]:
    def loss(output: Tensor, target: Tensor) -> Tensor:
        p = _column(output, target).sigmoid()
        return -(target * torch.log(p + eps) + (1 - target) * torch.log(1 - p + eps)).mean()

    return loss


def sign_missing(output: Tensor, target: Tensor) -> Tensor:
    return -_bce(_column(output, target), target)


def with_abs(output: Tensor, target: Tensor) -> Tensor:
    z = _column(output, target)
    return (z.clamp(min=0) - z * target + torch.log1p(torch.exp(-z.abs()))).mean()


def decides_first(output: Tensor, target: Tensor) -> Tensor:
    return _bce((_column(output, target) > 0).to(output.dtype), target)


def squared_error(output: Tensor, target: Tensor) -> Tensor:
    return F.mse_loss(_column(output, target).sigmoid(), target.to(output.dtype))


def swapped_arguments(output: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(target.to(output.dtype), _column(output, target))


def classes_swapped(output: Tensor, target: Tensor) -> Tensor:
    return _bce(_column(output, target), 1 - target)


def minus_and_plus_one(output: Tensor, target: Tensor) -> Tensor:
    return _bce(_column(output, target), 2 * target - 1)


def summed(output: Tensor, target: Tensor) -> Tensor:
    return _bce(_column(output, target), target) * len(target)


def per_sample(output: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(_column(output, target), target.to(output.dtype), reduction="none")


EXERCISE = Exercise(
    name="loss_of_one_logit",
    stub=loss_of_one_logit,
    reference=reference,
    source=PROMPT,
    aspects=(
        Aspect("small batches", 1, cases_heads.one_logit_steps),
        Aspect("the forum's rows", 1, forum),
        Aspect("a batch of one sample", 1, batch_of_one),
        Aspect("float64", 1, in_float64),
        Aspect("extreme logits", 1, extreme),
        Aspect("gradient", 1, gradients, gradient=True),
        Aspect("shapes that do not fit", 1, wrong_shapes),
    ),
    mistakes=(
        Mistake(
            "broadcasts",
            "lets logits (N, 1) meet targets (N,): they broadcast to a table of N x N, in which every logit is "
            "judged by every target",
            broadcasts,
            "silent-repairs",
        ),
        Mistake(
            "target_repeated",
            "stretches logits and targets to N x N so that the shapes agree: every logit is judged by every "
            "target",
            target_repeated,
            "silent-repairs",
        ),
        Mistake(
            "not_repaired",
            "leaves the logits (N, 1) and the targets (N,): BCEWithLogitsLoss wants one shape for both",
            not_repaired,
            "forum-error",
        ),
        Mistake(
            "squeezes_everything",
            "squeezes every axis of length 1: a batch of one sample then has no axis left",
            squeezes_everything,
            "silent-repairs",
        ),
        Mistake(
            "squeezes_axis_0",
            "squeezes the axis of the samples: the axis of length 1 is the last one",
            squeezes_axis_0,
            "silent-repairs",
        ),
        Mistake(
            "first_of_each_row",
            "takes the first logit of each row, however many there are: a head of two logits then trains silently "
            "on the logit of class 0",
            first_of_each_row,
            "silent-repairs",
        ),
        Mistake(
            "integer_target",
            "leaves the targets int64: BCEWithLogitsLoss calculates with them, and wants floats",
            integer_target,
            "targets",
        ),
        Mistake(
            "float32_target",
            "makes the targets float32 whatever the logits are: the loss of a float64 model then comes back "
            "rounded to float32",
            float32_target,
            "targets",
        ),
        Mistake(
            "one_hot_bce",
            "sets one logit against both columns of a one-hot target: each sample then says yes and no at once",
            one_hot_bce,
            "silent-repairs",
        ),
        Mistake(
            "one_class",
            "makes it run with CrossEntropyLoss and float targets (N, 1): the softmax of one logit is 1, and the "
            "loss always 0",
            one_class,
            "silent-repairs",
        ),
        Mistake(
            "cross_entropy",
            "uses CrossEntropyLoss on one logit: it sees a single class, number 0, and knows no class 1",
            cross_entropy,
            "three-configurations",
        ),
        Mistake(
            "batch_as_classes",
            "gives CrossEntropyLoss logits and float targets of shape (N,): it takes the batch for the classes of "
            "a single sample",
            batch_as_classes,
            "silent-repairs",
        ),
        Mistake(
            "plus_and_minus",
            "makes two logits, -z and z, for CrossEntropyLoss: their difference is 2 z",
            plus_and_minus,
            "two-heads",
        ),
        Mistake(
            "sigmoid_first",
            "puts a sigmoid before BCEWithLogitsLoss, which has one inside: the loss of a negative then stays "
            "above 0.69",
            sigmoid_first,
            "three-configurations",
        ),
        Mistake(
            "bce_of_sigmoid",
            "uses a sigmoid and BCELoss: a sigmoid that has rounded to 0 or 1 costs 100, whatever the logit was, "
            "and passes no gradient on",
            bce_of_sigmoid,
            "three-configurations",
        ),
        Mistake(
            "logs_of_sigmoid",
            "takes logarithms of a sigmoid: once that has rounded to 0 or 1 there are infinities, and nan",
            logs_of_sigmoid,
            "three-configurations",
        ),
        Mistake(
            "overflows",
            "computes log(1 + exp(-z)) and log(1 + exp(z)) as they stand, as F.soft_margin_loss does: exp(1000) is inf",
            overflows,
            "three-configurations",
        ),
        Mistake(
            "logs_with_eps",
            "adds a small number before the logarithms: that caps the loss (at about 18 for 1e-8)",
            logs_with_eps(1e-8),
            "three-configurations",
            variants=tuple(map(logs_with_eps, SMALL_NUMBERS)),
        ),
        Mistake(
            "sign_missing", "has lost the minus before the sum of logarithms", sign_missing, "three-configurations"
        ),
        Mistake(
            "with_abs",
            "computes max(z, 0) - z y + log(1 + exp(-|z|)): the values are right, but at z = 0, where a fresh "
            "head starts, autograd's slope of clamp and abs is not the true one",
            with_abs,
            "three-configurations",
        ),
        Mistake(
            "decides_first",
            "decides first, and computes the loss of the decision: a comparison has no gradient, so nothing is "
            "learned",
            decides_first,
            "silent-repairs",
        ),
        Mistake(
            "squared_error",
            "takes the squared error of the probability: where the model is sure and wrong, hardly any gradient "
            "is left",
            squared_error,
            "three-configurations",
        ),
        Mistake(
            "swapped_arguments",
            "gives the loss its two arguments the wrong way round",
            swapped_arguments,
            "targets",
        ),
        Mistake(
            "classes_swapped",
            "has the two classes swapped: a positive logit speaks for class 1",
            classes_swapped,
            "two-heads",
        ),
        Mistake(
            "minus_and_plus_one",
            "turns the targets into -1 and 1: the loss takes them as probabilities, 0 and 1",
            minus_and_plus_one,
            "targets",
        ),
        Mistake("summed", "adds the samples' losses up: the mean was wanted", summed, "targets"),
        Mistake("per_sample", "returns one loss per sample: the mean was wanted", per_sample, "targets"),
        detached(reference, "silent-repairs", "number"),
    ),
    hints=(
        "What are the shape and the dtype of the target that BCEWithLogitsLoss wants, if the logits are (N, 1)? "
        "Which of the two would you change, and how?",
        "One axis has length 1 and does not hold the samples: name it when you squeeze. The targets' dtype has to "
        "be that of the output.",
        "F.binary_cross_entropy_with_logits(output.squeeze(1), target.to(output.dtype)). It raises ValueError by "
        "itself where the shapes differ.",
    ),
    chapter="losses/bce-versus-ce",
    problem_set="04-bce-versus-ce",
    forbidden=frozenset(),
    difficulty=2,
    minutes=10,
)
