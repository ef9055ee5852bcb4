"""What the tests of in-page exercises share."""

import functools
import json

import pytest

from lossbook.live import data


@pytest.fixture(scope="session")
def live_data():
    """Return what is shipped of an exercise; computed once, it takes seconds for some."""
    return functools.cache(lambda name: json.loads(json.dumps(data.live_exercise(name), allow_nan=False)))
