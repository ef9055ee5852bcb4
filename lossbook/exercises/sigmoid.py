"""Exercise: the sigmoid, from logit to probability."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from lossbook.exercises import cases
from lossbook.exercises.description import Aspect, Case, Exercise, Mistake
from lossbook.exercises.forbidden import ACTIVATIONS
from lossbook.exercises.steps_shared import detached, where_leaks


def sigmoid(x: Tensor) -> Tensor:
    """Turn logits into probabilities, element by element: 1 / (1 + exp(-x)).

    Args:
        x: logits of any shape, float32 or float64.

    Returns:
        Probabilities of the same shape and dtype: 0 for -inf and 1 for inf. Value and gradient are finite for
        every finite x, and tiny probabilities keep their digits: at x = -50 it is exp(-50), not 0.
    """
    raise NotImplementedError


def extreme(generator: torch.Generator) -> Iterator[Case]:
    """Logits at which exp overflows, or at which the probability is tiny."""
    yield Case((torch.tensor([100.0]),))
    yield Case((torch.tensor([-1000.0, 1000.0]),))
    yield Case((torch.tensor([-20.0, -50.0, -80.0]),), note="tiny probabilities are not 0")
    yield Case((torch.tensor([-cases.INF, cases.INF]),), note="infinite logits")


def positive_exponent(x: Tensor) -> Tensor:
    return torch.exp(x) / (1 + torch.exp(x))


def textbook(x: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-x))


def missing_minus(x: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(x))


def _chosen_by_where(x: Tensor) -> Tensor:
    return torch.where(x >= 0, 1 / (1 + torch.exp(-x)), torch.exp(x) / (1 + torch.exp(x)))


def with_abs(x: Tensor) -> Tensor:
    z = torch.exp(-x.abs())
    return torch.where(x >= 0, 1 / (1 + z), z / (1 + z))


def by_tanh(x: Tensor) -> Tensor:
    return 0.5 * (1 + torch.tanh(x / 2))


def tanh_not_halved(x: Tensor) -> Tensor:
    return 0.5 * (1 + torch.tanh(x))


def one_minus(x: Tensor) -> Tensor:
    return 1 - 1 / (1 + torch.exp(x))


def clamped(x: Tensor) -> Tensor:
    return (1 / (1 + torch.exp(-x.clamp(-88, 88)))).clamp(1e-7, 1 - 1e-7)


def over_elements(x: Tensor) -> Tensor:
    e = torch.exp(x - x.max()) if x.numel() else torch.exp(x)
    return e / e.sum()


def clamps_logits(limit: float) -> Callable[[Tensor], Tensor]:
    return lambda x: 1 / (1 + torch.exp(-x.clamp(-limit, limit)))


def to_another_base(base: float) -> Callable[[Tensor], Tensor]:
    return lambda x: 1 / (1 + base**-x)


def in_place(x: Tensor) -> Tensor:
    return x.neg_().exp_().add_(1).reciprocal_()


EXERCISE = Exercise(
    name="sigmoid",
    stub=sigmoid,
    reference=torch.sigmoid,
    aspects=(
        Aspect("values", 1, cases.elementwise_values),
        Aspect("shapes and dtypes", 1, cases.elementwise_shapes),
        Aspect("extreme logits", 2, extreme, small_values=True),
        Aspect("gradient", 1, cases.elementwise_gradients, gradient=True),
        Aspect("gradient at extreme logits", 1, cases.elementwise_extreme_gradients, gradient=True),
    ),
    mistakes=(
        Mistake(
            "missing_minus", "has lost the minus in exp(-x), so it computes sigmoid(-x)", missing_minus, "sigmoid"
        ),
        Mistake(
            "positive_exponent",
            "divides exp(x) by 1 + exp(x): for large x that is inf / inf, which is nan",
            positive_exponent,
            "stable-sigmoid",
        ),
        Mistake(
            "textbook",
            "computes 1 / (1 + exp(-x)) for very negative x, too, if only inside a torch.where: the exp is inf, the "
            "value 1 / inf is still right, and the gradient is 0 * inf, which is nan",
            textbook,
            "stable-sigmoid",
        ),
        where_leaks(_chosen_by_where),
        Mistake(
            "with_abs",
            "uses abs(x): its gradient at exactly 0 is 0, so the sigmoid's comes out as 0 and not 0.25",
            with_abs,
            "stable-sigmoid",
        ),
        Mistake(
            "by_tanh",
            "takes the difference of numbers near 1, as in 1 + tanh(x / 2) or 1 - 1 / (1 + exp(x)): it rounds to 0 for "
            "x below about -17, so tiny probabilities vanish",
            by_tanh,
            "saturation",
            variants=(one_minus,),
        ),
        Mistake(
            "tanh_not_halved", "goes through tanh(x) where it should be tanh(x / 2)", tanh_not_halved, "sigmoid"
        ),
        Mistake(
            "clamped",
            "clamps the probability away from 0 and 1, which changes values and stops the gradient there",
            clamped,
            "saturation",
        ),
        Mistake(
            "clamps_logits",
            "clamps the logits before the exp: beyond the clamp the probability stops changing",
            clamps_logits(30),
            "saturation",
            variants=tuple(map(clamps_logits, (10, 15, 20, 50))),
        ),
        Mistake(
            "over_elements",
            "divides by the sum over all elements: that is a softmax, a sigmoid looks at each element alone",
            over_elements,
            "sigmoid-or-softmax",
        ),
        Mistake(
            "base_two",
            "raises 2 or 10, not e, to the power of -x",
            to_another_base(2),
            "sigmoid",
            variants=(to_another_base(10),),
        ),
        Mistake("in_place", "overwrites its input", in_place, "sigmoid"),
        detached(with_abs, "sigmoid"),
    ),
    hints=(
        "Which numbers does exp(-x) see for x = -1000? What is the largest float32 that exp can return?",
        "exp of something that is never positive cannot overflow. Can you write the sigmoid with exp(-|x|) alone, "
        "once for positive and once for negative x?",
        "For x >= 0 it is 1 / (1 + z), for x < 0 it is z / (1 + z), both with z = exp(-|x|). Make the exponent "
        "with torch.where(x >= 0, -x, x), before the exp: abs has no useful gradient at 0.",
    ),
    chapter="probabilities/sigmoid-and-softmax",
    problem_set="01-probabilities",
    forbidden=ACTIVATIONS,
    difficulty=2,
    minutes=15,
    sweep=cases.ELEMENTWISE_SWEEP,
)
