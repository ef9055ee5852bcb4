"""Against torch on inputs that nobody chose: any shape, dtype and reduction, and the numbers that break losses."""

import torch
from against_torch import DTYPES, Case, assert_same
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

#: The ends of exp in float32 and float64, numbers that vanish, both zeros, and what a trained model gives.
LOGITS = st.one_of(
    st.sampled_from([0.0, -0.0, 1e4, -1e4, 88.7, -88.7, 103.5, -103.5, 11.1, -11.1, 16.64, 1e-40, -1e-40, 5e-324]),
    st.floats(-30, 30, width=32),
)
INFINITE = st.sampled_from([float("inf"), -float("inf"), float("nan")])
PROBABILITIES = st.one_of(st.sampled_from([0.0, 1.0, 0.5, 1e-7, 1e-40]), st.floats(0, 1, width=32))
WEIGHTS = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0.125, 8, width=32))
SHAPES = st.lists(st.integers(0, 4), max_size=3).map(tuple)
REDUCTIONS = st.sampled_from(["none", "mean", "sum"])


@st.composite
def tensors(draw: st.DrawFn, shape: tuple[int, ...], numbers: st.SearchStrategy[float]) -> Tensor:
    size = torch.Size(shape).numel()
    flat = draw(st.lists(numbers, min_size=size, max_size=size))
    return torch.tensor(flat, dtype=torch.float64).reshape(shape)


@st.composite
def activations(draw: st.DrawFn) -> Case:
    loss = draw(st.sampled_from(["sigmoid", "log_sigmoid", "logsumexp", "softmax", "log_softmax"]))
    shape = draw(SHAPES)
    x = draw(tensors(shape, st.one_of(LOGITS, INFINITE)))
    if loss in ("sigmoid", "log_sigmoid"):
        return Case(loss, "", (x,))
    dim = draw(st.integers(-max(len(shape), 1), max(len(shape), 1) - 1))
    return Case(loss, "", (x, dim))


@st.composite
def binary_losses(draw: st.DrawFn) -> Case:
    loss = draw(st.sampled_from(["binary_cross_entropy", "binary_cross_entropy_with_logits"]))
    shape = draw(SHAPES)
    logits = loss == "binary_cross_entropy_with_logits"
    x = draw(tensors(shape, st.one_of(LOGITS, INFINITE) if logits else PROBABILITIES))
    kwargs = {"reduction": draw(REDUCTIONS)}
    for name in ("weight", "pos_weight")[: 1 + logits]:
        if draw(st.booleans()):
            ones = draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape)))
            broadcast = tuple(1 if one else size for one, size in zip(ones, shape, strict=True))
            kwargs[name] = draw(tensors(broadcast[draw(st.integers(0, len(shape))) :], WEIGHTS))
    return Case(loss, "", (x, draw(tensors(shape, PROBABILITIES))), kwargs)


@st.composite
def class_losses(draw: st.DrawFn) -> Case:
    loss = draw(st.sampled_from(["nll_loss", "cross_entropy"]))
    classes = draw(st.integers(1, 4))
    batch = draw(st.one_of(st.just(()), st.lists(st.integers(0, 3), min_size=1, max_size=3).map(tuple)))
    x = draw(tensors((*batch[:1], classes, *batch[1:]), st.one_of(LOGITS, INFINITE)))
    kwargs = {"reduction": draw(REDUCTIONS)}
    if draw(st.booleans()):
        kwargs["weight"] = draw(tensors((classes,), WEIGHTS))
    if loss == "cross_entropy":
        kwargs["label_smoothing"] = draw(st.sampled_from([0.0, 0.1, 1.0]))
        if draw(st.booleans()):
            return Case(loss, "", (x, draw(tensors(tuple(x.shape), PROBABILITIES))), kwargs)
    ignored = draw(st.sampled_from([-100, -1, 0, classes]))
    size = torch.Size(batch).numel()
    labels = st.one_of(st.integers(0, classes - 1), st.just(ignored))
    target = torch.tensor(draw(st.lists(labels, min_size=size, max_size=size)), dtype=torch.int64)
    return Case(loss, "", (x, target.reshape(batch)), {**kwargs, "ignore_index": ignored})


@st.composite
def divergences(draw: st.DrawFn) -> Case:
    shape = draw(SHAPES)
    log_target = draw(st.booleans())
    target = draw(tensors(shape, st.floats(-30, 0, width=32) if log_target else PROBABILITIES))
    reduction = draw(st.sampled_from(["none", "mean", "sum", "batchmean"]))
    kwargs = {"log_target": log_target, "reduction": reduction}
    if reduction == "batchmean" and 0 in shape[:1]:
        kwargs["reduction"] = "sum"  # torch divides by a batch size of 0
    return Case("kl_div", "", (draw(tensors(shape, LOGITS)), target), kwargs)


@given(activations(), st.sampled_from(DTYPES))
def test_activations(case: Case, dtype: torch.dtype) -> None:
    assert_same(case.to(dtype))


@given(binary_losses(), st.sampled_from(DTYPES))
def test_binary_losses(case: Case, dtype: torch.dtype) -> None:
    assert_same(case.to(dtype))


@given(class_losses(), st.sampled_from(DTYPES))
def test_class_losses(case: Case, dtype: torch.dtype) -> None:
    assert_same(case.to(dtype))


@given(divergences(), st.sampled_from(DTYPES))
def test_divergences(case: Case, dtype: torch.dtype) -> None:
    assert_same(case.to(dtype))
