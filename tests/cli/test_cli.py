"""The command: what it prints, how it ends, and that help does not wait for torch."""

import json
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lossbook import cli
from lossbook.cli import CANNOT_RUN, FAILED, PASSED, main
from lossbook.exercises import SETS, get_exercise

ROOT = Path(__file__).resolve().parents[2]
RIGHT = "import torch\n\ndef softmax(x, dim):\n    e = torch.exp(x - x.amax(dim, keepdim=True))\n"
RIGHT += "    return e / e.sum(dim, keepdim=True)\n"
WRONG = RIGHT.replace(" - x.amax(dim, keepdim=True)", "")


@pytest.fixture
def workbook(tmp_path):
    def write(source, name="work.py"):
        path = tmp_path / name
        path.write_text(source)
        return str(path)

    return write


def as_notebook(*cells):
    return json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]})


def test_a_right_file_passes(workbook, capsys):
    assert main(["check", workbook(RIGHT)]) == PASSED
    assert "5 of 5 points" in capsys.readouterr().out


def test_a_wrong_file_fails_and_says_why(workbook, capsys):
    assert main(["check", workbook(WRONG)]) == FAILED
    assert "exp(1000) is inf" in capsys.readouterr().out


def test_a_notebook_is_checked_cell_by_cell(workbook, capsys):
    cells = [
        "%matplotlib inline\nimport torch",
        RIGHT,
        "1 / 0",
        'from lossbook import check\ncheck("softmax", softmax)',
    ]
    assert main(["check", workbook(as_notebook(*cells), "work.ipynb")]) == PASSED
    said = capsys.readouterr().out
    assert "cell 3 raised ZeroDivisionError" in said
    assert said.count("softmax: 5 of 5") == 1


def test_an_error_names_the_line_of_the_file(workbook, capsys):
    main(["check", workbook("def softmax(x, dim):\n    return x.nothing\n")])
    assert "(line 2: return x.nothing)" in " ".join(capsys.readouterr().out.split())


def test_one_exercise_and_one_seed(workbook, capsys):
    path = workbook(RIGHT + "\ndef sigmoid(x):\n    raise NotImplementedError\n")
    assert main(["check", path, "--exercise", "softmax", "--seed", "7"]) == PASSED
    assert main(["check", path]) == FAILED
    assert "not written yet" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("gone.ipynb", None, "Is the path right?"),
        ("work.txt", "", "neither a notebook"),
        ("work.ipynb", "{", "no valid notebook"),
        ("work.ipynb", '{"cells": 3}', "no valid notebook"),
        ("work.py", "x = 1", "none of the exercises' functions"),
        ("work.py", "def softmax(x, dim)", "SyntaxError"),
    ],
)
def test_what_cannot_be_checked_is_said_in_one_line(tmp_path, capsys, name, source, message):
    if source is not None:
        (tmp_path / name).write_text(source)
    assert main(["check", str(tmp_path / name)]) == CANNOT_RUN
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1


def test_an_unknown_exercise_is_said_in_one_line(workbook, capsys):
    assert main(["check", workbook(RIGHT), "--exercise", "sofmax"]) == CANNOT_RUN
    assert "it has softmax" in capsys.readouterr().err


def test_an_unknown_command_is_said_in_one_line(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["chek"])
    assert ended.value.code == CANNOT_RUN
    assert capsys.readouterr().err.count("\n") == 1


def test_help_imports_nothing_heavy():
    code = "import sys, lossbook.cli as c\ntry:\n    c.main(['--help'])\nexcept SystemExit:\n    pass\n"
    code += "print(sorted({'torch', 'numpy', 'matplotlib', 'IPython', 'nbformat'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")


