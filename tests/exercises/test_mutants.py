"""Every small change to a solution is noticed, or is known to change nothing."""

import warnings

import pytest
from equivalent_mutants import EQUIVALENT
from mutation import ENOUGH, mutants, survives

from lossbook.exercises import exercise_names


@pytest.mark.parametrize("name", exercise_names())
def test_each_mutant_is_killed_or_known_to_be_equivalent(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = mutants(name)
        alive = {mutant.change for mutant in made if survives(name, mutant, seed=0)}
    known = EQUIVALENT.get(name, {})
    assert len(made) >= ENOUGH
    assert not alive - set(known), "these pass:\n" + "\n".join(sorted(alive - set(known)))
    assert not set(known) - alive, "no longer there:\n" + "\n".join(sorted(set(known) - alive))
    assert all(len(reason) > 20 for reason in known.values())
