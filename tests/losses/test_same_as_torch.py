"""Values, dtypes, shapes and gradients against torch's own, on the table of cases and beyond it."""

import inspect
from itertools import product

import pytest
import torch
from against_torch import DEVICES, DTYPES, PAIRS, Case, assert_same, ids
from cases import ALL, labels, probs, scores, tensor
from torch import Tensor


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("case", ALL, ids=ids(ALL))
def test_same_on_every_case(case: Case, dtype: torch.dtype) -> None:
    assert_same(case.to(dtype))


def _columns_first(x: Tensor) -> Tensor:
    return x.transpose(0, -1).contiguous().transpose(0, -1) if x.dim() > 1 else x


def _every_other(x: Tensor) -> Tensor:
    return x.repeat_interleave(2, -1)[..., ::2] if x.dim() else x


def _expanded(x: Tensor) -> Tensor:
    return x[:1].expand_as(x) if x.dim() and x.shape[0] else x


# Enough of the table: a layout matters to the kernels, not to the arguments beside it.
LAID_OUT = [case for case in ALL if case.args[0].numel() > 5 and case.kwargs.get("reduction", "none") != "sum"]


@pytest.mark.parametrize("layout", [_columns_first, _every_other, _expanded])
def test_same_in_every_layout(layout) -> None:
    for case in LAID_OUT:
        if (case.loss, layout) != ("nll_loss", _columns_first):  # torch: "grad_input must be contiguous"
            assert_same(case.map(layout))


FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
WHOLE = (torch.bool, torch.uint8, torch.int32, torch.int64)
MIXED = [
    *(
        Case(
            "binary_cross_entropy_with_logits",
            f"{a}, {b}, {r}",
            (scores(6).to(a), probs(6).to(b)),
            {"reduction": r},
        )
        for a, b in product(FLOATS, FLOATS)
        for r in ("none", "mean")
    ),
    *(
        Case(loss, f"{name} {b} for {a}", (probs(6).to(a), probs(6).to(a)), {name: weight})
        for loss, name in (
            ("binary_cross_entropy", "weight"),
            ("binary_cross_entropy_with_logits", "weight"),
            ("binary_cross_entropy_with_logits", "pos_weight"),
        )
        for a, b in product(FLOATS, FLOATS + WHOLE)
        if (name, b) not in (("pos_weight", torch.bool), ("pos_weight", torch.uint8))
        for weight in [tensor(1, 2, 0, 3, 1, 1).to(b)]
    ),
    *(
        Case(
            "cross_entropy",
            f"probabilities {b} for {a}",
            (scores(4, 3).to(a), probs(4, 3).to(b)),
            {"reduction": r},
        )
        for a, b in product(FLOATS, FLOATS)
        for r in ("none", "mean")
    ),
    *(
        Case(
            "cross_entropy",
            f"probabilities, weight {b} for {a}",
            (scores(4, 3).to(a), probs(4, 3).to(a)),
            {"weight": tensor(1, 2, 0).to(b)},
        )
        for a, b in product(FLOATS, FLOATS + WHOLE)
    ),
    *(
        Case("kl_div", f"{a}, {b}", (scores(4, 3).to(a), probs(4, 3).to(b)), {"reduction": "batchmean"})
        for a, b in product(FLOATS, FLOATS)
    ),
    *(Case("sigmoid", f"{dtype}", (torch.tensor([0, 1, 1]).to(dtype),)) for dtype in WHOLE),
    *(Case("logsumexp", f"{dtype}", (torch.tensor([0, 1, 1]).to(dtype), 0)) for dtype in WHOLE),
]


@pytest.mark.parametrize("case", MIXED, ids=ids(MIXED))
def test_same_with_mixed_and_whole_dtypes(case: Case) -> None:
    assert_same(case)


def test_whole_number_pos_weight_is_a_number() -> None:
    """In torch, uint8 wraps round (0 - 1 is 255) and bool is refused."""
    loss = PAIRS["binary_cross_entropy_with_logits"][0]
    expected = loss(scores(3), probs(3), pos_weight=tensor(0, 1, 1))
    for dtype in (torch.uint8, torch.bool):
        assert loss(scores(3), probs(3), pos_weight=torch.tensor([0, 1, 1], dtype=dtype)) == expected


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("loss", PAIRS)
def test_same_on_the_device(loss: str, device: str, dtype: torch.dtype) -> None:
    for case in [case for case in ALL if case.loss == loss][::7]:
        assert_same(case.to(dtype).map(lambda x: x.to(device)))


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("loss", ["nll_loss", "cross_entropy"])
def test_one_sample_with_a_target_of_one_element(loss: str, reduction: str) -> None:
    """Torch returns a value and then fails to go back."""
    ours, theirs = (f(scores(3), torch.tensor([2]), reduction=reduction) for f in PAIRS[loss])
    torch.testing.assert_close(ours, theirs)


def test_leaves_its_inputs_alone() -> None:
    for case in ALL:
        before = case.map(torch.clone)
        PAIRS[case.loss][0](*case.args, **case.kwargs)
        for now, then in zip(case.floats(), before.floats(), strict=True):
            assert torch.equal(now.nan_to_num(0.5), then.nan_to_num(0.5))


def test_large_batches_keep_their_precision() -> None:
    assert_same(Case("cross_entropy", "large", (scores(3000, 50).float(), labels(3000, classes=50))))
    assert_same(
        Case("binary_cross_entropy_with_logits", "large", (scores(3000, 50).float(), probs(3000, 50).float()))
    )


#: where our signatures differ on purpose: dim has no default, and there is no private or stacked argument
NOT_OURS = {"size_average", "reduce", "_stacklevel", "dtype"}


@pytest.mark.parametrize("loss", [name for name, (_, theirs) in PAIRS.items() if inspect.isfunction(theirs)])
def test_signature(loss: str) -> None:
    ours, theirs = (inspect.signature(function).parameters for function in PAIRS[loss])
    expected = {name: p.default for name, p in theirs.items() if name not in NOT_OURS}
    if "softmax" in loss:
        expected = {"x": expected["input"], "dim": inspect.Parameter.empty}
    assert {name: p.default for name, p in ours.items()} == expected
    assert list(ours) == list(expected)
