"""Runs code that may never come back, in this process, and comes back in any case."""

import contextlib
import ctypes
import threading
import time
from collections.abc import Callable


class OutOfTime(BaseException):
    """Raised inside a call that took too long. Not an Exception, so that ``except Exception`` lets it pass."""


class _EndOfThread(OutOfTime, SystemExit):
    """The same for a thread: on a SystemExit it ends without a word, even where nothing catches it any more."""


class Worker:
    """One thread that runs jobs, each with its time limit.

    A job that overruns gets :class:`OutOfTime` raised inside it. One that swallows even that, or that hangs
    in compiled code, is left behind as a daemon thread: the caller goes on, and the worker takes no more.
    """

    GRACE = 1.0  # seconds for a stopped job to unwind

    def __init__(self) -> None:
        self.abandoned = False

    def run(self, job: Callable[[], None], seconds: float) -> bool:
        """Run ``job`` and return whether it ended in time. It must not raise anything but OutOfTime."""

        def work() -> None:
            with contextlib.suppress(OutOfTime):
                job()

        thread = threading.Thread(target=work, daemon=True, name="lossbook-check")
        thread.start()
        thread.join(seconds)
        if not thread.is_alive():
            return True
        self._stop(thread)
        self.abandoned = thread.is_alive()
        return False

    def _stop(self, thread: threading.Thread) -> None:
        """Raise OutOfTime in the thread, again and again, until it ends or the time of grace is over."""
        raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
        deadline = time.monotonic() + self.GRACE
        while thread.is_alive() and time.monotonic() < deadline:
            raise_in(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_EndOfThread))
            thread.join(0.05)
