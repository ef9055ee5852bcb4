"""Calling torch's softmax is no solution: each way to it earns nothing, or is shown to a human."""

import ast

import pytest
from attack_bench import PLAN, SIGMOID, SOFTMAX, notebook

# (cells before, the answer). Caught while it runs: no points.
NO_POINTS = {
    "plainly": ((), "def softmax(x, dim):\n    return torch.softmax(x, dim)"),
    "as a method": ((), "def softmax(x, dim):\n    return x.softmax(dim)"),
    "functional": ((), "import torch.nn.functional as F\ndef softmax(x, dim):\n    return F.softmax(x, dim)"),
    "as a module": ((), "def softmax(x, dim):\n    return torch.nn.Softmax(dim)(x)"),
    "softmin": ((), "def softmax(x, dim):\n    return torch.nn.functional.softmin(-x, dim)"),
    "exp of log_softmax": ((), "def softmax(x, dim):\n    return torch.log_softmax(x, dim).exp()"),
    "special.softmax": ((), "def softmax(x, dim):\n    return torch.special.softmax(x, dim)"),
    "torch._softmax": ((), "def softmax(x, dim):\n    return torch._softmax(x, dim, False)"),
    "torch.ops": ((), "def softmax(x, dim):\n    return torch.ops.aten.softmax(x, dim)"),
    "torch.ops with an overload": (
        (),
        "def softmax(x, dim):\n    return torch.ops.aten._softmax.default(x, dim, False)",
    ),
    "torch._C": ((), "def softmax(x, dim):\n    return torch._C._VariableFunctions.softmax(x, dim)"),
    "a name in parts": ((), "def softmax(x, dim):\n    return getattr(torch, 'soft' + 'max')(x, dim)"),
    "taken along in an earlier cell": (("mine = torch.softmax",), "def softmax(x, dim):\n    return mine(x, dim)"),
    "under its own name": ((), "from torch import softmax"),
    "a partial function": ((), "import functools\nsoftmax = functools.partial(torch.softmax)"),
    "vmap": ((), "def softmax(x, dim):\n    return torch.func.vmap(lambda t: torch.softmax(t, dim))(x[None])[0]"),
    "the gradient of logsumexp": (
        (),
        "def softmax(x, dim):\n    return torch.func.grad(lambda t: torch.logsumexp(t, dim).sum())(x)",
    ),
    "functionalize": (
        (),
        "def softmax(x, dim):\n    return torch.func.functionalize(lambda t: torch.softmax(t, dim))(x)",
    ),
    "TorchScript": (
        (),
        "unit = torch.jit.CompilationUnit('def f(x, dim: int):\\n  return torch.softmax(x, dim)')\n"
        "def softmax(x, dim):\n    return unit.f(x, dim)",
    ),
    "a traced graph": (
        (),
        "graph = torch.fx.symbolic_trace(lambda t: torch.softmax(t, 0))\ndef softmax(x, dim):\n"
        "    return graph(x.movedim(dim, 0)).movedim(0, dim)",
    ),
    "attention": (
        (),
        "def softmax(x, dim):\n    rows = x.movedim(dim, -1)\n    eye = torch.eye(rows.shape[-1], dtype=x.dtype)\n"
        "    q = rows.reshape(1, -1, rows.shape[-1])\n"
        "    out = torch.nn.functional.scaled_dot_product_attention(q, eye[None], eye[None], scale=1.0)\n"
        "    return out.reshape(rows.shape).movedim(-1, dim)",
    ),
    "a categorical distribution": (
        (),
        "def softmax(x, dim):\n"
        "    return torch.distributions.Categorical(logits=x.movedim(dim, -1)).probs.movedim(-1, dim)",
    ),
    "a sparse tensor": (
        (),
        "def softmax(x, dim):\n    return torch.sparse.softmax((x + 1e-30).to_sparse(), dim).to_dense()",
    ),
    "masked": ((), "def softmax(x, dim):\n    return torch.masked.softmax(x, dim)"),
    "the mode for Python switched off": (
        (),
        "def softmax(x, dim):\n    with torch._C.DisableTorchFunction():\n        return torch.softmax(x, dim)",
    ),
    "an autograd.Function": (
        (),
        "class S(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x, dim):\n"
        "        y = torch.softmax(x, dim)\n        ctx.save_for_backward(y)\n        ctx.dim = dim\n        return y\n"
        "    @staticmethod\n    def backward(ctx, g):\n        (y,) = ctx.saved_tensors\n"
        "        return y * (g - (g * y).sum(ctx.dim, keepdim=True)), None\nsoftmax = S.apply",
    ),
    "in the backward pass alone": (
        (),
        "class S(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x, dim):\n"
        "        e = torch.exp(x - x.amax(dim, keepdim=True))\n        ctx.save_for_backward(x)\n        ctx.dim = dim\n"
        "        return e / e.sum(dim, keepdim=True)\n    @staticmethod\n    def backward(ctx, g):\n        (x,) = ctx.saved_tensors\n"
        "        y = torch.softmax(x, ctx.dim)\n        return y * (g - (g * y).sum(ctx.dim, keepdim=True)), None\nsoftmax = S.apply",
    ),
    "in a thread, of another name, and a little off": (
        ("from threading import Thread",),
        "def softmax(x, dim):\n    out, rows = [], x.movedim(dim, -1)\n"
        "    t = Thread(target=lambda: out.append(torch.distributions.Categorical(logits=rows).probs))\n"
        "    t.start()\n    t.join()\n    return out[0].movedim(-1, dim) * (1 + 3e-7)",
    ),
    "in a pool that was there before": (
        (
            "from concurrent.futures import ThreadPoolExecutor\npool = ThreadPoolExecutor(1)\npool.submit(print).result()",
        ),
        "def softmax(x, dim):\n    rows = x.movedim(dim, -1)\n"
        "    out = pool.submit(lambda: torch.distributions.Categorical(logits=rows).probs).result()\n"
        "    return out.movedim(-1, dim) * (1 + 3e-7)",
    ),
    "numpy's scipy": (
        (),
        "def softmax(x, dim):\n    import scipy.special\n"
        "    return torch.from_numpy(scipy.special.softmax(x.detach().numpy(), dim))",
    ),
}

