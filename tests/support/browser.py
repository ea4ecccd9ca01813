"""A headless Chromium for tests, spoken to over a pipe by its own DevTools protocol.

Debian's Chromium is one package; the libraries that drive browsers bring a runtime of their own
along (50 MB and more, for everybody who sets the project up), or want a newer Node.js than Debian
has. What tests need of the protocol is little. https://chromedevtools.github.io/devtools-protocol
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_SECONDS: Final = 30.0
_KEYS: Final = {"Enter": 13, "Tab": 9, "Escape": 27, " ": 32}
# Chromium wants its pipe as file descriptors 3 and 4.
_START: Final = """
import os, sys
os.dup2(int(sys.argv[1]), 3), os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def problem() -> str | None:
    """Say why no browser can be used here, or None."""
    return None if _command() else "pages need chromium, which is not installed"


def _command() -> str | None:
    found = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    return next((each for each in found if each), None)


class Browser:
    """A running browser. It resolves no name, so that nothing outside can be asked."""

    def __init__(self, scratch: Path) -> None:
        command = _command()
        assert command is not None
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        for each in (theirs_in, theirs_out):
            os.set_inheritable(each, True)
        arguments = [
            "--headless",
            "--remote-debugging-pipe",
            f"--user-data-dir={scratch}",
            "--host-resolver-rules=MAP * ~NOTFOUND",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-dev-shm-usage",
            "--disable-gpu",
            "--no-first-run",
            "--hide-scrollbars",
            # Its sandbox refuses root; what is opened here are files that the tests made.
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
        ]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _START, str(theirs_in), str(theirs_out), command, *arguments],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def close(self) -> None:
        """End it."""
        try:
            self.call("Browser.close")
            self._process.wait(_SECONDS)
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        finally:
            os.close(self._in)
            os.close(self._out)

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Ask for something, and wait for the answer; what happens meanwhile is in `events`."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read(time.monotonic() + _SECONDS, method)
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def wait(self, method: str, session: str) -> None:
        """Wait until something has happened."""
        while not any(
            each.get("method") == method and each.get("sessionId") == session
            for each in self.events
        ):
            self.events.append(self._read(time.monotonic() + _SECONDS, method))

    def _read(self, until: float, what: str) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            left = until - time.monotonic()
            assert left > 0, f"no answer to {what}"
            assert select.select([self._in], [], [], left)[0], f"no answer to {what}"
            chunk = os.read(self._in, 1 << 20)
            assert chunk, f"the browser has ended before it answered to {what}"
            self._buffer += chunk
        message, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found

    @contextmanager
    def page(
        self,
        file: Path,
        *,
        width: int = 1280,
        height: int = 900,
        dark: bool = False,
        javascript: bool = True,
    ) -> Iterator[Page]:
        """Open a file, and close it."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.events.clear()
        page = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.call(f"{domain}.enable")
        page.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        page.call("Emulation.setEmulatedMedia", features=[scheme])
        page.call("Emulation.setScriptExecutionDisabled", value=not javascript)
        page.call("Page.navigate", url=file.as_uri())
        self.wait("Page.loadEventFired", session)
        try:
            yield page
        finally:
            self.call("Target.closeTarget", targetId=target)


class Page:
    """An open page, used as a person does: by mouse and keyboard."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask for something of the page."""
        return self._browser.call(method, self._session, **parameters)

    def evaluate(self, expression: str) -> Any:
        """Give an expression's value; a promise's when it has one."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def click(self, selector: str) -> None:
        """Click with the mouse at an element's middle, after it has been scrolled into view."""
        point = self.evaluate(
            f"""(() => {{
                const element = document.querySelector({json.dumps(selector)});
                element.scrollIntoView({{block: "center", inline: "center"}});
                const box = element.getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2];
            }})()"""
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=point[0],
                y=point[1],
                button="left",
                clickCount=1,
            )

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        code = {"key": key, "code": key, "windowsVirtualKeyCode": _KEYS[key]}
        text = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **code, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **code)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self.call("Input.insertText", text=text)

    def screenshot(self, file: Path, *, whole: bool = False) -> None:
        """Write what is seen as a PNG file; ``whole``: what one would scroll to as well."""
        answer = self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(answer["data"]))

    def told(self, *methods: str) -> list[dict[str, Any]]:
        """Give what has happened on the page, of some kinds."""
        self.evaluate("0")
        return [
            each["params"]
            for each in self._browser.events
            if each.get("method") in methods and each.get("sessionId") == self._session
        ]

    @property
    def requests(self) -> list[str]:
        """What it asked for, itself first."""
        return [each["request"]["url"] for each in self.told("Network.requestWillBeSent")]

    @property
    def complaints(self) -> list[dict[str, Any]]:
        """What the console says, exceptions, refusals by policy, dialogs."""
        return self.told(
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
            "Log.entryAdded",
            "Page.javascriptDialogOpening",
        )
