"""Inputs that several exercises share. Numbers are rounded to two decimals, so that reports read well."""

import math
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from lossbook.exercises.description import Case, Sweep

INF = math.inf
SMALL_NUMBERS = (1e-4, 1e-5, 1e-6, 1e-7, 1e-9, 1e-10, 1e-12, 1e-15)  # what people add besides 1e-8


def random_logits(
    shape: Sequence[int], generator: torch.Generator, scale: float = 3.0, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return normal logits of standard deviation ``scale``, rounded to two decimals."""
    return (scale * torch.randn(tuple(shape), generator=generator)).round(decimals=2).to(dtype)


def elementwise_values(generator: torch.Generator) -> Iterator[Case]:
    """Logits as a fresh model gives them, from one row to a small batch."""
    yield Case((torch.tensor([0.0, 1.0, -2.0]),))
    yield Case((random_logits((2, 3), generator),))
    yield Case((random_logits((50,), generator),))


def elementwise_shapes(generator: torch.Generator) -> Iterator[Case]:
    """Shapes and dtypes that a function of each element has to keep."""
    yield Case((random_logits((), generator),), note="a single number")
    yield Case((random_logits((3,), generator, dtype=torch.float64),), note="float64")
    yield Case((random_logits((2, 3, 4), generator),), note="three axes")
    yield Case((torch.zeros(0),), note="nothing at all")


def elementwise_gradients(generator: torch.Generator) -> Iterator[Case]:
    """Logits at which the gradient is compared, 0 among them: every zero-initialised model starts there."""
    yield Case((torch.tensor([0.0]),), note="exactly 0")
    yield Case((random_logits((2, 3), generator),))


def elementwise_extreme_gradients(generator: torch.Generator) -> Iterator[Case]:
    """Logits far beyond what exp can take: the gradient has to stay finite."""
    yield Case((torch.tensor([-1000.0]),))
    yield Case((torch.tensor([1000.0]),))
    yield Case((torch.tensor([-30.0, 30.0, -200.0, 200.0]),))


def rows_values(generator: torch.Generator) -> Iterator[Case]:
    """Rows of logits, one per sample. One batch is square, so that a mixed-up axis does not raise an error."""
    yield Case((torch.tensor([1.0, 2.0, 3.0]), 0))
    yield Case((random_logits((2, 3), generator), 1))
    yield Case((random_logits((3, 3), generator), 1), note="as many classes as samples")


def rows_every_dim(generator: torch.Generator) -> Iterator[Case]:
    """Each axis of one, two and three-dimensional input, also counted from the end; other dtypes."""
    yield Case((random_logits((3, 2), generator), 0))
    yield Case((random_logits((3, 3), generator), 0), note="as many classes as samples")
    yield Case((random_logits((2, 3), generator), -1))
    for dim in (0, 1, 2):
        yield Case((random_logits((2, 3, 4), generator), dim))
    yield Case((random_logits((2, 3), generator, dtype=torch.float64), 1), note="float64")


def rows_extreme(generator: torch.Generator) -> Iterator[Case]:
    """Logits that overflow or underflow when they are exponentiated as they are."""
    yield Case((torch.tensor([1000.0, 0.0]), 0))
    yield Case((torch.tensor([-1000.0, -1000.0]), 0))
    yield Case((torch.tensor([100.0, 0.0, 0.0]), 0))
    yield Case((torch.tensor([[500.0, 501.0], [-500.0, -501.0]]), 1), note="rows far from each other")
    yield Case((torch.tensor([[0.0, 150.0, -INF]]), 1), note="one class ruled out by -inf")
    far = random_logits((4, 5), generator, scale=1.0) + torch.tensor([[900.0], [-900.0], [300.0], [0.0]])
    yield Case((far, 1), note="rows far from each other")


def rows_gradients(generator: torch.Generator) -> Iterator[Case]:
    """Rows at which the gradient is compared, extreme ones among them."""
    yield Case((torch.tensor([1.0, 2.0, 3.0]), 0))
    yield Case((random_logits((2, 3), generator), 1))
    yield Case((random_logits((3, 3), generator), 0))
    yield Case((torch.tensor([[1000.0, 0.0], [-1000.0, -1001.0]]), 1), note="extreme logits")


_RANGE = torch.linspace(-120, 120, 241)
_PAIRS = torch.stack([_RANGE, torch.zeros_like(_RANGE)], dim=1)

ELEMENTWISE_SWEEP = Sweep("logit x", _RANGE, Case((_RANGE,)))
ROWS_SWEEP = Sweep("z, for the logits [z, 0]", _RANGE, Case((_PAIRS, 1)))
