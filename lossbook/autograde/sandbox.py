"""The promise of the sandbox, and what keeps it.

A learner's notebook is graded in a process of its own, forked from a warm one. From the moment before its first
line runs until its end, that process

- reads no files but Python, its libraries, fonts and site-packages (without lossbook, whose references are
  answers): no other submission, no gradebook, no solutions, nothing under /proc. Inside bubblewrap other files
  are not there at all; without it their names, sizes and times can be asked for where the name is known;
- writes nowhere but into a scratch directory of its own in memory, of capped size and number of files, which is
  gone when the process ends; where the host has no user namespaces it writes nowhere at all;
- has no network: it can make no socket of any kind, not even a pair (so asyncio does not work);
- starts no process, and can neither signal, trace nor inspect another;
- sees an environment that holds no variable of the grader's;
- is limited in memory, processor time, size of a file and open files; its threads are counted by the warm process,
  some times a second, its wall time and the size of what it sends are limited by the trusted side: each kills it
  when it goes beyond.

Three layers keep that. **Landlock** forbids files and, where the kernel can, signals; **seccomp** lets through a
list of system calls and refuses all others; **rlimits** cap the resources. Where bubblewrap is there, the warm
process lives inside a container without network and without the rest of the file system, once for the whole batch
(:mod:`lossbook.autograde.wall`). Landlock and seccomp are the least that untrusted code is run with:
:func:`missing` says what a host lacks, and nothing is graded there but by explicit ``--unprotected``.

It does not hide what the processor's caches and clocks may tell, and it trusts the kernel. It does not keep a
learner from reading or changing what is in their own process: nothing there judges them, but the trap for torch's
own functions can be broken there. What then gives them away is in :mod:`lossbook.autograde.suspicion`.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import functools
import os
import resource
import sys
import sysconfig
import termios
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import lossbook

if TYPE_CHECKING:
    from landlockpy import Ruleset

MB = 1 << 20

# What Python, NumPy, torch and matplotlib need once they are loaded. Everything else fails with EPERM.
ALLOWED_CALLS = """
read write readv writev pread64 pwrite64 lseek close close_range dup dup2 dup3 flock
stat fstat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat getdents64 getcwd
chdir fchdir mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 ftruncate fallocate fsync fdatasync
umask statfs fstatfs fadvise64 copy_file_range pipe pipe2 eventfd2
mmap munmap mprotect mremap madvise brk mincore membarrier
rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack
futex futex_waitv set_robust_list get_robust_list set_tid_address rseq sched_yield sched_getaffinity
exit exit_group getpid getppid gettid getuid geteuid getgid getegid getpgrp getsid uname sysinfo
getrusage getrlimit times time gettimeofday clock_gettime clock_getres clock_nanosleep nanosleep
getitimer setitimer alarm pause restart_syscall poll ppoll select pselect6
epoll_create1 epoll_ctl epoll_wait epoll_pwait getrandom arch_prctl
""".split()  # noqa: SIM905
# Of these, the harmless half: fcntl and ioctl can also have signals sent to other processes (F_SETOWN, FIOSETOWN).
ALLOWED_FCNTL = (
    *(fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL, fcntl.F_SETFL),
    *(fcntl.F_GETLK, fcntl.F_SETLK, fcntl.F_SETLKW),
)
ALLOWED_IOCTL = (termios.TCGETS, termios.FIONREAD, termios.FIONBIO, termios.FIOCLEX, termios.FIONCLEX)
PR_SET_DUMPABLE, PR_SET_NAME = 4, 15
PR_SET_SECCOMP, SECCOMP_MODE_FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38
CLONE_THREAD, CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER = 0x10000, 0x20000, 0x8000000, 0x10000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 0x4000, 0x40000


class SandboxUnavailable(RuntimeError):
    """This host cannot keep the promise; the message says what is missing."""


@dataclass(frozen=True)
class Limits:
    """What one learner's process may use.

    Attributes:
        memory_mb: address space on top of what the warm process holds.
        cpu_seconds: processor time for the whole notebook.
        file_mb: size of one file.
        scratch_mb: size of the scratch directory.
        files: number of files in it.
        open_files: open at one time.
        threads: at one time.
    """

    memory_mb: int = 1024
    cpu_seconds: int = 120
    file_mb: int = 16
    scratch_mb: int = 32
    files: int = 500
    open_files: int = 64
    threads: int = 100


@functools.cache
def missing() -> str:
    """Return what this host lacks for running other people's code, in words; "" where nothing is missing."""
    if sys.platform != "linux":
        return "the sandbox needs Linux (a virtual machine or WSL will do)"
    try:
        import landlockpy
        import pyseccomp  # noqa: F401
    except (ImportError, OSError, RuntimeError) as error:
        return f"the sandbox needs pyseccomp, landlockpy and the system package libseccomp2 ({error})"
    if not landlockpy.abi_version():
        return "the kernel has no Landlock (Linux 5.13 or newer, with landlock in its list of security modules)"
    return ""


