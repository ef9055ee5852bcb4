"""Exercise: the training step's loss for a head of two logits."""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.exercises import cases_heads
from lossbook.exercises.cases import SMALL_NUMBERS
from lossbook.exercises.cases_heads import both_classes, forum_rows, two_logits
from lossbook.exercises.description import PROMPT, Aspect, Case, Exercise, Mistake
from lossbook.exercises.steps_shared import detached


def loss_of_two_logits(output: Tensor, target: Tensor) -> Tensor:
    """Return the loss of a batch for a model that ends in Linear(d, 2): its mean cross-entropy.

    Args:
        output: logits of class 0 and class 1, float32 or float64, shape (N, 2).
        target: class numbers 0 and 1, int64, shape (N,).

    Returns:
        The mean over the samples, a scalar of the dtype of ``output``. Its gradient flows back to ``output``.

    Raises:
        ValueError: ``output`` does not have shape (N, 2), with N the number of targets.
    """
    raise NotImplementedError


def reference(output: Tensor, target: Tensor) -> Tensor:
    _check(output, target)
    return F.cross_entropy(output, target)


def _check(output: Tensor, target: Tensor) -> None:
    if output.shape != (len(target), 2):
        raise ValueError(f"logits of shape ({len(target)}, 2) are needed, not {tuple(output.shape)}")


def forum(generator: torch.Generator) -> Iterator[Case]:
    """The thread's own numbers: two logits per sample, one class number each."""
    batch = forum_rows()
    yield Case((batch.logits, batch.target), note="rows from the forum thread")


def in_float64(generator: torch.Generator) -> Iterator[Case]:
    """A model in float64."""
    yield Case((two_logits(3, generator, dtype=torch.float64), torch.tensor([0, 1, 1])), note="float64")


def extreme(generator: torch.Generator) -> Iterator[Case]:
    """Samples of which the model is sure, right and wrong ones."""
    yield Case((torch.tensor([[1000.0, 0.0]]), torch.tensor([1])), note="sure and wrong")
    yield Case(
        (torch.tensor([[0.0, 1000.0], [-200.0, -350.0]]), torch.tensor([1, 1])), note="one right, one wrong"
    )


def gradients(generator: torch.Generator) -> Iterator[Case]:
    """Batches at which the gradient is compared, equal logits among them."""
    yield Case((torch.tensor([[0.0, 0.0]]), torch.tensor([1])), note="as a zero-initialised head gives them")
    yield Case((two_logits(4, generator), both_classes(4, generator)))
    yield Case((torch.tensor([[300.0, 0.0], [300.0, 0.0]]), torch.tensor([1, 0])), note="extreme logits")


def wrong_shapes(generator: torch.Generator) -> Iterator[Case]:
    """Heads of another width, and batches that do not fit together."""
    yield Case(
        (two_logits(3, generator)[:, :1], torch.tensor([0, 0, 0])), note="one logit per sample, all class 0"
    )
    yield Case((torch.cat([two_logits(3, generator)] * 2, 1)[:, :3], torch.tensor([0, 1, 0])), note="three logits")
    yield Case((two_logits(3, generator), torch.tensor([0, 1])), note="a target too few")


