"""``make grade-example``: three submissions through stock nbgrader, into a real gradebook."""

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from lossbook.autograde.example import NOTEBOOK, PROBLEM_SET
from lossbook.exercises import SETS, get_exercise
from lossbook.grader import evaluate
from lossbook.workbook import load

ROOT = Path(__file__).resolve().parents[2]
TOTAL = sum(get_exercise(name).points for name in SETS[PROBLEM_SET])


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    shutil.copytree(ROOT / "solutions", root / "solutions")
    done = subprocess.run(
        [sys.executable, "-m", "lossbook.autograde.example"], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "cleo-wrong" in done.stdout
    return root / "build" / "grade-example"


@pytest.fixture(scope="module")
def scores(course):
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {s.id: gradebook.find_submission(PROBLEM_SET, s.id).score for s in gradebook.students}


def test_right_half_right_and_wrong_get_full_some_and_no_points(scores):
    assert scores["ada-right"] == TOTAL
    assert 0.3 * TOTAL < scores["ben-half-right"] < 0.7 * TOTAL
    assert scores["cleo-wrong"] == 0


def test_the_gradebook_holds_the_points_of_the_local_check(course, scores):
    submitted = course / "submitted" / "ben-half-right" / PROBLEM_SET / NOTEBOOK
    functions = load(submitted).functions
    assert scores["ben-half-right"] == sum(evaluate(name, f).earned for name, f in functions.items())


def test_feedback_shows_the_diagnosis_and_no_script_of_the_learner(course):
    page = next((course / "feedback" / "ben-half-right").rglob("*.html")).read_text()
    assert 'class="lossbook-report"' in page
    assert "exponentiates the logits as they are" in page


def test_stock_validate_accepts_the_right_one_and_refuses_the_wrong_one(course):
    def said(student):
        notebook = course / "submitted" / student / PROBLEM_SET / NOTEBOOK
        command = [sys.executable, "-m", "nbgrader", "validate", str(notebook)]
        return subprocess.run(command, cwd=course, capture_output=True, text=True, check=False).stdout

    assert "Success" in said("ada-right")
    refused = said("cleo-wrong")
    assert "cell failed" in refused
    assert "No points yet" in refused


def test_the_released_notebook_is_the_committed_one(course):
    made = nbformat.read(course / "exercises" / PROBLEM_SET / NOTEBOOK, as_version=4)
    committed = nbformat.read(ROOT / "exercises" / PROBLEM_SET / NOTEBOOK, as_version=4)
    assert made == committed


def test_stock_export_writes_the_same_points(course, scores):
    command = [sys.executable, "-m", "nbgrader", "export"]
    subprocess.run(command, cwd=course, capture_output=True, text=True, check=True)
    with (course / "grades.csv").open() as table:
        assert {row["student_id"]: float(row["score"]) for row in csv.DictReader(table)} == scores


def test_stock_formgrader_shows_the_same_points(course, scores):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    extensions = "{'nbgrader.server_extensions.formgrader': True}"
    options = [f"--port={port}", "--ip=127.0.0.1", "--no-browser", "--allow-root", "--ServerApp.token=test"]
    command = [
        sys.executable,
        "-m",
        "jupyter",
        "server",
        *options,
        f"--ServerApp.jpserver_extensions={extensions}",
    ]
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, cwd=course, env={**os.environ, "PATH": path}, **quiet)
    try:
        shown = answer_of(f"http://127.0.0.1:{port}/formgrader/api/submissions/{PROBLEM_SET}?token=test", server)
    finally:
        server.terminate()
        server.wait(30)
    assert {submission["student"]: submission["score"] for submission in shown} == scores


def answer_of(address, server):
    """Ask until the server is up."""
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                return json.load(answer)
        except OSError:
            assert server.poll() is None, "the server has ended"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.3)
