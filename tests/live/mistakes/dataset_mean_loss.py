"""Wrong means of a data set's loss in NumPy."""

import numpy as np


def each(logits, target):
    s = logits - logits.max(1, keepdims=True)
    return np.log(np.exp(s).sum(1)) - s[np.arange(len(s)), target]


def weights(target, weight):
    return np.ones(len(target)) if weight is None else weight[target]


def total(batches, weight, ignore_index):
    result = 0.0
    for logits, target in batches:
        kept = target != ignore_index
        result += (weights(target[kept], weight) * each(logits[kept], target[kept])).sum()
    return result


def counted(batches, weight, ignore_index):
    return sum(weights(target[target != ignore_index], weight).sum() for _, target in batches)


def over(numerator, divisor):
    return numerator / divisor if divisor else np.nan


def means(batches, weight, ignore_index):
    return [over(total([b], weight, ignore_index), counted([b], weight, ignore_index)) for b in batches]


def mean_of_batch_means(batches, weight=None, ignore_index=-100):
    return np.mean(means(batches, weight, ignore_index))


def mean_of_batch_means_without_nan(batches, weight=None, ignore_index=-100):
    kept = [mean for mean in means(batches, weight, ignore_index) if not np.isnan(mean)]
    return over(sum(kept), len(kept))


def times_batch_size(batches, weight=None, ignore_index=-100):
    sizes = [len(target) for _, target in batches]
    return np.dot(means(batches, weight, ignore_index), sizes) / sum(sizes)


def times_counted(batches, weight=None, ignore_index=-100):
    counts = [counted([batch], None, ignore_index) for batch in batches]
    pairs = zip(means(batches, weight, ignore_index), counts, strict=True)
    return over(sum(mean * count for mean, count in pairs if count), sum(counts))


def counts_the_ignored(batches, weight=None, ignore_index=-100):
    targets = np.concatenate([np.maximum(target, 0) for _, target in batches])
    return over(total(batches, weight, ignore_index), weights(targets, weight).sum())


def divides_by_samples(batches, weight=None, ignore_index=-100):
    return over(total(batches, weight, ignore_index), counted(batches, None, ignore_index))


def divides_by_every_sample(batches, weight=None, ignore_index=-100):
    return total(batches, weight, ignore_index) / sum(len(target) for _, target in batches)


def no_weight(batches, weight=None, ignore_index=-100):
    return over(total(batches, None, ignore_index), counted(batches, None, ignore_index))


def weight_in_the_denominator_only(batches, weight=None, ignore_index=-100):
    return over(total(batches, None, ignore_index), counted(batches, weight, ignore_index))


def default_ignore_index(batches, weight=None, ignore_index=-100):
    return over(total(batches, weight, -100), counted(batches, weight, -100))


def default_ignore_index_in_the_sum(batches, weight=None, ignore_index=-100):
    return over(total(batches, weight, -100), counted(batches, weight, ignore_index))


def drops_the_last_batch(batches, weight=None, ignore_index=-100):
    kept = batches[:-1] or batches
    return over(total(kept, weight, ignore_index), counted(kept, weight, ignore_index))


def last_batch_only(batches, weight=None, ignore_index=-100):
    return means(batches, weight, ignore_index)[-1]


def never_divides(batches, weight=None, ignore_index=-100):
    return total(batches, weight, ignore_index)


def divides_by_batches(batches, weight=None, ignore_index=-100):
    return total(batches, weight, ignore_index) / len(batches)


def sum_of_batch_means(batches, weight=None, ignore_index=-100):
    return sum(means(batches, weight, ignore_index))


def all_batches_as_long_as_the_first(batches, weight=None, ignore_index=-100):
    return total(batches, weight, ignore_index) / (len(batches) * len(batches[0][1]))


def zero_for_nothing(batches, weight=None, ignore_index=-100):
    divisor = counted(batches, weight, ignore_index)
    return total(batches, weight, ignore_index) / divisor if divisor else 0.0


def removes_the_ignored_class(batches, weight=None, ignore_index=-100):
    divisor = counted(batches, weight, ignore_index)
    if ignore_index >= 0:
        others = np.arange(batches[0][0].shape[1]) != ignore_index
        batches = [(np.where(others, logits, -np.inf), target) for logits, target in batches]
    return over(total(batches, weight, ignore_index), divisor)


def softmax_twice(batches, weight=None, ignore_index=-100):
    def softmax(x):
        e = np.exp(x - x.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    batches = [(softmax(logits), target) for logits, target in batches]
    return over(total(batches, weight, ignore_index), counted(batches, weight, ignore_index))


def in_place(batches, weight=None, ignore_index=-100):
    result = divisor = 0.0
    for logits, target in batches:
        kept = target != ignore_index
        target[~kept] = 0
        factor = kept * weights(target, weight)
        result += (factor * each(logits, target)).sum()
        divisor += factor.sum()
    return over(result, divisor)
