"""Half-precision inputs are computed in float32 and rounded once, at the end.

torch's kernels do the same: float16 overflows in ``exp`` at 11.09, which no logit should be able to reach.
"""

import torch
from torch import Tensor

HALF_PRECISION = (torch.float16, torch.bfloat16)


def widen(x: Tensor) -> Tensor:
    """Return ``x`` as float32 where it is float16 or bfloat16, as it is otherwise."""
    return x.float() if x.dtype in HALF_PRECISION else x