def test_progress_shows_bars_and_what_is_next(tmp_path, capsys):
    (tmp_path / "01-probabilities").mkdir()
    stubs = [f"def {name}(x, dim=0):\n    raise NotImplementedError" for name in SETS["01-probabilities"]]
    solved = [RIGHT if "softmax(x" in stub and "log" not in stub else stub for stub in stubs]
    (tmp_path / "01-probabilities" / "work.ipynb").write_text(as_notebook("import torch", *solved))
    assert main(["progress", str(tmp_path)]) == PASSED
    said = capsys.readouterr().out
    assert "✓ softmax" in said
    assert "· sigmoid" in said
    assert "5 of 30" in said
    assert "Next: sigmoid, in " in said


def test_progress_says_which_notebook_it_cannot_read(tmp_path, capsys):
    (tmp_path / "01-probabilities").mkdir()
    (tmp_path / "01-probabilities" / "work.ipynb").write_text("{")
    assert main(["progress", str(tmp_path)]) == PASSED
    assert "no valid notebook" in capsys.readouterr().out


def test_progress_without_a_folder_is_said_in_one_line(tmp_path, capsys):
    assert main(["progress", str(tmp_path / "gone")]) == CANNOT_RUN
    assert capsys.readouterr().err.count("\n") == 1


def test_hints_come_one_step_at_a_time(capsys):
    assert main(["hint", "softmax"]) == PASSED
    said = capsys.readouterr().out
    hints = get_exercise("softmax").hints
    assert hints[0] in said
    assert hints[1] not in said
    assert "lossbook hint softmax 2" in said
    assert main(["hint", "softmax", str(len(hints) + 1)]) == CANNOT_RUN


class Watcher:
    """A running ``lossbook watch``, whose lines can be waited for."""

    def __init__(self, path):
        # A shell lets what it runs in the background ignore Ctrl+C, and so do the tests' own children then.
        heed_ctrl_c = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
        run = "import sys; from lossbook import cli; sys.exit(cli.main())"
        command = [sys.executable, "-u", "-c", f"{heed_ctrl_c}; {run}", "watch", path]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.said = ""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.said += line

    def wait_for(self, text, times=1, seconds=60):
        deadline = time.monotonic() + seconds
        while self.said.count(text) < times:
            assert time.monotonic() < deadline, self.said
            time.sleep(0.02)


def test_watch_checks_again_at_each_save_and_ends_with_ctrl_c(workbook):
    path = workbook(WRONG)
    watcher = Watcher(path)
    try:
        watcher.wait_for("✗ softmax")
        Path(path).write_text("def softmax(")
        watcher.wait_for("SyntaxError")
        Path(path).write_text(RIGHT + "# mended\n")
        watcher.wait_for("✓ softmax")
        watcher.process.send_signal(signal.SIGINT)
        assert watcher.process.wait(20) == PASSED
    finally:
        watcher.process.kill()


def test_all_saves_are_asked_the_same_cases(workbook, monkeypatch, capsys):
    """The case in question stays where it is, and what mistakes answer to it is computed once."""
    monkeypatch.setattr(cli, "_changes", lambda path: iter([None, None]))
    assert main(["watch", workbook(WRONG)]) == PASSED
    first, second = re.findall(r"seed=(\d+)", capsys.readouterr().out)
    assert first == second


def test_a_report_on_a_terminal_has_colours_and_elsewhere_has_none(workbook, monkeypatch, capsys):
    path = workbook(WRONG)
    main(["check", path])
    assert "\x1b[" not in capsys.readouterr().out
    monkeypatch.setenv("FORCE_COLOR", "1")
    main(["check", path])
    assert "\x1b[32m" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["check {}/work.py", "hint cross_entropy 2", "progress {}"])
def test_lines_fit_into_a_narrow_terminal(workbook, monkeypatch, capsys, command):
    path = workbook("def choose_loss(problem):\n    return dict(problem)\n" + WRONG)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    main(command.format(Path(path).parent).split())
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    words = [line for line in lines if "Next: " not in line and "Read about" not in line]  # places are not broken
    assert len(words) > 1
    assert max(map(len, words)) <= 60
