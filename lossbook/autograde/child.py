"""The learner's side: runs cells, and answers calls of their functions. Nothing here is trusted.

It never holds a value to compare with, and whatever the learner's code does to it harms only its own answers.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import io
import json
import os
import re
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING, Any

import lossbook
from lossbook.autograde import wire
from lossbook.autograde.values import decode_case, encode_outcome
from lossbook.exercises.description import Case
from lossbook.grader.forbidden import InThread
from lossbook.grader.limits import OutOfTime
from lossbook.grader.outcome import Failure, Outcome
from lossbook.grader.runner import isolated, run

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

OUTPUT_LIMIT = 20_000  # characters kept of what one cell printed
OUTPUTS = 20  # tables and pictures kept of one cell
DATA_LIMIT = 1_000_000  # bytes of one of them in a message, where "€" takes six
CELL_LIMIT = 2_500_000  # bytes of all of them
PROMPT = re.compile(r"^\s*(?:>>>|\.\.\.|In \[)", re.MULTILINE)
SHOWN_TYPES = ("text/plain", "image/png", "image/jpeg")
PATIENCE = 3  # calls of a function that take too long, until the others are not made
REPEATS = 0.2  # seconds until a stopped call that goes on is stopped again


@functools.cache
def shell() -> InteractiveShell:
    """Return the IPython shell, made once in the warm process; pictures are shown as in a notebook."""
    from IPython.core.interactiveshell import InteractiveShell
    from matplotlib_inline.backend_inline import configure_inline_support
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = "nocolor"
    made = InteractiveShell.instance(config=settings)
    configure_inline_support(made, "module://matplotlib_inline.backend_inline")
    vars(made)["transform_cell"] = _python_as_it_is(made.transform_cell)
    return made


def _python_as_it_is(transform: Callable[[str], str]) -> Callable[[str], str]:
    """Return IPython's way to make Python of a cell, without its slow look at each word where it is Python.

    Whatever IPython changes (magics, shell commands, questions, a common indent) is no valid Python, but for what
    looks like a prompt, and empty lines at the beginning, which it leaves out.
    """

    def transformed(cell: str) -> str:
        if cell[:1].isspace() or PROMPT.search(cell):
            return transform(cell)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # they come when it is run
                ast.parse(cell)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return transform(cell)
        return cell if cell.endswith("\n") else f"{cell}\n"

    return transformed


def serve(connection: int) -> None:
    """Run a learner's notebook: answer messages on a file descriptor until the other side is gone."""
    sys.meta_path.insert(0, _NoAnswers())
    vars(lossbook)["check"] = lambda name, function: 0.0  # graded cells are run by the other side alone
    _watch_threads()
    answer(connection)


def answer(connection: int) -> None:
    """Answer messages on a file descriptor until there are no more."""
    own = shell()
    while True:
        try:
            header, blobs = wire.unpack(lambda n: os.read(connection, n))
        except EOFError:
            return
        if header["do"] == "cell":
            _send(connection, {"outputs": _run_cell(own, header["source"], header["seconds"])})
        elif header["do"] == "calls":
            _answer_calls(connection, own, header, blobs)
        else:
            _send(connection, {"ready": True})


def _send(connection: int, header: dict[str, Any], blobs: list[bytes] | None = None) -> None:
    message = memoryview(wire.pack(header, blobs or []))
    while message:
        message = message[os.write(connection, message) :]


def _watch_threads() -> None:
    """Set the trap for torch's own functions in each thread that is started, too: it belongs to one alone."""
    begin = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]

    def begin_watched(thread: threading.Thread) -> None:
        with InThread():
            begin(thread)

    threading.Thread._bootstrap_inner = begin_watched  # type: ignore[attr-defined]


class _NoAnswers(MetaPathFinder):
    """Says why lossbook's own implementations cannot be imported while a notebook is graded."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Refuse what is not loaded already."""
        if name.startswith("lossbook."):
            raise ImportError(f"{name} is not there while a notebook is graded: the exercise is to write it")


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in this thread after some seconds, and again while it goes on. Code may get round it."""

    def stop(number: int, frame: Any) -> None:
        raise OutOfTime

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds, REPEATS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class _Bounded(io.StringIO):
    """Keeps the beginning of what is written to it."""

    def write(self, text: str) -> int:
        room = OUTPUT_LIMIT - self.tell()
        if room > 0:
            super().write(text if len(text) <= room else f"{text[:room]}\n... (cut here)\n")
        return len(text)


def _run_cell(own: InteractiveShell, source: str, seconds: float) -> list[dict[str, Any]]:
    """Run a cell as a notebook does, and return its outputs in nbformat's form."""
    from IPython.utils.capture import capture_output

    errors: list[dict[str, Any]] = []

    def note(kind: type, error: BaseException, lines: list[str]) -> None:
        trace = [str(line)[:2_000] for line in lines][-30:]
        errors.append(
            {"output_type": "error", "ename": kind.__name__, "evalue": str(error)[:500], "traceback": trace}
        )

    vars(own)["_showtraceback"] = note
    stdout, stderr = _Bounded(), _Bounded()
    try:
        with (
            capture_output(stdout=False, stderr=False) as captured,
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
            _time_limit(seconds),
        ):
            own.run_cell(source, store_history=True)
    except OutOfTime:
        message = f"this cell ran for more than {seconds:g} seconds and was stopped"
        errors.append({"output_type": "error", "ename": "OutOfTime", "evalue": message, "traceback": [message]})
    streams = [
        {"output_type": "stream", "name": name, "text": file.getvalue()}
        for name, file in (("stdout", stdout), ("stderr", stderr))
        if file.getvalue()
    ]
    return [*streams, *_shown(captured.outputs), *errors[-OUTPUTS:]]


