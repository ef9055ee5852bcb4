"""Sliders for the chapters: numbers that move while the reader moves a logit, a threshold or a temperature::

    sliders.logit_lab(logits=(2.0, 0.5, -1.0), names=("cat", "dog", "bird"))

Each function returns an element with its settings, and inside of it a table of what torch computes. In the book's
pages a script puts the sliders in the table's place. Where no script runs, and in a downloaded notebook, the table
is what is shown.
"""

import html
import json
import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from IPython.display import HTML
from torch import Tensor

POS_WEIGHTS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
"""Where the slider of `bce_lab` stops."""

FORMATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
"""The number formats that `precision_lab` offers."""

_LOGITS = range(-110, 41)
"""The logits of `precision_lab`. Whole numbers up to 256 are exact in all formats."""

_MOST_THRESHOLDS = 320
_PER_UNIT = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_PROBABILITIES = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
"""The thresholds in the table of `threshold_lab`, where scores are probabilities."""


def logit_lab(
    logits: Sequence[float] = (2.0, 0.5, -1.0),
    *,
    names: Sequence[str] = ("cat", "dog", "bird"),
    target: int | None = 0,
    one_logit: bool = False,
) -> HTML:
    """Logits against the probabilities of sigmoid and softmax, BCE and CE, and their gradients.

    Args:
        logits: Where the sliders start, one per class, from -6 to 6.
        names: Of the classes.
        target: The true class, an index; None leaves out losses and gradients.
        one_logit: Show the sigmoid of the *difference* of two logits, in place of one sigmoid per logit. BCE is
            then that of the one logit; otherwise it is the sum over the classes.

    Raises:
        ValueError: If numbers and names do not go together, or a logit is beyond the slider.
    """
    if len(logits) != len(names) or (target is not None and not 0 <= target < len(names)):
        raise ValueError(
            f"there are {len(logits)} logits, {len(names)} names and target {target}: one name per logit."
        )
    if one_logit and len(logits) != 2:
        raise ValueError(f"one_logit needs two logits, to take their difference; there are {len(logits)}.")
    for logit in logits:
        _check_range("a logit", logit, -6, 6)
    settings = {"logits": list(logits), "names": list(names), "target": target, "oneLogit": one_logit}
    z = torch.tensor(logits, dtype=torch.float64)
    sigmoids = torch.sigmoid(torch.stack([z[0] - z[1], z[1] - z[0]]) if one_logit else z)
    rows = [
        (name, f"{logit:.1f}", f"{alone:.3f}", f"{shared:.3f}")
        for name, logit, alone, shared in zip(names, logits, sigmoids, F.softmax(z, dim=0), strict=True)
    ]
    heading = "sigmoid of the difference" if one_logit else "sigmoid"
    return _lab("logit-lab", settings, ("class", "logit", heading, "softmax"), rows)


def bce_lab(logit: float = -2.0, *, target: float = 1.0, pos_weight: float = 1) -> HTML:
    """The curve of binary cross-entropy over the logit, with sliders for logit, target and ``pos_weight``.

    Args:
        logit: Start, from -8 to 8.
        target: Start, from 0 to 1.
        pos_weight: Start, one of `POS_WEIGHTS`.

    Raises:
        ValueError: If ``pos_weight`` is not one of those, or a start is beyond its slider.
    """
    _check_range("logit", logit, -8, 8)
    _check_range("target", target, 0, 1)
    if pos_weight not in POS_WEIGHTS:
        raise ValueError(f"pos_weight is {pos_weight}: the slider stops at {', '.join(map(str, POS_WEIGHTS))}.")
    settings = {
        "logit": logit,
        "target": target,
        "posWeight": POS_WEIGHTS.index(pos_weight),
        "posWeights": list(POS_WEIGHTS),
    }
    x = torch.arange(-6.0, 7.0, 2.0, dtype=torch.float64, requires_grad=True)
    y, weight = torch.full_like(x, target), torch.tensor(float(pos_weight))
    loss = F.binary_cross_entropy_with_logits(x, y, pos_weight=weight, reduction="none")
    (slope,) = torch.autograd.grad(loss.sum(), x)
    rows = [
        (f"{z:.0f}", f"{p:.3f}", f"{value:.4f}", f"{pull:.4f}")
        for z, p, value, pull in zip(x, torch.sigmoid(x), loss, slope, strict=True)
    ]
    return _lab("bce-lab", settings, ("logit", "probability", "loss", "slope"), rows)


