"""Helpers that several test rooms share: containers of one test, and a client that counts."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PREFIX = "sgh-"
"""What the name of everything begins with that a test makes in Docker."""

CADDY_OPTIONS = (
    # Linux 5.14: else connections that wait in Caddy's queue at the moment of a reload are cut
    ("--sysctl=net.ipv4.tcp_migrate_req=1",)
    if Path("/proc/sys/net/ipv4/tcp_migrate_req").exists()
    else ()
)

Done = subprocess.CompletedProcess[str]


def docker(*arguments: str, data: str | None = None, check: bool = True) -> str:
    """Run the Docker CLI and give what it prints."""
    done = subprocess.run(
        ["docker", *arguments], input=data, capture_output=True, text=True, check=False
    )
    if check and done.returncode:
        msg = f"docker {' '.join(arguments)}: {done.stderr.strip()}"
        raise RuntimeError(msg)
    return done.stdout.strip()


@dataclass
class Lab:
    """Containers, networks and volumes under names of their own, removed by id at the end."""

    tag: str = field(default_factory=lambda: f"{PREFIX}{uuid.uuid4().hex[:6]}")
    _containers: list[str] = field(default_factory=list)
    _networks: list[str] = field(default_factory=list)
    _volumes: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._containers:
            docker("rm", "--force", "--volumes", *self._containers, check=False)
        for network in self._networks:
            docker("network", "rm", network, check=False)
        for volume in self._volumes:
            docker("volume", "rm", volume, check=False)

    def name(self, of: str) -> str:
        """Give the name of something in this lab."""
        return f"{self.tag}-{of}"

    def network(self, of: str, *options: str) -> str:
        """Create a network and give its name."""
        self._networks.append(docker("network", "create", *options, self.name(of)))
        return self.name(of)

    def volume(self, of: str) -> str:
        """Create a volume and give its name."""
        self._volumes.append(docker("volume", "create", self.name(of)))
        return self.name(of)

    def create(self, of: str, image: str, *options: str, command: tuple[str, ...] = ()) -> str:
        """Create a container, not started, and give its id."""
        made = docker("create", "--name", self.name(of), *options, image, *command)
        self._containers.append(made)
        return made

    def start(self, of: str, image: str, *options: str, command: tuple[str, ...] = ()) -> str:
        """Create a container, start it and give its id."""
        made = self.create(of, image, *options, command=command)
        docker("start", made)
        return made


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
    process = subprocess.Popen(
        [*shell, "-c", 'eval "$(cat)"'],
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
