"""What the report says of wrong work: named mistakes, two mistakes in one, and patterns of the numbers."""

import math
import re

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
    "negative": (
        "temperature",
        lambda logits, target: -logits[0, 0].exp().item(),
        "negative, and no right one is",
    ),
    "its input": ("log_sigmoid", lambda x: torch.log(sigmoid(x) / (1 - sigmoid(x))) * 0 + x, "its first argument"),
    "shape": ("softmax", lambda x, dim: softmax(x, dim).unsqueeze(0), "numbers are right, their shape is not"),
    "dtype": (
        "softmax",
        lambda x, dim: softmax(x, dim).to(torch.complex64).real.half().to(x.dtype),
        "three digits",
    ),
    "float32": ("softmax", lambda x, dim: softmax(x.float(), dim).to(x.dtype), "float32's digits only"),
    "another dtype": ("softmax", lambda x, dim: softmax(x, dim).double(), "right, their dtype is not"),
    "exponentials": ("logsumexp", lambda x, dim: torch.exp(x).sum(dim), "a logarithm is missing"),
    "logarithms": ("softmax", lambda x, dim: torch.log(softmax(x, dim)), "one logarithm too many"),
    "some errors": (
        "softmax",
        lambda x, dim: softmax(x, dim) if x.dim() < 3 else x.nothing,
        "In some calls it stops with an error (AttributeError)",
    ),
    "sometimes nothing": (
        "softmax",
        lambda x, dim: softmax(x, dim) if x.dim() < 3 else None,
        "In some calls it returns None",
    ),
    "another error": (
        "two_logits_to_one",
        lambda x: x[..., 1] - x[..., 0] if x.shape[-1] == 2 else x.nothing,
        "with another error than the one that is asked for",
    ),
    "error": (
        "softmax",
        lambda x, dim: x - x.max(dim),
        "It stops with an error (TypeError): x.max(dim) returns two",
    ),
    "nothing": ("softmax", lambda x, dim: None, "It returns None: is a return statement missing?"),
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


def test_a_coincidence_of_single_numbers_is_no_pattern():
    def clamps_each_product(input, target, weight=None, reduction="mean"):
        one = (target * torch.log(input)).clamp(min=-100)
        loss = -(one + ((1 - target) * torch.log1p(-input)).clamp(min=-100))
        loss = loss if weight is None else loss * weight
        return loss.mean() if reduction == "mean" else loss.sum() if reduction == "sum" else loss

    report = evaluate("binary_cross_entropy", clamps_each_product, seed=3)
    assert "times" not in report.pattern


def test_another_small_number_is_the_same_mistake():
    report = evaluate("log_sigmoid", lambda x: torch.log(sigmoid(x) + 1e-12), seed=3)
    assert named(report)[:1] == ["log_with_eps"]


def test_wrong_numbers_that_nobody_knows_are_not_passed_over_for_a_missing_check():
    report = evaluate("two_logits_to_one", lambda logits: 3 * logits[..., -1] - 0.7 * logits[..., 0], seed=3)
    assert named(report) == []
    assert "None of the known mistakes fits" in str(report)


def test_numbers_that_round_alike_are_shown_with_the_digits_that_differ():
    report = evaluate("log_sigmoid", lambda x: log_sigmoid(x) * (1 + 1e-9), seed=3)
    problems = [r.difference.problem for r in report.results if r.difference]
    assert problems
    for problem in problems:
        mine, right = re.search(r"returned (\S+), not (\S+?),", problem).groups()
        assert mine != right


def test_numbers_without_any_pattern_are_not_explained_away():
    report = evaluate("softmax", lambda x, dim: torch.cos(x * 7.3) ** 2 + 0.01 * x**2, seed=3)
    assert report.pattern == ""
    assert report.mistakes == ()
    assert "the smallest that fails" in str(report)
    assert "softmax(tensor([1., 2., 3.]), 0)" in str(report)


def test_a_base_that_nobody_named_is_not_taken_for_a_sign():
    """Any factor of the right answer is a factor of a mistake that is one itself."""
    report = evaluate("log_softmax", lambda x, dim: log_softmax(x, dim) / math.log(10), seed=3)
    assert named(report) == []


def test_right_values_with_a_wrong_gradient_are_not_those_of_any_other_gradient():
    def steeper(x):
        return sigmoid(x).detach() + 3 * (sigmoid(x) - sigmoid(x).detach())

    assert named(evaluate("sigmoid", steeper, seed=3)) == []


def test_what_explains_later_failures_only_is_said_so():
    """The first failure has another reason, which nobody knows: 1 / (1 - exp(-x))."""
    report = evaluate("sigmoid", lambda x: 1 / (1 - torch.exp(-x)), seed=3)
    assert named(report)[:1] == ["textbook"]
    assert "Further down this looks like a solution that computes 1 / (1 + exp(-x))" in report.summary
    assert "This looks" not in report.summary


def test_one_failing_case_is_no_pattern():
    def clamps(logits, target, weight=None, reduction="mean"):
        return get_exercise("cross_entropy_gradient").reference(logits.clamp(-55, 55), target, weight, reduction)

    assert "times" not in evaluate("cross_entropy_gradient", clamps, seed=1).pattern


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


def gives_wrong_numbers(exercise, mistake):
    drawn = exercise.draw(0)
    wants, gots = run_trusted(exercise.reference, drawn), run_trusted(mistake.function, drawn)
    return any(
        not want.failure and not got.failure and difference(want, got, aspect, case)
        for (aspect, cases), want_row, got_row in zip(drawn, wants, gots, strict=True)
        for case, want, got in zip(cases, want_row, got_row, strict=True)
    )


@pytest.mark.parametrize("name", [name for name in exercise_names() if refuses(get_exercise(name))])
def test_wrong_numbers_are_named_before_a_missing_check(name):
    exercise = get_exercise(name)
    mistake = next(m for m in exercise.mistakes if gives_wrong_numbers(exercise, m))
    report = evaluate(name, unchecked(exercise, mistake.function), seed=3)
    assert mistake.name in named(report), str(report)
    assert gives_wrong_numbers(exercise, report.mistakes[0])


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
