"""Events in signals: an LSTM that gives a logit for each step, and counting with a tolerance what it has found.

The chapter "Heartbeats: rare events in a signal" trains it.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class EventDetector(nn.Module):
    """Two LSTMs, one that reads forwards and one that reads backwards, and a linear layer: one logit a step.

    What stands in the padding makes no difference to the logits of the steps before it.

    Args:
        hidden: numbers that each LSTM remembers.
    """

    def __init__(self, hidden: int = 16) -> None:
        super().__init__()
        self.forwards = nn.LSTM(1, hidden, batch_first=True)
        self.backwards = nn.LSTM(1, hidden, batch_first=True)
        self.head = nn.Linear(2 * hidden, 1)

    def forward(self, signal: Tensor, lengths: Tensor) -> Tensor:
        """Return the logit of an event at each step.

        Args:
            signal: ``(N, T)``, floating point, padded on the right.
            lengths: ``(N,)``, int64: how many steps of each sequence are real.

        Returns:
            Logits ``(N, T)``. Those of the padding mean nothing.
        """
        steps = signal.unsqueeze(-1)  # an LSTM wants (N, T, features)
        past, _ = self.forwards(steps)
        future, _ = self.backwards(turn_round(steps, lengths))
        both = torch.cat([past, turn_round(future, lengths)], dim=-1)
        return self.head(both).squeeze(-1)


def turn_round(steps: Tensor, lengths: Tensor) -> Tensor:
    """Reverse each sequence within its own length, so that its padding stays on the right.

    Args:
        steps: ``(N, T, features)``.
        lengths: ``(N,)``, int64, at most T.

    Returns:
        A tensor of the same shape.

    >>> turn_round(torch.tensor([[[1.0], [2.0], [0.0]]]), torch.tensor([2])).flatten()
    tensor([2., 1., 0.])
    """
    place = torch.arange(steps.shape[1], device=steps.device)
    last = lengths.to(steps.device).unsqueeze(1) - 1
    place = torch.where(place <= last, last - place, place)
    return steps.gather(1, place.unsqueeze(-1).expand_as(steps))


def pick_events(
    logits: Tensor,
    threshold: float = 0.0,
    apart: int = 20,
) -> Tensor:
    """Make single events of logits that are high for several steps in a row: the highest of its neighbours.

    Args:
        logits: ``(T,)`` of one sequence. Probabilities would do but for ties, where they have been rounded to 1.
        threshold: the lowest logit that counts as an event.
        apart: no event has a higher logit than its own within so many steps on both sides.

    Returns:
        The steps of the events, int64, in order.

    >>> pick_events(torch.tensor([-5.0, 1.0, 3.0, 2.0, -5.0, 4.0]), apart=1)
    tensor([2, 5])
    """
    row = logits.view(1, 1, -1)
    highest = F.max_pool1d(row, 2 * apart + 1, stride=1, padding=apart)
    is_event = (row == highest) & (row >= threshold)
    return is_event.flatten().nonzero().flatten()


def match_events(
    predicted: Tensor,
    true: Tensor,
    tolerance: int,
) -> tuple[int, int, int]:
    """Count what was found, allowing some steps between an event and its prediction. Each matches at most once.

    Args:
        predicted: steps of the predicted events, in order.
        true: steps of the true events, in order.
        tolerance: how many steps a prediction may be off.

    Returns:
        The numbers of true positives, false positives and false negatives.

    >>> match_events(torch.tensor([10, 12, 40]), torch.tensor([11, 20]), tolerance=2)
    (1, 2, 1)
    """
    guesses, events = predicted.tolist(), true.tolist()
    found = guess = event = 0
    while guess < len(guesses) and event < len(events):
        if abs(guesses[guess] - events[event]) <= tolerance:
            found, guess, event = found + 1, guess + 1, event + 1
        elif guesses[guess] < events[event]:
            guess += 1
        else:
            event += 1
    return found, len(guesses) - found, len(events) - found
