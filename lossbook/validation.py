"""What the losses accept, said once: each check raises torch's kind of error with what to do about it."""

import torch
from torch import Tensor


def _shape(x: Tensor) -> str:
    return str(tuple(x.shape))


def check_tensor(x: object, name: str) -> None:
    """Raise TypeError where ``x`` is not a tensor."""
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{name} must be a torch.Tensor, not {type(x).__name__}: wrap it in torch.tensor(...)"
        )


def check_floating(x: Tensor, name: str) -> None:
    """Raise NotImplementedError where ``x`` is not a floating-point tensor."""
    check_tensor(x, name)
    if not x.is_floating_point():
        raise NotImplementedError(
            f"{name} has dtype {x.dtype}: it must be floating point, call .float() on it"
        )


def check_real(x: Tensor, name: str) -> None:
    """Raise NotImplementedError where ``x`` is complex."""
    check_tensor(x, name)
    if x.is_complex():
        raise NotImplementedError(f"{name} has dtype {x.dtype}: scores are real numbers")


def check_same_shape(input: Tensor, target: Tensor) -> None:
    """Raise ValueError where a binary loss gets a target of another shape than its input.

    Broadcasting would make an N x N table of losses from (N,) and (N, 1), so no shape but the same is right.
    """
    if input.shape == target.shape:
        return
    advice = "give both the same shape"
    if input.dim() == target.dim() + 1 and input.shape[:-1] == target.shape:
        classes = input.shape[-1]
        advice = (
            "drop the last axis with input.squeeze(-1)"
            if classes == 1
            else f"one logit per sample (not {classes}), or cross_entropy for {classes} classes"
        )
    elif target.dim() == input.dim() + 1 and target.shape[:-1] == input.shape and target.shape[-1] == 1:
        advice = "drop the target's last axis with target.squeeze(-1)"
    raise ValueError(f"target has shape {_shape(target)}, input {_shape(input)}: {advice}")


def check_binary_target(target: Tensor, dtype: torch.dtype | None = None) -> None:
    """Raise RuntimeError where a binary target is not floating point, or not of ``dtype`` if one is given."""
    if not target.is_floating_point():
        raise RuntimeError(
            f"target has dtype {target.dtype}: binary targets are floats (0.0, 1.0 or between), "
            "call target.float()"
        )
    if dtype is not None and target.dtype != dtype:
        raise RuntimeError(f"target has dtype {target.dtype}, input {dtype}: call target.to(input.dtype)")


def check_probabilities(x: Tensor, name: str) -> None:
    """Raise RuntimeError where an element of ``x`` is not in [0, 1] (NaN is not)."""
    if not bool(((x >= 0) & (x <= 1)).all()):
        hint = ": these look like logits, use binary_cross_entropy_with_logits" if name == "input" else ""
        raise RuntimeError(f"all elements of {name} should be between 0 and 1{hint}")


def check_broadcasts(weight: Tensor, shape: torch.Size, name: str) -> None:
    """Raise RuntimeError where ``weight`` does not broadcast to ``shape`` as it stands."""
    check_tensor(weight, name)
    fits = weight.dim() <= len(shape) and all(
        w in (1, s) for w, s in zip(reversed(weight.shape), reversed(shape), strict=False)
    )
    if not fits:
        raise RuntimeError(
            f"{name} has shape {_shape(weight)}, the loss {tuple(shape)}: shapes are matched from the right, "
            f"so a {name} per channel of (B, C, H, W) has shape (C, 1, 1)"
        )


def class_axis(input: Tensor) -> int:
    """Return the axis of the classes: 0 for one sample ``(C,)``, 1 for ``(N, C)`` and ``(N, C, d1, ...)``."""
    if input.dim() == 0:
        raise ValueError("input is a single number: expected class scores of shape (C,) or (N, C, ...)")
    return 0 if input.dim() == 1 else 1


def check_class_indices(input: Tensor, target: Tensor, ignore_index: int) -> None:
    """Raise where ``target`` does not hold one class index per sample of ``input``.

    Raises:
        RuntimeError: wrong dtype, or a shape other than the input's without its class axis.
        ValueError: another number of samples.
        IndexError: an index that is neither ``ignore_index`` nor one of the classes.
    """
    if target.dtype not in (torch.int64, torch.uint8):
        raise RuntimeError(
            f"expected target dtype to be torch.int64 (class indices), but got {target.dtype}: call "
            "target.long(), or give class probabilities in the input's shape"
        )
    axis = class_axis(input)
    expected = input.shape[:axis] + input.shape[axis + 1 :]
    # torch takes a target of shape (1,) for one unbatched sample, too
    if target.shape != expected and not (axis == 0 and target.shape == (1,)):
        kind = ValueError if input.dim() == 2 and target.dim() == 1 else RuntimeError
        raise kind(
            f"target has shape {_shape(target)}, input {_shape(input)}: expected target shape "
            f"{tuple(expected)}, one index per sample (the classes are the input's axis {axis})"
        )
    counted = target[target != ignore_index]
    if counted.numel():
        low, high = int(counted.min()), int(counted.max())
        classes = input.shape[axis]
        if low < 0 or high >= classes:
            wrong = high if high >= classes else low
            raise IndexError(f"Target {wrong} is out of bounds: {classes} classes are 0 to {classes - 1}")


def check_class_weight(weight: Tensor, classes: int) -> None:
    """Raise RuntimeError where ``weight`` is not one number per class."""
    check_tensor(weight, "weight")
    if weight.shape != (classes,):
        raise RuntimeError(f"weight has shape {_shape(weight)}: one number for each of {classes} classes")


def check_same_dtype(weight: Tensor, input: Tensor) -> None:
    """Raise RuntimeError where the class weights have another dtype than the scores."""
    if weight.dtype != input.dtype:
        raise RuntimeError(
            f"expected scalar type {input.dtype} but found {weight.dtype}: call weight.to(input.dtype)"
        )


def check_class_probabilities(target: Tensor, ignore_index: int) -> None:
    """Raise RuntimeError where class-probability targets are not floats, or come with an ``ignore_index``."""
    if not target.is_floating_point():
        raise RuntimeError(
            f"target has the input's shape and dtype {target.dtype}: class probabilities are floating point "
            "(call target.float()); class indices have the input's shape without its class axis"
        )
    if ignore_index >= 0:
        raise RuntimeError(
            "ignore_index is not supported for class-probability targets: drop those samples, "
            "or weight them with reduction='none'"
        )
