r"""The losses of this course, written out from exp, log, where and gather.

Conventions, the same as in :mod:`torch.nn.functional`:

- ``input`` holds what the model says (logits, probabilities or log-probabilities: each function says which),
  ``target`` what is true. Binary losses want both in one shape, any shape. Class losses want the classes on
  axis 1 (axis 0 for a single sample): logits ``(C,)``, ``(N, C)`` or ``(N, C, d1, ..., dK)``, and the target
  without that axis (indices), or in the very same shape (class probabilities).
- ``reduction`` is "none" (one loss per element), "sum", or "mean". What "mean" divides by differs from loss
  to loss, and each docstring says it.
- float16 and bfloat16 are computed in float32 and rounded once.
- A wrong shape, dtype or range raises the kind of error that torch raises, with what to do about it. Under
  ``torch.compile`` the values are not looked at, so that the graph stays whole: an index that is no class is
  then a RuntimeError of the compiled look-up, and numbers outside [0, 1] go unnoticed.
- Where torch takes what is surely a mistake, these functions do not: a negative or NaN ``label_smoothing``,
  complex numbers, class weights that are not of shape ``(C,)``.
"""

import warnings
from typing import Any

import torch
from torch import Tensor

from lossbook.activations import log_sigmoid, log_softmax, maximum_and_exp, sigmoid
from lossbook.precision import widen
from lossbook.reduction import REDUCTIONS, check_reduction, reduce
from lossbook.validation import (
    check_binary_target,
    check_broadcasts,
    check_class_indices,
    check_class_probabilities,
    check_class_range,
    check_class_weight,
    check_floating,
    check_integer,
    check_label_smoothing,
    check_mask,
    check_probabilities,
    check_same_shape,
    check_tensor,
    class_axis,
)

_MEAN_OF_DIVERGENCES = (
    "reduction 'mean' divides by the number of elements, classes included: "
    "'batchmean' gives the KL divergence per sample"
)


class _ClampedCrossEntropy(torch.autograd.Function):
    """Cross-entropy of two probabilities, each logarithm clamped at -100, with torch's gradient.

    Automatic differentiation would give 0 where the clamp holds, so a model that is wrong with certainty
    would never learn. torch writes the gradient down instead, and divides by at least 1e-12.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(probs: Tensor, target: Tensor) -> Tensor:
        log_p = torch.log(probs).clamp(min=-100)
        log_not_p = torch.log1p(-probs).clamp(min=-100)
        return (target - 1) * log_not_p - target * log_p

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        probs, target = ctx.saved_tensors
        (grad,) = grads
        slope = (probs - target) / (probs * (1 - probs)).clamp(min=1e-12)
        return grad * slope, grad * (torch.log1p(-probs) - torch.log(probs))


def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    r"""Binary cross-entropy of probabilities. Prefer :func:`binary_cross_entropy_with_logits`.

    .. math:: \ell = -w \bigl(y \log p + (1 - y) \log(1 - p)\bigr)

    Each logarithm is clamped at -100, so that a certain and wrong answer costs 100 and not infinity.

    Args:
        input: probabilities p in [0, 1], any shape.
        target: y in [0, 1], of the same shape and dtype.
        weight: factor per element, broadcast to that shape.
        reduction: "mean" divides by the number of elements, whatever the weights.

    Returns:
        A scalar, or the input's shape for "none"; the input's dtype.

    Raises:
        ValueError: different shapes, or an unknown reduction.
        RuntimeError: target of another dtype, values outside [0, 1], or a weight that does not broadcast.

    References:
        torch.nn.BCELoss (the clamp); the chapter "Binary cross-entropy".

    >>> binary_cross_entropy(torch.tensor([0.9, 0.0]), torch.tensor([1.0, 1.0]), reduction="none")
    tensor([  0.1054, 100.0000])
    """
    check_reduction(reduction)
    check_tensor(input, "input")
    check_tensor(target, "target")
    check_same_shape(input, target)
    check_binary_target(target, input)
    check_floating(input, "input")
    check_probabilities(input, "input")
    check_probabilities(target, "target")
    loss = _ClampedCrossEntropy.apply(widen(input), widen(target))
    if weight is not None:
        check_broadcasts(weight, input.shape, "weight")
        loss = loss * weight
    return reduce(loss, reduction).to(input.dtype)


class _LogisticLoss(torch.autograd.Function):
    """Binary cross-entropy of a logit, with its gradient in closed form: sigmoid(x) - y if nothing is weighted.

    Automatic differentiation finds the same gradient as a difference of two numbers near 1, which float32
    rounds to 0 from logits of about -17 down; the closed form stays exact there.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(logits: Tensor, target: Tensor, pos_weight: Tensor | None) -> Tensor:
        return (1 - target) * logits - _weigh(log_sigmoid(logits), target, pos_weight)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor | None], output: Tensor) -> None:
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        logits, target, pos_weight = ctx.saved_tensors
        (grad,) = grads
        grad_target = grad_pos_weight = None
        positives = target if pos_weight is None else pos_weight * target
        grad_logits = grad * (_weigh(sigmoid(logits), target, pos_weight) - positives)
        if ctx.needs_input_grad[1] and pos_weight is None:
            grad_target = -grad * logits
        elif ctx.needs_input_grad[1]:
            grad_target = grad * (log_sigmoid(-logits) - pos_weight * log_sigmoid(logits))
        if ctx.needs_input_grad[2]:
            grad_pos_weight = -grad * target * log_sigmoid(logits)
        return grad_logits, grad_target, grad_pos_weight


