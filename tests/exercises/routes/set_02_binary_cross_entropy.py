"""Set 2: binary cross-entropy of probabilities, of logits, and its gradient."""

import numpy as np
import torch
import torch.nn.functional as F


def _same_shapes(input, target):
    if input.shape != target.shape:
        raise ValueError("input and target have different shapes")


def _reduced(loss, reduction):
    return {"none": lambda x: x, "mean": torch.mean, "sum": torch.sum}[reduction](loss)


# Probabilities -------------------------------------------------------------------------------------------


def bce_by_two_clamped_logarithms(input, target, weight=None, reduction="mean"):
    _same_shapes(input, target)
    loss = -target * torch.log(input).clamp(min=-100) - (1 - target) * torch.log1p(-input).clamp(min=-100)
    if weight is not None:
        loss = weight * loss
    return _reduced(loss, reduction)


def bce_by_where(input, target, weight=None, reduction="mean"):
    _same_shapes(input, target)
    log_p, log_not_p = input.log(), (-input).log1p()
    log_p = torch.where(log_p < -100, -100, log_p)
    log_not_p = torch.where(log_not_p < -100, -100, log_not_p)
    loss = -(target * log_p + (1 - target) * log_not_p) * (1 if weight is None else weight)
    if reduction == "none":
        return loss
    return loss.sum() / input.numel() if reduction == "mean" else loss.sum()


def bce_by_loop(input, target, weight=None, reduction="mean"):
    if tuple(input.shape) != tuple(target.shape):
        raise ValueError(f"{input.shape} is not {target.shape}")
    factors = torch.ones_like(input) if weight is None else weight.expand_as(input)
    floor = torch.tensor(-100.0, dtype=input.dtype)
    losses = []
    for p, y, w in zip(input.flatten(), target.flatten(), factors.flatten(), strict=True):
        log_p, log_not_p = torch.maximum(torch.log(p), floor), torch.maximum(torch.log1p(-p), floor)
        losses.append(-w * (y * log_p + (1 - y) * log_not_p))
    table = torch.stack(losses).reshape(input.shape) if losses else torch.zeros_like(input)
    return _reduced(table, reduction)


def bce_by_einsum(input, target, weight=None, reduction="mean"):
    _same_shapes(input, target)
    shares = torch.stack([target, 1 - target])
    logs = torch.stack([torch.log(input), torch.special.log1p(-input)]).clamp_min(-100)
    loss = torch.einsum("k...,k...->...", shares, -logs)
    if weight is not None:
        loss = torch.mul(loss, weight)
    return loss if reduction == "none" else getattr(loss, reduction)()


def bce_by_lerp(input, target, weight=None, reduction="mean"):
    _same_shapes(input, target)
    cost_of_1 = torch.log(input).neg().clamp(max=100)
    cost_of_0 = torch.log1p(-input).neg().clamp(max=100)
    loss = torch.lerp(cost_of_0, cost_of_1, target)
    return _reduced(loss if weight is None else loss * weight, reduction)


def bce_in_float64(input, target, weight=None, reduction="mean"):
    _same_shapes(input, target)
    p, y = input.double(), target.double()
    loss = -(y * p.log().clamp(min=-100) + (1 - y) * (1 - p).log().clamp(min=-100))
    if weight is not None:
        loss = loss * weight
    return _reduced(loss, reduction).to(input.dtype)


# Logits --------------------------------------------------------------------------------------------------


def logits_by_logaddexp(input, target, weight=None, reduction="mean", pos_weight=None):
    _same_shapes(input, target)
    zero = torch.zeros_like(input)
    loss_of_1, loss_of_0 = torch.logaddexp(zero, -input), torch.logaddexp(zero, input)
    if pos_weight is not None:
        loss_of_1 = loss_of_1 * pos_weight
    loss = target * loss_of_1 + (1 - target) * loss_of_0
    return _reduced(loss if weight is None else loss * weight, reduction)


def logits_by_softplus(input, target, weight=None, reduction="mean", pos_weight=None):
    _same_shapes(input, target)
    if pos_weight is None:
        loss = F.softplus(input) - input * target
    else:
        loss = (1 - target) * input + (1 + (pos_weight - 1) * target) * F.softplus(-input)
    if weight is not None:
        loss = loss * weight
    return _reduced(loss, reduction)


