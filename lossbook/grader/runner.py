"""Calls a function on a case, in this process, and writes down what came of it."""

import contextlib
import copy
import io
import linecache
import sys
import textwrap
import threading
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.graph import _engine_run_backward

from lossbook.exercises import Aspect, Case
from lossbook.grader.forbidden import ForbiddenCalls, warm_up
from lossbook.grader.limits import OutOfTime, Worker
from lossbook.grader.outcome import Array, Failure, Outcome, array, freeze
from lossbook.grader.upstream import upstream

PRINTED_LIMIT = 2000  # characters that a report keeps of what one call printed
MESSAGE_LIMIT = 300  # characters that it keeps of an error's or a warning's message


def run_all(
    function: Callable[..., Any],
    drawn: Iterable[tuple[Aspect, tuple[Case, ...]]],
    forbidden: frozenset[str] = frozenset(),
    seconds: float = 5.0,
) -> list[list[Outcome]]:
    """Return the Outcome of each case of each aspect; each call may take ``seconds``.

    After a call that could not be stopped the others are skipped.
    """
    if forbidden:
        warm_up()
    worker = Worker()
    return [
        [_run_limited(worker, function, case, aspect.gradient, forbidden, seconds) for case in cases]
        for aspect, cases in drawn
    ]


def run_trusted(
    function: Callable[..., Any], drawn: Iterable[tuple[Aspect, tuple[Case, ...]]]
) -> list[list[Outcome]]:
    """Return the Outcomes of a function of our own, which comes back and breaks no rule: much faster."""
    with trusting():
        return [[call(function, case, aspect.gradient) for case in cases] for aspect, cases in drawn]


@contextlib.contextmanager
def trusting() -> Iterator[None]:
    """While this lasts, :func:`call` may call functions of our own. What they print and warn of is not kept."""
    with isolated(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def _run_limited(
    worker: Worker,
    function: Callable[..., Any],
    case: Case,
    gradient: bool,
    forbidden: frozenset[str],
    seconds: float,
) -> Outcome:
    if worker.abandoned:
        return Outcome(skipped=True)
    outcomes: list[Outcome] = []
    with isolated():
        in_time = worker.run(lambda: outcomes.append(run(function, case, gradient, forbidden)), seconds)
    return outcomes[0] if in_time and outcomes else Outcome(timed_out=True)


@contextlib.contextmanager
def isolated() -> Iterator[None]:
    """While this lasts the process's settings are torch's defaults; a call's own are undone after it."""
    stdout, stderr, dtype, grad = sys.stdout, sys.stderr, torch.get_default_dtype(), torch.is_grad_enabled()
    for_new_threads = threading.getprofile()  # the trap's; a call that is given up never takes it back
    torch.set_default_dtype(torch.float32)
    inference = torch.inference_mode(False) if torch.is_inference_mode_enabled() else contextlib.nullcontext()
    try:
        with warnings.catch_warnings(), inference:
            torch.set_grad_enabled(True)
            yield
    finally:
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)
        threading.setprofile(for_new_threads)
        sys.stdout, sys.stderr = stdout, stderr


def run(
    function: Callable[..., Any], case: Case, gradient: bool, forbidden: frozenset[str] = frozenset()
) -> Outcome:
    """Call ``function`` on a copy of the case's arguments, without a time limit, and return what came of it."""
    printed = io.StringIO()
    with (
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(printed),
    ):
        warnings.simplefilter("always")
        outcome = call(function, case, gradient, forbidden)
    if not caught and not printed.tell():
        return outcome
    return replace(
        outcome,
        printed=printed.getvalue()[:PRINTED_LIMIT],
        warnings=tuple(dict.fromkeys(_short(str(w.message)) for w in caught)),
    )


