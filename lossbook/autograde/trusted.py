"""A trusted worker of one machine: grades what the coordinator names, one submission after the other.

Started by :mod:`lossbook.autograde.pool` as ``python -P -m lossbook.autograde.trusted FD PARENT``. It gets an
Assignment over the connection, and then names. It answers ``None`` when it is ready, or a NotGraded where it
cannot work, and then with a Graded or a NotGraded for each name. It ends with the coordinator, so that no two
gradings are ever at work on one course.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lossbook.autograde.task import Assignment

PR_SET_PDEATHSIG = 1


def main(descriptor: int, parent: int) -> None:
    """Serve the coordinator until it is gone."""
    _end_with(parent)
    with Connection(descriptor) as connection:
        try:
            assignment = connection.recv()
        except EOFError:  # the coordinator was stopped already
            return
        from lossbook.autograde import task  # torch

        try:
            task.prepare(assignment)
            connection.send(None)
            _serve(connection, assignment)
        except task.NotGraded as reason:
            connection.send(reason)
        finally:
            task.close()


def _serve(connection: Connection, assignment: Assignment) -> None:
    from lossbook.autograde.task import NotGraded, grade

    while True:
        try:
            student = connection.recv()
        except EOFError:
            return
        try:
            connection.send(grade(assignment, student))
        except NotGraded as reason:
            connection.send(reason)


def _end_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
