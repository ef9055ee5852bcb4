"""Faces and non-faces, 25 x 25 pixels: a task with two answers, in 200 small photographs.

Provenance: G. B. Huang, M. Mattar, H. Lee and E. Learned-Miller (2012), "Learning to Align from Scratch", Advances
in Neural Information Processing Systems 25, whose data set "Labeled Faces in the Wild" was cut to this subset for
scikit-image (``skimage.data.lfw_subset``). Derived by tools/derive_faces.py from scikit-image 0.26.0: grey values
rounded to 256 steps, nothing else.

Licence: BSD 3-Clause, as part of scikit-image. Its notice, and what is known of the photographs, is in faces.txt.
"""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lossbook.datasets.files import read_verified

_FILE = Path(__file__).with_name("faces.npz")
_SHA256 = "0596d5f6adfe5a563b8890fc5827ff14805aca72491d31ebf84ecc620eaff0cc"
_WHITE = 255
_FACES_COME_FIRST = 100


class Faces(NamedTuple):
    """Small grey photographs, and whether they show a face."""

    images: Tensor
    """Shape (200, 25, 25), float32 in [0, 1], rows from top to bottom: 0 is black, 1 is white."""
    labels: Tensor
    """Shape (200,), int64: 1 for a face, 0 for a piece of background."""


def faces() -> Faces:
    """Load the photographs, in the order of scikit-image: first the 100 faces, then the 100 others.

    Raises:
        ValueError: The file is not the one that the book was written with.

    >>> images, labels = faces()
    >>> images.shape, labels.bincount().tolist()
    (torch.Size([200, 25, 25]), [100, 100])
    """
    with np.load(io.BytesIO(read_verified(_FILE, _SHA256))) as stored:
        images = torch.from_numpy(stored["pixels"]) / _WHITE
    labels = (torch.arange(len(images)) < _FACES_COME_FIRST).long()
    return Faces(images, labels)
