"""Of a solution with two mistakes the report names one at least, and none that is not in it."""

from importlib import import_module

import pytest

from lossbook.grader import evaluate

EXERCISES = (
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "bce_with_logits_gradient",
    "nll_loss",
    "cross_entropy",
    "cross_entropy_gradient",
)
SOLUTIONS = {name: import_module(f"two_mistakes.{name}").TWOFOLD.solutions for name in EXERCISES}
ALL = [(name, solution) for name, solutions in SOLUTIONS.items() for solution in solutions]


@pytest.mark.parametrize(
    ("name", "solution"), ALL, ids=[f"{name}-{solution.function.__name__}" for name, solution in ALL]
)
def test_one_of_the_two_is_named_and_nothing_else(name, solution):
    report = evaluate(name, solution.function, seed=3)
    named = {mistake.name for mistake in report.mistakes}
    assert named, str(report)
    assert named <= solution.mistakes, str(report)
    assert not report.forbidden


@pytest.mark.parametrize("name", EXERCISES)
def test_each_exercise_has_a_dozen_of_them(name):
    assert len(SOLUTIONS[name]) >= 12


def test_both_are_said_where_both_are_known():
    solution = next(s for s in SOLUTIONS["cross_entropy"] if s.mistakes == {"first_axis", "base_two"})
    report = evaluate("cross_entropy", solution.function, seed=3)
    first, second = report.mistakes
    assert report.both
    assert f"This looks like a solution that {first.title}. Besides, it {second.title}." in report.summary
