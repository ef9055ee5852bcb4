"""What must hold whatever torch says: identities between the functions, and the losses that torch lacks."""

import doctest
import math

import pytest
import torch
import torch.nn.functional as F
from cases import labels, probs, scores, tensor
from torch import Tensor
from torch.testing import assert_close

from lossbook import activations, losses
from lossbook.activations import log_sigmoid, log_softmax, logsumexp, sigmoid, softmax
from lossbook.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    focal_loss,
    masked_binary_cross_entropy_with_logits,
    nll_loss,
    symmetric_cross_entropy,
)

X, T, Y = scores(50, 3), labels(50, classes=3), probs(50, 3)
LOGIT, BIT = X[:, 0], labels(50, classes=2).double()


@pytest.mark.parametrize("module", [activations, losses])
def test_examples_in_docstrings(module) -> None:
    results = doctest.testmod(module)
    assert results.attempted >= 5
    assert results.failed == 0


@pytest.mark.parametrize("shift", [-1e4, -3.7, 1e4])
def test_shifts(shift: float) -> None:
    assert_close(softmax(X + shift, 1), softmax(X, 1), rtol=1e-9, atol=0)
    assert_close(log_softmax(X + shift, 1), log_softmax(X, 1), rtol=1e-9, atol=1e-9)
    assert_close(cross_entropy(X + shift, T), cross_entropy(X, T), rtol=1e-9, atol=0)
    assert_close(logsumexp(X + shift, 1), logsumexp(X, 1) + shift)


@pytest.mark.parametrize("axis", [0, 1])
def test_probabilities_sum_to_one(axis: int) -> None:
    assert_close(softmax(X, axis).sum(axis), torch.ones(X.shape[1 - axis]).double())
    assert_close(log_softmax(X, axis), softmax(X, axis).log())


def test_sigmoid_is_symmetric() -> None:
    assert_close(sigmoid(-X), 1 - sigmoid(X))
    assert_close(log_sigmoid(X) - log_sigmoid(-X), X)


def test_two_classes_are_one_logit() -> None:
    difference = X[:, 1] - X[:, 0]
    assert_close(softmax(X[:, :2], 1)[:, 1], sigmoid(difference))
    for reduction in ("none", "mean", "sum"):
        binary = binary_cross_entropy_with_logits(difference, BIT, reduction=reduction)
        assert_close(binary, cross_entropy(X[:, :2], BIT.long(), reduction=reduction))


def test_logits_and_probabilities_agree() -> None:
    assert_close(binary_cross_entropy(sigmoid(X), Y), binary_cross_entropy_with_logits(X, Y))
    assert_close(nll_loss(log_softmax(X, 1), T), cross_entropy(X, T))
    assert_close(cross_entropy(X, F.one_hot(T, 3).double()), cross_entropy(X, T))


def test_gradient_is_probability_minus_target() -> None:
    leaf = X.clone().requires_grad_()
    cross_entropy(leaf, T, reduction="sum").backward()
    assert_close(leaf.grad, softmax(X, 1) - F.one_hot(T, 3))
    leaf = X.clone().requires_grad_()
    binary_cross_entropy_with_logits(leaf, Y, reduction="sum").backward()
    assert_close(leaf.grad, sigmoid(X) - Y)


@pytest.mark.parametrize("log_zero", [-4.0, math.log(1e-4)])
def test_symmetric_cross_entropy_by_its_definition(log_zero: float) -> None:
    """Wang et al., equation 4: labels and predictions change places, and log 0 is A."""
    one_hot = F.one_hot(T, 3).double()
    reverse = -(softmax(X, 1) * one_hot.log().clamp(min=log_zero)).sum(1)
    expected = 0.3 * cross_entropy(X, T, reduction="none") + 0.7 * reverse
    ours = symmetric_cross_entropy(X, T, alpha=0.3, beta=0.7, log_zero=log_zero, reduction="none")
    assert_close(ours, expected)
    mean = symmetric_cross_entropy(X, T, alpha=0.3, beta=0.7, log_zero=log_zero)
    assert_close(mean, expected.mean())


