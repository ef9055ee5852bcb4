"""Notices calls of torch functions that would be the answer itself, under whatever name they are called."""

import functools
from typing import Any

import torch
from torch._C._dynamo import eval_frame
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from lossbook.exercises.forbidden import AUTOGRAD


@functools.lru_cache(maxsize=4096)
def base_name(name: str) -> str:
    """Return the bare name of a torch function or operator: "aten::_softmax.out" gives "softmax"."""
    name = name.rpartition("::")[2].partition(".")[0].strip("_")
    return name.removeprefix("special_").removesuffix("_default")


class ForbiddenCalls:
    """While this context is entered, ``called`` collects the forbidden functions that run.

    Two nets: torch's function mode sees the Python names (``torch.kl_div``, ``Tensor.softmax``); the
    dispatcher sees the operators, also those reached through TorchScript or ``torch.ops``. Both belong to
    the thread that enters them.
    """

    def __init__(self, forbidden: frozenset[str]) -> None:
        """Watch for the names in ``forbidden``, in all their spellings."""
        self.called: list[str] = []
        self._modes = (_FunctionTrap(forbidden, self.called), _DispatchTrap(forbidden, self.called))

    def __enter__(self) -> "ForbiddenCalls":
        for mode in self._modes:
            mode.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        for mode in reversed(self._modes):
            mode.__exit__(*exception)

    def in_backward(self) -> TorchFunctionMode:
        """Return the net for the gradient's computation: a learner's autograd.Function may call anything there.

        Python names alone: torch's own formulas may use what a learner may not.
        """
        return _FunctionTrap(self._modes[0].forbidden - AUTOGRAD, self.called)


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

        That imports some 800 modules, a second's work, and costs more at each call than the operators do. The
        mark below does the same, and costs nothing.
        """
        return False

    def __init__(self, forbidden: frozenset[str], called: list[str]) -> None:
        super().__init__()
        self.forbidden, self.called = forbidden, called

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        _note(func._schema.name, self.forbidden, self.called)
        return func(*args, **(kwargs or {}))


# A function that is compiled runs under the trap as well; the trap itself, and what it calls, is not compiled.
_SKIP = eval_frame._FrameAction.SKIP
eval_frame.set_code_exec_strategy(
    _DispatchTrap.__torch_dispatch__.__code__, eval_frame._FrameExecStrategy(_SKIP, _SKIP)
)


def _note(name: str, forbidden: frozenset[str], called: list[str]) -> None:
    bare = base_name(name)
    if bare in forbidden and bare not in called:
        called.append(bare)
