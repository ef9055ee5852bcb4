"""Sigmoid, softmax and their logarithms, written out so that no finite input overflows.

Shapes: ``x`` is any real tensor; results have its shape, but for :func:`logsumexp`, which loses ``dim``.
Types: float32 and float64 stay; float16 and bfloat16 are computed in float32 and rounded once.
Derived in the chapter "Sigmoid and softmax: from scores to probabilities".
"""

import torch
from torch import Tensor

from lossbook.precision import widen
from lossbook.validation import check_floating, check_real


def _exp_minus_abs(x: Tensor) -> Tensor:
    """Return exp(-|x|), in [0, 1]: it cannot overflow.

    Not written with ``abs``: its gradient at 0, where a fresh model starts, is 0, and the right one is not.
    """
    return torch.exp(torch.where(x >= 0, -x, x))


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
    wide = widen(x)
    z = _exp_minus_abs(wide)
    return (torch.where(wide >= 0, 1, z) / (1 + z)).to(x.dtype)


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
    wide = widen(x)
    smaller = torch.where(wide >= 0, 0, wide)
    return (smaller - torch.log1p(_exp_minus_abs(wide))).to(x.dtype)


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

    References:
        Blanchard, Higham and Higham (2021), "Accurately computing the log-sum-exp and softmax functions".

    >>> logsumexp(torch.tensor([1000.0, 1000.0]), dim=0)
    tensor(1000.6932)
    """
    check_real(x, "x")
    if not x.is_floating_point():
        x = x.to(torch.get_default_dtype())
    wide = widen(x)
    shift = _maximum(wide, dim)
    shift = torch.where(shift.isinf(), 0, shift)  # inf - inf would be NaN
    total = torch.exp(wide - shift).sum(dim, keepdim=True)
    return (torch.log(total) + shift).sum(dim).to(x.dtype)  # the sum only drops axes of length 1


def softmax(x: Tensor, dim: int) -> Tensor:
    r"""Turn scores into probabilities that sum to 1 along ``dim``.

    .. math:: \operatorname{softmax}(x)_i = \frac{e^{x_i - m}}{\sum_j e^{x_j - m}}, \qquad m = \max_j x_j

    Args:
        x: floating-point logits of any shape.
        dim: the axis of the classes. There is no default: guessing it is how batches get mixed.

    Returns:
        Probabilities in [0, 1], same shape.

    Raises:
        TypeError: ``x`` is not a tensor.
        NotImplementedError: ``x`` is not floating point.
        IndexError: ``x`` has no axis ``dim``.

    References:
        Bridle (1990), "Probabilistic interpretation of feedforward classification network outputs".

    >>> softmax(torch.tensor([1000.0, 1000.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    check_floating(x, "x")
    wide = widen(x)
    e = torch.exp(wide - _maximum(wide, dim))
    return (e / e.sum(dim, keepdim=True)).to(x.dtype)


def log_softmax(x: Tensor, dim: int) -> Tensor:
    r"""Return the logarithm of the softmax, exact where the softmax itself is rounded to 0.

    .. math:: \log \operatorname{softmax}(x)_i = (x_i - m) - \log \sum_j e^{x_j - m}, \qquad m = \max_j x_j

    Args:
        x: floating-point logits of any shape.
        dim: the axis of the classes.

    Returns:
        Log-probabilities, at most 0, same shape.

    Raises:
        TypeError: ``x`` is not a tensor.
        NotImplementedError: ``x`` is not floating point.
        IndexError: ``x`` has no axis ``dim``.

    >>> log_softmax(torch.tensor([1000.0, 0.0]), dim=0)
    tensor([    0., -1000.])
    """
    check_floating(x, "x")
    wide = widen(x)
    shifted = wide - _maximum(wide, dim)
    return (shifted - torch.log(torch.exp(shifted).sum(dim, keepdim=True))).to(x.dtype)


def _maximum(x: Tensor, dim: int | tuple[int, ...]) -> Tensor:
    """Return the maximum along ``dim``, kept as an axis of length 1, and 0 where ``dim`` is empty.

    It only moves the numbers to where ``exp`` is safe and cancels out, so no gradient has to flow through it.
    """
    x = x.detach()
    return x.amax(dim, keepdim=True) if x.numel() else x.sum(dim, keepdim=True)
