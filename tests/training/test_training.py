"""The training loop: it learns, it repeats itself, and it measures what it says."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lossbook.training import mean_loss, train


def task(count, seed):
    inputs = torch.randn(count, 3, generator=torch.Generator().manual_seed(seed))
    return inputs, (inputs.sum(dim=1) > 0).long()


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2))


def run(model, seed=0, epochs=3):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    return train(
        model, F.cross_entropy, optimizer, task(50, 1), task(30, 2), epochs=epochs, batch_size=16, seed=seed
    )


def test_losses_fall_and_there_is_one_before_the_training():
    history = run(network(), epochs=10)
    assert len(history.train) == len(history.validation) == 11
    assert history.train[-1] < history.train[0] / 2
    assert history.validation[-1] < history.validation[0] / 2


def test_equal_seeds_repeat_a_run_and_other_seeds_do_not():
    first, second, third = run(network(), seed=3), run(network(), seed=3), run(network(), seed=4)
    assert first == second
    assert first.train[0] == third.train[0]
    assert first.train[1:] != third.train[1:]


def test_the_callers_random_numbers_stay_as_they_are():
    model = network()
    torch.manual_seed(5)
    expected = torch.rand(4)
    torch.manual_seed(5)
    run(model)
    assert torch.equal(torch.rand(4), expected)


def test_history_is_measured_in_evaluation_mode_on_the_data_that_it_names():
    model = network()
    history = run(model)
    assert not model.training
    for losses, (inputs, target) in ((history.train, task(50, 1)), (history.validation, task(30, 2))):
        assert losses[-1] == pytest.approx(F.cross_entropy(model(inputs), target).item(), abs=1e-6)


def test_measuring_changes_no_statistics_of_batch_normalisation():
    model = network()
    before = copy.deepcopy(model.state_dict())
    run(model, epochs=0)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("batch_size", [7, 50, 1000])
def test_mean_loss_is_the_mean_over_samples_whatever_the_batches(batch_size):
    model = network().eval()
    inputs, target = task(50, 1)
    expected = F.cross_entropy(model(inputs), target).item()
    assert mean_loss(model, F.cross_entropy, (inputs, target), batch_size) == pytest.approx(expected, abs=1e-6)


def test_every_sample_is_used_once_in_an_epoch():
    seen = []

    class Listening(nn.Linear):
        def forward(self, x):
            if self.training:
                seen.extend(x[:, 0].tolist())
            return super().forward(x)

    inputs = torch.arange(10.0).unsqueeze(1)
    data = inputs, torch.zeros(10).long()
    model = Listening(1, 2)
    train(model, F.cross_entropy, torch.optim.SGD(model.parameters(), lr=0.1), data, data, epochs=2, batch_size=4)
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert seen[:10] != seen[10:]
