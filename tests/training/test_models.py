"""The residual network: shapes, shortcuts, and a frozen trunk that really stays as it is."""

import copy

import pytest
import torch
from torch import nn

from lossbook.models import BasicBlock, ResNet


def images(count=6, size=8, channels=1):
    return torch.randn(count, channels, size, size, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("size", "channels", "outputs"), [(8, 1, 10), (25, 1, 2), (5, 3, 1)])
def test_there_is_a_logit_for_each_output_whatever_the_size_of_the_image(size, channels, outputs):
    model = ResNet(outputs, channels=channels, widths=(4, 8, 16))
    assert model(images(6, size, channels)).shape == (6, outputs)


@pytest.mark.parametrize(("channels", "stride", "side"), [(4, 1, 7), (8, 1, 7), (4, 2, 4), (8, 2, 4)])
def test_block_has_the_shape_that_it_promises(channels, stride, side):
    assert BasicBlock(4, channels, stride)(images(2, 7, 4)).shape == (2, channels, side, side)


def test_shortcut_carries_the_input_past_convolutions_that_give_nothing():
    block = BasicBlock(4, 4).eval()
    nn.init.zeros_(block.convolutions[-1].weight)
    x = images(2, 7, 4)
    assert torch.equal(block(x), x.relu())


def test_head_can_be_replaced_and_sees_the_same_features():
    model = ResNet(10, widths=(4, 8)).eval()
    features = model.trunk(images())
    model.head = nn.Linear(model.head.in_features, 1)
    assert torch.equal(model(images()), model.head(features))


def train_a_step(model):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    model(10 * images() + 3).square().mean().backward()
    optimizer.step()
    model.eval()


def test_frozen_trunk_does_not_change_while_the_head_learns():
    model = ResNet(2, widths=(4, 8))
    model.freeze_trunk()
    before = copy.deepcopy(model.state_dict())
    train_a_step(model)
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"head.weight", "head.bias"}


def test_stopping_the_gradients_alone_does_not_freeze_batch_normalisation():
    # This is why freeze_trunk does more; the chapter shows it.
    model = ResNet(2, widths=(4, 8))
    model.trunk.requires_grad_(False)
    before = copy.deepcopy(model.state_dict())
    train_a_step(model)
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert any(name.endswith("running_mean") for name in changed)


def test_freezing_keeps_the_mode_of_the_rest():
    model = ResNet(2, widths=(4, 8)).train()
    model.freeze_trunk()
    assert (model.training, model.head.training, model.trunk.training) == (True, True, False)
    model.eval().train()
    assert (model.head.training, model.trunk.training) == (True, False)
