"""Every exercise, from its description: the reference passes, the stub fails, each mistake is named."""

from html import unescape

import numpy as np
import pytest
import torch

from lossbook import activations, losses
from lossbook.exercises import SETS, exercise_names, get_exercise
from lossbook.grader import evaluate
from lossbook.grader.compare import difference
from lossbook.grader.runner import run_all

MISTAKES = [(name, mistake.name) for name in exercise_names() for mistake in get_exercise(name).mistakes]
VARIANTS = [
    (name, mistake, position)
    for name in exercise_names()
    for mistake in get_exercise(name).mistakes
    for position in range(len(mistake.variants))
]
SEEDS = (0, 20261123)


def ours(name):
    return getattr(activations, name, None) or getattr(losses, name, None)


@pytest.mark.parametrize("name", [name for name in exercise_names() if ours(name)])
@pytest.mark.parametrize("seed", SEEDS)
def test_our_own_implementation_earns_everything(name, seed):
    report = evaluate(name, ours(name), seed)
    assert report.passed, str(report)
    assert report.score == 1
    assert report.mistakes == ()


@pytest.mark.parametrize("name", exercise_names())
def test_the_stub_fails_and_is_called_unwritten(name):
    report = evaluate(name, get_exercise(name).stub)
    assert report.score == 0
    assert report.unsolved
    assert "not written yet" in str(report)


@pytest.mark.parametrize("name", [name for name in exercise_names() if get_exercise(name).forbidden])
def test_torchs_own_function_is_found_and_earns_nothing(name):
    report = evaluate(name, get_exercise(name).reference)
    assert report.score == 0
    assert "torch's own" in report.summary


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
@pytest.mark.parametrize("seed", SEEDS)
def test_each_mistake_loses_points_and_is_named_first(name, mistake, seed):
    wrong = next(m for m in get_exercise(name).mistakes if m.name == mistake)
    report = evaluate(name, wrong.function, seed)
    assert not report.passed
    assert [m.name for m in report.mistakes][:1] == [mistake], str(report)
    assert wrong.title in unescape(report._repr_html_())


@pytest.mark.parametrize(
    ("name", "mistake", "position"), VARIANTS, ids=[f"{name}-{m.name}-{i}" for name, m, i in VARIANTS]
)
def test_each_variant_of_a_mistake_is_named_as_that_mistake(name, mistake, position):
    report = evaluate(name, mistake.variants[position], seed=0)
    assert not report.passed
    assert [m.name for m in report.mistakes][:1] == [mistake.name], str(report)


@pytest.mark.parametrize("name", exercise_names())
def test_each_exercise_names_at_least_five_mistakes(name):
    assert len(get_exercise(name).mistakes) >= 5


@pytest.mark.parametrize("name", exercise_names())
def test_every_aspect_is_needed(name):
    """No aspect passes for free: a function that returns its input unchanged fails each of them."""
    exercise = get_exercise(name)
    drawn = exercise.draw(0)
    wants = run_all(exercise.reference, drawn)
    gots = run_all(lambda x, *rest: x.clone(), drawn)
    for (aspect, cases), want_row, got_row in zip(drawn, wants, gots, strict=True):
        problems = [difference(w, g, aspect, c) for c, w, g in zip(cases, want_row, got_row, strict=True)]
        assert any(problems), aspect.name


@pytest.mark.parametrize("name", exercise_names())
def test_a_seed_gives_the_same_cases_and_another_seed_others(name):
    exercise = get_exercise(name)

    def flat(value):
        return [leaf for item in value for leaf in flat(item)] if isinstance(value, list | tuple) else [value]

    def numbers(seed):
        return flat([case.args for _, cases in exercise.draw(seed) for case in cases])

    def same(a, b):
        if not isinstance(a, torch.Tensor):
            return a == b
        return np.array_equal(a, b, equal_nan=a.is_floating_point())

    first, again, other = numbers(1), numbers(1), numbers(2)
    assert all(map(same, first, again))
    assert not all(map(same, first, other))


@pytest.mark.parametrize("name", exercise_names())
def test_a_description_is_complete(name):
    exercise = get_exercise(name)
    assert exercise.name == name == exercise.stub.__name__
    assert exercise.stub.__doc__
    assert name in SETS[exercise.problem_set]
    assert len(exercise.hints) >= 2
    assert 1 <= exercise.difficulty <= 5
    assert exercise.minutes > 0
    assert all(aspect.points > 0 for aspect in exercise.aspects)
    names = [mistake.name for mistake in exercise.mistakes]
    assert len(names) == len(set(names))
    assert not any(mistake.title.endswith(".") for mistake in exercise.mistakes)


def test_an_unknown_exercise_is_said_with_those_that_there_are():
    with pytest.raises(KeyError, match=r"no exercise 'sofmax': choose one of sigmoid"):
        get_exercise("sofmax")


@pytest.mark.parametrize("name", exercise_names())
def test_what_is_cut_off_from_autograd_has_right_values_all_the_same(name):
    """So it is its gradient that the mistake shows in, and not an error of its own."""
    exercise = get_exercise(name)
    for mistake in exercise.mistakes:
        if mistake.name == "detached":
            failed = [
                aspect.name for aspect in evaluate(name, mistake.function, seed=0).aspects if not aspect.passed
            ]
            assert set(failed) == {aspect.name for aspect in exercise.aspects if aspect.gradient}
