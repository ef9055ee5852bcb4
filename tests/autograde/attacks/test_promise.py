"""The promise of lossbook.autograde.sandbox, sentence by sentence, and on hosts that offer less."""

import json
import os
import re
import subprocess
from pathlib import Path

import psutil
import pytest
from attack_bench import (
    CANARY,
    MB_TEXT,
    PAIR_PLAN,
    SIGMOID,
    SMALL_PLAN,
    SOFTMAX,
    Bench,
    needs_bubblewrap,
    needs_sandbox,
    notebook,
)

import lossbook
from lossbook.autograde import sandbox, wall
from lossbook.autograde.workers import WarmProcess

PROBE = """
import json, os
def tried(action):
    try:
        return repr(action())[:2000]
    except BaseException as error:
        return type(error).__name__
"""


def ask(bench, **questions: str) -> dict[str, str]:
    """Return what each expression gives inside the sandbox: its value, or the name of its error."""
    body = ", ".join(f"{name!r}: tried(lambda: {question})" for name, question in questions.items())
    result = bench.mark_small(f"{PROBE}\nprint('ANSWER', json.dumps({{{body}}}))")
    assert "ANSWER" in result.printed, result.outputs()
    return json.loads(re.search(r"ANSWER (.*)", result.printed)[1])


def test_a_process_of_its_own_for_each_notebook(bench):
    first, second = (
        ask(bench, pid="os.getpid()", old="sorted(n for n in globals() if n == 'left')") for _ in range(2)
    )
    assert first["pid"] != second["pid"]
    assert int(first["pid"]) != os.getpid()


def test_it_reads_python_and_site_packages(bench):
    found = ask(bench, stdlib="open(os.__file__).read(20)", torch="len(open(torch.__file__).read()) > 0",
                fonts="len(os.listdir('/usr/lib')) > 0")  # fmt: skip
    assert found["torch"] == found["fonts"] == "True"
    assert "Error" not in found["stdlib"]


def test_it_reads_nothing_of_lossbook(bench):
    folder = os.path.dirname(lossbook.__file__)
    found = ask(bench, read=f"open({folder!r} + '/activations.py').read()", listed=f"os.listdir({folder!r})",
                cached=f"os.listdir({folder!r} + '/__pycache__')")  # fmt: skip
    assert not any("activations" in answer or "softmax" in answer for answer in found.values())
    assert all("Error" in answer for answer in found.values())


def test_lossbook_is_hidden_also_where_it_is_installed_between_other_packages(tmp_path, monkeypatch):
    packages = tmp_path / "lib" / "python3" / "site-packages"
    for name in ("lossbook", "lossbook/exercises", "torch", "numpy"):
        (packages / name).mkdir(parents=True)
    (packages / "lossbook" / "__init__.py").write_text("")
    (packages / "single.py").write_text("")
    monkeypatch.setattr(lossbook, "__file__", str(packages / "lossbook" / "__init__.py"))
    monkeypatch.setattr(sandbox.sysconfig, "get_path", lambda name: str(packages.parent))
    monkeypatch.setattr(sandbox.sys, "path", ["", str(tmp_path), str(packages)])
    readable = [path for path in sandbox.readable_paths.__wrapped__() if path.startswith(str(tmp_path))]
    assert sorted(os.path.basename(path) for path in readable) == ["numpy", "single.py", "torch"]


def test_the_current_directory_is_not_readable_because_python_was_started_there(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sandbox.sys, "path", ["", str(tmp_path), *sandbox.sys.path])
    assert str(tmp_path) not in sandbox.readable_paths.__wrapped__()


def test_nothing_under_proc_or_sys(bench):
    found = ask(bench, proc="os.listdir('/proc')", self="os.listdir('/proc/self')", maps="open('/proc/self/maps').read()",
                memory="open('/proc/self/mem', 'r+b')", cpu="open('/proc/cpuinfo').read()", sys="os.listdir('/sys')")  # fmt: skip
    assert all("Error" in answer for answer in found.values()), found


def test_it_writes_into_its_scratch_directory_and_nowhere_else(bench):
    found = ask(bench, here="open('a', 'w').write('abc')", home="open(os.path.expanduser('~/b'), 'w').write('abc')",
                tmp="open('/tmp/a', 'w')", shm="open('/dev/shm/a', 'w')", root="open('/a', 'w')",
                above="open('../a', 'w')", python="open(os.__file__, 'a')")  # fmt: skip
    assert found.pop("here") == found.pop("home") == "3"
    assert all("Error" in answer for answer in found.values()), found


