"""The event detector ignores its padding, and events are counted once each."""

import doctest
import itertools

import pytest
import torch
from torch.nn.utils.rnn import pad_sequence

from lossbook import sequences
from lossbook.sequences import EventDetector, match_events, pick_events, turn_round


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return EventDetector(hidden=4)


def test_examples():
    assert doctest.testmod(sequences).failed == 0


def test_a_sequence_has_the_same_logits_alone_and_padded(model, generator):
    signals = [torch.randn(n, generator=generator) for n in (50, 7, 1)]
    lengths = torch.tensor([50, 7, 1])
    logits = model(pad_sequence(signals, batch_first=True, padding_value=1e4), lengths)
    assert logits.shape == (3, 50)
    for row, signal in zip(logits, signals, strict=True):
        alone = model(signal.unsqueeze(0), torch.tensor([len(signal)]))
        torch.testing.assert_close(row[: len(signal)], alone[0])


def test_a_logit_depends_on_what_comes_before_and_after_it(model, generator):
    signal = torch.randn(1, 20, generator=generator, requires_grad=True)
    logits = model(signal, torch.tensor([20]))
    (slope,) = torch.autograd.grad(logits[0, 10], signal)
    assert (slope != 0).all()


def test_turning_round_twice_changes_nothing(generator):
    steps = torch.randn(3, 9, 2, generator=generator)
    lengths = torch.tensor([9, 4, 1])
    turned = turn_round(steps, lengths)
    assert torch.equal(turned[0], steps[0].flip(0))
    assert torch.equal(turned[1, 4:], steps[1, 4:])
    assert torch.equal(turn_round(turned, lengths), steps)


def test_events_are_apart_and_above_the_threshold(generator):
    logits = torch.randn(500, generator=generator)
    events = pick_events(logits, threshold=0.5, apart=3)
    assert (logits[events] >= 0.5).all()
    assert events.diff().min() > 3
    # Whatever is above the threshold lies near an event, or near something higher.
    assert pick_events(logits, threshold=5.0).numel() == 0
    assert torch.equal(pick_events(logits, threshold=0.5, apart=0), (logits >= 0.5).nonzero().flatten())


def most_pairs(predicted, true, tolerance):
    """Try all ways to pair a few events."""
    fewer, more = sorted((predicted, true), key=len)
    return max(
        sum(abs(a - b) <= tolerance for a, b in zip(fewer, choice, strict=True))
        for choice in itertools.permutations(more, len(fewer))
    )


def test_matching_finds_as_many_pairs_as_there_can_be(generator):
    for tolerance in (0, 1, 2, 4):
        for _ in range(40):
            predicted, true = (
                torch.randint(20, (n,), generator=generator).unique()
                for n in torch.randint(1, 6, (2,), generator=generator).tolist()
            )
            found, false, missed = match_events(predicted, true, tolerance)
            assert found == most_pairs(predicted.tolist(), true.tolist(), tolerance)
            assert (found + false, found + missed) == (len(predicted), len(true))


def test_nothing_predicted_and_nothing_true():
    none = torch.tensor([], dtype=torch.int64)
    assert match_events(none, torch.tensor([3]), 2) == (0, 0, 1)
    assert match_events(torch.tensor([3]), none, 2) == (0, 1, 0)