def _weigh(x: Tensor, target: Tensor, pos_weight: Tensor | None) -> Tensor:
    """Return ``x`` times the factor of log(1 + exp(-logit)): pos_weight for a positive, 1 for a negative."""
    return x if pos_weight is None else (1 + (pos_weight - 1) * target) * x


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    r"""Binary cross-entropy of logits: the loss for yes-or-no questions, one or many per sample.

    .. math:: \ell = -w \bigl(w_+\, y \log \sigma(x) + (1 - y) \log (1 - \sigma(x))\bigr)

    Computed as :math:`(1 - y)\,x - (1 + (w_+ - 1)\,y) \log \sigma(x)`, which takes no logarithm of a number
    that may be rounded to 0.

    Args:
        input: logits x of any shape.
        target: y, floating point, of the same shape; usually in [0, 1].
        weight: factor w per element, broadcast to that shape.
        reduction: "mean" divides by the number of elements, whatever the weights.
        pos_weight: factor of the positive part, broadcast from the right: ``(C,)`` for ``(N, C)``.

    Returns:
        A scalar, or the input's shape for "none"; the target's dtype.

    Raises:
        ValueError: different shapes, or an unknown reduction.
        RuntimeError: a target that is not floating point, or weights that do not broadcast.
        NotImplementedError: logits that are not floating point.

    References:
        torch.nn.BCEWithLogitsLoss; the chapter "Binary cross-entropy".

    >>> binary_cross_entropy_with_logits(torch.tensor([0.0, -1000.0]), torch.tensor([1.0, 0.0]), reduction="none")
    tensor([0.6931, 0.0000])
    """
    check_reduction(reduction)
    check_tensor(input, "input")
    check_tensor(target, "target")
    check_same_shape(input, target)
    check_floating(input, "input")
    check_binary_target(target)
    logits = widen(input)
    if pos_weight is not None:
        check_broadcasts(pos_weight, input.shape, "pos_weight")
        pos_weight = pos_weight.to(logits.dtype)
    loss = _LogisticLoss.apply(logits, widen(target), pos_weight)
    if weight is not None:
        check_broadcasts(weight, input.shape, "weight")
        loss = loss * weight
    return reduce(loss, reduction).to(target.dtype)


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    r"""Negative log-likelihood: minus the log-probability of the true class. It takes no logarithm itself.

    .. math:: \ell_n = -w_{y_n}\, \text{input}_{n, y_n}

    Args:
        input: log-probabilities ``(C,)``, ``(N, C)`` or ``(N, C, d1, ...)``.
        target: class indices (int64 or uint8), the input's shape without its class axis.
        weight: one factor per class, ``(C,)``, of the input's dtype.
        ignore_index: samples with this target count for nothing.
        reduction: "mean" divides by the sum of the weights of the counted targets (NaN if there are none).

    Returns:
        A scalar, or the target's shape for "none"; the input's dtype.

    Raises:
        ValueError: no class axis, another number of samples, or an unknown reduction.
        RuntimeError: targets of another shape or dtype, or weights that are not one per class.
        IndexError: a target that is no class.
        NotImplementedError: log-probabilities that are not floating point.

    References:
        torch.nn.NLLLoss; the chapter "Cross-entropy".

    >>> nll_loss(torch.tensor([[-0.5, -1.0], [-2.0, -0.1]]), torch.tensor([0, 0]), reduction="none")
    tensor([0.5000, 2.0000])
    """
    check_reduction(reduction)
    check_tensor(input, "input")
    check_tensor(target, "target")
    check_class_indices(input, target)
    check_floating(input, "input")
    check_class_weight(weight, input, input.dtype)
    index, counted = _classes_to_count(input, target, ignore_index)
    loss = -_pick(widen(input), index)
    factor = None
    if weight is not None:
        factor = widen(weight)[index]
        loss = loss * factor
    return _reduce_counted(loss, counted, factor, reduction).to(input.dtype)