def test_its_scratch_directory_is_capped_in_size_and_number_of_files(bench):
    limits = sandbox.Limits()
    many = f"[open(f'n{{i}}', 'w').close() for i in range({limits.files + 1})]"
    large = f"[open(f'l{{i}}', 'wb').write(b'a' * (8 << 20)) for i in range({limits.scratch_mb // 8 + 1})]"
    one = f"open('o', 'wb').write(b'a' * ({limits.file_mb + 1} << 20))"
    assert ask(bench, many=many)["many"] == "OSError"
    assert ask(bench, large=large)["large"] == "OSError"
    assert ask(bench, one=one)["one"] in ("OSError", str(limits.file_mb << 20))


def test_its_scratch_directory_is_empty_and_gone_at_the_end(bench):
    first = ask(bench, left="(os.listdir('.'), open('left', 'w').write('x'))")
    second = ask(bench, left="os.listdir('.')")
    assert first["left"] == "([], 1)"
    assert second["left"] == "[]"
    assert bench.scratch() == []


def test_the_bench_sees_scratch_directories(bench):
    child = bench.warm.start_child()
    assert bench.scratch()
    child.close()
    assert not bench.left_behind()


def test_it_makes_no_socket(bench):
    found = ask(bench, unix="__import__('socket').socketpair()", inet="__import__('socket').socket()")
    assert set(found.values()) == {"PermissionError"}


def test_it_starts_no_process(bench):
    found = ask(bench, fork="os.fork()", system="os.system('true')", spawn="os.posix_spawn('/bin/true', ['true'], {})",
                execute="os.execv('/bin/true', ['true'])")  # fmt: skip
    assert found["system"] != "0"
    assert found["fork"] == found["spawn"] == found["execute"] == "PermissionError"


def test_it_signals_no_process(bench):
    assert set(ask(bench, parent="os.kill(os.getppid(), 0)", all="os.kill(-1, 0)").values()) == {"PermissionError"}


def test_its_environment_holds_nothing_of_the_graders(bench, secret_in_environment):
    names = set(json.loads(ask(bench, env="json.dumps(sorted(os.environ))")["env"].strip("'")))
    ours = {
        name
        for name in os.environ
        if name not in ("LANG", "LC_ALL", "PYTHONPATH", "VIRTUAL_ENV", "TZ", "PATH", "HOME")
    }
    set_by_us = {"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MPLBACKEND", "PWD", "LC_CTYPE"}
    assert "PGPASSWORD" not in names
    assert not (names & ours) - set_by_us


def test_memory_processor_time_and_files_are_limited(bench):
    limits = sandbox.Limits()
    found = ask(bench, files="__import__('resource').getrlimit(7)", cpu="__import__('resource').getrlimit(0)",
                core="__import__('resource').getrlimit(4)", size="__import__('resource').getrlimit(1)",
                more="__import__('resource').setrlimit(9, (-1, -1))", memory=f"len(bytearray({2 * limits.memory_mb} << 20))",
                space="__import__('resource').getrlimit(9)[0] < (64 << 30)")  # fmt: skip
    assert found == {
        "files": str((limits.open_files, limits.open_files)),
        "cpu": str((limits.cpu_seconds, limits.cpu_seconds + 1)),
        "core": "(0, 0)",
        "size": str((limits.file_mb << 20, limits.file_mb << 20)),
        "more": found["more"],
        "memory": "MemoryError",
        "space": "True",
    }
    assert "Error" in found["more"]


def test_a_file_that_is_read_alone_is_not_emptied_whatever_landlock_knows(bench):
    """Landlock before Linux 6.2 lets that pass, and there is not always a bubblewrap around it."""
    how = "os.open({}, os.O_RDONLY | os.O_TRUNC)"
    assert ask(bench, own="open('a', 'w').write('x')", **{"python": how.format("os.__file__")}) == {
        "own": "1",
        "python": "PermissionError",
    }


def test_a_crash_wakes_no_helper_for_crashes():
    """A core_pattern that is a program is started as root whatever RLIMIT_CORE says."""
    needs_sandbox()
    child = os.fork()
    if child == 0:
        sandbox._limit_resources(sandbox.Limits())
        os._exit(sandbox._libc().prctl(3, 0, 0, 0, 0))  # PR_GET_DUMPABLE
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_threads_are_limited(bench):
    cell = "import threading, time\nfor _ in range(400):\n    threading.Thread(target=time.sleep, args=(5,), daemon=True).start()\ntime.sleep(1)"
    result = bench.mark_small(f"import threading\nthreading.stack_size(65536)\n{cell}\nprint('GOT')")
    assert "GOT" not in result.printed
    assert result.scores == {"check-sigmoid": SIGMOID}


