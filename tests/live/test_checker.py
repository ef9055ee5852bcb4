"""The checker that runs in the page, run here: right answers, named mistakes, and everything that goes wrong."""

import json
import re

import numpy as np
import pytest

from lossbook.live.page import checker
from lossbook.live.twins import TWINS


def run(code, data=None):
    """Return the result of some code, and what it printed and plotted."""
    emitted = {"output": "", "plot": []}

    def emit(kind, text):
        emitted[kind] += text if kind == "output" else [json.loads(text)]

    result = json.loads(checker.run(code, data, emit))
    return result, emitted


@pytest.fixture(scope="module")
def data(live_data):
    """The data of each exercise, as JSON."""
    return {name: json.dumps(live_data(name)) for name in TWINS}


@pytest.mark.parametrize("name", TWINS)
def test_starter_is_not_written_and_the_solution_passes(name, data):
    result, _ = run(TWINS[name].starter, data[name])
    assert not result["passed"]
    assert "not written yet" in result["summary"]
    result, _ = run(TWINS[name].answer, data[name])
    assert result["passed"]
    assert all(aspect["right"] == aspect["cases"] > 0 for aspect in result["aspects"])


@pytest.mark.parametrize("name", TWINS)
def test_each_mistake_is_named(name, data, wrong_code):
    for mistake in json.loads(data[name])["mistakes"]:
        with np.errstate(all="ignore"):
            result, _ = run(wrong_code(name, mistake["name"]), data[name])
        assert not result["passed"], mistake["name"]
        assert result.get("mistake") == mistake["name"]
        assert mistake["title"] in result["summary"]


def test_two_mistakes_at_once_are_told_from_one(data, wrong_code):
    code = wrong_code("cross_entropy", "no_shift").replace("cross_entropy = no_shift", "")
    code += "\n\ndef cross_entropy(logits, target):\n    return -no_shift(logits, target)\n"
    result, _ = run(code, data["cross_entropy"])
    assert result["mistake"] in ("sign_missing", "no_shift")


def test_unknown_numbers_get_a_pattern_or_a_place_to_start(data):
    result, _ = run("def softmax(x, axis):\n    return x * 0 + 0.123\n", data["softmax"])
    assert "No known mistake" in result["summary"]
    assert "mistake" not in result
    solution = (
        TWINS["softmax"].answer + "\n\nright = softmax\n\ndef softmax(x, axis):\n    return 3 * right(x, axis)\n"
    )
    result, _ = run(solution, data["softmax"])
    assert "3 times torch's" in result["summary"]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("pass", "returned None: is a return statement missing?"),
        ("return list(x)", "returned a list: return a NumPy array"),
        ("return 'yes'", "returned a str: return a NumPy array"),
        ("return x[:1]", "returned shape (1,), not (3,)"),
        ("return x > 0", "returned numbers of dtype bool, not float64"),
        (
            "return y if x.ndim == 1 else x",
            "raised NameError: name 'y' is not defined (line 2: return y if x.ndim == 1 else x)",
        ),
        ("return x, x", "returned a tuple of 2: return a NumPy array"),
        ("x += 1\n    return x", "changed its input in place: work on a copy, the caller still needs it"),
    ],
)
def test_problem_says_what_came_back(body, problem, data):
    with np.errstate(all="ignore"):
        result, _ = run(f"def softmax(x, axis):\n    {body}\n", data["softmax"])
    failure = result["aspects"][0]["failure"]
    assert failure["problem"] == problem
    assert failure["call"] == "softmax(array([1., 2., 3.]), 0)"


def test_missing_function_is_said(data):
    result, _ = run("def soft_max(x, axis):\n    return x\n", data["softmax"])
    assert result["summary"] == "There is no function softmax in your code: it defines soft_max instead."
    result, _ = run("softmax = 3", data["softmax"])
    assert result["summary"].endswith("keep its name, or press Reset.")
    assert result["failed"]


def test_error_in_every_case_is_shown_as_the_codes_own(data):
    result, _ = run("def softmax(x, axis):\n    return nump.exp(x)\n", data["softmax"])
    assert result["summary"] == "Your function stops with an error in every case."
    assert result["error"]["line"] == 2
    assert result["error"]["text"].startswith(
        "Called as softmax(array([1., 2., 3.]), 0)\nLine 2, in softmax:\n    return nump.exp(x)\nNameError"
    )


@pytest.mark.parametrize("slip", ["numpy_.exp(x)", "x.softmax(axis)", "x.sum(axis, keepdim=True)"])
def test_slip_is_not_taken_for_a_mistake_that_numpy_refuses(slip, data):
    """Some mistakes of no_keepdim's kind raise in most cases, but a wrong name says nothing of the formula."""
    code = f"def softmax(x, axis):\n    return {slip} if x.ndim > 1 else x\n"
    result, _ = run(code, data["softmax"])
    assert "mistake" not in result


@pytest.mark.parametrize(("call", "word"), [("x.sum(dim=0)", "axis"), ("x.sum(0, keepdim=True)", "keepdims")])
def test_torchs_names_of_arguments_get_numpys(call, word, data):
    code = f"import numpy as np\nx = np.ones((2, 2))\n{call}"
    assert f"(NumPy says {word})" in run(code)[0]["error"]["text"]
    result, _ = run(f"def softmax(x, axis):\n    return x if x.ndim == 1 else {call}\n", data["softmax"])
    assert f"(NumPy says {word})" in result["aspects"][1]["failure"]["problem"]


