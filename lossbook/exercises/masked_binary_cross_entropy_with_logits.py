"""Exercise: binary cross-entropy of padded sequences, in which the padding counts for nothing."""

import math
from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from lossbook import losses
from lossbook.exercises.cases import INF, random_logits
from lossbook.exercises.cases_practice import binary_labels, step_mask
from lossbook.exercises.description import PROMPT, Aspect, Case, Exercise, Mistake

NAN = math.nan


def masked_binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, mask: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    """Binary cross-entropy of logits over the real steps of padded sequences.

    Args:
        input: logits (N, T), one sequence per row. Anything may stand in the padding, also nan or inf: it
            changes neither the loss nor the gradient. A nan at a real step is not hidden.
        target: 0 or 1, or anything between, of the same shape and dtype. Its padding may hold anything, too.
        mask: bool, of the same shape, True where a step is real. Padding may stand anywhere in a row.
        pos_weight: factor of the positive part of the loss, broadcast from the right: () or (T,).
        reduction: "mean" divides the sum of the real steps' losses by their number, whatever pos_weight is
            (nan where no step is real); "sum" adds them up; "none" returns shape (N, T), with 0 in the padding.

    Returns:
        The loss, a scalar or (N, T).

    Raises:
        ValueError: input, target and mask do not all have one shape, or reduction is none of the three.
    """
    raise NotImplementedError


def reference(
    input: Tensor, target: Tensor, mask: Tensor, pos_weight: Tensor | None = None, reduction: str = "mean"
) -> Tensor:
    return losses.masked_binary_cross_entropy_with_logits(
        input, target, mask, pos_weight=pos_weight, reduction=reduction
    )


def real_steps(generator: torch.Generator) -> Iterator[Case]:
    """Padding at the end, at the start and in between; as many steps as sequences; a sequence without steps."""
    yield Case(
        (torch.tensor([[0.0, 2.0, -3.0]]), torch.tensor([[1.0, 0.0, 1.0]]), torch.tensor([[True, True, False]]))
    )
    ragged = step_mask([4, 2, 1], 4)
    yield Case(
        (random_logits((3, 4), generator), binary_labels((3, 4), generator), ragged), note="lengths 4, 2 and 1"
    )
    square = step_mask([3, 1, 2], 3)
    yield Case(
        (random_logits((3, 3), generator), binary_labels((3, 3), generator), square),
        note="as many steps as sequences",
    )
    holes = torch.tensor([[False, False, True, True, True], [True, False, True, False, False]])
    yield Case(
        (random_logits((2, 5), generator), binary_labels((2, 5), generator), holes),
        note="padding in front and in between",
    )
    empty_row = step_mask([2, 0, 1], 2)
    yield Case(
        (random_logits((3, 2), generator), binary_labels((3, 2), generator), empty_row),
        note="one sequence is all padding",
    )
    yield Case(
        (random_logits((2, 3), generator, dtype=torch.float64), torch.eye(2, 3).double(), step_mask([3, 1], 3)),
        note="float64",
    )


def other_reductions(generator: torch.Generator) -> Iterator[Case]:
    """Sum and none, which keeps the shape."""
    small = (torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 0.0]]), torch.tensor([[True, False]]))
    yield Case(small, {"reduction": "sum"})
    yield Case(small, {"reduction": "none"})
    for reduction in ("sum", "none"):
        mask = step_mask([3, 2, 1], 3)
        yield Case(
            (random_logits((3, 3), generator), binary_labels((3, 3), generator), mask), {"reduction": reduction}
        )


def weighted(generator: torch.Generator) -> Iterator[Case]:
    """One pos_weight for all steps, one for each step, soft targets."""
    both = torch.tensor([[True, True]])
    yield Case((torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 0.0]]), both), {"pos_weight": torch.tensor(3.0)})
    yield Case(
        (torch.tensor([[2.0, -1.0, 0.5]]), torch.tensor([[0.9, 0.2, 1.0]]), torch.tensor([[True, True, False]])),
        {"pos_weight": torch.tensor(3.0)},
        note="soft targets",
    )
    each = torch.tensor([2.0, 0.5, 4.0])
    for reduction in ("mean", "sum", "none"):
        yield Case(
            (random_logits((3, 3), generator), binary_labels((3, 3), generator), step_mask([3, 2, 1], 3)),
            {"pos_weight": each, "reduction": reduction},
            note="one pos_weight per step",
        )


