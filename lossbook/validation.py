"""What the losses accept, said once: each check raises torch's kind of error with what to do about it."""

import operator

import torch
from torch import Tensor


def _shape(x: Tensor) -> str:
    return str(tuple(x.shape))


def check_tensor(x: object, name: str) -> None:
    """Raise TypeError where ``x`` is not a tensor."""
    if not isinstance(x, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, not {type(x).__name__}: wrap it in torch.tensor(...)")


def check_floating(x: Tensor, name: str) -> None:
    """Raise NotImplementedError where ``x`` is not a floating-point tensor."""
    check_tensor(x, name)
    if not x.is_floating_point():
        raise NotImplementedError(f"{name} has dtype {x.dtype}: it must be floating point, call .float() on it")


def check_real(x: Tensor, name: str) -> None:
    """Raise NotImplementedError where ``x`` is complex."""
    check_tensor(x, name)
    if x.is_complex():
        raise NotImplementedError(f"{name} has dtype {x.dtype}: scores are real numbers")


def check_integer(value: object, name: str) -> None:
    """Raise TypeError where ``value`` is not an integer."""
    try:
        operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}") from None


def check_axes(dim: int | tuple[int, ...], x: Tensor) -> None:
    """Raise where ``dim`` is neither an axis nor a tuple of axes."""
    axes = dim if isinstance(dim, tuple | list) else (dim,)
    if x.dim() and not axes:
        raise RuntimeError("dim is empty: name the axes to sum over")
    for axis in axes:
        check_integer(axis, "dim")


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


def check_mask(mask: Tensor, input: Tensor) -> None:
    """Raise TypeError or ValueError where a mask is not bool, or has not the shape of the input that it hides."""
    if mask.dtype != torch.bool:
        raise TypeError(f"mask has dtype {mask.dtype}: it must be bool, True where a step is real")
    if mask.shape != input.shape:
        raise ValueError(f"mask has shape {tuple(mask.shape)}, input {tuple(input.shape)}: give both the same")


def check_binary_target(target: Tensor, input: Tensor | None = None) -> None:
    """Raise RuntimeError where a binary target is not floating point, or not of the dtype of a given input."""
    if input is not None and target.dtype == input.dtype:
        return
    if not target.is_floating_point():
        raise RuntimeError(
            f"target has dtype {target.dtype}: binary targets are floats (0.0, 1.0 or between), "
            "call target.float()"
        )
    if input is not None:
        raise RuntimeError(f"target has dtype {target.dtype}, input {input.dtype}: call target.to(input.dtype)")


def check_probabilities(x: Tensor, name: str) -> None:
    """Raise RuntimeError where an element of ``x`` is not in [0, 1] (NaN is not).

    Where there are no numbers to look at, under ``torch.compile`` and ``torch.func.vmap``, nothing is checked.
    """
    if torch.compiler.is_compiling() or not x.numel():
        return
    low, high = torch.aminmax(x.detach())
    try:
        inside = bool((low >= 0) & (high <= 1))
    except RuntimeError:  # vmap: one answer for each sample
        return
    if not inside:
        hint = ": these look like logits, use binary_cross_entropy_with_logits" if name == "input" else ""
        raise RuntimeError(f"all elements of {name} should be between 0 and 1{hint}")


def check_broadcasts(weight: Tensor, shape: torch.Size, name: str) -> None:
    """Raise RuntimeError where ``weight`` is complex or does not broadcast to ``shape`` as it stands."""
    check_tensor(weight, name)
    if weight.is_complex():
        raise RuntimeError(f"{name} has dtype {weight.dtype}: weights are real numbers")
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
        raise IndexError("input is a single number: expected class scores of shape (C,) or (N, C, ...)")
    return 0 if input.dim() == 1 else 1


def check_class_indices(input: Tensor, target: Tensor) -> None:
    """Raise where ``target`` does not hold one class index per sample of ``input``.

    Whether the indices are classes is left to the look-up itself, see :func:`check_class_range`.

    Raises:
        ValueError: no class axis, or another number of samples.
        RuntimeError: wrong dtype, or a shape other than the input's without its class axis.
    """
    if input.dim() == 0:
        raise ValueError("input is a single number: expected class scores of shape (C,) or (N, C, ...)")
    axis = class_axis(input)
    expected = input.shape[:axis] + input.shape[axis + 1 :]
    # torch takes a target of shape (1,) for one unbatched sample, too
    if target.shape != expected and not (axis == 0 and target.shape == (1,)):
        kind = RuntimeError if target.shape[:1] == expected[:1] or target.dim() > input.dim() == 1 else ValueError
        raise kind(
            f"target has shape {_shape(target)}, input {_shape(input)}: expected target shape "
            f"{tuple(expected)}, one index per sample (the classes are the input's axis {axis})"
        )
    if target.dtype not in (torch.int64, torch.uint8):
        raise RuntimeError(
            f"expected target dtype to be torch.int64 (class indices), but got {target.dtype}: call "
            "target.long(), or give class probabilities in the input's shape"
        )


def check_class_range(index: Tensor, classes: int) -> None:
    """Raise IndexError where an index is not one of ``classes``."""
    low, high = (int(extreme) for extreme in torch.aminmax(index))
    if low < 0 or high >= classes:
        wrong = low if low < 0 else high
        raise IndexError(f"Target {wrong} is out of bounds: {classes} classes are 0 to {classes - 1}")


def check_label_smoothing(label_smoothing: float) -> None:
    """Raise RuntimeError where ``label_smoothing`` is not in [0, 1]."""
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")


def check_class_weight(weight: Tensor | None, input: Tensor, dtype: torch.dtype | None = None) -> None:
    """Raise RuntimeError where ``weight`` is not one real number per class, or not of the ``dtype`` given."""
    if weight is None:
        return
    check_tensor(weight, "weight")
    classes = input.shape[class_axis(input)]
    if weight.shape != (classes,) or weight.is_complex():
        raise RuntimeError(
            f"weight has shape {_shape(weight)} and dtype {weight.dtype}: "
            f"one real number for each of {classes} classes"
        )
    if dtype is not None and weight.dtype != dtype:
        raise RuntimeError(f"expected scalar type {dtype} but found {weight.dtype}: call weight.to(input.dtype)")


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
