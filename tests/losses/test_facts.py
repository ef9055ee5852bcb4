"""The facts that the course tells about these functions (facts.md), each pinned once, ours and torch's."""

import math

import pytest
import torch
import torch.nn.functional as F
from against_torch import PAIRS
from torch import Tensor
from torch.testing import assert_close

from lossbook import losses
from lossbook.activations import log_softmax, sigmoid, softmax
from lossbook.losses import focal_loss, masked_binary_cross_entropy_with_logits, symmetric_cross_entropy

WITH_LOGITS = "binary_cross_entropy_with_logits"
REAL = torch.Generator().manual_seed(11)
X = torch.randn(6, 4, generator=REAL, dtype=torch.float64)
T = torch.tensor([0, 1, 2, 3, 1, 0])


@pytest.fixture(params=["ours", "torch's"])
def losses_of(request: pytest.FixtureRequest):
    """Return a look-up of the losses by name: each fact holds for ours and for torch's."""
    which = ["ours", "torch's"].index(request.param)
    return lambda name: PAIRS[name][which]


def test_fact_11_nll_takes_no_logarithm(losses_of) -> None:
    """Fed with probabilities it returns a negative loss and no error."""
    nll_loss = losses_of("nll_loss")
    assert_close(losses_of("cross_entropy")(X, T), nll_loss(log_softmax(X, 1), T))
    assert -1 <= nll_loss(softmax(X, 1), T) < 0


@pytest.mark.parametrize(("classes", "floor"), [(2, 0.3133), (10, 1.4612)])
def test_fact_12_softmax_before_cross_entropy_floors_it(losses_of, classes: int, floor: float) -> None:
    certain = softmax(1000 * torch.eye(classes), 1)
    assert float(losses_of("cross_entropy")(certain, torch.arange(classes))) == pytest.approx(floor, abs=1e-4)


@pytest.mark.parametrize(("target", "floor"), [(0.0, 0.6931), (1.0, 0.3133)])
def test_fact_12_sigmoid_before_bce_with_logits_floors_it(losses_of, target: float, floor: float) -> None:
    certain = sigmoid(torch.tensor(1000.0 if target else -1000.0))
    assert float(losses_of(WITH_LOGITS)(certain, torch.tensor(target))) == pytest.approx(floor, abs=1e-4)


def test_fact_13_one_class_is_always_0(losses_of) -> None:
    leaf = X[:, :1].clone().requires_grad_()
    loss = losses_of("cross_entropy")(leaf, torch.zeros(6, dtype=torch.int64))
    loss.backward()
    assert loss == 0
    assert not leaf.grad.any()


def test_fact_14_class_axis_is_1(losses_of) -> None:
    """Silent where the sequence is as long as there are classes."""
    cross_entropy = losses_of("cross_entropy")
    batch_time_class, target = X[:4].repeat(2, 1, 1), T[:4].repeat(2, 1)
    right = cross_entropy(batch_time_class.permute(0, 2, 1), target)
    assert_close(right, cross_entropy(X[:4], T[:4]))
    assert not torch.isclose(cross_entropy(batch_time_class, target), right)


def test_fact_15_target_in_the_logits_shape_is_probabilities(losses_of) -> None:
    """A float (N,) takes the batch for the classes, and nothing asks whether it is a distribution."""
    cross_entropy = losses_of("cross_entropy")
    logits, target = X[:, 0], torch.tensor([0.0, 1, 1, 0, 7, -2], dtype=torch.float64)
    assert_close(cross_entropy(logits, target), -(target * log_softmax(logits, 0)).sum())


@pytest.mark.parametrize("dtype", [torch.int32, torch.float32, torch.bool], ids=str)
def test_fact_16_index_targets_are_int64(losses_of, dtype: torch.dtype) -> None:
    with pytest.raises(RuntimeError):
        losses_of("cross_entropy")(X, T.to(dtype))


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool], ids=str)
@pytest.mark.parametrize("name", ["binary_cross_entropy", WITH_LOGITS])
def test_fact_16_binary_targets_are_floats(losses_of, name: str, dtype: torch.dtype) -> None:
    with pytest.raises(RuntimeError):
        losses_of(name)(torch.rand(4), torch.ones(4).to(dtype))


def test_fact_17_binary_losses_do_not_broadcast(losses_of) -> None:
    for name in ("binary_cross_entropy", WITH_LOGITS):
        with pytest.raises(ValueError, match=r"size|shape"):
            losses_of(name)(torch.rand(4, 1), torch.rand(4))
    by_hand = -(torch.rand(4) * torch.rand(4, 1).log())
    assert by_hand.shape == (4, 4)


def test_fact_18_weighted_mean_divides_by_the_weights(losses_of) -> None:
    cross_entropy = losses_of("cross_entropy")
    weight = torch.tensor([1.0, 2.0, 0.5, 3.0], dtype=torch.float64)
    each = cross_entropy(X, T, reduction="none")
    assert_close(cross_entropy(X, T, weight), (weight[T] * each).sum() / weight[T].sum())
    one_hot = F.one_hot(T, 4).double()
    assert_close(cross_entropy(X, one_hot, weight), (weight[T] * each).sum() / 6)
    assert_close(cross_entropy(X, T, torch.full_like(weight, 5)), each.mean())


