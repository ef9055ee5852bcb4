"""Build the book twice from nothing and compare: python tools/compare_builds.py

Or compare two built books that are there: python tools/compare_builds.py FOLDER FOLDER

The same sources and the same versions must give the same files, byte for byte. Lists each file that differs, with
the first place; exit status 1 if there is one. Building removes ``_build``.
"""

import argparse
import filecmp
import shutil
import sys
import tempfile
from pathlib import Path

from lossbook.sphinx import build
from lossbook.sphinx.paths import HTML, OUTPUT

AROUND = 60  # characters shown on both sides of the first difference


def differences(first: Path, second: Path) -> list[str]:
    """Return a line for each file that is not the same in both folders."""
    names = sorted(
        {str(path.relative_to(top)) for top in (first, second) for path in top.rglob("*") if path.is_file()}
    )
    return [f"{name}: {what}" for name in names if (what := difference(first / name, second / name))]


def difference(one: Path, other: Path) -> str:
    """Say in what two files differ; nothing if they are the same."""
    if not one.exists() or not other.exists():
        return "is in one of them only"
    if filecmp.cmp(one, other, shallow=False):
        return ""
    texts = [path.read_bytes() for path in (one, other)]
    place = next((at for at, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), min(map(len, texts)))
    shown = [text[max(0, place - AROUND) : place + AROUND].decode("utf-8", "replace") for text in texts]
    return f"\n    {shown[0]!r}\n    {shown[1]!r}"


def build_from_nothing(keep: Path) -> Path:
    """Build the book without anything of an earlier build, and return a copy of it."""
    shutil.rmtree(OUTPUT, ignore_errors=True)
    if build.build():
        raise SystemExit(1)
    return Path(shutil.copytree(HTML, keep))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folders", nargs="*", type=Path)
    folders = parser.parse_args().folders
    if len(folders) not in {0, 2}:
        parser.error("two folders, or none")
    with tempfile.TemporaryDirectory() as name:
        first, second = folders or [build_from_nothing(Path(name, which)) for which in ("first", "second")]
        found = differences(first, second)
    print("\n".join(found) if found else "Both are the same.")
    return min(len(found), 1)


if __name__ == "__main__":
    sys.exit(main())
