"""Kernels that are forked instead of started: each chapter would import torch anew, which takes two seconds.

`preload` imports what chapters need into this process; `fork_kernels`, called in a process that it forks, has
jupyter_client make its kernels by a fork of that process.
"""

import asyncio
import gc
import os
import signal
import sys
import traceback
from importlib.metadata import EntryPoint
from typing import Any, NoReturn

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

NAME = "lossbook-forked"
_MODULES = ("ipykernel.kernelapp", "ipykernel.ipkernel", "matplotlib", "torch", "torch._dynamo")
"""torch's optimizers import the last. Not pyplot: it looks for the shell that it is imported in."""


def preload() -> None:
    """Import what the kernels would. Neither changes what a cell computes or prints."""
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # as in a kernel, before matplotlib
    for module in _MODULES:
        __import__(module)
    gc.collect()
    gc.freeze()  # else the collector's notes would copy the memory that forked processes share


def fork_kernels() -> None:
    """Have this process fork its kernels."""
    factory = KernelProvisionerFactory.instance()
    factory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:ForkedProvisioner", factory.GROUP_NAME)
    factory.default_provisioner_name = NAME


class ForkedProvisioner(LocalProvisioner):
    """Forks a kernel where its parent class starts one."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel. Its arguments begin with ``-f`` in ``cmd``."""
        process = Forked()
        if not process.pid:
            _be_the_kernel(cmd[cmd.index("-f") :], kwargs["cwd"], kwargs["env"])
        self.process = process  # type: ignore[assignment]  # as much of a Popen as is used
        self.pid = self.pgid = process.pid
        return self.connection_info


class Forked:
    """A forked process, with as much of `subprocess.Popen` as a provisioner uses. In the child, ``pid`` is 0."""

    stdin = stdout = stderr = None

    def __init__(self) -> None:
        self.returncode: int | None = None
        self.pid = os.fork()

    def poll(self) -> int | None:
        """Return the exit status, None while it runs."""
        return self._wait(os.WNOHANG)

    def wait(self) -> int | None:
        """Wait for the end; return the exit status."""
        return self._wait(0)

    def _wait(self, options: int) -> int | None:
        if self.returncode is None:
            ended, status = os.waitpid(self.pid, options)
            if ended:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


def _be_the_kernel(arguments: list[str], folder: str, environment: dict[str, str]) -> NoReturn:
    """Become a kernel that knows nothing of the process that it was forked from. Never returns."""
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        sys.argv = ["ipykernel_launcher", *arguments]
        sys.path[:] = [path for path in sys.path if path]
        from ipykernel.kernelapp import IPKernelApp

        asyncio.set_event_loop(asyncio.new_event_loop())  # the other one is this process's parent's
        IPKernelApp.launch_instance(argv=[*arguments, f"--IPKernelApp.parent_handle={os.getppid()}"])
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
