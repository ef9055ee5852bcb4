"""What is shipped to the pages: complete, plain, and torch's."""

import json
import math

import numpy as np
import pytest
import torch

from lossbook.exercises import get_exercise
from lossbook.live.data import encode, in_numpy
from lossbook.live.page.checker import decode
from lossbook.live.twins import TWINS, twin_of


@pytest.mark.parametrize("name", TWINS)
def test_data_is_plain_json_and_small(name, live_data):
    text = json.dumps(live_data(name), allow_nan=False)
    assert len(text) < 60_000


@pytest.mark.parametrize("name", TWINS)
def test_answers_are_torchs(name, live_data):
    exercise, twin = get_exercise(name), TWINS[name]
    for aspect in live_data(name)["aspects"]:
        assert aspect["cases"], aspect["name"]
        for case in aspect["cases"]:
            args = [_tensors(decode(arg)) for arg in case["args"]]
            kwargs = {key: _tensors(decode(value)) for key, value in case["kwargs"].items()}
            want = exercise.reference(*args, **kwargs, **twin.fixed)
            answer = decode(case["answer"])
            for ours, theirs in zip(_parts(answer), _parts(want), strict=True):
                np.testing.assert_array_equal(ours, np.asarray(theirs))


def _tensors(value):
    if isinstance(value, list | tuple):
        return type(value)(map(_tensors, value))
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


def _parts(answer):
    return answer if isinstance(answer, tuple) else (answer,)


@pytest.mark.parametrize("name", TWINS)
def test_each_mistake_shows_in_a_case_and_differs_from_the_others(name, live_data):
    mistakes = live_data(name)["mistakes"]
    assert len(mistakes) >= 8
    answers = [json.dumps(mistake["answers"]) for mistake in mistakes]
    assert len(set(answers)) == len(answers)
    assert all(any(mistake["answers"]) for mistake in mistakes)


@pytest.mark.parametrize("name", TWINS)
def test_sentences_are_about_numpy(name, live_data):
    data, twin = live_data(name), TWINS[name]
    texts = [mistake["title"] for mistake in data["mistakes"]] + list(twin.hints) + [twin.starter, twin.answer]
    for text in texts:
        for word in (
            "keepdim=",
            "whatever dim",
            "torch.",
            "float32",
            "gradient reaches",
            "autograd",
            "tensor",
            "_(",
        ):
            assert word not in text, text


@pytest.mark.parametrize("name", TWINS)
def test_named_aspects_exist(name):
    aspects = {aspect.name for aspect in get_exercise(name).aspects}
    assert set(TWINS[name].aspects) <= aspects
    mistakes = {mistake.name for mistake in get_exercise(name).mistakes}
    assert {*TWINS[name].titles, *TWINS[name].left_out} <= mistakes


@pytest.mark.parametrize("name", TWINS)
def test_lines_of_code_fit_into_the_box(name):
    lines = [*TWINS[name].starter.splitlines(), *TWINS[name].answer.splitlines()]
    assert max(map(len, lines)) <= 72


@pytest.mark.parametrize(
    "value",
    [
        torch.tensor([0.1, -math.inf, math.inf, math.nan], dtype=torch.float64),
        torch.tensor([[1, 2], [3, 4]]),
        torch.tensor([True, False]),
        torch.zeros(0, 3, dtype=torch.float64),
        torch.tensor(1 / 3, dtype=torch.float64),
    ],
)
def test_arrays_survive_the_way_to_the_page(value):
    there = decode(json.loads(json.dumps(encode(value), allow_nan=False)))
    np.testing.assert_array_equal(there, value.numpy())
    assert there.shape == tuple(value.shape)
    assert there.dtype == value.numpy().dtype


@pytest.mark.parametrize("value", [0.8, math.inf, 3, None, (0.5, 2), [(1, None), (2.5, [])]])
def test_plain_python_survives_too(value):
    there = decode(json.loads(json.dumps(encode(value), allow_nan=False)))
    assert there == value
    assert type(there) is type(value)


def test_what_no_page_can_be_asked_is_refused():
    with pytest.raises(TypeError, match="no page can be asked for a set"):
        encode({1})


def test_unknown_exercise_lists_those_that_there_are():
    with pytest.raises(KeyError, match="softmax"):
        twin_of("softmaxx")


def test_torchs_words_become_numpys():
    assert (
        in_numpy("sums without keepdim=True, whatever dim says")
        == "sums without keepdims=True, whatever axis says"
    )
    assert in_numpy("overwrites its input (neg_, exp_ and -= change the caller's tensor)") == (
        "overwrites its input (-= changes the caller's array)"
    )
