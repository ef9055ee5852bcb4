"""Inputs of losses over classes. Targets are fixed where a verdict hangs on them, so that every class occurs."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from lossbook.activations import log_softmax, softmax
from lossbook.exercises.cases import INF, random_logits
from lossbook.exercises.description import Case

NAN = float("nan")
WEIGHT = (0.5, 2.0, 5.0)
REDUCTIONS = ("mean", "sum", "none")


def weights(*factors: float, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return class weights."""
    return torch.tensor(factors or WEIGHT, dtype=dtype)


def all_classes(shape: Sequence[int], classes: int, generator: torch.Generator) -> Tensor:
    """Return class indices in random order, in which every class occurs if there are enough samples."""
    indices = torch.empty(tuple(shape), dtype=torch.int64)
    order = torch.randperm(indices.numel(), generator=generator)
    return (order % classes).reshape(indices.shape)


def random_log_probs(
    shape: Sequence[int], generator: torch.Generator, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return log-probabilities with the classes on axis 1 (0 for one sample), rounded to two decimals."""
    axis = min(1, len(shape) - 1)
    return log_softmax(random_logits(shape, generator, scale=1.5), axis).round(decimals=2).to(dtype)


def random_probs(shape: Sequence[int], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return probabilities with the classes on axis 1 (0 for one sample): two decimals each, 1 in all."""
    axis = min(1, len(shape) - 1)
    probs = softmax(random_logits(shape, generator, scale=0.7).double(), axis).round(decimals=2)
    first = probs.narrow(axis, 0, 1)
    first += 1 - probs.sum(axis, keepdim=True)
    return probs.to(dtype)


class Inputs:
    """Cases for index targets: what ``nll_loss`` and ``cross_entropy`` are both asked.

    Args:
        scores: draws what the model says, from a shape and a generator.
    """

    def __init__(self, scores: Any) -> None:
        self.scores = scores

    def values(self, generator: torch.Generator) -> Iterator[Case]:
        """Plain batches and the mean. One batch has as many samples as classes: a mixed-up axis runs through."""
        yield Case((torch.tensor([[-2.0, -0.5, -1.5]]), torch.tensor([1])))
        yield Case((self.scores((3, 4), generator), torch.tensor([3, 0, 0])))
        yield Case((self.scores((3, 3), generator), torch.tensor([2, 0, 2])), note="as many classes as samples")
        yield Case((self.scores((20, 5), generator), all_classes((20,), 5, generator)))

    def reductions(self, generator: torch.Generator) -> Iterator[Case]:
        """All three reductions, on a batch and on a square one."""
        for reduction in ("none", "sum", "mean"):
            yield Case((self.scores((2, 3), generator), torch.tensor([2, 1])), {"reduction": reduction})
        yield Case((self.scores((3, 3), generator), torch.tensor([1, 0, 1])), {"reduction": "none"})

    def one_sample(self, generator: torch.Generator) -> Iterator[Case]:
        """One sample without a batch axis; float64."""
        for reduction in REDUCTIONS:
            yield Case(
                (self.scores((3,), generator), torch.tensor(2)), {"reduction": reduction}, note="no batch axis"
            )
        double = self.scores((2, 3), generator, dtype=torch.float64)
        yield Case((double, torch.tensor([0, 2])), note="float64")

    def weighted(self, generator: torch.Generator) -> Iterator[Case]:
        """Weights far from each other, in batches with as many and with other numbers of samples than classes."""
        yield Case((self.scores((2, 3), generator), torch.tensor([2, 0])), {"weight": weights()})
        for reduction in ("none", "sum"):
            kwargs = {"weight": weights(), "reduction": reduction}
            yield Case((self.scores((4, 3), generator), torch.tensor([2, 0, 1, 2])), kwargs)
        square = self.scores((3, 3), generator), torch.tensor([2, 2, 1])
        yield Case(square, {"weight": weights()}, note="as many classes as samples")
        yield Case(square, {"weight": weights(), "reduction": "none"}, note="as many classes as samples")
        kwargs = {"weight": weights(0.0, 1.0, 3.0)}
        yield Case((self.scores((4, 3), generator), torch.tensor([0, 1, 2, 2])), kwargs, note="a weight of 0")
        kwargs = {"weight": weights(dtype=torch.float64)}
        double = self.scores((2, 3), generator, dtype=torch.float64)
        yield Case((double, torch.tensor([1, 2])), kwargs, note="float64")

    def ignored(self, generator: torch.Generator) -> Iterator[Case]:
        """Ignored targets: -100, other negative numbers, and a class of its own."""
        yield Case((self.scores((3, 3), generator), torch.tensor([1, -100, 2])), note="-100 is the default")
        for reduction in ("none", "sum"):
            case = self.scores((4, 3), generator), torch.tensor([-100, 2, -100, 0])
            yield Case(case, {"reduction": reduction}, note="-100 is the default")
        for reduction in REDUCTIONS:
            kwargs = {"ignore_index": 1, "reduction": reduction}
            yield Case(
                (self.scores((4, 3), generator), torch.tensor([2, 1, 0, 1])), kwargs, note="a class ignored"
            )
        yield Case((self.scores((4, 3), generator), torch.tensor([0, -1, 2, 2])), {"ignore_index": -1})
        kwargs = {"ignore_index": 0}
        yield Case((self.scores((3, 3), generator), torch.tensor([1, 0, 2])), kwargs, note="class 0 ignored")
        yield Case((self.scores((2, 1), generator), torch.tensor([0, -100])), note="a single class")
        broken = self.scores((2, 3), generator)
        broken[0] = torch.tensor([NAN, -INF, 0.0])
        yield Case((broken, torch.tensor([-100, 1])), note="nan where it is ignored")

    def nothing_counts(self, generator: torch.Generator) -> Iterator[Case]:
        """No sample is left: the mean is 0 / 0."""
        case = self.scores((2, 3), generator), torch.tensor([-100, -100])
        for reduction in REDUCTIONS:
            yield Case(case, {"reduction": reduction}, note="all targets ignored")
        empty = torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64)
        for reduction in REDUCTIONS:
            yield Case(empty, {"reduction": reduction}, note="an empty batch")

    def class_axis(self, generator: torch.Generator) -> Iterator[Case]:
        """Sequences and images: the classes stay on axis 1, also where another axis has the same length."""
        yield Case((self.scores((1, 3, 2), generator), torch.tensor([[2, 0]])), note="(N, C, T)")
        square = self.scores((2, 3, 3), generator), torch.tensor([[0, 1, 1], [2, 0, 1]])
        for reduction in REDUCTIONS:
            yield Case(square, {"reduction": reduction}, note="T is as large as C")
        yield Case((self.scores((3, 3, 3), generator), torch.tensor([[0, 1, 1], [2, 0, 1], [1, 2, 2]])))
        image = self.scores((2, 4, 2, 3), generator), all_classes((2, 2, 3), 4, generator)
        for reduction in ("mean", "none"):
            yield Case(image, {"reduction": reduction}, note="an image: (N, C, H, W)")

    def together(self, generator: torch.Generator) -> Iterator[Case]:
        """Weights, ignored targets, reductions and further axes at once."""
        kwargs: dict[str, Any] = {"weight": weights(4.0, 2.0, 0.5)}
        yield Case((self.scores((2, 3), generator), torch.tensor([2, -100])), kwargs)
        yield Case((self.scores((3, 3), generator), torch.tensor([2, 1, -100])), kwargs)
        kwargs = {"weight": weights(), "ignore_index": 2}
        yield Case((self.scores((4, 3), generator), torch.tensor([2, 1, 0, 2])), kwargs, note="a class ignored")
        square = self.scores((2, 3, 3), generator), torch.tensor([[0, 1, 1], [2, -100, 1]])
        for reduction in REDUCTIONS:
            yield Case(square, {"weight": weights(), "reduction": reduction}, note="T is as large as C")
        uneven = self.scores((2, 3, 4), generator), torch.tensor([[0, 1, 1, 2], [2, -100, -100, -100]])
        yield Case(uneven, note="sequences of 4 and of 1 step, padded with -100")

    def gradients(self, generator: torch.Generator) -> Iterator[Case]:
        """Plain batches with index targets."""
        yield Case((torch.tensor([[0.0, 0.0, 0.0]]), torch.tensor([1])), note="equal scores")
        yield Case((self.scores((2, 3), generator), torch.tensor([2, 0])))
        yield Case((self.scores((3, 3), generator), torch.tensor([2, 0, 2])), {"reduction": "none"})
        yield Case((self.scores((2, 3, 3), generator), torch.tensor([[0, 1, 1], [2, 0, 1]])))


def bad_indices(generator: torch.Generator) -> Iterator[Case]:
    """Index targets that torch refuses."""
    scores = random_log_probs((3, 4), generator)
    yield Case((scores, torch.tensor([0, 1])), note="three samples, two targets")
    yield Case((scores, torch.tensor([0, 1, 4])), note="classes are 0 to 3")
    yield Case((scores, torch.tensor([0, -1, 3])), note="-1 is no class, and not ignored")
    yield Case((scores, torch.tensor([0, -100, 3])), {"ignore_index": 0}, note="-100 is not ignored here")
    yield Case((scores, torch.tensor([0, 1, 3])), {"reduction": "average"}, note="no such reduction")