def rubbish_in_the_padding(generator: torch.Generator) -> Iterator[Case]:
    """Infinite numbers and NaN where the mask is False: they stay there. A NaN that is real is seen."""
    first = torch.tensor([[True, False]])
    yield Case((torch.tensor([[0.0, NAN]]), torch.tensor([[1.0, 0.0]]), first), note="nan in the padding")
    yield Case(
        (torch.tensor([[1.0, INF, -INF]]), torch.tensor([[0.0, 1.0, 1.0]]), torch.tensor([[True, False, False]])),
        note="inf in the padding",
    )
    yield Case((torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, NAN]]), first), note="nan in the target's padding")
    logits = random_logits((2, 3), generator)
    logits[1, 1:] = NAN
    for reduction in ("sum", "none"):
        yield Case((logits, binary_labels((2, 3), generator), step_mask([3, 1], 3)), {"reduction": reduction})
    real = torch.tensor([[NAN, 1.0, 2.0]])
    real_mask = torch.tensor([[True, True, False]])
    yield Case((real, torch.tensor([[1.0, 0.0, 0.0]]), real_mask), note="nan at a real step")
    yield Case((real, torch.tensor([[1.0, 0.0, 0.0]]), real_mask), {"reduction": "none"}, "nan at a real step")


def gradients(generator: torch.Generator) -> Iterator[Case]:
    """The gradient is that of the real steps, and 0 in the padding, whatever stands there."""
    yield Case((torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 0.0]]), torch.tensor([[True, False]])))
    yield Case(
        (torch.tensor([[1.0, NAN]]), torch.tensor([[0.0, 0.0]]), torch.tensor([[True, False]])),
        note="nan in the padding",
    )
    yield Case(
        (torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, NAN]]), torch.tensor([[True, False]])),
        note="nan in the target's padding",
    )
    logits = random_logits((3, 4), generator)
    logits[1, 2:] = INF
    logits[2, 1:] = -INF
    yield Case(
        (logits, binary_labels((3, 4), generator), step_mask([4, 2, 1], 4)),
        {"pos_weight": torch.tensor(3.0)},
        note="inf in the padding",
    )
    for reduction in ("sum", "none"):
        yield Case(
            (random_logits((2, 3), generator), binary_labels((2, 3), generator), step_mask([3, 1], 3)),
            {"reduction": reduction},
        )


def nothing_real(generator: torch.Generator) -> Iterator[Case]:
    """A batch that is all padding: its sum is 0, its mean is 0 / 0."""
    logits, target = random_logits((2, 2), generator), binary_labels((2, 2), generator)
    nowhere = torch.zeros(2, 2, dtype=torch.bool)
    yield Case((logits, target, nowhere), note="all padding")
    yield Case((logits, target, nowhere), {"reduction": "sum"}, "all padding")


def bad_input(generator: torch.Generator) -> Iterator[Case]:
    """Shapes that broadcast and would go unnoticed, and a reduction that does not exist."""
    logits, target = random_logits((2, 2), generator), binary_labels((2, 2), generator)
    mask = torch.tensor([[True, True], [True, False]])
    yield Case((logits, target, torch.tensor([True, False])), note="a mask of shape (T,)")
    yield Case((logits, target, torch.tensor([[True], [False]])), note="a mask of shape (N, 1)")
    yield Case((logits, torch.tensor([1.0, 0.0]), mask), note="a target of shape (T,)")
    yield Case((logits, target, mask), {"reduction": "average"}, "an unknown reduction")


def _check(input: Tensor, target: Tensor, mask: Tensor, reduction: str) -> None:
    if not input.shape == target.shape == mask.shape:
        raise ValueError("input, target and mask must have one shape")
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"unknown reduction {reduction}")


