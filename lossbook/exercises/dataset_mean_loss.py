"""Exercise: the mean loss of a whole data set, from its batches."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.exercises.cases_practice import Batch, random_batches
from lossbook.exercises.description import PROMPT, Aspect, Case, Exercise, Mistake


def dataset_mean_loss(
    batches: list[tuple[Tensor, Tensor]], weight: Tensor | None = None, ignore_index: int = -100
) -> float:
    """Return the mean cross-entropy of a data set, as if it were one batch, whatever the batches' sizes.

    Args:
        batches: pairs of logits (n, C) and class indices (n,); n may differ from batch to batch.
        weight: one factor per class, (C,).
        ignore_index: samples with this target count for nothing. It may be a class or no class at all.
            All targets of a batch may be ignored.

    Returns:
        What F.cross_entropy says of all samples in one batch: the weighted sum of the losses, divided by
        the sum of the counted targets' weights. A Python float; nan where there is nothing to divide by.
    """
    raise NotImplementedError


def reference(
    batches: list[tuple[Tensor, Tensor]], weight: Tensor | None = None, ignore_index: int = -100
) -> float:
    logits, target = (torch.cat(parts) for parts in zip(*batches, strict=True))
    return F.cross_entropy(logits, target, weight=weight, ignore_index=ignore_index).item()


def _ignoring(batches: list[Batch], where: list[list[int]], ignore_index: int) -> list[Batch]:
    """Put ``ignore_index`` into the targets at these places of each batch."""
    for (_, target), places in zip(batches, where, strict=True):
        target[places] = ignore_index
    return batches


def short_last_batch(generator: torch.Generator) -> Iterator[Case]:
    """Batches of different sizes."""
    two = (torch.tensor([[0.0, 0.0], [1.0, 0.0]]), torch.tensor([0, 0]))
    yield Case(([two],), note="one batch")
    yield Case(([two, (torch.tensor([[3.0, 0.0]]), torch.tensor([1]))],))
    yield Case((random_batches((3, 3, 2), 3, generator),), note="as many classes as samples")
    yield Case((random_batches((4, 4, 4, 1), 3, generator),))
    yield Case((random_batches((2, 1), 3, generator, torch.float64),), note="float64")


def ignored(generator: torch.Generator) -> Iterator[Case]:
    """Ignored targets, unevenly spread: a whole batch of them, other values of ignore_index, a class."""
    first = (torch.tensor([[0.0, 1.0], [2.0, 0.0]]), torch.tensor([0, -100]))
    second = (torch.tensor([[0.0, 0.0], [-1.0, 2.0]]), torch.tensor([1, 0]))
    yield Case(([first, second],))
    all_ignored = (torch.tensor([[1.0, -1.0]]), torch.tensor([-100]))
    yield Case(([all_ignored, second],), note="nothing counts in the first batch")
    yield Case(
        (_ignoring(random_batches((4, 4, 1), 3, generator), [[0, 2, 3], [1], []], -1),), {"ignore_index": -1}
    )
    yield Case(
        (_ignoring(random_batches((3, 3, 2), 3, generator), [[0], [0, 1, 2], []], 0),),
        {"ignore_index": 0},
        note="class 0 is ignored",
    )


def weighted(generator: torch.Generator) -> Iterator[Case]:
    """Class weights: each batch has its own sum of weights, also where all batches are of one size."""
    first = (torch.tensor([[0.0, 1.0], [2.0, 0.0]]), torch.tensor([0, 0]))
    second = (torch.tensor([[0.0, 0.0], [1.0, -1.0]]), torch.tensor([1, 1]))
    yield Case(([first, second],), {"weight": torch.tensor([1.0, 4.0])}, note="batches of one size")
    three = random_batches((4, 4, 1), 3, generator)
    yield Case((three,), {"weight": torch.tensor([0.5, 2.0, 5.0])})
    yield Case(([first, second],), {"weight": torch.tensor([0.0, 3.0])}, note="a class of weight 0")
    yield Case(([first, second],), {"weight": torch.tensor([0.05, 0.2])}, note="weights that add up to 0.5")


def weighted_and_ignored(generator: torch.Generator) -> Iterator[Case]:
    """Both at once: the weight of an ignored target does not count either."""
    weight = torch.tensor([0.5, 2.0, 5.0])
    batches = _ignoring(random_batches((3, 2), 3, generator), [[0, 1], []], -100)
    yield Case((batches,), {"weight": weight})
    batches = _ignoring(random_batches((4, 4, 1), 3, generator), [[0], [0, 1, 2], []], 1)
    yield Case((batches,), {"weight": weight, "ignore_index": 1}, note="class 1 is ignored")


def nothing_counts(generator: torch.Generator) -> Iterator[Case]:
    """No sample counts, or all that count weigh nothing: 0 / 0."""
    batches = _ignoring(random_batches((2, 1), 3, generator), [[0, 1], [0]], -100)
    yield Case((batches,), note="every target is ignored")
    only_zero = [(torch.tensor([[1.0, 2.0]]), torch.tensor([0]))]
    yield Case((only_zero,), {"weight": torch.tensor([0.0, 1.0])}, note="a weight of 0")


Weight = Tensor | None


def _over(total: float, count: float) -> float:
    """Divide as tensors do: 0 / 0 is nan."""
    return total / count if count else math.nan


def _sum(logits: Tensor, target: Tensor, weight: Weight, ignore_index: int) -> float:
    return F.cross_entropy(logits, target, weight=weight, ignore_index=ignore_index, reduction="sum").item()


def _counted(target: Tensor, weight: Weight, ignore_index: int) -> float:
    kept = target[target != ignore_index]
    return float(len(kept)) if weight is None else weight[kept].sum().item()


def _total(batches: list[Batch], weight: Weight, ignore_index: int) -> float:
    return sum(_sum(logits, target, weight, ignore_index) for logits, target in batches)


def _total_count(batches: list[Batch], weight: Weight, ignore_index: int) -> float:
    return sum(_counted(target, weight, ignore_index) for _, target in batches)


def _means(batches: list[Batch], weight: Weight, ignore_index: int) -> list[float]:
    return [F.cross_entropy(x, y, weight=weight, ignore_index=ignore_index).item() for x, y in batches]


def mean_of_batch_means(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    means = _means(batches, weight, ignore_index)
    return sum(means) / len(means)


def mean_of_batch_means_without_nan(
    batches: list[Batch], weight: Weight = None, ignore_index: int = -100
) -> float:
    means = [mean for mean in _means(batches, weight, ignore_index) if not math.isnan(mean)]
    return _over(sum(means), len(means))


def times_batch_size(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    means = _means(batches, weight, ignore_index)
    sizes = [len(target) for _, target in batches]
    return sum(mean * size for mean, size in zip(means, sizes, strict=True)) / sum(sizes)


def times_counted(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    means = _means(batches, weight, ignore_index)
    counts = [_counted(target, None, ignore_index) for _, target in batches]
    return _over(sum(m * n for m, n in zip(means, counts, strict=True) if n), sum(counts))


def times_counted_with_nan(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    means = _means(batches, weight, ignore_index)
    counts = [_counted(target, None, ignore_index) for _, target in batches]
    return _over(sum(m * n for m, n in zip(means, counts, strict=True)), sum(counts))


def counts_the_ignored(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    total = _total(batches, weight, ignore_index)
    targets = torch.cat([target.clamp(min=0) for _, target in batches])
    return _over(total, len(targets) if weight is None else weight[targets].sum().item())


def divides_by_samples(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    return _over(_total(batches, weight, ignore_index), _total_count(batches, None, ignore_index))


def divides_by_every_sample(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    return _total(batches, weight, ignore_index) / sum(len(target) for _, target in batches)


def no_weight(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    return _over(_total(batches, None, ignore_index), _total_count(batches, None, ignore_index))


def weight_in_the_denominator_only(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    return _over(_total(batches, None, ignore_index), _total_count(batches, weight, ignore_index))


def default_ignore_index(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    return _over(_total(batches, weight, -100), _total_count(batches, weight, -100))


def default_ignore_index_in_the_sum(
    batches: list[Batch], weight: Weight = None, ignore_index: int = -100
) -> float:
    return _over(_total(batches, weight, -100), _total_count(batches, weight, ignore_index))


def drops_the_last_batch(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    kept = batches[:-1] if len(batches) > 1 else batches
    return _over(_total(kept, weight, ignore_index), _total_count(kept, weight, ignore_index))


def last_batch_only(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    return _means(batches, weight, ignore_index)[-1]


def never_divides(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    return _total(batches, weight, ignore_index)


def divides_by_batches(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    return _total(batches, weight, ignore_index) / len(batches)


def sum_of_batch_means(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    return sum(_means(batches, weight, ignore_index))


def all_batches_as_long_as_the_first(
    batches: list[Batch], weight: Weight = None, ignore_index: int = -100
) -> float:
    return _total(batches, weight, ignore_index) / (len(batches) * len(batches[0][1]))


def zero_for_nothing(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    count = _total_count(batches, weight, ignore_index)
    return _total(batches, weight, ignore_index) / count if count else 0.0


def removes_the_ignored_class(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    if ignore_index >= 0:
        others = torch.arange(batches[0][0].shape[1]) != ignore_index
        batches = [(torch.where(others, logits, -math.inf), target) for logits, target in batches]
    total = sum(
        F.cross_entropy(x[y != ignore_index], y[y != ignore_index], weight=weight, reduction="sum").item()
        for x, y in batches
    )
    return _over(total, _total_count(batches, weight, ignore_index))


def softmax_twice(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    total = _total([(x.softmax(1), y) for x, y in batches], weight, ignore_index)
    return _over(total, _total_count(batches, weight, ignore_index))


def in_place(batches: list[Batch], weight: Weight = None, ignore_index: int = -100) -> float:
    total, count = 0.0, 0.0
    for logits, target in batches:
        counted = target != ignore_index
        target[~counted] = 0
        factor = counted.to(logits.dtype) if weight is None else counted * weight[target]
        total += (factor * F.cross_entropy(logits, target, reduction="none")).sum().item()
        count += factor.sum().item()
    return _over(total, count)


EXERCISE = Exercise(
    name="dataset_mean_loss",
    stub=dataset_mean_loss,
    reference=reference,
    source=PROMPT,
    aspects=(
        Aspect("batches of different size", 2, short_last_batch),
        Aspect("ignored targets", 2, ignored),
        Aspect("class weights", 2, weighted),
        Aspect("weights and ignored targets", 1, weighted_and_ignored),
        Aspect("nothing counts", 1, nothing_counts),
    ),
    mistakes=(
        Mistake(
            "mean_of_batch_means",
            "averages the batches' means: a short last batch, or one with few counted targets, then weighs as "
            "much as a full one",
            mean_of_batch_means,
            "dataset-mean",
        ),
        Mistake(
            "mean_of_batch_means_without_nan",
            "averages the batches' means and leaves out those that are nan: the others still weigh alike",
            mean_of_batch_means_without_nan,
            "dataset-mean-ignored",
        ),
        Mistake(
            "times_batch_size",
            "multiplies each batch's mean by the batch's size and divides by the data set's size: right without "
            "weights and ignored targets, wrong with them",
            times_batch_size,
            "dataset-mean-weights",
        ),
        Mistake(
            "times_counted",
            "multiplies each batch's mean by the number of its counted targets: right without weights, wrong with "
            "them, because the mean has divided by their sum",
            times_counted,
            "dataset-mean-weights",
            variants=(times_counted_with_nan,),
        ),
        Mistake(
            "counts_the_ignored",
            "leaves the ignored targets out of the sum, and counts them in what it divides by",
            counts_the_ignored,
            "dataset-mean-ignored",
        ),
        Mistake(
            "divides_by_samples",
            "divides the weighted sum by the number of counted samples: the mean divides by the sum of their "
            "weights",
            divides_by_samples,
            "dataset-mean-weights",
        ),
        Mistake(
            "divides_by_every_sample",
            "divides the sum by the size of the data set: ignored targets do not count, and weights do",
            divides_by_every_sample,
            "dataset-mean-ignored",
        ),
        Mistake("no_weight", "does not use the class weights", no_weight, "losses/cross-entropy#class-weights"),
        Mistake(
            "weight_in_the_denominator_only",
            "divides by the weights of the targets, and does not pass the weights to the loss",
            weight_in_the_denominator_only,
            "losses/cross-entropy#class-weights",
        ),
        Mistake(
            "default_ignore_index",
            "ignores -100, whatever ignore_index says",
            default_ignore_index,
            "losses/cross-entropy#ignore-index",
        ),
        Mistake(
            "default_ignore_index_in_the_sum",
            "uses ignore_index when it counts, and does not pass it to the loss",
            default_ignore_index_in_the_sum,
            "losses/cross-entropy#ignore-index",
        ),
        Mistake(
            "drops_the_last_batch",
            "leaves out the last batch: that is right for training with drop_last, not for a data set's loss",
            drops_the_last_batch,
            "dataset-mean-ignored",
        ),
        Mistake(
            "last_batch_only",
            "returns the last batch's loss: it overwrites the result in each round of the loop",
            last_batch_only,
            "dataset-mean",
        ),
        Mistake("never_divides", "returns the sum of all losses, undivided", never_divides, "dataset-mean"),
        Mistake(
            "divides_by_batches",
            "divides the sum of all losses by the number of batches",
            divides_by_batches,
            "dataset-mean",
        ),
        Mistake(
            "sum_of_batch_means",
            "adds up the batches' means and never divides",
            sum_of_batch_means,
            "dataset-mean",
        ),
        Mistake(
            "all_batches_as_long_as_the_first",
            "takes every batch to be as long as the first one",
            all_batches_as_long_as_the_first,
            "dataset-mean",
        ),
        Mistake(
            "zero_for_nothing",
            "returns 0 where nothing counts: a data set without counted targets has no mean, torch says nan",
            zero_for_nothing,
            "dataset-mean-ignored",
        ),
        Mistake(
            "removes_the_ignored_class",
            "takes an ignored class out of the softmax: ignore_index leaves out samples, the class stays",
            removes_the_ignored_class,
            "losses/cross-entropy#ignore-index",
        ),
        Mistake(
            "softmax_twice",
            "applies the softmax before a loss that has it inside",
            softmax_twice,
            "losses/cross-entropy#double-softmax",
        ),
        Mistake(
            "in_place",
            "overwrites the ignored targets in the batches that it was given: the next epoch would learn from "
            "them",
            in_place,
            "dataset-mean",
        ),
    ),
    hints=(
        "A mean is a sum over a count. Two batches have two sums and two counts: what do you get if you add each?",
        'reduction="sum" gives the sum, ignored targets left out and weights included. The count is the number of '
        "targets that are not ignored or, with class weights, the sum of weight[target] over these.",
        "Keep two running numbers, total and count, over all batches, and divide once, after the loop. Where "
        "count is 0, Python's division raises an error and a tensor's gives nan: return float('nan').",
    ),
    chapter="practice/averaging-losses",
    problem_set="05-in-practice",
    forbidden=frozenset(),
    difficulty=2,
    minutes=20,
)
