"""Answers that are no single tensor: tuples, dicts, bool tensors."""

import numpy as np
import pytest
import torch

from lossbook.exercises import Aspect, Case
from lossbook.grader.compare import difference
from lossbook.grader.outcome import Outcome, freeze

CASE = Case((torch.zeros(2),))
WANT = {"loss": "BCE", "shape": (4,), "weight": 3.0}


def compare(want, got, entries=()):
    aspect = Aspect("values", 1, lambda generator: iter([CASE]), entries=entries)
    return difference(Outcome(freeze(want)), Outcome(freeze(got)), aspect, CASE)


def test_an_aspect_with_entries_looks_at_these_alone():
    got = {"loss": "CE", "shape": (4,), "weight": 3.0}
    assert compare(WANT, got, entries=("shape", "weight")) is None
    found = compare(WANT, got, entries=("loss",))
    assert found.problem == "returned 'CE', not 'BCE', for 'loss'"
    assert (found.returned, found.expected) == ("{'loss': 'CE'}", "{'loss': 'BCE'}")


@pytest.mark.parametrize(
    ("got", "problem"),
    [
        ({"loss": "BCE", "shape": (4,)}, "returned a dict without 'weight'"),
        ({**WANT, "more": 1}, "returned a dict with 'more' besides"),
        ({**WANT, "shape": (5,)}, "returned 5, not 4, for item 0, for 'shape'"),
        ({**WANT, "weight": 4.0}, "returned 4, not 3, for 'weight'"),
    ],
)
def test_dicts_are_compared_entry_by_entry(got, problem):
    assert compare(WANT, got).problem == problem


def test_rounding_inside_a_dict_is_no_difference():
    assert compare({"weight": (1 - 0.01) / 0.01}, {"weight": 1 / 0.01 - 1}) is None


@pytest.mark.parametrize("number", [np.float64(3.0), np.float32(3.0), np.int64(3), torch.tensor(3.0)])
def test_a_number_is_a_number_whoever_made_it(number):
    assert compare({"weight": 3.0}, {"weight": number}) is None


@pytest.mark.parametrize(("want", "got"), [(4, np.int64(4)), (True, np.bool_(True)), ("BCE", np.str_("BCE"))])
def test_numpys_plain_data_is_pythons(want, got):
    assert compare({"entry": want}, {"entry": got}) is None
    assert compare({"entry": want}, {"entry": np.datetime64("2026-01-01")}) is not None


def test_a_size_is_a_tuple():
    assert compare((4, 2), torch.zeros(4, 2).shape) is None


def test_a_wrong_tensor_in_a_tuple_is_said_with_its_place():
    two = (torch.zeros(2), torch.tensor([0, 1]))
    assert compare(two, (torch.zeros(2), torch.tensor([1, 1]))).problem.endswith("for item 1")


def test_bool_tensors_differ_in_words():
    found = compare(torch.tensor([True, False]), torch.tensor([True, True]))
    assert found.problem == "returned True, not False, at [1]; 1 of 2 numbers differ"
