"""The handwritten digits: what the loader promises, and that another file is refused."""

import pytest
import torch

from lossbook.datasets import digits, files


def test_images_are_ink_shares_and_labels_are_digits():
    images, labels = digits()
    assert images.shape == (1797, 64)
    assert images.dtype == torch.float32
    assert (images.min(), images.max()) == (0, 1)
    assert labels.dtype == torch.int64
    assert labels.unique().tolist() == list(range(10))


def test_the_images_are_drawn_row_by_row():
    images, labels = digits()
    zero = images[labels == 0].mean(0).reshape(8, 8)
    assert zero[3:5, 3:5].mean() < 0.1
    assert zero[0, 3:5].mean() > 0.5


def test_another_file_is_refused(tmp_path):
    other = tmp_path / "digits.npz"
    other.write_bytes(b"something else")
    with pytest.raises(ValueError, match="install lossbook again"):
        files.read_verified(other, "0" * 64)
