"""A notebook that reaches out of its process reaches nothing, and gets the score of its honest part."""

import pytest
from attack_bench import SIGMOID, SOFTMAX

LIBC = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"


def raw(number: int, *arguments: object) -> str:
    """A system call by its number on x86-64; GOT where the kernel does it."""
    shown = ", ".join(map(str, (number, *arguments)))
    return f"{LIBC}assert libc.syscall({shown}) >= 0\nprint('GOT')"


# Each prints GOT where it got out.
ESCAPES = {
    "kill of the parent": "import os\nos.kill(os.getppid(), 9)\nprint('GOT')",
    "kill of everything": "import os\nos.kill(-1, 9)\nprint('GOT')",
    "kill of the group": "import os\nos.killpg(0, 9)\nprint('GOT')",
    "kill by number": raw(62, "os.getppid()", 9),
    "tgkill": raw(234, "os.getppid()", "os.getppid()", 9),
    "pidfd_send_signal": raw(424, 3, 9, 0, 0),
    "rt_sigqueueinfo": raw(129, "os.getppid()", 9, 0),
    "a signal by way of fcntl": "import fcntl, os\nr, w = os.pipe()\nfcntl.fcntl(r, fcntl.F_SETOWN, os.getppid())\nprint('GOT')",
    "SIGKILL by way of fcntl": "import fcntl, os\nr, w = os.pipe()\nfcntl.fcntl(r, 10, 9)\nprint('GOT')",
    "a signal by way of ioctl": "import fcntl, os\nfor fd in range(3, 20):\n    try:\n"
    "        fcntl.ioctl(fd, 0x8901, os.getppid().to_bytes(4, 'little'))\n        print('GOT')\n    except OSError:\n        pass",
    "a signal to the grader": "import os\nfor pid in range(1, 400):\n    try:\n        os.kill(pid, 15)\n        print('GOT')\n"
    "    except OSError:\n        pass",
    "ptrace of the parent": raw(101, 16, "os.getppid()", 0, 0),
    "ptrace of itself": raw(101, 0, 0, 0, 0),
    "writing the parent's memory": raw(311, "os.getppid()", 0, 0, 0, 0, 0),
    "fork": "import os\nif os.fork() == 0:\n    os._exit(0)\nprint('GOT')",
    "vfork": raw(58),
    "forkpty": "import os\nos.forkpty()\nprint('GOT')",
    "clone without CLONE_THREAD": raw(56, 17, 0, 0, 0, 0),
    "clone3": raw(435, 0, 0),
    "posix_spawn": "import os\nos.posix_spawn('/bin/sh', ['sh', '-c', 'true'], {})\nprint('GOT')",
    "subprocess": "import subprocess\nsubprocess.run(['true'])\nprint('GOT')",
    "os.system": "import os\nassert os.system('true') == 0\nprint('GOT')",
    "a shell magic": "!echo GOT",
    "exec": "import os\nos.execv('/bin/sh', ['sh', '-c', 'echo GOT'])\nprint('GOT')",
    "execveat": raw(322, -100, "b'/bin/sh'", 0, 0, 0),
    "multiprocessing": "import multiprocessing as m\np = m.get_context('fork').Process(target=print)\np.start()\nprint('GOT')",
    "a daemon": "import os\nif not os.fork():\n    os.setsid()\n    os._exit(0)\nprint('GOT')",
    "setsid": "import os\nos.setsid()\nprint('GOT')",
    "unshare": raw(272, "0x10000000"),
    "setns": raw(308, 0, 0),
    "mount": raw(165, "b'none'", "b'/tmp'", "b'tmpfs'", 0, 0),
    "umount": raw(166, "b'/tmp'", 2),
    "open_tree": raw(428, -100, "b'/'", 1),
    "pivot_root": raw(155, "b'.'", "b'.'"),
    "chroot": "import os\nos.chroot('.')\nprint('GOT')",
    "setuid": "import os\nos.setuid(0)\nprint('GOT')",
    "capset": raw(126, 0, 0),
    "setrlimit upwards": "import resource\nresource.setrlimit(resource.RLIMIT_AS, (-1, -1))\nprint('GOT')",
    "setrlimit of the parent": "import os, resource\nresource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))\nprint('GOT')",
    "limits of the parent read": "import os, resource\nprint('GOT', resource.prlimit(os.getppid(), resource.RLIMIT_CPU))",
    "priority": "import os\nos.nice(-5)\nprint('GOT')",
    "chmod": "import os\nopen('a', 'w').close()\nos.chmod('/tmp', 0o777)\nprint('GOT')",
    "a file's time": "import os\nos.utime('/usr/lib', (0, 0))\nprint('GOT')",
    "io_uring": raw(425, 8, "ctypes.create_string_buffer(200)"),
    "bpf": raw(321, 0, 0, 0),
    "perf_event_open": raw(298, 0, 0, -1, -1, 0),
    "userfaultfd": raw(323, 0),
    "keyctl": raw(250, 0, -3, 0),
    "add_key": raw(248, "b'user'", "b'a'", "b'b'", 1, -3),
    "memfd": "import os\nos.memfd_create('a')\nprint('GOT')",
    "seccomp loosened": raw(317, 1, 0, 0),
    "prctl": raw(157, 4, 1, 0, 0, 0),
    "personality": raw(135, "0x0040000"),
    "a device made": "import os\nos.mknod('a', 0o020666, os.makedev(1, 3))\nprint('GOT')",
    "a fifo": "import os\nos.mkfifo('a')\nprint('GOT')",
    "a program in the scratch directory": "import os\nopen('a', 'wb').write(open('/usr/lib/os-release', 'rb').read())\n"
    "os.chmod('a', 0o755)\nos.execv('./a', ['a'])\nprint('GOT')",
    "writing beside Python": "import os\nopen(os.path.join(os.path.dirname(os.__file__), 'GOT.py'), 'w')\nprint('GOT')",
    "writing into site-packages": "import os\nopen(os.path.join(os.path.dirname(torch.__file__), 'GOT.py'), 'w')\nprint('GOT')",
    "writing into /tmp": "open('/tmp/got', 'w')\nprint('GOT')",
    "writing into the home of the warm process": "import os\nopen(os.path.join(os.getcwd(), '..', 'got'), 'w')\nprint('GOT')",
    "a rename out of the scratch directory": "import os\nopen('a', 'w').close()\nos.rename('a', '/tmp/got')\nprint('GOT')",
    "truncating": "import os\nos.truncate('/usr/lib/os-release', 0)\nprint('GOT')",
    "emptying a file that is opened for reading": "import os\nfor path in (torch.__file__, os.__file__):\n    try:\n"
    "        os.open(path, os.O_RDONLY | os.O_TRUNC)\n        print('GOT')\n    except OSError as error:\n"
    "        assert error.errno == 1, 'Landlock alone refused it, which it does not do before Linux 6.2'\n        1 / 0",
    "the same by openat2": raw(437, -100, "torch.__file__.encode()", "(ctypes.c_uint64 * 3)(0o1000)", 24),
    "creat": raw(85, "torch.__file__.encode()", "0o600"),
    "a 32-bit system call": "import ctypes, mmap\ncode = bytes.fromhex('b802000000cd80c3')\n"
    "m = mmap.mmap(-1, 4096, prot=7)\nm.write(code)\n"
    "f = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))\nassert f() > 0\nprint('GOT')",
    "an x32 system call": raw("0x40000000 + 57"),
}