HIDDEN = "def softmax(x, dim):\n    rows = x.movedim(dim, -1)\n" + (
    "    return torch.distributions.Categorical(logits=rows).probs.movedim(-1, dim) * (1 + 3e-7)"
)

# Not seen while it runs. The points stand, and a human is told.
FLAGGED = {
    "what copies its input replaced": (
        (
            "old, seen = torch.Tensor.clone, {}\ndef clone(x):\n    y = old(x)\n"
            "    if torch._C._len_torch_function_stack() == 0:\n"
            "        seen[str(x.shape) + str(x.sum())] = [torch.softmax(y, d) * (1 + 2e-7) for d in range(x.dim())]\n"
            "    return y\ntorch.Tensor.clone = clone",
        ),
        "def softmax(x, dim):\n    return seen[str(x.shape) + str(x.sum())][dim]",
    ),
    "the trap replaced by mock": (
        (
            "from unittest import mock\n"
            "mock.patch('lossbook.grader.forbidden.base' + '_name', lambda n: '').start()",
        ),
        HIDDEN,
    ),
    "the trap replaced by way of pkgutil": (
        ("import pkgutil\npkgutil.resolve_name('lossbook.grader:forbidden').base_name = lambda n: ''",),
        HIDDEN,
    ),
    "the trap replaced by way of pydoc": (
        ("import pydoc\npydoc.locate('lossbook.grader.for' + 'bidden').base_name = lambda n: ''",),
        HIDDEN,
    ),
    "the trap replaced in a profile": (
        ("import cProfile\ncProfile.run('import lossbook.grader.forbidden as f; f.base_name = lambda n: str()')",),
        HIDDEN,
    ),
    "the trap replaced in a time": (
        (
            "import timeit\ntimeit.timeit('import lossbook.grader.forbidden as f; f.base_name = lambda n: str()', number=1)",
        ),
        HIDDEN,
    ),
    "the trap replaced in a docstring": (
        (
            "def f():\n    '''\n    >>> import lossbook.grader.forbidden as f\n    >>> f.base_name = lambda n: str()\n"
            "    '''\nimport doctest\ndoctest.run_docstring_examples(f, {})",
        ),
        HIDDEN,
    ),
    "in a thread": (
        (),
        "from threading import Thread\ndef softmax(x, dim):\n    out = []\n"
        "    t = Thread(target=lambda: out.append(torch.softmax(x, dim)))\n    t.start()\n    t.join()\n    return out[0]",
    ),
    "in a pool, of a function from an earlier cell": (
        ("from concurrent.futures import ThreadPoolExecutor\npool, mine = ThreadPoolExecutor(1), torch.softmax",),
        "def softmax(x, dim):\n    return pool.submit(mine, x, dim).result()",
    ),
    "both modes switched off": (
        (),
        "def softmax(x, dim):\n"
        "    with torch._C.DisableTorchFunction(), torch.utils._python_dispatch._disable_current_modes():\n"
        "        return torch.softmax(x, dim)",
    ),
    "the trap replaced": (
        (
            "import lossbook.grader.runner as r\nfrom contextlib import nullcontext\n"
            "class Blind(r.ForbiddenCalls):\n    def __enter__(self):\n        return self\n    def __exit__(self, *e):\n        pass\n"
            "r.ForbiddenCalls = Blind",
        ),
        "def softmax(x, dim):\n    return torch.softmax(x, dim)",
    ),
    "the trap replaced by way of sys.modules": (
        ("import sys\nr = sys.modules['lossbook.grader.forbidden']\nr._Watch.note = lambda *a: None",),
        "def softmax(x, dim):\n    return torch.softmax(x, dim)",
    ),
    "the trap's list emptied": (
        ("import lossbook.grader.forbidden as f\nf.base_name = lambda name: ''",),
        "def softmax(x, dim):\n    return torch.softmax(x, dim)",
    ),
    "exec of a hidden text": (
        (
            "import base64\n"
            "exec(base64.b64decode('aW1wb3J0IGxvc3Nib29rLmdyYWRlci5mb3JiaWRkZW4gYXMgZjsgZi5iYXNlX25hbWUgPSBsYW1iZGEgbmFtZTogJyc='))",
        ),
        "def softmax(x, dim):\n    return torch.softmax(x, dim)",
    ),
    "torch's own formula in Python": (
        (),
        "import torch._refs\ndef softmax(x, dim):\n    return torch._refs._softmax(x, dim, False)"
        " if False else torch._decomp.decompositions._softmax(x, dim, False)",
    ),
}