def test_fact_19_weighted_binary_mean_divides_by_the_elements(losses_of) -> None:
    with_logits, target = losses_of(WITH_LOGITS), torch.rand(6, 4, generator=REAL, dtype=torch.float64)
    weight = torch.rand(6, 4, generator=REAL, dtype=torch.float64)
    assert_close(with_logits(X, target, weight), (weight * with_logits(X, target, reduction="none")).sum() / 24)


def test_fact_19_pos_weight_is_a_class_weight_under_sum_only(losses_of) -> None:
    logit, bit, w = X[:, 0], torch.tensor([0.0, 1, 1, 0, 1, 0]).double(), torch.tensor([3.0]).double()
    two, classes = torch.stack([torch.zeros_like(logit), logit], 1), torch.cat([torch.ones_like(w), w])

    def both(reduction: str) -> tuple[Tensor, Tensor]:
        binary = losses_of(WITH_LOGITS)(logit, bit, pos_weight=w, reduction=reduction)
        return binary, losses_of("cross_entropy")(two, bit.long(), classes, reduction=reduction)

    assert_close(*both("sum"))
    assert not torch.isclose(*both("mean"))


def test_fact_20_pos_weight_is_not_a_factor_of_the_loss_of_soft_targets(losses_of) -> None:
    with_logits, w = losses_of(WITH_LOGITS), torch.tensor(3.0).double()
    for target, same in (((X > 0).double(), True), (torch.full_like(X, 0.7), False)):
        by_hand = with_logits(X, target, reduction="none")
        by_hand[target > 0.5] *= w
        weighted = with_logits(X, target, pos_weight=w, reduction="none")
        assert torch.allclose(weighted, by_hand) is same


def test_fact_20_pos_weight_broadcasts_from_the_right(losses_of) -> None:
    images, w = torch.zeros(2, 3, 5, 5), torch.tensor([1.0, 2.0, 3.0])
    with pytest.raises(RuntimeError):
        losses_of(WITH_LOGITS)(images, images, pos_weight=w)
    loss = losses_of(WITH_LOGITS)(images, images + 1, pos_weight=w.view(3, 1, 1), reduction="none")
    assert_close(loss.mean((0, 2, 3)), math.log(2) * w)


@pytest.mark.parametrize("w", [0.5, 4.0])
def test_fact_21_pos_weight_moves_the_best_logit_by_its_logarithm(losses_of, w: float) -> None:
    share = torch.tensor(0.2).double()
    best = (torch.logit(share) + math.log(w)).requires_grad_()
    losses_of(WITH_LOGITS)(best, share, pos_weight=torch.tensor(w).double()).backward()
    assert float(best.grad) == pytest.approx(0, abs=1e-12)


def test_fact_22_bce_clamps_the_logarithm(losses_of) -> None:
    bce = losses_of("binary_cross_entropy")
    assert float(bce(torch.tensor(1.0), torch.tensor(0.0))) == 100
    assert float(bce(torch.tensor(0.0), torch.tensor(1.0))) == 100


def test_fact_22_bce_of_a_sigmoid_stops_learning_below_27(losses_of) -> None:
    def slope(logit: float) -> float:
        leaf = torch.tensor(logit, dtype=torch.float64, requires_grad=True)
        losses_of("binary_cross_entropy")(sigmoid(leaf), torch.ones_like(leaf)).backward()
        return float(leaf.grad)

    assert slope(-27) == pytest.approx(-1, abs=1e-3)
    assert slope(-29) == pytest.approx(-math.exp(-29) / 1e-12, rel=1e-3)


def test_fact_23_textbook_form_has_a_wrong_gradient_at_0(losses_of) -> None:
    def slope(loss) -> float:
        leaf = torch.zeros((), requires_grad=True)
        loss(leaf, torch.tensor(1.0)).backward()
        return float(leaf.grad)

    assert slope(losses_of(WITH_LOGITS)) == -0.5
    assert slope(lambda x, y: x.clamp(min=0) - x * y + torch.log1p(torch.exp(-x.abs()))) != -0.5


def test_fact_24_mask_after_the_loss_leaks_nan() -> None:
    logits, target = torch.tensor([[0.5, float("nan")]]), torch.ones(1, 2)
    mask = torch.tensor([[True, False]])

    def slopes(loss) -> Tensor:
        leaf = logits.clone().requires_grad_()
        loss(leaf).backward()
        return leaf.grad

    leaky = slopes(
        lambda x: torch.where(mask, losses.binary_cross_entropy_with_logits(x, target, reduction="none"), 0).sum()
    )
    assert leaky.isnan().tolist() == [[False, True]]
    assert slopes(lambda x: masked_binary_cross_entropy_with_logits(x, target, mask)).isfinite().all()


def test_fact_25_infinite_logit_without_probability_is_nan(losses_of) -> None:
    logits = torch.tensor([[-math.inf, 0.0, 0.0]])
    assert losses_of("cross_entropy")(logits, torch.tensor([[0.0, 0.5, 0.5]])).isnan()
    assert float(losses_of("cross_entropy")(logits, torch.tensor([1]))) == pytest.approx(math.log(2))


