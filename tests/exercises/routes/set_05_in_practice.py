"""Set 5: masks, data-set means, thresholds, noisy labels, calibration."""

import bisect
import math
import statistics

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def check_mask(input, target, mask, reduction):
    if input.shape != target.shape or input.shape != mask.shape:
        raise ValueError("one shape, please")
    if reduction not in {"mean", "sum", "none"}:
        raise ValueError(reduction)


def masked_by_indexing(input, target, mask, pos_weight=None, reduction="mean"):
    check_mask(input, target, mask, reduction)
    weight = None if pos_weight is None else pos_weight.expand(input.shape)[mask]
    real = F.binary_cross_entropy_with_logits(input[mask], target[mask], pos_weight=weight, reduction="none")
    if reduction == "none":
        loss = torch.zeros_like(input)
        loss[mask] = real
        return loss
    return real.mean() if reduction == "mean" else real.sum()


def masked_by_fill(input, target, mask, pos_weight=None, reduction="mean"):
    check_mask(input, target, mask, reduction)
    logits, labels = input.masked_fill(~mask, 0), target.masked_fill(~mask, 0)
    loss = F.binary_cross_entropy_with_logits(
        logits, labels, weight=mask.to(input.dtype), pos_weight=pos_weight, reduction="none"
    )
    return {"none": loss, "sum": loss.sum(), "mean": loss.sum() / mask.sum()}[reduction]


def masked_by_softplus(input, target, mask, pos_weight=None, reduction="mean"):
    check_mask(input, target, mask, reduction)
    x, y = torch.where(mask, input, 0), torch.where(mask, target, 0)
    w = 1 if pos_weight is None else pos_weight
    loss = (w * y * F.softplus(-x) + (1 - y) * F.softplus(x)) * mask
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.sum() / mask.sum()


def masked_by_logaddexp(input, target, mask, pos_weight=None, reduction="mean"):
    check_mask(input, target, mask, reduction)
    zero = input.new_zeros(())
    x, y = input.where(mask, zero), target.where(mask, zero)
    weight = torch.ones_like(x) if pos_weight is None else pos_weight * torch.ones_like(x)
    loss = (1 - y) * x + (1 + (weight - 1) * y) * torch.logaddexp(zero, -x)
    loss = loss.where(mask, zero)
    if reduction == "none":
        return loss
    return torch.einsum("nt->", loss) / (mask.count_nonzero() if reduction == "mean" else 1)


def masked_by_loop(input, target, mask, pos_weight=None, reduction="mean"):
    check_mask(input, target, mask, reduction)
    rows, count = [], 0
    for x, y, real in zip(input, target, mask, strict=True):
        loss = torch.zeros_like(x)
        weight = None if pos_weight is None else pos_weight.expand(x.shape)[real]
        loss[real] = F.binary_cross_entropy_with_logits(x[real], y[real], pos_weight=weight, reduction="none")
        rows.append(loss)
        count += int(real.sum())
    table = torch.stack(rows)
    if reduction == "none":
        return table
    return table.sum() / torch.tensor(count, dtype=input.dtype) if reduction == "mean" else table.sum()


def dataset_by_concatenating(batches, weight=None, ignore_index=-100):
    logits = torch.cat([x for x, _ in batches])
    target = torch.cat([y for _, y in batches])
    return float(F.cross_entropy(logits, target, weight, ignore_index=ignore_index))


def dataset_by_sums(batches, weight=None, ignore_index=-100):
    total = count = 0.0
    for x, y in batches:
        total += F.cross_entropy(x, y, weight=weight, ignore_index=ignore_index, reduction="sum").item()
        counted = y[y != ignore_index]
        count += weight[counted].sum().item() if weight is not None else counted.numel()
    return total / count if count > 0 else float("nan")