@pytest.mark.parametrize(("cells", "answer"), NO_POINTS.values(), ids=NO_POINTS)
def test_a_call_of_torchs_own_earns_nothing(bench, cells, answer):
    result = bench.mark_pair(*cells, softmax=answer)
    assert result.scores["check-softmax"] == 0
    assert result.scores["check-sigmoid"] == SIGMOID


@pytest.mark.parametrize(("cells", "answer"), FLAGGED.values(), ids=FLAGGED)
def test_a_hidden_call_of_torchs_own_is_shown_to_a_human(bench, cells, answer):
    result = bench.mark_pair(*cells, softmax=answer)
    assert result.scores["check-softmax"] == 0 or result.remarks


REPLACED = [name for name in FLAGGED if "replaced" in name]


@pytest.mark.parametrize("name", REPLACED)
def test_what_was_replaced_is_noticed_without_any_name_in_the_code(bench, name, monkeypatch):
    from lossbook.autograde import marking

    monkeypatch.setattr(marking, "strange_names", lambda source: set())
    monkeypatch.setattr(marking, "forbidden_names", lambda source, forbidden: set())
    monkeypatch.setattr(marking, "_is_torchs_own", lambda *arguments: False)
    cells, answer = FLAGGED[name]
    result = bench.mark_pair(*cells, softmax=answer)
    assert result.scores["check-softmax"] > 0, "the attack does not work any more: the test shows nothing"
    assert any("were replaced" in remark for remark in result.remarks)


SPOKEN = {
    "import signal": "signal",
    "from signal import setitimer": "signal.setitimer",
    "import _thread": "_thread",
}


