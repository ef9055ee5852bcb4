"""What the report says of wrong work: named mistakes, two mistakes in one, and patterns of the numbers."""

import math

import pytest
import torch

from lossbook.activations import log_sigmoid, log_softmax, sigmoid, softmax
from lossbook.exercises import exercise_names, get_exercise
from lossbook.grader import evaluate
from lossbook.grader.compare import difference
from lossbook.grader.runner import run_trusted


def named(report):
    return [mistake.name for mistake in report.mistakes]


PATTERNS = {
    "sign": ("softmax", lambda x, dim: -softmax(x, dim), "with the sign turned around"),
    "factor": ("softmax", lambda x, dim: 0.37 * softmax(x, dim), "0.37 times torch's, in every case"),
    "offset": ("softmax", lambda x, dim: softmax(x, dim) + 0.25, "off by +0.25, in every case"),
    "log 2": ("log_sigmoid", lambda x: log_sigmoid(x) - math.log(2), "log 2 too small"),
    "one minus": ("softmax", lambda x, dim: 1 - softmax(x, dim), "1 minus torch's"),
    "base 10": ("log_softmax", lambda x, dim: log_softmax(x, dim) / math.log(10), "logarithms to base 10"),
    "gradient only": (
        "sigmoid",
        lambda x: sigmoid(x).detach() + 2 * (sigmoid(x) - sigmoid(x).detach()),
        "only the gradient is not",
    ),
    "one aspect only": (
        "softmax",
        lambda x, dim: softmax(x, dim) if x.dim() < 3 else softmax(x, dim) + x,
        "Everything is right but this one aspect: every axis",
    ),
}


@pytest.mark.parametrize("kind", PATTERNS)
def test_unknown_wrong_work_gets_its_pattern(kind):
    name, function, sentence = PATTERNS[kind]
    report = evaluate(name, function, seed=3)
    assert not report.passed
    assert sentence in report.pattern
    assert named(report) or sentence in str(report).replace("\n", " ")


def test_numbers_without_any_pattern_are_not_explained_away():
    report = evaluate("softmax", lambda x, dim: torch.cos(x * 7.3) + 0.1 * x, seed=3)
    assert report.pattern == ""
    assert report.mistakes == ()
    assert "the smallest that fails" in str(report)
    assert "softmax(tensor([1., 2., 3.]), 0)" in str(report)


COMBINED = {
    "wrong axis and no shift": (
        "softmax",
        lambda x, dim: torch.exp(x) / torch.exp(x).sum(-1, keepdim=True),
        {"last_axis", "no_shift"},
    ),
    "sign and base 2": (
        "log_softmax",
        lambda x, dim: -log_softmax(x, dim) / math.log(2),
        {"sign_turned", "base_two"},
    ),
    "no shift and kept axis": (
        "logsumexp",
        lambda x, dim: torch.log(torch.exp(x).sum(dim, keepdim=True)),
        {"no_shift", "keeps_axis"},
    ),
    "overflow and sign": (
        "log_sigmoid",
        lambda x: torch.log(1 + torch.exp(-x)),
        {"softplus", "overflows_and_rounds", "overflows"},
    ),
}


@pytest.mark.parametrize("kind", COMBINED)
def test_of_two_mistakes_in_one_at_least_one_is_named(kind):
    name, function, either = COMBINED[kind]
    report = evaluate(name, function, seed=3)
    assert set(named(report)) & either, str(report)


def unchecked(exercise, function):
    """Return the function with a second mistake: it accepts what the exercise wants refused."""

    def accepting(*args, **kwargs):
        try:
            exercise.reference(*args, **kwargs)
        except Exception:
            return torch.tensor(0.0)
        return function(*args, **kwargs)

    return accepting


def refuses(exercise):
    return any(o.failure for row in run_trusted(exercise.reference, exercise.draw(0)) for o in row)


def first_wrong_numbers(exercise):
    """Return the first mistake that gives other numbers, not only other errors."""
    drawn = exercise.draw(0)
    wants = run_trusted(exercise.reference, drawn)
    for mistake in exercise.mistakes:
        gots = run_trusted(mistake.function, drawn)
        for (aspect, cases), want_row, got_row in zip(drawn, wants, gots, strict=True):
            for case, want, got in zip(cases, want_row, got_row, strict=True):
                if not want.failure and not got.failure and difference(want, got, aspect, case):
                    return mistake
    raise AssertionError(exercise.name)


@pytest.mark.parametrize("name", [name for name in exercise_names() if refuses(get_exercise(name))])
def test_wrong_numbers_are_named_before_a_missing_check(name):
    exercise = get_exercise(name)
    mistake = first_wrong_numbers(exercise)
    report = evaluate(name, unchecked(exercise, mistake.function), seed=3)
    assert named(report)[:1] == [mistake.name], str(report)


def test_a_missing_check_alone_is_still_named():
    report = evaluate("two_logits_to_one", lambda logits: logits[..., -1] - logits[..., 0], seed=3)
    assert named(report)[:1] == ["unchecked"]


@pytest.mark.parametrize("name", ["sigmoid", "softmax", "logsumexp"])
def test_a_report_never_shows_a_traceback_or_a_solution(name):
    for mistake in get_exercise(name).mistakes:
        report = evaluate(name, mistake.function, seed=0)
        for view in (str(report), report._repr_html_()):
            assert "Traceback" not in view
        assert "amax" not in str(report)
