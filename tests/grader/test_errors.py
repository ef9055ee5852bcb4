"""Errors that learners meet most are said again in plain words; the errors are torch's and Python's real ones."""

import math

import numpy as np
import pytest
import torch

from lossbook.grader import evaluate
from lossbook.grader.errors import meaning
from lossbook.grader.outcome import Failure


def in_numpy(x, axis):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


WRONG = {
    "two things from max": ("softmax", lambda x, dim: x - x.max(dim), "returns two things, values and places"),
    "if weight": (
        "binary_cross_entropy",
        lambda input, target, weight=None, reduction="mean": torch.nn.functional.binary_cross_entropy(
            input, target, weight if weight else None, reduction=reduction
        ),
        "an if wants one yes or no",
    ),
    "NumPy": (
        "softmax",
        lambda x, dim: torch.from_numpy(in_numpy(x.numpy(), dim)),
        "NumPy knows nothing of gradients",
    ),
    "math": ("sigmoid", lambda x: 1 / (1 + math.exp(-x)), "math's functions and float() take one number"),
    "length of a number": ("sigmoid", lambda x: torch.sigmoid(x) if len(x) else x, "a single number"),
    "no such axis": ("sigmoid", lambda x: x.sum(3), "it names an axis that the input does not have there"),
    "no such index": (
        "two_logits_to_one",
        lambda logits: logits[:, :, :, 1],
        "it names an axis that the input does not",
    ),
    "another signature": ("softmax", lambda x: x, "the signature has to stay as it was given"),
    "shapes": ("softmax", lambda x, dim: x - torch.zeros(7), "two shapes do not fit each other"),
    "a missing import": ("sigmoid", lambda x: nowhere.exp(x), "that name is not there"),  # noqa: F821
    "dtypes": ("softmax", lambda x, dim: torch.eye(3, dtype=torch.float64) @ x, "two dtypes meet"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_the_report_says_what_the_error_means(kind):
    name, function, words = WRONG[kind]
    assert words in evaluate(name, function, seed=3).pattern


def test_an_error_that_explains_itself_is_left_alone():
    assert meaning(Failure("ValueError", (), "weights must be positive")) == ""


def test_wrong_numbers_elsewhere_do_not_hide_that_the_first_call_stops():
    def stops_on_tables(x):
        return torch.tensor([1 / (1 + math.exp(-v)) for v in x], dtype=torch.float32)

    report = evaluate("sigmoid", stops_on_tables, seed=3)
    assert report.pattern.startswith("In some calls it stops with an error (ValueError): math's functions")


def test_one_number_for_many_is_said_and_many_for_one():
    def flat(logits, target, weight=None, reduction="mean"):
        return (logits * 3).mean()

    assert "one number where a whole tensor is wanted" in evaluate("cross_entropy_gradient", flat, seed=3).pattern
    report = evaluate("loss_of_two_logits", lambda output, target: 3 * output[:, 0], seed=3)
    assert "a tensor where one number is wanted" in report.pattern