def dataset_by_means_times_weights(batches, weight=None, ignore_index=-100):
    total, count = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    criterion = nn.CrossEntropyLoss(weight=weight, ignore_index=ignore_index)
    for x, y in batches:
        counted = y[y != ignore_index]
        size = torch.ones(x.shape[1])[counted].sum() if weight is None else weight[counted].sum()
        if size > 0:
            total += criterion(x, y) * size
            count += size
    return (total / count).item()


def dataset_by_log_softmax(batches, weight=None, ignore_index=-100):
    total = count = torch.tensor(0.0, dtype=torch.float64)
    for x, y in batches:
        kept = y != ignore_index
        logits, classes = x[kept].double(), y[kept]
        w = torch.ones(x.shape[1], dtype=torch.float64) if weight is None else weight.double()
        picked = logits.log_softmax(1)[torch.arange(len(classes)), classes]
        total = total - (w[classes] * picked).sum()
        count = count + w[classes].sum()
    return float(total / count)


def dataset_by_sample_loop(batches, weight=None, ignore_index=-100):
    total, count = 0.0, 0.0
    for x, y in batches:
        for row, label in zip(x, y.tolist(), strict=True):
            if label == ignore_index:
                continue
            w = 1.0 if weight is None else weight[label].item()
            total += w * (row.logsumexp(0) - row[label]).item()
            count += w
    return math.nan if count == 0 else total / count


def check_scores(scores, labels):
    if scores.shape != labels.shape:
        raise ValueError("one shape, please")
    if (labels == 0).sum() == 0:
        raise ValueError("no negatives")


def threshold_by_loop(scores, labels, max_fpr):
    check_scores(scores, labels)
    negatives = scores[labels == 0]
    for t in scores.sort().values:
        if (negatives >= t).float().mean() <= max_fpr:
            return t.item()
    return float("inf")


def threshold_by_table(scores, labels, max_fpr):
    check_scores(scores, labels)
    candidates = torch.cat([scores, torch.tensor([math.inf])])
    positive = scores[None, :] >= candidates[:, None]
    rate = (positive & (labels == 0)).sum(1) / (labels == 0).sum()
    return candidates[rate <= max_fpr].min().item()


def threshold_by_sorted_lists(scores, labels, max_fpr):
    check_scores(scores, labels)
    pairs = list(zip(scores.tolist(), labels.tolist(), strict=True))
    negatives = sorted(s for s, label in pairs if label == 0)
    allowed = [
        s for s, _ in pairs if (len(negatives) - bisect.bisect_left(negatives, s)) / len(negatives) <= max_fpr
    ]
    return min(allowed, default=math.inf)


def threshold_by_walking_down(scores, labels, max_fpr):
    check_scores(scores, labels)
    best, wrong, total = math.inf, 0, int((labels == 0).sum())
    for t in scores.unique().flip(0).tolist():
        wrong += int(((scores == t) & (labels == 0)).sum())
        if wrong / total > max_fpr:
            break
        best = t
    return best


def threshold_by_counting_groups(scores, labels, max_fpr):
    check_scores(scores, labels)
    values, place = scores.unique(return_inverse=True)
    negatives = torch.zeros(len(values), dtype=torch.long).index_add(0, place, (labels == 0).long())
    rates = negatives.flip(0).cumsum(0).flip(0) / negatives.sum()
    allowed = values[rates <= max_fpr]
    return allowed[0].item() if len(allowed) else math.inf


def check_log_zero(log_zero):
    if log_zero >= 0:
        raise ValueError(log_zero)