def _shown(outputs: list[Any]) -> list[dict[str, Any]]:
    """Return tables and pictures as far as one message takes them, and say where some are left out."""
    shown: list[dict[str, Any]] = []
    room, left_out = CELL_LIMIT, len(outputs[OUTPUTS:])
    for output in outputs[:OUTPUTS]:
        found = {kind: _as_text(output.data[kind]) for kind in SHOWN_TYPES if kind in output.data}
        sizes = {kind: len(json.dumps(value)) for kind, value in found.items()}
        data = {kind: value for kind, value in found.items() if sizes[kind] <= min(DATA_LIMIT, room)}
        left_out += len(data) < len(found)
        room -= sum(sizes[kind] for kind in data)
        shown.append({"output_type": "display_data", "data": data})
    if left_out:
        note = f"... {left_out} more or too large to be shown\n"
        shown.append({"output_type": "stream", "name": "stderr", "text": note})
    return shown


def _as_text(value: Any) -> str:
    if isinstance(value, bytes):
        import base64

        return base64.b64encode(value).decode()
    return str(value)


def _answer_calls(connection: int, own: InteractiveShell, request: dict[str, Any], blobs: list[bytes]) -> None:
    """Call a function on each case, and send each Outcome as soon as it is there."""
    function = _lookup(own.user_ns, request["function"])
    forbidden = frozenset(request["forbidden"])
    late = 0
    for data in request["cases"]:
        if late < PATIENCE:
            outcome = _call(function, data, blobs, forbidden, request["seconds"])
        else:  # or one endless loop would take the time of the exercises behind it
            outcome = Outcome(skipped=True)
        late += outcome.timed_out
        answers: list[bytes] = []
        _send(connection, {"outcome": encode_outcome(outcome, answers)}, answers)
    _send(connection, {"sound": _is_sound()})


@functools.cache
def originals() -> tuple[tuple[dict[str, Any], dict[str, Any]], ...]:
    """Return what answering is done with: namespaces, and copies made before any line of the learner's ran."""
    import builtins
    import copy
    import json

    import numpy as np
    import torch

    _tensors_own()
    grader = [module for name, module in sys.modules.items() if name.startswith("lossbook.")]
    places = (torch, torch.Tensor, np, builtins, contextlib, copy, io, json, os, time, *grader)
    return tuple(
        (vars(place), {name: value for name, value in vars(place).items() if callable(value)}) for place in places
    )


# Notebooks and learners replace these for their looks alone.
_LOOKS = frozenset({"print", "input", "open", "help", "exit", "quit", "__repr__", "__str__", "__format__"})


def _is_sound() -> bool:
    """Return whether the trap catches a call of torch's own, and nothing that answering is done with was replaced.

    Whoever knows of this can break it, too, but has to name it to do so: see lossbook.autograde.suspicion.
    """
    import torch

    try:
        with isolated():  # torch's default dtype is also in some of these names
            probe = run(torch.softmax, Case((torch.zeros(2), 0)), False, frozenset({"softmax"}))
            replaced = [
                name
                for now, then in originals()
                for name, value in then.items()
                if now.get(name) is not value and name not in _LOOKS
            ]
            # each of these would stand before torch's own method
            added = vars(torch.Tensor).keys() - _tensors_own() - _LOOKS
    except BaseException:  # the learner's code may have broken anything
        return False
    return probe.forbidden == ("softmax",) and not replaced and not added


@functools.cache
def _tensors_own() -> frozenset[str]:
    import torch

    return frozenset(vars(torch.Tensor))


def _lookup(namespace: dict[str, Any], dotted_name: str) -> Callable[..., Any] | Failure:
    """Return the learner's function, or how it is missing."""
    first, *rest = dotted_name.split(".")
    try:
        found = namespace[first]
        for part in rest:
            found = getattr(found, part)
    except Exception:
        return Failure("NameError", (), f"{dotted_name} is not defined: did its cell raise an error?")
    if not callable(found):
        return Failure("TypeError", (), f"{dotted_name} is no function but a {type(found).__name__}")
    return found


def _call(
    function: Callable[..., Any] | Failure,
    data: dict[str, Any],
    blobs: list[bytes],
    forbidden: frozenset[str],
    seconds: float,
) -> Outcome:
    if isinstance(function, Failure):
        return Outcome(failure=function)
    start = time.monotonic()
    try:
        with isolated(), _time_limit(seconds):
            case, gradient = decode_case(data, blobs)
            return run(function, case, gradient, forbidden)
    except OutOfTime:
        return Outcome(timed_out=True)
    except BaseException as error:  # the learner's code may have broken what surrounds it
        late = time.monotonic() - start > seconds
        return Outcome(
            timed_out=late, failure=None if late else Failure(type(error).__name__, (), str(error)[:200])
        )
