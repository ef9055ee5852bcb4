"""One class, made once; each test works on a copy of it."""

import pytest
from classroom import copy, grade, grades, make

from lossbook.autograde.sandbox import missing


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    if missing():
        pytest.skip(missing())
    return make(tmp_path_factory.mktemp("durability") / "course")


@pytest.fixture(scope="session")
def undisturbed(template, tmp_path_factory):
    """The grades of a run that nothing disturbed."""
    root = copy(template, tmp_path_factory.mktemp("undisturbed") / "course")
    status, said = grade(root, "--workers", "1")
    assert status == 0, said
    return grades(root)


@pytest.fixture
def course(template, tmp_path):
    return copy(template, tmp_path / "course")
