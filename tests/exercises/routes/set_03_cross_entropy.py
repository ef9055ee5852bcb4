"""Set 3: the losses over classes, and their gradient."""

import numpy as np
import torch
import torch.nn.functional as F


def class_axis(input):
    return 0 if input.dim() == 1 else 1


def refuse_wrong_indices(input, target, ignore_index):
    axis = class_axis(input)
    if target.is_floating_point():
        raise RuntimeError("class indices are integers")
    if target.shape != input.shape[:axis] + input.shape[axis + 1 :]:
        raise ValueError("one index per sample")
    wrong = (target != ignore_index) & ((target < 0) | (target >= input.shape[axis]))
    if wrong.any():
        raise IndexError("no such class")


def refuse_wrong_reduction(reduction):
    if reduction not in ("none", "sum", "mean"):
        raise ValueError("no such reduction")


def log_softmax(x, axis):
    shifted = x - x.detach().amax(axis, keepdim=True)
    return shifted - shifted.exp().sum(axis, keepdim=True).log()


def log_softmax_by_logaddexp(x, axis):
    total = x.select(axis, 0)
    for c in range(1, x.shape[axis]):
        total = torch.logaddexp(total, x.select(axis, c))
    return x - total.unsqueeze(axis)


def nll_by_gather(input, target, weight=None, ignore_index=-100, reduction="mean"):
    refuse_wrong_reduction(reduction)
    refuse_wrong_indices(input, target, ignore_index)
    axis = class_axis(input)
    counted = target != ignore_index
    index = target.masked_fill(~counted, 0)
    loss = -torch.take_along_dim(input, index.unsqueeze(axis), axis).squeeze(axis)
    factor = (torch.ones_like(loss) if weight is None else weight.take(index)).masked_fill(~counted, 0)
    loss = (loss * factor).masked_fill(~counted, 0)
    if reduction == "mean":
        return loss.sum() / factor.sum()
    return loss.sum() if reduction == "sum" else loss


def nll_by_index_tuples(input, target, weight=None, ignore_index=-100, reduction="mean"):
    """Move the classes to the end, make one long list of rows, pick with two index lists."""
    refuse_wrong_reduction(reduction)
    refuse_wrong_indices(input, target, ignore_index)
    rows = input.movedim(class_axis(input), -1).reshape(-1, input.shape[class_axis(input)])
    flat = target.reshape(-1)
    places = torch.nonzero(flat != ignore_index).squeeze(1)
    picked = -rows[places, flat[places]]
    factor = torch.ones_like(picked) if weight is None else weight[flat[places]]
    if reduction == "none":
        return torch.zeros_like(rows[:, 0]).index_put((places,), factor * picked).reshape(target.shape)
    total = torch.sum(factor * picked)
    return total if reduction == "sum" else total / factor.sum()


def nll_by_loop(input, target, weight=None, ignore_index=-100, reduction="mean"):
    refuse_wrong_reduction(reduction)
    refuse_wrong_indices(input, target, ignore_index)
    rows = input.movedim(class_axis(input), -1).reshape(-1, input.shape[class_axis(input)])
    losses, total, denominator = [], input.new_zeros(()), input.new_zeros(())
    for row, y in zip(rows, target.reshape(-1).tolist(), strict=True):
        if y == ignore_index:
            losses.append(input.new_zeros(()))
            continue
        factor = input.new_ones(()) if weight is None else weight[y]
        losses.append(-row[y] * factor)
        total = total + losses[-1]
        denominator = denominator + factor
    if reduction == "none":
        return torch.stack(losses).reshape(target.shape) if losses else input.new_zeros(target.shape)
    return total if reduction == "sum" else total / denominator


def nll_by_one_hot_mask(input, target, weight=None, ignore_index=-100, reduction="mean"):
    """A boolean one-hot mask chooses with where: a product would make nan of 0 * -inf."""
    refuse_wrong_reduction(reduction)
    refuse_wrong_indices(input, target, ignore_index)
    axis = class_axis(input)
    shape = [1] * input.dim()
    shape[axis] = -1
    classes = torch.arange(input.shape[axis]).reshape(shape)
    hot = (classes == target.unsqueeze(axis)) & (target != ignore_index).unsqueeze(axis)
    factors = torch.ones_like(input) if weight is None else weight.reshape(shape).expand_as(input)
    loss = -torch.where(hot, input * factors, 0).sum(axis)
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.sum() / torch.where(hot, factors, 0).sum()


def nll_by_filtering(input, target, weight=None, ignore_index=-100, reduction="mean"):
    """The ignored samples leave before anything is computed."""
    refuse_wrong_reduction(reduction)
    refuse_wrong_indices(input, target, ignore_index)
    axis = class_axis(input)
    counted = target != ignore_index
    rows, y = input.movedim(axis, -1)[counted], target[counted]
    loss = -rows.gather(-1, y[..., None])[..., 0]
    factor = loss.new_ones(loss.shape) if weight is None else torch.index_select(weight, 0, y.reshape(-1))
    if reduction == "none":
        return torch.zeros(target.shape, dtype=input.dtype).masked_scatter(counted, loss * factor)
    total = (loss * factor).sum()
    return total / factor.sum() if reduction == "mean" else total


