"""What can go wrong around a grading: nobody gets 0 points for it, and the others are graded."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import nbgrader.api as nb
import pytest
from classroom import (
    CLASS,
    NOTEBOOK,
    RIGHT,
    SET,
    database,
    family,
    finish,
    grade,
    grades,
    hand_in,
    release,
    score,
    start,
    wait_for,
    wait_until_gone,
)

from lossbook.autograde import batch, pool, task
from lossbook.autograde import course as courses
from lossbook.autograde.batch import Options
from lossbook.autograde.gradebook import GRADED, NOT_GRADED, Book
from lossbook.autograde.plan import CannotGrade
from lossbook.autograde.submission import Unreadable, _bytes

DEADLY = "import os\nos._exit(3)"


def has_entry(root, student):
    """Whether nbgrader's own tables know of a submission: with an entry it would count as 0 points at least."""
    with nb.Gradebook(database(root)) as book, contextlib.suppress(nb.MissingEntry):
        return book.find_submission(SET, student) is not None
    return False


def test_the_points_are_what_they_should_be(undisturbed, course):
    assert grade(course)[0] == 0
    points = {student: score(course, student) for student in CLASS}
    assert points["ada"] == 8
    assert 0 < points["ben"] < 8
    assert points["cleo"] == points["dan"] == points["finn"] == 0
    found = grades(course)["submissions"]
    assert found["eve"]["notebooks"][0]["penalty"] == points["eve"] == 8
    assert found["cleo"]["notebooks"][0]["flagged"]
    assert {name for name, *_, by_hand in found["ada"]["notebooks"][0]["grades"] if by_hand} == {"essay"}
    assert grades(course) == undisturbed


def test_a_learners_process_that_ends_python_is_the_learners_doing(course):
    hand_in(course, "ada", RIGHT | {"softmax": "import os\n    os._exit(3)"})
    status, said = grade(course, "--student", "ada")
    assert status == 0, said
    assert score(course, "ada") == 4


def test_a_submission_whose_worker_dies_each_time_is_not_graded_and_the_others_are(course, monkeypatch):
    real = subprocess.Popen

    def start_bad_worker(command, **options):
        if "lossbook.autograde.trusted" in command:
            descriptor, parent = command[-2:]
            command = [sys.executable, "-c", BAD_WORKER, descriptor, parent]
        return real(command, **options)

    monkeypatch.setattr(pool.subprocess, "Popen", start_bad_worker)
    summary = batch.grade_set(courses.load(course), SET, Options(workers=2))
    assert set(summary.failed) == {"cleo"}
    assert "ended 3 times" in summary.failed["cleo"]
    assert sorted(summary.graded) == sorted(set(CLASS) - {"cleo"})
    assert not has_entry(course, "cleo")
    assert Book(courses.load(course)).standings(SET)["cleo"].status == NOT_GRADED
    monkeypatch.undo()
    assert grade(course)[0] == 0
    assert has_entry(course, "cleo")


BAD_WORKER = """
import os, sys
from lossbook.autograde import task, trusted
real = task.grade
def grade(assignment, student):
    if student == "cleo":
        os._exit(1)
    return real(assignment, student)
task.grade = grade
trusted.main(int(sys.argv[1]), int(sys.argv[2]))
"""


def test_workers_that_cannot_start_are_not_started_for_ever(course, monkeypatch):
    started = []

    class Stillborn:
        def __init__(self, command, **options):
            started.append(command)

        def kill(self):
            pass

        def wait(self, *_):
            return 1

    monkeypatch.setattr(pool.subprocess, "Popen", Stillborn)
    summary = batch.grade_set(courses.load(course), SET, Options(workers=2))
    assert set(summary.failed) == set(CLASS)
    assert len(started) <= pool.STARTS + 2
    assert all("could not start" in why for why in summary.failed.values())


def test_a_submission_that_cannot_be_read_is_not_graded(course, monkeypatch):
    real = os.open

    def refuse(path, *arguments, **options):
        if f"/ben/{SET}/" in str(path):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *arguments, **options)

    monkeypatch.setattr(batch, "_results", in_this_process)
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        summary = batch.grade_set(courses.load(course), SET, Options())
    assert set(summary.failed) == {"ben"}
    assert "Permission denied" in summary.failed["ben"]
    assert not has_entry(course, "ben")
    assert batch.grade_set(courses.load(course), SET, Options()).graded == ["ben"]
    task.close()


def in_this_process(assignment, students, options):
    for student in students:
        try:
            yield student, task.grade(assignment, student)
        except task.NotGraded as reason:
            yield student, reason


