"""The faces: what the loader promises, and that another file is refused."""

import pytest
import torch

from lossbook.datasets import faces
from lossbook.datasets.faces import faces as load_faces


def test_images_are_grey_values_and_the_faces_come_first():
    images, labels = faces()
    assert images.shape == (200, 25, 25)
    assert images.dtype == torch.float32
    assert (images.min(), images.max()) == (0, 1)
    assert labels.dtype == torch.int64
    assert labels.tolist() == [1] * 100 + [0] * 100


def test_the_mean_face_has_a_face_in_it_and_the_mean_background_has_not():
    images, labels = faces()
    for answer, darker_eyes in ((1, True), (0, False)):
        mean = images[labels == answer].mean(0)
        eyes, cheeks = mean[8:11, 6:19].mean(), mean[12:15, 6:19].mean()
        assert (eyes < cheeks - 0.05) == darker_eyes
        assert (mean[8:18, 8:17].mean() > mean[:, :2].mean() + 0.1) == darker_eyes


def test_another_file_is_refused(tmp_path, monkeypatch):
    changed = tmp_path / "faces.npz"
    changed.write_bytes(b"something else")
    monkeypatch.setitem(load_faces.__globals__, "_FILE", changed)
    with pytest.raises(ValueError, match="install lossbook again"):
        faces()
