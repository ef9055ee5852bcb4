"""The trusted side's handles: a warm process, and the learner's processes that it forks."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from lossbook.autograde import sandbox, wall, wire
from lossbook.autograde.warm import PROTECTED, UNPROTECTED

START_SECONDS = 120.0  # importing torch on a busy machine
FORK_SECONDS = 20.0
RECEIVED_BYTES = 1 << 16  # at most, at a time: a process answers faster than it is listened to
END_SECONDS = 1.0  # between the end of a process's connection and that of the process
PASSED_ON = ("LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "TZ")  # of our environment: a learner can read it


class GraderTrouble(RuntimeError):
    """The grader itself failed: the submission is not graded, which is never a zero."""


class LearnerProcessEnded(Exception):
    """The learner's process is gone, hung or sent nonsense; the message says which."""


class WarmProcess:
    """A process with torch loaded, from which learners' processes are forked. Close it when done."""

    def __init__(self, protected: bool = True) -> None:
        """Start it.

        Raises:
            SandboxUnavailable: this host cannot run other people's code safely, and ``protected`` is asked for.
            GraderTrouble: it did not start.
        """
        if protected and sandbox.missing():
            raise sandbox.SandboxUnavailable(sandbox.missing())
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        descriptor = theirs.fileno()
        python = [sys.executable, "-P", "-m", "lossbook.autograde.warm", str(descriptor)]
        with theirs:
            self._process = subprocess.Popen(
                [*(wall.command() if protected else []), *python, PROTECTED if protected else UNPROTECTED],
                pass_fds=[descriptor],
                stdin=subprocess.DEVNULL,
                env={name: os.environ[name] for name in PASSED_ON if name in os.environ} | {"PATH": os.defpath},
                cwd="/",
            )
        if self._receive(START_SECONDS) is None:
            self.close()
            raise GraderTrouble("the warm process did not start: is there enough memory for torch?")

    def start_child(self) -> LearnerProcess:
        """Return a fresh learner's process, ready for cells. The one before must be closed.

        Raises:
            GraderTrouble: it did not start.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"child"], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise GraderTrouble(f"the warm process is gone ({error})") from None
        child = LearnerProcess(self, ours)
        try:
            child.ask({"do": "hello"}, FORK_SECONDS)
        except LearnerProcessEnded as error:  # no line of the learner's has run yet
            child.close()
            raise GraderTrouble(f"a learner's process could not start: {error}") from None
        return child

    def end_child(self, patience: float = 0.0) -> dict[str, float]:
        """Kill the child if it still runs after some seconds; return how it ended and what it used."""
        if patience and select.select([self._control], [], [], patience)[0]:
            return self._ending()
        with contextlib.suppress(OSError):
            self._control.send(b"kill")
        return self._ending()

    def _ending(self) -> dict[str, float]:
        answer = self._receive(FORK_SECONDS)
        if answer is None:
            raise GraderTrouble("the warm process no longer answers")
        return answer

    def _receive(self, seconds: float) -> dict[str, Any] | None:
        if not select.select([self._control], [], [], seconds)[0]:
            return None
        try:
            message = self._control.recv(1 << 16)
        except OSError:
            return None
        return json.loads(message) if message else None

    def close(self) -> None:
        """End the warm process and all that it forked."""
        self._control.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class LearnerProcess:
    """One forked process that runs one notebook's code."""

    def __init__(self, warm: WarmProcess, connection: socket.socket) -> None:
        self._warm, self._connection = warm, connection
        self._received = memoryview(b"")  # and not looked at yet
        self._gone = False  # whether it ended before we ended it
        self.heard = 0  # bytes of its last message
        self.usage: dict[str, float] | None = None

    @property
    def killed_from_outside(self) -> bool:
        """Whether something else on this machine killed it, such as the system where memory is short.

        A learner's process cannot kill itself so, but by using more processor time than it has.
        """
        usage = self.usage or {}
        killed = usage.get("exit") == -signal.SIGKILL and not usage["killed"]
        return killed and usage["cpu"] < sandbox.Limits().cpu_seconds

    def ask(
        self, header: dict[str, Any], seconds: float, blobs: Sequence[bytes] = ()
    ) -> tuple[dict[str, Any], list[bytes]]:
        """Send a message and return the answer."""
        self.tell(header, seconds, blobs)
        return self.listen(seconds)

    def tell(self, header: dict[str, Any], seconds: float, blobs: Sequence[bytes] = ()) -> None:
        """Send a message.

        Raises:
            LearnerProcessEnded: nobody takes it.
        """
        self._connection.settimeout(seconds)
        try:
            self._connection.sendall(wire.pack(header, blobs))
        except OSError as error:
            self._gone = not isinstance(error, TimeoutError)
            raise LearnerProcessEnded(f"its process ended ({type(error).__name__})") from None

    def listen(self, seconds: float) -> tuple[dict[str, Any], list[bytes]]:
        """Return the next message.

        Raises:
            LearnerProcessEnded: none came in time, the process is gone, or it is no message.
        """
        end = time.monotonic() + seconds
        self.heard = 0

        def read(length: int) -> memoryview:
            if not self._received:
                self._connection.settimeout(max(end - time.monotonic(), 0.001))
                self._received = memoryview(self._connection.recv(RECEIVED_BYTES))
            part, self._received = self._received[:length], self._received[length:]
            self.heard += len(part)
            return part

        try:
            return wire.unpack(read)
        except TimeoutError:
            raise LearnerProcessEnded(f"it did not answer within {seconds:g} seconds") from None
        except (EOFError, ConnectionError):
            self._gone = True
            raise LearnerProcessEnded("its process ended") from None
        except (OSError, wire.BadMessage) as error:
            raise LearnerProcessEnded(f"its process sent nonsense ({error})") from None

    def close(self) -> None:
        """Kill the process, if it still runs."""
        if self.usage is None:
            self._connection.close()
            self.usage = {}
            self.usage = self._warm.end_child(END_SECONDS if self._gone else 0.0)
