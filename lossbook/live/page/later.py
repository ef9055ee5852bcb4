"""Modules that a page loads only when they are imported: numpy.random, and most of the standard library.

What every first Run needs is cut to what NumPy imports by itself. The rest waits in archives on the server.
"""

import importlib.machinery
import json
import pathlib
import struct
import sys
import zlib
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

FOLDER = "/later"


def unpack(archive: bytes, folder: str) -> None:
    """Write the files of an archive, as ``lossbook.sphinx.live_python.pack`` makes it, below a folder."""
    (length,) = struct.unpack("<I", archive[:4])
    place = 4 + length
    for name, size in json.loads(archive[4:place]):
        target = pathlib.Path(folder, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(archive[place : place + size])
        place += size


class Finder:
    """Finds modules after all others have failed, in archives that are fetched when they are first needed.

    index: the archive of each module, by its full name.
    fetch: returns an archive's bytes, compressed with gzip.
    """

    def __init__(self, index: dict[str, str], fetch: Callable[[str], bytes]) -> None:
        self._index = index
        self._fetch = fetch
        self._unpacked: set[str] = set()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where the module is, or None: Python's own protocol."""
        archive = self._index.get(name)
        if archive is None:
            return None
        if archive not in self._unpacked:
            unpack(zlib.decompress(self._fetch(archive), 31), FOLDER)
            self._unpacked.add(archive)
        folder = "/".join([FOLDER, *name.split(".")[:-1]])
        return importlib.machinery.PathFinder.find_spec(name, [folder])


def install(index: dict[str, str], fetch: Callable[[str], bytes]) -> None:
    """Let Python look into the archives for what it does not find elsewhere."""
    sys.meta_path.append(Finder(index, fetch))
