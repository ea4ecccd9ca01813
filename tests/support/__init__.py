"""Helpers that several test rooms share: containers of one test, and a client that counts."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from rehearsal.lab import Done, docker

CADDY_OPTIONS = (
    # Linux 5.14: else connections that wait in Caddy's queue at the moment of a reload are cut
    ("--sysctl=net.ipv4.tcp_migrate_req=1",)
    if Path("/proc/sys/net/ipv4/tcp_migrate_req").exists()
    else ()
)


def inspect(container: str) -> dict[str, Any]:
    """What Docker knows about a container."""
    facts: dict[str, Any] = json.loads(docker("inspect", "--type", "container", container))[0]
    return facts


def is_running(container: str) -> bool:
    """Whether it runs now."""
    return bool(inspect(container)["State"]["Status"] == "running")


def wait_until_healthy(container: str, seconds: float = 10) -> None:
    """Wait for Docker to call it healthy."""
    end = time.monotonic() + seconds
    while inspect(container)["State"]["Health"]["Status"] != "healthy":
        if time.monotonic() > end:
            msg = f"{container} is not healthy within {seconds} s"
            raise TimeoutError(msg)
        time.sleep(0.05)


def free_port() -> int:
    """A port of this machine that nothing uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def published(container: str, port: int) -> int:
    """The port of this machine that leads to a container's port."""
    return int(docker("port", container, f"{port}/tcp").splitlines()[0].rpartition(":")[2])


def start_script(new: str, script: str, shell: tuple[str, ...] = ("sh",)) -> subprocess.Popen[str]:
    """Start a script as the deploy does: all of it on standard input."""
    # A signal that we were started to ignore (nohup) could not be caught by the script.
    process = subprocess.Popen(
        ["env", "--default-signal=HUP,INT,TERM", *shell, "-c", 'eval "$(cat)"'],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(f"NEW={new}\n{script}")
    process.stdin.close()
    process.stdin = None  # or communicate() would close it again
    return process


def finish(process: subprocess.Popen[str]) -> Done:
    """Wait for a script that was started."""
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def run_script(new: str, script: str, shell: tuple[str, ...] = ("sh",)) -> Done:
    """Run a script as the deploy does."""
    return finish(start_script(new, script, shell))


@dataclass
class Client:
    """Asks one URL over and over and counts the answers by their text, failures by their reason."""

    url: str
    answers: Counter[str] = field(default_factory=Counter)
    pause: float = 0.02

    @property
    def asked(self) -> int:
        """How often it asked."""
        return self.answers.total()

    @property
    def lost(self) -> int:
        """How many requests got no good answer."""
        return sum(count for answer, count in self.answers.items() if answer.startswith("failed"))

    def ask(self) -> str:
        """Ask once."""
        try:
            with urllib.request.urlopen(self.url, timeout=5) as response:
                return str(response.read().decode().strip())
        except (OSError, urllib.error.URLError) as error:
            return f"failed: {error}"

    @contextmanager
    def asking(self) -> Iterator[Self]:
        """Ask for as long as the context lasts."""
        over = threading.Event()

        def ask() -> None:
            while not over.is_set():
                self.answers[self.ask()] += 1
                time.sleep(self.pause)

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield self
        finally:
            over.set()
            thread.join()