def _loss(input: Tensor, target: Tensor, pos_weight: Tensor | None) -> Tensor:
    return F.binary_cross_entropy_with_logits(input, target, pos_weight=pos_weight, reduction="none")


def _masked_loss(input: Tensor, target: Tensor, mask: Tensor, pos_weight: Tensor | None) -> Tensor:
    safe_input, safe_target = torch.where(mask, input, 0), torch.where(mask, target, 0)
    return torch.where(mask, _loss(safe_input, safe_target, pos_weight), 0)


def _reduce(loss: Tensor, mask: Tensor, reduction: str) -> Tensor:
    if reduction == "none":
        return loss
    return loss.sum() / mask.sum() if reduction == "mean" else loss.sum()


Weight = Tensor | None
Loss = Callable[[Tensor, Tensor, Tensor, Weight, str], Tensor]


def _checked(loss: Loss) -> Callable[..., Tensor]:
    """Return a wrong solution that looks at its arguments as it should."""

    def checked(
        input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight = None, reduction: str = "mean"
    ) -> Tensor:
        _check(input, target, mask, reduction)
        return loss(input, target, mask, pos_weight, reduction)

    return checked


@_checked
def ignores_mask(input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str) -> Tensor:
    loss = _loss(input, target, pos_weight)
    return _reduce(loss, torch.ones_like(mask), reduction)


@_checked
def divides_by_all(input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str) -> Tensor:
    return _reduce(_masked_loss(input, target, mask, pos_weight), torch.ones_like(mask), reduction)


@_checked
def hides_logits_only(input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str) -> Tensor:
    loss = _loss(torch.where(mask, input, 0), torch.where(mask, target, 0), pos_weight)
    return _reduce(loss, torch.ones_like(mask), reduction)


@_checked
def multiplies_by_mask(input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str) -> Tensor:
    return _reduce(_loss(input, target, pos_weight) * mask, mask, reduction)


@_checked
def hides_the_loss_too_late(
    input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str
) -> Tensor:
    return _reduce(torch.where(mask, _loss(input, target, pos_weight), 0), mask, reduction)


@_checked
def target_left_as_it_is(
    input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str
) -> Tensor:
    loss = _loss(torch.where(mask, input, 0), target, pos_weight)
    return _reduce(loss * mask, mask, reduction)


@_checked
def hides_every_nan(input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str) -> Tensor:
    loss = _loss(torch.nan_to_num(input), torch.nan_to_num(target), pos_weight)
    return _reduce(loss * mask, mask, reduction)


@_checked
def mean_of_sequence_means(
    input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str
) -> Tensor:
    loss = _masked_loss(input, target, mask, pos_weight)
    return (loss.sum(1) / mask.sum(1)).mean() if reduction == "mean" else _reduce(loss, mask, reduction)


@_checked
def divides_by_sequences(
    input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str
) -> Tensor:
    loss = _masked_loss(input, target, mask, pos_weight)
    return loss.sum() / len(loss) if reduction == "mean" else _reduce(loss, mask, reduction)


@_checked
def padding_at_the_end_only(
    input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str
) -> Tensor:
    from_the_left = torch.arange(mask.shape[1]) < mask.sum(1, keepdim=True)
    return _reduce(_masked_loss(input, target, from_the_left, pos_weight), mask, reduction)


@_checked
def mask_upside_down(input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str) -> Tensor:
    return _reduce(_masked_loss(input, target, ~mask, pos_weight), ~mask, reduction)


@_checked
def drops_the_padding(input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str) -> Tensor:
    return _reduce(_masked_loss(input, target, mask, pos_weight)[mask], mask, reduction)


@_checked
def no_pos_weight(input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str) -> Tensor:
    return _reduce(_masked_loss(input, target, mask, None), mask, reduction)


@_checked
def weights_everything(input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str) -> Tensor:
    loss = _masked_loss(input, target, mask, None)
    return _reduce(loss if pos_weight is None else pos_weight * loss, mask, reduction)