def test_wall_time_is_limited_by_the_trusted_side(bench):
    result = bench.mark_small(
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True:\n    pass"
    )
    assert any("did not answer" in remark for remark in result.remarks)
    assert result.scores == {"check-sigmoid": SIGMOID}


def test_what_it_sends_is_limited_by_the_trusted_side(bench):
    result = bench.mark_small(
        "import os, struct\nfor fd in range(3, 20):\n    try:\n        os.write(fd, struct.pack('<II', 2**31, 2**31))\n"
        "    except OSError:\n        pass"
    )
    assert any("nonsense" in remark for remark in result.remarks)
    assert len(result.text) < MB_TEXT


def test_no_memory_is_shared_with_the_next_learner(bench):
    """Nothing that is mapped as shared and writable outlives the fork in the warm process."""
    children = psutil.Process().children(recursive=True)
    warm = [one.pid for one in children if "lossbook.autograde.warm" in one.cmdline() and "python" in one.name()]
    assert warm
    for pid in warm:
        maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
        assert not [line for line in maps.splitlines() if line.split()[1].startswith("rw-s")]


def test_layers_are_refused_together_not_silently_left_out(monkeypatch):
    monkeypatch.setattr(sandbox, "missing", lambda: "the kernel has no Landlock")
    with pytest.raises(sandbox.SandboxUnavailable, match="no Landlock"):
        WarmProcess()


def test_a_batch_is_refused_where_the_sandbox_is_missing(monkeypatch):
    from lossbook.autograde import batch
    from lossbook.autograde.plan import CannotGrade

    monkeypatch.setattr(batch, "missing", lambda: "the kernel has no Landlock")
    with pytest.raises(CannotGrade, match=r"no Landlock.*--unprotected"):
        batch.grade_set(None, "01-probabilities", batch.Options())


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_are_told_why(monkeypatch, platform):
    sandbox.missing.cache_clear()
    monkeypatch.setattr(sandbox.sys, "platform", platform)
    assert "needs Linux" in sandbox.missing()
    sandbox.missing.cache_clear()


def test_a_kernel_without_landlock_is_told_so(monkeypatch):
    landlockpy = pytest.importorskip("landlockpy")
    sandbox.missing.cache_clear()
    monkeypatch.setattr(landlockpy, "abi_version", lambda: 0)
    assert "no Landlock" in sandbox.missing()
    sandbox.missing.cache_clear()


def test_a_missing_library_is_told(monkeypatch):
    sandbox.missing.cache_clear()
    monkeypatch.setitem(sandbox.sys.modules, "pyseccomp", None)
    assert "libseccomp2" in sandbox.missing()
    sandbox.missing.cache_clear()


@pytest.fixture(scope="module")
def without_bubblewrap(tmp_path_factory, secret_in_environment):
    needs_sandbox()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wall, "command", lambda: [])
        warm = WarmProcess()
    yield Bench(tmp_path_factory.mktemp("bare"), warm)
    warm.close()


BARE = {
    "a file": "print('GOT', open('{root}/gradebook.db').read())",
    "the home directory": "import os\nprint('GOT', os.listdir('/root'))",
    "the parent's environment": "import os\nprint('GOT', open(f'/proc/{os.getppid()}/environ').read())",
    "the environment": "import os\nassert 'PGPASSWORD' in os.environ\nprint('GOT')",
    "fork": "import os\nos.fork()\nprint('GOT')",
    "kill": "import os\nos.kill(os.getppid(), 9)\nprint('GOT')",
    "kill of everything": "import os\nos.kill(-1, 9)\nprint('GOT')",
    "a signal by way of fcntl": "import fcntl, os\nr, w = os.pipe()\nfcntl.fcntl(r, fcntl.F_SETOWN, os.getppid())\nprint('GOT')",
    "a socket": "import socket\nsocket.socket()\nprint('GOT')",
    "a file's time": "import os\nos.utime('{root}/gradebook.db', (0, 0))\nprint('GOT')",
    "a file's rights": "import os\nos.chmod('{root}/gradebook.db', 0)\nprint('GOT')",
    "a file's end": "import os\nos.truncate('{root}/gradebook.db', 0)\nprint('GOT')",
    "a file removed": "import os\nos.remove('{root}/gradebook.db')\nprint('GOT')",
    "a folder made": "import os\nos.mkdir('{root}/got')\nprint('GOT')",
    "the terminal": "open('/dev/tty', 'w').write('x')\nprint('GOT')",
    "memory": "x = bytearray(8 << 30)\nprint('GOT')",
    "an exit": "import os\nos._exit(0)",
    "an endless loop": "while True:\n    pass",
}


