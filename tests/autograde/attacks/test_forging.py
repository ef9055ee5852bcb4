"""A wrong softmax stays worth nothing, whatever a notebook does to the code that judges; the rest keeps its score."""

import pytest
from attack_bench import PAIR_PLAN, SIGMOID, notebook

WRONG = "def softmax(x, dim):\n    return x * 0"

# A cell before the exercises. Each would lift the wrong softmax, if the verdict fell in the learner's process.
CELLS = {
    "torch.allclose": "torch.allclose = lambda *a, **k: True",
    "torch.equal, isclose and testing": "torch.equal = torch.isclose = torch.testing.assert_close = lambda *a, **k: True",
    "numpy's comparisons": "import numpy as np\nnp.allclose = np.array_equal = np.isclose = lambda *a, **k: True\n"
    "np.abs = lambda x: x * 0",
    "builtins": "import builtins\nbuiltins.all = builtins.any = lambda *a: True\nbuiltins.isinstance = lambda *a: True",
    "builtins.abs and len": "import builtins\nbuiltins.abs = lambda x: 0\nbuiltins.len = lambda x: 1",
    "Tensor.__eq__": "torch.Tensor.__eq__ = lambda a, b: torch.tensor(True)\ntorch.Tensor.__bool__ = lambda a: True",
    "Tensor.numpy": "torch.Tensor.numpy = lambda self, **k: __import__('numpy').zeros(3)",
    "IPython's run_cell": "get_ipython().run_cell = lambda *a, **k: 5.0",
    "IPython's display hook": "import sys\nsys.displayhook = lambda value: print('5.0')",
    "check in the namespace": "check = lambda name, function: 5.0",
    "check in lossbook": "import lossbook\nlossbook.check = lambda name, function: 5.0",
    "the grader's runner": "import lossbook.grader.runner as r\nold = r.run\n"
    "r.run = lambda f, *a, **k: old(torch.exp, *a, **k)",
    "the grader's comparison": "import lossbook.grader.compare as c\nc.difference = lambda *a: None\nc._close = lambda *a: True",
    "the grader's report": "from lossbook.grader.report import Report, CaseResult\nCaseResult.passed = True\nReport.earned = 5",
    "Outcome": "from lossbook.grader.outcome import Outcome\nOutcome.__init__ = lambda self, **k: None",
    "encode_outcome": "import lossbook.autograde.child as c\nc.encode_outcome = lambda o, b: {'value': None, 'passed': True}",
    "the message's points": "import lossbook.autograde.child as c\nold = c._send\n"
    "c._send = lambda fd, header, blobs=None: old(fd, {**header, 'score': 5, 'earned': 5, 'passed': True}, blobs)",
    "json": "import json\nold = json.dumps\njson.dumps = lambda o, **k: old({**o, 'outcome': True}, **k)",
    "struct": "import struct\nstruct.Struct.pack = lambda *a: b''",
    "answers written to the wire": "import os\nfrom lossbook.autograde.wire import pack\n"
    "fake = pack({'outcome': {'value': {'array': 0, 'dtype': 'float32', 'shape': [3]}, 'gradient': None, 'graph_cut': False,"
    " 'changed': [], 'printed': '', 'warnings': [], 'forbidden': [], 'failure': None, 'timed_out': False}}, [b'0' * 12])\n"
    "for fd in range(3, 20):\n    try:\n        os.write(fd, fake * 200)\n    except OSError:\n        pass",
    "rubbish written to the wire": "import os\nfor fd in range(3, 20):\n    try:\n        os.write(fd, b'5.0' * 100)\n"
    "    except OSError:\n        pass",
    "the wire closed": "import os\nos.closerange(3, 64)",
    "the wire turned to /dev/null": "import os\nfor fd in range(3, 20):\n    try:\n        os.dup2(1, fd)\n    except OSError:\n        pass",
    "another torch in sys.modules": "import sys, types\nfake = types.ModuleType('torch')\nfake.softmax = lambda *a: 0\n"
    "sys.modules['torch'] = fake",
    "a torch.py of one's own": "open('torch.py', 'w').write('softmax = 1')\nimport sys\nsys.path.insert(0, '.')\n"
    "sys.modules.pop('torch')\nimport torch",
    "a lossbook.py of one's own": "open('lossbook.py', 'w').write('check = lambda *a: 5.0')\nimport sys\n"
    "sys.path.insert(0, '.')\nfor name in [m for m in sys.modules if m.startswith('lossbook')]:\n    del sys.modules[name]\n"
    "from lossbook import check",
    "a trace function": "import sys\nsys.settrace(lambda *a: None)\nsys.setprofile(lambda *a: None)",
    "an audit hook": "import sys\nsys.addaudithook(lambda event, args: None)",
    "an import hook": "import sys\nclass Find:\n    def find_spec(self, *a):\n        return None\nsys.meta_path.insert(0, Find())",
    "a thread that outlives its cell": "import threading, time\ndef work():\n    while True:\n        globals()['softmax'] = torch.exp\n"
    "        time.sleep(0.001)\nthreading.Thread(target=work, daemon=True).start()",
    "an exit handler": "import atexit, os\natexit.register(lambda: [os.write(fd, b'5.0') for fd in range(20)])",
    "a timer": "import signal\nsignal.signal(signal.SIGALRM, lambda *a: None)\nsignal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)",
    "a garbage collector's callback": "import gc\ngc.callbacks.append(lambda *a: None)",
    "an IPython event": "get_ipython().events.register('post_run_cell', lambda *a: globals().update(softmax=torch.exp))",
    "a transformer of code": "get_ipython().input_transformers_post.append(lambda lines: ['5.0\\n'])",
    "a guessed seed": "torch.manual_seed(0)\ntorch.Generator.manual_seed = lambda self, seed: self\n"
    "torch.randn = lambda *a, **k: torch.zeros(3)",
    "the lookup of the function": "import lossbook.autograde.child as c\nc._lookup = lambda namespace, name: torch.exp",
    "a number as output": "from IPython.display import display\ndisplay(5.0)\n5.0",
}

