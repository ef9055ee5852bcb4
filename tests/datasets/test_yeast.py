"""The yeast genes: what the loader promises, and that another file is refused."""

import pytest
import torch

from lossbook.datasets import yeast
from lossbook.datasets.yeast import yeast as load_yeast


def test_features_are_rows_of_length_one_up_to_rounding():
    features, _ = yeast()
    assert features.shape == (2417, 103)
    assert features.dtype == torch.float32
    assert features[0, :4].tolist() == pytest.approx([0.0, -0.17, -0.16, -0.14], abs=1e-6)
    assert torch.allclose(features.norm(dim=1), torch.ones(2417), atol=0.02)


def test_every_gene_has_a_label_and_no_gene_has_all():
    _, labels = yeast()
    assert labels.shape == (2417, 14)
    assert labels.dtype == torch.int64
    assert labels.unique().tolist() == [0, 1]
    assert labels.sum(dim=1).aminmax() == (1, 11)


def test_the_bits_are_in_the_order_of_the_original_columns():
    # Class 12 is the most frequent of the published data set, class 14 by far the rarest.
    _, labels = yeast()
    frequency = labels.sum(dim=0)
    assert frequency.argmax() == 11
    assert frequency.argmin() == 13
    assert (frequency[11], frequency[13]) == (1816, 34)


def test_another_file_is_refused(tmp_path, monkeypatch):
    changed = tmp_path / "yeast.npz"
    changed.write_bytes(b"something else")
    monkeypatch.setitem(load_yeast.__globals__, "_FILE", changed)
    with pytest.raises(ValueError, match="install lossbook again"):
        yeast()