def ce_by_nll(
    input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0, nll=nll_by_gather
):
    """Log-softmax, then one's own nll_loss; the smoothed part is a mean of nll_losses over all classes."""
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError("label_smoothing is a share")
    axis = class_axis(input)
    log_probs = log_softmax(input, axis)
    classes = input.shape[axis]
    if target.shape == input.shape:
        if not target.is_floating_point():
            raise RuntimeError("class probabilities are floats")
        probs = target * (1 - label_smoothing) + label_smoothing / classes
        shape = [classes if d == axis else 1 for d in range(input.dim())]
        factors = torch.ones(shape, dtype=input.dtype) if weight is None else weight.reshape(shape)
        loss = (-probs * log_probs * factors).sum(axis)
        return {"none": loss, "sum": loss.sum(), "mean": loss.mean()}[reduction]
    loss = nll(log_probs, target, weight, ignore_index, reduction)
    if not label_smoothing:
        return loss
    counted = target != ignore_index
    even = torch.stack(
        [nll(log_probs, torch.full_like(target, c), weight, reduction="none") for c in range(classes)]
    )
    even = torch.where(counted, even.mean(0), 0)
    if reduction != "none":
        even = even.sum()
    if reduction == "mean":
        y = target[counted]
        even = even / (len(y) if weight is None else weight[y].sum())
    return (1 - label_smoothing) * loss + label_smoothing * even