def _classes_to_count(input: Tensor, target: Tensor, ignore_index: int) -> tuple[Tensor, Tensor]:
    """Return the index of each sample's class (0 where it is ignored), and whether the sample counts."""
    check_integer(ignore_index, "ignore_index")
    if input.dim() == 1:
        target = target.reshape(())
    target = target.long()
    counted = target != ignore_index
    return torch.where(counted, target, 0), counted


def _pick(scores: Tensor, index: Tensor) -> Tensor:
    """Return the score of each sample's class."""
    axis = class_axis(scores)
    try:
        return scores.gather(axis, index.unsqueeze(axis)).squeeze(axis)
    except RuntimeError:  # looking for a wrong index only now costs nothing where there is none
        check_class_range(index, scores.shape[axis])
        raise


def _reduce_counted(loss: Tensor, counted: Tensor, factor: Tensor | None, reduction: str) -> Tensor:
    """Reduce the losses of the samples that count; the mean is one over their weights, not their number."""
    loss = torch.where(counted, loss, 0)
    if reduction != "mean":
        return reduce(loss, reduction)
    total = counted if factor is None else torch.where(counted, factor, 0)
    return loss.sum() / total.sum()


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    r"""Cross-entropy of logits: the loss for one answer out of C. Log-softmax and NLL in one.

    .. math:: \ell_n = -\sum_c w_c\, q_{n,c} \log \operatorname{softmax}(x_n)_c

    where q is the one-hot target or the target itself, smoothed to :math:`(1 - \epsilon)\,q + \epsilon / C`.

    Args:
        input: logits ``(C,)``, ``(N, C)`` or ``(N, C, d1, ...)``.
        target: class indices (int64 or uint8), the input's shape without its class axis; or class
            probabilities, floating point, the input's very shape. They are not checked to sum to 1.
        weight: one factor per class, ``(C,)``.
        ignore_index: samples with this target count for nothing (class indices only).
        reduction: "mean" divides by the sum of the weights of the counted targets (NaN if there are none);
            with class probabilities by the number of samples, whatever the weights.
        label_smoothing: epsilon in [0, 1], the share of the target spread evenly over all classes.

    Returns:
        A scalar, or the input's shape without its class axis for "none".

    Raises:
        ValueError: no class axis, another number of samples, or an unknown reduction.
        RuntimeError: targets of another shape or dtype, weights that are not one per class, or a
            label_smoothing outside [0, 1].
        IndexError: a target that is no class.
        NotImplementedError: logits that are not floating point.

    References:
        torch.nn.CrossEntropyLoss; Szegedy et al. (2016) for label smoothing; the chapter "Cross-entropy".

    >>> cross_entropy(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 1]), reduction="none")
    tensor([6.9315e-01, 1.0000e+03])
    """
    check_reduction(reduction)
    check_label_smoothing(label_smoothing)
    check_tensor(input, "input")
    check_tensor(target, "target")
    if target.shape == input.shape:
        return _soft_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    check_floating(input, "input")
    axis = class_axis(input)
    check_class_indices(input, target)
    check_class_weight(weight, input, input.dtype)
    index, counted = _classes_to_count(input, target, ignore_index)
    logits = widen(input)
    maximum, e = maximum_and_exp(logits, axis)
    log_total = torch.log(e.sum(axis, keepdim=True))
    # minus the log-softmax of the true class, without a table of all of them
    ahead = _pick(logits, index) - maximum.squeeze(axis)
    loss = log_total.squeeze(axis) - ahead
    factor = None
    if weight is not None:
        factor = widen(weight)[index]
        loss = loss * factor
    if label_smoothing > 0:
        log_probs = (logits - maximum).sub_(log_total)
        uniform = -_weighted_sum(log_probs, weight, axis) / input.shape[axis]
        loss = (1 - label_smoothing) * loss + label_smoothing * uniform
    return _reduce_counted(loss, counted, factor, reduction).to(input.dtype)


def _soft_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> Tensor:
    """Cross-entropy where the target gives a probability for each class."""
    check_class_probabilities(target, ignore_index)
    check_floating(input, "input")
    axis = class_axis(input)
    classes = input.shape[axis]
    check_class_weight(weight, input)
    dtype = torch.promote_types(input.dtype, target.dtype)
    if weight is not None:
        dtype = torch.promote_types(dtype, weight.dtype)
    probs = widen(target)
    if label_smoothing > 0:
        probs = probs * (1 - label_smoothing) + label_smoothing / max(classes, 1)
    loss = -_weighted_sum(log_softmax(widen(input), axis) * probs, weight, axis)
    return reduce(loss, reduction).to(dtype)