def test_symmetric_cross_entropy_on_images() -> None:
    images, pixels = scores(2, 3, 4, 5), labels(2, 4, 5, classes=3)
    flat = symmetric_cross_entropy(images.movedim(1, -1).reshape(-1, 3), pixels.reshape(-1))
    assert_close(symmetric_cross_entropy(images, pixels), flat)


@pytest.mark.parametrize("alpha", [None, 0.25])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_focal_loss_by_its_definition(gamma: float, alpha: float | None) -> None:
    p_true = torch.where(BIT == 1, sigmoid(LOGIT), sigmoid(-LOGIT))
    weight = 1.0 if alpha is None else torch.where(BIT == 1, alpha, 1 - alpha)
    expected = -weight * (1 - p_true) ** gamma * p_true.log()
    assert_close(focal_loss(LOGIT, BIT, gamma=gamma, alpha=alpha, reduction="none"), expected)
    assert_close(focal_loss(LOGIT, BIT, gamma=gamma, alpha=alpha), expected.mean())


def padded() -> tuple[Tensor, Tensor, Tensor, list[int]]:
    lengths = [3, 0, 5, 1]
    mask = torch.arange(5) < torch.tensor(lengths).unsqueeze(1)
    return scores(4, 5), probs(4, 5), mask, lengths


@pytest.mark.parametrize("pad", [float("nan"), float("inf"), 1e9])
@pytest.mark.parametrize("reduction", ["none", "sum", "mean", "sequence_mean"])
def test_padding_does_no_harm(reduction: str, pad: float) -> None:
    logits, target, mask, _ = padded()
    expected = masked_binary_cross_entropy_with_logits(logits, target, mask, reduction=reduction)
    dirty = logits.masked_fill(~mask, pad).requires_grad_()
    target = target.masked_fill(~mask, pad)
    loss = masked_binary_cross_entropy_with_logits(dirty, target, mask, reduction=reduction)
    assert_close(loss, expected)
    loss.sum().backward()
    assert torch.equal(dirty.grad[~mask], torch.zeros_like(dirty.grad[~mask]))
    assert dirty.grad.isfinite().all()


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_masked_loss_is_the_loss_of_the_real_steps(reduction: str) -> None:
    logits, target, mask, _ = padded()
    real = binary_cross_entropy_with_logits(logits[mask], target[mask], reduction=reduction)
    assert_close(masked_binary_cross_entropy_with_logits(logits, target, mask, reduction=reduction), real)


def test_sequence_mean_is_the_mean_of_the_sequences_means() -> None:
    logits, target, mask, lengths = padded()
    means = [
        binary_cross_entropy_with_logits(logits[n, :length], target[n, :length])
        for n, length in enumerate(lengths)
        if length
    ]
    loss = masked_binary_cross_entropy_with_logits(logits, target, mask, reduction="sequence_mean")
    assert_close(loss, torch.stack(means).mean())


@pytest.mark.parametrize("reduction", ["mean", "sequence_mean"])
def test_nothing_but_padding_is_nan(reduction: str) -> None:
    logits, target, mask, _ = padded()
    assert masked_binary_cross_entropy_with_logits(logits, target, mask & False, reduction=reduction).isnan()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize(
    "loss",
    [
        lambda x: focal_loss(x, Y[:, 0].to(x.dtype)),
        lambda x: symmetric_cross_entropy(x.unsqueeze(1) * tensor(1, -1).to(x.dtype), BIT.long()),
        lambda x: masked_binary_cross_entropy_with_logits(x, Y[:, 0].to(x.dtype), BIT > 0),
    ],
)
def test_own_losses_round_once(loss, dtype: torch.dtype) -> None:
    ours, exact = loss(LOGIT.to(dtype)), loss(LOGIT.to(dtype).double())
    assert ours.dtype == dtype
    assert_close(ours.double(), exact, rtol=torch.finfo(dtype).eps, atol=0)
