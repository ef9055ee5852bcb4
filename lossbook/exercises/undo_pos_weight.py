"""Exercise: calibrated probabilities from a model that was trained with pos_weight."""

from collections.abc import Iterator

import torch
from torch import Tensor

from lossbook.exercises.cases import random_logits
from lossbook.exercises.description import PROMPT, Aspect, Case, Exercise, Mistake


def undo_pos_weight(logits: Tensor, pos_weight: Tensor) -> Tensor:
    """Return the probabilities that a model trained with ``pos_weight`` would give had it been trained without.

    With a positive weighted w times, the best logit is the true log-odds plus log(w).

    Args:
        logits: of a model trained by binary cross-entropy with pos_weight, any shape, e.g. (N, L) for L labels.
        pos_weight: as in training, of the same dtype, broadcast from the right: () or (L,). Above 0.

    Returns:
        Probabilities of the logits' shape and dtype, with all their digits also where the logits are large.

    Raises:
        ValueError: a pos_weight that is not above 0, or one that broadcasts to another shape than the logits',
            e.g. (3,) for logits (N, 1).
    """
    raise NotImplementedError


def reference(logits: Tensor, pos_weight: Tensor) -> Tensor:
    if not (pos_weight > 0).all():
        raise ValueError("every pos_weight must be above 0")
    shifted = logits - torch.log(pos_weight)
    if shifted.shape != logits.shape:
        raise ValueError("pos_weight must be one number, or one for each label")
    return torch.sigmoid(shifted)


def one_weight(generator: torch.Generator) -> Iterator[Case]:
    """One weight for all, above and below 1."""
    yield Case((torch.tensor([0.0]), torch.tensor(3.0)))
    yield Case((torch.tensor([1.0, -2.0]), torch.tensor(0.25)), note="a pos_weight below 1")
    yield Case((random_logits((6,), generator), torch.tensor(99.0)))
    yield Case((random_logits((3, 2), generator), torch.tensor([5.0])))


def one_per_label(generator: torch.Generator) -> Iterator[Case]:
    """One weight per label, lined up with the last axis; as many labels as samples."""
    weight = torch.tensor([2.0, 0.5, 10.0])
    yield Case((torch.tensor([[0.0, 1.0, -1.0]]), weight))
    yield Case((random_logits((3, 3), generator), weight), note="as many labels as samples")
    yield Case((random_logits((2, 3), generator), weight))
    yield Case((random_logits((2, 4, 3), generator), weight), note="three axes")


def shapes(generator: torch.Generator) -> Iterator[Case]:
    """Shapes and dtypes that come back as they were."""
    yield Case((torch.tensor(1.5), torch.tensor(4.0)), note="a single number")
    yield Case((random_logits((3,), generator, dtype=torch.float64), torch.tensor(4.0).double()), note="float64")
    yield Case((torch.zeros(0, 2), torch.tensor([4.0, 2.0])), note="no samples")


def confident(generator: torch.Generator) -> Iterator[Case]:
    """Logits at which the sigmoid rounds to 1, or exp overflows, and tiny probabilities."""
    yield Case((torch.tensor([17.5]), torch.tensor(1e5)), note="the sigmoid of 17.5 rounds to 1")
    yield Case((torch.tensor([100.0, -60.0]), torch.tensor(10.0)))
    yield Case((torch.tensor([1000.0, -1000.0]), torch.tensor(10.0)))
    large = random_logits((3,), generator, scale=1.0)
    yield Case((large + torch.tensor([18.0, 20.0, -40.0]), torch.tensor([1e6, 1e6, 0.01])))


def bad_input(generator: torch.Generator) -> Iterator[Case]:
    """Weights that have no logarithm, and one that makes three labels of one."""
    logits = random_logits((2, 3), generator)
    yield Case((logits, torch.tensor(-2.0)), note="a negative weight")
    yield Case((logits, torch.tensor(0.0)), note="a weight of 0")
    yield Case((logits, torch.tensor([1.0, -1.0, 2.0])), note="one negative weight")
    yield Case((logits[:, :1], torch.tensor([1.0, 4.0, 2.0])), note="three weights for one label")


def _check(logits: Tensor, pos_weight: Tensor) -> None:
    if not (pos_weight > 0).all():
        raise ValueError("every pos_weight must be above 0")
    _check_shape(logits, pos_weight)


def _check_shape(logits: Tensor, pos_weight: Tensor) -> None:
    if torch.broadcast_shapes(logits.shape, pos_weight.shape) != logits.shape:
        raise ValueError("pos_weight must be one number, or one for each label")


