"""torch's own function is found under every name that it can be called by."""

import importlib
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
import torch.nn.functional as F
from torch._C import _len_torch_dispatch_stack

from lossbook import check
from lossbook.exercises.forbidden import ACTIVATIONS, EVERYTHING, LOSSES
from lossbook.grader import evaluate
from lossbook.grader.forbidden import ForbiddenCalls, base_name
from lossbook.grader.notebook import NothingEarned


def in_a_thread(x, dim):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(torch.softmax(x, dim)))
    thread.start()
    thread.join()
    return answers[0]


def in_a_pool(x, dim):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(torch.softmax, x, dim).result()


def of(module, name):
    """Return a function that is imported when it is called."""
    return lambda *args, **kwargs: getattr(importlib.import_module(module), name)(*args, **kwargs)


def attention(x, dim):
    """One query of ones, the logits as keys, and the identity as values: attention is a softmax."""
    rows = x.movedim(dim, -1).reshape(-1, x.shape[dim])
    query, classes = torch.ones(len(rows), 1, 1), torch.eye(rows.shape[1]).expand(len(rows), -1, -1)
    made = F.scaled_dot_product_attention(query, rows.float()[:, :, None], classes, scale=1.0)
    return made.reshape(x.movedim(dim, -1).shape).movedim(-1, dim)


SOFTMAX = {
    "torch.softmax": lambda x, dim: torch.softmax(x, dim),
    "functional": lambda x, dim: F.softmax(x, dim),
    "method": lambda x, dim: x.softmax(dim),
    "special": lambda x, dim: torch.special.softmax(x, dim),
    "module": lambda x, dim: torch.nn.Softmax(dim)(x),
    "module class by name": lambda x, dim: getattr(torch.nn, "Soft" + "max")(dim)(x),
    "getattr": lambda x, dim: getattr(torch, "soft" + "max")(x, dim),
    "private": lambda x, dim: torch._softmax(x, dim, False),
    "ops packet": lambda x, dim: torch.ops.aten.softmax(x, dim),
    "ops overload": lambda x, dim: torch.ops.aten._softmax.default(x, dim, False),
    "torch._C": lambda x, dim: torch._C._VariableFunctions.softmax(x, dim),
    "log_softmax": lambda x, dim: torch.log_softmax(x, dim).exp(),
    "logsumexp": lambda x, dim: torch.exp(x - torch.logsumexp(x, dim, keepdim=True)),
    "softmin": lambda x, dim: F.softmin(-x, dim),
    "eval": lambda x, dim: eval("torch.nn.functional.softmax(x, dim)", {"torch": torch, "x": x, "dim": dim}),
    "unbound method": lambda x, dim: torch.Tensor.softmax(x, dim),
    "references in Python": of("torch._refs", "softmax"),
    "decompositions": lambda x, dim: of("torch._decomp.decompositions", "_softmax")(x, dim, False),
    "a log-sum-exp in Python": lambda x, dim: torch.exp(x - of("torch._refs", "logsumexp")(x, dim, keepdim=True)),
    "a transform": lambda x, dim: torch.distributions.transforms.SoftmaxTransform()(x.movedim(dim, -1)).movedim(
        -1, dim
    ),
    "a distribution": lambda x, dim: torch.distributions.Categorical(logits=x.movedim(dim, -1)).probs.movedim(
        -1, dim
    ),
    "attention": attention,
    "sparse": lambda x, dim: torch.sparse.softmax(x.to_sparse(), dim).to_dense(),
    "masked": of("torch.masked", "softmax"),
    "vmap": lambda x, dim: torch.vmap(lambda row: torch.softmax(row, 0))(x.unsqueeze(0))[0],
    "a gradient": lambda x, dim: torch.func.grad(lambda z: torch.logsumexp(z, dim).sum())(x),
    "a thread": in_a_thread,
    "a pool of threads": in_a_pool,
    "kept outside": (lambda kept: lambda x, dim: kept(x, dim))(F.softmax),
}


@pytest.mark.parametrize("way", SOFTMAX)
def test_every_way_to_call_it_is_found_and_earns_nothing(way):
    report = evaluate("softmax", SOFTMAX[way], seed=0)
    assert report.score == 0
    assert report.forbidden
    assert "writing that function is the exercise" in " ".join(str(report).split())