def test_answer_of_two_parts_says_which_is_wrong(data):
    right = TWINS["probability_and_decision"].answer.replace("def prob", "def right_prob")
    name = "probability_and_decision"
    result, _ = run(f"{right}\ndef {name}(z):\n    p, d = right_{name}(z)\n    return p, 7 + d\n", data[name])
    failure = result["aspects"][0]["failure"]
    assert failure["problem"] == "returned 7, not 0, for item 1"
    assert failure["yours"] == "(array([0.268941]), array([7]))"
    assert failure["right"] == "(array([0.268941]), array([0]))"
    assert failure["label"] == "expected"
    result, _ = run(f"def {name}(z):\n    return z\n", data[name])
    assert result["aspects"][0]["failure"]["problem"] == "returned an array: return a tuple of 2"


def test_sentences_say_whose_numbers_these_are(data):
    result, _ = run(TWINS["softmax"].answer, data["softmax"])
    assert result["summary"] == "All right: in every case your numbers are torch's."
    result, _ = run(TWINS["temperature"].answer, data["temperature"])
    assert result["summary"] == "All right: every answer is the expected one."


def test_syntax_error_names_its_line():
    result, _ = run("x = 1\ny = (2\n")
    assert result["error"]["line"] == 2
    assert result["error"]["text"].startswith("Line 2")
    assert "SyntaxError" in result["error"]["text"]


def test_error_shows_the_readers_own_lines_only():
    result, _ = run("import numpy as np\n\ndef f(x):\n    return np.ones(2) @ x\n\nf(np.ones(3))\n")
    text = result["error"]["text"]
    assert text.startswith(
        "Line 6, in your code:\n    f(np.ones(3))\nLine 4, in f:\n    return np.ones(2) @ x\nValueError"
    )
    assert result["error"]["line"] == 4
    assert not re.search(r"\.py|<frozen|File", text)


@pytest.mark.parametrize("code", ["raise SystemExit", "raise KeyboardInterrupt", "def f():\n    f()\nf()"])
def test_nothing_that_code_raises_gets_out(code):
    result, _ = run(code)
    assert result["error"]["kind"] in ("SystemExit", "KeyboardInterrupt", "RecursionError")
    assert len(result["error"]["text"]) < 3000


def test_printing_is_shown_up_to_a_limit():
    result, emitted = run("print('x' * 10_000)\nprint('more')")
    assert len(emitted["output"]) < checker.MOST_PRINTED + 100
    assert "only the first 4000 characters" in emitted["output"]
    assert "error" not in result


def test_what_the_function_prints_stands_below_its_call(data):
    code = "print('start')\ndef softmax(x, axis):\n    if x.ndim == 1 and x[0] < 0: print(x)\n    return x\n"
    _, emitted = run(code, data["softmax"])
    assert emitted["output"] == "start\n# softmax(array([-1000., -1000.]), 0)\n[-1000. -1000.]\n"


def test_last_line_is_shown_as_a_notebook_would():
    _, emitted = run("import numpy as np\nx = np.array([1.0, 2.0])\nx * 2")
    assert emitted["output"] == "array([2., 4.])\n"
    _, emitted = run("None")
    assert emitted["output"] == ""


def test_warning_names_the_line():
    result, _ = run("import numpy as np\nnp.log(np.zeros(1))\n")
    assert result["warnings"] == ["line 2: divide by zero encountered in log"]


@pytest.mark.parametrize("code", ["import lossbook", "from lossbook import softmax"])
def test_exercise_is_not_solved_by_an_import(code, data):
    result, _ = run(code, data["softmax"])
    assert "you write the functions yourself" in result["error"]["text"]
    import lossbook

    assert lossbook.__version__


def test_asking_for_input_is_refused():
    result, _ = run("input('how many? ')")
    assert "write the value into the code" in result["error"]["text"]


def test_code_of_one_run_is_not_there_in_the_next():
    run("forgotten = 1")
    result, _ = run("forgotten")
    assert result["error"]["kind"] == "NameError"


def test_whatever_numpy_is_told_ends_with_the_run(data):
    run("import numpy as np\nnp.set_printoptions(precision=1)\nnp.seterr(all='raise')")
    assert np.get_printoptions()["precision"] == 8
    assert np.geterr()["divide"] == "warn"


def test_what_a_run_does_to_numpy_ends_with_it():
    run("import numpy as np\nnp.exp = None\nnp.pi = 3")
    _, emitted = run("import numpy as np\nnp.exp(0.0), np.pi > 3")
    assert emitted["output"] == "(np.float64(1.0), True)\n"


def test_endless_line_of_an_error_is_cut():
    result, _ = run("raise ValueError('x' * 100_000)")
    assert len(result["error"]["text"]) < 1000


def test_plots_are_handed_over():
    code = "import numpy as np\nfrom lossbook.live.page import plot\nplot([0, 1, 2], a=[1, np.nan, 3], xlabel='z')"
    _, emitted = run(code)
    assert emitted["plot"] == [{"xlabel": "z", "x": [0, 1, 2], "curves": [{"label": "a", "y": [1, None, 3]}]}]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("plot([0, 1])", "one to 6 curves"),
        ("plot([0, 1], [1, 2, 3])", "one number for each x"),
        ("plot(1, 2)", "shape (n,)"),
    ],
)
def test_plot_says_what_it_wants(call, message):
    result, emitted = run(f"from lossbook.live.page import plot\n{call}")
    assert message in result["error"]["text"]
    assert emitted["plot"] == []


def test_long_curves_are_thinned_and_endless_plots_end():
    code = "import numpy as np\nfrom lossbook.live.page import plot\n"
    _, emitted = run(code + "x = np.arange(100_000)\nfor i in range(20):\n    plot(x, x)\n")
    assert len(emitted["plot"]) == checker.MOST_PLOTS
    assert len(emitted["plot"][0]["x"]) <= 1000
