"""Set 4: one logit or two, targets, repaired training steps, decisions, and the choice of the loss."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


def two_logits_by_unbind(logits):
    try:
        zero, one = logits.unbind(-1)
    except ValueError as error:
        raise ValueError("two logits are needed") from error
    return one - zero


def two_logits_by_diff(logits):
    if logits.size(-1) != 2:
        raise ValueError
    return logits.diff(dim=-1).squeeze(-1)


def two_logits_by_product(logits):
    if logits.shape[-1] != 2:
        raise ValueError(logits.shape)
    return logits @ torch.tensor([-1.0, 1.0], dtype=logits.dtype)


def two_logits_by_einsum(logits):
    if logits.shape[-1] != 2:
        raise ValueError(logits.shape)
    return torch.einsum("...c,c->...", logits, logits.new_tensor([-1, 1]))


def two_logits_by_log_softmax(logits):
    if logits.shape[-1] != 2:
        raise ValueError(logits.shape)
    log_probs = F.log_softmax(logits, dim=-1)
    return log_probs[..., 1] - log_probs[..., 0]


def one_logit_by_cat(logit):
    if logit.ndim != 1:
        raise ValueError(logit.ndim)
    column = logit.unsqueeze(1)
    return torch.cat([torch.zeros_like(column), column], dim=1)


def one_logit_by_pad(logit):
    if len(logit.shape) != 1:
        raise ValueError(logit.shape)
    return F.pad(logit[:, None], (1, 0))


def one_logit_by_filling(logit):
    if logit.dim() != 1:
        raise ValueError(logit.dim())
    result = torch.zeros(len(logit), 2, dtype=logit.dtype)
    result[:, 1] = logit
    return result


def one_logit_by_outer_product(logit):
    if logit.dim() != 1:
        raise ValueError(logit.dim())
    return torch.outer(logit, logit.new_tensor([0.0, 1.0]))


def one_logit_by_loop(logit):
    if logit.dim() != 1:
        raise ValueError(logit.dim())
    rows = [torch.stack([z.new_zeros(()), z]) for z in logit]
    return torch.stack(rows) if rows else logit.new_zeros(0, 2)


def target_by_branches(labels, loss, num_classes):
    if loss == "multilabel":
        target = torch.zeros(len(labels), num_classes)
        for i, row in enumerate(labels):
            for label in row:
                if label < 0 or label >= num_classes:
                    raise ValueError(label)
                target[i, label] = 1
        return target
    if labels.numel() and (labels.min() < 0 or labels.max() >= num_classes):
        raise ValueError("no such class")
    if loss == "bce_with_logits":
        return labels.float()
    if loss == "cross_entropy":
        return labels.long()
    if loss == "cross_entropy_probabilities":
        return F.one_hot(labels.long(), num_classes).float()
    raise ValueError(loss)


def target_by_identity_matrix(labels, loss, num_classes):
    rows = labels if loss == "multilabel" else [[int(label)] for label in labels]
    if any(label not in range(num_classes) for row in rows for label in row):
        raise ValueError("no such class")
    eye = torch.eye(num_classes)
    match loss:
        case "bce_with_logits":
            return labels.type(torch.float32)
        case "cross_entropy":
            return labels.type(torch.int64)
        case "cross_entropy_probabilities" | "multilabel":
            zero = torch.zeros(num_classes)
            made = [eye[row].amax(0) if row else zero for row in rows]
            return torch.stack(made) if made else torch.zeros(0, num_classes)
    raise ValueError(loss)


def target_by_comparison(labels, loss, num_classes):
    if loss not in ("bce_with_logits", "cross_entropy", "cross_entropy_probabilities", "multilabel"):
        raise ValueError(loss)
    if loss == "multilabel":
        assert_classes(torch.tensor([n for row in labels for n in row]), num_classes)
        made = [[float(c in row) for c in range(num_classes)] for row in labels]
        return torch.tensor(made).reshape(-1, num_classes)
    assert_classes(labels, num_classes)
    if loss == "bce_with_logits":
        return (labels == 1).float()
    if loss == "cross_entropy":
        return labels.to(torch.int64)
    return (labels[:, None] == torch.arange(num_classes)).float()


def target_by_scatter(labels, loss, num_classes):
    if loss == "multilabel":
        pairs = [(row, label) for row, numbers in enumerate(labels) for label in numbers]
        rows, columns = (torch.tensor([pair[i] for pair in pairs], dtype=torch.int64) for i in (0, 1))
        assert_classes(columns, num_classes)
        target = torch.zeros(len(labels), num_classes)
        target[rows, columns] = 1.0
        return target
    assert_classes(labels, num_classes)
    long = labels.long()
    if loss == "cross_entropy_probabilities":
        return torch.zeros(len(long), num_classes).scatter_(1, long.unsqueeze(1), 1.0)
    if loss == "cross_entropy":
        return long
    if loss == "bce_with_logits":
        return long * torch.tensor(1.0)
    raise ValueError("unknown")


def target_by_numpy(labels, loss, num_classes):
    if loss == "multilabel":
        target = np.zeros((len(labels), num_classes), dtype=np.float32)
        for row, numbers in zip(target, labels, strict=True):
            if numbers and not (min(numbers) >= 0 and max(numbers) < num_classes):
                raise ValueError(numbers)
            row[numbers] = 1
        return torch.from_numpy(target)
    numbers = labels.numpy().astype(np.int64)
    if ((numbers < 0) | (numbers >= num_classes)).any():
        raise ValueError(numbers)
    made = {
        "bce_with_logits": numbers.astype(np.float32),
        "cross_entropy": numbers,
        "cross_entropy_probabilities": np.eye(num_classes, dtype=np.float32)[numbers],
    }
    if loss not in made:
        raise ValueError(loss)
    return torch.from_numpy(made[loss])


def assert_classes(numbers, num_classes):
    if not ((numbers >= 0) & (numbers < num_classes)).all():
        raise ValueError("no such class")


def check_pairs(output, target):
    if output.ndim != 2 or output.shape[1] != 2 or output.shape[0] != target.shape[0]:
        raise ValueError("logits (N, 2) and N targets are needed")


def pairs_by_module(output, target):
    check_pairs(output, target)
    return nn.CrossEntropyLoss()(output, target)


def pairs_by_difference(output, target):
    check_pairs(output, target)
    return F.binary_cross_entropy_with_logits(output[:, 1] - output[:, 0], target.to(output.dtype))


def pairs_by_nll(output, target):
    check_pairs(output, target)
    return F.nll_loss(output.log_softmax(dim=1), target)


def pairs_by_one_hot(output, target):
    check_pairs(output, target)
    return F.cross_entropy(output, F.one_hot(target, num_classes=2).to(output))


def pairs_by_gather(output, target):
    check_pairs(output, target)
    true = output.gather(1, target.unsqueeze(1)).squeeze(1)
    return (output.logsumexp(1) - true).mean()


def pairs_by_margin(output, target):
    check_pairs(output, target)
    sign = 2 * target - 1
    return F.softplus(-sign * (output[:, 1] - output[:, 0])).mean()


def pairs_by_loop(output, target):
    check_pairs(output, target)
    losses = [torch.logaddexp(row[0], row[1]) - row[y] for row, y in zip(output, target, strict=True)]
    return sum(losses) / len(losses)


def check_column(output, target):
    if output.shape != (target.shape[0], 1):
        raise ValueError("logits (N, 1) and N targets are needed")


def column_by_module(output, target):
    return nn.BCEWithLogitsLoss()(output, target.unsqueeze(1).to(output.dtype))


def column_by_view(output, target):
    return F.binary_cross_entropy_with_logits(output, target.view(-1, 1).type_as(output))


def column_by_flatten(output, target):
    return F.binary_cross_entropy_with_logits(output.flatten(), target.to(output))


def column_by_two_logits(output, target):
    check_column(output, target)
    return F.cross_entropy(torch.cat([torch.zeros_like(output), output], 1), target)


def column_by_softplus(output, target):
    check_column(output, target)
    z = output[:, 0]
    return (F.softplus(z) - z * target).mean()


def column_by_log_sigmoid(output, target):
    check_column(output, target)
    z = output.reshape(-1)
    return -torch.where(target == 1, F.logsigmoid(z), F.logsigmoid(-z)).mean()


def column_by_loop(output, target):
    check_column(output, target)
    total = output.new_zeros(())
    for (z,), y in zip(output, target, strict=True):
        total = total + torch.logaddexp(torch.zeros_like(z), -z if y else z)
    return total / len(target)


def decision_by_two_columns(logits):
    if logits.dim() == 1:
        logits = logits[:, None]
    if logits.dim() != 2 or logits.shape[1] > 2:
        raise ValueError(logits.shape)
    if logits.shape[1] == 1:
        logits = torch.cat([torch.zeros_like(logits), logits], 1)
    return logits.softmax(1)[:, 1], logits.argmax(1)


def decision_by_cases(logits):
    if logits.shape[1:] in ((), (1,)) and logits.dim():
        z = logits.flatten()
        return z.sigmoid(), torch.where(z > 0, 1, 0)
    if logits.dim() == 2 and logits.size(1) == 2:
        p = torch.softmax(logits, dim=1)
        return p[:, 1], (logits[:, 1] > logits[:, 0]).long()
    raise ValueError("no two-class head")


def decision_by_probability(logits):
    if logits.dim() not in (1, 2) or (logits.dim() == 2 and logits.shape[1] not in (1, 2)):
        raise ValueError(logits.shape)
    if logits.dim() == 2:
        logits = logits.squeeze(1) if logits.shape[1] == 1 else logits.diff(dim=1)[:, 0]
    p = torch.sigmoid(logits)
    return p, (p > 0.5).to(torch.int64)


def decision_by_log_softmax(logits):
    if logits.dim() == 2 and logits.shape[1] == 2:
        log_p = logits.log_softmax(1)
        return log_p[:, 1].exp(), log_p.argmax(1)
    if logits.dim() == 1 or (logits.dim() == 2 and logits.shape[1] == 1):
        z = logits.view(-1)
        return F.logsigmoid(z).exp(), z.gt(0).int().long()
    raise ValueError(logits.shape)


def decision_by_rounding(logits):
    if logits.dim() == 0 or logits.dim() > 2 or logits.shape[1:] not in ((), (1,), (2,)):
        raise ValueError(logits.shape)
    z = logits[:, 1] - logits[:, 0] if logits.shape[1:] == (2,) else logits.reshape(-1)
    p = 1 / (1 + torch.exp(-z))
    return p, torch.round(p).long()  # round takes 0.5 to the even 0


def labels_by_log_odds(logits, threshold=0.5):
    if threshold <= 0 or threshold >= 1:
        raise ValueError(threshold)
    return logits > math.log(threshold / (1 - threshold))


def labels_by_logit(logits, threshold=0.5):
    if not 0.0 < threshold < 1.0:
        raise ValueError(threshold)
    return logits > torch.logit(torch.tensor(threshold, dtype=torch.float64))


def labels_by_gt(logits, threshold=0.5):
    if threshold in (0, 1) or not 0 <= threshold <= 1:
        raise ValueError(threshold)
    return logits.sigmoid().gt(threshold)


def labels_by_two_class_softmax(logits, threshold=0.5):
    if min(threshold, 1 - threshold) <= 0:
        raise ValueError(threshold)
    pairs = torch.stack([torch.zeros_like(logits), logits], dim=-1)
    return pairs.softmax(-1)[..., 1] > threshold


def labels_by_loop(logits, threshold=0.5):
    if not 0 < threshold < 1:
        raise ValueError(threshold)
    result = torch.zeros(logits.shape, dtype=torch.bool)
    for i, row in enumerate(logits):
        for j, z in enumerate(row):
            result[i, j] = bool(torch.sigmoid(z) > threshold)
    return result


def choice_by_branches(problem):
    c, n, kind = problem["classes"], problem["batch_size"], problem["labels_per_sample"]
    if kind not in ("exactly one", "at most one", "any number"):
        raise ValueError(kind)
    if c < 1 or (c == 1 and kind == "exactly one"):
        raise ValueError(c)
    if kind == "at most one":
        c += 1
    soft = problem["targets"] == "soft"
    answer = {"last_activation": "none", "pos_weight": None}
    if kind == "any number":
        answer |= {"loss": "BCEWithLogitsLoss", "outputs": c, "target_shape": (n, c)}
        if problem["balance"]:
            answer["pos_weight"] = tuple(1 / p - 1 for p in problem["positives"])
    elif c == 2:
        answer |= {"loss": "BCEWithLogitsLoss", "outputs": 1, "target_shape": (n,)}
        if problem["balance"]:
            answer["pos_weight"] = 1 / problem["positives"] - 1
    else:
        answer |= {"loss": "CrossEntropyLoss", "outputs": c, "target_shape": (n, c) if soft else (n,)}
    bce = answer["loss"].startswith("BCE")
    answer["target_dtype"] = "float32" if bce or soft else "int64"
    answer["decision"] = "logit > 0" if bce else "argmax"
    return answer


def choice_by_properties(problem):
    rules = {"exactly one": (2, 0), "at most one": (1, 1), "any number": (1, 0)}
    kind = problem["labels_per_sample"]
    if kind not in rules or problem["classes"] < rules[kind][0]:
        raise ValueError(problem)
    answers = problem["classes"] + rules[kind][1]
    exclusive = kind != "any number"
    loss = "CrossEntropyLoss" if exclusive and answers > 2 else "BCEWithLogitsLoss"
    outputs = 1 if exclusive and answers == 2 else answers
    numbers = loss == "CrossEntropyLoss" and problem["targets"] == "hard"
    flat = numbers or (exclusive and answers == 2)
    shape = torch.zeros(problem["batch_size"], *(() if flat else (outputs,))).shape
    return {
        "loss": loss,
        "outputs": outputs,
        "last_activation": "none",
        "target_shape": shape,
        "target_dtype": "int64" if numbers else "float32",
        "decision": "argmax" if loss == "CrossEntropyLoss" else "logit > 0",
        "pos_weight": weight_of(problem["positives"]) if problem["balance"] else None,
    }


def weight_of(positives):
    return tuple(map(weight_of, positives)) if isinstance(positives, tuple) else (1 - positives) / positives


def choice_by_match(problem):
    head = {"last_activation": "none"}
    bce = head | {"loss": "BCEWithLogitsLoss", "target_dtype": "float32", "decision": "logit > 0"}
    ce = head | {"loss": "CrossEntropyLoss", "decision": "argmax", "pos_weight": None}
    n, share = problem["batch_size"], problem["positives"]
    match problem["labels_per_sample"], problem["classes"]:
        case ("any number", labels) if labels >= 1:
            weight = tuple((1 - p) / p for p in share) if problem["balance"] else None
            return bce | {"outputs": labels, "target_shape": (n, labels), "pos_weight": weight}
        case ("exactly one", 2) | ("at most one", 1):
            weight = (1 - share) / share if problem["balance"] else None
            return bce | {"outputs": 1, "target_shape": (n,), "pos_weight": weight}
        case ("exactly one" | "at most one" as kind, classes) if classes >= 2:
            c = classes + (kind == "at most one")
            if problem["targets"] == "soft":
                return ce | {"outputs": c, "target_shape": (n, c), "target_dtype": "float32"}
            return ce | {"outputs": c, "target_shape": (n,), "target_dtype": "int64"}
    raise ValueError(problem)


def choice_by_tables(problem):
    kind, classes = problem["labels_per_sample"], problem["classes"]
    spare = {"exactly one": 0, "at most one": 1, "any number": 1}.get(kind)
    if spare is None or classes == 0 or classes + spare == 1:
        raise ValueError("nothing to choose")
    head = "labels" if kind == "any number" else "one" if classes + spare == 2 else "classes"
    outputs = {"labels": classes, "one": 1, "classes": classes + spare}[head]
    soft_or_float = head != "classes" or problem["targets"] == "soft"
    wide = head == "labels" or (head == "classes" and problem["targets"] == "soft")
    weights = None
    if problem["balance"]:
        shares = problem["positives"] if head == "labels" else [problem["positives"]]
        weights = tuple(1.0 / s - 1.0 for s in shares)
    return {
        "loss": "CrossEntropyLoss" if head == "classes" else "BCEWithLogitsLoss",
        "outputs": outputs,
        "last_activation": "none",
        "target_shape": (problem["batch_size"],) + (outputs,) * wide,
        "target_dtype": ("int64", "float32")[soft_or_float],
        "decision": "argmax" if head == "classes" else "logit > 0",
        "pos_weight": weights[0] if weights and head == "one" else weights,
    }


# Other people's ways -------------------------------------------------------------------------------------------


def two_logits_by_linear(logits):
    *_, count = logits.shape
    if count != 2:
        raise ValueError(count)
    return F.linear(logits, torch.tensor([[-1.0, 1.0]], dtype=logits.dtype)).squeeze(-1)


def two_logits_in_float64(logits):
    match logits.shape:
        case [*_, 2]:
            return logits.double()[..., 1].sub(logits.double()[..., 0]).to(logits.dtype)
    raise ValueError(logits.shape)


def one_logit_by_unpacking(logit):
    (count,) = logit.shape  # of more or fewer axes Python says ValueError itself
    pair = torch.empty(count, 2, dtype=logit.dtype)
    pair[:, 0], pair[:, 1] = 0, logit
    return pair


def one_logit_by_einsum(logit):
    if logit.dim() != 1:
        raise ValueError(logit.dim())
    return torch.einsum("n,c->nc", logit, torch.tensor([0.0, 1.0]).to(logit))


def target_by_dispatch(labels, loss, num_classes):
    numbers = [c for row in labels for c in row] if loss == "multilabel" else labels.tolist()
    made = {
        "bce_with_logits": lambda: labels.type(torch.FloatTensor),
        "cross_entropy": lambda: labels.type(torch.LongTensor),
        "cross_entropy_probabilities": lambda: torch.eye(num_classes)[labels.long()],
        "multilabel": lambda: torch.tensor(
            [[1.0 if c in row else 0.0 for c in range(num_classes)] for row in labels]
        ).view(len(labels), num_classes),
    }
    if loss not in made or not set(numbers) <= set(range(num_classes)):
        raise ValueError(loss)
    return made[loss]()


def pairs_by_kl(output, target):
    check_pairs(output, target)
    return F.kl_div(output.log_softmax(1), F.one_hot(target, 2).to(output.dtype), reduction="batchmean")


def pairs_in_float64(output, target):
    check_pairs(output, target)
    return F.cross_entropy(output.double(), target).to(output.dtype)


def column_by_multilabel_margin(output, target):
    check_column(output, target)
    return F.multilabel_soft_margin_loss(output, target[:, None].to(output.dtype))


def column_by_halves(output, target):
    check_column(output, target)
    return F.cross_entropy(torch.hstack([-output / 2, output / 2]), target)


@torch.inference_mode()
def decision_by_numpy(logits):
    if logits.ndim not in (1, 2) or (logits.ndim == 2 and logits.shape[1] not in (1, 2)):
        raise ValueError(logits.shape)
    z = (logits.diff(dim=1) if logits.shape[1:] == (2,) else logits).flatten().numpy()
    return torch.as_tensor(0.5 * (1 + np.tanh(z / 2))), torch.as_tensor(z > 0).long()


def decision_by_sign(logits):
    if logits.ndim not in (1, 2) or (logits.ndim == 2 and logits.shape[1] not in (1, 2)):
        raise ValueError(logits.shape)
    z = (logits.diff(dim=1) if logits.shape[1:] == (2,) else logits).flatten()
    return nn.Sigmoid()(z), torch.sign(z).clamp(min=0).long()


def labels_by_log_probability(logits, threshold=0.5):
    if not 0 < threshold < 1:
        raise ValueError(threshold)
    return F.logsigmoid(logits) > math.log(threshold)


def labels_by_numpy(logits, threshold=0.5):
    if not 0 < threshold < 1:
        raise ValueError(threshold)
    with np.errstate(over="ignore"):
        return torch.from_numpy(1 / (1 + np.exp(-logits.numpy().astype(np.float64))) > threshold)


def choice_in_numpys_numbers(problem):
    answer = choice_by_branches(problem)
    answer["outputs"] = np.int64(answer["outputs"])
    if isinstance(answer["pos_weight"], tuple):
        answer["pos_weight"] = tuple(np.asarray(answer["pos_weight"]))
    elif answer["pos_weight"] is not None:
        answer["pos_weight"] = np.float64(answer["pos_weight"])
    return answer


def choice_in_float32(problem):
    answer = choice_by_branches(problem)
    if problem["balance"]:
        share = torch.tensor(problem["positives"])
        weight = (1 - share) / share
        answer["pos_weight"] = tuple(weight.tolist()) if weight.dim() else weight
    return answer


ROUTES = {
    "two_logits_to_one": (
        two_logits_by_unbind,
        two_logits_by_diff,
        two_logits_by_product,
        two_logits_by_einsum,
        two_logits_by_log_softmax,
        two_logits_by_linear,
        two_logits_in_float64,
    ),
    "one_logit_to_two": (
        one_logit_by_cat,
        one_logit_by_pad,
        one_logit_by_filling,
        one_logit_by_outer_product,
        one_logit_by_loop,
        one_logit_by_unpacking,
        one_logit_by_einsum,
    ),
    "make_target": (
        target_by_branches,
        target_by_identity_matrix,
        target_by_comparison,
        target_by_scatter,
        target_by_numpy,
        target_by_dispatch,
    ),
    "loss_of_two_logits": (
        pairs_by_module,
        pairs_by_difference,
        pairs_by_nll,
        pairs_by_one_hot,
        pairs_by_gather,
        pairs_by_margin,
        pairs_by_loop,
        pairs_by_kl,
        pairs_in_float64,
    ),
    "loss_of_one_logit": (
        column_by_module,
        column_by_view,
        column_by_flatten,
        column_by_two_logits,
        column_by_softplus,
        column_by_log_sigmoid,
        column_by_loop,
        column_by_multilabel_margin,
        column_by_halves,
    ),
    "probability_and_decision": (
        decision_by_two_columns,
        decision_by_cases,
        decision_by_probability,
        decision_by_log_softmax,
        decision_by_rounding,
        decision_by_numpy,
        decision_by_sign,
    ),
    "predicted_labels": (
        labels_by_log_odds,
        labels_by_logit,
        labels_by_gt,
        labels_by_two_class_softmax,
        labels_by_loop,
        labels_by_log_probability,
        labels_by_numpy,
    ),
    "choose_loss": (
        choice_by_branches,
        choice_by_properties,
        choice_by_match,
        choice_by_tables,
        choice_in_numpys_numbers,
        choice_in_float32,
    ),
}
