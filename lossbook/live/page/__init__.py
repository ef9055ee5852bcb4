"""What runs in the reader's browser, where this folder is the package ``lossbook``.

Nothing here may import torch, or the rest of lossbook.
"""

from .functions import *  # noqa: F403 (these are what a page's code imports)
from .plotting import plot as plot
