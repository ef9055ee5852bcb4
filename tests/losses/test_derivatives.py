"""First and second derivatives: against finite differences, at extreme logits, and where abs would be wrong."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from against_torch import PAIRS
from cases import distribution, labels, scores, tensor
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from lossbook import losses
from lossbook.activations import log_sigmoid, log_softmax, logsumexp, sigmoid, softmax
from lossbook.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    focal_loss,
    kl_div,
    masked_binary_cross_entropy_with_logits,
    nll_loss,
    symmetric_cross_entropy,
)

X = torch.cat([scores(3, 3), torch.zeros(1, 3, dtype=torch.float64)])  # with logits of exactly 0
P = torch.sigmoid(scores(4, 3))
Y = P.flip(0)
LABELS = torch.tensor([0, 2, -100, 1])
CLASS_WEIGHT = tensor(0.5, 0.0, 2.0)
MASK = P > 0.3

#: the function, and the inputs that it is differentiated by
SMOOTH: list[tuple[str, Callable[..., Tensor], tuple[Tensor, ...]]] = [
    ("sigmoid", sigmoid, (X,)),
    ("log_sigmoid", log_sigmoid, (X,)),
    ("logsumexp", partial(logsumexp, dim=1), (X,)),
    ("logsumexp of a tuple", partial(logsumexp, dim=(0, 1)), (X,)),
    ("softmax", partial(softmax, dim=1), (X,)),
    ("log_softmax", partial(log_softmax, dim=0), (X,)),
    ("binary_cross_entropy", binary_cross_entropy, (P, Y)),
    ("binary_cross_entropy, weight", lambda p, y, w: binary_cross_entropy(p, y, w), (P, Y, Y[0] + 1)),
    ("binary_cross_entropy near the clamp", binary_cross_entropy, (tensor(1e-3, 1 - 1e-3), tensor(0.3, 0.6))),
    ("with logits", binary_cross_entropy_with_logits, (X, Y)),
    (
        "with logits, weight and pos_weight",
        lambda x, y, w, p: binary_cross_entropy_with_logits(x, y, w, pos_weight=p),
        (X, Y, Y[:, :1] + 1, Y[0] + 1),
    ),
    ("nll_loss", lambda x: nll_loss(x, LABELS), (X,)),
    ("nll_loss, weight", lambda x, w: nll_loss(x, LABELS, w), (X, CLASS_WEIGHT + 1)),
    ("cross_entropy", lambda x: cross_entropy(x, LABELS), (X,)),
    ("cross_entropy, no reduction", lambda x: cross_entropy(x, LABELS, reduction="none"), (X,)),
    ("cross_entropy, one sample", lambda x: cross_entropy(x, torch.tensor(1)), (X[0],)),
    ("cross_entropy, weight", lambda x, w: cross_entropy(x, LABELS, w), (X, CLASS_WEIGHT + 1)),
    ("cross_entropy, smoothed", lambda x, w: cross_entropy(x, LABELS, w, -100, "sum", 0.1), (X, CLASS_WEIGHT + 1)),
    ("cross_entropy, images", lambda x: cross_entropy(x, labels(2, 4, classes=3)), (scores(2, 3, 4),)),
    ("cross_entropy, probabilities", cross_entropy, (X, distribution(4, 3), CLASS_WEIGHT)),
    ("kl_div", partial(kl_div, reduction="batchmean"), (X, P)),
    ("kl_div of logarithms", partial(kl_div, reduction="sum", log_target=True), (X, X.flip(0))),
    ("symmetric_cross_entropy", lambda x: symmetric_cross_entropy(x, labels(4, classes=3)), (X,)),
    ("focal_loss", partial(focal_loss, alpha=0.25), (X, Y)),
    ("focal_loss, gamma 0", partial(focal_loss, gamma=0.0), (X, Y)),
    ("masked", lambda x, y: masked_binary_cross_entropy_with_logits(x, y, MASK), (X, Y)),
    (
        "masked, by sequence",
        lambda x, y: masked_binary_cross_entropy_with_logits(x, y, MASK, reduction="sequence_mean"),
        (X, Y),
    ),
]  # fmt: skip


@pytest.mark.parametrize("check", [gradcheck, gradgradcheck])
@pytest.mark.parametrize(("function", "inputs"), [case[1:] for case in SMOOTH], ids=[case[0] for case in SMOOTH])
def test_finite_differences(function: Callable[..., Tensor], inputs: tuple[Tensor, ...], check: Any) -> None:
    assert check(function, tuple(x.clone().requires_grad_() for x in inputs))


EXTREMES = [0.0, -0.0, 1e-30, 17.0, -17.0, 88.8, -88.8, 104.0, -104.0, 1e4, -1e4, 1e30, -1e30]
ROWS = [[0.0, 0.0], [1e4, -1e4], [-1e4, -1e4], [88.8, 0.0], [1e30, -1e30], [104.0, 0.0]]
CURVED: list[tuple[str, Callable[[Tensor], Tensor], list[Any]]] = [
    ("sigmoid", sigmoid, EXTREMES),
    ("log_sigmoid", log_sigmoid, EXTREMES),
    *(
        (f"with logits, target {y}, pos_weight {w}", partial(
            lambda x, y, w: binary_cross_entropy_with_logits(x, torch.full_like(x, y), pos_weight=w), y=y, w=w
        ), EXTREMES)
        for y in (0.0, 1.0, 0.3)
        for w in (None, torch.tensor(3.0))
    ),
    *(
        (f"focal_loss, target {y}, gamma {g}", partial(
            lambda x, y, g: focal_loss(x, torch.full_like(x, y), gamma=g), y=y, g=g
        ), EXTREMES)
        for y in (0.0, 1.0, 0.3)
        for g in (0.0, 0.5, 1.0, 1.5, 2.0)
    ),
    ("logsumexp", partial(logsumexp, dim=1), ROWS),
    ("softmax", lambda x: softmax(x, 1)[:, 0], ROWS),
    ("log_softmax", lambda x: log_softmax(x, 1)[:, 0], ROWS),
    ("cross_entropy", lambda x: cross_entropy(x, torch.tensor([0, 1] * 3), reduction="none"), ROWS),
    ("cross_entropy, smoothed", lambda x: cross_entropy(x, torch.tensor([0, 1] * 3), label_smoothing=0.1), ROWS),
    ("cross_entropy, probabilities", lambda x: cross_entropy(x, torch.full((6, 2), 0.5)), ROWS),
    ("symmetric_cross_entropy", lambda x: symmetric_cross_entropy(x, torch.tensor([0, 1] * 3)), ROWS),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(("function", "numbers"), [case[1:] for case in CURVED], ids=[case[0] for case in CURVED])
def test_derivatives_are_finite_at_extreme_logits(function, numbers: list[Any], dtype: torch.dtype) -> None:
    x = torch.tensor(numbers, dtype=dtype, requires_grad=True)
    (first,) = torch.autograd.grad(function(x).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad((first * torch.arange(1, x.numel() + 1).view_as(x)).sum(), x)
    assert first.isfinite().all()
    assert second.isfinite().all()


def derivatives(function: Callable[[Tensor], Tensor], x: Tensor) -> tuple[float, float]:
    x = x.requires_grad_()
    (first,) = torch.autograd.grad(function(x), x, create_graph=True)
    (second,) = torch.autograd.grad(first, x)
    return float(first), float(second)


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize(
    ("function", "first", "second"),
    [
        (sigmoid, 0.25, 0.0),
        (log_sigmoid, 0.5, -0.25),
        (lambda x: binary_cross_entropy_with_logits(x, torch.tensor(0.0)), 0.5, 0.25),
        (lambda x: binary_cross_entropy_with_logits(x, torch.tensor(1.0)), -0.5, 0.25),
        (lambda x: focal_loss(x, torch.tensor(1.0), gamma=0.0), -0.5, 0.25),
    ],
)
def test_derivatives_at_zero(function, first: float, second: float, zero: float) -> None:
    """A fresh head starts at 0: abs has slope 0 there, and formulas with it a wrong gradient."""
    assert derivatives(function, torch.tensor(zero)) == pytest.approx((first, second), abs=1e-7)


@pytest.mark.parametrize("x", [-17.0, -50.0, -85.0])
def test_gradient_of_a_confident_right_answer_is_not_rounded_away(x: float) -> None:
    logit = torch.tensor(x, requires_grad=True)
    binary_cross_entropy_with_logits(logit, torch.tensor(0.0)).backward()
    exact = torch.sigmoid(torch.tensor(x, dtype=torch.float64))
    assert float(logit.grad) == pytest.approx(float(exact), rel=1e-6)


@pytest.mark.parametrize("name", ["weight", "pos_weight"])
def test_weights_may_learn(name: str) -> None:
    """Torch refuses to differentiate these by their weights."""
    weight = torch.ones(3, requires_grad=True)
    PAIRS["binary_cross_entropy_with_logits"][0](X.float(), Y.float(), **{name: weight}).backward()
    assert weight.grad is not None
    assert weight.grad.abs().sum() > 0


def test_no_graph_without_need() -> None:
    with torch.no_grad():
        assert not losses.cross_entropy(X.clone().requires_grad_(), LABELS).requires_grad