@pytest.mark.parametrize("cell", BARE.values(), ids=BARE)
def test_without_bubblewrap_the_other_layers_hold(without_bubblewrap, cell):
    result = without_bubblewrap.mark_pair(cell.replace("{root}", os.fspath(without_bubblewrap.root)))
    assert "GOT" not in result.printed
    assert result.scores == {"check-sigmoid": SIGMOID, "check-softmax": SOFTMAX}


@pytest.fixture(scope="module")
def without_namespaces(tmp_path_factory, secret_in_environment):
    """A host whose kernel or container forbids user namespaces: the learner's process then writes nowhere."""
    needs_bubblewrap()
    forbidding = ["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--disable-userns", "--"]
    if subprocess.run([*forbidding, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this bubblewrap cannot forbid user namespaces (it is older than 0.8)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wall, "command", lambda: forbidding)
        warm = WarmProcess()
    yield Bench(tmp_path_factory.mktemp("bare"), warm)
    warm.close()


@pytest.mark.parametrize("cell", BARE.values(), ids=BARE)
def test_without_namespaces_the_other_layers_hold(without_namespaces, cell):
    result = without_namespaces.mark_pair(cell.replace("{root}", os.fspath(without_namespaces.root)))
    assert "GOT" not in result.printed
    assert result.scores == {"check-sigmoid": SIGMOID, "check-softmax": SOFTMAX}


def test_without_namespaces_it_writes_nowhere(without_namespaces):
    found = ask(
        without_namespaces,
        here="open('a', 'w')",
        tmp="open('/tmp/a', 'w')",
        home="open(os.path.expanduser('~/a'), 'w')",
    )
    assert all("Error" in answer for answer in found.values()), found


def test_inside_bubblewrap_nothing_else_is_there_at_all(bench):
    needs_bubblewrap()
    found = ask(
        bench,
        course=f"os.stat({os.fspath(bench.root)!r})",
        home="os.stat('/home')",
        passwd="os.stat('/etc/passwd')",
    )
    assert set(found.values()) == {"FileNotFoundError"}


def test_unprotected_grades_ones_own_work(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox, "missing", lambda: "the kernel has no Landlock")
    warm = WarmProcess(protected=False)
    try:
        own = Bench(tmp_path, warm)
        assert own.mark(notebook(names=("sigmoid", "softmax")), PAIR_PLAN).scores == {
            "check-sigmoid": SIGMOID,
            "check-softmax": SOFTMAX,
        }
    finally:
        warm.close()


def test_siblings_cannot_touch_each_other(bench, tmp_path, secret_in_environment):
    """Two learners at the same time: one looks for the other's process, files and messages while it runs."""
    import threading

    needs_sandbox()
    warm = WarmProcess()
    other = Bench(tmp_path, warm)
    victim = notebook(
        ("open('mine.txt', 'w').write('" + CANARY[::-1] + "')\nimport time\ntime.sleep(1.5)",), names=("sigmoid",)
    )
    attack = (
        "import glob, os\nfound = []\nfor _ in range(20):\n    for pid in range(1, 3000):\n        try:\n            os.kill(pid, 9)\n"
        "            found.append(pid)\n        except OSError:\n            pass\n"
        "    found += [f for f in glob.glob('/tmp/**/mine.txt', recursive=True)]\nprint('FOUND', found)"
    )
    results = {}
    try:
        run = threading.Thread(
            target=lambda: results.update(victim=other.mark_folder(other.hand_in(victim), plan=SMALL_PLAN))
        )
        run.start()
        attacker = bench.mark_folder(bench.hand_in(notebook((attack,), names=("sigmoid",))), plan=SMALL_PLAN)
        run.join()
    finally:
        warm.close()
    assert "FOUND []" in attacker.printed
    assert results["victim"].scores == {"check-sigmoid": SIGMOID}
    assert results["victim"].remarks == ()


def test_closing_the_warm_process_ends_the_learners_too(secret_in_environment):
    needs_sandbox()
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    warm = WarmProcess()
    child = warm.start_child()
    child.tell({"do": "cell", "source": "while True:\n    pass", "seconds": 60}, 1)
    warm.close()
    left = [found for found in psutil.Process().children(recursive=True) if found.pid not in before]
    _, alive = psutil.wait_procs(left, timeout=5)
    assert [found for found in alive if found.status() != "zombie"] == []
    child._connection.close()