def call(
    function: Callable[..., Any], case: Case, gradient: bool, forbidden: frozenset[str] = frozenset()
) -> Outcome:
    """The same where somebody else takes care of what it prints, warns of and sets: :func:`trusting`."""
    args, kwargs = _copy(case.args), _copy(dict(case.kwargs))
    if gradient:
        leaf = args[0].requires_grad_()
        args = (leaf.clone(), *args[1:])  # not the leaf itself: a change in place is to be seen, not an error
    # where nothing is forbidden a search of thousands of steps need not pay for the trap
    trap = ForbiddenCalls(forbidden) if forbidden else contextlib.nullcontext(None)
    slope, frozen, failure = None, None, None
    try:
        with trap as caught_calls:
            value = function(*args, **kwargs)
        if gradient and _is_tensor(value) and value.requires_grad:
            with caught_calls.in_backward() if caught_calls else contextlib.nullcontext():
                slope = _gradient(value, leaf)
        frozen = freeze(value)
    except OutOfTime:
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise  # Ctrl+C: learners' functions run in a thread of their own, or in another process
        frozen, failure = None, _failure(error, function)
    return Outcome(
        value=frozen,
        gradient=slope,
        graph_cut=gradient and failure is None and slope is None,
        changed=_changed((*case.args, *case.kwargs.values()), (*args, *kwargs.values())),
        forbidden=tuple(caught_calls.called) if caught_calls else (),
        failure=failure,
    )


def _copy(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, (list, tuple)):
        return type(value)(_copy(item) for item in value)
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return copy.deepcopy(value)


def _is_tensor(value: object) -> bool:
    return type(value) in (Tensor, torch.nn.Parameter)


def _gradient(value: Tensor, leaf: Tensor) -> Array | None:
    """Return the gradient on ``leaf`` under an upstream gradient that depends on the output's shape alone."""
    weights = upstream(value.shape, value.dtype).clone()  # a learner's backward may write into it
    # what autograd.grad calls; it would itself be caught by a function mode, and run without it
    (slope,) = _engine_run_backward((value,), (weights,), False, False, (leaf,), True, accumulate_grad=False)
    return None if slope is None else array(slope)


def _changed(before: tuple[Any, ...], after: tuple[Any, ...]) -> tuple[int, ...]:
    """Return the positions of the arguments that are not what they were."""
    return tuple(
        position for position, (old, new) in enumerate(zip(before, after, strict=True)) if not _untouched(old, new)
    )


def _untouched(old: Any, new: Any) -> bool:
    """Return whether an argument, or any tensor inside a list, tuple or dict, still holds the same data."""
    if isinstance(old, Tensor):
        return isinstance(new, Tensor) and _identical(old, new.detach())
    if isinstance(old, (list, tuple)):
        return len(old) == len(new) and all(map(_untouched, old, new))
    if isinstance(old, dict):
        return old.keys() == new.keys() and all(_untouched(old[key], new[key]) for key in old)
    return True


def _identical(old: Tensor, new: Tensor) -> bool:
    if old.shape != new.shape or old.dtype != new.dtype:
        return False
    if torch.equal(old, new):  # the quick way; where it fails there may be NaN
        return True
    return bool(np.array_equal(array(old).numbers, array(new).numbers, equal_nan=old.is_floating_point()))


def _failure(error: BaseException, function: Callable[..., Any]) -> Failure:
    """Describe an exception, with the last line of the learner's own code that it passed."""
    own_file = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = [number for frame, number in traceback.walk_tb(error.__traceback__) if _file_of(frame) == own_file]
    line = frames[-1] if frames else None
    source = linecache.getline(own_file, line).strip() if own_file and line else ""
    return Failure(
        kind=type(error).__name__,
        bases=tuple(base.__name__ for base in type(error).__mro__[1:]),
        message=_first_line(error),
        line=line,
        source=source or None,
    )


def _file_of(frame: FrameType) -> str:
    return frame.f_code.co_filename


def _first_line(error: BaseException) -> str:
    try:
        text = str(error).strip()
    except BaseException:  # a learner's exception class may fail to print itself
        return ""
    return _short(text.splitlines()[0]) if text else ""


def _short(message: str) -> str:
    """Return a message without the places in torch's own source that some end in, cut between words."""
    return textwrap.shorten(message.partition("(Triggered internally at")[0], MESSAGE_LIMIT, placeholder=" ...")