def not_undone(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return torch.sigmoid(logits)


def adds(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return torch.sigmoid(logits + torch.log(pos_weight))


def without_log(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return torch.sigmoid(logits - pos_weight)


def divides_the_logit(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return torch.sigmoid(logits / pos_weight)


def divides_by_the_log(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return torch.sigmoid(logits / torch.log(pos_weight))


def divides_the_probability(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return torch.sigmoid(logits) / pos_weight


def base_two(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return torch.sigmoid(logits - torch.log2(pos_weight))


def base_ten(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return torch.sigmoid(logits - torch.log10(pos_weight))


def one_more(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return torch.sigmoid(logits - torch.log1p(pos_weight))


def decides(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return (logits > torch.log(pos_weight)).to(logits.dtype)


def through_the_probability(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    probs = torch.sigmoid(logits)
    return probs / (probs + pos_weight * (1 - probs))


def through_the_odds_of_the_probability(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    probs = torch.sigmoid(logits)
    odds = probs / (1 - probs) / pos_weight
    return odds / (1 + odds)


def overflows(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    odds = torch.exp(logits) / pos_weight
    return odds / (1 + odds)


def per_sample(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    weight = pos_weight.unsqueeze(-1) if pos_weight.dim() else pos_weight
    return torch.sigmoid(logits - torch.log(weight))


def one_weight_for_all(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return torch.sigmoid(logits - torch.log(pos_weight.mean()))


def still_logits(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return logits - torch.log(pos_weight)


def still_odds(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return torch.exp(logits) / pos_weight


def subtracts_from_the_probability(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return torch.sigmoid(logits) - torch.log(pos_weight)


def other_class(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return torch.sigmoid(torch.log(pos_weight) - logits)


def softmax_over_labels(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return torch.softmax(logits - torch.log(pos_weight), -1)


def sigmoid_twice(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    return torch.sigmoid(torch.sigmoid(logits) - torch.log(pos_weight))


def in_place(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check(logits, pos_weight)
    logits -= torch.log(pos_weight)
    return torch.sigmoid(logits)


def no_check(logits: Tensor, pos_weight: Tensor) -> Tensor:
    return torch.sigmoid(logits - torch.log(pos_weight))


def takes_any_shape(logits: Tensor, pos_weight: Tensor) -> Tensor:
    if not (pos_weight > 0).all():
        raise ValueError("every pos_weight must be above 0")
    return torch.sigmoid(logits - torch.log(pos_weight))


def takes_any_weight(logits: Tensor, pos_weight: Tensor) -> Tensor:
    _check_shape(logits, pos_weight)
    return torch.sigmoid(logits - torch.log(pos_weight))


def checks_for_any(logits: Tensor, pos_weight: Tensor) -> Tensor:
    if not (pos_weight > 0).any():
        raise ValueError("every pos_weight must be above 0")
    _check_shape(logits, pos_weight)
    return torch.sigmoid(logits - torch.log(pos_weight))


def takes_a_weight_of_zero(logits: Tensor, pos_weight: Tensor) -> Tensor:
    if (pos_weight < 0).any():
        raise ValueError("every pos_weight must be above 0")
    _check_shape(logits, pos_weight)
    return torch.sigmoid(logits - torch.log(pos_weight))


EXERCISE = Exercise(
    name="undo_pos_weight",
    stub=undo_pos_weight,
    reference=reference,
    source=PROMPT,
    aspects=(
        Aspect("one pos_weight", 1, one_weight),
        Aspect("one pos_weight per label", 1, one_per_label),
        Aspect("shapes and dtypes", 1, shapes),
        Aspect("confident logits", 1, confident, small_values=True),
        Aspect("bad input", 1, bad_input),
    ),
    mistakes=(
        Mistake(
            "not_undone",
            "takes the sigmoid of the logits as they are: these probabilities are too high by a factor in the "
            "odds",
            not_undone,
            "undo-pos-weight",
        ),
        Mistake(
            "adds",
            "adds log(pos_weight): training has added it already, it has to come off again",
            adds,
            "undo-pos-weight",
        ),
        Mistake(
            "without_log",
            "subtracts pos_weight itself: a factor of the odds is a shift by its logarithm",
            without_log,
            "undo-pos-weight",
        ),
        Mistake(
            "divides_the_logit",
            "divides the logits by pos_weight: the odds are divided, and the logit is their logarithm",
            divides_the_logit,
            "undo-pos-weight",
        ),
        Mistake(
            "divides_by_the_log",
            "divides the logits by log(pos_weight), where it has to be subtracted",
            divides_by_the_log,
            "undo-pos-weight",
        ),
        Mistake(
            "divides_the_probability",
            "divides the probability by pos_weight: that is near enough for tiny ones, wrong for the others",
            divides_the_probability,
            "undo-pos-weight",
        ),
        Mistake("base_two", "takes the logarithm to base 2", base_two, "losses/likelihood-and-entropy#nats-and-bits"),
        Mistake("base_ten", "takes the logarithm to base 10", base_ten, "losses/likelihood-and-entropy#nats-and-bits"),
        Mistake(
            "one_more",
            "subtracts log(1 + pos_weight): a pos_weight of 1 would then change the probabilities",
            one_more,
            "undo-pos-weight",
        ),
        Mistake(
            "decides",
            "moves the threshold and decides: probabilities are asked for, not 0 and 1",
            decides,
            "threshold-is-weight",
        ),
        Mistake(
            "through_the_probability",
            "corrects the probability, not the logit: where the sigmoid has rounded to 1 the digits are gone",
            through_the_probability,
            "undo-pos-weight",
        ),
        Mistake(
            "through_the_odds_of_the_probability",
            "computes the odds from a probability: where the sigmoid has rounded to 1 they are infinite",
            through_the_odds_of_the_probability,
            "undo-pos-weight",
        ),
        Mistake(
            "overflows",
            "exponentiates the logits as they are: exp(100) is inf, and inf / inf is nan",
            overflows,
            "probabilities/sigmoid-and-softmax#stable-sigmoid",
        ),
        Mistake(
            "per_sample",
            "lines pos_weight up with the samples: it belongs to the labels, on the last axis",
            per_sample,
            "losses/binary-cross-entropy#pos-weight-shape",
        ),
        Mistake(
            "one_weight_for_all",
            "uses the mean of the weights for all labels",
            one_weight_for_all,
            "losses/binary-cross-entropy#pos-weight-shape",
        ),
        Mistake(
            "still_logits", "returns the corrected logits, without a sigmoid", still_logits, "probabilities/sigmoid-and-softmax#sigmoid"
        ),
        Mistake("still_odds", "returns the corrected odds: p / (1 - p), not p", still_odds, "probabilities/sigmoid-and-softmax#sigmoid"),
        Mistake(
            "subtracts_from_the_probability",
            "subtracts log(pos_weight) after the sigmoid: the result is not even between 0 and 1",
            subtracts_from_the_probability,
            "undo-pos-weight",
        ),
        Mistake(
            "other_class",
            "has the subtraction turned around: that is the probability of the other answer",
            other_class,
            "undo-pos-weight",
        ),
        Mistake(
            "softmax_over_labels",
            "lets the labels compete in a softmax: each is a yes-or-no question of its own",
            softmax_over_labels,
            "probabilities/sigmoid-and-softmax#sigmoid-or-softmax",
        ),
        Mistake(
            "sigmoid_twice",
            "applies the sigmoid before and after the shift",
            sigmoid_twice,
            "probabilities/sigmoid-and-softmax#sigmoid",
        ),
        Mistake(
            "in_place", "overwrites its input (x -= ... changes the caller's tensor)", in_place, "undo-pos-weight"
        ),
        Mistake(
            "no_check",
            "checks nothing: a pos_weight that has no logarithm, or of a wrong shape, goes unnoticed",
            no_check,
            "undo-pos-weight",
        ),
        Mistake(
            "takes_any_shape",
            "does not look at the shape: logits of one label and three weights broadcast to three labels",
            takes_any_shape,
            "losses/binary-cross-entropy#pos-weight-shape",
        ),
        Mistake(
            "takes_any_weight",
            "accepts a pos_weight that has no logarithm: that gives nan or 1 without a word, so it is an error",
            takes_any_weight,
            "undo-pos-weight",
        ),
        Mistake(
            "checks_for_any",
            "is content with one pos_weight above 0: all of them have to be",
            checks_for_any,
            "undo-pos-weight",
        ),
        Mistake(
            "takes_a_weight_of_zero",
            "accepts a pos_weight of 0: its logarithm is -inf, and every probability becomes 1",
            takes_a_weight_of_zero,
            "undo-pos-weight",
        ),
    ),
    hints=(
        "pos_weight = 3 makes each positive count three times. By which factor do the odds p / (1 - p) grow that "
        "the model learns?",
        "The odds grow by pos_weight. A logit is the logarithm of the odds, so it grows by log(pos_weight). Where "
        "is the best place to take that off again: before the sigmoid, or after it?",
        "shifted = logits - torch.log(pos_weight), after a check that (pos_weight > 0).all(). If shifted no "
        "longer has the logits' shape, that is the other error. Then take its torch.sigmoid.",
    ),
    chapter="practice/weights-and-thresholds",
    problem_set="05-in-practice",
    forbidden=frozenset(),
    difficulty=1,
    minutes=10,
)
