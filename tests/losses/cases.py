"""The inputs on which our losses must answer as torch does, as a table. Tensors are float64: tests cast them."""

from itertools import product
from typing import Any

import torch
from against_torch import Case
from torch import Tensor

INF, NAN = float("inf"), float("nan")
REDUCTIONS = ("none", "mean", "sum")


def scores(*shape: int) -> Tensor:
    """Return logits, and the same ones for the same shape."""
    random = torch.Generator().manual_seed(sum(shape))
    return 3 * torch.randn(shape, generator=random, dtype=torch.float64)


def probs(*shape: int) -> Tensor:
    """Return numbers in [0, 1], the ends among them."""
    random = torch.Generator().manual_seed(100 + sum(shape))
    x = torch.rand(shape, generator=random, dtype=torch.float64) * 1.2 - 0.1
    return x.clamp(0, 1)


def distribution(*shape: int) -> Tensor:
    """Return probabilities that sum to 1 along the class axis."""
    x = probs(*shape) + 0.1
    return x / x.sum(0 if len(shape) == 1 else 1, keepdim=True)


def labels(*shape: int, classes: int) -> Tensor:
    """Return class indices."""
    random = torch.Generator().manual_seed(sum(shape))
    return torch.randint(classes, shape, generator=random)


def tensor(*numbers: Any) -> Tensor:
    """Return the numbers as float64."""
    return torch.tensor(numbers, dtype=torch.float64)


def reduced(loss: str, about: str, *args: Any, **kwargs: Any) -> list[Case]:
    """Return the case under each reduction."""
    return [Case(loss, f"{about}, {r}", args, {**kwargs, "reduction": r}) for r in REDUCTIONS]


SHAPES = ((), (1,), (5,), (3, 4), (2, 3, 4), (0,), (2, 0, 3))
# 0 twice: the gradient there depends on which side it is counted to
SPECIAL = tensor(
    0.0, -0.0, 1e-310, -1e-40, 16.7, -16.7, 88.7, -88.8, -103.5, 710.0, -750.0, 1e4, -1e4, INF, -INF, NAN
)

ACTIVATIONS = [
    *(Case(f, f"shape {s}", (scores(*s),)) for f in ("sigmoid", "log_sigmoid") for s in SHAPES),
    *(Case(f, "special values", (SPECIAL,)) for f in ("sigmoid", "log_sigmoid")),
    *(
        Case(f, f"shape {s}, dim {dim}", (scores(*s), dim))
        for f in ("logsumexp", "softmax", "log_softmax")
        for s in SHAPES
        for dim in range(-max(len(s), 1), max(len(s), 1))
        if f != "logsumexp" or s != (2, 0, 3) or dim in (1, -2)
    ),
    *(Case("logsumexp", f"dim {dim}", (scores(2, 3, 4), dim)) for dim in ((0, 1), (2, 0), [1], (0, -1))),
    *(
        Case(f, f"rows with {about}", (rows, 1))
        for f in ("logsumexp", "softmax", "log_softmax")
        for about, rows in (
            ("ties", tensor([0, 0, 0], [1e4, 1e4, -1e4])),
            ("extremes", tensor([1e4, -1e4, 0], [88.8, 89, -103], [-1e4, -1e4, -1e4])),
            ("-inf", tensor([-INF, 0, 1], [1e4, -INF, -INF])),
            ("nothing but -inf", tensor([-INF, -INF, -INF])),
            ("inf", tensor([INF, 0, 1], [INF, INF, -INF])),
            ("nan", tensor([NAN, 0, 1], [NAN, INF, -INF])),
        )
    ),
]

