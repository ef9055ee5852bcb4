"""Reads the data files that come with the package, and refuses others."""

import hashlib
from pathlib import Path


def read_verified(path: Path, sha256: str) -> bytes:
    """Return a file's content.

    Raises:
        ValueError: it is not the file that the book was written with.
    """
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError(f"{path.name} is not the file that came with lossbook: install lossbook again")
    return content
