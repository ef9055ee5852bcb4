"""Hands submissions to workers, of this machine or of a dask cluster. A worker may die at any time."""

from __future__ import annotations

import multiprocessing
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from lossbook.autograde.plan import CannotGrade
from lossbook.autograde.task import Assignment, Graded, grade

TRIES = 3  # a submission whose worker dies so often is not graded
AHEAD = 4  # submissions waiting at each worker
CONNECT_SECONDS = 10

Result = tuple[str, Graded | Exception]
_assignment: list[Assignment] = []  # set once in each process of the local pool


class WorkerDied(RuntimeError):
    """The process that graded this submission ended, more than once."""


def on_this_machine(assignment: Assignment, students: Sequence[str], workers: int) -> Iterator[Result]:
    """Yield each submission's result as it is there, from processes of this machine.

    Where a process is killed the pool is made anew, and what was on its way is graded again.
    """
    waiting, tries = deque(students), Counter[str]()
    while waiting:
        under_way: dict[Future[Graded], str] = {}
        with ProcessPoolExecutor(
            min(workers, len(waiting)), multiprocessing.get_context("spawn"), _remember, (assignment,)
        ) as pool:
            try:
                while waiting or under_way:
                    while waiting and len(under_way) < AHEAD * workers:
                        student = waiting.popleft()
                        under_way[pool.submit(_grade_remembered, student)] = student
                    done, _ = wait(under_way, return_when=FIRST_COMPLETED)
                    for future in done:
                        if isinstance(future.exception(), BrokenProcessPool):
                            continue
                        yield under_way.pop(future), _result(future)
                    if any(isinstance(future.exception(), BrokenProcessPool) for future in done):
                        break
            except BrokenProcessPool:  # on submit
                waiting.appendleft(student)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        for future, student in under_way.items():
            if future.done() and not future.exception():
                yield student, future.result()
                continue
            tries[student] += 1
            if tries[student] < TRIES:
                waiting.append(student)
            else:
                yield student, WorkerDied(f"its worker ended {TRIES} times while it was graded")


def _remember(assignment: Assignment) -> None:
    _assignment.append(assignment)


def _grade_remembered(student: str) -> Graded:
    return grade(_assignment[0], student)


def _result(future: Future[Graded]) -> Graded | Exception:
    error = future.exception()
    if error is None:
        return future.result()
    return error if isinstance(error, Exception) else RuntimeError(repr(error))


def on_a_cluster(assignment: Assignment, students: Sequence[str], scheduler: str) -> Iterator[Result]:
    """Yield each submission's result from the workers of a dask scheduler, which all see the course's folders.

    Raises:
        CannotGrade: dask is missing, or there is no scheduler at that address.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise CannotGrade('dask is not installed: pip install "lossbook[cluster]"') from None
    try:
        client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise CannotGrade(f"no dask scheduler at {scheduler}: {error}") from None
    with client:
        waiting = deque(students)
        under_way = as_completed(with_results=False)
        names: dict[str, str] = {}
        while waiting or names:
            room = AHEAD * max(1, sum(client.nthreads().values()))
            while waiting and len(names) < room:
                student = waiting.popleft()
                future = client.submit(grade, assignment, student, pure=False, retries=TRIES)
                names[str(future.key)] = student
                under_way.add(future)
            future = next(under_way)
            yield names.pop(str(future.key)), _of_cluster(future)


def _of_cluster(future: object) -> Graded | Exception:
    try:
        found = future.result()  # type: ignore[attr-defined]
        assert isinstance(found, Graded)
        return found
    except Exception as error:  # whatever happened there, the next submission is graded
        return error