# Ways to answer in the softmax's own cell.
ANSWERS = {
    "a tensor that equals everything": "class T(torch.Tensor):\n    def __eq__(self, other):\n        return True\n"
    "def softmax(x, dim):\n    return x.as_subclass(T)",
    "a tensor with __torch_function__": "class T(torch.Tensor):\n    @classmethod\n    def __torch_function__(cls, *a, **k):\n"
    "        return torch.tensor(True)\ndef softmax(x, dim):\n    return x.as_subclass(T)",
    "an object that equals everything": "class E:\n    __eq__ = __ge__ = __le__ = lambda *a: True\n    __float__ = lambda s: 0.0\n"
    "def softmax(x, dim):\n    return E()",
    "an object whose class lies": "class E:\n    __class__ = torch.Tensor\n    shape = dtype = None\ndef softmax(x, dim):\n    return E()",
    "an object with __array__": "import numpy as np\nclass E:\n    def __array__(self, *a, **k):\n        return np.zeros(3)\n"
    "def softmax(x, dim):\n    return E()",
    "a numpy array": "def softmax(x, dim):\n    return x.detach().numpy()",
    "nan everywhere": "def softmax(x, dim):\n    return x * float('nan')",
    "infinity everywhere": "def softmax(x, dim):\n    return torch.full_like(x, float('inf'))",
    "a tensor that broadcasts": "def softmax(x, dim):\n    return torch.ones(()).expand(1)",
    "nothing at all": "def softmax(x, dim):\n    return torch.zeros(0)",
    "the points": "def softmax(x, dim):\n    return 5.0",
    "its input made right": "def softmax(x, dim):\n    x.zero_()\n    return x",
    "answers of another exercise": "old = sigmoid\ndef softmax(x, dim):\n    return old(x)",
    "answers recorded and replayed": "seen = []\ndef softmax(x, dim):\n    seen.append(x.exp())\n    return seen[0]",
    "an exception of every kind": "class E(ValueError, IndexError, RuntimeError):\n    pass\ndef softmax(x, dim):\n    raise E",
    "SystemExit": "def softmax(x, dim):\n    raise SystemExit(0)",
    "NothingEarned's opposite": "def softmax(x, dim):\n    raise StopIteration(5.0)",
    "a generator": "def softmax(x, dim):\n    yield 5.0",
    "a coroutine": "async def softmax(x, dim):\n    return 5.0",
    "no function": "softmax = 5.0",
    "an exception that does not print": "class E(Exception):\n    def __str__(self):\n        raise self\ndef softmax(x, dim):\n    raise E",
    "an exception that is huge": "def softmax(x, dim):\n    raise ValueError('5' * 10**7)",
    "a gradient hook": "def softmax(x, dim):\n    x.register_hook(lambda g: g * 0)\n    return x * 0",
    "a meta tensor": "def softmax(x, dim):\n    return torch.empty(x.shape, device='meta')",
    "a sparse tensor": "def softmax(x, dim):\n    return (x * 0).to_sparse()",
    "a complex tensor": "def softmax(x, dim):\n    return x.to(torch.complex64)",
    "a quantized tensor": "def softmax(x, dim):\n    return torch.quantize_per_tensor(x.detach(), 0.1, 0, torch.qint8)",
    "an integer without end": "def softmax(x, dim):\n    return 10 ** 4000",
}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_a_patched_process_earns_nothing_for_a_wrong_answer(bench, cell):
    result = bench.mark_pair(cell, softmax=WRONG)
    assert result.scores["check-softmax"] == 0
    assert result.scores["check-sigmoid"] in (0, SIGMOID)  # some of them ruin the learner's own process


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_no_lying_answer_earns_a_point(bench, answer):
    result = bench.mark_pair(softmax=answer)
    assert result.scores == {"check-sigmoid": SIGMOID, "check-softmax": 0}


def test_files_beside_the_notebook_are_never_imported(bench):
    files = (
        "torch.py",
        "lossbook.py",
        "numpy.py",
        "sitecustomize.py",
        "json.py",
        "nbgrader_config.py",
        "conftest.py",
    )
    folder = bench.hand_in(notebook(names=("sigmoid", "softmax"), softmax=WRONG))
    for name in files:
        (folder / name).write_text("raise SystemExit('it was imported')\ncheck = lambda *a: 5.0\n")
    result = bench.mark_folder(folder, plan=PAIR_PLAN)
    assert result.scores == {"check-sigmoid": SIGMOID, "check-softmax": 0}
    assert "it was imported" not in result.text
