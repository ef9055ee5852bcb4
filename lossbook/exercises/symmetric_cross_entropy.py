"""Exercise: symmetric cross-entropy, a loss for noisy labels."""

import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook import losses
from lossbook.exercises.cases import SMALL_NUMBERS, random_logits
from lossbook.exercises.cases_practice import class_indices
from lossbook.exercises.description import PROMPT, Aspect, Case, Exercise, Mistake
from lossbook.exercises.steps_shared import detached


def symmetric_cross_entropy(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    """Return alpha times the cross-entropy plus beta times the reverse cross-entropy, averaged over samples.

    With p the softmax of a sample's logits and q its one-hot label, the cross-entropy is -sum(q * log(p)) and
    the reverse cross-entropy is -sum(p * log(q)), where log(0) is replaced by ``log_zero``.

    Args:
        input: logits (N, C), float32 or float64, of any size.
        target: class indices (N,), int64.
        alpha: factor of the cross-entropy.
        beta: factor of the reverse cross-entropy.
        log_zero: what log(0) counts as, a negative number.

    Returns:
        The mean over the samples, a scalar of the input's dtype. Gradients flow through both terms.

    Raises:
        ValueError: log_zero is not negative.
    """
    raise NotImplementedError


def reference(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    return losses.symmetric_cross_entropy(input, target, alpha=alpha, beta=beta, log_zero=log_zero)


def values(generator: torch.Generator) -> Iterator[Case]:
    """One sample, batches of different shapes, one of them square; float64."""
    yield Case((torch.zeros(1, 2), torch.tensor([0])))
    yield Case((torch.tensor([[2.0, 0.0, -1.0]]), torch.tensor([2])))
    yield Case((random_logits((2, 3), generator), torch.tensor([2, 0])))
    yield Case(
        (random_logits((3, 3), generator), class_indices(3, 3, generator)), note="as many classes as samples"
    )
    yield Case((random_logits((6, 4), generator, dtype=torch.float64), class_indices(6, 4, generator)))


def settings(generator: torch.Generator) -> Iterator[Case]:
    """Each term alone, other factors, other values for log(0)."""
    small = (torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([0, 0]))
    yield Case(small, {"alpha": 0.0}, "the reverse term alone")
    yield Case(small, {"beta": 0.0}, "the cross-entropy alone")
    yield Case(small, {"log_zero": -6.0})
    yield Case(small, {"log_zero": -0.5})
    yield Case(small, {"alpha": 2.0, "beta": 0.5, "log_zero": -3.0})
    yield Case((random_logits((5, 3), generator), class_indices(5, 3, generator)), {"alpha": 6.0, "beta": 0.1})
    yield Case(
        (random_logits((3, 4), generator), class_indices(3, 4, generator)), {"alpha": 1.0, "log_zero": -2.5}
    )


def extreme(generator: torch.Generator) -> Iterator[Case]:
    """A certain and wrong model, a certain and right one, and logits that overflow exp."""
    yield Case((torch.tensor([[200.0, 0.0]]), torch.tensor([1])), note="certain and wrong")
    yield Case((torch.tensor([[1000.0, 0.0, -1000.0]]), torch.tensor([0])), note="certain and right")
    far = random_logits((4, 3), generator) + torch.tensor([[900.0], [-900.0], [150.0], [0.0]])
    yield Case((far, class_indices(4, 3, generator)), note="rows far from each other")


def gradients(generator: torch.Generator) -> Iterator[Case]:
    """Both terms move the logits; the gradient stays finite for a certain model."""
    yield Case((torch.zeros(1, 2), torch.tensor([0])))
    yield Case((torch.tensor([[2.0, 0.0]]), torch.tensor([1])), {"alpha": 0.0}, "the reverse term alone")
    yield Case((random_logits((3, 3), generator), class_indices(3, 3, generator)))
    yield Case((random_logits((4, 3), generator), class_indices(4, 3, generator)), {"alpha": 6.0, "beta": 0.1})
    yield Case((torch.tensor([[200.0, 0.0]]), torch.tensor([1])), note="certain and wrong")


def bad_input(generator: torch.Generator) -> Iterator[Case]:
    """A log(0) that is not negative would reward mistakes, or count for nothing."""
    logits = random_logits((2, 3), generator)
    yield Case((logits, torch.tensor([0, 1])), {"log_zero": 4.0}, "log_zero above 0")
    yield Case((logits, torch.tensor([0, 1])), {"log_zero": 0.0}, "log_zero of 0")


def _check(log_zero: float) -> None:
    if not log_zero < 0:
        raise ValueError("log_zero must be negative")


def _reverse(input: Tensor, target: Tensor, log_zero: float) -> Tensor:
    return -log_zero * (1 - _true_probs(input, target))


def _true_probs(input: Tensor, target: Tensor) -> Tensor:
    return torch.exp(-F.cross_entropy(input, target, reduction="none"))


def _both(
    input: Tensor,
    target: Tensor,
    alpha: float = 0.1,
    beta: float = 1.0,
    log_zero: float = -4.0,
    forward: Tensor | None = None,
) -> Tensor:
    _check(log_zero)
    if forward is None:
        forward = F.cross_entropy(input, target)
    return alpha * forward + beta * _reverse(input, target, log_zero).mean()


def cross_entropy_alone(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    _check(log_zero)
    return alpha * F.cross_entropy(input, target)


def reverse_alone(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    return _both(input, target, 0.0, beta, log_zero)


def factors_swapped(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    return _both(input, target, beta, alpha, log_zero)


def without_factors(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    return _both(input, target, 1.0, 1.0, log_zero)


def beta_from_alpha(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    return _both(input, target, alpha, 1 - alpha, log_zero)


def clamps_labels_at_1e_4(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    _check(log_zero)
    return _both(input, target, alpha, beta, math.log(1e-4))


def clamps_labels_at_1e_8(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    _check(log_zero)
    return _both(input, target, alpha, beta, math.log(1e-8))


def always_minus_four(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    _check(log_zero)
    return _both(input, target, alpha, beta, -4.0)


def clamps_labels_at_log_zero(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    _check(log_zero)
    one_hot = F.one_hot(target, input.shape[1])
    probs = torch.softmax(input, 1)
    reverse = -(probs * one_hot.to(probs.dtype).clamp(min=log_zero)).sum(1)
    return alpha * F.cross_entropy(input, target) + beta * reverse.mean()


def reverse_with_the_wrong_sign(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    return _both(input, target, alpha, -beta, log_zero)


def true_class_in_the_reverse(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    _check(log_zero)
    return alpha * F.cross_entropy(input, target) - beta * log_zero * _true_probs(input, target).mean()


def absolute_error(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    return _both(input, target, alpha, 2 * beta, log_zero)


def entropy(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    _check(log_zero)
    log_probs = torch.log_softmax(input, 1)
    reverse = -(log_probs.exp() * log_probs).sum(1)
    return alpha * F.cross_entropy(input, target) + beta * reverse.mean()


def summed_over_samples(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    return len(target) * _both(input, target, alpha, beta, log_zero)


def reverse_not_reduced(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    _check(log_zero)
    return alpha * F.cross_entropy(input, target) + beta * _reverse(input, target, log_zero)


def reverse_summed(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    return _both(input, target, alpha, beta * len(target), log_zero)


def not_reduced_and_clamped_at_1e_8(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    _check(log_zero)
    return alpha * F.cross_entropy(input, target) + beta * _reverse(input, target, math.log(1e-8))


def reverse_averaged_over_classes(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    return _both(input, target, alpha, beta / input.shape[-1], log_zero)


def log_of_softmax(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    forward = F.nll_loss(torch.log(torch.softmax(input, 1)), target)
    return _both(input, target, alpha, beta, log_zero, forward)


def log_with_eps(eps: float) -> Callable[..., Tensor]:
    def loss(
        input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
    ) -> Tensor:
        forward = F.nll_loss(torch.log(torch.softmax(input, 1) + eps), target)
        return _both(input, target, alpha, beta, log_zero, forward)

    return loss


def no_shift(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    _check(log_zero)
    forward = F.cross_entropy(input, target)
    probs = torch.exp(input) / torch.exp(input).sum(1, keepdim=True)
    picked = probs.gather(1, target.unsqueeze(1)).squeeze(1)
    return alpha * forward - beta * log_zero * (1 - picked).mean()


def softmax_twice(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    forward = F.cross_entropy(torch.softmax(input, 1), target)
    return _both(input, target, alpha, beta, log_zero, forward)


def softmax_over_samples(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    _check(log_zero)
    log_probs = torch.log_softmax(input, 0)
    forward = F.nll_loss(log_probs, target, reduction="none")
    return (alpha * forward + beta * log_zero * torch.expm1(-forward)).mean()


def base_two(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    return _both(input, target, alpha / math.log(2), beta, log_zero)


def reverse_cut_off(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    _check(log_zero)
    return alpha * F.cross_entropy(input, target) + beta * _reverse(input.detach(), target, log_zero).mean()


def takes_any_log_zero(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    return alpha * F.cross_entropy(input, target) + beta * _reverse(input, target, log_zero).mean()


def takes_a_log_zero_of_zero(
    input: Tensor, target: Tensor, alpha: float = 0.1, beta: float = 1.0, log_zero: float = -4.0
) -> Tensor:
    if log_zero > 0:
        raise ValueError("log_zero must be negative")
    return alpha * F.cross_entropy(input, target) + beta * _reverse(input, target, log_zero).mean()


EXERCISE = Exercise(
    name="symmetric_cross_entropy",
    stub=symmetric_cross_entropy,
    reference=reference,
    source=PROMPT,
    aspects=(
        Aspect("values", 2, values),
        Aspect("alpha, beta and log_zero", 2, settings),
        Aspect("extreme logits", 1, extreme),
        Aspect("gradient", 2, gradients, gradient=True),
        Aspect("bad input", 1, bad_input),
    ),
    mistakes=(
        Mistake(
            "cross_entropy_alone",
            "leaves out the reverse term: what is left is a scaled cross-entropy",
            cross_entropy_alone,
            "symmetric-cross-entropy",
        ),
        Mistake(
            "reverse_alone",
            "leaves out the cross-entropy: the reverse term alone hardly learns at the start",
            reverse_alone,
            "noisy-results",
        ),
        Mistake(
            "factors_swapped",
            "puts alpha in front of the reverse term and beta in front of the cross-entropy",
            factors_swapped,
            "symmetric-cross-entropy",
        ),
        Mistake("without_factors", "does not use alpha and beta", without_factors, "symmetric-cross-entropy"),
        Mistake(
            "beta_from_alpha",
            "weights the reverse term by 1 - alpha: beta is a number of its own",
            beta_from_alpha,
            "symmetric-cross-entropy",
        ),
        Mistake(
            "clamps_labels_at_1e_4",
            "clamps the labels at 1e-4: that makes log(0) count as -9.21, whatever log_zero says",
            clamps_labels_at_1e_4,
            "log-zero",
        ),
        Mistake(
            "clamps_labels_at_1e_8",
            "clamps the labels at 1e-8: that makes log(0) count as -18.4, whatever log_zero says",
            clamps_labels_at_1e_8,
            "log-zero",
        ),
        Mistake(
            "always_minus_four",
            "takes -4 for log(0), whatever log_zero says",
            always_minus_four,
            "log-zero",
        ),
        Mistake(
            "clamps_labels_at_log_zero",
            "takes no logarithm of the labels in the reverse term, and clamps the labels themselves at log_zero",
            clamps_labels_at_log_zero,
            "log-zero",
        ),
        Mistake(
            "reverse_with_the_wrong_sign",
            "has the sign of the reverse term turned around: log_zero is negative, the term is positive",
            reverse_with_the_wrong_sign,
            "symmetric-cross-entropy",
        ),
        Mistake(
            "true_class_in_the_reverse",
            "puts log_zero on the true class: there the label is 1 and its logarithm 0, the other classes get "
            "log_zero",
            true_class_in_the_reverse,
            "symmetric-cross-entropy",
        ),
        Mistake(
            "absolute_error",
            "takes the sum of |p - q| for the reverse term: that counts every miss twice",
            absolute_error,
            "symmetric-cross-entropy",
        ),
        Mistake(
            "entropy",
            "multiplies the probabilities by their own logarithms: the reverse term has the labels' logarithms",
            entropy,
            "symmetric-cross-entropy",
        ),
        Mistake(
            "reverse_not_reduced",
            "adds the mean cross-entropy to a reverse term that was never averaged: the result has one number per "
            "sample",
            reverse_not_reduced,
            "reduce-both",
        ),
        Mistake(
            "reverse_summed",
            "adds the reverse terms of all samples up: both terms are averaged over the samples",
            reverse_summed,
            "reduce-both",
        ),
        Mistake(
            "not_reduced_and_clamped_at_1e_8",
            "never averages the reverse term, and clamps the labels at 1e-8: log(0) then counts as -18.4, "
            "whatever log_zero says",
            not_reduced_and_clamped_at_1e_8,
            "reduce-both",
        ),
        Mistake(
            "reverse_averaged_over_classes",
            "averages the reverse term over the classes, too: the classes are summed, the samples averaged",
            reverse_averaged_over_classes,
            "reduce-both",
        ),
        Mistake(
            "summed_over_samples",
            "sums over the samples, where the mean is asked for",
            summed_over_samples,
            "reduce-both",
        ),
        Mistake(
            "log_of_softmax",
            "takes the logarithm of the softmax: once that has rounded to 0 the loss is inf",
            log_of_softmax,
            "losses/cross-entropy#ce-stability",
        ),
        Mistake(
            "log_with_eps",
            "adds a small number before the logarithm: that caps the cross-entropy (at about 18 for 1e-8)",
            log_with_eps(1e-8),
            "losses/cross-entropy#ce-stability",
            variants=tuple(map(log_with_eps, SMALL_NUMBERS)),
        ),
        Mistake(
            "no_shift",
            "computes the probabilities from exp of the logits as they are: exp(1000) is inf, inf / inf is nan",
            no_shift,
            "losses/cross-entropy#ce-stability",
        ),
        Mistake(
            "softmax_twice",
            "gives probabilities to a cross-entropy that has the softmax inside",
            softmax_twice,
            "losses/cross-entropy#double-softmax",
        ),
        Mistake(
            "softmax_over_samples",
            "lets the samples compete, not the classes: the softmax runs over axis 1",
            softmax_over_samples,
            "losses/cross-entropy#class-axis",
        ),
        Mistake(
            "base_two",
            "takes the logarithm to base 2 in the cross-entropy",
            base_two,
            "losses/likelihood-and-entropy#nats-and-bits",
        ),
        Mistake(
            "reverse_cut_off",
            "computes the reverse term outside of autograd: it is added to the loss and never learned from",
            reverse_cut_off,
            "reverse-gradient",
        ),
        detached(reference, "losses/cross-entropy#ce-gradient"),
        Mistake(
            "takes_any_log_zero",
            "accepts a log_zero that is not negative: that would reward mistakes, so it is an error",
            takes_any_log_zero,
            "log-zero",
        ),
        Mistake(
            "takes_a_log_zero_of_zero",
            "accepts a log_zero of 0, which switches the reverse term off: it has to be below 0",
            takes_a_log_zero_of_zero,
            "log-zero",
        ),
    ),
    hints=(
        "The label is 1 for the true class and 0 for all others. What is log(q) for each of them, once log(0) is "
        "log_zero?",
        "log(1) is 0, so the true class drops out of the reverse sum. The others share one factor: -log_zero "
        "times the sum of their probabilities. That sum is 1 minus something you know.",
        "Per sample: ce = F.cross_entropy(input, target, reduction='none'), p_y = torch.exp(-ce), reverse = "
        "-log_zero * (1 - p_y). Return (alpha * ce + beta * reverse).mean(), after a look at log_zero.",
    ),
    chapter="practice/noisy-labels",
    problem_set="05-in-practice",
    forbidden=frozenset(),
    difficulty=3,
    minutes=20,
)
