"""Which tests share a worker, and which start first, where pytest-xdist runs them side by side.

The groups are made here from the names, because xdist's own mark ``xdist_group`` has no effect with pytest 9.2:
xdist 3.8 writes the group into an attribute of pytest's that is gone, and deals out all tests one by one.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

BY_PAGE = ("tests/browser/test_every_page.py", "tests/browser/test_live.py")
"""Files whose tests share what they have loaded of a page."""

ONE_BY_ONE = tuple(
    f"tests/autograde/attacks/test_{name}.py"
    for name in ("escape", "forging", "honest", "notebooks", "resources", "stealing", "torchs_own")
)
"""Files whose tests share nothing but a warm process, which each worker has."""

FIRST = (
    "tests/autograde/durability/test_troubles.py",
    "tests/autograde/durability/test_cluster.py",
    "tests/browser/test_live.py",
    "tests/browser/",
    "tests/autograde/durability/",
    "tests/autograde/test_",
)
"""What takes long in one piece. Some of it waits and some of it computes: side by side, both get on."""


def group(name: str) -> str:
    """Return the group of a test: all tests of a group run in one worker, one after the other."""
    path, _, test = name.partition("::")
    if path in ONE_BY_ONE:
        return name
    page = re.search(r"\[([\w/-]+\.html)", test) if path in BY_PAGE else None
    return f"{path} {page[1]}" if page else path


def turn(name: str) -> int:
    """Return when a test's group is dealt out: the lowest first, and at the end what fills the gaps."""
    for place, beginning in enumerate(FIRST):
        if name.startswith(beginning):
            return place
    return len(FIRST) + (group(name) == name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by turn; within one, the order stays."""
    items.sort(key=lambda item: turn(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deal out groups in the order of the tests."""
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group(nodeid)

    config.option.loadscopereorder = False  # else by the number of tests, which says little
    return Groups(config, log)
