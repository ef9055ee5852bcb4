"""Handwritten digits, 8 x 8 pixels: small enough to train on while a page is built.

Provenance: E. Alpaydin and C. Kaynak (1998), "Optical Recognition of Handwritten Digits", UCI Machine Learning
Repository, https://doi.org/10.24432/C50P49; the test set, as scikit-learn ships it. Derived by
tools/derive_digits.py without any change of the numbers.

Licence: Creative Commons Attribution 4.0 International (CC BY 4.0).
"""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lossbook.datasets.files import read_verified

_FILE = Path(__file__).with_name("digits.npz")
_SHA256 = "089d33176bf6819a5c6ebd6746c5293713f4e81c2c8fc52b672e6e15faa78f41"
_LARGEST = 16  # on pixels in a block of 4 x 4


class Digits(NamedTuple):
    """Images of handwritten digits, and which digits they are."""

    images: Tensor
    """Shape (1797, 64), float32 in [0, 1]: how much of each pixel is ink, row by row."""
    labels: Tensor
    """Shape (1797,), int64: the digit, 0 to 9."""


def digits() -> Digits:
    """Load the handwritten digits, in the order of the original file.

    Raises:
        ValueError: The file is not the one that the book was written with.

    >>> images, labels = digits()
    >>> images.shape, labels.bincount().min().item()
    (torch.Size([1797, 64]), 174)
    """
    with np.load(io.BytesIO(read_verified(_FILE, _SHA256))) as stored:
        return Digits(torch.from_numpy(stored["pixels"]) / _LARGEST, torch.from_numpy(stored["labels"]).long())
