"""Small real data sets with provenance and licence, and their loaders."""

from lossbook.datasets.digits import Digits, digits
from lossbook.datasets.ecg import Ecg, ecg
from lossbook.datasets.forum import ForumBatch, forum_batch

__all__ = ["Digits", "Ecg", "ForumBatch", "digits", "ecg", "forum_batch"]
