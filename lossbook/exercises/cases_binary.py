"""Inputs of the binary losses. Numbers are rounded to two decimals, so that reports read well.

What tells a mistake from a right answer is fixed: soft targets, weights that differ, batches that are square.
The random numbers come on top, so no verdict hangs on the seed.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from lossbook.exercises.description import Case, Sweep


def random_probabilities(
    shape: Sequence[int], generator: torch.Generator, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return probabilities between 0.05 and 0.95, far from where a logarithm is clamped."""
    return (0.05 + 0.9 * torch.rand(tuple(shape), generator=generator)).round(decimals=2).to(dtype)


def random_targets(shape: Sequence[int], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return targets 0 and 1, of which the first is 1 and the last 0 where there are two at least."""
    targets = (torch.rand(tuple(shape), generator=generator) < 0.5).to(dtype)
    flat = targets.reshape(-1)
    flat[-1] = 0
    flat[0] = 1
    return flat.reshape(tuple(shape))


def soft_targets(shape: Sequence[int], generator: torch.Generator, dtype: torch.dtype = torch.float32) -> Tensor:
    """Return targets between 0.1 and 0.9."""
    return (0.1 + 0.8 * torch.rand(tuple(shape), generator=generator)).round(decimals=2).to(dtype)


def mismatched_shapes(generator: torch.Generator) -> Iterator[Case]:
    """Inputs and targets of different shapes, some of which broadcasting would take without a word.

    The inputs are probabilities, which are good logits, too.
    """
    for input_shape, target_shape, note in (
        ((3,), (3, 1), "broadcasting would make a 3 x 3 table of losses"),
        ((3, 1), (3,), "broadcasting would make a 3 x 3 table of losses"),
        ((1, 3), (3,), "one axis more, as many numbers"),
        ((2, 3), (3, 2), "as many numbers, in another shape"),
        ((4, 2), (4,), "two scores per sample, one target"),
        ((1,), (), "a single number, with and without an axis"),
    ):
        input = random_probabilities(input_shape, generator)
        yield Case((input, random_targets(target_shape, generator)), note=note)


def _sweep(label: str, x: Tensor) -> Sweep:
    return Sweep(f"{label}, with target 1", x, Case((x, torch.ones_like(x)), {"reduction": "none"}))


PROBABILITY_SWEEP = _sweep("probability p", torch.linspace(0.005, 0.995, 199))
LOGIT_SWEEP = _sweep("logit x", torch.linspace(-120, 120, 241))
SLOPE_SWEEP = _sweep("logit x", torch.linspace(-10, 10, 201))
