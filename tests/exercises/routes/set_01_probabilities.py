"""Set 1: sigmoid, softmax and their logarithms."""

import functools

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def sigmoid_by_exponent_of_softplus(x):
    return torch.exp(-F.softplus(-x))


def sigmoid_by_logaddexp(x):
    return torch.exp(-torch.logaddexp(torch.zeros_like(x), -x))


def sigmoid_by_clamped_exponents(x):
    positive = 1 / (1 + torch.exp(-x.clamp(min=0)))
    z = torch.exp(x.clamp(max=0))
    return torch.where(x >= 0, positive, z / (1 + z))


def sigmoid_by_masks(x):
    result = torch.empty_like(x)
    up = x >= 0
    result[up] = 1 / (1 + torch.exp(-x[up]))
    z = torch.exp(x[~up])
    result[~up] = z / (1 + z)
    return result


def sigmoid_by_loop(x):
    flat = [1 / (1 + torch.exp(-v)) if v >= 0 else torch.exp(v) / (1 + torch.exp(v)) for v in x.reshape(-1)]
    return torch.stack(flat).reshape(x.shape) if flat else x.clone()


def log_sigmoid_by_softplus(x):
    return -F.softplus(-x)


def log_sigmoid_by_logaddexp(x):
    return -torch.logaddexp(torch.zeros_like(x), -x)


def log_sigmoid_by_where(x):
    low = torch.where(x >= 0, 0, x)
    return low - torch.log1p(torch.exp(torch.where(x >= 0, -x, x)))


def log_sigmoid_by_branches(x):
    up = -torch.log1p(torch.exp(-torch.where(x >= 0, x, 0)))
    down = torch.where(x >= 0, 0, x)
    return torch.where(x >= 0, up, down - torch.log1p(torch.exp(down)))


def log_sigmoid_by_loop(x):
    zero = x.new_zeros(())
    values = [-torch.logaddexp(zero, -v) for v in x.reshape(-1)]
    return torch.stack(values).reshape(x.shape) if values else x.clone()


def logsumexp_by_shift(x, dim):
    m = x.amax(dim, keepdim=True)
    m = torch.where(m.isinf(), 0, m)
    return torch.log(torch.exp(x - m).sum(dim)) + m.squeeze(dim)


def logsumexp_by_nan_to_num(x, dim):
    m = torch.nan_to_num(x.max(dim, keepdim=True).values, posinf=0.0, neginf=0.0)
    return (m + (x - m).exp().sum(dim, keepdim=True).log()).squeeze(dim)


def logsumexp_by_detached_shift(x, dim):
    m = x.detach().amax(dim)
    m[m.isinf()] = 0
    return m + torch.log(torch.sum(torch.exp(x - m.unsqueeze(dim)), dim))


def logsumexp_by_logaddexp_loop(x, dim):
    total = x.select(dim, 0)
    for i in range(1, x.shape[dim]):
        total = torch.logaddexp(total, x.select(dim, i))
    return total


def softmax_by_shift(x, dim):
    e = torch.exp(x - x.amax(dim, keepdim=True))
    return e / e.sum(dim, keepdim=True)


def softmax_by_max_values(x, dim):
    z = (x - x.max(dim=dim, keepdim=True).values).exp()
    return z.div(z.sum(dim=dim, keepdim=True))


def softmax_by_log_space(x, dim):
    shifted = x - x.detach().amax(dim, keepdim=True)
    return torch.exp(shifted - torch.log(torch.exp(shifted).sum(dim, keepdim=True)))


def softmax_by_moving_the_axis(x, dim):
    moved = x.movedim(dim, -1)
    e = torch.exp(moved - moved.max(-1, keepdim=True)[0])
    return (e / torch.einsum("...c->...", e).unsqueeze(-1)).movedim(-1, dim)


def log_softmax_by_shift(x, dim):
    s = x - x.amax(dim, keepdim=True)
    return s - torch.log(torch.exp(s).sum(dim, keepdim=True))


def log_softmax_by_own_logsumexp(x, dim):
    return x - logsumexp_by_shift(x, dim).unsqueeze(dim)


def log_softmax_by_moving_the_axis(x, dim):
    moved = x.movedim(dim, 0)
    s = moved - moved.max(0).values
    return (s - s.exp().sum(0).log()).movedim(0, dim)


def log_softmax_by_logaddexp_loop(x, dim):
    return x - logsumexp_by_logaddexp_loop(x, dim).unsqueeze(dim)


# Other people's ways: functions of torch.autograd and of NumPy, vmap, TorchScript, objects that are called ------