LOGITS_TO_WEIGH = (scores(4, 3), probs(4, 3))
BINARY = [
    *(
        case
        for s in SHAPES
        for case in (
            *reduced("binary_cross_entropy", f"shape {s}", probs(*s), probs(*s).flip(0) if s else probs(*s)),
            *reduced("binary_cross_entropy_with_logits", f"shape {s}", scores(*s), probs(*s)),
        )
    ),
    *(
        case
        for about, weight in (
            ("weight 0-d", tensor(2.0)[0]),
            ("weight (1,)", tensor(2.0)),
            ("weight per column", tensor(0.5, 0.0, 2.0)),
            ("weight per row", tensor([1.0], [0.0], [3.0], [0.5])),
            ("weight per element", probs(4, 3)),
        )
        for case in (
            *reduced("binary_cross_entropy", about, probs(4, 3), probs(4, 3).flip(0), weight=weight),
            *reduced("binary_cross_entropy_with_logits", about, *LOGITS_TO_WEIGH, weight=weight),
            *reduced("binary_cross_entropy_with_logits", "pos_" + about, *LOGITS_TO_WEIGH, pos_weight=weight),
            *reduced(
                "binary_cross_entropy_with_logits",
                f"{about} and pos_weight",
                *LOGITS_TO_WEIGH,
                weight=weight,
                pos_weight=tensor(3.0, 1.0, 0.0),
            ),
        )
    ),
    Case(
        "binary_cross_entropy_with_logits",
        "pos_weight (C, 1, 1)",
        (scores(2, 3, 4, 5), probs(2, 3, 4, 5)),
        {"pos_weight": tensor([[1.0]], [[2.0]], [[0.0]])},
    ),
    *reduced("binary_cross_entropy", "empty with weight", probs(0), probs(0), weight=probs(0)),
    *reduced(
        "binary_cross_entropy",
        "at and next to the clamp",
        tensor(0, 1, 0, 1, 1e-44, 1e-40, 1 - 1e-7, 0.5, 1e-13, 0),
        tensor(0, 1, 1, 0, 1, 1, 0, 0.5, 1, 0.5),
    ),
    *(
        Case(
            "binary_cross_entropy_with_logits",
            f"special logits, target {y}{about}",
            (SPECIAL, torch.full_like(SPECIAL, y)),
            {"reduction": "none", **weights},
        )
        for y in (0, 1, 0.25, -1, 2)
        for about, weights in (("", {}), (", pos_weight 3", {"pos_weight": tensor(3.0)}))
    ),
    Case(
        "binary_cross_entropy_with_logits",
        "targets inf and nan",
        (tensor(1, -2, 3), tensor(INF, -INF, NAN)),
        {"reduction": "none"},
    ),
]

SCORE_SHAPES = ((3,), (4, 3), (2, 3, 5), (2, 3, 4, 5), (2, 3, 2, 3, 2), (1, 1), (0, 3), (0, 3, 4), (2, 3, 0))


