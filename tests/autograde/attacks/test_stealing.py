"""A notebook that looks for what is not its own finds nothing, and gets the score of its honest part."""

import pytest
from attack_bench import SIGMOID, SOFTMAX

# {root} is the course's folder. Each prints GOT where it found something.
STEALING = {
    "the gradebook": "print('GOT', open('{root}/gradebook.db').read())",
    "another submission": "print('GOT', open('{root}/submitted/other/01-probabilities/probabilities.ipynb').read())",
    "the solutions": "print('GOT', open('{root}/solutions/01-probabilities/probabilities.ipynb').read())",
    "the list of students": "import os\nprint('GOT', os.listdir('{root}/submitted'))",
    "the course's files by walking": "import os\nfound = [f for _, _, f in os.walk('{root}')]\nassert found\nprint('GOT', found)",
    "a path through /proc": "print('GOT', open('/proc/self/root{root}/gradebook.db').read())",
    "a path with dots": "print('GOT', open('/usr/lib/../..{root}/gradebook.db').read())",
    "os.open with O_PATH": "import os\nfd = os.open('{root}', os.O_PATH)\nprint('GOT', os.listdir(fd))",
    "a link": "import os\nos.symlink('{root}/gradebook.db', 'link')\nprint('GOT', open('link').read())",
    "a hard link": "import os\nos.link('{root}/gradebook.db', 'link')\nprint('GOT', open('link').read())",
    "torch's own reader": "print('GOT', torch.from_file('{root}/gradebook.db', size=4, dtype=torch.uint8).tolist())",
    "numpy's own reader": "import numpy as np\nprint('GOT', np.fromfile('{root}/gradebook.db', dtype='uint8'))",
    "sqlite": "import sqlite3\nprint('GOT', sqlite3.connect('{root}/gradebook.db').execute('select 1').fetchall())",
    "the libc's open": "import ctypes\nc = ctypes.CDLL(None)\nfd = c.open(b'{root}/gradebook.db', 0)\nassert fd >= 0\nprint('GOT')",
    "/etc/passwd": "print('GOT', open('/etc/passwd').read())",
    "/etc/shadow": "print('GOT', open('/etc/shadow').read())",
    "the home directory": "import os, glob\nfound = glob.glob('/root' + '/.*') + glob.glob('/home/*')\nassert found\nprint('GOT', found)",
    "ssh keys": "import os\nprint('GOT', open(os.path.expanduser('~root/.ssh/id_rsa')).read())",
    "the environment": "import os\nassert 'PGPASSWORD' in os.environ or 'PATH' not in os.environ\nprint('GOT', dict(os.environ))",
    "the environment in memory": "import ctypes\nv = ctypes.CDLL(None).getenv\nv.restype = ctypes.c_char_p\n"
    "assert v(b'PGPASSWORD')\nprint('GOT', v(b'PGPASSWORD'))",
    "/proc/self/environ": "print('GOT', open('/proc/self/environ').read())",
    "/proc/1/environ": "print('GOT', open('/proc/1/environ').read())",
    "the parent's environment": "import os\nprint('GOT', open(f'/proc/{os.getppid()}/environ').read())",
    "the parent's memory": "import os\nprint('GOT', open(f'/proc/{os.getppid()}/maps').read())",
    "the parent's open files": "import os\nprint('GOT', os.listdir(f'/proc/{os.getppid()}/fd'))",
    "the list of processes": "import os\nprint('GOT', os.listdir('/proc'))",
    "the command line": "print('GOT', open('/proc/self/cmdline').read())",
    "the mounts": "print('GOT', open('/proc/self/mounts').read())",
    "memory of another process by process_vm_readv": "import ctypes, os\n"
    "assert ctypes.CDLL(None).syscall(310, os.getppid(), 0, 0, 0, 0, 0) >= 0\nprint('GOT')",
    "a file descriptor of the parent": "import ctypes, os\nc = ctypes.CDLL(None)\nfd = c.syscall(434, os.getppid(), 0)\n"
    "assert fd >= 0 and c.syscall(438, fd, 3, 0) >= 0\nprint('GOT')",
    "inherited files": "import os, stat\nfor fd in range(64):\n    try:\n        mode = os.fstat(fd).st_mode\n    except OSError:\n"
    "        continue\n    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):\n        print('GOT', fd, os.readlink(f'/proc/self/fd/{fd}'))",
    "more than one socket": "import os, stat\nfound = []\nfor fd in range(64):\n    try:\n"
    "        found += [fd] * stat.S_ISSOCK(os.fstat(fd).st_mode)\n    except OSError:\n        pass\n"
    "assert len(found) > 1\nprint('GOT', found)",
    "what the grader holds": "import gc\nfound = [o for o in gc.get_objects() if isinstance(o, dict) and 'secret' in o]\n"
    "assert any(o['secret'] for o in found if isinstance(o['secret'], bytes))\nprint('GOT')",
    "the cases before they are asked": "import sys\nf = sys._getframe()\nwhile f:\n    assert 'blobs' not in f.f_locals or not"
    " f.f_locals['blobs']\n    f = f.f_back\nraise KeyError",
    "the last learner's scratch": "import os, glob\nfound = glob.glob('/tmp/**', recursive=True)\n"
    "assert [f for f in found if 'secret' in f or 'ipynb' in f]\nprint('GOT', found)",
    "/dev/shm": "import os\nprint('GOT', os.listdir('/dev/shm'))",
    "the terminal": "open('/dev/tty', 'w').write('GOT')\nprint('GOT')",
    "the disk": "print('GOT', open('/dev/vda', 'rb').read(4))",
    "the kernel's log": "import ctypes\nassert ctypes.CDLL(None).klogctl(3, 0, 0) >= 0\nprint('GOT')",
    "keys of the kernel": "import ctypes\nassert ctypes.CDLL(None).syscall(250, 0, -3, 0) >= 0\nprint('GOT')",
    "shared memory of System V": "import ctypes\nassert ctypes.CDLL(None).shmget(0, 4096, 0o1600) >= 0\nprint('GOT')",
    "the network's addresses by ioctl": "import fcntl\nfor fd in range(3, 64):\n    try:\n        fcntl.ioctl(fd, 0x8912, b' ' * 16)\n"
    "        print('GOT')\n    except OSError:\n        pass",
}


@pytest.mark.parametrize("cell", STEALING.values(), ids=STEALING)
def test_nothing_is_stolen(bench, course_root, cell):
    result = bench.mark_pair(cell.replace("{root}", course_root))
    assert "GOT" not in result.printed
    assert result.scores == {"check-sigmoid": SIGMOID, "check-softmax": SOFTMAX}
