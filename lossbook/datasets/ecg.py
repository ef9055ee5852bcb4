"""Five minutes of an electrocardiogram, and where the heart beats: rare events in a long signal.

Provenance: G. B. Moody and R. G. Mark (2001), "The impact of the MIT-BIH Arrhythmia Database", IEEE Engineering in
Medicine and Biology 20(3), 45-50, https://doi.org/10.13026/C2F305, on PhysioNet: A. L. Goldberger et al. (2000),
Circulation 101(23), e215-e220. Record 208, lead MLII, 19:35 to 24:35, as SciPy 1.9.3 ships it. Derived by
tools/derive_ecg.py, which changes 360 to 100 samples a second.

The marks of the beats are not the cardiologists' annotations, which SciPy leaves out. The same script made them
from the signal, by a rule that it states, and all five minutes were looked at. Where the recording is clean every
mark sits on a beat and every beat has one. Where the electrode slips or the patient moves some are missing or
wrong: one at 209.4 s is the slip itself, beats at 44.1 s and 213.6 s have none.

Licence: the database is made available under the Open Data Commons Attribution License 1.0 (ODC-By),
https://opendatacommons.org/licenses/by/1-0/, and so is this file. It contains information from the MIT-BIH
Arrhythmia Database.
"""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from lossbook.datasets.files import read_verified

_FILE = Path(__file__).with_name("ecg.npz")
_SHA256 = "1ed7171217e445a7a4de08016440eabd87dd4fcab14eb42bf2a571ec820b8741"
_STEPS_PER_MILLIVOLT = 200


class Ecg(NamedTuple):
    """A signal of 100 samples a second, and which of the samples are the peak of a heartbeat."""

    signal: Tensor
    """Shape (30000,), float32 in [-3.32, 3.64]: the voltage between two electrodes, in millivolt."""
    target: Tensor
    """Shape (30000,), float32: 1 at the 500 samples where a beat peaks, 0 elsewhere."""


def ecg() -> Ecg:
    """Load the electrocardiogram, 100 samples a second.

    Raises:
        ValueError: The file is not the one that the book was written with.

    >>> signal, target = ecg()
    >>> signal.shape, target.sum().item()
    (torch.Size([30000]), 500.0)
    """
    with np.load(io.BytesIO(read_verified(_FILE, _SHA256))) as stored:
        signal = torch.from_numpy(stored["steps"]) / _STEPS_PER_MILLIVOLT
        beats = torch.from_numpy(stored["beats"]).long()
    return Ecg(signal, torch.zeros_like(signal).index_fill(0, beats, 1))
