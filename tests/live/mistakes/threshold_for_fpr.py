"""Wrong thresholds for a false-positive rate in NumPy."""

import numpy as np


def candidates(scores):
    return [*np.unique(scores), np.inf]


def first(thresholds, is_allowed, otherwise=np.inf):
    return next((t for t in thresholds if is_allowed(t)), otherwise)


def above_not_at(scores, labels, max_fpr):
    negatives = scores[labels == 0]
    return first(candidates(scores), lambda t: (negatives > t).mean() <= max_fpr)


def below_the_limit(scores, labels, max_fpr):
    negatives = scores[labels == 0]
    return first(candidates(scores), lambda t: (negatives >= t).mean() < max_fpr)


def false_discoveries(scores, labels, max_fpr):
    def is_allowed(t):
        chosen = scores >= t
        return (labels[chosen] == 0).sum() <= max_fpr * chosen.sum()

    return first(candidates(scores), is_allowed)


def share_of_all_samples(scores, labels, max_fpr):
    negatives = scores[labels == 0]
    return first(candidates(scores), lambda t: (negatives >= t).sum() / len(scores) <= max_fpr)


def positives_instead(scores, labels, max_fpr):
    positives = scores[labels == 1]
    return first(candidates(scores), lambda t: (positives >= t).sum() / max(len(positives), 1) <= max_fpr)


def all_predicted_positive(scores, labels, max_fpr):
    return first(candidates(scores), lambda t: (scores >= t).mean() <= max_fpr)


def missed_positives(scores, labels, max_fpr):
    positives = scores[labels == 1]
    return [t for t in candidates(scores) if (positives < t).sum() <= max_fpr * len(positives)][-1]


def largest(scores, labels, max_fpr):
    negatives = scores[labels == 0]
    allowed = [t for t in np.unique(scores) if (negatives >= t).mean() <= max_fpr]
    return allowed[-1] if allowed else np.inf


def never_infinite(scores, labels, max_fpr):
    negatives = scores[labels == 0]
    return first(np.unique(scores), lambda t: (negatives >= t).mean() <= max_fpr, scores.max())


def nothing_after_the_loop(scores, labels, max_fpr):
    negatives = scores[labels == 0]
    for t in np.unique(scores):
        if (negatives >= t).mean() <= max_fpr:
            return t
    return None


def one_negative_too_many(scores, labels, max_fpr):
    negatives = np.sort(scores[labels == 0])[::-1]
    return negatives[min(int(max_fpr * len(negatives)), len(negatives) - 1)]


def scores_of_negatives_only(scores, labels, max_fpr):
    negatives = scores[labels == 0]
    return first(candidates(negatives), lambda t: (negatives >= t).mean() <= max_fpr)


def scores_of_positives_only(scores, labels, max_fpr):
    negatives = scores[labels == 0]
    return first(candidates(scores[labels == 1]), lambda t: (negatives >= t).mean() <= max_fpr)


def splits_ties(scores, labels, max_fpr):
    order = np.argsort(-scores, kind="stable")
    rates = np.cumsum(labels[order] == 0) / (labels == 0).sum()
    allowed = (rates <= max_fpr).sum()
    return scores[order][allowed - 1] if allowed else np.inf


def quantile(scores, labels, max_fpr):
    return np.quantile(scores[labels == 0], 1 - max_fpr)


def grid(scores, labels, max_fpr):
    negatives = scores[labels == 0]
    return first(np.arange(101) / 100, lambda t: (negatives >= t).mean() <= max_fpr)


def other_direction(scores, labels, max_fpr):
    negatives = scores[labels == 0]
    return first(np.unique(scores), lambda t: (negatives <= t).mean() <= max_fpr)


def first_in_the_order_of_samples(scores, labels, max_fpr):
    negatives = scores[labels == 0]
    return first(scores, lambda t: (negatives >= t).mean() <= max_fpr)


def the_rate_itself(scores, labels, max_fpr):
    negatives = scores[labels == 0]
    return first([(negatives >= t).mean() for t in candidates(scores)], lambda rate: rate <= max_fpr)
