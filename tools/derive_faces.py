"""Derive lossbook/datasets/faces.npz from scikit-image's copy of the data. Run once, kept for provenance.

scikit-image is no dependency of the project: ``pip install scikit-image==0.26.0`` into another environment, then
``python tools/derive_faces.py``. It prints the file's SHA-256, which lossbook/datasets/faces.py checks.
"""

import hashlib
import io
from importlib import resources
from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parent.parent / "lossbook" / "datasets" / "faces.npz"


def main() -> None:
    shipped = resources.files("skimage.data").joinpath("lfw_subset.npy").read_bytes()
    shares = np.load(io.BytesIO(shipped))  # float64 in [0, 1]: the 100 faces, then the 100 non-faces
    pixels = np.round(255 * shares).astype(np.uint8)
    np.savez_compressed(TARGET, pixels=pixels)
    print(pixels.shape, TARGET.stat().st_size, hashlib.sha256(TARGET.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