@_checked
def weights_hard_targets(
    input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str
) -> Tensor:
    loss = _masked_loss(input, target, mask, None)
    factor = 1.0 if pos_weight is None else torch.where(target == 1, pos_weight, 1)
    return _reduce(factor * loss, mask, reduction)


@_checked
def divides_by_the_weights(
    input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str
) -> Tensor:
    loss = _masked_loss(input, target, mask, pos_weight)
    factor = 1.0 if pos_weight is None else 1 + (pos_weight - 1) * torch.where(mask, target, 0)
    return _reduce(loss, mask * factor, reduction)


@_checked
def always_the_mean(input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str) -> Tensor:
    return _reduce(_masked_loss(input, target, mask, pos_weight), mask, "mean")


@_checked
def zero_for_nothing(input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str) -> Tensor:
    return _reduce(_masked_loss(input, target, mask, pos_weight), mask.sum().clamp(min=1), reduction)


@_checked
def sigmoid_twice(input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str) -> Tensor:
    return _reduce(_masked_loss(torch.sigmoid(input), target, mask, pos_weight), mask, reduction)


@_checked
def swapped_arguments(input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str) -> Tensor:
    return _reduce(_masked_loss(target, input, mask, pos_weight), mask, reduction)


@_checked
def in_place(input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str) -> Tensor:
    input[~mask] = 0
    target[~mask] = 0
    return _reduce(_masked_loss(input, target, mask, pos_weight), mask, reduction)


@_checked
def detached(input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight, reduction: str) -> Tensor:
    return _reduce(_masked_loss(input.detach(), target, mask, pos_weight), mask, reduction)


def mask_of_any_shape(
    input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight = None, reduction: str = "mean"
) -> Tensor:
    _check(input, target, input, reduction)
    return _reduce(_masked_loss(input, target, mask, pos_weight), mask, reduction)


def any_reduction(
    input: Tensor, target: Tensor, mask: Tensor, pos_weight: Weight = None, reduction: str = "mean"
) -> Tensor:
    _check(input, target, mask, "mean")
    reduction = reduction if reduction in ("sum", "none") else "mean"
    return _reduce(_masked_loss(input, target, mask, pos_weight), mask, reduction)


