"""Whatever a learner's function does, the check ends, and says so in its own words."""

import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
import torch

from lossbook.activations import sigmoid
from lossbook.exercises import get_exercise
from lossbook.grader import evaluate
from lossbook.grader.limits import Worker
from lossbook.grader.runner import run_trusted


class Liar(torch.Tensor):
    """A tensor that claims to be equal to everything."""

    def __eq__(self, other):
        return torch.ones(self.shape, dtype=torch.bool)

    __hash__ = torch.Tensor.__hash__


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no")


def raises(error):
    def function(x):
        raise error

    return function


def prints(x):
    print("my x is", x.shape)
    return sigmoid(x)


def warns(x):
    warnings.warn("careful", stacklevel=1)
    return sigmoid(x)


def writes_to_stderr(x):
    sys.stderr.write("[W NNPACK.cpp:53] could not initialise\n")
    return sigmoid(x)


def changes_the_input_and_is_right(x):
    result = sigmoid(x)
    x += 1
    return result


RUBBISH = {
    "a list": (lambda x: [0.5], "returned a list: return a torch.Tensor"),
    "None": (lambda x: None, "returned None: is a return statement missing?"),
    "a float": (lambda x: 0.5, "returned a float"),
    "an array": (lambda x: x.detach().numpy(), "returned an object of type numpy.ndarray"),
    "a NumPy number": (lambda x: np.float64(0.5), "returned a float: return a torch.Tensor"),
    "a subclass": (lambda x: sigmoid(x).as_subclass(Liar), "Liar: return a plain torch.Tensor"),
    "a tuple": (lambda x: (sigmoid(x),), "returned a tuple"),
    "NaN": (lambda x: x * float("nan"), "nan, not 0.5"),
    "another shape": (lambda x: sigmoid(x).unsqueeze(0), "returned shape (1, 3), not (3,)"),
    "another dtype": (lambda x: sigmoid(x).double(), "returned dtype float64, not float32"),
    "integers": (lambda x: sigmoid(x).round().long(), "returned dtype int64, not float32"),
    "a complex number": (lambda x: torch.complex(sigmoid(x), sigmoid(x)), "returned dtype complex64"),
    "cut off": (lambda x: sigmoid(x).detach(), "cut off from their input"),
    "an input changed in place": (changes_the_input_and_is_right, "changed its input in place"),
    "an error": (lambda x: x.reshape(7, 7, 7), "raised RuntimeError: shape '[7, 7, 7]' is invalid"),
    "exit": (lambda x: sys.exit(3), "raised SystemExit: 3"),
    "Ctrl+C": (raises(KeyboardInterrupt()), "raised KeyboardInterrupt"),
    "no arguments": (lambda: 1, "raised TypeError"),
    "an unprintable error": (raises(Unprintable()), "raised Unprintable"),
    "recursion": (lambda x: RUBBISH["recursion"][0](x), "raised RecursionError"),
}


@pytest.mark.parametrize("kind", RUBBISH)
def test_each_kind_of_rubbish_gets_its_own_message(kind):
    function, message = RUBBISH[kind]
    report = evaluate("sigmoid", function, seed=0)
    assert not report.passed
    assert message in " ".join(str(report).split()), str(report)


def test_an_error_is_shown_with_the_learners_own_line():
    def wrong(x):
        y = x + 1
        return y.reshape(7, 7, 7)

    assert "y.reshape(7, 7, 7))" in str(evaluate("sigmoid", wrong, seed=0))


@pytest.mark.parametrize("function", [prints, warns, writes_to_stderr])
def test_printing_and_warning_cost_no_points(function):
    report = evaluate("sigmoid", function, seed=0)
    assert report.passed
    said = str(report) + report._repr_html_()
    assert "my x is" in said or "careful" in said or "NNPACK" in said


def endless(x):
    while True:
        pass


def endless_and_stubborn(x):
    while True:
        try:
            while True:
                time.sleep(0.001)
        except BaseException:
            pass


def sleeps(x):
    time.sleep(1e6)


@pytest.mark.parametrize("function", [endless, endless_and_stubborn, sleeps])
def test_an_endless_loop_is_stopped_and_said(function, monkeypatch):
    monkeypatch.setattr(Worker, "GRACE", 0.3)
    start = time.monotonic()
    report = evaluate("sigmoid", function, seed=0, seconds=0.2)
    assert time.monotonic() - start < 20
    assert "took too long" in str(report)
    assert "returns None" not in str(report)
    assert report.score == 0


def test_a_stopped_loop_ends_without_a_traceback():
    """Also where it is stopped again and again while it unwinds, and beyond what any code could catch."""
    program = (
        "import time\nfrom lossbook.grader.limits import Worker\n"
        "def slow_to_end():\n  try:\n    while True: pass\n  finally:\n"
        "    try: time.sleep(0.2)\n    finally: time.sleep(0.2)\n"
        "worker = Worker()\nassert not worker.run(slow_to_end, 0.1)\ntime.sleep(0.5)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_stopped_loop_leaves_the_process_usable():
    evaluate("sigmoid", endless, seed=0, seconds=0.1)
    assert evaluate("sigmoid", sigmoid, seed=0).passed


def test_one_endless_case_does_not_cost_the_other_aspects():
    def endless_for_large(x):
        while x.numel() and x.detach().abs().max() > 50:
            pass
        return sigmoid(x)

    report = evaluate("sigmoid", endless_for_large, seed=0, seconds=0.2)
    assert [aspect.name for aspect in report.aspects if aspect.passed] == [
        "values",
        "shapes and dtypes",
        "gradient",
    ]


def test_settings_of_the_process_are_put_back():
    def meddles(x):
        torch.set_default_dtype(torch.float64)
        sys.stdout = None
        return sigmoid(x)

    stdout = sys.stdout
    evaluate("sigmoid", meddles, seed=0)
    assert torch.get_default_dtype() == torch.float32
    assert sys.stdout is stdout


def test_a_default_dtype_set_in_the_notebook_changes_no_verdict():
    torch.set_default_dtype(torch.float64)
    try:
        assert evaluate("sigmoid", sigmoid, seed=0).passed
    finally:
        torch.set_default_dtype(torch.float32)


def test_no_grad_around_the_check_changes_no_verdict():
    with torch.no_grad():
        assert evaluate("sigmoid", sigmoid, seed=0).passed


def test_something_that_cannot_be_called_is_refused_in_one_sentence():
    with pytest.raises(TypeError, match="without parentheses after the name"):
        evaluate("sigmoid", torch.tensor(0.5))


def test_ctrl_c_while_a_reference_runs_is_ctrl_c():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_trusted(interrupted, get_exercise("sigmoid").draw(0))
