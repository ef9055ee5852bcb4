"""Exercise: temperature scaling, one number that makes an overconfident model honest."""

import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.exercises.cases import random_logits
from lossbook.exercises.description import PROMPT, Aspect, Case, Exercise, Mistake

SMALLEST, LARGEST = 0.01, 100.0  # where the stub promises the answer to be


def temperature(logits: Tensor, target: Tensor) -> float:
    """Return the temperature T > 0 that minimises the mean cross-entropy of logits / T.

    Args:
        logits: of a trained model on samples that it was not trained on, (N, C), float64.
        target: class indices (N,), int64. There are right and wrong predictions among them, so that a best
            temperature exists; it lies between 0.01 and 100.

    Returns:
        T as a Python float, to a relative accuracy of 1e-3. Above 1 for an overconfident model, below 1 for
        an underconfident one.
    """
    raise NotImplementedError


def reference(logits: Tensor, target: Tensor) -> float:
    """Halve an interval for log T, by the slope of the loss in 1 / T: the loss is convex in 1 / T."""
    low, high = math.log(SMALLEST), math.log(LARGEST)
    wanted = logits.gather(1, target.unsqueeze(1)).mean()
    for _ in range(34):
        middle = (low + high) / 2
        expected = (torch.softmax(logits / math.exp(middle), 1) * logits).sum(1).mean()
        if expected > wanted:
            low = middle
        else:
            high = middle
    return math.exp((low + high) / 2)


def _model(count: int, classes: int, best: float, generator: torch.Generator) -> Case:
    """Draw labels from the softmax of some logits, and hand out these logits times ``best``."""
    honest = random_logits((count, classes), generator, scale=2.0, dtype=torch.float64)
    target = torch.multinomial(torch.softmax(honest, 1), 1, generator=generator).squeeze(1)
    return Case(((best * honest).round(decimals=3), target))


def _honest(shares: list[float], factor: float = 1.0) -> Case:
    """Give each of the samples the same logits, with labels in exactly these shares: T is ``factor``."""
    count = round(1 / min(shares))
    target = torch.arange(len(shares)).repeat_interleave(torch.tensor([round(s * count) for s in shares]))
    logits = factor * torch.log(torch.tensor(shares, dtype=torch.float64))
    return Case((logits.repeat(count, 1), target))


def overconfident(generator: torch.Generator) -> Iterator[Case]:
    """Models that are surer than they are right."""
    yield Case(
        (torch.tensor([[2.0, 0.0]] * 4, dtype=torch.float64), torch.tensor([0, 0, 0, 1])), note="3 of 4 right"
    )
    yield _model(120, 3, 3.0, generator)
    yield _model(150, 10, 1.5, generator)


def underconfident(generator: torch.Generator) -> Iterator[Case]:
    """Models that are righter than they are sure, and two that are honest."""
    yield Case(_honest([0.75, 0.25]).args, note="calibrated already")
    yield Case(_honest([0.5, 0.25, 0.25], 0.5).args, note="underconfident")
    yield _model(120, 4, 0.4, generator)
    yield _model(120, 2, 1.0, generator)


def far_from_one(generator: torch.Generator) -> Iterator[Case]:
    """Temperatures that a search near 1 does not find."""
    yield Case(_honest([0.8, 0.2], 40.0).args, note="very overconfident")
    yield Case(_honest([0.75, 0.25], 0.05).args, note="very underconfident")
    yield _model(150, 5, 25.0, generator)


def _search(loss: Callable[[float], float]) -> float:
    """Return the T of the smallest loss, by golden sections of log T."""
    ratio = (math.sqrt(5) - 1) / 2
    low, high = math.log(SMALLEST), math.log(LARGEST)
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = loss(math.exp(left)), loss(math.exp(right))
    for _ in range(26):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = loss(math.exp(left))
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = loss(math.exp(right))
    return math.exp((low + high) / 2)


def turned_around(logits: Tensor, target: Tensor) -> float:
    return 1 / reference(logits, target)


def not_fitted(logits: Tensor, target: Tensor) -> float:
    return 1.0


def logarithm(logits: Tensor, target: Tensor) -> float:
    return math.log(reference(logits, target))


def the_loss(logits: Tensor, target: Tensor) -> float:
    return F.cross_entropy(logits / reference(logits, target), target).item()


def squared_error(logits: Tensor, target: Tensor) -> float:
    one_hot = F.one_hot(target, logits.shape[1])
    return _search(lambda t: ((torch.softmax(logits / t, 1) - one_hot) ** 2).sum(1).mean().item())


def confidence_is_accuracy(logits: Tensor, target: Tensor) -> float:
    accuracy = (logits.argmax(1) == target).double().mean()
    return _search(lambda t: (torch.softmax(logits / t, 1).amax(1).mean() - accuracy).abs().item())


def softmax_before(logits: Tensor, target: Tensor) -> float:
    return _search(lambda t: F.cross_entropy(torch.softmax(logits, 1) / t, target).item())


def each_class_alone(logits: Tensor, target: Tensor) -> float:
    one_hot = F.one_hot(target, logits.shape[1]).double()
    return _search(lambda t: F.binary_cross_entropy_with_logits(logits / t, one_hot).item())


def over_samples(logits: Tensor, target: Tensor) -> float:
    return _search(lambda t: F.nll_loss(torch.log_softmax(logits / t, 0), target).item())


def without_true_class(logits: Tensor, target: Tensor) -> float:
    return _search(lambda t: torch.logsumexp(logits / t, 1).mean().item() - (logits / t).amax(1).mean().item())


