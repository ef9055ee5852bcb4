"""A notebook that takes all that it can is stopped, its honest part keeps its score, and the grader goes on."""

import os
import time

import psutil
import pytest
from attack_bench import CLOCK, SIGMOID, SMALL_PLAN, SOFTMAX, forget_peak, notebook, peak

from lossbook.autograde.session import Clock

MB = 1 << 20
BESIDE_THREADS = Clock(cell=CLOCK.cell, call=5.0, notebook=40.0)
"""Honest calls take longer where a cell has left threads behind that compute."""

# In a cell of their own: the cell is stopped, or fails, and what comes after it is graded.
CELLS = {
    "memory in one piece": "x = bytearray(8 << 30)",
    "memory in many pieces": "x = []\nwhile True:\n    x.append(bytearray(1 << 20))",
    "memory in torch": "x = torch.ones(1 << 33)",
    "memory in many tensors": "x = []\nwhile True:\n    x.append(torch.ones(1 << 18))",
    "memory in mmap": "import mmap\nx = []\nwhile True:\n    x.append(mmap.mmap(-1, 1 << 28))",
    "memory in a list": "x = [0]\nwhile True:\n    x += x",
    "memory in an integer": "x = 1 << (1 << 40)",
    "memory in a text": "x = 'a' * (1 << 40)",
    "memory in memfd": "import os\nfd = os.memfd_create('a')\nos.write(fd, b'a' * (1 << 30))",
    "memory in pipes": "import os\nwhile True:\n    r, w = os.pipe()\n    os.set_blocking(w, False)\n    os.write(w, b'a' * 65536)",
    "disk in one file": "with open('a', 'wb') as f:\n    while True:\n        f.write(b'a' * (1 << 20))",
    "disk in many files": "for i in range(10**6):\n    open(f'a{i}', 'w').write('a' * 1000)",
    "disk in a sparse file": "import os\nwith open('a', 'wb') as f:\n    os.ftruncate(f.fileno(), 1 << 40)",
    "directories in each other": "import os\nwhile True:\n    os.mkdir('a')\n    os.chdir('a')",
    "files kept open": "x = []\nwhile True:\n    x.append(open('/dev/null'))",
    "an endless loop": "while True:\n    pass",
    "an endless loop that ignores exceptions": "while True:\n    try:\n        while True:\n            pass\n"
    "    except BaseException:\n        pass",
    "an endless loop that ignores signals": "import signal\nfor s in range(1, 65):\n    try:\n"
    "        signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError):\n        pass\nwhile True:\n    pass",
    "an endless loop with signals blocked": "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\n"
    "while True:\n    pass",
    "an endless loop in C": "sum(iter(int, 1))",
    "an endless loop in torch": "x = torch.ones(4000, 4000)\nwhile True:\n    x = x @ x",
    "a regular expression": "import re\nre.match('(a+)+$', 'a' * 64 + 'b')",
    "sleep": "import time\ntime.sleep(10**6)",
    "a lock": "import threading\nl = threading.Lock()\nl.acquire()\nl.acquire()",
    "a read that waits": "import os\nr, w = os.pipe()\nos.read(r, 1)",
    "the grader's messages eaten": "import os\nfor fd in range(3, 20):\n    try:\n        os.read(fd, 1 << 20)\n"
    "    except OSError:\n        pass",
    "pause": "import signal\nsignal.pause()",
    "recursion": "def f():\n    return f()\nf()",
    "recursion without a limit": "import sys\nsys.setrecursionlimit(10**9)\ndef f():\n    return f()\nf()",
    "recursion in C": "import sys\nsys.setrecursionlimit(10**9)\nx = []\nfor _ in range(10**6):\n    x = [x]\nrepr(x)",
    "a crash": "import ctypes\nctypes.string_at(0)",
    "an abort": "import os\nos.abort()",
    "an exit": "import os\nos._exit(0)",
    "threads": "import threading, time\nfor _ in range(10**5):\n    threading.Thread(target=time.sleep, args=(100,)).start()",
    "threads with small stacks": "import threading, time\nthreading.stack_size(32768)\nfor _ in range(10**5):\n"
    "    threading.Thread(target=time.sleep, args=(100,), daemon=True).start()",
    "threads that never end": "import threading\ndef work():\n    while True:\n        pass\nfor _ in range(20):\n"
    "    threading.Thread(target=work, daemon=True).start()\nwhile True:\n    pass",
    "a fork bomb": "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        break",
    "output in one line": "print('a' * 10**8)",
    "output in many lines": "while True:\n    print('a')",
    "output past Python": "import os\nwhile True:\n    os.write(1, b'a' * 65536)",
    "output in stderr": "import sys\nwhile True:\n    sys.stderr.write('a' * 1000)",
    "output of many displays": "from IPython.display import display\nfor i in range(10**5):\n    display(i)",
    "output of a huge display": "class A:\n    def __repr__(self):\n        return 'a' * 10**8\nA()",
    "output of many pictures": "import matplotlib.pyplot as plt\nfor _ in range(60):\n    plt.figure(figsize=(1, 1))",
    "output on the wire": "import os\nfor fd in range(3, 20):\n    try:\n        while True:\n            os.write(fd, b'a' * 65536)\n"
    "    except OSError:\n        pass",
    "a display that does not end": "class A:\n    def __repr__(self):\n        while True:\n            pass\nA()",
    "a huge exception": "raise ValueError('a' * 10**8)",
    "a chain of exceptions": "e = None\nfor i in range(10**4):\n    n = ValueError(i)\n    n.__cause__ = e\n    e = n\nraise e",
    "an exception that never prints": "class E(Exception):\n    def __str__(self):\n        while True:\n            pass\nraise E",
    "a destructor that does not end": "class A:\n    def __del__(self):\n        while True:\n            pass\nA()",
    "a group of exceptions": "raise ExceptionGroup('a' * 10**6, [ValueError('b' * 10**6)] * 100)",
}


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_what_comes_after_a_greedy_cell_is_graded(bench, cell):
    before = forget_peak()
    result = bench.mark(notebook((cell,), names=("sigmoid",)), SMALL_PLAN, BESIDE_THREADS)
    bench.check_alive()
    assert result.scores == {"check-sigmoid": SIGMOID}
    assert len(result.text) < 6 * MB
    assert peak() - before < 100 * 1024, "the grader has grown"


