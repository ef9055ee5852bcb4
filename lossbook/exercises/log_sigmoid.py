"""Exercise: the logarithm of the sigmoid, without the sigmoid."""

import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook.exercises import cases
from lossbook.exercises.description import Aspect, Case, Exercise, Mistake
from lossbook.exercises.forbidden import ACTIVATIONS
from lossbook.exercises.steps_shared import detached, where_leaks


def log_sigmoid(x: Tensor) -> Tensor:
    """Return log(sigmoid(x)), element by element, exact also where sigmoid(x) rounds to 0 or to 1.

    Args:
        x: logits of any shape, float32 or float64.

    Returns:
        Log-probabilities, at most 0, of the same shape and dtype: -inf for -inf and 0 for inf.
    """
    raise NotImplementedError


def extreme(generator: torch.Generator) -> Iterator[Case]:
    """Logits at which the sigmoid is 0 or 1 to all digits, its logarithm is not."""
    yield Case((torch.tensor([-1000.0]),))
    yield Case((torch.tensor([1000.0]),))
    yield Case((torch.tensor([-95.0, -200.0]),))
    yield Case((torch.tensor([-cases.INF, cases.INF]),), note="infinite logits")


def nearly_certain(generator: torch.Generator) -> Iterator[Case]:
    """Large positive logits: the answer is a tiny negative number."""
    yield Case((torch.tensor([20.0]),))
    yield Case((torch.tensor([10.0, 30.0, 50.0]),))


def _magnitude(x: Tensor) -> Tensor:
    return torch.where(x >= 0, x, -x)


def _stable_sigmoid(x: Tensor) -> Tensor:
    z = torch.exp(-_magnitude(x))
    return torch.where(x >= 0, 1, z) / (1 + z)


def log_of_sigmoid(x: Tensor) -> Tensor:
    return torch.log(_stable_sigmoid(x))


def log_with_eps(eps: float) -> Callable[[Tensor], Tensor]:
    return lambda x: torch.log(_stable_sigmoid(x) + eps)


def clamps_probability(eps: float) -> Callable[[Tensor], Tensor]:
    return lambda x: torch.log(_stable_sigmoid(x).clamp(min=eps))


def clamps_logarithm(x: Tensor) -> Tensor:
    return log_of_sigmoid(x).clamp(min=-100)


def replaces_infinity(x: Tensor) -> Tensor:
    return torch.nan_to_num(log_of_sigmoid(x))


def clamps_logits(limit: float) -> Callable[[Tensor], Tensor]:
    return lambda x: overflows(x.clamp(-limit, limit))


def overflows_above(x: Tensor) -> Tensor:
    return x - torch.log1p(torch.exp(x))


def _chosen_by_where(x: Tensor) -> Tensor:
    return torch.where(x >= -80, overflows(x), x)


def overflows(x: Tensor) -> Tensor:
    return -torch.log1p(torch.exp(-x))


def overflows_and_rounds(x: Tensor) -> Tensor:
    return -torch.log(1 + torch.exp(-x))


def without_log1p(x: Tensor) -> Tensor:
    return torch.where(x >= 0, 0, x) - torch.log(1 + torch.exp(-_magnitude(x)))


def with_abs(x: Tensor) -> Tensor:
    return x.clamp(max=0) - torch.log1p(torch.exp(-x.abs()))


def forgets_minimum(x: Tensor) -> Tensor:
    return -torch.log1p(torch.exp(-_magnitude(x)))


def softplus(x: Tensor) -> Tensor:
    return torch.log1p(torch.exp(-_magnitude(x))) - torch.where(x >= 0, 0, x)


def other_class(x: Tensor) -> Tensor:
    return torch.where(x >= 0, -x, 0) - torch.log1p(torch.exp(-_magnitude(x)))


def base_two(x: Tensor) -> Tensor:
    return -softplus(x) / math.log(2)


def only_sigmoid(x: Tensor) -> Tensor:
    return _stable_sigmoid(x)


