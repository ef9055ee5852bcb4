"""Many machines: dask workers in processes of their own, and the gradebook in a real PostgreSQL."""

import contextlib
import json
import os
import pickle
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from classroom import SET, copy, family, finish, grade, grades, register, start, wait_for, wait_until_gone
from sqlalchemy import create_engine, func, select, text

from lossbook.autograde import batch, cluster, pool
from lossbook.autograde import course as courses
from lossbook.autograde.batch import Options
from lossbook.autograde.gradebook import GRADING, SECRET

PROGRAMS = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
VARIABLE = "COURSE_DATABASE"
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}


class Postgres:
    """A server of its own, on loopback, with a password."""

    def __init__(self, folder):
        self._folder, self.password = folder, secrets.token_hex(8)
        # it refuses to run as root
        self._user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        word = folder / "password"
        word.write_text(self.password)
        if self._user:
            shutil.chown(folder, "postgres", "postgres")
            shutil.chown(word, "postgres", "postgres")
        options = ["-U", "teacher", "-A", "scram-sha-256", f"--pwfile={word}", "--no-sync"]
        subprocess.run(
            [PROGRAMS / "initdb", "-D", folder / "data", *options], check=True, cwd=folder, **QUIET, **self._user
        )
        self.start()

    @property
    def url(self):
        return f"postgresql+psycopg://teacher:{self.password}@127.0.0.1:{self.port}/postgres"

    def start(self):
        options = ["-h", "127.0.0.1", "-p", str(self.port), "-k", ""]
        self._server = subprocess.Popen(
            [PROGRAMS / "postgres", "-D", self._folder / "data", *options], cwd=self._folder, **QUIET, **self._user
        )
        wait_for(self._answers)

    def _answers(self):
        assert self._server.poll() is None, "PostgreSQL has ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def stop(self):
        self._server.send_signal(signal.SIGINT)  # cuts all connections
        self._server.wait(60)


@pytest.fixture(scope="module")
def postgres():
    if PROGRAMS is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    if os.geteuid() == 0 and "postgres" not in Path("/etc/passwd").read_text():
        pytest.skip("PostgreSQL refuses to run as root, and there is no user postgres")
    folder = Path(tempfile.mkdtemp(prefix="lossbook-postgres-"))  # not below pytest's folders: root's alone
    server = Postgres(folder)
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def course(template, postgres, tmp_path, monkeypatch):
    """The class of the other tests with its gradebook in PostgreSQL, whose address is in the environment."""
    root = copy(template, tmp_path / "course")
    monkeypatch.setenv(VARIABLE, postgres.url)
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(f"import os\nc.CourseDirectory.db_url = os.environ['{VARIABLE}']\n")
    register(root)
    with create_engine(f"sqlite:///{root / 'gradebook.db'}").connect() as old:
        secret = old.execute(select(SECRET.c.secret)).scalar()
    (root / "gradebook.db").unlink()
    with create_engine(postgres.url).begin() as new:  # the same cases are drawn then
        new.execute(text("update assignment set duedate = '2026-02-01'"))
        SECRET.metadata.create_all(new)
        new.execute(SECRET.insert().values(secret=secret))
    yield root
    engine = create_engine(postgres.url)
    with engine.begin() as new:
        new.execute(text("drop schema public cascade"))
        new.execute(text("create schema public"))
    engine.dispose()


@contextlib.contextmanager
def dask(*arguments):
    """Run one of dask's commands; no password is in its environment."""
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], env=environment, start_new_session=True, **QUIET
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def scheduler(folder):
    file = folder / "scheduler.json"
    with dask(
        "distributed.cli.dask_scheduler",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--scheduler-file",
        str(file),
    ) as process:
        wait_for(lambda: file.exists() and file.read_text().endswith("}"))
        process.address = json.loads(file.read_text())["address"]
        yield process


def worker(address, folder):
    options = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(folder))
    return dask("distributed.cli.dask_worker", address, *options)


