"""A crash, an error or a full disk at each single step of writing: none of them loses or falsifies a grade.

The steps are counted: every file that is opened for writing, renamed, synchronised or removed, every folder that
is made, every statement and commit of the database. Workers are left out, and the verdicts are kept from one run.
"""

import errno
import os
import shutil
import sys
from itertools import count

import pytest
from classroom import SET, copy, finish, grades
from sqlalchemy import Engine, event
from sqlalchemy.exc import OperationalError

from lossbook.autograde import batch, task
from lossbook.autograde import course as courses
from lossbook.autograde.batch import Options
from lossbook.autograde.plan import CannotGrade

STUDENTS = ("cleo", "eve")  # flagged, and late
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
ON_DISK = frozenset({"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.truncate"})


class Steps:
    """Counts the steps of writing, and does something from the n-th on."""

    def __init__(self):
        self.armed = False
        sys.addaudithook(self._on_audit)
        event.listen(Engine, "before_cursor_execute", lambda *_: self._step(database=True))
        event.listen(Engine, "commit", lambda *_: self._step(database=True))
        self._fsync, os.fsync = os.fsync, self._on_fsync

    def start(self, do, at, forever):
        self.armed, self.counted, self._do, self._at, self._forever = True, 0, do, at, forever

    def stop(self):
        self.armed = False
        return self.counted

    def _on_audit(self, name, arguments):
        if self.armed and (name in ON_DISK or (name == "open" and arguments[2] & WRITING)):
            self._step()

    def _on_fsync(self, descriptor):
        self._step()
        self._fsync(descriptor)

    def _step(self, database=False):
        if not self.armed:
            return
        self.counted += 1
        if self.counted == self._at or (self._forever and self.counted > self._at):
            self._do(database)


def crash(database):
    os._exit(9)


def fail(database):
    if database:
        raise OperationalError("a statement", {}, Exception("database or disk is full"))
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture(scope="module")
def steps():
    made = Steps()
    yield made
    os.fsync = made._fsync


@pytest.fixture(scope="module")
def small(template, tmp_path_factory):
    """The course with two submissions."""
    root = copy(template, tmp_path_factory.mktemp("small") / "course")
    for folder in (root / "submitted").iterdir():
        if folder.name not in STUDENTS:
            shutil.rmtree(folder)
    return root


@pytest.fixture(scope="module")
def verdicts(small, tmp_path_factory):
    """What the sandbox said of each submission, and the grades that come of it."""
    found, mark = {}, task.mark

    def keep(submission, *arguments):
        found[submission.student] = mark(submission, *arguments)
        return found[submission.student]

    root = copy(small, tmp_path_factory.mktemp("verdicts") / "course")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "_results", here)
        patch.setattr(task, "mark", keep)
        assert run(root).complete
    task.close()
    return found, grades(root)


def here(assignment, students, options):
    """Grade in this process."""
    for student in students:
        try:
            yield student, task.grade(assignment, student)
        except task.NotGraded as reason:
            yield student, reason


def run(root):
    return batch.grade_set(courses.load(root), SET, Options())


@pytest.fixture
def quick(verdicts, monkeypatch):
    """Grading without a sandbox and without pauses; returns the grades that are right."""
    found, right = verdicts
    monkeypatch.setattr(batch, "_results", here)
    monkeypatch.setattr(batch, "PAUSE", 0)
    monkeypatch.setattr(task, "_warm_process", lambda assignment: None)
    monkeypatch.setattr(task, "mark", lambda submission, *_: found[submission.student])
    return right


EVERY = 1 if os.environ.get("LOSSBOOK_ALL_STEPS") else 4  # where the steps are those of the first test


def assert_nothing_is_wrong(root, right):
    """Whoever has a score has the right one; and the next run completes the rest."""
    for student, found in grades(root)["submissions"].items():
        assert found == right["submissions"][student]
    assert run(root).complete
    assert grades(root) == right


@pytest.mark.parametrize("again", [False, True], ids=["first grading", "graded before"])
def test_a_crash_at_any_step(small, quick, steps, tmp_path, again):
    for at in count(1, EVERY if again else 1):
        root = copy(small, tmp_path / str(at))
        if again:
            assert run(root).complete
        process = os.fork()
        if process == 0:
            steps.start(crash, at, forever=False)
            batch.grade_set(courses.load(root), SET, Options(force=again))
            os._exit(0)
        ended = finish(process)
        assert_nothing_is_wrong(root, quick)
        shutil.rmtree(root)
        if ended == 0:
            break
    assert at > 20 * len(STUDENTS), "steps are not counted any more"


@pytest.mark.parametrize("forever", [False, True], ids=["once", "from then on"])
def test_an_error_at_any_step(small, quick, steps, tmp_path, forever):
    for at in count(2 if forever else 1, EVERY):
        root = copy(small, tmp_path / str(at))
        steps.start(fail, at, forever)
        try:
            summary = run(root)
            assert sorted((*summary.graded, *summary.failed)) == sorted(STUDENTS)
            assert forever or len(summary.failed) <= 1, "one submission's trouble stopped another"
            assert all("full" in why or "No space" in why for why in summary.failed.values())
        except CannotGrade as trouble:  # before the first submission; nothing but this sentence may come
            print(trouble)
        finally:
            counted = steps.stop()
        assert_nothing_is_wrong(root, quick)
        shutil.rmtree(root)
        if counted < at:
            break
    assert at > 20 * len(STUDENTS), "steps are not counted any more"
