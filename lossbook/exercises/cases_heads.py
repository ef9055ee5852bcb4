"""Inputs for exercises on heads of one and of two logits, and what these exercises share."""

from collections.abc import Iterator

import torch
from torch import Tensor

from lossbook.datasets import ForumBatch, forum_batch
from lossbook.exercises.cases import random_logits
from lossbook.exercises.description import Case

FORUM_ROWS = 8  # as many as a report can show


def forum_rows() -> ForumBatch:
    """Return the first samples of the forum thread's batch: logits of class 0 and class 1, and class numbers."""
    batch = forum_batch()
    return ForumBatch(batch.logits[:FORUM_ROWS], batch.target[:FORUM_ROWS])


def both_classes(count: int, generator: torch.Generator) -> Tensor:
    """Return ``count`` class numbers 0 and 1 in random order, half of them 1."""
    return (torch.arange(count) % 2)[torch.randperm(count, generator=generator)]


def two_logits(
    count: int, generator: torch.Generator, scale: float = 2.0, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return random logits of shape (count, 2) that are far from equal in each row."""
    logits = random_logits((count, 2), generator, scale)
    too_close = (logits[:, 1] - logits[:, 0]).abs() < 0.1
    logits[too_close, 1] += 0.5
    return logits.to(dtype)


def one_logit(
    count: int, generator: torch.Generator, scale: float = 2.0, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return random logits of shape (count,), none of them near 0."""
    logits = random_logits((count,), generator, scale)
    return torch.where(logits.abs() < 0.1, logits + 0.5, logits).to(dtype)


def two_logit_steps(generator: torch.Generator) -> Iterator[Case]:
    """Batches for a head of two logits. One is square, so that a mixed-up axis does not raise an error."""
    yield Case((torch.tensor([[0.0, 2.0]]), torch.tensor([1])))
    yield Case((two_logits(2, generator), torch.tensor([1, 0])), note="as many samples as logits")
    yield Case((two_logits(3, generator), torch.tensor([0, 0, 0])), note="class 1 does not occur")
    yield Case((two_logits(5, generator), both_classes(5, generator)))


def one_logit_steps(generator: torch.Generator) -> Iterator[Case]:
    """Batches for a head of one logit, of two samples and more."""
    yield Case((torch.tensor([[2.0], [-1.0]]), torch.tensor([1, 1])))
    yield Case((one_logit(2, generator).unsqueeze(1), torch.tensor([1, 0])))
    yield Case((one_logit(5, generator).unsqueeze(1), both_classes(5, generator)))
