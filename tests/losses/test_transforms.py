"""Ours go through torch.func, torch.compile and module code as torch's own do."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from against_torch import PAIRS
from cases import labels, probs, scores
from torch import Tensor
from torch.func import functional_call, grad, jacrev, vmap

from lossbook import losses

X, Y, T = scores(5, 4, 3).float(), probs(5, 4, 3).float(), labels(5, 4, classes=3)
#: name, one batch of five, keywords
BATCHES: list[tuple[str, tuple[Tensor, ...], dict[str, Any]]] = [
    ("sigmoid", (X,), {}),
    ("log_sigmoid", (X,), {}),
    ("logsumexp", (X,), {"dim": 1}),
    ("softmax", (X,), {"dim": 1}),
    ("log_softmax", (X,), {"dim": 1}),
    ("binary_cross_entropy", (Y, Y.flip(0)), {}),
    ("binary_cross_entropy_with_logits", (X, Y), {"pos_weight": torch.tensor([1.0, 2.0, 3.0])}),
    ("nll_loss", (X, T), {"weight": torch.tensor([1.0, 2.0, 3.0])}),
    ("cross_entropy", (X, T), {"label_smoothing": 0.1}),
    ("cross_entropy", (X, Y), {}),
    ("kl_div", (X, Y), {"reduction": "batchmean"}),
]


@pytest.mark.parametrize(("loss", "args", "kwargs"), BATCHES)
def test_vmap_is_a_loop(loss: str, args: tuple[Tensor, ...], kwargs: dict[str, Any]) -> None:
    def function(*sample: Tensor) -> Tensor:
        return PAIRS[loss][0](*sample, **kwargs)

    loop = torch.stack([function(*sample) for sample in zip(*args, strict=True)])
    torch.testing.assert_close(vmap(function)(*args), loop)


@pytest.mark.parametrize(("loss", "args", "kwargs"), BATCHES)
def test_gradients_per_sample(loss: str, args: tuple[Tensor, ...], kwargs: dict[str, Any]) -> None:
    ours, theirs = (
        vmap(grad(lambda *sample, f=function: f(*sample, **kwargs).sum()))(*args) for function in PAIRS[loss]
    )
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy_with_logits"])
def test_hessian(loss: str) -> None:
    target = T[0] if loss == "cross_entropy" else Y[0]
    ours, theirs = (jacrev(jacrev(lambda x, f=function: f(x, target)))(X[0]) for function in PAIRS[loss])
    torch.testing.assert_close(ours, theirs)


def test_functional_call() -> None:
    model = torch.nn.Linear(3, 2)
    params = dict(model.named_parameters())
    inputs, target = X[0], labels(4, classes=2)

    def through(loss: Callable[..., Tensor]) -> dict[str, Tensor]:
        return grad(lambda params: loss(functional_call(model, params, (inputs,)), target))(params)

    ours, theirs = through(losses.cross_entropy), through(F.cross_entropy)
    for name, gradient in ours.items():
        torch.testing.assert_close(gradient, theirs[name])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("loss", "args", "kwargs"), BATCHES)
def test_compiles_to_one_graph(loss: str, args: tuple[Tensor, ...], kwargs: dict[str, Any]) -> None:
    """Nothing on the way looks at a value, which would break the graph in two."""
    torch._dynamo.reset()
    function = PAIRS[loss][0]
    compiled = torch.compile(function, backend="aot_eager", fullgraph=True)
    leaves = [args[0][0].clone().requires_grad_() for _ in range(2)]
    rest = [x[0] for x in args[1:]]
    values = [f(leaf, *rest, **kwargs) for f, leaf in zip((compiled, function), leaves, strict=True)]
    torch.testing.assert_close(*values)
    torch.testing.assert_close(
        *(torch.autograd.grad(v.sum(), leaf)[0] for v, leaf in zip(values, leaves, strict=True))
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy_with_logits"])
def test_compiled_for_real(loss: str) -> None:
    target = T[0] if loss == "cross_entropy" else Y[0]
    torch._dynamo.reset()
    for function in (PAIRS[loss][0], torch.compile(PAIRS[loss][0], fullgraph=True)):
        leaf = X[0].clone().requires_grad_()
        value = function(leaf, target)
        value.backward()
        expected = PAIRS[loss][1](X[0], target)
        torch.testing.assert_close(value, expected)
        torch.testing.assert_close(leaf.grad, grad(PAIRS[loss][1])(X[0], target))


@pytest.mark.filterwarnings("ignore")
def test_compiled_look_up_refuses_what_is_no_class() -> None:
    torch._dynamo.reset()
    compiled = torch.compile(losses.cross_entropy, fullgraph=True)
    with pytest.raises((IndexError, RuntimeError), match="out of bounds"):
        compiled(X[0], T[0] + 3)