def test_fact_26_ignored_class_still_counts_in_the_denominator(losses_of) -> None:
    loss = losses_of("cross_entropy")(X, T, ignore_index=0)
    assert_close(loss, losses_of("cross_entropy")(X[T != 0], T[T != 0]))
    assert not torch.isclose(loss, losses_of("cross_entropy")(X[T != 0][:, 1:], T[T != 0] - 1))


def test_fact_26_nothing_to_average_is_nan(losses_of) -> None:
    assert losses_of("cross_entropy")(X, torch.full((6,), -100)).isnan()
    assert losses_of("cross_entropy")(X[:0], T[:0]).isnan()
    assert losses_of(WITH_LOGITS)(X[:0], X[:0]).isnan()


def test_fact_27_mean_of_steps_is_not_the_mean_of_sequences() -> None:
    logits, target = X[:2], torch.ones(2, 4).double()
    mask = torch.tensor([[True, True, True, True], [True, False, False, False]])
    each = losses.binary_cross_entropy_with_logits(logits, target, reduction="none")
    by_step = masked_binary_cross_entropy_with_logits(logits, target, mask)
    by_sequence = masked_binary_cross_entropy_with_logits(logits, target, mask, reduction="sequence_mean")
    assert_close(by_step, (mask * each).sum() / mask.sum())
    assert_close(by_sequence, (each[0].mean() + each[1, 0]) / 2)
    assert not torch.isclose(by_step, by_sequence)


def test_fact_28_mean_of_batch_means_is_not_the_mean(losses_of) -> None:
    cross_entropy, batches = losses_of("cross_entropy"), [slice(0, 4), slice(4, 6)]
    means = torch.stack([cross_entropy(X[b], T[b]) for b in batches])
    sums = torch.stack([cross_entropy(X[b], T[b], reduction="sum") for b in batches])
    assert not torch.isclose(means.mean(), cross_entropy(X, T))
    assert_close(sums.sum() / 6, cross_entropy(X, T))


def test_fact_29_multi_label_mean_divides_by_the_labels_too(losses_of) -> None:
    leaf = X.clone().requires_grad_()
    losses_of(WITH_LOGITS)(leaf, torch.ones_like(X)).backward()
    assert_close(leaf.grad, (sigmoid(X) - 1) / 24)


def test_fact_30_smoothed_loss_has_a_floor(losses_of) -> None:
    """For 10 classes and 0.1: 0.500 nats, at a gap of 4.51 between the logits."""
    gap = math.log((0.9 + 0.01) / 0.01)
    assert gap == pytest.approx(4.51, abs=0.005)
    leaf = (gap * torch.eye(10, dtype=torch.float64)).requires_grad_()
    floor = losses_of("cross_entropy")(leaf, torch.arange(10), label_smoothing=0.1)
    floor.backward()
    assert float(floor) == pytest.approx(0.500, abs=5e-4)
    assert_close(leaf.grad, torch.zeros(10, 10).double())


def test_fact_30_smoothing_carries_the_weight_of_every_class(losses_of) -> None:
    weight = torch.tensor([1.0, 2.0, 0.5, 3.0], dtype=torch.float64)
    smoothed = 0.9 * F.one_hot(T, 4) + 0.1 / 4
    each = -(weight * smoothed * log_softmax(X, 1)).sum(1)
    assert_close(losses_of("cross_entropy")(X, T, weight, label_smoothing=0.1), each.sum() / weight[T].sum())


def test_fact_31_focal_loss_without_focus_is_bce(losses_of) -> None:
    target = torch.rand(6, 4, generator=REAL, dtype=torch.float64)
    assert_close(focal_loss(X, target, gamma=0.0), losses_of(WITH_LOGITS)(X, target))


def test_fact_31_focal_alpha_weights_the_positives() -> None:
    logit = torch.zeros(2).double()
    loss = focal_loss(logit, torch.tensor([1.0, 0.0]).double(), gamma=0.0, alpha=0.25, reduction="none")
    assert_close(loss, math.log(2) * torch.tensor([0.25, 0.75]).double())


def test_fact_31_focal_loss_is_no_proper_score() -> None:
    """Its best probability is not the share of positives."""
    share = torch.tensor(0.3).double()
    logit = torch.logit(share).requires_grad_()
    (
        share * focal_loss(logit, torch.ones_like(share))
        + (1 - share) * focal_loss(logit, torch.zeros_like(share))
    ).backward()
    assert abs(float(logit.grad)) > 1e-2


def test_fact_32_reverse_cross_entropy_is_a_scaled_absolute_error() -> None:
    p = softmax(X, 1)
    reverse = symmetric_cross_entropy(X, T, alpha=0.0, beta=1.0, reduction="none")
    assert_close(reverse, 4 * (1 - p[range(6), T]))
    assert_close(reverse, 2 * (p - F.one_hot(T, 4)).abs().sum(1))
    assert math.log(1e-4) == pytest.approx(-9.21, abs=0.001)
