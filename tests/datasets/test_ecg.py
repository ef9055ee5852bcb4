"""The electrocardiogram: what the loader promises, and that the marks sit where a heart can beat."""

import hashlib
from importlib import import_module

import pytest
import torch

from lossbook.datasets import ecg

RATE = 100
SLIPS = ((40, 46), (94, 101), (208, 215))  # seconds: the electrode slips, no beat can be seen

module = import_module("lossbook.datasets.ecg")  # its name is hidden by the function's


@pytest.fixture(scope="module")
def beats():
    return ecg().target.nonzero().flatten()


def test_five_minutes_in_millivolt():
    signal, target = ecg()
    assert signal.shape == target.shape == (5 * 60 * RATE,)
    assert signal.dtype == target.dtype == torch.float32
    assert target.unique().tolist() == [0, 1]
    assert signal.min() == pytest.approx(-3.32)
    assert signal.max() == pytest.approx(3.64)
    # SciPy gives these for the 360 samples a second from which the file comes.
    assert signal.mean() == pytest.approx(-0.16510875, abs=1e-4)
    assert signal.std() == pytest.approx(0.59925, abs=2e-3)


def test_the_rate_is_that_of_a_heart(beats):
    assert len(beats) == 500
    per_minute = (beats // (60 * RATE)).bincount()
    assert per_minute.min() >= 90
    assert per_minute.max() <= 110


def test_no_beat_follows_another_at_once_and_only_slips_have_long_gaps(beats):
    distance = beats.diff() / RATE
    assert distance.min() > 0.4
    for place in (distance > 1).nonzero().flatten():
        gap = (beats[place] / RATE, beats[place + 1] / RATE)
        assert any(start <= gap[0] and gap[1] <= end for start, end in SLIPS), gap


def test_a_mark_is_the_highest_sample_around_and_stands_out(beats):
    signal, _ = ecg()
    inside = beats[(beats >= 30) & (beats < len(signal) - 30)]
    around = signal[inside[:, None] + torch.arange(-30, 31)]
    above = around[:, 30] - around.median(dim=1).values
    assert above.min() >= 0.35
    # Of the few that are not highest within 0.1 s, the baseline moves steeply.
    near = around[:, 20:41].amax(dim=1)
    assert (around[:, 30] == near).float().mean() > 0.98


def test_another_file_is_refused(tmp_path, monkeypatch):
    changed = tmp_path / "ecg.npz"
    changed.write_bytes(module._FILE.read_bytes() + b"\0")
    assert hashlib.sha256(changed.read_bytes()).hexdigest() != module._SHA256
    monkeypatch.setattr(module, "_FILE", changed)
    with pytest.raises(ValueError, match="install lossbook again"):
        ecg()
