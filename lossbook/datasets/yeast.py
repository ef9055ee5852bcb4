"""Genes of baker's yeast and what they do: a task in which several answers are right at once.

Provenance: A. Elisseeff and J. Weston (2001), "A Kernel Method for Multi-Labelled Classification", Advances in
Neural Information Processing Systems 14; in the version of the library MULAN, as river 0.26.1 ships it
(``river.datasets.Yeast``). Derived by tools/derive_yeast.py: features rounded to hundredths, nothing else.

Licence: BSD 3-Clause, as part of river. Its notice, and what is known of the data, is in yeast.txt.
"""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lossbook.datasets.files import read_verified

_FILE = Path(__file__).with_name("yeast.npz")
_SHA256 = "b2fdadc0fb376e19426c9ba12f72381354f72ba7a5529e5730e28dd9325938af"
_LABELS = 14


class Yeast(NamedTuple):
    """What was measured of each gene, and which functions it has."""

    features: Tensor
    """Shape (2417, 103), float32: gene expression in many experiments, and the phylogenetic profile (which other
    organisms have such a gene). Without unit: each gene's row was divided by its length. Rounded to hundredths."""
    labels: Tensor
    """Shape (2417, 14), int64, 0 or 1: whether the gene belongs to a functional class. Each gene has 1 to 11 of
    them. The file numbers the classes and does not name them."""


def yeast() -> Yeast:
    """Load the genes, in the order of the original file.

    Raises:
        ValueError: The file is not the one that the book was written with.

    >>> features, labels = yeast()
    >>> features.shape, labels.shape, labels.sum(dim=1).max().item()
    (torch.Size([2417, 103]), torch.Size([2417, 14]), 11)
    """
    with np.load(io.BytesIO(read_verified(_FILE, _SHA256))) as stored:
        features = torch.from_numpy(stored["hundredths"]) / 100
        labels = np.unpackbits(stored["labels"], axis=1, count=_LABELS)
    return Yeast(features, torch.from_numpy(labels).long())