class NumpySigmoid(torch.autograd.Function):
    """Leave torch for the value, and give the slope by hand."""

    @staticmethod
    def forward(ctx, x):
        numbers = x.detach().numpy()
        z = np.exp(-np.abs(numbers))
        p = torch.from_numpy(np.asarray(np.where(numbers >= 0, 1 / (1 + z), z / (1 + z)), numbers.dtype))
        ctx.save_for_backward(p)
        return p

    @staticmethod
    def backward(ctx, upstream):
        (p,) = ctx.saved_tensors
        return upstream * p * (1 - p)


def sigmoid_by_reflection(x):
    positive = x >= 0
    p = torch.reciprocal(1 + torch.exp(-torch.where(positive, x, -x)))
    return torch.where(positive, p, torch.exp(torch.where(positive, -x, x)) * p)


def sigmoid_by_vmap(x):
    return torch.vmap(sigmoid_by_reflection)(x.reshape(-1)).reshape(x.shape) if x.numel() else x.clone()


class SigmoidModule(nn.Module):
    def forward(self, x):
        return sigmoid_by_reflection(x)


class NumpyLogSigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.as_tensor(-np.logaddexp(0, -x.detach().double().numpy())).to(x.dtype)

    @staticmethod
    def backward(ctx, upstream):
        (x,) = ctx.saved_tensors
        return upstream * torch.exp(-F.softplus(x))


def log_sigmoid_in_float64(x):
    return (-torch.logaddexp(x.new_zeros((), dtype=torch.float64), -x.double())).to(x.dtype)


def logsumexp_by_reduce(x, dim):
    return functools.reduce(torch.logaddexp, x.unbind(dim))


def logsumexp_by_sorting(x, dim):
    ordered = x.sort(dim, descending=True).values
    first = torch.nan_to_num(ordered.narrow(dim, 0, 1).detach(), neginf=0, posinf=0)
    return (first + torch.log(torch.exp(ordered - first).sum(dim, keepdim=True))).squeeze(dim)


def softmax_by_normalize(x, dim):
    return F.normalize(torch.exp(x - x.amax(dim=dim, keepdim=True)), p=1, dim=dim)


def softmax_by_nested_vmap(x, dim):
    def one_row(row):
        e = torch.exp(row - row.max())
        return e / e.sum()

    function = one_row
    for _ in range(x.dim() - 1):
        function = torch.vmap(function)
    return function(x.movedim(dim, -1)).movedim(-1, dim)


class SoftmaxFunction(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, dim):
        e = torch.exp(x - x.amax(dim, keepdim=True))
        p = e / e.sum(dim, keepdim=True)
        ctx.save_for_backward(p)
        ctx.dim = dim
        return p

    @staticmethod
    def backward(ctx, upstream):
        (p,) = ctx.saved_tensors
        return p * (upstream - (upstream * p).sum(ctx.dim, keepdim=True)), None


def log_softmax_in_float64(x, dim):
    wide = x.double()
    shifted = wide - wide.amax(dim, keepdim=True)
    return (shifted - shifted.exp().sum(dim, keepdim=True).log()).to(x.dtype)


def log_softmax_by_classes(x, dim):
    classes = x.unbind(dim)
    total = functools.reduce(torch.logaddexp, classes)
    return torch.stack([one - total for one in classes], dim)


ROUTES = {
    "sigmoid": (
        sigmoid_by_exponent_of_softplus,
        sigmoid_by_logaddexp,
        sigmoid_by_clamped_exponents,
        sigmoid_by_masks,
        sigmoid_by_loop,
        NumpySigmoid.apply,
        torch.jit.script(sigmoid_by_reflection),
        sigmoid_by_vmap,
        SigmoidModule(),
    ),
    "log_sigmoid": (
        log_sigmoid_by_softplus,
        log_sigmoid_by_logaddexp,
        log_sigmoid_by_where,
        log_sigmoid_by_branches,
        log_sigmoid_by_loop,
        NumpyLogSigmoid.apply,
        log_sigmoid_in_float64,
    ),
    "logsumexp": (
        logsumexp_by_shift,
        logsumexp_by_nan_to_num,
        logsumexp_by_detached_shift,
        logsumexp_by_logaddexp_loop,
        logsumexp_by_reduce,
        logsumexp_by_sorting,
    ),
    "softmax": (
        softmax_by_shift,
        softmax_by_max_values,
        softmax_by_log_space,
        softmax_by_moving_the_axis,
        softmax_by_normalize,
        softmax_by_nested_vmap,
        SoftmaxFunction.apply,
    ),
    "log_softmax": (
        log_softmax_by_shift,
        log_softmax_by_own_logsumexp,
        log_softmax_by_moving_the_axis,
        log_softmax_by_logaddexp_loop,
        log_softmax_in_float64,
        log_softmax_by_classes,
    ),
}