def only_above_one(logits: Tensor, target: Tensor) -> float:
    return max(1.0, reference(logits, target))


def only_below_ten(logits: Tensor, target: Tensor) -> float:
    return min(10.0, max(0.1, reference(logits, target)))


def coarse_grid(logits: Tensor, target: Tensor) -> float:
    grid = [step / 10 for step in range(1, 101)]
    return min(grid, key=lambda t: F.cross_entropy(logits / t, target).item())


def _downhill(logits: Tensor, target: Tensor, steps: int, rate: float) -> float:
    """Take steps down the slope of the loss in T, from T = 1."""
    t = 1.0
    wanted = logits.gather(1, target.unsqueeze(1)).mean().item()
    for _ in range(steps):
        expected = (torch.softmax(logits / t, 1) * logits).sum(1).mean().item()
        t -= rate * (wanted - expected) / t**2
    return t


def one_step(logits: Tensor, target: Tensor) -> float:
    return _downhill(logits, target, 1, 0.01)


def stops_too_early(logits: Tensor, target: Tensor) -> float:
    return _downhill(logits, target, 100, 0.01)


def lbfgs_of_the_papers_code(logits: Tensor, target: Tensor) -> float:
    best = torch.full((1,), 1.5, dtype=logits.dtype, requires_grad=True)
    optimizer = torch.optim.LBFGS([best], lr=0.01, max_iter=50)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(logits / best, target)
        loss.backward()
        return loss

    optimizer.step(closure)
    return best.item()


def in_place(logits: Tensor, target: Tensor) -> float:
    best = reference(logits, target)
    logits /= best
    return best


EXERCISE = Exercise(
    name="temperature",
    stub=temperature,
    reference=reference,
    source=PROMPT,
    aspects=(
        Aspect("overconfident models", 2, overconfident, accuracy=1e-3),
        Aspect("honest and underconfident models", 2, underconfident, accuracy=1e-3),
        Aspect("temperatures far from 1", 1, far_from_one, accuracy=1e-3),
    ),
    mistakes=(
        Mistake(
            "turned_around",
            "returns 1 / T: the number to multiply the logits by, not to divide them by",
            turned_around,
            "temperature",
        ),
        Mistake("not_fitted", "returns 1: the model stays as sure as it was", not_fitted, "temperature"),
        Mistake(
            "logarithm",
            "returns log(T): a search over log(T) has to exponentiate at the end",
            logarithm,
            "temperature",
        ),
        Mistake(
            "the_loss",
            "returns the smallest loss, not the temperature at which it is reached",
            the_loss,
            "temperature",
        ),
        Mistake(
            "squared_error",
            "minimises the squared error of the probabilities: the best T for that is another one",
            squared_error,
            "temperature",
        ),
        Mistake(
            "confidence_is_accuracy",
            "makes the mean confidence equal to the accuracy: that looks at the predicted class alone",
            confidence_is_accuracy,
            "reliability",
        ),
        Mistake(
            "softmax_before",
            "divides probabilities by T: the logits are divided, before the softmax",
            softmax_before,
            "temperature",
        ),
        Mistake(
            "each_class_alone",
            "minimises a binary cross-entropy of each class alone: the classes compete in a softmax",
            each_class_alone,
            "probabilities/sigmoid-and-softmax#sigmoid-or-softmax",
        ),
        Mistake(
            "over_samples",
            "lets the samples compete, not the classes: the softmax runs over axis 1",
            over_samples,
            "losses/cross-entropy#class-axis",
        ),
        Mistake(
            "without_true_class",
            "scores the class that the model predicts, not the true one: the loss then falls for ever as T falls",
            without_true_class,
            "temperature",
        ),
        Mistake(
            "only_above_one",
            "never goes below 1: an underconfident model needs a T below 1",
            only_above_one,
            "temperature",
        ),
        Mistake(
            "only_below_ten",
            "searches between 0.1 and 10 alone: the best T may lie from 0.01 to 100",
            only_below_ten,
            "temperature",
        ),
        Mistake(
            "coarse_grid",
            "tries a grid in steps of 0.1: that is too coarse for an accuracy of 1e-3",
            coarse_grid,
            "temperature",
        ),
        Mistake(
            "one_step",
            "takes one step down the slope and stops: the loop around it is missing",
            one_step,
            "temperature",
        ),
        Mistake(
            "stops_too_early",
            "goes down the slope in small steps and stops long before the bottom",
            stops_too_early,
            "temperature",
        ),
        Mistake(
            "lbfgs_of_the_papers_code",
            "runs LBFGS from 1.5 for 50 steps with a learning rate of 0.01: much copied, and it stops halfway",
            lbfgs_of_the_papers_code,
            "temperature",
        ),
        Mistake(
            "in_place",
            "divides the caller's logits in place (logits /= T): the next call would start from other logits",
            in_place,
            "temperature",
        ),
    ),
    hints=(
        "The loss depends on one number only. How do you find the lowest point of a curve that falls and then "
        "rises?",
        "Temperatures spread over factors, from 0.01 to 100: search over log T, not over T. In 1 / T the loss is "
        "convex, so its slope changes sign exactly once.",
        "Halve an interval of log T: with p = softmax(logits / T), T is too small as long as the mean of "
        "(p * logits).sum(1) is above the mean of the true classes' logits. 40 halvings are plenty. A search by "
        "thirds on F.cross_entropy(logits / T, target), or a fine grid refined a few times, does it, too.",
    ),
    chapter="practice/calibration",
    problem_set="05-in-practice",
    forbidden=frozenset(),
    difficulty=3,
    minutes=25,
)