CALLS = {
    "sigmoid": lambda x: torch.sigmoid(x),
    "sigmoid in place": lambda x: x.sigmoid_(),
    "expit": lambda x: torch.special.expit(x),
    "nn.Sigmoid": lambda x: torch.nn.Sigmoid()(x),
    "logsigmoid": lambda x: F.logsigmoid(x),
    "nn.LogSigmoid": lambda x: torch.nn.LogSigmoid()(x),
    "aten log_sigmoid": lambda x: torch.ops.aten.log_sigmoid(x),
    "logcumsumexp": lambda x: torch.logcumsumexp(x, 0),
    "cross_entropy": lambda x: F.cross_entropy(x, torch.tensor(0)),
    "nn.CrossEntropyLoss": lambda x: torch.nn.CrossEntropyLoss()(x, torch.tensor(0)),
    "nll_loss": lambda x: F.nll_loss(x, torch.tensor(0)),
    "bce": lambda x: F.binary_cross_entropy(x.clamp(0, 1), torch.ones(3)),
    "bce with logits": lambda x: F.binary_cross_entropy_with_logits(x, torch.ones(3)),
    "nn.BCEWithLogitsLoss": lambda x: torch.nn.BCEWithLogitsLoss()(x, torch.ones(3)),
    "kl_div": lambda x: F.kl_div(x, torch.ones(3), reduction="sum"),
    "soft margin": lambda x: F.soft_margin_loss(x, torch.ones(3)),
}


@pytest.mark.parametrize("way", CALLS)
def test_the_trap_knows_every_family(way):
    with ForbiddenCalls(EVERYTHING) as trap:
        CALLS[way](torch.tensor([0.5, 1.0, 2.0]))
    assert trap.called


def test_a_scripted_function_is_seen_at_the_dispatcher():
    scripted = torch.jit.script(torch.nn.Softmax(dim=0))
    with ForbiddenCalls(ACTIVATIONS) as trap:
        scripted(torch.zeros(3))
    assert trap.called == ["softmax"]


ALLOWED = {
    "exp, log1p and where": lambda x: torch.where(x > 0, torch.log1p(torch.exp(-x)), x),
    "logaddexp": lambda x: torch.logaddexp(x, torch.zeros_like(x)),
    "softplus": lambda x: F.softplus(x),
    "tanh": lambda x: torch.tanh(x),
    "one_hot and einsum": lambda x: torch.einsum("c,c->", x, F.one_hot(torch.tensor(0), 3).float()),
    "maximum": lambda x: x.amax(0) + x.max(0).values + torch.maximum(x, x),
}


@pytest.mark.parametrize("way", ALLOWED)
def test_what_is_allowed_stays_allowed(way):
    with ForbiddenCalls(EVERYTHING) as trap:
        ALLOWED[way](torch.tensor([0.5, 1.0, 2.0]))
    assert trap.called == []


def test_a_function_of_ones_own_may_have_any_name():
    def softmax(x, dim):
        e = torch.exp(x - x.amax(dim, keepdim=True))
        return e / e.sum(dim, keepdim=True)

    assert evaluate("softmax", softmax, seed=0).passed
    assert evaluate("log_softmax", lambda x, dim: x - x.detach() * 0 - logsumexp(x, dim), seed=0).forbidden == ()


def logsumexp(x, dim):
    m = x.amax(dim, keepdim=True)
    return m + torch.log(torch.exp(x - m).sum(dim, keepdim=True))


def test_this_books_own_functions_are_no_ones_own_work(capsys):
    ours = of("lossbook.activations", "softmax")
    assert evaluate("softmax", ours, seed=0).passed
    assert evaluate("softmax", ours, seed=0, own_work=True).forbidden == ("softmax",)
    with pytest.raises(NothingEarned, match="calls softmax ready-made"):
        check("softmax", ours)


def test_threads_that_come_after_are_left_alone():
    with ForbiddenCalls(EVERYTHING) as trap:
        pass
    in_a_thread(torch.zeros(3), 0)
    assert trap.called == []
    assert threading.getprofile() is None


def test_where_nothing_is_forbidden_no_trap_is_set():
    seen = []
    evaluate(
        "two_logits_to_one", lambda x: seen.append(_len_torch_dispatch_stack()) or x[..., 1] - x[..., 0], seed=0
    )
    assert set(seen) == {0}


def test_the_trap_is_gone_afterwards():
    with ForbiddenCalls(EVERYTHING) as trap:
        pass
    torch.softmax(torch.zeros(3), 0)
    assert trap.called == []


def test_what_torch_imports_for_the_trap_is_imported_before_a_call_is_timed():
    program = (
        "import sys, torch; from lossbook.grader.forbidden import ForbiddenCalls, warm_up; warm_up(); "
        "before = set(sys.modules)\nwith ForbiddenCalls(frozenset()): torch.ones(2).exp().sum()\n"
        "print(len(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


@pytest.mark.parametrize(
    ("spelling", "bare"),
    [
        ("aten::_softmax.out", "softmax"),
        ("special_expit", "expit"),
        ("sigmoid_", "sigmoid"),
        ("softmax", "softmax"),
    ],
)
def test_spellings_of_one_name(spelling, bare):
    assert base_name(spelling) == bare
    assert bare in ACTIVATIONS | LOSSES
