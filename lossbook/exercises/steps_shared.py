"""Mistakes that exercises on different functions share, in the same words."""

from collections.abc import Callable

from torch import Tensor

from lossbook.exercises.description import Mistake

Function = Callable[..., Tensor]


def detached(right: Function, see: str, numbers: str = "numbers") -> Mistake:
    """Return the mistake of whoever cuts the first argument off; ``numbers`` is what the function returns."""
    return Mistake(
        "detached",
        f"computes the right {numbers} outside of autograd",
        lambda first, *rest, **more: right(first.detach(), *rest, **more),
        see,
    )


def where_leaks(function: Function) -> Mistake:
    """Return the mistake of a choice by torch.where, of which the dropped formula spoils the gradient."""
    return Mistake(
        "where_leaks",
        "chooses between two formulas with torch.where: the one that is not chosen overflows all the same, and its "
        "gradient, 0 * inf, is nan",
        function,
        "stable-sigmoid",
    )


def fixed_axes(right: Function, does: str) -> tuple[Mistake, ...]:
    """Return the mistakes of whoever takes one axis, whatever ``dim`` says.

    Args:
        right: the function of logits and dim.
        does: what it does along that axis, e.g. "sums over".
    """
    return tuple(
        Mistake(name, f"{does} {axis}, whatever dim says", lambda x, dim, fixed=fixed: right(x, fixed), "axis")
        for name, axis, fixed in (
            ("last_axis", "the last axis", -1),
            ("first_axis", "the first axis", 0),
            ("second_axis", "axis 1", 1),
        )
    )
