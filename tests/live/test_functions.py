"""lossbook's NumPy functions give torch's values."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from lossbook.live.page import functions

RANDOM = np.random.default_rng(0)
LOGITS = np.concatenate([RANDOM.normal(size=(4, 3)) * 3, [[1000.0, 0.0, -1000.0], [-800.0, -801.0, -802.0]]])
CLASSES = np.array([0, 2, 1, 1, 2, 0])
PROBS, SOFT = RANDOM.uniform(size=(6, 3)), RANDOM.uniform(size=(6, 3))
WEIGHT = np.array([0.5, 2.0, 5.0])


def same(got, want):
    np.testing.assert_allclose(np.asarray(got), want.numpy(), rtol=1e-12, atol=1e-14)


def t(array):
    return torch.from_numpy(np.asarray(array))


@pytest.mark.parametrize(("ours", "torchs"), [("sigmoid", torch.sigmoid), ("log_sigmoid", F.logsigmoid)])
def test_elementwise(ours, torchs):
    same(getattr(functions, ours)(LOGITS), torchs(t(LOGITS)))


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_along_an_axis(name, axis):
    same(getattr(functions, name)(LOGITS, axis), getattr(torch, name)(t(LOGITS), axis))


def test_logsumexp_of_nothing_but_minus_infinity():
    rows = np.array([[-np.inf, -np.inf], [np.inf, 0.0]])
    same(functions.logsumexp(rows, 1), torch.logsumexp(t(rows), 1))


def test_lists_will_do():
    assert functions.softmax([0.0, 0.0], 0).tolist() == [0.5, 0.5]
    assert functions.sigmoid(0) == 0.5


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_binary_losses(reduction, weight):
    kwargs = {"reduction": reduction, "weight": None if weight is None else t(weight)}
    same(
        functions.binary_cross_entropy(PROBS, SOFT, weight, reduction),
        F.binary_cross_entropy(t(PROBS), t(SOFT), **kwargs),
    )
    certain, wrong = np.array([0.0, 1.0, 1e-60]), np.array([1.0, 0.0, 1.0])
    same(
        functions.binary_cross_entropy(certain, wrong, reduction=reduction),
        F.binary_cross_entropy(t(certain), t(wrong), reduction=reduction),
    )
    for pos in (None, WEIGHT):
        pos_weight = None if pos is None else t(pos)
        same(
            functions.binary_cross_entropy_with_logits(LOGITS, SOFT, weight, reduction, pos),
            F.binary_cross_entropy_with_logits(t(LOGITS), t(SOFT), pos_weight=pos_weight, **kwargs),
        )


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize("ignore_index", [-100, 1])
def test_losses_of_classes(reduction, weight, ignore_index):
    kwargs = {
        "weight": None if weight is None else t(weight),
        "ignore_index": ignore_index,
        "reduction": reduction,
    }
    log_probs = functions.log_softmax(LOGITS, 1)
    same(
        functions.nll_loss(log_probs, CLASSES, weight, ignore_index, reduction),
        F.nll_loss(t(log_probs), t(CLASSES), **kwargs),
    )
    for smoothing in (0.0, 0.1):
        same(
            functions.cross_entropy(LOGITS, CLASSES, weight, ignore_index, reduction, smoothing),
            F.cross_entropy(t(LOGITS), t(CLASSES), label_smoothing=smoothing, **kwargs),
        )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: functions.binary_cross_entropy(PROBS, SOFT[0]), "one shape"),
        (lambda: functions.cross_entropy(LOGITS, SOFT), "integer classes"),
        (lambda: functions.nll_loss(LOGITS, CLASSES[:2]), "integer classes"),
        (lambda: functions.cross_entropy(LOGITS, CLASSES, reduction="average"), '"mean", "sum" or "none"'),
    ],
)
def test_wrong_input_is_refused_in_a_sentence(call, message):
    with pytest.raises(ValueError, match=message):
        call()