@functools.cache
def has_namespaces() -> bool:
    """Return whether a process may make user namespaces here: tried in a child."""
    child = os.fork()
    if child == 0:
        os._exit(0 if _libc().unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 else 1)
    return os.waitpid(child, 0)[1] == 0


@functools.cache
def readable_paths() -> list[str]:
    """Return what the learner's process may read: Python, shared libraries, fonts, time zones, site-packages.

    Looked up once, in the warm process.

    Not ``sys.path`` as it is: with ``python -m`` it holds the current directory, which is the course.
    """
    paths = [
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib")),
        f"{sys.base_prefix}/lib",
        *("/usr/lib", "/lib", "/lib64", "/usr/share/zoneinfo", "/usr/share/fonts", "/usr/share/fontconfig"),
        *("/etc/ld.so.cache", "/etc/localtime", "/etc/fonts"),
    ]
    folders = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    package = os.path.dirname(os.path.realpath(lossbook.__file__))
    readable: set[str] = set()
    for path in {os.path.realpath(path) for path in (*paths, *folders)}:
        readable.update(_without(package, path))
    return sorted(path for path in readable if os.path.exists(path))


def _without(hidden: str, folder: str) -> Iterator[str]:
    """Yield a folder, or all that is in it but what is hidden: Landlock can allow more, it cannot take back."""
    if folder == hidden or folder.startswith(f"{hidden}/"):
        return
    if not hidden.startswith(f"{folder}/"):
        yield folder
        return
    for entry in os.scandir(folder):
        yield from _without(hidden, os.path.realpath(entry.path))


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


