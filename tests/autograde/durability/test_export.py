"""``nbgrader export`` with our table: a status for everybody, and no points where there are none."""

import csv
import shutil
import subprocess
import sys

import nbgrader.api as nb
import pytest
from classroom import CLASS, NOTEBOOK, SET, copy, database, grade, hand_in, score

from lossbook.autograde import course as courses
from lossbook.autograde.export import COLUMNS
from lossbook.autograde.gradebook import Book

POINTS = ("raw_score", "late_submission_penalty", "score")
EVIL = "=HYPERLINK(1)"
NO_TEXT = "b\udcffd"  # how Python shows a folder's name that is no UTF-8, as old archives make them


def export(root, *options):
    command = [sys.executable, "-m", "nbgrader", "export", *options]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "ERROR" not in done.stderr
    with (root / "grades.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert tuple(table[0]) == COLUMNS
    return {row["student_id"]: row for row in table}


@pytest.fixture(scope="module")
def table(template, tmp_path_factory):
    root = copy(template, tmp_path_factory.mktemp("export") / "course")
    hand_in(root, EVIL, CLASS["ada"])
    assert grade(root)[0] == 0
    with nb.Gradebook(database(root)) as book:
        book.update_or_create_student("zoe", first_name='Zoë, "Z"', last_name="-1+1", email="@z")
        for student in ("ben", "eve"):
            essay = book.find_grade("essay", NOTEBOOK, SET, student)
            essay.manual_score, essay.needs_manual_grade = 2, False
        book.db.commit()
    hand_in(root, "gus", CLASS["ada"])  # after the grading
    hand_in(root, "hal", CLASS["ada"])
    hand_in(root, NO_TEXT, CLASS["ada"])
    hand_in(root, ".trash", CLASS["ada"])  # nobody's: hidden folders are passed over
    opened = Book(courses.load(root))
    opened.record_failure(opened.plan(SET), "hal", "the disk is full")
    opened.record_failure(opened.plan(SET), "dan", "the disk is full")
    shutil.rmtree(root / "submitted" / "cleo")
    return root, export(root)


def test_each_has_a_status(table):
    _, rows = table
    assert {student: row["status"] for student, row in rows.items()} == {
        "ada": "needs manual grading",
        "ben": "graded",
        "b?d": "not graded",
        "cleo": "needs manual grading",  # graded, wherever the files are now
        "dan": "not graded",
        "eve": "graded",
        "finn": "graded",
        "gus": "not graded",
        "hal": "not graded",
        "zoe": "not handed in",
        f"'{EVIL}": "needs manual grading",
    }


def test_points_are_there_with_a_grade_only(table):
    root, rows = table
    for student, row in rows.items():
        there = row["status"] in ("graded", "needs manual grading")
        assert all(bool(row[name]) == there for name in POINTS), student
        assert float(row["max_score"]) == 10
    assert float(rows["ben"]["raw_score"]) == score(root, "ben") > 2
    eve = [float(rows["eve"][name]) for name in POINTS]
    assert eve == [10, 8, 2]  # late: she lost what she had when she was graded
    assert rows["finn"]["score"] == "0.0"


def test_names_are_quoted_and_no_formulas(table):
    _, rows = table
    assert rows["zoe"]["first_name"] == 'Zoë, "Z"'
    assert rows["zoe"]["last_name"] == "'-1+1"
    assert rows["zoe"]["email"] == "'@z"


def test_one_student_and_another_file(table):
    root, _ = table
    command = [sys.executable, "-m", "nbgrader", "export", "--to", "some.csv", "--student", '["ben"]']
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    with (root / "some.csv").open(newline="") as file:
        assert [row["student_id"] for row in csv.DictReader(file)] == ["ben"]


def test_a_gradebook_that_lossbook_never_wrote_to_is_exported_as_well(template, tmp_path):
    root = copy(template, tmp_path / "course")
    with nb.Gradebook(database(root)) as book:
        book.db.execute(nb.text("drop table lossbook_grading"))
        book.db.commit()
    assert {row["status"] for row in export(root).values()} == {"not graded"}