def threshold_lab(
    labels: Tensor, scores: Tensor, *, score: str = "logit", names: tuple[str, str] = ("negatives", "positives")
) -> HTML:
    """A threshold against the confusion matrix and the precision-recall curve.

    The page gets counts per threshold and no single samples, so it is exact and light for any number of them.

    Args:
        labels: 0 or 1, shape (N,).
        scores: Finite, shape (N,). A sample is reported if its score is at or above the threshold.
        score: What the scores are, "logit" or "probability".
        names: Of the samples with label 0 and with label 1.

    Raises:
        ValueError: If shapes, labels or scores are not as said, or a class has no sample.
    """
    labels, scores = labels.detach().double(), scores.detach().double()
    if score not in {"logit", "probability"}:
        raise ValueError(f'score is "{score}": say "logit" or "probability".')
    if labels.dim() != 1 or labels.shape != scores.shape:
        raise ValueError(
            f"labels {tuple(labels.shape)} and scores {tuple(scores.shape)} must both have shape (N,)."
        )
    if not ((labels == 0) | (labels == 1)).all() or labels.unique().numel() != 2:
        raise ValueError("labels must be 0 and 1, with at least one of each.")
    if not scores.isfinite().all():
        raise ValueError("scores must be finite: give logits, or probabilities.")
    if score == "probability":
        _check_range("the smallest score", scores.min().item(), 0, 1)
        _check_range("the largest score", scores.max().item(), 0, 1)
    first, count, per_unit = _thresholds(scores, score)
    thresholds = torch.arange(first, first + count, dtype=torch.float64) / per_unit
    place = torch.searchsorted(thresholds, scores, right=True) - 1
    negatives, positives = (torch.bincount(place[labels == kind], minlength=count) for kind in (0, 1))
    start = min(max(round(per_unit * (0.5 if score == "probability" else 0.0)) - first, 0), count - 1)
    settings = {
        "first": first,
        "perUnit": per_unit,
        "negatives": negatives.tolist(),
        "positives": positives.tolist(),
        "start": start,
        "score": score,
        "names": list(names),
    }
    shown = _PROBABILITIES if score == "probability" else _round_numbers(*thresholds[[0, -1]].tolist())
    rows = [_threshold_row(labels, scores, cut) for cut in shown]
    return _lab("threshold-lab", settings, ("threshold", "TP", "FP", "FN", "TN", "precision", "recall"), rows)


def _thresholds(scores: Tensor, score: str) -> tuple[int, int, int]:
    """Return the first threshold, how many there are, and how many to a unit; they enclose all scores."""
    low, high = (0.0, 1.0) if score == "probability" else (scores.min().item(), scores.max().item())
    fitting = (per for per in reversed(_PER_UNIT) if (high - low) * per <= _MOST_THRESHOLDS - 2)
    per_unit = next(fitting, None)
    if per_unit is None:
        raise ValueError(f"scores reach from {low:g} to {high:g}: too far for a slider.")
    first = math.floor(low * per_unit)
    return first, math.floor(high * per_unit) + 2 - first, per_unit


