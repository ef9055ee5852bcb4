"""Messages between the trusted side and the learner's process: a JSON header and raw bytes, both bounded.

Never pickle: what comes from the learner's process may be anything.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from typing import Any

LENGTHS = struct.Struct("<II")
MAX_HEADER = 4 << 20
MAX_BODY = 4 << 20  # the arrays of one answer, or of all of an exercise's cases: some hundred numbers each


class BadMessage(ValueError):
    """The other side sent what no honest one sends."""


def pack(header: dict[str, Any], blobs: Sequence[bytes] = ()) -> bytes:
    """Return a message as bytes."""
    text = json.dumps({**header, "blobs": [len(blob) for blob in blobs]}).encode()
    return b"".join([LENGTHS.pack(len(text), sum(map(len, blobs))), text, *blobs])


def unpack(read: Callable[[int], bytes | memoryview]) -> tuple[dict[str, Any], list[bytes]]:
    """Read one message.

    Args:
        read: returns up to so many bytes, and none at the end.

    Raises:
        EOFError: the other side is gone.
        BadMessage: too long, no JSON, or lengths that do not fit.
    """
    header_length, body_length = LENGTHS.unpack(_exactly(read, LENGTHS.size))
    if header_length > MAX_HEADER or body_length > MAX_BODY:
        raise BadMessage(f"a message of {header_length + body_length} bytes is too long")
    text, body = _exactly(read, header_length), _exactly(read, body_length)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):
        raise BadMessage("a message is no JSON") from None
    if not isinstance(header, dict):
        raise BadMessage("a message is no JSON object")
    return header, _split(header.pop("blobs", None), body)


def _exactly(read: Callable[[int], bytes | memoryview], length: int) -> bytes:
    parts: list[bytes | memoryview] = []
    while length:
        part = read(min(length, 1 << 20))
        if not part:
            raise EOFError("the other side is gone")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _split(lengths: Any, body: bytes) -> list[bytes]:
    if not isinstance(lengths, list) or not all(type(n) is int and n >= 0 for n in lengths):
        raise BadMessage("the lengths in a message are no list of sizes")
    if sum(lengths) != len(body):
        raise BadMessage("the lengths in a message do not add up")
    blobs, start = [], 0
    for length in lengths:
        blobs.append(body[start : start + length])
        start += length
    return blobs
