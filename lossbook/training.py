"""The training loop of the chapters: short, the same each time it runs, and it measures what it shows.

Derived in the book's chapter practice/residual-network.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

Loss = Callable[[Tensor, Tensor], Tensor]
"""Takes what the model returns and the targets of a batch, and returns their mean loss."""

Data = tuple[Tensor, Tensor]
"""Inputs and targets. Samples are along the first axis of both."""


class History(NamedTuple):
    """Mean losses before the training (first number) and after each epoch, all in evaluation mode."""

    train: list[float]
    """On the training data, ``epochs + 1`` numbers."""
    validation: list[float]
    """On the validation data, ``epochs + 1`` numbers."""


def train(
    model: nn.Module,
    loss: Loss,
    optimizer: torch.optim.Optimizer,
    training: Data,
    validation: Data,
    *,
    epochs: int,
    batch_size: int = 32,
    seed: int = 0,
) -> History:
    """Train a model in place, in shuffled batches, and return the losses along the way.

    The seed decides the order of the samples, dropout, and whatever else is random in the model. The caller's
    own random numbers stay as they are. The model is left in evaluation mode.

    Args:
        model: What it returns for a batch of inputs goes to ``loss`` as it is.
        loss: The mean loss of a batch; one that divides by something other than the number of samples, such as
            cross-entropy with class weights, gives wrong means in the history where the last batch is short.
        optimizer: Made for the parameters to train.
        training: Inputs and targets to train on.
        validation: Inputs and targets to measure the loss on, and nothing else.
        epochs: How often each training sample is used.
        batch_size: Samples in a batch; the last batch of an epoch may be shorter.
        seed: Two runs from equal weights, with equal seeds, see the same batches.
    """
    inputs, targets = training
    history = History([], [])
    _record(history, model, loss, training, validation)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for _ in range(epochs):
            model.train()
            for batch in torch.randperm(len(inputs)).split(batch_size):
                optimizer.zero_grad()
                loss(model(inputs[batch]), targets[batch]).backward()
                optimizer.step()
            _record(history, model, loss, training, validation)
    return history


def _record(history: History, model: nn.Module, loss: Loss, training: Data, validation: Data) -> None:
    history.train.append(mean_loss(model, loss, training))
    history.validation.append(mean_loss(model, loss, validation))


@torch.no_grad()
def mean_loss(model: nn.Module, loss: Loss, data: Data, batch_size: int = 256) -> float:
    """Return the mean loss over all samples, in evaluation mode: sums added up, then divided once.

    Args:
        model: Left in evaluation mode.
        loss: The mean loss of a batch, divided by its number of samples.
        data: Inputs and targets; at least one sample.
        batch_size: Samples that go through the model at a time. It does not change the result.
    """
    model.eval()
    inputs, targets = data
    total = 0.0
    for start in range(0, len(inputs), batch_size):
        batch = slice(start, start + batch_size)
        total += loss(model(inputs[batch]), targets[batch]).item() * len(inputs[batch])
    return total / len(inputs)