def test_a_folder_that_a_worker_does_not_see_is_not_a_zero(course, monkeypatch):
    def elsewhere(assignment, students, options):
        shutil.move(course / "submitted", course / "unmounted")
        yield from in_this_process(assignment, students, options)

    monkeypatch.setattr(batch, "_results", elsewhere)
    summary = batch.grade_set(courses.load(course), SET, Options())
    assert set(summary.failed) == set(CLASS)
    assert "not seen from" in summary.failed["ada"]
    assert not has_entry(course, "ada")


def test_a_worker_with_another_lossbook_grades_nothing(course, monkeypatch):
    monkeypatch.setattr(batch, "_results", in_this_process)
    monkeypatch.setattr(batch, "judges", lambda: "another")
    summary = batch.grade_set(courses.load(course), SET, Options(student="ada"))
    assert "another version" in summary.failed["ada"]
    assert not has_entry(course, "ada")


def test_what_is_no_file_is_the_learners_doing(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/etc/hostname")
    for name in ("pipe", "folder", "link", "nothing", "nothing/at/all"):
        with pytest.raises(Unreadable):
            _bytes(tmp_path / name, limit=1_000)


def test_a_database_that_is_locked_for_a_moment_is_waited_for(course, undisturbed):
    run = start(course)
    lock = locked(course)  # after the fork, which would inherit SQLite's own list of locks
    wait_for(lambda: list((course / "autograded").rglob("*/work.ipynb")))  # the next thing is to record it
    time.sleep(1)
    lock.close()
    assert finish(run) == 0, (course / "grade.log").read_text()
    assert grades(course) == undisturbed


def locked(root):
    """Hold a lock on the database as another program does that writes: it can be read, not written."""
    lock = sqlite3.connect(root / "gradebook.db", isolation_level=None)
    lock.execute("begin immediate")
    return lock


def test_a_database_that_stays_locked_costs_nobody_points(course, undisturbed, monkeypatch):
    monkeypatch.setattr(batch, "PAUSE", 0)
    monkeypatch.setitem(batch_waiting(), "sqlite", {"timeout": 0.1})
    monkeypatch.setattr(batch, "_results", in_this_process)
    lock = locked(course)
    with contextlib.closing(lock):
        summary = batch.grade_set(courses.load(course), SET, Options())
    task.close()
    assert set(summary.failed) == set(CLASS)
    assert summary.failed["ada"] == "the gradebook could not be written: database is locked"
    assert not has_entry(course, "ada")
    assert grade(course, "--workers", "1")[0] == 0
    assert grades(course) == undisturbed


def batch_waiting():
    from lossbook.autograde import gradebook

    return gradebook.WAITING


@contextlib.contextmanager
def small_disk(folder, size):
    """Put a folder onto a disk of so many bytes, in a mount namespace, for commands that run through it."""
    if not shutil.which("bwrap"):
        pytest.skip("needs bubblewrap")
    command = ["bwrap", "--dev-bind", "/", "/", "--size", str(size), "--tmpfs", str(folder), "--"]
    if subprocess.run([*command, "true"], check=False, capture_output=True).returncode:
        pytest.skip("bubblewrap may not make namespaces here")
    yield command


def command_line(*options):
    return [sys.executable, "-m", "lossbook.cli", "grade", SET, *options]


def test_a_full_disk_is_named_and_the_next_run_completes(course, undisturbed):
    (course / "autograded").mkdir()
    with small_disk(course / "autograded", 64 << 10) as inside:
        done = subprocess.run(
            [*inside, *command_line("--workers", "1")], cwd=course, capture_output=True, text=True, check=False
        )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "No space left on device" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    standings = Book(courses.load(course)).standings(SET)
    failed = {student for student, standing in standings.items() if standing.status == NOT_GRADED}
    assert failed
    assert not any(has_entry(course, student) for student in failed)
    assert set(standings) == set(CLASS), "one submission's trouble stopped the others"
    assert any(standing.status == GRADED for standing in standings.values()), "no submission found room"
    assert grade(course, "--workers", "1")[0] == 0
    assert grades(course) == undisturbed


@pytest.mark.parametrize("folder", ["autograded", "submitted"])
def test_a_folder_that_cannot_be_used_is_one_sentence(course, folder, capsys):
    shutil.rmtree(course / folder, ignore_errors=True)
    (course / folder).write_text("a file")
    status, said = grade(course)
    assert status == 2
    assert said.startswith("lossbook: ")
    assert said.count("\n") == 1
    assert folder in said


def test_a_read_only_folder_is_one_sentence(course):
    (course / "autograded").mkdir()
    with small_disk(course / "autograded", 64 << 10) as inside:
        readonly = [*inside[:-1], "--remount-ro", str(course / "autograded"), "--"]
        done = subprocess.run(
            [*readonly, *command_line()], cwd=course, capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr == f"lossbook: cannot write into {course / 'autograded'}: Read-only file system\n"


def test_a_course_without_a_gradebook_is_one_sentence_and_stays_without(course):
    (course / "gradebook.db").unlink()
    status, said = grade(course)
    assert status == 2
    assert said.startswith("lossbook: there is no gradebook yet: run nbgrader generate_assignment")
    assert not (course / "gradebook.db").exists() or not (course / "gradebook.db").stat().st_size


def test_a_folder_whose_name_is_no_text_is_named_and_the_others_are_graded(course):
    hand_in(course, "b\udcffd", RIGHT)
    status, said = grade(course)
    assert status == 1
    assert "6 graded" in said
    assert "the folder's name is no text in UTF-8: rename it" in " ".join(said.replace("│", " ").split())


def test_a_second_grading_at_the_same_time_is_refused(course):
    with batch._alone(courses.load(course).autograded), pytest.raises(CannotGrade, match="another lossbook grade"):
        batch.grade_set(courses.load(course), SET, Options())


@pytest.mark.parametrize("moment", ["worker", "learner"])
def test_ctrl_c_ends_with_one_sentence_and_leaves_nobody(course, undisturbed, moment):
    run = start(course, "--workers", "2")
    wait_for(lambda: family(run)[moment])
    seen = [process for kind in family(run).values() for process in kind]
    os.kill(run, signal.SIGINT)
    assert finish(run) == 1
    assert wait_until_gone(seen) == []
    said = (course / "grade.log").read_text()
    assert "Stopped." in said
    assert "Traceback" not in said
    assert grade(course, "--workers", "2")[0] == 0
    assert grades(course) == undisturbed


def test_a_humans_scores_and_comments_survive_grading_again(graded):
    with nb.Gradebook(database(graded)) as book:
        book.find_grade("essay", NOTEBOOK, SET, "ada").manual_score = 1.5
        book.find_grade("essay", NOTEBOOK, SET, "ada").needs_manual_grade = False
        book.find_grade("check-softmax", NOTEBOOK, SET, "ben").extra_credit = 0.5
        book.find_comment("softmax", NOTEBOOK, SET, "ben").manual_comment = "Subtract the maximum."
        book.db.commit()
    before = {student: score(graded, student) for student in CLASS}
    assert grade(graded, "--force")[0] == 0
    assert {student: score(graded, student) for student in CLASS} == before
    with nb.Gradebook(database(graded)) as book:
        essay = book.find_grade("essay", NOTEBOOK, SET, "ada")
        assert (essay.manual_score, essay.needs_manual_grade) == (1.5, True)
        assert book.find_comment("softmax", NOTEBOOK, SET, "ben").comment == "Subtract the maximum."


def test_a_set_that_is_released_again_with_one_cell_more_is_graded_anew(graded):
    remove_from_gradebook(graded)  # nbgrader adds no cells to a set that somebody handed in
    release(graded, ("sigmoid", "softmax", "logsumexp"))
    status, said = grade(graded)
    assert status == 0, said
    assert "6 graded" in said
    assert score(graded, "ada") == 8  # what she handed in lacks the new one
    found = {name: score for name, score, *_ in grades(graded)["submissions"]["ada"]["notebooks"][0]["grades"]}
    assert found["check-logsumexp"] == 0
    shutil.rmtree(graded / "submitted" / "ada")
    hand_in(graded, "ada", RIGHT)
    assert "1 graded" in grade(graded)[1]


def remove_from_gradebook(root):
    with nb.Gradebook(database(root)) as book:
        book.remove_assignment(SET)


def test_a_grade_that_nbgrader_removed_does_not_stand(graded, undisturbed):
    with nb.Gradebook(database(graded)) as book:
        book.remove_submission(SET, "ada")
    status, said = grade(graded)
    assert status == 0
    assert "1 graded" in said
    assert grades(graded) == undisturbed


def test_a_second_submission_is_graded_and_the_others_stand(graded):
    hand_in(graded, "dan", RIGHT)
    status, said = grade(graded)
    assert status == 0
    assert "1 graded" in said
    assert "5 graded before" in said
    assert score(graded, "dan") == 8
