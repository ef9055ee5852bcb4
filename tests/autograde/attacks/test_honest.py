"""Honest notebooks must not suffer: odd ones get all points, their pictures, and no remarks."""

import pytest
from attack_bench import PAIR_PLAN, PATIENT, POINTS, SOFTMAX, SOLUTIONS, notebook

FULL = sum(POINTS.values())

ODDITIES = {
    "nothing special": "",
    "prints": 'print("a line\\n" * 3, end="")',
    "numpy": "import numpy as np\na = np.linspace(-3, 3, 7)\nnp.exp(a).sum()",
    "autograd": "w = torch.randn(3, requires_grad=True)\n(w ** 2).sum().backward()\nw.grad",
    "matplotlib inline": "%matplotlib inline\nimport matplotlib.pyplot as plt",
    "a magic for the time": "%%time\nsum(range(1000))",
    "timeit": "%timeit -n 2 -r 1 torch.randn(3).exp()",
    "torch's own to compare with": "a = torch.randn(2, 3)\nreference = torch.softmax(a, 1)\nreference.sum()",
    "a loop with time": "import time\nstart = time.time()\ntime.sleep(0.01)\nprint(time.time() - start)",
    "classes": "from dataclasses import dataclass\n@dataclass\nclass Model:\n    w: float = 1.0\nModel()",
    "a module": "layer = torch.nn.Linear(3, 2)\nlayer(torch.randn(4, 3)).shape",
    "training": "m = torch.nn.Linear(3, 1)\no = torch.optim.SGD(m.parameters(), lr=0.1)\n"
    "for _ in range(3):\n    o.zero_grad()\n    m(torch.ones(2, 3)).sum().backward()\n    o.step()",
    "torch's threads": "torch.set_num_threads(4)\n(torch.randn(600, 600) @ torch.randn(600, 600)).sum()",
    "a thread": "import threading\nt = threading.Thread(target=print, args=('from a thread',))\nt.start()\nt.join()",
    "a pool of threads": "from concurrent.futures import ThreadPoolExecutor\n"
    "with ThreadPoolExecutor(4) as pool:\n    print(list(pool.map(abs, [-1, 2])))",
    "a file of its own": "from pathlib import Path\nPath('notes.txt').write_text('x')\nprint(open('notes.txt').read())",
    "numpy on disk": "import numpy as np\nnp.save('a.npy', np.ones(3))\nnp.load('a.npy')",
    "an unfinished cell": "for x in",
    "an error": "1 / 0",
    "input": "input('?')",
    "exit": "import sys\nsys.exit(0)",
    "warnings": "import warnings\nwarnings.warn('mind the gap')",
    "a seed": "torch.manual_seed(0)\nimport random\nrandom.seed(0)",
    "float64": "torch.set_default_dtype(torch.float64)",
    "print options": "torch.set_printoptions(precision=3, sci_mode=False)",
    "no gradients from here on": "torch.set_grad_enabled(False)",
    "inference from here on": "torch.inference_mode().__enter__()",
    "a device": "torch.set_default_device('cpu')",
    "a tensor's looks": "torch.Tensor.__repr__ = lambda x: f'<{tuple(x.shape)}>'\ntorch.ones(2)",
    "print in another way": "before = print\nprint = lambda *a: before('>', *a)\nprint(1)",
    "a module for times": "import timeit\ntimeit.timeit(lambda: torch.ones(2).exp(), number=2)",
    "no gradients": "torch.set_grad_enabled(True)\nwith torch.no_grad():\n    torch.ones(2) * 2",
    "rich text": "from IPython.display import Markdown, display\ndisplay(Markdown('**bold**'))",
    "a check of its own": "assert torch.allclose(torch.tensor([0.5]), torch.sigmoid(torch.tensor([0.0])))",
    "asking for help": "torch.exp?",
    "typing": "from typing import Callable, Optional\nf: Callable = lambda x: x",
    "regular expressions": "import re\nre.compile('a+').match('aaa')",
    "functools": "import functools, itertools, collections\nfunctools.partial(print, 1)()",
}


@pytest.mark.parametrize("cell", ODDITIES.values(), ids=ODDITIES)
def test_gets_all_points_and_no_remark(bench, cell):
    result = bench.mark(notebook((cell,)), clock=PATIENT)
    assert result.scores == POINTS
    assert result.remarks == ()


def test_a_compiled_solution_gets_all_points(bench):
    # torch.compile would compile the trap around it, too, whose source cannot be read in the sandbox
    answer = f"@torch.compile(backend='eager')\n{SOLUTIONS['softmax']}"
    result = bench.mark(notebook(names=("sigmoid", "softmax"), softmax=answer), PAIR_PLAN, PATIENT)
    assert result.scores["check-softmax"] == SOFTMAX


LISTS = {
    "a list": "return x.flatten().tolist()",
    "a long list": "return [0.5] * 5_000",
    "a long tuple": "return (0.5,) * 5_000",
    "a list of lists": "return [x.tolist()] * 3",
}


@pytest.mark.parametrize("body", LISTS.values(), ids=LISTS)
def test_a_list_for_a_tensor_is_an_ordinary_mistake(bench, body):
    result = bench.mark_pair(softmax=f"def softmax(x, dim):\n    {body}")
    assert result.scores["check-softmax"] == 0
    assert result.remarks == ()
    assert "return a torch.Tensor" in result.text or "return a plain torch.Tensor" in result.text


def test_a_plot_is_in_the_graded_notebook(bench):
    cell = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    result = bench.mark(notebook((cell,), names=("sigmoid", "softmax")), PAIR_PLAN, PATIENT)
    pictures = [output["data"].get("image/png") for output in result.outputs("display_data")]
    assert any(picture and picture.startswith("iVBOR") for picture in pictures)
    assert result.remarks == ()
