"""Goes through a small notebook in the warm process, as a learner's process does with each.

What Python and torch do only once in a process, they then have done before the fork: modules are imported, caches
filled, and bytecode is fitted to the types that it meets. Each learner's process would pay for that anew.
"""

from __future__ import annotations

import socket
import sys

import torch

from lossbook.autograde import child, wire
from lossbook.autograde.values import encode_case
from lossbook.exercises.description import Case

CELLS = (
    "import math, torch\nfrom torch import Tensor",
    '''
def rehearsed(x: Tensor, dim: int = -1, refused: bool = False) -> Tensor:
    """Not what any exercise asks for."""
    if refused or not isinstance(x, Tensor):
        raise ValueError("this is refused")
    largest = x.detach().amax(dim, keepdim=True)
    moved = torch.where(torch.isinf(largest), x, x - largest)
    weights = moved.exp().clamp(max=2.0) + x.abs().log1p()
    return weights / weights.sum(dim, keepdim=True) - x.mean(dim, keepdim=True).square()
''',
    "print(torch.zeros(2), rehearsed(torch.ones(2, 3)).shape)\n1 + 1",
    "def another(x):\n    return x.max(0).values",
    "raise ValueError",
)
ROUNDS = 2  # Python fits a function to its types once it was called about eight times


def rehearse() -> None:
    """Run the cells and make the calls, and forget them."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"".join(_messages() * ROUNDS))
        ours.shutdown(socket.SHUT_WR)
        stdout, stderr = sys.stdout, sys.stderr
        child.answer(theirs.fileno())
        sys.stdout, sys.stderr = stdout, stderr
    child.shell().reset(new_session=True)


def _messages() -> list[bytes]:
    cells = [wire.pack({"do": "cell", "source": source, "seconds": 10.0}) for source in CELLS]
    blobs: list[bytes] = []
    calls = {
        "do": "calls",
        "function": "rehearsed",
        "forbidden": ["softmax"],
        "seconds": 10.0,
        "cases": [encode_case(case, gradient, blobs) for case in _cases() for gradient in (False, True)],
    }
    return [*cells, wire.pack(calls, blobs)]


def _cases() -> list[Case]:
    rows = torch.linspace(-3, 3, 12).reshape(3, 4)
    return [
        Case((rows,), {"dim": 0}),
        Case((rows.double(),), {"dim": -1}),
        Case((rows.t(),)),
        Case((rows[0],)),
        Case((rows,), {"refused": True}),
    ]
