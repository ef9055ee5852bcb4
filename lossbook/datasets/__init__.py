"""Small real data sets with provenance and licence, and their loaders."""

from lossbook.datasets.digits import Digits, digits
from lossbook.datasets.forum import ForumBatch, forum_batch

__all__ = ["Digits", "ForumBatch", "digits", "forum_batch"]
