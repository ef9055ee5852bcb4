"""Derive lossbook/datasets/yeast.npz from river's copy of the data. Run once, kept for provenance.

river is no dependency of the project: ``pip install river==0.26.1 numpy`` into another environment, then
``python tools/derive_yeast.py``. It prints the file's SHA-256, which lossbook/datasets/yeast.py checks.
"""

import gzip
import hashlib
from importlib import resources
from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parent.parent / "lossbook" / "datasets" / "yeast.npz"
FEATURES = 103


def main() -> None:
    shipped = resources.files("river.datasets").joinpath("yeast.csv.gz").read_bytes()
    table = np.loadtxt(gzip.decompress(shipped).decode("ascii").splitlines(), delimiter=",", skiprows=1)
    # The features have a standard deviation of 0.1 and lie within ±0.8: hundredths are exact enough.
    hundredths = np.round(100 * table[:, :FEATURES]).astype(np.int8)
    labels = table[:, FEATURES:].astype(np.uint8)
    np.savez_compressed(TARGET, hundredths=hundredths, labels=np.packbits(labels, axis=1))
    print(hundredths.shape, labels.shape, TARGET.stat().st_size, hashlib.sha256(TARGET.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