def _round_numbers(low: float, high: float) -> list[float]:
    """Return up to eight numbers between two ends that are multiples of 1, 2 or 5 times a power of ten."""
    steps = (digit * 10.0**power for power in range(-4, 4) for digit in (1, 2, 5))
    step = next(step for step in steps if (high - low) / step <= 7)
    return [step * i for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _threshold_row(labels: Tensor, scores: Tensor, cut: float) -> tuple[str, ...]:
    yes = scores >= cut
    tp, fp = int((yes & (labels == 1)).sum()), int((yes & (labels == 0)).sum())
    fn, tn = int((~yes & (labels == 1)).sum()), int((~yes & (labels == 0)).sum())
    precision = f"{tp / (tp + fp):.1%}" if tp + fp else "none"
    return (f"{cut:g}", f"{tp:,}", f"{fp:,}", f"{fn:,}", f"{tn:,}", precision, f"{tp / (tp + fn):.1%}")


def temperature_lab(logits: Tensor, targets: Tensor) -> HTML:
    """A temperature against the reliability diagram and the loss.

    With one or two logits the diagram is of the probability of class 1, with more of that of the predicted class.

    Args:
        logits: Finite, shape (N, C), or (N,) for the logit of a yes. They are sent with seven decimals.
        targets: Class indices, shape (N,), from 0 to C - 1.

    Raises:
        ValueError: If shapes or classes do not fit.
    """
    rows = logits.detach().double()
    rows = rows[:, None] if rows.dim() == 1 else rows
    if rows.dim() != 2 or targets.shape != rows.shape[:1]:
        raise ValueError(f"logits {tuple(logits.shape)} and targets {tuple(targets.shape)}: give (N, C) and (N,).")
    classes = max(rows.shape[1], 2)
    if not rows.isfinite().all() or targets.min() < 0 or targets.max() >= classes:
        raise ValueError(f"logits must be finite, and targets from 0 to {classes - 1}.")
    targets = targets.detach().long()
    settings = {"logits": [[round(z, 7) for z in row] for row in rows.tolist()], "targets": targets.tolist()}
    pairs = F.pad(rows, (1, 0)) if rows.shape[1] == 1 else rows
    shown = []
    for temperature in (0.1, 0.5, 1.0, 2.0, 5.0, 10.0):
        loss = F.cross_entropy(pairs / temperature, targets)
        sure = F.softmax(pairs / temperature, dim=1).amax(dim=1).mean()
        right = (pairs.argmax(dim=1) == targets).double().mean()
        shown.append((f"{temperature:g}", f"{loss:.3f}", f"{sure:.1%}", f"{right:.1%}"))
    return _lab("temperature-lab", settings, ("temperature", "loss", "sure, on average", "right"), shown)


def precision_lab(*, logit: int = -20, dtype: torch.dtype = torch.float16) -> HTML:
    """The loss of a yes and of a no by ``log(sigmoid(x))`` and by ``logsigmoid``, in four number formats.

    All numbers but the truth are torch's own in that format: no browser has float16 to compute them anew.

    Args:
        logit: Start, a whole number from -110 to 40.
        dtype: Start, one of `FORMATS`.

    Raises:
        ValueError: If a start is none of those.
    """
    _check_range("logit", logit, _LOGITS[0], _LOGITS[-1])
    if dtype not in FORMATS or logit != int(logit):
        raise ValueError(f"logit is {logit}, dtype {dtype}: give a whole number and one of {FORMATS}.")
    formats = {_name(kind): _losses_in(kind) for kind in FORMATS}
    settings = {"first": _LOGITS[0], "logit": logit, "format": _name(dtype), "formats": formats}
    rows = []
    for z in (-110, -90, -50, -20, -10, 0, 10, 20, 40):
        naive = [formats[_name(kind)]["naive"][1]["losses"][z - _LOGITS[0]] for kind in FORMATS]
        rows.append((str(z), *(f"{float(loss):.4g}" for loss in naive)))
    columns = ("logit", *(f"−log(sigmoid(x)), {_name(kind)}" for kind in FORMATS))
    return _lab("precision-lab", settings, columns, rows)


def _losses_in(dtype: torch.dtype) -> dict[str, list[dict[str, list[float | str]]]]:
    """Return losses and gradients at all logits: by form, then by label."""
    forms = {
        "naive": (lambda x: -torch.log(1 - torch.sigmoid(x)), lambda x: -torch.log(torch.sigmoid(x))),
        "stable": (lambda x: -F.logsigmoid(-x), lambda x: -F.logsigmoid(x)),
    }
    result: dict[str, list[dict[str, list[float | str]]]] = {}
    for name, by_label in forms.items():
        result[name] = []
        for form in by_label:
            x = torch.tensor(_LOGITS, dtype=dtype, requires_grad=True)
            loss = form(x)
            (slope,) = torch.autograd.grad(loss.sum(), x)
            result[name].append({"losses": _short(loss.detach()), "slopes": _short(slope)})
    return result


def _short(values: Tensor) -> list[float | str]:
    """Nine digits: exact to 1e-8, and no longer than they need to be. JSON has no infinity and no NaN."""
    return [_number(value) for value in values.double().tolist()]


def _number(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    short = float(f"{value:.9g}")
    return int(short) if short == int(short) else short


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise ValueError(f"{name} is {value}: the slider goes from {low} to {high}.")


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _lab(tag: str, settings: dict[str, Any], columns: Sequence[str], rows: Sequence[Sequence[str]]) -> HTML:
    """Return the element, with a table inside for where no script of the book runs."""
    data = html.escape(json.dumps(settings, ensure_ascii=False, separators=(",", ":")), quote=True)
    head = "".join(f'<th scope="col">{html.escape(column)}</th>' for column in columns)
    body = "".join(
        "<tr>"
        + f'<th scope="row">{html.escape(first)}</th>'
        + "".join(f"<td>{html.escape(c)}</td>" for c in rest)
        + "</tr>"
        for first, *rest in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    note = "<p>Where scripts run, the pages of the book have sliders here.</p>"
    return HTML(f'<{tag} class="lb-lab" data-settings="{data}">{note}{table}</{tag}>')
