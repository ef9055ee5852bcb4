"""Settings for all tests."""

import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from side_by_side import pytest_collection_modifyitems, pytest_xdist_make_scheduler

__all__ = ["pytest_collection_modifyitems", "pytest_xdist_make_scheduler", "wrong_code"]

# Tests run side by side: threads of each would only wait for each other. Read when torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_collection_finish() -> None:
    """Keep what lives to the end, thousands of tests and torch, from being searched for garbage each time."""
    gc.collect()
    gc.freeze()


_WRONG = Path(__file__).parent / "live" / "mistakes"


@pytest.fixture(scope="session")
def wrong_code() -> Callable[[str, str], str]:
    """Return what a reader types who makes a named mistake in an in-page exercise."""
    return lambda exercise, mistake: (
        (_WRONG / f"{exercise}.py").read_text(encoding="utf-8") + f"\n\n{exercise} = {mistake}\n"
    )
