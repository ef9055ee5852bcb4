"""Small real data sets with provenance and licence, and their loaders."""

from lossbook.datasets.digits import Digits, digits
from lossbook.datasets.ecg import Ecg, ecg
from lossbook.datasets.faces import Faces, faces
from lossbook.datasets.forum import ForumBatch, forum_batch
from lossbook.datasets.yeast import Yeast, yeast

__all__ = [
    "Digits",
    "Ecg",
    "Faces",
    "ForumBatch",
    "Yeast",
    "digits",
    "ecg",
    "faces",
    "forum_batch",
    "yeast",
]
