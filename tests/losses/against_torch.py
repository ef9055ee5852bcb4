"""Runs a loss of ours and torch's own on the same inputs, and says whether they agree."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook import activations, losses

#: name: (ours, torch's)
PAIRS: dict[str, tuple[Callable[..., Tensor], Callable[..., Tensor]]] = {
    "sigmoid": (activations.sigmoid, torch.sigmoid),
    "log_sigmoid": (activations.log_sigmoid, F.logsigmoid),
    "logsumexp": (activations.logsumexp, torch.logsumexp),
    "softmax": (activations.softmax, F.softmax),
    "log_softmax": (activations.log_softmax, F.log_softmax),
    "binary_cross_entropy": (losses.binary_cross_entropy, F.binary_cross_entropy),
    "binary_cross_entropy_with_logits": (
        losses.binary_cross_entropy_with_logits,
        F.binary_cross_entropy_with_logits,
    ),
    "nll_loss": (losses.nll_loss, F.nll_loss),
    "cross_entropy": (losses.cross_entropy, F.cross_entropy),
    "kl_div": (losses.kl_div, F.kl_div),
}

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)

DEVICES = (
    "cpu",
    pytest.param(
        "cuda",
        marks=[
            pytest.mark.cuda,
            pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
        ],
    ),
)

#: How far from the exact result (torch's own in float64) ours may be, relative and absolute, where torch's is not
#: further. Half precision: one unit in the last place, for ours is computed in float32 and rounded once, which is
#: half a unit. torch rounds intermediate results, too: to ask for its very numbers would be to ask for its errors.
#: float32 and float64: a few units, for ours adds in another order than torch; absolute where p - y cancels out.
TOLERANCES = {
    torch.float16: (2**-10, 2**-24),
    torch.bfloat16: (2**-7, 2**-126),  # below, sigmoid's float64 gradient y(1 - y) is itself 0
    torch.float32: (2e-6, 2e-6),
    torch.float64: (1e-12, 1e-12),
}


@dataclass(frozen=True)
class Case:
    """One call: the name of a loss and what it gets."""

    loss: str
    about: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)

    def map(self, change: Callable[[Tensor], Tensor]) -> "Case":
        """Return the case with each tensor changed."""
        return Case(
            self.loss,
            self.about,
            tuple(_change(a, change) for a in self.args),
            {name: _change(a, change) for name, a in self.kwargs.items()},
        )

    def to(self, dtype: torch.dtype) -> "Case":
        """Return the case with each floating-point tensor in ``dtype``."""
        return self.map(lambda x: x.to(dtype) if x.is_floating_point() else x)

    def floats(self) -> list[Tensor]:
        """Return the floating-point tensors."""
        tensors = [a for a in (*self.args, *self.kwargs.values()) if isinstance(a, Tensor)]
        return [x for x in tensors if x.is_floating_point()]


def _change(argument: Any, change: Callable[[Tensor], Tensor]) -> Any:
    return change(argument) if isinstance(argument, Tensor) else argument


def ids(cases: list[Case]) -> list[str]:
    """Return the names of the cases for pytest."""
    return [f"{case.loss}: {case.about}" for case in cases]


@dataclass(frozen=True)
class Answer:
    """What a call returned, and the gradients of what is differentiable."""

    value: Tensor
    gradients: list[Tensor | None]


def answer(function: Callable[..., Tensor], case: Case) -> Answer:
    """Call ``function``, then go back through it from a random gradient of what it returned.

    Gradients: of the first two arguments. torch has none for weights.
    """
    leaves: list[Tensor] = []

    def leaf(x: Tensor) -> Tensor:
        if not x.is_floating_point():
            return x
        leaves.append(x.detach().requires_grad_())
        return leaves[-1]

    args = [_change(a, leaf) for a in case.args[:2]] + list(case.args[2:])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = function(*args, **case.kwargs)
    if not value.requires_grad:
        return Answer(value, [])
    random = torch.Generator().manual_seed(value.numel())
    eighths = torch.randint(4, 13, value.shape, generator=random)  # the same number in every dtype
    upstream = (eighths / 8).to(value.dtype).to(value.device)
    return Answer(value.detach(), list(torch.autograd.grad(value, leaves, upstream, allow_unused=True)))


def assert_same(case: Case) -> None:
    """Fail where ours and torch's differ in value, dtype, shape or a gradient."""
    ours, theirs = (answer(function, case) for function in PAIRS[case.loss])
    truth = answer(PAIRS[case.loss][1], case.to(torch.float64))
    coarsest = max((x.dtype for x in case.floats()), key=lambda d: torch.finfo(d).eps, default=torch.float32)
    assert len(ours.gradients) == len(theirs.gradients)
    tolerance = TOLERANCES[coarsest]
    if case.loss == "binary_cross_entropy" and coarsest == torch.float64:
        tolerance = (1e-7, 1e-12)  # the 1e-12 in torch's gradient is a float32
    _assert_as_exact(ours.value, theirs.value, truth.value, tolerance)
    if PAIRS[case.loss][0].__module__ == losses.__name__ and coarsest != torch.float64:
        # half precision is computed in float32, too, where p - y cancels out before the weights multiply it
        tolerance = (tolerance[0], TOLERANCES[torch.float32][1] * _largest_weight(case))
    for our, their, true in zip(ours.gradients, theirs.gradients, truth.gradients, strict=True):
        if their is not None:
            assert our is not None
            _assert_as_exact(our, their, true, tolerance)


def _largest_weight(case: Case) -> float:
    weights = [case.kwargs.get(name) for name in ("weight", "pos_weight")]
    return math.prod(max(1.0, w.double().abs().max().item()) for w in weights if w is not None and w.numel())


def _assert_as_exact(our: Tensor, their: Tensor, true: Tensor, tolerance: tuple[float, float]) -> None:
    assert our.dtype == their.dtype
    assert our.shape == their.shape
    rounded = true.to(our.dtype).double()  # inf, where the exact result is too large for the dtype
    our, their, true = our.double(), their.double(), true.double()
    relative, absolute = tolerance
    allowed = torch.maximum((their - true).abs(), relative * true.abs() + absolute)
    wrong = ~(((our - true).abs() <= allowed) | _equal(our, their) | _equal(our, rounded))
    assert not wrong.any(), f"ours {our[wrong]}, torch's {their[wrong]}, in float64 {true[wrong]}"


def _equal(a: Tensor, b: Tensor) -> Tensor:
    return (a == b) | (a.isnan() & b.isnan())