@functools.cache
def seccomp_program() -> bytes:
    """Return the filter as the kernel takes it: made once, in the warm process."""
    import pyseccomp as s

    refuse = s.ERRNO(errno.EPERM)
    rules = s.SyscallFilter(refuse)
    for name in ALLOWED_CALLS:
        try:
            rules.add_rule(s.ALLOW, name)
        except OSError:  # unknown on this architecture
            continue
    # Landlock before Linux 6.2 takes emptying a file that is opened for reading alone for reading it
    for call, flags in (("open", 1), ("openat", 2)):
        for mask, value in ((os.O_TRUNC, 0), (os.O_ACCMODE, os.O_WRONLY), (os.O_ACCMODE, os.O_RDWR)):
            with contextlib.suppress(OSError):  # unknown on this architecture
                rules.add_rule(s.ALLOW, call, s.Arg(flags, s.MASKED_EQ, mask, value))
    rules.add_rule(s.ALLOW, "clone", s.Arg(0, s.MASKED_EQ, CLONE_THREAD, CLONE_THREAD))
    rules.add_rule(s.ERRNO(errno.ENOSYS), "clone3")  # glibc then uses clone, whose flags can be read
    rules.add_rule(s.ALLOW, "prctl", s.Arg(0, s.EQ, PR_SET_NAME))
    rules.add_rule(s.ALLOW, "prlimit64", s.Arg(0, s.EQ, 0), s.Arg(2, s.EQ, 0))  # reading an own limit
    for call, commands in (("fcntl", ALLOWED_FCNTL), ("ioctl", ALLOWED_IOCTL)):
        for command in commands:
            rules.add_rule(s.ALLOW, call, s.Arg(1, s.EQ, command))
    with open(os.memfd_create("seccomp"), "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def prepare() -> None:
    """Do once, in the warm process, what else each learner's process would do."""
    readable_paths()
    seccomp_program()
    has_namespaces()
    with _file_rules(None):  # it looks for libraries, which starts a process
        pass


def enter(limits: Limits, scratch: str) -> None:
    """Close the sandbox around this process, for good. ``scratch`` is an empty directory.

    Raises:
        SandboxUnavailable: a layer could not be put in place; nothing of the learner's may run then.
    """
    writable = has_namespaces()
    if writable:
        _mount_scratch(scratch, limits)
    os.chdir(scratch if writable else "/")
    _limit_resources(limits)
    _forbid_files(scratch if writable else None)
    _forbid_calls()


def _mount_scratch(scratch: str, limits: Limits) -> None:
    """Make a file system of our own in memory, which ends with the process, and give up the rights it took."""
    user, group = os.geteuid(), os.getegid()
    if _libc().unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC):
        raise SandboxUnavailable(f"no user namespace: {os.strerror(ctypes.get_errno())}")
    for name, text in (("setgroups", "deny"), ("uid_map", f"65534 {user} 1"), ("gid_map", f"65534 {group} 1")):
        Path(f"/proc/self/{name}").write_text(text)
    _mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    size = f"size={limits.scratch_mb}m,nr_inodes={limits.files},mode=700".encode()
    _mount(b"tmpfs", scratch.encode(), b"tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, size)
    _drop_capabilities()


def _mount(source: bytes, target: bytes, kind: bytes | None, flags: int, data: bytes | None) -> None:
    if _libc().mount(source, target, kind, flags, data):
        raise SandboxUnavailable(f"cannot mount {target.decode()}: {os.strerror(ctypes.get_errno())}")


def _drop_capabilities() -> None:
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this thread
    if _libc().capset(header, (ctypes.c_uint32 * 6)()):
        raise SandboxUnavailable(f"cannot give up capabilities: {os.strerror(ctypes.get_errno())}")


def _limit_resources(limits: Limits) -> None:
    address_space = limits.memory_mb * MB
    with open("/proc/self/statm", encoding="utf-8") as file:
        address_space += int(file.read().split()[0]) * resource.getpagesize()
    for kind, value in (
        (resource.RLIMIT_AS, address_space),
        (resource.RLIMIT_FSIZE, limits.file_mb * MB),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
    ):
        resource.setrlimit(kind, (value, value))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))
    _libc().prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # else a crash starts the system's helper for crashes, as root


def _forbid_files(scratch: str | None) -> None:
    from landlockpy import UnsupportedError

    try:
        with _file_rules(scratch) as rules:
            rules.restrict()
    except (UnsupportedError, OSError) as error:
        raise SandboxUnavailable(f"Landlock: {error}") from None


def _file_rules(scratch: str | None) -> Ruleset:
    """Return the files that may be read, and the directory that may be written in; close it when done."""
    import landlockpy
    from landlockpy import AccessFS, Ruleset, Scope

    read_file, read = AccessFS.READ_FILE, AccessFS.READ_FILE | AccessFS.READ_DIR
    make = AccessFS.MAKE_REG | AccessFS.MAKE_DIR | AccessFS.REMOVE_FILE | AccessFS.REMOVE_DIR
    write = read | AccessFS.WRITE_FILE | make | AccessFS.TRUNCATE | AccessFS.REFER
    rules = Ruleset(scoped=landlockpy.scope_for_abi(landlockpy.abi_version()) & Scope.SIGNAL)
    for path in readable_paths():
        rules.allow_path(path, read if os.path.isdir(path) else read_file)
    rules.allow_path("/dev/null", AccessFS.READ_FILE | AccessFS.WRITE_FILE)
    rules.allow_path("/dev/urandom", read_file)
    if scratch:
        rules.allow_path(scratch, write & rules.handled_fs)
    return rules


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _forbid_calls() -> None:
    program = seccomp_program()
    argument = _Program(len(program) // 8, program)
    if _libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or _libc().prctl(
        PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(argument), 0, 0
    ):
        raise SandboxUnavailable(f"seccomp: {os.strerror(ctypes.get_errno())}")
