"""Arguments that are lists of tensors, answers that are Python floats, and answers that are searched for."""

import math

import pytest
import torch

from lossbook.exercises import Aspect, Case
from lossbook.grader.compare import difference
from lossbook.grader.runner import run
from lossbook.grader.show import show_call

BATCHES = [(torch.tensor([[1.0, 2.0]]), torch.tensor([0])), (torch.tensor([[3.0, 4.0]]), torch.tensor([1]))]
CASE = Case((BATCHES,))
PLAIN = Aspect("values", 1, lambda generator: iter(()))
SEARCHED = Aspect("values", 1, lambda generator: iter(()), accuracy=1e-3)


def total(batches):
    return sum(logits.sum().item() for logits, _ in batches)


def test_a_list_of_pairs_is_shown_as_it_is_written():
    shown = "f([(tensor([[1., 2.]]), tensor([0])), (tensor([[3., 4.]]), tensor([1]))])"
    assert show_call("f", CASE) == shown


CHANGES = {
    "a tensor in a pair": lambda batches: batches[1][0].zero_(),
    "the targets": lambda batches: batches[0][1].add_(1),
    "the list, shortened": lambda batches: batches.pop(),
    "an item of the list": lambda batches: batches.__setitem__(0, batches[1]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_inside_a_list_is_noticed_and_stays_with_the_callee(change):
    def meddles(batches):
        result = total(batches)
        CHANGES[change](batches)
        return result

    got = run(meddles, CASE, gradient=False)
    assert got.changed == (0,)
    assert "changed its input in place" in difference(run(total, CASE, False), got, PLAIN, CASE).problem
    assert total(BATCHES) == 10.0
    assert len(BATCHES) == 2


def test_a_list_that_is_only_read_is_not_called_changed():
    assert run(total, CASE, gradient=False).changed == ()


def test_a_change_inside_a_dict_is_noticed():
    case = Case((torch.zeros(1), {"weight": torch.ones(2)}))
    assert run(lambda x, options: options["weight"].zero_() and x, case, gradient=False).changed == (1,)


def judged(number, expected, aspect=PLAIN, case=CASE):
    return difference(run(lambda *_: expected, case, False), run(lambda *_: number, case, False), aspect, case)


def test_a_float_may_be_off_by_the_rounding_of_its_float32_inputs():
    assert judged(2.3 + 1e-6, 2.3) is None
    assert judged(2.3 + 1e-3, 2.3).problem == "returned 2.301, not 2.3"


def test_a_float_from_float64_inputs_has_to_be_exact():
    case = Case(([(torch.ones(1, 2, dtype=torch.float64), torch.tensor([0]))],))
    assert judged(2.3 + 1e-6, 2.3, case=case) is not None
    assert judged(2.3 + 1e-15, 2.3, case=case) is None


def test_a_float_that_is_nan_or_infinite_is_compared_as_such():
    assert judged(math.nan, math.nan) is None
    assert judged(math.inf, math.inf) is None
    assert judged(0.0, math.nan) is not None
    assert judged(1e30, math.inf) is not None


@pytest.mark.parametrize("number", [torch.tensor(2.0), torch.tensor(2.0, dtype=torch.float64), 2])
def test_a_tensor_of_one_number_and_an_int_are_numbers_too(number):
    assert judged(number, 2.0) is None
    assert judged(number, 2.5) is not None


def test_a_float32_tensor_may_be_off_by_its_own_rounding():
    case = Case((torch.ones(2, dtype=torch.float64),))
    assert judged(torch.tensor(2.3), 2.3, case=case) is None
    assert judged(torch.tensor(2.3001), 2.3, case=case) is not None


@pytest.mark.parametrize("wrong", [None, True, "2.3", torch.tensor([2.3]), torch.tensor(2), [2.3], (2.3,)])
def test_what_is_no_number_is_said_with_the_way_out(wrong):
    assert judged(wrong, 2.3).problem.endswith(": return one number, a Python float")


@pytest.mark.parametrize(("number", "right"), [(20.01, True), (19.99, True), (20.03, False), (19.97, False)])
def test_a_number_that_is_searched_for_has_the_accuracy_that_was_asked_for(number, right):
    assert (judged(number, 20.0, SEARCHED) is None) == right
