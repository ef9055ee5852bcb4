"""Cases and Outcomes as messages: what a call gets, and what came of it.

A case goes from the trusted side to the learner's, an Outcome comes back. So a case is rebuilt as it was, with its
strides, while an Outcome is checked as one checks what a stranger sends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lossbook.autograde.wire import BadMessage
from lossbook.exercises.description import Case
from lossbook.grader.outcome import SHORT_LIST, Array, Failure, Other, Outcome

MAX_DEPTH = 8
MAX_ITEMS = 1_000  # in all tuples and dicts of an answer together: each costs far more memory than bytes
MAX_AXES = 64
MAX_TEXT = 2_000
MAX_TEXTS = 50
MAX_INTEGER = 2**63

# What an Array of a torch dtype holds its numbers in: see lossbook.grader.outcome.array.
NUMPY_DTYPES = {
    **{name: name for name in ("float32", "float64", "complex64", "complex128", "bool")},
    **{name: name for name in ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64")},
    "float16": "float32",
    "bfloat16": "float32",
}


def encode_case(case: Case, gradient: bool, blobs: list[bytes]) -> dict[str, Any]:
    """Return a case as JSON data; the numbers of its tensors are appended to ``blobs``."""
    return {
        "args": [_encode(value, blobs) for value in case.args],
        "kwargs": {name: _encode(value, blobs) for name, value in case.kwargs.items()},
        "gradient": gradient,
    }


def decode_case(data: dict[str, Any], blobs: list[bytes]) -> tuple[Case, bool]:
    """Return a case and whether its gradient is asked for."""
    args = tuple(_decode(value, blobs) for value in data["args"])
    kwargs = {name: _decode(value, blobs) for name, value in data["kwargs"].items()}
    return Case(args, kwargs), data["gradient"]


def _encode(value: Any, blobs: list[bytes]) -> Any:
    if isinstance(value, Tensor):
        return _encode_tensor(value, blobs)
    if isinstance(value, torch.dtype):
        return {"dtype": str(value).removeprefix("torch.")}
    if isinstance(value, (list, tuple)):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [_encode(item, blobs) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[_encode(key, blobs), _encode(item, blobs)] for key, item in value.items()]}
    if value is None or type(value) in (bool, int, float, str):
        return value
    raise TypeError(f"a case holds a {type(value).__name__}, which has no form on the wire yet")


def _encode_tensor(x: Tensor, blobs: list[bytes]) -> dict[str, Any]:
    """Send the memory that a tensor looks at with its strides: a transposed or expanded tensor arrives as one."""
    last = sum((size - 1) * stride for size, stride in zip(x.shape, x.stride(), strict=True))
    seen = x.detach().as_strided((last + 1 if x.numel() else 0,), (1,))
    blobs.append(bytes(seen.contiguous().view(torch.uint8).numpy()) if seen.numel() else b"")
    return {
        "tensor": len(blobs) - 1,
        "dtype": str(x.dtype).removeprefix("torch."),
        "shape": list(x.shape),
        "strides": list(x.stride()),
        "requires_grad": x.requires_grad,
    }


def _decode(data: Any, blobs: list[bytes]) -> Any:
    if not isinstance(data, dict):
        return data
    if "tensor" in data:
        dtype = getattr(torch, data["dtype"])
        raw = torch.frombuffer(bytearray(blobs[data["tensor"]] or b"\0" * 16), dtype=dtype)
        return raw.as_strided(data["shape"], data["strides"]).requires_grad_(data["requires_grad"])
    if "dtype" in data:
        return getattr(torch, data["dtype"])
    if "dict" in data:
        return {_decode(key, blobs): _decode(item, blobs) for key, item in data["dict"]}
    ((kind, items),) = data.items()
    return (list if kind == "list" else tuple)(_decode(item, blobs) for item in items)


def encode_outcome(outcome: Outcome, blobs: list[bytes]) -> dict[str, Any]:
    """Return an Outcome as JSON data; the numbers of its arrays are appended to ``blobs``."""
    failure = outcome.failure
    return {
        "value": _encode_answer(outcome.value, blobs),
        "gradient": _encode_answer(outcome.gradient, blobs),
        "graph_cut": outcome.graph_cut,
        "changed": list(outcome.changed),
        "printed": outcome.printed[:MAX_TEXT],
        "warnings": [text[:MAX_TEXT] for text in outcome.warnings[:MAX_TEXTS]],
        "forbidden": list(outcome.forbidden),
        "failure": failure and [failure.kind, list(failure.bases), failure.message, failure.line, failure.source],
        "timed_out": outcome.timed_out,
        "skipped": outcome.skipped,
    }


def _encode_answer(value: Any, blobs: list[bytes]) -> Any:
    if isinstance(value, Array):
        blobs.append(np.ascontiguousarray(value.numbers).tobytes())
        return {"array": len(blobs) - 1, "dtype": value.dtype, "shape": list(value.shape)}
    if isinstance(value, Other):
        return {"other": value.type_name}
    if isinstance(value, (tuple, dict)) and len(value) > MAX_ITEMS:
        return {"other": f"{type(value).__name__} of {len(value)} items"}
    if isinstance(value, list):
        return {"list": value}
    if isinstance(value, tuple):
        return {"tuple": [_encode_answer(item, blobs) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[key, _encode_answer(item, blobs)] for key, item in value.items()]}
    return value


def decode_outcome(data: Any, blobs: list[bytes]) -> Outcome:
    """Return the Outcome that a learner's process sent.

    Raises:
        BadMessage: it is none; nothing is taken on trust, neither types nor sizes.
    """
    try:
        return _outcome(data, _Received(list(blobs)))
    except BadMessage:
        raise
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError) as error:
        raise BadMessage(f"an answer is malformed ({type(error).__name__})") from None


@dataclass
class _Received:
    """What an answer is put together from: its arrays' bytes, and how many items it may still have."""

    blobs: list[bytes | None]
    items: int = MAX_ITEMS


