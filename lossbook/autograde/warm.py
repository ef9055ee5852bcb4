"""The warm process: imports torch and its like once, then forks one learner's process at a time.

Started by :mod:`lossbook.autograde.workers` as ``python -P -m lossbook.autograde.warm FD MODE``, inside bubblewrap
where there is one. FD is a SOCK_SEQPACKET socket. The request for a child is a message with the child's own
socket attached; the answer is ``{"exit": ..., "killed": ..., "cpu": ..., "memory_mb": ...}`` when that child has
ended. Any message in between, or the end of the connection, kills the child; ``killed`` says whether that was so.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
from typing import NoReturn

# before numpy and torch: a pool of threads would not survive the fork
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"

PROTECTED, UNPROTECTED = "protected", "unprotected"
PR_SET_PDEATHSIG = 1
MADV_COLLAPSE, HUGE_PAGE = 25, 2 << 20
WATCH_SECONDS = 0.05


def main(descriptor: int, mode: str) -> None:
    """Serve requests until the trusted side is gone."""
    home = tempfile.mkdtemp(prefix="lossbook-")
    os.environ.update(HOME=home, IPYTHONDIR=f"{home}/ipython", MPLCONFIGDIR=f"{home}/matplotlib")
    control = socket.socket(fileno=descriptor)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the trusted side's
    _warm_up(protected=mode == PROTECTED)
    try:
        control.send(json.dumps({"ready": True}).encode())
        while True:
            message, descriptors, _, _ = socket.recv_fds(control, 1 << 16, 1)
            if not message:
                return
            if descriptors:  # else it was meant for a child that ended by itself
                _one_child(control, descriptors[0], home, mode == PROTECTED)
    except ConnectionError:  # a trusted side that ends with answers unread resets the connection
        return
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _warm_up(protected: bool) -> None:
    """Import and touch once what would otherwise be paid for in every child."""
    import matplotlib.pyplot
    import torch
    import torch._dynamo  # torch's optimizers import it: a second that a learner's cell would take

    from lossbook.autograde import child, rehearsal, sandbox

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    rehearsal.rehearse()
    child.originals()
    matplotlib.pyplot.close("all")
    if protected:
        sandbox.prepare()
    gc.collect()
    gc.freeze()
    _join_pages()


def _join_pages() -> None:
    """Have the kernel join this process's memory into pages of 2 MB, as far as it can (Linux 6.1 or newer).

    A fork copies an entry for each page, and the child's end drops each: with small ones that is 10 ms a child.
    """
    if sys.platform != "linux":
        return
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    with open("/proc/self/maps", encoding="utf-8") as file:
        regions = [line.split(maxsplit=5) for line in file]
    for addresses, rights, _, _, inode, *_ in regions:
        if rights != "rw-p" or inode != "0":
            continue
        start, end = (int(address, 16) // HUGE_PAGE for address in addresses.split("-"))
        for page in range(start + 1, end):
            madvise(page * HUGE_PAGE, HUGE_PAGE, MADV_COLLAPSE)  # where it cannot, all stays as it is


def _one_child(control: socket.socket, connection: int, home: str, protected: bool) -> None:
    from lossbook.autograde.sandbox import Limits

    scratch = tempfile.mkdtemp(dir=home)
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        control.close()
        _be_the_child(connection, scratch, protected, parent)
    os.close(connection)
    answer = _wait(control, child, Limits().threads)
    shutil.rmtree(scratch, ignore_errors=True)
    if answer is not None:
        control.send(json.dumps(answer).encode())


def _wait(control: socket.socket, child: int, threads: int) -> dict[str, float] | None:
    """Wait for the child's end; kill it when told to, or at too many threads. None: the trusted side is gone."""
    handle = os.pidfd_open(child)
    ready: list[int] = []
    while not ready and _threads(child) <= threads:
        ready, _, _ = select.select([control.fileno(), handle], [], [], WATCH_SECONDS)
    told = _received(control) if control.fileno() in ready else b"."
    killed = handle not in ready
    if killed:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    _, status, usage = os.wait4(child, 0)
    os.close(handle)
    if not told:
        return None
    return {
        "exit": os.waitstatus_to_exitcode(status),
        "killed": killed,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory_mb": usage.ru_maxrss / 1024,
    }


def _received(control: socket.socket) -> bytes:
    """Return the next message; nothing where the trusted side is gone."""
    try:
        return control.recv(1 << 16)
    except ConnectionError:
        return b""


def _threads(process: int) -> int:
    """Return how many threads a process has. No rlimit caps them where the grader is root."""
    try:
        with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as file:
            return int(file.read().rpartition(")")[2].split()[17])
    except (OSError, IndexError):
        return 0


def _be_the_child(connection: int, scratch: str, protected: bool, parent: int) -> NoReturn:
    """Become the learner's process. It never returns to the loop above."""
    status = 1
    try:
        null = _cut_loose(connection, parent)
        import random

        import numpy
        import torch

        from lossbook.autograde import child, sandbox

        seed = int.from_bytes(os.urandom(4), "little")  # else every child would draw the same numbers
        random.seed(seed)
        numpy.random.seed(seed)
        torch.default_generator.manual_seed(seed)  # torch.manual_seed takes 3 ms, to remember it for a GPU
        os.environ["HOME"] = scratch
        if protected:
            sandbox.enter(sandbox.Limits(), scratch)
        else:
            os.chdir(scratch)
        os.dup2(null, 2)  # from here on nothing of the child's reaches the grader's terminal
        os.close(null)
        sys.argv = ["notebook"]
        child.serve(connection)
        status = 0
    except Exception as error:
        print(f"lossbook: the learner's process could not start: {error}", file=sys.__stderr__, flush=True)
    finally:
        os._exit(status)


def _cut_loose(connection: int, parent: int) -> int:
    """Leave nothing open but the connection and stderr, and die with the warm process; return /dev/null."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="utf-8") as file:
        file.write("1000")  # where memory is short the system ends this process, and none of the grader's
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(null, standard)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in (connection, null):
            try:
                os.close(int(name))
            except OSError:  # the one that lists the directory
                continue
    return null


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