# In the function: that exercise earns nothing, the other one keeps its points.
ANSWERS = {
    "an endless loop": "while True:\n        pass",
    "an endless loop that ignores exceptions": "while True:\n        try:\n            while True:\n                pass\n"
    "        except BaseException:\n            pass",
    "an endless loop in C": "sum(iter(int, 1))",
    "sleep": "import time\n    time.sleep(10**6)",
    "an exit": "import os\n    os._exit(0)",
    "a crash": "import ctypes\n    ctypes.string_at(0)",
    "recursion": "return softmax(x, dim)",
    "a huge tensor": "return torch.ones(1 << 27)",
    "a tensor without end": "return x.sum().expand(1 << 40)",
    "a large tensor each time": "return torch.ones(900_000)",
    "a tuple that is deep": "t = x\n    for _ in range(10**5):\n        t = (t,)\n    return t",
    "a dict that holds itself": "d = {}\n    d[1] = d\n    return d",
    "tuples in a tuple, many times": "return ((0.5,) * 1000,) * 750",
    "many tuples that are short": "return tuple((i,) for i in range(400_000))",
    "a tuple that is long": "return (1.0,) * 10**7",
    "a dict with huge keys": "return {'a' * 10**7: 1.0}",
    "a long text": "return 'a' * 10**8",
    "a tensor with many axes": "return torch.ones([1] * 64)",
    "an empty tensor of great shape": "return torch.empty(2**40, 0)",
    "printing": "while True:\n        print('a' * 1000)",
    "warnings": "import warnings\n    for i in range(10**5):\n        warnings.warn('a' * 1000 + str(i))",
    "memory": "return torch.ones(1 << 33)",
    "threads": "import threading, time\n    threading.stack_size(32768)\n    for _ in range(10**5):\n"
    "        threading.Thread(target=time.sleep, args=(100,), daemon=True).start()",
}


