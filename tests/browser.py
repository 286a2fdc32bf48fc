"""A real browser without a window, spoken to over a pipe: no port is opened and no driver needed.

The protocol is that of Chromium's developer tools, <https://chromedevtools.github.io/devtools-protocol/>.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

PROGRAM: Final = shutil.which("chromium")
"""None: no such browser is installed."""

_SECONDS: Final = 60
"""Longest wait for one answer."""

_FLAGS: Final = (
    "--headless=new", "--disable-gpu", "--no-first-run", "--no-default-browser-check",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--metrics-recording-only", "--hide-scrollbars", "--mute-audio",
    "--force-color-profile=srgb", "--font-render-hinting=none", "--remote-debugging-pipe",
)  # fmt: skip


class Tab:
    """One page of a browser, and all it said and asked for since it was opened."""

    def __init__(self, pipe: "_Pipe", session: str) -> None:
        self._pipe, self._session = pipe, session
        self.requests: list[str] = []
        """Addresses that the page asked for, its own first."""
        self.messages: list[str] = []
        """What stands in its console: errors, refusals of its policy, what scripts say."""
        for domain in ("Page", "Network", "Runtime", "Log", "DOM", "Accessibility"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: object) -> Any:  # noqa: ANN401 # of any method
        """Call a method of the protocol and return its result."""
        number = self._pipe.send(method, parameters, self._session)
        while True:
            answer = self._pipe.receive()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self._take(answer)

    def _take(self, event: dict[str, Any]) -> None:
        said, name = event.get("params", {}), event.get("method")
        if name == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])
        elif name == "Log.entryAdded":
            self.messages.append(said["entry"]["text"])
        elif name == "Runtime.consoleAPICalled":
            self.messages.append(str([each.get("value") for each in said["args"]]))
        elif name == "Runtime.exceptionThrown":
            self.messages.append(said["exceptionDetails"]["text"])

    def open(self, path: Path) -> None:
        """Open a file and wait until it and all it refers to is there, or was refused."""
        self.call("Page.navigate", url=path.resolve().as_uri())
        for _ in range(_SECONDS * 20):
            if self.value("document.readyState") == "complete" and self.value("location.href") != (
                "about:blank"
            ):
                break
            time.sleep(0.05)
        self.value("document.fonts.ready.then(() => 0)")

    def value(self, script: str) -> Any:  # noqa: ANN401 # of any script
        """Return what an expression gives, evaluated by the tools and not by the page."""
        result = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def size(self, width: int, height: int, *, scale: float = 1, phone: bool = False) -> None:
        """Give the page a width and height in CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=scale, mobile=phone,
        )  # fmt: skip

    def media(self, kind: str = "", **features: str) -> None:
        """Show the page as on ``print``, or with features such as ``prefers-reduced-motion``."""
        rows = [
            {"name": name.replace("_", "-"), "value": value} for name, value in features.items()
        ]
        self.call("Emulation.setEmulatedMedia", media=kind, features=rows)

    def picture(self, *, whole: bool = False) -> bytes:
        """Return what is seen, or the page from top to bottom, as PNG."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return base64.b64decode(data["data"])

    def printed(self) -> bytes:
        """Return the page as it is printed, as PDF, at the size that its style sheet asks for."""
        data = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return base64.b64decode(data["data"])


class _Pipe:
    """Messages to a browser and from it, each ended by a zero byte."""

    def __init__(self, write: int, read: int) -> None:
        self._write, self._read = write, read
        self._number, self._left = 0, b""

    def send(self, method: str, parameters: object, session: str = "") -> int:
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        return self._number

    def receive(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            ready, _, _ = select.select([self._read], [], [], _SECONDS)
            assert ready, "the browser does not answer"
            piece = os.read(self._read, 1 << 20)
            assert piece, "the browser has ended"
            self._left += piece
        line, _, self._left = self._left.partition(b"\0")
        found: dict[str, Any] = json.loads(line)
        return found

    def result(self, method: str, **parameters: object) -> dict[str, Any]:
        number = self.send(method, parameters)
        while True:
            answer = self.receive()
            if answer.get("id") == number:
                found: dict[str, Any] = answer["result"]
                return found


def _high(descriptor: int) -> int:
    """Move a descriptor out of the way of those that the browser is given."""
    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 32)
    os.close(descriptor)
    return moved


@contextmanager
def browser() -> Iterator["_Browser"]:
    """Start a browser with an empty profile; it is ended with the context."""
    assert PROGRAM
    to_it, from_us = (_high(each) for each in os.pipe())
    from_it, to_us = (_high(each) for each in os.pipe())

    def place() -> None:  # where the browser expects its pipe
        os.dup2(to_it, 3)
        os.dup2(to_us, 4)

    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with tempfile.TemporaryDirectory(prefix="heroes-browser-", ignore_cleanup_errors=True) as home:
        process = subprocess.Popen(
            [PROGRAM, *_FLAGS, *root, f"--user-data-dir={home}", "about:blank"],
            close_fds=False, preexec_fn=place,  # noqa: PLW1509 # two calls, no lock
            env={**os.environ, "HOME": home},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_it)
        os.close(to_us)
        try:
            yield _Browser(_Pipe(from_us, from_it))
        finally:
            os.close(from_us)  # it ends when nobody can speak to it
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            os.close(from_it)


class _Browser:
    """A running browser."""

    def __init__(self, pipe: _Pipe) -> None:
        self._pipe = pipe

    def tab(self) -> Tab:
        """Open an empty page, in a context of its own without cookies or cache."""
        context = self._pipe.result("Target.createBrowserContext")["browserContextId"]
        target = self._pipe.result(
            "Target.createTarget", url="about:blank", browserContextId=context
        )
        attached = self._pipe.result(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        return Tab(self._pipe, str(attached["sessionId"]))
