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
def graded_template(template, tmp_path_factory):
    """The class after a run that nothing disturbed."""
    root = copy(template, tmp_path_factory.mktemp("undisturbed") / "course")
    status, said = grade(root, "--workers", "1")
    assert status == 0, said
    return root


@pytest.fixture(scope="session")
def undisturbed(graded_template):
    """The grades of a run that nothing disturbed."""
    return grades(graded_template)


@pytest.fixture
def course(template, tmp_path):
    """The class, not graded yet."""
    return copy(template, tmp_path / "course")


@pytest.fixture
def graded(graded_template, tmp_path):
    """The class, graded once."""
    return copy(graded_template, tmp_path / "course")
