"""Derive lossbook/datasets/digits.npz from scikit-learn's copy of the data. Run once, kept for provenance.

scikit-learn is no dependency of the project: ``pip install scikit-learn==1.9.1`` into another environment, then
``python tools/derive_digits.py``. It prints the file's SHA-256, which lossbook/datasets/digits.py checks.
"""

import gzip
import hashlib
from importlib import resources
from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parent.parent / "lossbook" / "datasets" / "digits.npz"


def main() -> None:
    shipped = resources.files("sklearn.datasets.data").joinpath("digits.csv.gz").read_bytes()
    table = np.loadtxt(gzip.decompress(shipped).decode("ascii").splitlines(), delimiter=",")
    pixels, labels = table[:, :-1].astype(np.uint8), table[:, -1].astype(np.uint8)
    np.savez_compressed(TARGET, pixels=pixels, labels=labels)
    print(pixels.shape, labels.shape, hashlib.sha256(TARGET.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