def symmetric_by_true_probability(input, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    check_log_zero(log_zero)
    ce = F.cross_entropy(input, target, reduction="none")
    return (alpha * ce - beta * log_zero * (1 - torch.exp(-ce))).mean()


def symmetric_by_one_hot(input, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    check_log_zero(log_zero)
    forward = F.cross_entropy(input, target)
    one_hot = F.one_hot(target, input.shape[1]).bool()
    log_labels = torch.where(one_hot, 0.0, log_zero).to(input.dtype)
    reverse = -(torch.softmax(input, dim=1) * log_labels).sum(dim=1)
    return alpha * forward + beta * reverse.mean()


def symmetric_by_clamped_labels(input, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    check_log_zero(log_zero)
    labels = F.one_hot(target, input.shape[1]).to(input.dtype).clamp(min=math.exp(log_zero))
    log_probs = input - input.logsumexp(1, keepdim=True)
    reverse = -torch.einsum("nc,nc->n", log_probs.exp(), labels.log())
    return alpha * F.nll_loss(log_probs, target) + beta * reverse.mean()


def symmetric_by_gather(input, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    check_log_zero(log_zero)
    if len(input) != len(target):
        raise ValueError("as many targets as samples")
    log_p = F.log_softmax(input, dim=-1).gather(1, target[:, None])[:, 0]
    return alpha * -log_p.mean() + beta * log_zero * torch.expm1(log_p).mean()


def symmetric_by_loop(input, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    check_log_zero(log_zero)
    if len(input) != len(target):
        raise ValueError("as many targets as samples")
    total = input.new_zeros(())
    for row, label in zip(input, target, strict=True):
        log_p = torch.log_softmax(row, 0)
        others = torch.cat([log_p[:label], log_p[label + 1 :]])
        total = total - alpha * log_p[label] - beta * log_zero * others.exp().sum()
    return total / len(target)


def check_pos_weight(logits, pos_weight):
    if (pos_weight <= 0).any():
        raise ValueError("above 0, please")
    if pos_weight.numel() > 1 and pos_weight.shape[-1] != logits.shape[-1]:
        raise ValueError("one for each label, please")


def undo_by_sigmoid(logits, pos_weight):
    check_pos_weight(logits, pos_weight)
    return torch.sigmoid(logits - pos_weight.log())


def undo_by_exp(logits, pos_weight):
    check_pos_weight(logits, pos_weight)
    return 1 / (1 + torch.exp(torch.log(pos_weight) - logits))


def undo_by_weighted_exp(logits, pos_weight):
    check_pos_weight(logits, pos_weight)
    return 1 / (1 + pos_weight * torch.exp(-logits))


def undo_by_softmax(logits, pos_weight):
    check_pos_weight(logits, pos_weight)
    shifted = logits - torch.log(pos_weight)
    return torch.stack([torch.zeros_like(shifted), shifted], dim=-1).softmax(-1)[..., 1]


def undo_by_logaddexp(logits, pos_weight):
    check_pos_weight(logits, pos_weight)
    log_weight = pos_weight.log().expand_as(logits)
    return torch.exp(logits - torch.logaddexp(logits, log_weight))


def temperature_by_bisection(logits, target):
    low, high = 1e-3, 1e3
    for _ in range(60):
        t = math.sqrt(low * high)
        scaled = torch.tensor(t, dtype=logits.dtype, requires_grad=True)
        F.cross_entropy(logits / scaled, target).backward()
        low, high = (low, t) if scaled.grad > 0 else (t, high)
    return t


def temperature_by_thirds(logits, target):
    low, high = math.log(0.01), math.log(100)
    while high - low > 1e-5:
        a, b = low + (high - low) / 3, high - (high - low) / 3
        if F.cross_entropy(logits / math.exp(a), target) < F.cross_entropy(logits / math.exp(b), target):
            high = b
        else:
            low = a
    return math.exp(low)


def temperature_by_refined_grid(logits, target):
    center, width = 0.0, math.log(100)
    for _ in range(6):
        grid = center + torch.linspace(-width, width, 41, dtype=torch.float64)
        losses = [F.cross_entropy(logits / t, target).item() for t in grid.exp().tolist()]
        center, width = grid[losses.index(min(losses))].item(), width / 15
    return math.exp(center)


def temperature_by_newton(logits, target):
    """Newton's steps for beta = 1 / T, halved until the loss falls."""
    beta, picked = 0.0, logits.gather(1, target[:, None]).mean()
    for _ in range(200):
        p = torch.softmax(beta * logits, 1)
        mean = (p * logits).sum(1)
        slope = (mean.mean() - picked).item()
        curvature = ((p * logits**2).sum(1) - mean**2).mean().item()
        step = slope / curvature
        here = F.cross_entropy(beta * logits, target)
        while F.cross_entropy((beta - step) * logits, target) > here and abs(step) > 1e-12:
            step /= 2
        beta -= step
        if abs(step) < 1e-9 * abs(beta):
            break
    return 1 / beta


def temperature_by_lbfgs(logits, target):
    log_t = nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = torch.optim.LBFGS(
        [log_t], lr=1, max_iter=200, line_search_fn="strong_wolfe", tolerance_grad=1e-10, tolerance_change=1e-14
    )

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(logits / log_t.exp(), target)
        loss.backward()
        return loss

    optimizer.step(closure)
    return log_t.exp().item()


# Other people's ways: NumPy and its numbers, sorting, optimizers -----------------------------------------------


def masked_by_places(input, target, mask, pos_weight=None, reduction="mean"):
    check_mask(input, target, mask, reduction)
    places = mask.nonzero(as_tuple=True)
    weight = None if pos_weight is None else pos_weight.broadcast_to(input.shape)[places]
    loss = F.binary_cross_entropy_with_logits(input[places], target[places], pos_weight=weight, reduction="none")
    if reduction == "none":
        return torch.zeros_like(input).index_put(places, loss)
    return loss.sum() if reduction == "sum" else loss.mean()


def masked_in_float64(input, target, mask, pos_weight=None, reduction="mean"):
    check_mask(input, target, mask, reduction)
    x, y = input.double().masked_fill(~mask, 0), target.double().masked_fill(~mask, 0)
    weight = 1 if pos_weight is None else pos_weight.double()
    loss = -(weight * y * F.logsigmoid(x) + (1 - y) * F.logsigmoid(-x)) * mask
    total = loss if reduction == "none" else loss.sum()
    return (total / mask.sum() if reduction == "mean" else total).to(input.dtype)


def dataset_by_numpy(batches, weight=None, ignore_index=-100):
    total = count = np.float64(0)
    for x, y in batches:
        kept = (y != ignore_index).numpy()
        rows, classes = x.double().numpy()[kept], y.numpy()[kept]
        w = np.ones(x.shape[1]) if weight is None else weight.double().numpy()
        picked = rows[np.arange(len(classes)), classes]
        total = total + (w[classes] * (np.logaddexp.reduce(rows, axis=1) - picked)).sum()
        count = count + w[classes].sum()
    with np.errstate(invalid="ignore"):
        return total / count


def dataset_by_weighted_mean(batches, weight=None, ignore_index=-100):
    pairs = [(row, int(y)) for x, target in batches for row, y in zip(x, target, strict=True)]
    pairs = [(row, y) for row, y in pairs if y != ignore_index]
    losses = [F.cross_entropy(row, torch.tensor(y)).item() for row, y in pairs]
    weights = [1.0 if weight is None else weight[y].item() for _, y in pairs]
    return statistics.fmean(losses, weights) if sum(weights) else math.nan


def dataset_as_a_tensor(batches, weight=None, ignore_index=-100):
    losses = (F.cross_entropy(x, y, weight, ignore_index=ignore_index, reduction="sum") for x, y in batches)
    counted = torch.cat([y[y != ignore_index] for _, y in batches])
    return sum(losses) / (len(counted) if weight is None else weight[counted].sum())


def threshold_by_numpy(scores, labels, max_fpr):
    check_scores(scores, labels)
    negatives = scores.numpy()[labels.numpy() == 0].astype(np.float64)
    candidates = np.append(np.unique(scores.numpy()).astype(np.float64), np.inf)
    return next(t for t in candidates if (negatives >= t).mean() <= max_fpr)


def threshold_by_searchsorted(scores, labels, max_fpr):
    check_scores(scores, labels)
    negatives, candidates = scores[labels == 0].sort().values, scores.sort().values
    rate = (len(negatives) - torch.searchsorted(negatives, candidates)) / len(negatives)
    allowed = (rate <= max_fpr).nonzero()
    return candidates[allowed[0]].item() if len(allowed) else math.inf


def symmetric_without_the_true_class(input, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    check_log_zero(log_zero)
    hot = F.one_hot(target, input.size(1)).bool()
    others = input.softmax(1).masked_fill(hot, 0).sum(1)
    return alpha * F.cross_entropy(input, target) - beta * (log_zero * others).mean()


def symmetric_in_float64(input, target, alpha=0.1, beta=1.0, log_zero=-4.0):
    check_log_zero(log_zero)
    log_labels = F.one_hot(target, input.shape[1]).double().log().clamp(min=log_zero)
    forward = F.cross_entropy(input.double(), target)
    reverse = -torch.einsum("nc,nc->n", input.double().softmax(1), log_labels).mean()
    return (alpha * forward + beta * reverse).to(input.dtype)


def undo_by_log_sigmoid(logits, pos_weight):
    check_pos_weight(logits, pos_weight)
    return F.logsigmoid(logits - pos_weight.log()).exp()


def undo_in_float64(logits, pos_weight):
    check_pos_weight(logits, pos_weight)
    return torch.special.expit(logits.double() + torch.log(1 / pos_weight.double())).to(logits.dtype)


def temperature_by_adam(logits, target):
    """Thousands of small steps: slow, and it arrives. The last ones shrink: of one size they circle the bottom."""
    log_t = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([log_t], lr=0.05)
    smaller = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1, 0.98 ** (step - 1500)))
    for _ in range(1700):
        optimizer.zero_grad()
        F.cross_entropy(logits / log_t.exp(), target).backward()
        optimizer.step()
        smaller.step()
    return log_t.exp().item()


def temperature_as_a_tensor(logits, target):
    grid = torch.logspace(-2.1, 2.1, 40001, dtype=torch.float64)
    low, high = 0, len(grid) - 1
    while high - low > 2:
        a, b = low + (high - low) // 3, high - (high - low) // 3
        loss_a, loss_b = (F.cross_entropy(logits / grid[i], target) for i in (a, b))
        low, high = (low, b) if loss_a < loss_b else (a, high)
    return torch.exp(torch.log(grid[low : high + 1]).mean())


ROUTES = {
    "masked_binary_cross_entropy_with_logits": (
        masked_by_indexing,
        masked_by_fill,
        masked_by_softplus,
        masked_by_logaddexp,
        masked_by_loop,
        masked_by_places,
        masked_in_float64,
    ),
    "dataset_mean_loss": (
        dataset_by_concatenating,
        dataset_by_sums,
        dataset_by_means_times_weights,
        dataset_by_log_softmax,
        dataset_by_sample_loop,
        dataset_by_numpy,
        dataset_by_weighted_mean,
        dataset_as_a_tensor,
    ),
    "threshold_for_fpr": (
        threshold_by_loop,
        threshold_by_table,
        threshold_by_sorted_lists,
        threshold_by_walking_down,
        threshold_by_counting_groups,
        threshold_by_numpy,
        threshold_by_searchsorted,
    ),
    "symmetric_cross_entropy": (
        symmetric_by_true_probability,
        symmetric_by_one_hot,
        symmetric_by_clamped_labels,
        symmetric_by_gather,
        symmetric_by_loop,
        symmetric_without_the_true_class,
        symmetric_in_float64,
    ),
    "undo_pos_weight": (
        undo_by_sigmoid,
        undo_by_exp,
        undo_by_weighted_exp,
        undo_by_softmax,
        undo_by_logaddexp,
        undo_by_log_sigmoid,
        undo_in_float64,
    ),
    "temperature": (
        temperature_by_bisection,
        temperature_by_thirds,
        temperature_by_refined_grid,
        temperature_by_newton,
        temperature_by_lbfgs,
        temperature_by_adam,
        temperature_as_a_tensor,
    ),
}
