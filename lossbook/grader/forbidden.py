"""Notices calls of torch functions that would be the answer itself, under whatever name they are called."""

import functools
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import torch
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


class ForbiddenCalls:
    """While this context is entered, ``called`` collects the forbidden functions that run.

    Two nets: torch's function mode sees the Python names (``torch.kl_div``, ``Tensor.softmax``); the
    dispatcher sees the operators, also those reached through TorchScript or ``torch.ops``, and whether it is
    a function in Python that calls them (``torch._refs.softmax``; with BOOK also ``lossbook.activations``).
    Both belong to the thread that enters them, so threads that the function starts enter them, too.
    """

    def __init__(self, forbidden: frozenset[str]) -> None:
        """Watch for the names in ``forbidden``, in all their spellings."""
        self.forbidden = forbidden
        self.called: list[str] = []
        self._modes = self._nets()

    def _nets(self) -> "tuple[TorchFunctionMode, TorchDispatchMode]":
        dispatch_trap = _UncompiledDispatchTrap if "torch._dynamo" in sys.modules else _DispatchTrap
        return _FunctionTrap(self.forbidden, self.called), dispatch_trap(self.forbidden, self.called)

    def __enter__(self) -> "ForbiddenCalls":
        self._hook = threading.getprofile()
        threading.setprofile(self._enter_in_thread)
        for mode in self._modes:
            mode.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        for mode in reversed(self._modes):
            mode.__exit__(*exception)
        threading.setprofile(self._hook)

    def _enter_in_thread(self, frame: FrameType, event: str, argument: object) -> None:
        """Set the nets in a new thread, where Python calls this first; they end with the thread."""
        sys.setprofile(None)
        for mode in self._nets():
            mode.__enter__()

    def in_backward(self) -> TorchFunctionMode:
        """Return the net for the gradient's computation: a learner's autograd.Function may call anything there.

        Python names alone: torch's own formulas may use what a learner may not.
        """
        return _FunctionTrap(self.forbidden - AUTOGRAD, self.called)


@functools.cache
def warm_up() -> None:
    """Set the trap once for nothing, so that no learner's time limit pays for it.

    The first operator under a dispatch mode makes torch import some 800 modules, which may take seconds.
    """
    with ForbiddenCalls(frozenset()):
        torch.zeros(1).exp()


class _FunctionTrap(TorchFunctionMode):
    def __init__(self, forbidden: frozenset[str], called: list[str]) -> None:
        super().__init__()
        self.forbidden, self.called = forbidden, called

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        _note(getattr(func, "__name__", ""), self.forbidden, self.called)
        return func(*args, **(kwargs or {}))


class _DispatchTrap(TorchDispatchMode):
    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Return whether torch wraps the method below to keep torch.compile out of it.

        That imports some 800 modules, a second's work, and costs more at each call than the operators do.
        """
        return False

    def __init__(self, forbidden: frozenset[str], called: list[str]) -> None:
        super().__init__()
        self.forbidden, self.called = forbidden, called

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        _note(func._schema.name, self.forbidden, self.called)
        _note_callers(sys._getframe(1), self.forbidden, self.called)
        return func(*args, **(kwargs or {}))


class _UncompiledDispatchTrap(_DispatchTrap):
    """The same where torch.compile is loaded, and may be used: it would compile the trap, too."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return True

    __torch_dispatch__ = _DispatchTrap.__torch_dispatch__  # torch wraps what stands in the class itself


def _note(name: str, forbidden: frozenset[str], called: list[str]) -> None:
    bare = base_name(name)
    if bare in forbidden and bare not in called:
        called.append(bare)


def _note_callers(frame: FrameType | None, forbidden: frozenset[str], called: list[str]) -> None:
    """Note the ready-made functions in Python that an operator is called from."""
    while frame is not None and frame.f_code.co_filename != _RUNNER:
        for name in _ready_made(frame.f_code, BOOK in forbidden):
            _note(name, forbidden, called)
        frame = frame.f_back


_RUNNER = str(Path(__file__).with_name("runner.py"))  # what stands above it called the learner's function


@functools.lru_cache(maxsize=4096)
def _ready_made(code: CodeType, book_too: bool) -> tuple[str, ...]:
    """Return the names of a function of torch, or of this book, and of its class; none for other code."""
    folders = (TORCH_FOLDER, BOOK_FOLDER) if book_too else TORCH_FOLDER
    return tuple(code.co_qualname.split(".")) if code.co_filename.startswith(folders) else ()
