"""Set 1: sigmoid, softmax and their logarithms."""

import torch
import torch.nn.functional as F


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


ROUTES = {
    "sigmoid": (
        sigmoid_by_exponent_of_softplus,
        sigmoid_by_logaddexp,
        sigmoid_by_clamped_exponents,
        sigmoid_by_masks,
        sigmoid_by_loop,
    ),
    "log_sigmoid": (
        log_sigmoid_by_softplus,
        log_sigmoid_by_logaddexp,
        log_sigmoid_by_where,
        log_sigmoid_by_branches,
        log_sigmoid_by_loop,
    ),
    "logsumexp": (
        logsumexp_by_shift,
        logsumexp_by_nan_to_num,
        logsumexp_by_detached_shift,
        logsumexp_by_logaddexp_loop,
    ),
    "softmax": (
        softmax_by_shift,
        softmax_by_max_values,
        softmax_by_log_space,
        softmax_by_moving_the_axis,
    ),
    "log_softmax": (
        log_softmax_by_shift,
        log_softmax_by_own_logsumexp,
        log_softmax_by_moving_the_axis,
        log_softmax_by_logaddexp_loop,
    ),
}
