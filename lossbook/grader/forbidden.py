"""Notices calls of torch functions that would be the answer itself, under whatever name they are called."""

import functools
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import torch
from torch._C._dynamo import eval_frame
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

import lossbook
from lossbook.exercises.forbidden import AUTOGRAD, BOOK

TORCH_FOLDER, BOOK_FOLDER = (f"{Path(module.__file__ or '').parent}/" for module in (torch, lossbook))


@functools.lru_cache(maxsize=4096)
def base_name(name: str) -> str:
    """Return the bare name of a torch function or operator: "aten::_softmax.out" gives "softmax"."""
    name = name.rpartition("::")[2].partition(".")[0].strip("_")
    return name.removeprefix("special_").removesuffix("_default")


@dataclass
class _Watch:
    """What is looked for, and what was found."""

    forbidden: frozenset[str] = frozenset()
    called: list[str] = field(default_factory=list)
    inside: bool = False  # a function that is noted: what that calls is not what the learner wrote

    def note(self, name: str) -> bool:
        """Note a name if it is forbidden, and return whether it is."""
        bare = base_name(name)
        is_forbidden = bare in self.forbidden
        if is_forbidden and not self.inside and bare not in self.called:
            self.called.append(bare)
        return is_forbidden

    def note_callers(self, frame: FrameType | None) -> None:
        """Note the ready-made functions in Python that an operator is called from."""
        while frame is not None and frame.f_code.co_filename != _RUNNER:
            for name in _ready_made(frame.f_code, BOOK in self.forbidden):
                self.note(name)
            frame = frame.f_back


_RUNNER = str(Path(__file__).with_name("runner.py"))  # what stands above it called the learner's function


@functools.lru_cache(maxsize=4096)
def _ready_made(code: CodeType, book_too: bool) -> tuple[str, ...]:
    """Return the names of a function of torch, or of this book, and of its class; none for other code."""
    folders = (TORCH_FOLDER, BOOK_FOLDER) if book_too else TORCH_FOLDER
    return tuple(code.co_qualname.split(".")) if code.co_filename.startswith(folders) else ()


_in_other_threads = _Watch()  # that of the trap that was entered last


class _Trap:
    """Two nets around one thread: torch's function mode, and its dispatcher."""

    def __init__(self, watch: _Watch) -> None:
        self._modes = (_FunctionTrap(watch), _DispatchTrap(watch))

    def __enter__(self) -> Any:
        for mode in self._modes:
            mode.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        for mode in reversed(self._modes):
            mode.__exit__(*exception)


class ForbiddenCalls(_Trap):
    """While this context is entered, ``called`` collects the forbidden functions that run.

    Two nets: torch's function mode sees the Python names (``torch.kl_div``, ``Tensor.softmax``); the
    dispatcher sees the operators, also those reached through TorchScript or ``torch.ops``, and whether it is
    a function in Python that calls them (``torch._refs.softmax``; with BOOK also ``lossbook.activations``).
    Both belong to the thread that enters them: :class:`InThread` is for the others, and for those that Python
    starts meanwhile it is entered by itself.
    """

    def __init__(self, forbidden: frozenset[str]) -> None:
        """Watch for the names in ``forbidden``, in all their spellings."""
        self._watch = _Watch(forbidden)
        self.called = self._watch.called
        super().__init__(self._watch)

    def __enter__(self) -> "ForbiddenCalls":
        _in_other_threads.forbidden, _in_other_threads.called = self._watch.forbidden, self.called
        self._profile = threading.getprofile()
        threading.setprofile(_begin_thread)
        super().__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)
        threading.setprofile(self._profile)

    def in_backward(self) -> TorchFunctionMode:
        """Return the net for the gradient's computation: a learner's autograd.Function may call anything there.

        Python names alone: torch's own formulas may use what a learner may not.
        """
        return _FunctionTrap(_Watch(self._watch.forbidden - AUTOGRAD, self.called))


class InThread(_Trap):
    """For all of another thread's life: what it calls counts as called in the trap that was entered last."""

    def __init__(self) -> None:
        super().__init__(_in_other_threads)


def _begin_thread(frame: FrameType, event: str, argument: object) -> None:
    """Set the nets in a new thread, where Python calls this first; they end with the thread."""
    sys.setprofile(None)
    InThread().__enter__()


@functools.cache
def warm_up() -> None:
    """Set the trap once for nothing, so that no learner's time limit pays for it.

    The first operator under a dispatch mode makes torch import some 800 modules, which may take seconds.
    """
    with ForbiddenCalls(frozenset()):
        torch.zeros(1).exp()


class _FunctionTrap(TorchFunctionMode):
    def __init__(self, watch: _Watch) -> None:
        super().__init__()
        self._watch = watch

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        outer = self._watch.inside
        self._watch.inside = outer or bool(self._watch.note(getattr(func, "__name__", "")))
        try:
            return func(*args, **(kwargs or {}))
        finally:
            self._watch.inside = outer


class _DispatchTrap(TorchDispatchMode):
    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Return whether torch wraps the method below to keep torch.compile out of it.

        That imports some 800 modules, a second's work, and costs more at each call than the operators do. The
        mark below does the same, and costs nothing.
        """
        return False

    def __init__(self, watch: _Watch) -> None:
        super().__init__()
        self._watch = watch

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self._watch.note(func._schema.name)
        self._watch.note_callers(sys._getframe(1))
        return func(*args, **(kwargs or {}))


# A function that is compiled runs under the trap as well; the trap itself, and what it calls, is not compiled.
_SKIP = eval_frame._FrameAction.SKIP
eval_frame.set_code_exec_strategy(
    _DispatchTrap.__torch_dispatch__.__code__, eval_frame._FrameExecStrategy(_SKIP, _SKIP)
)
