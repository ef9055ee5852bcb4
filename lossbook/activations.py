"""Sigmoid, softmax and their logarithms, written out so that no finite input overflows.

Shapes: ``x`` is any real tensor; results have its shape, but for :func:`logsumexp`, which loses ``dim``.
Types: float32 and float64 stay; float16 and bfloat16 are computed in float32 and rounded once.
Derived in the chapter "Sigmoid and softmax: from scores to probabilities".
"""

import torch
from torch import Tensor

from lossbook.precision import widen
from lossbook.validation import check_axes, check_floating, check_integer, check_real


def _split_at_zero(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return min(x, 0) and -|x|, whose exponentials cannot overflow.

    ``abs`` has slope 0 at 0, where a fresh model starts, and makes the gradients there wrong. At 0 ``clamp`` has
    slope 1 and ``relu`` slope 0, so here both results have slope 1: they agree that 0 lies on the left.
    """
    negative = x.clamp(max=0)
    return negative, negative - torch.relu(x)


def sigmoid(x: Tensor) -> Tensor:
    r"""Turn a log-odds into a probability, element by element.

    .. math:: \sigma(x) = \frac{1}{1 + e^{-x}}

    Args:
        x: logits of any shape; integers are taken as floats.

    Returns:
        Probabilities in [0, 1], same shape. In float32 they reach 1 exactly from x of about 16.6 on.

    Raises:
        TypeError: ``x`` is not a tensor.
        NotImplementedError: ``x`` is complex.

    >>> sigmoid(torch.tensor([0.0, 1000.0, -1000.0]))
    tensor([0.5000, 1.0000, 0.0000])
    """
    check_real(x, "x")
    if not x.is_floating_point():
        x = x.to(torch.get_default_dtype())
    negative, minus_abs = _split_at_zero(widen(x))
    # 1 / (1 + exp(-x)), above and below times exp(x) where x is negative
    return (torch.exp(negative) / (1 + torch.exp(minus_abs))).to(x.dtype)


def log_sigmoid(x: Tensor) -> Tensor:
    r"""Return the logarithm of the sigmoid without ever taking the sigmoid, which may be 0.

    .. math:: \log \sigma(x) = \min(x, 0) - \log(1 + e^{-|x|})

    Args:
        x: floating-point logits of any shape.

    Returns:
        Log-probabilities, at most 0, same shape.

    Raises:
        TypeError: ``x`` is not a tensor.
        NotImplementedError: ``x`` is not floating point.

    >>> log_sigmoid(torch.tensor([0.0, -1000.0]))
    tensor([-6.9315e-01, -1.0000e+03])
    """
    check_floating(x, "x")
    negative, minus_abs = _split_at_zero(widen(x))
    return (negative - torch.log1p(torch.exp(minus_abs))).to(x.dtype)


def logsumexp(x: Tensor, dim: int | tuple[int, ...]) -> Tensor:
    r"""Return the logarithm of the sum of exponentials along ``dim``: a smooth maximum.

    .. math:: \operatorname{lse}(x) = m + \log \sum_i e^{x_i - m}, \qquad m = \max_i x_i

    Args:
        x: scores of any shape; integers are taken as floats.
        dim: the axis (or axes) to sum over.

    Returns:
        A tensor without ``dim``; -inf where there is nothing to sum.

    Raises:
        TypeError: ``x`` is not a tensor.
        NotImplementedError: ``x`` is complex.
        IndexError: ``x`` has no axis ``dim``.
        RuntimeError: ``dim`` names an axis twice, or none.

    References:
        Blanchard, Higham and Higham (2021), "Accurately computing the log-sum-exp and softmax functions".

    >>> logsumexp(torch.tensor([1000.0, 1000.0]), dim=0)
    tensor(1000.6932)
    """
    check_real(x, "x")
    check_axes(dim, x)
    if not x.is_floating_point():
        x = x.to(torch.get_default_dtype())
    wide = widen(x)
    shift = _maximum(wide, dim)
    # inf - inf would be NaN
    shift = shift.clamp(max=torch.finfo(wide.dtype).max)
    shift = torch.where(shift.isneginf(), 0, shift)
    total = torch.exp(wide - shift).sum(dim, keepdim=True)
    # the sum only drops axes of length 1
    return (torch.log(total) + shift).sum(dim).to(x.dtype)


def softmax(x: Tensor, dim: int) -> Tensor:
    r"""Turn scores into probabilities that sum to 1 along ``dim``.

    .. math:: \operatorname{softmax}(x)_i = \frac{e^{x_i - m}}{\sum_j e^{x_j - m}}, \qquad m = \max_j x_j

    Args:
        x: floating-point logits of any shape.
        dim: the axis of the classes. There is no default: guessing it is how batches get mixed.

    Returns:
        Probabilities in [0, 1], same shape.

    Raises:
        TypeError: ``x`` is not a tensor, or ``dim`` not an integer.
        NotImplementedError: ``x`` is not floating point.
        IndexError: ``x`` has no axis ``dim``.

    References:
        Bridle (1990), "Probabilistic interpretation of feedforward classification network outputs".

    >>> softmax(torch.tensor([1000.0, 1000.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    check_floating(x, "x")
    check_integer(dim, "dim")
    _, e = maximum_and_exp(widen(x), dim)
    return (e / e.sum(dim, keepdim=True)).to(x.dtype)


def log_softmax(x: Tensor, dim: int) -> Tensor:
    r"""Return the logarithm of the softmax, exact where the softmax itself is rounded to 0.

    .. math::

        \log \operatorname{softmax}(x)_i &= (x_i - m) - \log \sum_j e^{x_j - m} \\
        m &= \max_j x_j

    Args:
        x: floating-point logits of any shape.
        dim: the axis of the classes.

    Returns:
        Log-probabilities, at most 0, same shape.

    Raises:
        TypeError: ``x`` is not a tensor, or ``dim`` not an integer.
        NotImplementedError: ``x`` is not floating point.
        IndexError: ``x`` has no axis ``dim``.

    >>> log_softmax(torch.tensor([1000.0, 0.0]), dim=0)
    tensor([    0., -1000.])
    """
    check_floating(x, "x")
    check_integer(dim, "dim")
    wide = widen(x)
    shifted = wide - _maximum(wide, dim)
    return (shifted - torch.log(torch.exp(shifted).sum(dim, keepdim=True))).to(x.dtype)


def maximum_and_exp(x: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """Return m, the maximum along ``dim`` (which stays as an axis of length 1), and exp(x - m), in [0, 1]."""
    maximum = _maximum(x, dim)
    # exp_ works in place: another table takes longer to get than to fill
    return maximum, (x - maximum).exp_()


def _maximum(x: Tensor, dim: int | tuple[int, ...]) -> Tensor:
    """Return the maximum along ``dim``, kept as an axis of length 1, and 0 where ``dim`` is empty.

    It only moves the numbers to where ``exp`` is safe and cancels out, so no gradient has to flow through it.
    """
    x = x.detach()
    if x.numel() == 0:
        return x.sum(dim, keepdim=True)
    return x.amax(dim, keepdim=True)
