"""Inputs of problem set 5: labels, masks and batches as they come up in practice."""

from collections.abc import Sequence

import torch
from torch import Tensor

from lossbook.exercises.cases import random_logits

Batch = tuple[Tensor, Tensor]


def binary_labels(shape: Sequence[int], generator: torch.Generator) -> Tensor:
    """Return as many ones as zeros (one zero more for an odd number), shuffled, as float32."""
    count = torch.Size(shape).numel()
    return (torch.randperm(count, generator=generator) % 2).float().reshape(tuple(shape))


def class_indices(count: int, classes: int, generator: torch.Generator) -> Tensor:
    """Return class indices, shuffled, in which every class occurs if there are enough samples."""
    return torch.randperm(count, generator=generator) % classes


def step_mask(lengths: Sequence[int], steps: int) -> Tensor:
    """Return the mask of sequences of these lengths, padded at the end to ``steps``."""
    return torch.arange(steps) < torch.tensor(lengths)[:, None]


def random_batches(
    sizes: Sequence[int], classes: int, generator: torch.Generator, dtype: torch.dtype = torch.float32
) -> list[Batch]:
    """Return a data set of random logits in batches of these sizes; every class occurs in it."""
    targets = class_indices(sum(sizes), classes, generator).split(list(sizes))
    return [(random_logits((len(target), classes), generator, dtype=dtype), target.clone()) for target in targets]
