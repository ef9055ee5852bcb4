"""Cases that do not depend on the seed are drawn once, and what is computed for them is computed once."""

import pytest
import torch

from lossbook.exercises import Aspect, Case, get_exercise
from lossbook.grader import evaluate, memory
from lossbook.grader.runner import trusting


def flat(drawn):
    return [case for _, cases in drawn for case in cases]


def bits(case):
    return [x.numpy().tobytes() if isinstance(x, torch.Tensor) else x for x in (*case.args, *case.kwargs.values())]


def test_only_what_does_not_depend_on_the_seed_is_the_same_object():
    exercise = get_exercise("softmax")
    first, second = (flat(memory.draw(exercise, seed)) for seed in (1, 2))
    same = [one is other for one, other in zip(first, second, strict=True)]
    assert any(same)
    assert not all(same)
    assert same == [bits(one) == bits(other) for one, other in zip(first, second, strict=True)]


def test_the_cases_are_those_of_the_seed():
    exercise = get_exercise("cross_entropy")
    for seed in (1, 2, 1):
        drawn, wanted = flat(memory.draw(exercise, seed)), flat(exercise.draw(seed))
        assert [bits(case) for case in drawn] == [bits(case) for case in wanted]


NAN = float("nan")
DIFFERENT = {
    "a value": (torch.tensor([1.0, 2.0]), torch.tensor([1.0, 3.0])),
    "a zero's sign": (torch.tensor([0.0]), torch.tensor([-0.0])),
    "a dtype": (torch.tensor([1]), torch.tensor([1], dtype=torch.int32)),
    "a shape": (torch.ones(2, 1), torch.ones(1, 2)),
    "the layout": (torch.ones(2, 2), torch.ones(2, 2).as_strided((2, 2), (0, 0))),
    "a type": (1, 1.0),
    "an item": ([1, 2], [1, 3]),
    "a length": ((1,), (1, 1)),
    "an entry": ({"a": 1}, {"a": 2}),
    "a key": ({"a": 1}, {"b": 1}),
    "what cannot be compared": (object(), object()),
}


@pytest.mark.parametrize("what", DIFFERENT)
def test_cases_that_differ_are_not_taken_for_one(what):
    one, other = DIFFERENT[what]
    assert not memory._same(one, other)


@pytest.mark.parametrize(
    "value", [torch.tensor([NAN, -0.0]), torch.ones(0, 2), (1, [True, None]), {"a": "b"}, NAN]
)
def test_cases_that_are_the_same_are(value):
    copied = value.clone() if isinstance(value, torch.Tensor) else value
    assert memory._same(value, copied)


def test_a_function_is_called_once_for_a_case_and_a_kind_of_aspect():
    calls = []
    case = Case((torch.ones(2),))
    values, gradients = (Aspect("", 1, iter, gradient=gradient) for gradient in (False, True))

    def square(x):
        calls.append(x)
        return x * x

    with trusting():
        for aspect in (values, values, gradients, gradients):
            outcome = memory.answer(square, aspect, case)
            assert (outcome.gradient is not None) == aspect.gradient
    assert len(calls) == 2


def test_what_is_remembered_changes_no_report():
    wrong = get_exercise("softmax").mistakes[0].function
    reports = [evaluate("softmax", wrong, seed=seed) for seed in (5, 6, 5)]
    assert str(reports[0]) == str(reports[2])
    assert reports[0]._repr_html_() == reports[2]._repr_html_()