def warm(process):
    """Return a dask worker's warm process, and what belongs to it: it is grading then."""
    return [one for kind in ("warm", "learner") for one in family(process.pid)[kind]]


def recorded(url):
    with create_engine(url).connect() as connection:
        return connection.execute(select(func.count()).select_from(GRADING)).scalar()


def test_a_worker_dies_half_way_and_the_grades_are_those_of_one_machine(course, postgres, undisturbed, tmp_path):
    with scheduler(tmp_path) as server, worker(server.address, tmp_path) as one, worker(server.address, tmp_path):
        wait_for(lambda: workers_of(server.address) == 2)
        run = start(course, "--scheduler", server.address)
        wait_for(lambda: warm(one) and recorded(postgres.url))
        left = warm(one)
        one.kill()
        assert finish(run) == 0, (course / "grade.log").read_text()
    assert wait_until_gone(left) == []
    assert grades(course) == undisturbed


def workers_of(address):
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        return len(client.nthreads())


def test_the_scheduler_dies_and_what_is_left_waits_for_the_next_run(course, undisturbed, tmp_path):
    with scheduler(tmp_path) as server, worker(server.address, tmp_path) as only:
        wait_for(lambda: workers_of(server.address) == 1)
        run = start(course, "--scheduler", server.address)
        wait_for(lambda: warm(only))
        server.kill()
        assert finish(run) == 1
    said = (course / "grade.log").read_text()
    assert "not graded" in said
    assert "Traceback" not in said
    assert grade(course, "--workers", "2")[0] == 0
    assert grades(course) == undisturbed


def test_all_workers_gone_for_long(course, undisturbed, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE", 3)
    with scheduler(tmp_path) as server, worker(server.address, tmp_path) as only:
        wait_for(lambda: workers_of(server.address) == 1)
        run = start(course, "--scheduler", server.address)
        wait_for(lambda: warm(only))
        only.kill()
        assert finish(run) == 1
    assert "had no workers" in (course / "grade.log").read_text()


def test_no_scheduler_and_no_workers_are_one_sentence(course, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 2)
    status, said = grade(course, "--scheduler", "tcp://127.0.0.1:9")
    assert status == 2
    assert said.startswith("lossbook: no dask scheduler answers at tcp://127.0.0.1:9")
    with scheduler(tmp_path) as server:
        status, said = grade(course, "--scheduler", server.address)
    assert status == 2
    assert said == f"lossbook: the dask scheduler has no workers: start some with dask worker {server.address}\n"


def test_the_database_goes_away_and_comes_back(course, postgres, undisturbed):
    run = start(course, "--workers", "1")
    wait_for(lambda: recorded(postgres.url))
    postgres.stop()
    time.sleep(1)
    postgres.start()
    assert finish(run) == 0, (course / "grade.log").read_text()
    assert grades(course) == undisturbed


def test_the_password_reaches_no_worker(course, postgres, monkeypatch):
    run = start(course, "--workers", "2")
    wait_for(lambda: family(run)["worker"] and family(run)["warm"])
    found = family(run)
    for process in (*found["worker"], *found["warm"], *found["learner"]):
        with contextlib.suppress(psutil.Error):
            told = f"{process.environ()} {process.cmdline()}"
            assert postgres.password not in told
            assert VARIABLE not in told
    assert finish(run) == 0

    def look(assignment, students, workers):
        assert postgres.password.encode() not in pickle.dumps(assignment)
        looked.extend(students)
        yield from ()

    looked: list[str] = []
    monkeypatch.setattr(pool, "on_this_machine", look)
    batch.grade_set(courses.load(course), SET, Options(force=True))
    assert looked


def test_a_wrong_password_is_one_sentence_without_it(course, postgres, monkeypatch):
    monkeypatch.setenv(VARIABLE, postgres.url.replace(postgres.password, "guessed-wrongly"))
    status, said = grade(course)
    assert status == 2
    assert said.startswith("lossbook: cannot open the gradebook: ")
    assert said.count("\n") == 1
    assert "guessed-wrongly" not in said
