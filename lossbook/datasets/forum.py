"""The batch of the forum thread that asks which loss a binary classifier needs.

Provenance: the thread "What Loss function to use in Binary CNN Classification problem" on discuss.pytorch.org
prints what a debugger showed just before ``BCEWithLogitsLoss`` refused it: the logits of a ResNet with two
outputs, rounded to four digits, and the targets. The thread is complete but for its last pair of logits: the
table breaks off after 63 rows, while there are 64 targets. Nothing was filled in.

Licence: single measured numbers, taken as facts; no text or code of the thread is in here.
"""

import csv
import math
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from lossbook.datasets.files import read_verified

_FILE = Path(__file__).with_name("forum_batch.csv")
_SHA256 = "89ac53f345f9f13b79b8d3ae7d49fe1ce1f247a3aa8270464afa4bca10e0b0fd"


class ForumBatch(NamedTuple):
    """Two logits and one target for each image of a batch."""

    logits: Tensor
    """Shape (64, 2), float32: the scores of class 0 and class 1. The last row is NaN, the thread lacks it."""
    target: Tensor
    """Shape (64,), int64: the true class, 0 or 1."""

    def complete(self) -> "ForumBatch":
        """Return the 63 samples whose logits are known."""
        known = ~self.logits.isnan().any(dim=1)
        return ForumBatch(self.logits[known], self.target[known])


def forum_batch() -> ForumBatch:
    """Load the batch of the forum thread, in the order of the thread.

    The columns of the file are ``logit_0`` and ``logit_1`` (what the network says for class 0 and class 1, empty
    where the thread prints nothing) and ``target`` (the true class).

    Raises:
        ValueError: The file is not the one that the book was written with.

    >>> batch = forum_batch()
    >>> batch.logits.shape, batch.target.shape, len(batch.complete().target)
    (torch.Size([64, 2]), torch.Size([64]), 63)
    """
    content = read_verified(_FILE, _SHA256)
    rows = list(csv.DictReader(content.decode("ascii").splitlines()))
    logits = [[float(row[name] or math.nan) for name in ("logit_0", "logit_1")] for row in rows]
    return ForumBatch(torch.tensor(logits), torch.tensor([int(row["target"]) for row in rows]))
