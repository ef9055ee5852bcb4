"""A residual network that is small enough to train while a page is built.

It has the parts of the large ones (He et al., 2016, "Deep Residual Learning for Image Recognition",
https://doi.org/10.1109/CVPR.2016.90): a stem, basic blocks with a shortcut, batch normalisation, global average
pooling and a linear head. Derived in the book's chapter practice/residual-network.
"""

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn


def conv3x3(channels_in: int, channels_out: int, stride: int = 1) -> nn.Conv2d:
    """Return a 3 x 3 convolution that keeps height and width, or halves them with stride 2.

    It has no bias: the batch normalisation behind it would subtract it again.
    """
    return nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions, and a shortcut around them: ``relu(shortcut(x) + convolutions(x))``.

    Args:
        channels_in: Channels of the input, (N, channels_in, H, W).
        channels_out: Channels of the output, (N, channels_out, ceil(H / stride), ceil(W / stride)).
        stride: 1 keeps height and width, 2 halves them.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        stride: int = 1,
    ) -> None:
        super().__init__()
        self.convolutions = nn.Sequential(
            conv3x3(channels_in, channels_out, stride),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(),
            conv3x3(channels_out, channels_out),
            nn.BatchNorm2d(channels_out),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or channels_in != channels_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride, bias=False),
                nn.BatchNorm2d(channels_out),
            )

    def forward(self, x: Tensor) -> Tensor:
        """Return the block's output; see the class for the shapes."""
        return nn.functional.relu(self.shortcut(x) + self.convolutions(x))


class ResNet(nn.Module):
    """A residual network in two parts: a trunk that turns images into features, and a head that scores them.

    The trunk ends in an average over all positions, so images may have any size. The head is a plain
    ``nn.Linear`` to be replaced when the task changes: ``model.head = nn.Linear(model.head.in_features, 1)``.

    Args:
        outputs: Number of logits.
        channels: Of the images, 1 for grey.
        widths: Channels of the blocks, one block for each. All but the first halve height and width.
    """

    def __init__(self, outputs: int, *, channels: int = 1, widths: Sequence[int] = (16, 32, 64)) -> None:
        super().__init__()
        first, last = widths[0], widths[-1]
        self.trunk = nn.Sequential(
            conv3x3(channels, first),
            nn.BatchNorm2d(first),
            nn.ReLU(),
            BasicBlock(first, first),
            *(BasicBlock(narrow, wide, stride=2) for narrow, wide in pairwise(widths)),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.head = nn.Linear(last, outputs)
        self._frozen = False

    def freeze_trunk(self) -> None:
        """Keep the trunk as it is from now on: no gradients, and batch normalisation stays in evaluation mode.

        Without the second half a frozen trunk still changes: in training mode batch normalisation updates its
        running mean and variance at every forward pass, whether or not anything has a gradient.
        """
        self._frozen = True
        self.trunk.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> "ResNet":
        """Set training or evaluation mode; a frozen trunk stays in evaluation mode."""
        super().train(mode)
        if self._frozen:
            self.trunk.eval()
        return self

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits, (N, outputs), of images (N, channels, H, W)."""
        logits: Tensor = self.head(self.trunk(images))
        return logits