def _weighted_sum(terms: Tensor, weight: Tensor | None, axis: int) -> Tensor:
    """Return the sum over the classes, each with its own weight."""
    if weight is not None:
        terms = terms * widen(weight).reshape([-1 if d == axis else 1 for d in range(terms.dim())])
    return terms.sum(axis)


def kl_div(input: Tensor, target: Tensor, reduction: str = "mean", log_target: bool = False) -> Tensor:
    r"""Kullback-Leibler divergence, element by element: how much more than H(p) the cross-entropy costs.

    .. math:: \ell = p\,(\log p - \log q)

    Mind the order: the model's log-probabilities come first, so this is KL(target || model).

    Args:
        input: log-probabilities log q of the model.
        target: probabilities p, or log p with ``log_target``; shapes broadcast.
        reduction: "batchmean" divides the sum by the length of axis 0, which is the divergence per sample;
            "mean" divides by the number of elements, which is not (and warns).
        log_target: whether ``target`` holds log-probabilities.

    Returns:
        A scalar, or the broadcast shape for "none".

    Raises:
        ValueError: an unknown reduction.
        RuntimeError: inputs that are not floating point, or shapes that do not broadcast.

    References:
        torch.nn.KLDivLoss; the chapter "Likelihood, entropy and cross-entropy".

    >>> p = torch.tensor([[0.5, 0.5]])
    >>> kl_div(torch.log(torch.tensor([[0.9, 0.1]])), p, reduction="batchmean")
    tensor(0.5108)
    """
    check_reduction(reduction, (*REDUCTIONS, "batchmean"))
    _check_divergence(input, target)
    if reduction == "mean" and not torch.compiler.is_compiling():
        warnings.warn(_MEAN_OF_DIVERGENCES, stacklevel=2)
    loss = _divergence(widen(input), widen(target), log_target)
    if reduction == "batchmean":
        loss = loss.sum() / (input.shape[0] if input.dim() else 1)
    else:
        loss = reduce(loss, reduction)
    return loss.to(torch.promote_types(input.dtype, target.dtype))


def _divergence(log_q: Tensor, p: Tensor, log_target: bool) -> Tensor:
    """Return p (log p - log q), element by element, of p or, with ``log_target``, of log p."""
    if log_target:
        return torch.exp(p) * (p - log_q)
    return torch.xlogy(p, p) - p * log_q


def _check_divergence(input: Tensor, target: Tensor) -> None:
    for x, name in ((input, "input"), (target, "target")):
        check_tensor(x, name)
        if not x.is_floating_point():
            raise RuntimeError(f"kl_div: {name} has dtype {x.dtype}, it must be floating point: call .float()")


def symmetric_cross_entropy(
    input: Tensor,
    target: Tensor,
    *,
    alpha: float = 0.1,
    beta: float = 1.0,
    log_zero: float = -4.0,
    reduction: str = "mean",
) -> Tensor:
    r"""Cross-entropy plus its reverse, which forgives wrong labels.

    .. math:: \ell = \alpha \cdot (-\log p_y) + \beta \cdot \bigl(-A\,(1 - p_y)\bigr)

    The reverse term swaps the roles of labels and predictions. The logarithm of a one-hot label's zeros is
    defined as A, so what is left is a scaled mean absolute error.

    Args:
        input: logits ``(C,)``, ``(N, C)`` or ``(N, C, d1, ...)``.
        target: class indices, the input's shape without its class axis.
        alpha: factor of the cross-entropy (the authors use 0.1 on CIFAR-10 and 6 on CIFAR-100).
        beta: factor of the reverse cross-entropy (1 on CIFAR-10, 0.1 on CIFAR-100).
        log_zero: A, what log(0) stands for; negative.
        reduction: "mean" divides by the number of samples.

    Returns:
        A scalar, or the target's shape for "none".

    Raises:
        ValueError: ``log_zero`` is not negative, or as :func:`cross_entropy`.

    References:
        Wang et al. (2019), "Symmetric cross entropy for robust learning with noisy labels", section 3.

    >>> symmetric_cross_entropy(torch.zeros(1, 2), torch.tensor([0]), alpha=1.0, beta=1.0)
    tensor(2.6931)
    """
    if not log_zero < 0:
        raise ValueError(f"log_zero must be negative, not {log_zero}")
    check_reduction(reduction)
    check_tensor(input, "input")
    check_tensor(target, "target")
    check_class_indices(input, target)
    forward = cross_entropy(widen(input), target, reduction="none")
    # -A (1 - p_y), as p_y = exp(-forward)
    reverse = log_zero * torch.expm1(-forward)
    return reduce(alpha * forward + beta * reverse, reduction).to(input.dtype)