def _of_samples(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[:1] * (len(shape) > 1) + shape[2:]


def _classes(shape: tuple[int, ...]) -> int:
    return shape[0 if len(shape) == 1 else 1]


IGNORING = tensor([1.0, 2.0, -1.0], [0.5, 0.0, 2.0], [-3.0, 1.0, 0.0], [0.0, 0.0, 9.0])
INDICES = [
    *(
        case
        for loss, s in product(("nll_loss", "cross_entropy"), SCORE_SHAPES)
        for target in [labels(*_of_samples(s), classes=_classes(s))]
        for weight in [probs(_classes(s)) + 0.5]
        for case in (
            *reduced(loss, f"shape {s}", scores(*s), target),
            *reduced(loss, f"shape {s}, weight", scores(*s), target, weight=weight),
        )
    ),
    *(
        case
        for loss in ("nll_loss", "cross_entropy")
        for about, target, ignored in (
            ("a class ignored", [0, 1, 1, 2], 1),
            ("-100 ignored", [0, -100, 1, 2], -100),
            ("255 ignored", [0, 255, 255, 2], 255),
            ("-1 ignored", [-1, -1, 1, -1], -1),
            ("all ignored", [-100, -100, -100, -100], -100),
            ("ignored value absent", [0, 1, 2, 0], 7),
        )
        for weights in ({}, {"weight": tensor(0.5, 0.0, 2.0)})
        for case in reduced(
            loss,
            about + ", weight" * bool(weights),
            IGNORING,
            torch.tensor(target),
            ignore_index=ignored,
            **weights,
        )
    ),
    *(
        case
        for loss in ("nll_loss", "cross_entropy")
        for case in (
            *reduced(loss, "uint8 target", IGNORING, torch.tensor([0, 1, 2, 2], dtype=torch.uint8)),
            *reduced(loss, "one sample, ignored", scores(3), torch.tensor(-100)),
            *reduced(loss, "all weights 0", IGNORING, torch.tensor([0, 1, 2, 2]), weight=torch.zeros(3).double()),
            *reduced(
                loss,
                "K dimensions, ignored, weight",
                scores(2, 3, 5),
                torch.tensor([[0, 1, 2, -1, 0], [-1, -1, 2, 1, 0]]),
                ignore_index=-1,
                weight=tensor(1.0, 0.0, 2.0),
            ),
            *reduced(
                loss,
                "infinities and nan",
                tensor([-INF, 0, 1], [-INF, 0, 1], [INF, 0, 1], [NAN, 0, 1], [-INF, -INF, -INF], [1e4, -1e4, 0]),
                torch.tensor([0, 1, 0, 1, 2, 1]),
            ),
            Case(
                loss,
                "infinities and nan, ignored or without weight",
                (tensor([-INF, 0, 1], [-INF, 0, 1], [NAN, 0, 1], [INF, 0, 0]), torch.tensor([0, 1, 2, 2])),
                {"ignore_index": 2, "weight": tensor(0.0, 1.0, 1.0), "reduction": "none"},
            ),
        )
    ),
]

SMOOTHED = [
    *(
        case
        for s, smoothing, weighted in product(SCORE_SHAPES, (0.1, 1.0), (False, True))
        for weights in [{"weight": probs(_classes(s)) + 0.5} if weighted else {}]
        for case in reduced(
            "cross_entropy",
            f"shape {s}, smoothing {smoothing}" + ", weight" * weighted,
            scores(*s),
            labels(*_of_samples(s), classes=_classes(s)),
            label_smoothing=smoothing,
            **weights,
        )
    ),
    *(
        case
        for about, target, ignored in (
            ("a class", [0, 1, 1, 2], 1),
            ("-100", [0, -100, 1, 2], -100),
            ("all", [-100, -100, -100, -100], -100),
        )
        for weights in ({}, {"weight": tensor(0.5, 0.0, 2.0)})
        for case in reduced(
            "cross_entropy",
            f"smoothing 0.1, {about} ignored" + ", weight" * bool(weights),
            IGNORING,
            torch.tensor(target),
            ignore_index=ignored,
            label_smoothing=0.1,
            **weights,
        )
    ),
    *reduced(
        "cross_entropy",
        "smoothing 0.1, infinities",
        tensor([-INF, 0, 1], [INF, 0, 1], [1e4, -1e4, 0]),
        torch.tensor([1, 0, 1]),
        label_smoothing=0.1,
    ),
]

PROBABILITY_TARGETS = [
    *(
        case
        for s, smoothing, weighted in product(SCORE_SHAPES, (0.0, 0.1), (False, True))
        for weights in [{"weight": probs(_classes(s)) + 0.5} if weighted else {}]
        for case in reduced(
            "cross_entropy",
            f"probabilities {s}, smoothing {smoothing}" + ", weight" * weighted,
            scores(*s),
            distribution(*s),
            label_smoothing=smoothing,
            **weights,
        )
    ),
    *reduced("cross_entropy", "targets that do not sum to 1", scores(4, 3), scores(4, 3).flip(0)),
    *reduced(
        "cross_entropy",
        "infinite logits with and without probability",
        tensor([-INF, 0, 1], [-INF, 0, 1], [INF, 0, 1]),
        tensor([0, 0.5, 0.5], [1, 0, 0], [1, 0, 0]),
    ),
]

DIVERGENCES = [
    *(
        Case(
            "kl_div",
            f"shapes {s} and {t}, log_target={log}, {r}",
            (scores(*s), target),
            {"reduction": r, "log_target": log},
        )
        for s, t in (((), ()), ((5,), (5,)), ((4, 3), (4, 3)), ((4, 3), (3,)), ((3,), (4, 3)), ((0, 3), (0, 3)))
        for log in (False, True)
        for target in [scores(*t) - 1 if log else probs(*t)]
        for r in (*REDUCTIONS, "batchmean")
    ),
    Case(
        "kl_div",
        "0 and infinities",
        (tensor(0, -INF, -INF, 0, NAN, -1), tensor(0, 0, 1, -1, 0, INF)),
        {"reduction": "none"},
    ),
    Case(
        "kl_div",
        "0 and infinities as logarithms",
        (tensor(0, -INF, -INF, 0), tensor(-INF, 0, -INF, 1e4)),
        {"reduction": "none", "log_target": True},
    ),
]

ALL = ACTIVATIONS + BINARY + INDICES + SMOOTHED + PROBABILITY_TARGETS + DIVERGENCES
