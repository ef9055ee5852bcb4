"""A trusted worker of one machine: grades what the coordinator names, one submission after the other.

Started by :mod:`lossbook.autograde.pool` as ``python -P -m lossbook.autograde.trusted FD PARENT``. Over the connection
it gets an Assignment and then names; it answers ``None`` when it is ready, and with a Graded or a NotGraded for each
name. It ends with the coordinator, so that no two gradings are ever at work on one course.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from multiprocessing.connection import Connection

PR_SET_PDEATHSIG = 1


def main(descriptor: int, parent: int) -> None:
    """Serve the coordinator until it is gone."""
    _end_with(parent)
    with Connection(descriptor) as connection:
        assignment = connection.recv()
        from lossbook.autograde import task  # torch

        connection.send(None)
        while True:
            try:
                student = connection.recv()
            except EOFError:
                break
            try:
                connection.send(task.grade(assignment, student))
            except task.NotGraded as reason:
                connection.send(reason)
    task.close()


def _end_with(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