def focal_loss(
    input: Tensor,
    target: Tensor,
    *,
    gamma: float = 2.0,
    alpha: float | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""Binary cross-entropy in which easy samples count less. Not a proper score: mind the calibration.

    .. math:: \ell = -\alpha_t\,(1 - p_t)^\gamma \log p_t

    where :math:`p_t` is the probability that the model gives to the truth.

    Args:
        input: logits of any shape.
        target: y in [0, 1], floating point, of the same shape.
        gamma: how fast easy samples fade, at least 0; 0 without alpha is plain binary cross-entropy.
        alpha: factor of the positives in [0, 1], the negatives get 1 - alpha; None weights nothing.
        reduction: "mean" divides by the number of elements.

    Returns:
        A scalar, or the input's shape for "none".

    Raises:
        ValueError: ``gamma`` or ``alpha`` outside their range, or as :func:`binary_cross_entropy_with_logits`.

    References:
        Lin et al. (2017), "Focal loss for dense object detection", equation 5.

    >>> focal_loss(torch.tensor([0.0]), torch.tensor([1.0]), gamma=2.0)
    tensor(0.1733)
    """
    if not gamma >= 0:
        raise ValueError(f"gamma must be at least 0, not {gamma}")
    if alpha is not None and not 0 <= alpha <= 1:
        raise ValueError(f"alpha must be between 0 and 1, not {alpha}")
    check_reduction(reduction)
    check_tensor(input, "input")
    check_tensor(target, "target")
    logits, y = widen(input), widen(target)
    loss = binary_cross_entropy_with_logits(logits, y, reduction="none")
    # 1 - p_t, without a subtraction from 1 that rounds to 0: there the slope of a power may be infinite
    miss = y * sigmoid(-logits) + (1 - y) * sigmoid(logits)
    loss = miss.clamp(min=torch.finfo(miss.dtype).tiny) ** gamma * loss
    if alpha is not None:
        loss = (alpha * y + (1 - alpha) * (1 - y)) * loss
    return reduce(loss, reduction).to(target.dtype)


def masked_binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    mask: Tensor,
    *,
    pos_weight: Tensor | None = None,
    reduction: str = "mean",
) -> Tensor:
    r"""Binary cross-entropy of padded sequences: what the mask hides has neither loss nor gradient.

    .. math:: \ell = \frac{\sum_{n,t} m_{n,t}\, \ell_{n,t}}{\sum_{n,t} m_{n,t}}

    Args:
        input: logits ``(N, T)``; whatever stands in the padding, NaN too, does no harm.
        target: y of the same shape, floating point.
        mask: bool, of the same shape, True where a step is real.
        pos_weight: factor of the positive part, broadcast from the right.
        reduction: "mean" weights every real step alike, "sequence_mean" every sequence alike (sequences
            without a real step do not count), "sum" and "none" (0 in the padding) as usual.

    Returns:
        A scalar, or the input's shape for "none".

    Raises:
        TypeError: a mask that is not bool.
        ValueError: different shapes, or an unknown reduction.

    >>> logits, target = torch.zeros(2, 3), torch.ones(2, 3)
    >>> mask = torch.tensor([[True, True, True], [True, False, False]])
    >>> masked_binary_cross_entropy_with_logits(logits, target, mask, reduction="sum") / mask.sum()
    tensor(0.6931)
    """
    check_reduction(reduction, (*REDUCTIONS, "sequence_mean"))
    check_tensor(input, "input")
    check_tensor(target, "target")
    check_tensor(mask, "mask")
    check_same_shape(input, target)
    check_mask(mask, input)
    # Hide the padding before the loss: 0 * nan is nan, in the gradient too.
    logits = torch.where(mask, widen(input), 0)
    y = torch.where(mask, widen(target), 0)
    loss = binary_cross_entropy_with_logits(
        logits,
        y,
        pos_weight=pos_weight,
        reduction="none",
    )
    loss = torch.where(mask, loss, 0)
    if reduction == "mean":
        loss = loss.sum() / mask.sum()
    elif reduction == "sequence_mean":
        steps = mask.sum(-1)
        loss = (loss.sum(-1) / steps.clamp(min=1)).sum() / (steps > 0).sum()
    else:
        loss = reduce(loss, reduction)
    return loss.to(target.dtype)