def _checked(loss: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """Return a wrong solution that looks at the shapes as it should."""

    def checked(output: Tensor, target: Tensor) -> Tensor:
        _check(output, target)
        return loss(output, target)

    return checked


def _bce(logits: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, target.to(logits.dtype))


@_checked
def softmax_first(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(output.softmax(1), target)


@_checked
def sigmoid_first(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(output.sigmoid(), target)


@_checked
def one_hot_bce(output: Tensor, target: Tensor) -> Tensor:
    return _bce(output, F.one_hot(target, 2))


@_checked
def target_for_both(output: Tensor, target: Tensor) -> Tensor:
    return _bce(output, target.unsqueeze(1).expand(-1, 2))


@_checked
def flat_and_repeated(output: Tensor, target: Tensor) -> Tensor:
    return _bce(output.flatten(), target.repeat(2))


@_checked
def only_class_1(output: Tensor, target: Tensor) -> Tensor:
    return _bce(output[:, 1], target)


@_checked
def only_class_0(output: Tensor, target: Tensor) -> Tensor:
    return _bce(output[:, 0], target)


@_checked
def larger_logit(output: Tensor, target: Tensor) -> Tensor:
    return _bce(output.amax(1), target)


@_checked
def summed_logits(output: Tensor, target: Tensor) -> Tensor:
    return _bce(output.sum(1), target)


@_checked
def averaged_logits(output: Tensor, target: Tensor) -> Tensor:
    return _bce(output.mean(1), target)


@_checked
def argmax_first(output: Tensor, target: Tensor) -> Tensor:
    return _bce(output.argmax(1).to(output.dtype), target)


@_checked
def probability_as_logit(output: Tensor, target: Tensor) -> Tensor:
    return _bce(output.softmax(1)[:, 1], target)


@_checked
def bce_of_probability(output: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy(output.softmax(1)[:, 1], target.to(output.dtype))


@_checked
def nll_of_probabilities(output: Tensor, target: Tensor) -> Tensor:
    return F.nll_loss(output.softmax(1), target)


@_checked
def nll_of_logits(output: Tensor, target: Tensor) -> Tensor:
    return F.nll_loss(output, target)


@_checked
def log_of_softmax(output: Tensor, target: Tensor) -> Tensor:
    return F.nll_loss(torch.log(output.softmax(1)), target)


@_checked
def overflows(output: Tensor, target: Tensor) -> Tensor:
    return F.soft_margin_loss(output[:, 1] - output[:, 0], (2 * target - 1).to(output.dtype))


def log_with_eps(eps: float) -> Callable[[Tensor, Tensor], Tensor]:
    return _checked(lambda output, target: F.nll_loss(torch.log(output.softmax(1) + eps), target))


@_checked
def across_samples(output: Tensor, target: Tensor) -> Tensor:
    return F.nll_loss(output.log_softmax(0), target)


@_checked
def squared_error(output: Tensor, target: Tensor) -> Tensor:
    return F.mse_loss(output.softmax(1)[:, 1], target.to(output.dtype))


@_checked
def classes_swapped(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(output, 1 - target)


@_checked
def summed(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(output, target, reduction="sum")


@_checked
def per_sample(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(output, target, reduction="none")


@_checked
def mean_over_logits(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(output, target, reduction="sum") / output.numel()


@_checked
def in_place(output: Tensor, target: Tensor) -> Tensor:
    output -= output.amax(1, keepdim=True) + 1
    return F.cross_entropy(output, target)


def unchecked(output: Tensor, target: Tensor) -> Tensor:
    return F.cross_entropy(output, target)


EXERCISE = Exercise(
    name="loss_of_two_logits",
    stub=loss_of_two_logits,
    reference=reference,
    source=PROMPT,
    aspects=(
        Aspect("small batches", 1, cases_heads.two_logit_steps),
        Aspect("the forum's rows", 1, forum),
        Aspect("float64", 1, in_float64),
        Aspect("extreme logits", 1, extreme),
        Aspect("gradient", 1, gradients, gradient=True),
        Aspect("shapes that do not fit", 1, wrong_shapes),
    ),
    mistakes=(
        Mistake(
            "softmax_first",
            "puts a softmax before CrossEntropyLoss, which has one inside: the loss then stays above 0.31, "
            "however right the model is",
            softmax_first,
            "three-configurations",
        ),
        Mistake(
            "sigmoid_first",
            "puts a sigmoid before CrossEntropyLoss: its softmax then works on numbers between 0 and 1",
            sigmoid_first,
            "three-configurations",
        ),
        Mistake(
            "one_hot_bce",
            "makes the shapes fit with one-hot targets and BCE: that is two binary problems, in which each logit "
            "is judged on its own and not against the other",
            one_hot_bce,
            "silent-repairs",
        ),
        Mistake(
            "target_for_both",
            "makes the shapes fit by repeating each target for both logits: then class 1 pushes both of them up, "
            "and their difference learns nothing",
            target_for_both,
            "silent-repairs",
        ),
        Mistake(
            "flat_and_repeated",
            "makes the shapes fit by laying the logits end to end and repeating the targets: logits then meet the "
            "targets of other samples",
            flat_and_repeated,
            "silent-repairs",
        ),
        Mistake(
            "only_class_1",
            "gives BCE the logit of class 1 alone: the other one is never trained, and the model's softmax means "
            "nothing",
            only_class_1,
            "silent-repairs",
        ),
        Mistake(
            "only_class_0",
            "gives BCE the first logit of each pair, which speaks for class 0",
            only_class_0,
            "silent-repairs",
        ),
        Mistake(
            "larger_logit",
            "gives BCE the larger logit of each pair, whichever class it belongs to",
            larger_logit,
            "silent-repairs",
        ),
        Mistake(
            "summed_logits",
            "adds the two logits up for BCE: what counts is their difference",
            summed_logits,
            "silent-repairs",
        ),
        Mistake(
            "averaged_logits",
            "takes the mean of the two logits for BCE: what counts is their difference",
            averaged_logits,
            "silent-repairs",
        ),
        Mistake(
            "argmax_first",
            "decides first, and computes the loss of the decision: argmax has no gradient, so nothing is learned",
            argmax_first,
            "silent-repairs",
        ),
        Mistake(
            "probability_as_logit",
            "gives BCEWithLogitsLoss the probability of class 1: it squashes that a second time",
            probability_as_logit,
            "three-configurations",
        ),
        Mistake(
            "bce_of_probability",
            "computes the probability of class 1 and then BCELoss: right for moderate logits, but a probability "
            "that has rounded to 0 costs 100, whatever the logits were",
            bce_of_probability,
            "three-configurations",
        ),
        Mistake(
            "nll_of_probabilities",
            "gives NLLLoss probabilities: it takes no logarithm itself, and returns a negative number",
            nll_of_probabilities,
            "three-configurations",
        ),
        Mistake(
            "nll_of_logits",
            "gives NLLLoss the logits as they are: it only picks one and turns its sign around",
            nll_of_logits,
            "three-configurations",
        ),
        Mistake(
            "log_of_softmax",
            "takes the logarithm of a softmax: once that has rounded to 0 the loss is infinite",
            log_of_softmax,
            "three-configurations",
        ),
        Mistake(
            "overflows",
            "computes log(1 + exp(-z)) of the difference as it stands, as F.soft_margin_loss does: exp(1000) is inf",
            overflows,
            "three-configurations",
        ),
        Mistake(
            "log_with_eps",
            "adds a small number before the logarithm: that caps the loss (at about 18 for 1e-8)",
            log_with_eps(1e-8),
            "three-configurations",
            variants=tuple(map(log_with_eps, SMALL_NUMBERS)),
        ),
        Mistake(
            "across_samples",
            "takes the softmax across the samples, not across the two classes",
            across_samples,
            "targets",
        ),
        Mistake(
            "squared_error",
            "takes the squared error of the probability: where the model is sure and wrong, hardly any gradient "
            "is left",
            squared_error,
            "three-configurations",
        ),
        Mistake(
            "classes_swapped",
            "has the two classes swapped: a difference of logits that speaks for class 1 is the second minus the "
            "first",
            classes_swapped,
            "two-heads",
        ),
        Mistake("summed", "adds the samples' losses up: the mean was wanted", summed, "targets"),
        Mistake("per_sample", "returns one loss per sample: the mean was wanted", per_sample, "targets"),
        Mistake(
            "mean_over_logits",
            "divides by the number of logits: each sample has two of them, and one loss",
            mean_over_logits,
            "targets",
        ),
        Mistake(
            "unchecked",
            "does not look at the shapes: with one logit per sample and class 0 throughout, CrossEntropyLoss is 0 "
            "and learns nothing",
            unchecked,
            "forum-error",
        ),
        Mistake("in_place", "overwrites the model's output", in_place, "silent-repairs"),
        detached(reference, "silent-repairs", "number"),
    ),
    hints=(
        "Two logits per sample, one class number each. Which loss expects exactly these shapes and dtypes?",
        "Leave output and target as they are. The loss that fits needs no softmax, no sigmoid and no one-hot.",
        "F.cross_entropy(output, target). Before it, compare output.shape with (len(target), 2).",
    ),
    chapter="losses/bce-versus-ce",
    problem_set="04-bce-versus-ce",
    forbidden=frozenset(),
    difficulty=1,
    minutes=10,
)
