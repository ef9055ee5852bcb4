"""Settings for all tests."""

import os

# Tests run side by side: threads of each would only wait for each other. Read when torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402

_WRONG = Path(__file__).parent / "live" / "mistakes"


@pytest.fixture(scope="session")
def wrong_code() -> Callable[[str, str], str]:
    """Return what a reader types who makes a named mistake in an in-page exercise."""
    return lambda exercise, mistake: (
        (_WRONG / f"{exercise}.py").read_text(encoding="utf-8") + f"\n\n{exercise} = {mistake}\n"
    )