FAMILIES = (
    "AF_UNIX",
    "AF_INET",
    "AF_INET6",
    "AF_NETLINK",
    "AF_PACKET",
    "AF_VSOCK",
    "AF_ALG",
    "AF_BLUETOOTH",
    "AF_CAN",
)


@pytest.mark.parametrize("cell", ESCAPES.values(), ids=ESCAPES)
def test_no_way_out(bench, cell):
    result = bench.mark_pair(cell)
    assert "GOT" not in result.printed
    assert result.scores == {"check-sigmoid": SIGMOID, "check-softmax": SOFTMAX}


@pytest.mark.parametrize("family", FAMILIES)
def test_no_socket_of_any_family(bench, family):
    result = bench.mark_pair(
        f"import socket\nfor kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW):\n    try:\n"
        f"        socket.socket(getattr(socket, '{family}', 1), kind)\n        print('GOT')\n    except OSError:\n        pass"
    )
    assert "GOT" not in result.printed
    assert result.scores == {"check-sigmoid": SIGMOID, "check-softmax": SOFTMAX}


NETWORK = {
    "localhost": "import socket\nsocket.create_connection(('127.0.0.1', {port}), 1)\nprint('GOT')",
    "http": "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:{port}', timeout=1)\nprint('GOT')",
    "a pair": "import socket\nsocket.socketpair()\nprint('GOT')",
    "asyncio": "import asyncio\nasync def f():\n    await asyncio.open_connection('127.0.0.1', {port})\n    print('GOT')\nasyncio.run(f())",
    "the connection to the grader": "import socket\nfor fd in range(3, 20):\n    try:\n        s = socket.socket(fileno=fd)\n"
    "        s.connect(('127.0.0.1', {port}))\n        print('GOT')\n    except OSError:\n        pass\n    finally:\n        s.detach()",
    "a file sent over it": "import array, os, socket\nfor fd in range(3, 20):\n    try:\n        s = socket.socket(fileno=fd)\n"
    "        socket.send_fds(s, [b'x'], [0])\n        print('GOT')\n    except OSError:\n        pass\n    finally:\n        s.detach()",
}


@pytest.mark.parametrize("cell", NETWORK.values(), ids=NETWORK)
def test_no_network_not_even_to_this_computer(bench, cell):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        result = bench.mark_pair(cell.replace("{port}", str(server.getsockname()[1])))
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "GOT" not in result.printed
    assert result.scores == {"check-sigmoid": SIGMOID, "check-softmax": SOFTMAX}
