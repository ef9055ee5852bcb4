"""The forum's batch is the thread's, and a changed file is refused."""

import pytest
import torch

from lossbook.datasets import forum, forum_batch


def test_it_is_what_the_thread_prints():
    batch = forum_batch()
    assert batch.logits.shape == (64, 2)
    assert batch.logits.dtype == torch.float32
    assert batch.target.dtype == torch.int64
    assert batch.logits[0].tolist() == pytest.approx([-0.2657, 0.1728])
    assert batch.logits[62].tolist() == pytest.approx([-0.1852, 0.1073])
    assert batch.target.sum() == 35


def test_only_the_last_pair_is_missing():
    batch = forum_batch()
    assert batch.logits.isnan().any(dim=1).nonzero().flatten().tolist() == [63]
    logits, target = batch.complete()
    assert logits.isfinite().all()
    assert logits.shape == (63, 2)
    assert target.tolist() == batch.target[:63].tolist()


def test_another_file_is_refused(tmp_path, monkeypatch):
    changed = tmp_path / "forum_batch.csv"
    changed.write_text("logit_0,logit_1,target\n0.0,0.0,1\n")
    monkeypatch.setattr(forum, "_FILE", changed)
    with pytest.raises(ValueError, match="install lossbook again"):
        forum_batch()
