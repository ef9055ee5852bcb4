"""A Firefox that scripts drive, through its own WebDriver BiDi: pages, JavaScript, and keys.

It is headless, and each has a fresh profile.
Playwright brings a Firefox of its own, which cannot be installed everywhere; this takes the one that is there
(``FIREFOX`` names another one), and needs no geckodriver.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from types import TracebackType
from typing import Any

import websocket

CONTROL, ENTER, DELETE = "\ue009", "\ue007", "\ue017"
"""Keys as WebDriver names them."""


def installed() -> str | None:
    """Return the path of Firefox, or None."""
    return os.environ.get("FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")


class Firefox:
    """One browser with one tab: ``with Firefox() as firefox: firefox.open(address)``."""

    def __init__(self) -> None:
        program = installed()
        if program is None:
            raise RuntimeError("there is no Firefox: apt-get install firefox-esr, or set FIREFOX to its path")
        self._profile = tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True)
        command = [program, "--headless", "--no-remote", "--profile", self._profile.name]
        command += ["--remote-debugging-port", "0"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self._number = 0
        self._socket = websocket.create_connection(f"{self._address()}/session", timeout=120, suppress_origin=True)
        self.version = self._ask("session.new", capabilities={})["capabilities"]["browserVersion"]
        self._tab = self._ask("browsingContext.create", type="tab")["context"]

    def __enter__(self) -> "Firefox":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ask("browser.close")
        self._socket.close()
        self._process.wait(60)
        assert self._process.stderr is not None
        self._process.stderr.close()
        self._profile.cleanup()

    def _address(self) -> str:
        """Return where it listens, which is what it says first."""
        assert self._process.stderr is not None
        for line in self._process.stderr:
            found = re.search(r"WebDriver BiDi listening on (ws://\S+)", line)
            if found:
                return found[1]
        raise RuntimeError("Firefox ended before it listened")

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") != self._number:
                continue  # an event
            if answer["type"] == "error":
                raise RuntimeError(f"{method}: {answer['message']}")
            result: dict[str, Any] = answer["result"]
            return result

    def open(self, address: str) -> None:
        """Open a page, and wait until it has loaded."""
        self._ask("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    def evaluate(self, function: str, *args: Any) -> Any:
        """Call a JavaScript function, wait for its promise, and return its result; all of it plain data."""
        call = f"Promise.resolve(({function})(...{json.dumps(args)})).then((x) => JSON.stringify(x ?? null))"
        where = {"context": self._tab}
        answer = self._ask("script.evaluate", expression=call, target=where, awaitPromise=True)
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def wait_for(self, function: str, *args: Any, seconds: float = 60) -> Any:
        """Wait until a function's result is true, and return it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.evaluate(function, *args)
            if found:
                return found
            time.sleep(0.05)
        raise TimeoutError(f"{function} was not true in {seconds} seconds")

    def press(self, *keys: str) -> None:
        """Press keys together, e.g. CONTROL and ENTER, on what has the focus."""
        down = [{"type": "keyDown", "value": key} for key in keys]
        up = [{"type": "keyUp", "value": key} for key in reversed(keys)]
        keyboard = {"type": "key", "id": "keyboard", "actions": [*down, *up]}
        self._ask("input.performActions", context=self._tab, actions=[keyboard])

    def type(self, text: str) -> None:
        """Press one key after the other."""
        for letter in text:
            self.press(letter)