def logits_by_maximum(input, target, weight=None, reduction="mean", pos_weight=None):
    """With torch.maximum the textbook form has the right slope at 0: it gives each side one half there."""
    _same_shapes(input, target)
    factor = 1 if pos_weight is None else 1 + (pos_weight - 1) * target
    above = torch.maximum(-input, torch.zeros_like(input))
    loss = (1 - target) * input + factor * (above + torch.log1p(torch.exp(-input.abs())))
    return _reduced(loss if weight is None else loss * weight, reduction)


def logits_by_own_log_sigmoid(input, target, weight=None, reduction="mean", pos_weight=None):
    def log_sigmoid(x):
        return torch.where(x >= 0, 0, x) - torch.log1p(torch.exp(torch.where(x >= 0, -x, x)))

    _same_shapes(input, target)
    positive = target if pos_weight is None else target * pos_weight
    loss = -positive * log_sigmoid(input) - (1 - target) * log_sigmoid(-input)
    if weight is not None:
        loss = loss * weight
    return _reduced(loss, reduction)


def logits_by_two_logits(input, target, weight=None, reduction="mean", pos_weight=None):
    """The cross-entropy of the logits [0, x], with the shifted log-sum-exp of set 1."""
    _same_shapes(input, target)
    two = torch.stack([torch.zeros_like(input), input])
    shift = two.detach().amax(0)
    log_probs = two - shift - torch.exp(two - shift).sum(0).log()
    positive = target if pos_weight is None else target * pos_weight
    loss = -torch.einsum("k...,k...->...", torch.stack([1 - target, positive]), log_probs)
    return _reduced(loss if weight is None else loss * weight, reduction)


def logits_by_loop(input, target, weight=None, reduction="mean", pos_weight=None):
    _same_shapes(input, target)
    one, zero = torch.ones_like(input), input.new_zeros(())
    w = (one if weight is None else weight.expand_as(input)).flatten()
    pos = (one if pos_weight is None else pos_weight.expand_as(input)).flatten()
    losses = [
        w[i] * (pos[i] * y * torch.logaddexp(zero, -x) + (1 - y) * torch.logaddexp(zero, x))
        for i, (x, y) in enumerate(zip(input.flatten(), target.flatten(), strict=True))
    ]
    table = torch.stack(losses).reshape(input.shape) if losses else torch.zeros_like(input)
    return _reduced(table, reduction)


# The gradient --------------------------------------------------------------------------------------------


def gradient_by_two_terms(logits, target, pos_weight=None, reduction="mean"):
    _same_shapes(logits, target)
    p = 1 / (1 + torch.exp(-logits))
    pos = 1 if pos_weight is None else pos_weight
    slopes = (1 - target) * p - pos * target * (1 - p)
    return slopes / logits.numel() if reduction == "mean" else slopes


def gradient_by_one_factor(logits, target, pos_weight=None, reduction="mean"):
    _same_shapes(logits, target)
    p = torch.exp(-torch.logaddexp(torch.zeros_like(logits), -logits))
    slopes = p - target
    if pos_weight is not None:
        slopes = (1 + (pos_weight - 1) * target) * p - pos_weight * target
    if reduction == "mean":
        slopes = slopes / max(logits.numel(), 1)
    return slopes


def gradient_by_branches(logits, target, pos_weight=None, reduction="mean"):
    _same_shapes(logits, target)
    z = torch.exp(-logits.abs())
    p = torch.where(logits >= 0, 1, z) / (1 + z)
    not_p = torch.where(logits >= 0, z, 1) / (1 + z)
    scale = 1 / logits.numel() if reduction == "mean" else 1
    positive = target if pos_weight is None else target * pos_weight
    return scale * ((1 - target) * p - positive * not_p)


def gradient_by_loop(logits, target, pos_weight=None, reduction="mean"):
    _same_shapes(logits, target)
    pos = torch.ones_like(logits) if pos_weight is None else pos_weight.expand_as(logits)
    slopes = torch.empty_like(logits)
    flat = slopes.view(-1)
    count = len(flat) if reduction == "mean" else 1
    for i, (x, y, w) in enumerate(zip(logits.flatten(), target.flatten(), pos.flatten(), strict=True)):
        p = torch.exp(x) / (1 + torch.exp(x)) if x < 0 else 1 / (1 + torch.exp(-x))
        flat[i] = ((1 - y) * p - w * y * (1 - p)) / count
    return slopes


def gradient_by_softplus(logits, target, pos_weight=None, reduction="mean"):
    _same_shapes(logits, target)
    p, not_p = torch.exp(-F.softplus(-logits)), torch.exp(-F.softplus(logits))
    slopes = p * (1 - target) - not_p * target * (1.0 if pos_weight is None else pos_weight)
    return slopes * (1 / max(1, slopes.numel())) if reduction == "mean" else slopes


