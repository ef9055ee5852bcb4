"""The learner's side: cells are run as in a notebook, and the rehearsal leaves no trace."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from lossbook.autograde import child, rehearsal

CELLS = {
    "nothing": "",
    "Python": "def f(x):\n    return x % 2",
    "Python with an end of line": "x = 1\n",
    "empty lines at the beginning": "\n\nx = 1",
    "a common indent": "  x = 1\n  y = 2",
    "a magic": "x = 1\n%time x",
    "a magic that is assigned": "x = %who_ls",
    "a cell magic": "%%time\nx = 1",
    "a shell command": "!ls",
    "a question": "print?",
    "a question in a text": "'what?'",
    "a remainder over two lines": "a = (1\n%2)",
    "Python's prompt": ">>> x = 1\n>>> x",
    "Python's prompt in a text": "s = '''\n>>> f(1)\n%time\n'''",
    "an ellipsis": "x = 1\n...\ny = 2",
    "IPython's prompt": "In [1]: x",
    "IPython's prompt in the second line": "x = 1\nIn [3]: y",
    "a return outside a function": "return 5",
    "an await outside a function": "await x",
    "broken Python": "def f(:",
    "a strange escape": "x = '\\d'",
    "other ends of lines": "x = 1\r\ny = 2",
}


@pytest.fixture(autouse=True)
def own():
    """A shell as in the learner's process, gone afterwards: other tests would think they ran in a notebook."""
    yield child.shell()
    child.shell.cache_clear()
    InteractiveShell.clear_instance()


@pytest.mark.parametrize("cell", CELLS)
def test_ipython_makes_the_same_of_a_cell(own, cell):
    assert own.transform_cell(CELLS[cell]) == InteractiveShell.transform_cell(own, CELLS[cell])


def test_a_rehearsal_leaves_nothing_behind(own, capfd):
    rehearsal.rehearse()
    assert "rehearsed" not in own.user_ns
    assert own.execution_count == 1
    assert capfd.readouterr() == ("", "")


def test_a_rehearsal_makes_its_calls(monkeypatch):
    made, encode = [], child.encode_outcome

    def keep(outcome, blobs):
        made.append(outcome)
        return encode(outcome, blobs)

    monkeypatch.setattr(child, "encode_outcome", keep)
    rehearsal.rehearse()
    assert {outcome.failure.kind for outcome in made if outcome.failure} == {"ValueError"}  # it is asked for
    assert sum(outcome.gradient is not None for outcome in made) == 4 * rehearsal.ROUNDS
