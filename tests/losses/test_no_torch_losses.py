"""Ours are written from primitives: forward, backward and backward again, none reaches a kernel of torch's own."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from against_torch import PAIRS, Case, ids
from cases import ALL, labels, probs, scores
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from lossbook import losses

FORBIDDEN = re.compile(
    "sigmoid|softmax|softmin|softplus|logsumexp|logcumsumexp|cross_entropy|bce|nll|kl_div|margin_loss|expit|logit|gelu|silu"
)


class Kernels(TorchDispatchMode):
    """Notes the kernels that the dispatcher runs, those of the backward pass too."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.add(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


class Calls(TorchFunctionMode):
    """Notes the functions of torch that Python calls: some dissolve before they reach the dispatcher."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.add(getattr(func, "__name__", ""))
        return func(*args, **(kwargs or {}))


@contextmanager
def trap() -> Iterator[set[str]]:
    """Collect what is forbidden and was called."""
    caught: set[str] = set()
    with Calls() as calls, Kernels() as kernels:
        yield caught
    caught.update(name for name in calls.names | kernels.names if FORBIDDEN.search(name))


def twice_back(function: Callable[..., Tensor], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Call the function and differentiate it twice."""
    leaf = args[0].detach().requires_grad_()
    value = function(leaf, *args[1:], **kwargs)
    (first,) = torch.autograd.grad(value.sum(), leaf, create_graph=True)
    if first.requires_grad:
        torch.autograd.grad(first.sum(), leaf)


# one case in three is enough to take every branch; the test of the branches below says so
TRAPPED = ALL[::3]


@pytest.mark.filterwarnings("ignore:reduction")
@pytest.mark.parametrize("case", TRAPPED, ids=ids(TRAPPED))
def test_reaches_no_loss_of_torch(case: Case) -> None:
    with trap() as caught:
        twice_back(PAIRS[case.loss][0], case.args, case.kwargs)
    assert not caught


OWN: list[tuple[Callable[..., Tensor], tuple[Any, ...]]] = [
    (losses.symmetric_cross_entropy, (scores(4, 3), labels(4, classes=3))),
    (losses.focal_loss, (scores(4, 3), probs(4, 3))),
    (losses.masked_binary_cross_entropy_with_logits, (scores(4, 3), probs(4, 3), probs(4, 3) > 0.5)),
]


@pytest.mark.parametrize(("loss", "args"), OWN)
def test_own_losses_reach_no_loss_of_torch(loss: Callable[..., Tensor], args: tuple[Any, ...]) -> None:
    with trap() as caught:
        twice_back(loss, args, {})
    assert not caught


X, T, Y = scores(4, 3), labels(4, classes=3), probs(4, 3)
CAUGHT: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (torch.sigmoid, (X,)),
    (Tensor.sigmoid, (X,)),
    (torch.special.expit, (X,)),
    (F.logsigmoid, (X,)),
    (F.softplus, (X,)),
    (torch.logsumexp, (X, 1)),
    (torch.softmax, (X, 1)),
    (Tensor.softmax, (X, 1)),
    (F.log_softmax, (X, 1)),
    (torch.nn.LogSoftmax(1), (X,)),
    (F.binary_cross_entropy, (Y, Y)),
    (F.binary_cross_entropy_with_logits, (X, Y)),
    (F.nll_loss, (X, T)),
    (F.cross_entropy, (X, T)),
    (torch.nn.CrossEntropyLoss(), (X, T)),
    (torch.ops.aten._log_softmax.default, (X, 1, False)),
    (F.kl_div, (X, Y)),
]


@pytest.mark.filterwarnings("ignore:reduction")
@pytest.mark.parametrize(("function", "args"), CAUGHT)
def test_trap_triggers(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    with trap() as caught:
        function(*args)
    assert caught


def test_trap_triggers_in_the_backward_pass() -> None:
    leaf = X.clone().requires_grad_()
    value = torch.log_softmax(leaf, 1).sum()
    with trap() as caught:
        value.backward()
    assert caught == {"_log_softmax_backward_data"}


def test_the_trapped_cases_take_every_branch() -> None:
    assert {case.loss for case in TRAPPED} == set(PAIRS)
    assert {(c.loss, name) for c in TRAPPED for name in c.kwargs} == {
        (c.loss, name) for c in ALL for name in c.kwargs
    }
