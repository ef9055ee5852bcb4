"""The verdict does not depend on the seed. ``benchmarks/verdicts.py`` tries 200 of them, and prints a table."""

import pytest

from lossbook import activations, losses
from lossbook.exercises import exercise_names, get_exercise
from lossbook.grader import first_failure

SEEDS = range(100, 110)


@pytest.mark.parametrize("name", exercise_names())
def test_the_right_solution_passes_for_every_seed(name):
    ours = getattr(activations, name, None) or getattr(losses, name, None) or get_exercise(name).reference
    failed = {seed: failure for seed in SEEDS if (failure := first_failure(name, ours, seed)) is not None}
    assert failed == {}


@pytest.mark.parametrize("name", exercise_names())
def test_every_mistake_fails_for_every_seed(name):
    for mistake in get_exercise(name).mistakes:
        for function in mistake.functions:
            passed = [seed for seed in SEEDS if first_failure(name, function, seed) is None]
            assert passed == [], mistake.name