# Other people's ways: slopes by hand, NumPy, in place on a copy, keywords --------------------------------------


class HandWrittenSlope(torch.autograd.Function):
    """torch's own slope of the loss, with its guard against a division by 0."""

    @staticmethod
    def forward(ctx, p, y):
        ctx.save_for_backward(p, y)
        return -(y * torch.log(p).clamp(min=-100) + (1 - y) * torch.log1p(-p).clamp(min=-100))

    @staticmethod
    def backward(ctx, upstream):
        p, y = ctx.saved_tensors
        return upstream * (p - y) / (p * (1 - p)).clamp(min=1e-12), None


def bce_by_hand_written_slope(input, target, *, weight=None, **reduction):
    _same_shapes(input, target)
    loss = HandWrittenSlope.apply(input, target)
    return _reduced(loss if weight is None else loss * weight, reduction.get("reduction", "mean"))


def bce_by_dot_products(input, target, weight=None, reduction="mean"):
    _same_shapes(input, target)
    w = torch.ones_like(input) if weight is None else weight.broadcast_to(input.shape)
    log_p, log_not_p = torch.log(input).clamp_min(-100), (-input).log1p().clamp_min(-100)
    if reduction == "none":
        return -w * (target * log_p + (1 - target) * log_not_p)
    total = torch.dot((w * target).flatten(), log_p.flatten())
    total = total + torch.dot((w * (1 - target)).flatten(), log_not_p.flatten())
    return -total / input.numel() if reduction == "mean" else -total


def logits_in_float64(input, target, weight=None, reduction="mean", pos_weight=None):
    _same_shapes(input, target)
    x, y = input.double(), target.double()
    zero = torch.zeros_like(x)
    loss = (1 if pos_weight is None else pos_weight) * y * torch.logaddexp(zero, -x)
    loss = loss + (1 - y) * torch.logaddexp(zero, x)
    return _reduced(loss if weight is None else loss * weight, reduction).to(input.dtype)


def logits_with_a_detached_shift(input, target, weight=None, reduction="mean", pos_weight=None):
    _same_shapes(input, target)
    shift = torch.clamp(-input, min=0).detach()
    log_1_plus = shift + torch.log(torch.exp(-shift) + torch.exp(-input - shift))
    factor = 1 if pos_weight is None else 1 + (pos_weight - 1) * target
    loss = (1 - target) * input + factor * log_1_plus
    if weight is not None:
        loss *= weight
    return _reduced(loss, reduction)


def gradient_by_numpy(logits, target, pos_weight=None, reduction="mean"):
    _same_shapes(logits, target)
    x, y = logits.numpy().astype(np.float64), target.numpy()
    w = 1.0 if pos_weight is None else pos_weight.numpy()
    with np.errstate(over="ignore"):
        slopes = (1 - y) / (1 + np.exp(-x)) - w * y / (1 + np.exp(x))
    if reduction == "mean":
        slopes = slopes / max(x.size, 1)
    return torch.as_tensor(slopes).to(logits.dtype)


@torch.inference_mode()
def gradient_in_place_on_a_copy(logits, target, pos_weight=None, reduction="mean"):
    _same_shapes(logits, target)
    p = logits.neg().exp_().add_(1).reciprocal_()
    slopes = p - target if pos_weight is None else p * (1 - target) - pos_weight * target * (1 - p)
    return slopes.div_(max(1, slopes.numel())) if reduction == "mean" else slopes


ROUTES = {
    "binary_cross_entropy": (
        bce_by_two_clamped_logarithms,
        bce_by_where,
        bce_by_loop,
        bce_by_einsum,
        bce_by_lerp,
        bce_in_float64,
        bce_by_hand_written_slope,
        bce_by_dot_products,
    ),
    "binary_cross_entropy_with_logits": (
        logits_by_logaddexp,
        logits_by_softplus,
        logits_by_maximum,
        logits_by_own_log_sigmoid,
        logits_by_two_logits,
        logits_by_loop,
        logits_in_float64,
        logits_with_a_detached_shift,
    ),
    "bce_with_logits_gradient": (
        gradient_by_two_terms,
        gradient_by_one_factor,
        gradient_by_branches,
        gradient_by_loop,
        gradient_by_softplus,
        gradient_by_numpy,
        gradient_in_place_on_a_copy,
    ),
}