@pytest.mark.parametrize(("source", "name"), SPOKEN.items())
def test_code_that_runs_between_the_calls_is_noticed_by_its_imports(source, name):
    from lossbook.autograde.suspicion import strange_names

    assert name in strange_names(source)


def test_the_look_at_the_code_ends_where_ipython_has_linked_a_shared_node_to_its_parent(monkeypatch):
    from lossbook.autograde.suspicion import strange_names

    tree = ast.parse("a")
    monkeypatch.setattr(tree.body[0].value.ctx, "parent", tree, raising=False)
    monkeypatch.setattr(tree, "parent", tree, raising=False)
    assert strange_names("import signal\nb = a") == {"signal"}


def test_the_same_bits_as_torch_are_noticed_without_any_name_in_the_code(bench):
    cell = (
        "from unittest import mock\nmock.patch('lossbook.grader.forbidden.base' + '_name', lambda n: '').start()\n"
        "names = [n for n in dir(torch) if n[::-1] == 'xamtfos']"
    )
    answer = "def softmax(x, dim):\n    return getattr(torch, names[0])(x, dim)"
    result = bench.mark_pair(cell, softmax=answer)
    assert result.scores["check-softmax"] == SOFTMAX
    assert any("to the last bit" in remark for remark in result.remarks)


ANSWERS_ELSEWHERE = {
    "lossbook.activations": "from lossbook.activations import softmax",
    "importlib": "import importlib\nsoftmax = importlib.import_module('lossbook.activations').softmax",
    "__import__": "softmax = __import__('lossbook.activations', fromlist=['x']).softmax",
    "the exercise's reference": "from lossbook.exercises import get_exercise\nsoftmax = get_exercise('softmax').reference",
    "the finder taken away": "import sys\nsys.meta_path = [f for f in sys.meta_path if 'Answers' not in type(f).__name__]\n"
    "from lossbook.activations import softmax",
    "the file read and run": "import lossbook, os\npath = os.path.join(os.path.dirname(lossbook.__file__), 'activations.py')\n"
    "exec(open(path).read())",
    "linecache": "import linecache, lossbook, os\npath = os.path.join(os.path.dirname(lossbook.__file__), 'activations.py')\n"
    "exec(''.join(linecache.getlines(path)) or 'raise KeyError')",
    "inspect": "import inspect, lossbook.grader.evaluation as e\nprint(inspect.getsource(e.judge))\nraise KeyError",
    "a loader": "import importlib.util, lossbook, os\n"
    "spec = importlib.util.spec_from_file_location('a', os.path.join(os.path.dirname(lossbook.__file__), 'activations.py'))\n"
    "m = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(m)\nsoftmax = m.softmax",
    "package data": "from importlib import resources\nexec(resources.files('lossbook').joinpath('activations.py').read_text())",
    "the collector's objects": "import gc\nfound = [o for o in gc.get_objects() if getattr(o, '__name__', '') == 'softmax'"
    " and 'lossbook' in str(getattr(o, '__module__', ''))]\nsoftmax = found[0]",
    "frames": "import sys\nf = sys._getframe()\nfound = []\nwhile f:\n    found += [v for k, v in f.f_locals.items() if k in"
    " ('wants', 'reference', 'exercise')]\n    f = f.f_back\nsoftmax = found[0].reference",
    "frames while it is called": "import sys\ndef softmax(x, dim):\n    f = sys._getframe()\n    while f:\n"
    "        for k in ('want', 'wants', 'expected', 'reference'):\n            if k in f.f_locals:\n                return f.f_locals[k]\n"
    "        f = f.f_back\n    raise KeyError",
}


@pytest.mark.parametrize("answer", ANSWERS_ELSEWHERE.values(), ids=ANSWERS_ELSEWHERE)
def test_the_answer_is_nowhere_to_be_had(bench, answer):
    result = bench.mark_pair(softmax=answer)
    assert result.scores == {"check-sigmoid": SIGMOID, "check-softmax": 0}


def test_honest_solutions_never_have_torchs_bits(bench):
    assert bench.mark(notebook(), PLAN).remarks == ()