@pytest.mark.parametrize("body", ANSWERS.values(), ids=ANSWERS)
def test_a_greedy_function_takes_only_its_own_points_along(bench, body):
    result = bench.mark_pair(softmax=f"def softmax(x, dim):\n    {body}")
    assert result.scores == {"check-sigmoid": SIGMOID, "check-softmax": 0}
    assert len(result.text) < 2 * MB


@pytest.mark.parametrize(
    "forged",
    ["{'tuple': [{'tuple': [0.5] * 1000}] * 750}", "{'tuple': [0.5] * 900}, 'x': [0.5] * 700_000",
     "1.0, 'warnings': ['a' * 2000] * 1500"],
)  # fmt: skip
def test_answers_together_fill_no_memory_and_take_no_time(bench, forged):
    """Each by itself is short enough, and of few bytes for what it becomes in memory."""
    cell = f"import lossbook.autograde.child as c\nold = c.encode_outcome\nc.encode_outcome = lambda o, b: {{**old(o, b), 'value': {forged}}}"
    before, start = forget_peak(), time.monotonic()
    result = bench.mark_pair(cell)
    assert result.scores["check-softmax"] == 0
    assert peak() - before < 150 * 1024
    assert time.monotonic() - start < 30


def test_the_clock_of_the_notebook_counts_cells_that_are_run_again(bench):
    moment = time.time() + 1.5
    slow = f"try:\n    time.sleep(2 * (time.time() > {moment}))\nexcept BaseException:\n    time.sleep(0.4)"
    start = time.monotonic()
    bench.mark_small("import os, time", *[slow] * 100, f"time.sleep(max(0, {moment} - time.time()))\nos._exit(0)")
    assert time.monotonic() - start < CLOCK.notebook + 20


def test_many_cells_with_much_output_fill_neither_memory_nor_disk(bench):
    cell = "from IPython.display import display, Image\nfor _ in range(3):\n    display(Image(data=b'a' * 500_000, format='png'))"
    result = bench.mark_small(*[cell] * 12)
    assert result.scores == {"check-sigmoid": SIGMOID}
    assert len(result.text) < 12 * MB


def test_much_output_in_another_script_fits_into_a_message(bench):
    cell = "from IPython.display import display\nfor _ in range(3):\n    display({'text/plain': 'я' * 900_000}, raw=True)"
    result = bench.mark_small(cell)
    assert result.scores == {"check-sigmoid": SIGMOID}
    assert "too large to be shown" in result.text
    bench.check_alive()


def test_the_clock_of_the_notebook_ends_many_slow_cells(bench):
    result = bench.mark_small(*["import time\ntime.sleep(1.9)"] * 30)
    assert "time" in result.text
    bench.check_alive()


def test_growth_is_noticed_whatever_was_before():
    for _ in range(2):
        before = forget_peak()
        assert len(bytearray(b"a") * (150 << 20)) > peak() - before > 100 * 1024


def test_softmax_is_worth_something(bench):
    assert bench.mark_pair().scores["check-softmax"] == SOFTMAX


def test_the_number_of_threads_on_this_host_stays_small(bench):
    """The watch ends a process that starts threads in masses, also where the grader is root and no rlimit counts."""
    highest = 0

    def count() -> None:
        nonlocal highest
        for process in psutil.Process(os.getpid()).children(recursive=True):
            try:
                highest = max(highest, process.num_threads())
            except psutil.Error:
                continue

    import threading

    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.02):
            count()

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        bench.mark_small(CELLS["threads with small stacks"])
    finally:
        done.set()
        watcher.join()
    assert highest < 5_000