def _outcome(data: Any, received: _Received) -> Outcome:
    gradient = _answer(data["gradient"], received, MAX_DEPTH)
    if not (gradient is None or isinstance(gradient, Array)):
        raise BadMessage("a gradient is no tensor")
    return Outcome(
        value=_answer(data["value"], received, MAX_DEPTH),
        gradient=gradient,
        graph_cut=data["graph_cut"] is True,
        changed=tuple(_whole_number(position) for position in data["changed"][:MAX_TEXTS]),
        printed=text(data["printed"], MAX_TEXT),
        warnings=tuple(text(item, MAX_TEXT) for item in data["warnings"][:MAX_TEXTS]),
        forbidden=tuple(text(item, 100) for item in data["forbidden"][:MAX_TEXTS]),
        failure=_failure(data["failure"]),
        timed_out=data["timed_out"] is True,
        skipped=data["skipped"] is True,
    )


def _failure(data: Any) -> Failure | None:
    if data is None:
        return None
    kind, bases, message, line, source = data
    return Failure(
        kind=text(kind, 100),
        bases=tuple(text(base, 100) for base in bases[:MAX_TEXTS]),
        message=text(message, 300),
        line=None if line is None else _whole_number(line),
        source=None if source is None else text(source, 300),
    )


def _answer(data: Any, received: _Received, depth: int) -> Any:
    if depth == 0:
        raise BadMessage("an answer is nested too deeply")
    if data is None or type(data) in (bool, float):
        return data
    if type(data) is int:
        return data if abs(data) < MAX_INTEGER else Other("int")  # no array could hold it
    if type(data) is str:
        return text(data, MAX_TEXT)
    if "array" in data:
        return _array(data, received.blobs)
    if "other" in data:
        return Other(text(data["other"], 200))
    if "list" in data:
        return _short_list(data["list"])
    items = data["dict"] if "dict" in data else data["tuple"]
    if type(items) is not list or len(items) > received.items:
        raise BadMessage("an answer has too many items")
    received.items -= len(items)
    if "dict" in data:
        return {text(key, 200): _answer(item, received, depth - 1) for key, item in items}
    return tuple(_answer(item, received, depth - 1) for item in items)


def _short_list(items: Any) -> list[Any]:
    """Return a list of few plain numbers, the only kind that an Outcome holds."""
    if type(items) is not list or len(items) > SHORT_LIST or not {*map(type, items)} <= {bool, int, float}:
        raise BadMessage("a list is no short one of numbers")
    if any(type(item) is int and abs(item) >= MAX_INTEGER for item in items):
        raise BadMessage("a number is too large")
    return items


def _array(data: dict[str, Any], blobs: list[bytes | None]) -> Array:
    dtype = np.dtype(NUMPY_DTYPES[data["dtype"]])
    shape, position = data["shape"], _whole_number(data["array"])
    if type(shape) is not list or len(shape) > MAX_AXES:
        raise BadMessage("a shape is no short list")
    raw, blobs[position] = blobs[position], None  # else a short message could have one blob copied a million times
    if raw is None:
        raise BadMessage("two arrays have the same numbers")
    if math.prod(map(_whole_number, shape)) * dtype.itemsize != len(raw):
        raise BadMessage("a shape does not fit its numbers")
    if dtype.kind == "b":  # any other byte than 0 and 1 is no bool
        return Array((np.frombuffer(raw, np.uint8) != 0).reshape(shape), data["dtype"])
    return Array(np.frombuffer(raw, dtype).reshape(shape).copy(), data["dtype"])


def _whole_number(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**48:
        raise BadMessage("a size is no whole number")
    return value


def text(value: Any, limit: int) -> str:
    """Return a stranger's text, cut, and without what no file can be written with (lone surrogates)."""
    if type(value) is not str:
        raise BadMessage(f"a text is a {type(value).__name__}")
    return value[:limit].encode("utf-8", "replace").decode()
