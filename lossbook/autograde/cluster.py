"""Hands submissions to the workers of a dask cluster, which all see the course's folders. A worker may die."""

from __future__ import annotations

import contextlib
import queue
import re
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lossbook.autograde.plan import CannotGrade
from lossbook.autograde.pool import AHEAD, TRIES, Result
from lossbook.autograde.task import Assignment, Graded, NotGraded, grade

if TYPE_CHECKING:
    from distributed import Client

ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?[^\s/]+:\d{1,5}/?", re.ASCII)
CONNECT_SECONDS = 10
LOOK_SECONDS = 2.0  # between two looks whether anybody is still at work
LOST = "the connection to the dask scheduler was lost"
PATIENCE = 120.0  # seconds without any worker until what is left is given up: a machine may come back


def on_a_cluster(assignment: Assignment, students: Sequence[str], scheduler: str) -> Generator[Result]:
    """Yield each submission's result as it is there, from the workers of a dask scheduler.

    Where workers die their submissions go to others. Where all workers are gone for long, or the scheduler is,
    what is left is not graded.

    Raises:
        CannotGrade: dask is missing, there is no scheduler at that address, or it has no workers.
    """
    client = _connect(scheduler)
    try:
        yield from _Deal(client, assignment, students).results()
    finally:
        with contextlib.suppress(Exception):  # there may be nobody left to take leave of
            client.close(timeout=CONNECT_SECONDS)


def _connect(scheduler: str) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise CannotGrade('dask is not installed: pip install "lossbook[cluster]"') from None
    if not ADDRESS.fullmatch(scheduler):  # dask would leave a half-made client behind, which ends in a traceback
        raise CannotGrade(f"{scheduler} is no address of a dask scheduler: those look like tcp://HOST:8786")
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise CannotGrade(f"no dask scheduler answers at {scheduler}: {error}") from None
    try:
        hands = client.nthreads()
    except Exception as error:  # it went away just now
        client.close(timeout=CONNECT_SECONDS)
        raise CannotGrade(f"the dask scheduler at {scheduler} went away: {error}") from None
    if not hands:
        client.close()
        raise CannotGrade(f"the dask scheduler has no workers: start some with dask worker {scheduler}")
    return client


class _Deal:
    """What is at the workers, and what waits."""

    def __init__(self, client: Client, assignment: Assignment, students: Sequence[str]) -> None:
        self._client, self._assignment = client, assignment
        self._waiting = deque(students)
        self._names: dict[str, tuple[str, Any]] = {}  # a future has to be held, or dask forgets its task
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._hands = 0
        self._seen = time.monotonic()  # when there was a worker last

    def results(self) -> Iterator[Result]:
        while self._waiting or self._names:
            try:
                trouble = self._look()
                if not trouble:
                    self._hand_out()
            except Exception:  # of many kinds, when the scheduler is gone
                trouble = LOST
            if trouble:
                yield from self._give_up(trouble)
                return
            try:
                future = self._done.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                continue
            student, _ = self._names.pop(str(future.key))
            yield student, _result(future)

    def _give_up(self, trouble: str) -> Iterator[Result]:
        left = [*(student for student, _ in self._names.values()), *self._waiting]
        for student in left:
            yield student, NotGraded(trouble)

    def _look(self) -> str:
        """Count the workers; return why nothing more will come, "" where it will."""
        if self._client.status not in ("running", "connecting"):
            return LOST
        workers = self._client.scheduler_info(n_workers=-1).get("workers")
        if workers is None:  # all that a client knows whose scheduler is gone
            return LOST
        self._hands = sum(worker["nthreads"] for worker in workers.values())
        if self._hands:
            self._seen = time.monotonic()
        elif time.monotonic() - self._seen > PATIENCE:
            return f"the dask scheduler had no workers for {PATIENCE:g} seconds"
        return ""

    def _hand_out(self) -> None:
        while self._waiting and len(self._names) < AHEAD * max(1, self._hands):
            student = self._waiting[0]
            future = self._client.submit(grade, self._assignment, student, pure=False, retries=TRIES)
            self._waiting.popleft()
            self._names[str(future.key)] = student, future
            future.add_done_callback(self._done.put)


def _result(future: Any) -> Graded | Exception:
    try:
        found = future.result()
    except NotGraded as reason:
        return reason
    except Exception as error:  # whatever happened there, the next submission is graded
        return NotGraded(f"the cluster failed: {type(error).__name__}: {error}")
    return (
        found if isinstance(found, Graded) else NotGraded("the cluster answered with something else than a grade")
    )
