"""From one loss per element to what ``reduction`` asks for."""

from torch import Tensor

REDUCTIONS = ("none", "mean", "sum")


def check_reduction(reduction: str, allowed: tuple[str, ...] = REDUCTIONS) -> None:
    """Raise ValueError where ``reduction`` is not one of ``allowed``."""
    if reduction not in allowed:
        raise ValueError(f"{reduction!r} is not a valid value for reduction: use one of {', '.join(allowed)}")


def reduce(loss: Tensor, reduction: str) -> Tensor:
    """Return ``loss`` itself ("none"), its sum, or its sum over its number of elements ("mean").

    The mean of an empty tensor is NaN, as in torch: a batch without samples has no average loss.
    """
    if reduction == "mean":
        return loss.mean()
    return loss.sum() if reduction == "sum" else loss