def ce_by_nll_loop(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    return ce_by_nll(input, target, weight, ignore_index, reduction, label_smoothing, nll=nll_by_loop)


def ce_by_soft_targets(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    """Turn every target into a table of probabilities, and let einsum do the rest."""
    if label_smoothing > 1:
        raise RuntimeError("label_smoothing is a share")
    axis = class_axis(input)
    classes = input.shape[axis]
    weight = torch.ones(classes, dtype=input.dtype) if weight is None else weight
    log_probs = log_softmax_by_logaddexp(input, axis).movedim(axis, -1)
    counted = torch.ones(log_probs.shape[:-1], dtype=torch.bool)
    if target.shape == input.shape:
        if target.dtype in (torch.int64, torch.uint8):
            raise RuntimeError("class probabilities are floats")
        probs = target.movedim(axis, -1)
        factor = torch.ones_like(log_probs[..., 0])
    else:
        refuse_wrong_indices(input, target, ignore_index)
        counted = target != ignore_index
        index = torch.where(counted, target, 0)
        probs = F.one_hot(index, classes).to(input.dtype)
        factor = weight[index]
    probs = (1 - label_smoothing) * probs + label_smoothing / classes
    finite = torch.where(probs > 0, log_probs, 0)
    loss = torch.where(counted, -torch.einsum("...c,...c,c->...", probs, finite, weight), 0)
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.sum() / factor[counted].sum()


def ce_from_logits(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    """Never write the log-softmax down: loss = log-sum-exp minus the target's logit."""
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError("label_smoothing is a share")
    flat = input.movedim(class_axis(input), -1)
    classes = flat.shape[-1]
    maximum = flat.max(-1, keepdim=True).values
    lse = (maximum + torch.exp(flat - maximum).sum(-1, keepdim=True).log()).squeeze(-1)
    w = flat.new_ones(classes) if weight is None else weight
    if target.shape == input.shape:
        if not torch.is_floating_point(target):
            raise RuntimeError("class probabilities are floats")
        wq = w * ((1 - label_smoothing) * target.movedim(class_axis(input), -1) + label_smoothing / classes)
        loss = wq.sum(-1) * lse - (wq * flat).sum(-1)
        return loss if reduction == "none" else getattr(loss, reduction)()
    refuse_wrong_indices(input, target, ignore_index)
    keep = target != ignore_index
    y = target * keep
    loss = (1 - label_smoothing) * w[y] * (lse - flat.gather(-1, y[..., None])[..., 0])
    if label_smoothing:
        loss = loss + label_smoothing / classes * (w.sum() * lse - flat @ w)
    loss = loss.where(keep, torch.zeros_like(loss))
    if reduction == "none":
        return loss
    return loss.sum() / (w[y] * keep).sum() if reduction == "mean" else loss.sum()


def gradient_by_one_hot(logits, target, weight=None, reduction="mean"):
    if reduction not in ("mean", "sum"):
        raise ValueError("mean or sum")
    e = torch.exp(logits - logits.max(1, keepdim=True).values)
    gradient = e / e.sum(1, keepdim=True) - F.one_hot(target, logits.shape[1])
    if weight is not None:
        gradient = gradient * weight[target][:, None]
    if reduction == "sum":
        return gradient
    return gradient / (len(target) if weight is None else weight[target].sum())


def gradient_by_index(logits, target, weight=None, reduction="mean"):
    if reduction not in ("mean", "sum"):
        raise ValueError("mean or sum")
    p = log_softmax(logits, 1).exp()
    p[torch.arange(len(target)), target] -= 1
    factor = torch.ones(len(target), dtype=logits.dtype) if weight is None else weight[target]
    if reduction == "mean":
        factor = factor / factor.sum()
    return torch.einsum("n,nc->nc", factor, p)


def gradient_by_loop(logits, target, weight=None, reduction="mean"):
    if reduction not in ("mean", "sum"):
        raise ValueError("mean or sum")
    gradient, denominator = torch.zeros_like(logits), 0.0
    for n, y in enumerate(target.tolist()):
        factor = 1.0 if weight is None else weight[y]
        e = torch.exp(logits[n] - logits[n].max())
        gradient[n] = factor * e / e.sum()
        gradient[n, y] -= factor
        denominator = denominator + factor
    return gradient / denominator if reduction == "mean" else gradient


def gradient_by_scatter(logits, target, weight=None, reduction="mean"):
    if reduction not in ("mean", "sum"):
        raise ValueError("mean or sum")
    p = log_softmax_by_logaddexp(logits, 1).exp()
    gradient = p.scatter_add(1, target.unsqueeze(1), -torch.ones_like(logits[:, :1]))
    factor = torch.ones_like(logits[:, 0]) if weight is None else weight.gather(0, target)
    gradient = torch.diag(factor) @ gradient
    return gradient.div(factor.sum()) if reduction == "mean" else gradient


def gradient_with_the_target_first(logits, target, weight=None, reduction="mean"):
    """Weight the rows by an outer product, and subtract from the true class what the row sums to."""
    if reduction not in ("mean", "sum"):
        raise ValueError("mean or sum")
    hot = (torch.arange(logits.shape[1]) == target[:, None]).to(logits.dtype)
    w = hot.sum(1) if weight is None else hot @ weight
    z = (logits - logits.amax(1)[:, None]).exp()
    rows = w[:, None] * z / z.sum(1)[:, None] - w[:, None] * hot
    return rows / w.sum() if reduction == "mean" else rows


# Other people's ways: class by class, in float64, NumPy, row by row ---------------------------------------------


def nll_class_by_class(input, target, weight=None, ignore_index=-100, reduction="mean"):
    refuse_wrong_reduction(reduction)
    refuse_wrong_indices(input, target, ignore_index)
    tables = input.unbind(class_axis(input))
    factors = [1 if weight is None else w for w in (tables if weight is None else weight)]
    hits = [(target == c) & (c != ignore_index) for c in range(len(tables))]
    zero = input.new_zeros(())
    loss = sum(torch.where(hit, -w * table, zero) for hit, w, table in zip(hits, factors, tables, strict=True))
    if reduction == "none":
        return loss
    total = sum((hit.sum() * w for hit, w in zip(hits, factors, strict=True)), zero)
    return loss.sum() / total if reduction == "mean" else loss.sum()


def nll_in_float64(input, target, weight=None, ignore_index=-100, reduction="mean"):
    wide = None if weight is None else weight.double()
    return nll_by_gather(input.double(), target, wide, ignore_index, reduction).to(input.dtype)


def ce_in_float64(input, target, weight=None, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    wide = None if weight is None else weight.double()
    target = target.double() if target.is_floating_point() else target
    return ce_by_soft_targets(input.double(), target, wide, ignore_index, reduction, label_smoothing).to(
        input.dtype
    )


def gradient_by_numpy(logits, target, weight=None, reduction="mean"):
    if reduction not in ("mean", "sum"):
        raise ValueError(reduction)
    x, y = logits.numpy(), target.numpy()
    p = np.exp(x - x.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(len(y)), y] -= 1
    w = np.ones(len(y), x.dtype) if weight is None else weight.numpy()[y]
    p *= w[:, None]
    return torch.from_numpy(p / w.sum() if reduction == "mean" else p)


@torch.no_grad()
def gradient_by_accumulating(logits, target, weight=None, reduction="mean"):
    if reduction not in {"mean", "sum"}:
        raise ValueError(reduction)
    e = torch.exp(logits.T - logits.max(1).values)
    p = (e / e.sum(0)).T.clone()
    p.index_put_((torch.arange(len(target)), target), torch.tensor(-1.0, dtype=p.dtype), accumulate=True)
    w = p.new_ones(len(target)) if weight is None else weight.index_select(0, target)
    return torch.einsum("nc,n->nc", p, w / w.sum() if reduction == "mean" else w)


ROUTES = {
    "nll_loss": (
        nll_by_gather,
        nll_by_index_tuples,
        nll_by_loop,
        nll_by_one_hot_mask,
        nll_by_filtering,
        nll_class_by_class,
        nll_in_float64,
    ),
    "cross_entropy": (
        ce_by_nll,
        ce_by_nll_loop,
        ce_by_soft_targets,
        ce_from_logits,
        ce_in_float64,
    ),
    "cross_entropy_gradient": (
        gradient_by_one_hot,
        gradient_by_index,
        gradient_by_loop,
        gradient_by_scatter,
        gradient_with_the_target_first,
        gradient_by_numpy,
        gradient_by_accumulating,
    ),
}