EXERCISE = Exercise(
    name="masked_binary_cross_entropy_with_logits",
    stub=masked_binary_cross_entropy_with_logits,
    reference=reference,
    source=PROMPT,
    aspects=(
        Aspect("mean over the real steps", 2, real_steps),
        Aspect("sum and none", 1, other_reductions),
        Aspect("pos_weight", 1, weighted),
        Aspect("nan and inf in the padding", 2, rubbish_in_the_padding),
        Aspect("gradient", 2, gradients, gradient=True),
        Aspect("nothing but padding", 1, nothing_real),
        Aspect("bad input", 1, bad_input),
    ),
    mistakes=(
        Mistake(
            "multiplies_by_mask",
            "multiplies the loss by the mask: 0 * nan is nan, so what stands in the padding leaks into the result",
            multiplies_by_mask,
            "nan-in-padding",
        ),
        Mistake(
            "hides_the_loss_too_late",
            "hides the padding after the loss: the value is right, the gradient still flows back through the "
            "hidden nan, and 0 * nan is nan",
            hides_the_loss_too_late,
            "nan-in-padding",
        ),
        Mistake(
            "target_left_as_it_is",
            "makes the logits of the padding safe and forgets the targets there: a nan in them leaks",
            target_left_as_it_is,
            "nan-in-padding",
        ),
        Mistake(
            "hides_every_nan",
            "replaces every nan, also one at a real step: a broken model then looks healthy",
            hides_every_nan,
            "nan-in-padding",
        ),
        Mistake("ignores_mask", "averages over all steps, the padding included", ignores_mask, "masked-mean"),
        Mistake(
            "divides_by_all",
            "sets the loss of the padding to 0 and still divides by the number of all steps: the more padding, "
            "the smaller the loss",
            divides_by_all,
            "masked-mean",
        ),
        Mistake(
            "hides_logits_only",
            "sets the logits of the padding to 0 and counts it all the same: each padded step then costs log 2",
            hides_logits_only,
            "masked-mean",
        ),
        Mistake(
            "mean_of_sequence_means",
            "averages each sequence first, then the sequences: steps of short sequences then weigh more",
            mean_of_sequence_means,
            "sequence-mean",
        ),
        Mistake(
            "divides_by_sequences",
            "divides by the number of sequences, not by the number of real steps",
            divides_by_sequences,
            "sequence-mean",
        ),
        Mistake(
            "padding_at_the_end_only",
            "counts the True values of a row and takes that many steps from its start: padding may stand anywhere",
            padding_at_the_end_only,
            "masked-mean",
        ),
        Mistake(
            "mask_upside_down",
            "reads the mask upside down: True means real, not padding",
            mask_upside_down,
            "masked-mean",
        ),
        Mistake(
            "drops_the_padding",
            "drops the padded steps where every loss is asked for: the result keeps the shape (N, T), with 0 "
            "there",
            drops_the_padding,
            "losses/binary-cross-entropy#bce-reduction",
        ),
        Mistake("no_pos_weight", "does not use pos_weight", no_pos_weight, "losses/binary-cross-entropy#pos-weight"),
        Mistake(
            "weights_everything",
            "multiplies the whole loss by pos_weight: it belongs to the positive part alone",
            weights_everything,
            "losses/binary-cross-entropy#pos-weight",
        ),
        Mistake(
            "weights_hard_targets",
            "multiplies the loss where the target is exactly 1: a soft target has a positive part, too",
            weights_hard_targets,
            "practice/heartbeats#heartbeat-by-hand",
        ),
        Mistake(
            "divides_by_the_weights",
            "divides by the sum of the weights: the mean counts real steps, whatever pos_weight is",
            divides_by_the_weights,
            "losses/binary-cross-entropy#bce-reduction",
        ),
        Mistake("always_the_mean", "returns the mean, whatever reduction says", always_the_mean, "losses/binary-cross-entropy#bce-reduction"),
        Mistake(
            "zero_for_nothing",
            "returns 0 where nothing is real: there is no mean of nothing, torch says nan",
            zero_for_nothing,
            "nan-in-padding",
        ),
        Mistake(
            "sigmoid_twice",
            "applies the sigmoid before a loss that has it inside: the model is squashed twice",
            sigmoid_twice,
            "losses/binary-cross-entropy#double-sigmoid",
        ),
        Mistake(
            "swapped_arguments",
            "swaps input and target in the call of torch's loss",
            swapped_arguments,
            "losses/binary-cross-entropy#bce-shapes",
        ),
        Mistake(
            "in_place",
            "overwrites the padding of its inputs (x[~mask] = 0 changes the caller's tensor)",
            in_place,
            "nan-in-padding",
        ),
        Mistake("detached", "computes the right numbers outside of autograd", detached, "losses/binary-cross-entropy#bce-gradient"),
        Mistake(
            "mask_of_any_shape",
            "does not compare the mask's shape with the input's: a mask of shape (T,) or (N, 1) then broadcasts, "
            "without a word",
            mask_of_any_shape,
            "masked-mean",
        ),
        Mistake(
            "any_reduction",
            "takes an unknown reduction for one of the three: a typo should be an error",
            any_reduction,
            "losses/binary-cross-entropy#bce-reduction",
        ),
    ),
    hints=(
        "What is 0 * nan? Where does the gradient of a step go that you hide only after its loss was computed?",
        "Make the padding harmless before the loss, in the logits and in the targets: torch.where(mask, x, 0) "
        "puts a 0 there, and lets no gradient through. Then hide the losses of the padding in the same way.",
        'Take F.binary_cross_entropy_with_logits(..., reduction="none") of the safe inputs, torch.where(mask, '
        "loss, 0) of that, and divide its sum by mask.sum(). Compare the three shapes first.",
    ),
    chapter="practice/averaging-losses",
    problem_set="05-in-practice",
    forbidden=frozenset(),
    difficulty=3,
    minutes=25,
)