EXERCISE = Exercise(
    name="log_sigmoid",
    stub=log_sigmoid,
    reference=F.logsigmoid,
    aspects=(
        Aspect("values", 1, cases.elementwise_values),
        Aspect("shapes and dtypes", 1, cases.elementwise_shapes),
        Aspect("extreme logits", 2, extreme),
        Aspect("nearly certain", 1, nearly_certain, small_values=True),
        Aspect("gradient", 1, cases.elementwise_gradients, gradient=True),
        Aspect("gradient at extreme logits", 1, cases.elementwise_extreme_gradients, gradient=True),
    ),
    mistakes=(
        Mistake(
            "log_of_sigmoid",
            "takes the logarithm of a sigmoid: once that has rounded to 0 or to 1, the logarithm cannot bring the "
            "digits back",
            log_of_sigmoid,
            "log-sigmoid",
        ),
        Mistake(
            "log_with_eps",
            "adds a small number before the logarithm, or clamps there: that hides the -inf, and caps the answer (at "
            "about -18 for 1e-8)",
            log_with_eps(1e-8),
            "log-sigmoid",
            variants=(
                *map(log_with_eps, cases.SMALL_NUMBERS),
                *map(clamps_probability, (1e-8, *cases.SMALL_NUMBERS)),
            ),
        ),
        Mistake(
            "clamps_logarithm",
            "clamps the logarithm, or puts a number in the place of -inf: the answer is capped there",
            clamps_logarithm,
            "log-sigmoid",
            variants=(replaces_infinity,),
        ),
        Mistake(
            "clamps_logits",
            "clamps the logits before the exp: below the clamp the answer stops falling, and there is no gradient",
            clamps_logits(50),
            "log-sigmoid",
            variants=tuple(map(clamps_logits, (10, 20, 30, 80, 88))),
        ),
        Mistake(
            "overflows_and_rounds",
            "computes -log(1 + exp(-x)), in one step or as the log of a sigmoid: exp(-x) overflows for very "
            "negative x, and 1 + exp(-x) rounds to 1 for large x",
            overflows_and_rounds,
            "log-sigmoid",
        ),
        Mistake(
            "overflows",
            "computes -log1p(exp(-x)) for every x: exp(-x) overflows for very negative x",
            overflows,
            "log-sigmoid",
        ),
        Mistake(
            "overflows_above",
            "computes x - log1p(exp(x)) for every x: exp(x) overflows for large x",
            overflows_above,
            "log-sigmoid",
        ),
        where_leaks(_chosen_by_where),
        Mistake(
            "without_log1p",
            "computes log(1 + z) for a tiny z: 1 + z rounds to 1, log1p(z) keeps it",
            without_log1p,
            "log-sigmoid",
        ),
        Mistake(
            "with_abs",
            "puts parts together that have a kink at 0 (abs, clamp, minimum): at exactly 0 autograd picks one side of "
            "each, and they add up to the wrong slope",
            with_abs,
            "stable-sigmoid",
        ),
        Mistake("forgets_minimum", "forgets the part min(x, 0) for negative x", forgets_minimum, "log-sigmoid"),
        Mistake(
            "softplus", "has the sign turned around: a log-probability is never positive", softplus, "log-sigmoid"
        ),
        Mistake(
            "other_class",
            "computes log(1 - sigmoid(x)), the log-probability of the other answer",
            other_class,
            "log-sigmoid",
        ),
        Mistake(
            "base_two", "takes the logarithm to base 2 (bits), not the natural one (nats)", base_two, "log-sigmoid"
        ),
        Mistake("only_sigmoid", "returns the sigmoid itself, not its logarithm", only_sigmoid, "log-sigmoid"),
        detached(lambda x: -softplus(x), "sigmoid"),
    ),
    hints=(
        "log(1 / (1 + exp(-x))) can be written without a fraction. Which exp remains, and when does it overflow?",
        "For x >= 0 the form -log(1 + exp(-x)) is safe. For x < 0 pull x out of the logarithm first: "
        "log(1 + exp(-x)) = -x + log(1 + exp(x)).",
        "Both in one: min(x, 0) - log1p(exp(-|x|)). Build min and |x| with torch.where, so that the slope at 0 is "
        "right. torch.logaddexp offers a shorter way.",
    ),
    chapter="probabilities/sigmoid-and-softmax",
    problem_set="01-probabilities",
    forbidden=ACTIVATIONS,
    difficulty=3,
    minutes=20,
    sweep=cases.ELEMENTWISE_SWEEP,
)
