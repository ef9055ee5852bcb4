"""``lossbook grade`` as an instructor runs it: stock nbgrader's points, feedback, a second run, the report."""

import shutil
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from lossbook.autograde import example, sandbox, wall
from lossbook.cli import CANNOT_RUN, FAILED, PASSED, main

ROOT = Path(__file__).resolve().parents[2]
SET = example.PROBLEM_SET
pytestmark = pytest.mark.skipif(bool(sandbox.missing()), reason=sandbox.missing())


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A course with three submissions, not graded."""
    course = tmp_path_factory.mktemp("grade") / "course"
    example.make_course(course, ROOT)
    shutil.copytree(ROOT / "exercises", course / "exercises")  # as in a copy of the project
    example.run_nbgrader(course, "generate_assignment", SET)
    example.submit(course, "ada", example.SOLVED)
    example.submit(course, "ben", example.TEXTBOOK)
    example.submit(course, "cleo", example.WRONG)
    return course


@pytest.fixture(scope="module")
def graded(released, tmp_path_factory):
    course = shutil.copytree(released, tmp_path_factory.mktemp("ours") / "course")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(course)
        assert main(["grade", SET, "--workers", "2"]) == PASSED
    return course


def entries(course):
    """Everything that nbgrader keeps of a class's grades."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {
            (found.student.id, grade.name): (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
            for found in gradebook.assignment_submissions(SET)
            for notebook in found.notebooks
            for grade in notebook.grades
        } | {
            (found.student.id, "comment", comment.name): comment.auto_comment
            for found in gradebook.assignment_submissions(SET)
            for notebook in found.notebooks
            for comment in notebook.comments
        }


def test_the_same_grades_as_stock_nbgrader(released, graded, tmp_path):
    stock = shutil.copytree(released, tmp_path / "stock")
    example.run_nbgrader(stock, "autograde", SET)
    assert entries(graded) == entries(stock)


def test_graded_notebooks_are_valid_and_hold_the_reports(graded):
    for student, sentence in (
        ("ada", "All right"),
        ("ben", "This looks like"),
        ("cleo", "calls softmax ready-made (torch's own"),
    ):
        notebook = nbformat.read(graded / "autograded" / student / SET / example.NOTEBOOK, as_version=4)
        nbformat.validate(notebook)
        assert sentence in str(notebook)


def test_feedback_is_stock_nbgraders(graded):
    example.run_nbgrader(graded, "generate_feedback", SET)
    page = (graded / "feedback" / "ben" / SET / "probabilities.html").read_text(encoding="utf-8")
    assert "This looks like" in page


def test_a_second_run_grades_nothing_and_a_changed_submission_alone(graded, monkeypatch, capsys):
    monkeypatch.chdir(graded)
    assert main(["grade", SET]) == PASSED
    assert "0 graded" in capsys.readouterr().out
    file = graded / "submitted" / "ben" / SET / example.NOTEBOOK
    before = entries(graded)
    file.write_text(file.read_text(encoding="utf-8").replace("torch.exp(-x)", "torch.exp(x)"), encoding="utf-8")
    assert main(["grade", SET]) == PASSED
    assert "1 graded" in capsys.readouterr().out
    changed = {key for key, value in entries(graded).items() if before[key] != value}
    assert changed
    assert {student for student, *_ in changed} == {"ben"}


def test_the_report_names_the_mistakes(graded, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(graded)
    assert main(["report", SET, "--to", str(tmp_path / "class.html")]) == PASSED
    out = capsys.readouterr().out
    assert "3 learners" in out
    assert "1 called torch's own" in out
    assert "<table" in (tmp_path / "class.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["grade", "09-nothing"], "has no set '09-nothing'"),
        (["grade", SET, "--student", "nobody"], "handed in nothing"),
        (["grade", SET, "--workers", "0"], "at least 1"),
        (["report", "09-nothing"], "has no set"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(graded, monkeypatch, capsys, arguments, says):
    monkeypatch.chdir(graded)
    assert main(arguments) == CANNOT_RUN
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1


def test_outside_a_course(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["grade", SET]) == CANNOT_RUN
    assert "nbgrader_config.py" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("c = get_config()\nc.x = (", "line 2: SyntaxError: '(' was never closed"),
        ("c = get_config()\n\nc.y = [][0]", "line 3: IndexError: list index out of range"),
        ("c = get_config()\nc.CourseDirectory.course_id = 3", "course_id"),
    ],
)
def test_settings_that_cannot_be_read_are_said_in_one_line(tmp_path, monkeypatch, capsys, settings, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nbgrader_config.py").write_text(settings)
    assert main(["grade", SET]) == CANNOT_RUN
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert says in lines[0]


def test_a_submission_that_fails_for_our_reasons_is_not_a_zero(released, monkeypatch, capsys, tmp_path):
    course = shutil.copytree(released, tmp_path / "course")
    (course / "autograded" / "ben").mkdir(parents=True)
    (course / "autograded" / "ben" / SET).write_text("in the way")
    (course / "autograded" / "ada").write_text("in the way")  # no folder can be made here
    monkeypatch.chdir(course)
    assert main(["grade", SET, "--workers", "1"]) == FAILED
    out = capsys.readouterr().out
    assert "Not graded" in out
    assert "ada" not in {student for student, *_ in entries(course)}
    assert ("cleo", "check-softmax") in entries(course)


@pytest.mark.parametrize(
    ("options", "command", "said"),
    [
        ((), [], "one wall less, because bubblewrap is missing"),
        (("--unprotected",), [], "with your rights"),
        ((), ["env"], ""),
    ],
)
def test_a_sandbox_that_lacks_something_is_said(graded, monkeypatch, capsys, options, command, said):
    monkeypatch.chdir(graded)
    monkeypatch.setattr(wall, "command", lambda: command)
    assert main(["grade", SET, "--student", "ada", "--force", *options]) == PASSED
    lines = capsys.readouterr().out.splitlines()
    assert "1 graded" in lines[0]
    assert said in "".join(lines[1:]) if said else not lines[1:]
