"""Hands submissions to trusted workers: processes of this machine. A worker may die at any time."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from multiprocessing import Pipe
from multiprocessing.connection import wait

from lossbook.autograde.task import Assignment, Graded, NotGraded
from lossbook.autograde.workers import PASSED_ON

TRIES = 3  # a submission whose worker dies so often is not graded
STARTS = 5  # workers that fail one after the other before they are ready
AHEAD = 2  # submissions at a worker: it need not wait for us between two
ENVIRONMENT = (*PASSED_ON, "PATH", "HOME", "TMPDIR", "LOSSBOOK_BOOK")  # no password of a database
END_SECONDS = 10

Result = tuple[str, Graded | Exception]


def on_this_machine(assignment: Assignment, students: Sequence[str], workers: int) -> Generator[Result]:
    """Yield each submission's result as it is there, from processes of this machine.

    A worker that dies takes nothing along: a new one grades again what it was at, and what waited behind that.
    """
    crew = _Crew(assignment, students, workers)
    try:
        while crew.has_work():
            yield from crew.next_results()
        crew.end()
    finally:
        crew.kill()


class _Crew:
    """The workers of this machine, and the submissions that wait for them."""

    def __init__(self, assignment: Assignment, students: Sequence[str], size: int) -> None:
        self._assignment, self._size = assignment, size
        self._waiting = deque(students)
        self._tries = Counter[str]()
        self._stillborn = 0
        self._reason = "its process ended"  # why a worker failed to start
        self._workers: list[_Worker] = []

    def has_work(self) -> bool:
        return bool(self._waiting) or any(worker.given for worker in self._workers)

    def next_results(self) -> Iterator[Result]:
        """Keep all workers busy, and yield what the first of them bring."""
        self._staff()
        self._hand_out()
        ready = wait([worker.connection for worker in self._workers])
        for worker in [worker for worker in self._workers if worker.connection in ready]:
            if worker not in self._workers:  # given up together with all others
                continue
            try:
                result = worker.take()
            except (EOFError, OSError):
                yield from self._replace(worker)
                continue
            except CannotStart as reason:
                self._reason = str(reason)
                yield from self._replace(worker)
                continue
            self._stillborn = 0
            if result:
                yield result

    def _staff(self) -> None:
        """Start the workers that are lacking: at the beginning, and where one died."""
        for _ in range(min(self._size, len(self._waiting)) - len(self._workers)):
            self._workers.append(_Worker(self._assignment))

    def _hand_out(self) -> None:
        for ahead in range(AHEAD):
            for worker in self._workers:
                if self._waiting and len(worker.given) <= ahead:
                    worker.give(self._waiting.popleft())

    def _replace(self, worker: _Worker) -> Iterator[Result]:
        """Take back what a dead worker was given. The first of it may be what killed it, the others are not."""
        self._workers.remove(worker)
        worker.kill()
        suspect = worker.given.popleft() if worker.started and worker.given else None
        self._waiting.extendleft(reversed(worker.given))
        if suspect is not None:
            self._tries[suspect] += 1
            if self._tries[suspect] < TRIES:
                self._waiting.append(suspect)
            else:
                yield suspect, NotGraded(f"its worker ended {TRIES} times while it was graded")
        self._stillborn += not worker.started
        if self._stillborn >= STARTS:
            yield from self._despair()

    def _despair(self) -> Iterator[Result]:
        left = [*self._waiting, *(student for worker in self._workers for student in worker.given)]
        self.kill()
        self._waiting.clear()
        for student in left:
            yield student, NotGraded(f"{STARTS} workers could not start one after the other: {self._reason}")

    def end(self) -> None:
        """Let the workers end their own processes, side by side."""
        for worker in self._workers:
            worker.connection.close()
        for worker in self._workers:
            worker.wait()

    def kill(self) -> None:
        """End the workers at once, and with them all that they started."""
        for worker in self._workers:
            worker.kill()
        self._workers.clear()


class CannotStart(Exception):
    """A worker cannot work here; the message says why."""


class _Worker:
    """A trusted process, and what it was given, in the order in which it grades."""

    def __init__(self, assignment: Assignment) -> None:
        self.connection, theirs = Pipe()
        self.given: deque[str] = deque()
        self.started = False
        command = [
            sys.executable,
            "-P",
            "-m",
            "lossbook.autograde.trusted",
            str(theirs.fileno()),
            str(os.getpid()),
        ]
        with theirs:
            self._process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
                | {"OMP_NUM_THREADS": "1"},
                start_new_session=True,  # Ctrl+C on the terminal is ours alone
            )
        with contextlib.suppress(OSError):  # it is gone already, as the next look will find
            self.connection.send(assignment)

    def give(self, student: str) -> None:
        self.given.append(student)
        with contextlib.suppress(OSError):
            self.connection.send(student)

    def take(self) -> Result | None:
        """Return a result, or None where it says that it is ready.

        Raises:
            EOFError, OSError: it is gone.
            CannotStart: it says why it cannot work.
        """
        message = self.connection.recv()
        if not self.started:
            if message is not None:
                raise CannotStart(message)
            self.started = True
            return None
        return self.given.popleft(), message

    def wait(self) -> None:
        """Wait until it has ended its own processes, now that nobody talks to it."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_SECONDS)

    def kill(self) -> None:
        self.connection.close()
        self._process.kill()
        self._process.wait()
