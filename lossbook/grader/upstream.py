"""The weights under which the gradients of a function's results are compared."""

from __future__ import annotations

import functools

import torch
from torch import Tensor


@functools.lru_cache(maxsize=32)
def upstream(shape: torch.Size, dtype: torch.dtype) -> Tensor:
    """Return the upstream gradient for a result, which depends on the result's shape alone.

    All ones would hide mistakes: a softmax sums to 1, so its gradient would always be 0.
    """
    generator = torch.Generator().manual_seed(shape.numel())
    return torch.randn(shape, generator=generator, dtype=torch.float32).to(dtype)
