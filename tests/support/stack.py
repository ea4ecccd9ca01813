"""A stack of a copied project, brought up by the real engine against the real Docker."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from graph.model import StackGraph
from scripts.probe import ROOT, pulumi_home
from tests.support.images import Stub, make_image

PROGRAM = """
name: stackgraph
runtime:
  name: python
  options: {{toolchain: pip, virtualenv: {environment}}}
"""
# The toolchain is pip: uv's would install this copy in the place of the project.

ORDINARY_FILE_LIMIT = "16384"
"""Open files that a container may ask for here: the daemon itself may have no more than 20000."""

LABEL = "dev.stackgraph.service"


@dataclass(frozen=True, slots=True)
class Result:
    """How a pulumi command ended, and all that it printed."""

    code: int
    text: str


@dataclass(slots=True)
class Stack:
    """A dev stack in a folder of its own, with its own state."""

    folder: Path
    pulumi: str
    name: str = "dev"
    environment: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path, pulumi: str, config: Mapping[str, Any]) -> Self:
        """Copy the program and its systems, and create a stack with this configuration."""
        shutil.copytree(ROOT / "systems", folder / "systems")
        shutil.copy(ROOT / "__main__.py", folder)
        (folder / "Pulumi.yaml").write_text(PROGRAM.format(environment=sys.prefix))
        for place in ("state", "home"):
            (folder / place).mkdir()
        if (plugins := pulumi_home() / "plugins").is_dir():
            (folder / "home" / "plugins").symlink_to(plugins)
        stack = cls(folder, pulumi)
        stack.configure(config)
        stack.environment = {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "PULUMI_CONFIG_PASSPHRASE": "none",
            "PULUMI_HOME": f"{folder}/home",
            "PULUMI_SKIP_UPDATE_CHECK": "1",
            "PYTHONPATH": str(ROOT),
        }
        stack.run("stack", "init")
        return stack

    def configure(self, config: Mapping[str, Any]) -> None:
        """Write the stack's configuration, keys without namespace."""
        values = {f"stackgraph:{key}": value for key, value in config.items()}
        file = self.folder / f"Pulumi.{self.name}.yaml"
        salt = (
            re.search(r"^encryptionsalt: .*\n", file.read_text(), re.M) if file.exists() else None
        )
        file.write_text((salt[0] if salt else "") + json.dumps({"config": values})[1:-1])

    def run(self, *arguments: str) -> Result:
        """Run pulumi; never raises."""
        done = subprocess.run(
            [self.pulumi, *arguments, "--non-interactive", "--stack", self.name],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        return Result(done.returncode, done.stdout + done.stderr)

    def up(self) -> Result:
        """Deploy."""
        return self.run("up", "--yes", "--skip-preview")

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a text in a file of the copy, exactly once."""
        path = self.folder / file
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new))

    @contextmanager
    def edited(self, file: str, old: str, new: str) -> Iterator[None]:
        """Change a text for a while; what is deployed meanwhile stays deployed."""
        before = (self.folder / file).read_text()
        self.edit(file, old, new)
        try:
            yield
        finally:
            (self.folder / file).write_text(before)


def docker(*arguments: str) -> str:
    """Run the docker command; its output."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def containers(service: str, *, running: bool = True) -> list[str]:
    """Give the ids of a service's containers, by its logical name."""
    everything = [] if running else ["--all"]
    listed = docker("ps", "-q", "--no-trunc", *everything, "--filter", f"label={LABEL}={service}")
    return listed.split()


def make_images(graph: StackGraph) -> None:
    """Make an image under each name that a system uses: real servers where Debian has them."""
    ports: dict[str, set[int]] = {}
    names: dict[str, str] = {}
    for service in graph.services.values():
        reference = service.image.reference
        exposed = (each.target.start for each in service.spec.expose if each.protocol == "tcp")
        ports.setdefault(reference, set()).update(exposed)
        names.setdefault(reference, service.key)
    for ingress in graph.ingresses.values():
        make_image(ingress.image, "caddy")
    for reference, http_ports in ports.items():
        repository = reference.partition(":")[0].rpartition("/")[2]
        if repository == "caddy":
            make_image(reference, "caddy")
        elif repository == "redis":
            make_image(reference, "redis")
        elif repository in {"postgres", "pgvector"}:
            make_image(reference, "postgres")
        else:
            # As `minio server …` starts, which its image's entrypoint makes a command.
            commands = ("server",) if repository == "minio" else ()
            stub = Stub(name=names[reference], http=tuple(sorted(http_ports)), commands=commands)
            make_image(reference, "stub", stub=stub)


def fit_to_this_machine(stack: Stack, system: str) -> None:
    """Change what no test is about: how often health is asked, how many files may be open.

    Docker asks the first time after a whole interval. A daemon without CAP_SYS_RESOURCE cannot
    give a container more open files than it has itself.
    """
    for file in (stack.folder / "systems" / system).glob("*.compose.yaml"):
        text = re.sub(
            r"nofile: \{soft: \d+, hard: \d+\}",
            f"nofile: {{soft: {ORDINARY_FILE_LIMIT}, hard: {ORDINARY_FILE_LIMIT}}}",
            file.read_text(),
        )
        file.write_text(re.sub(r"interval: \d+s", "interval: 3s", text))


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    text: str


class Ingress:
    """The running proxy, asked over HTTPS with its certificates verified."""

    def __init__(self, name: str, port: int) -> None:
        self.name, self.port = name, port
        (container,) = containers(name)
        root = docker("exec", container, "cat", "/data/caddy/pki/authorities/local/root.crt")
        self._context = ssl.create_default_context(cadata=root)

    def get(self, host: str, path: str = "/", headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a path of a host name; the connection goes to loopback."""
        connection = _Loopback(host, self.port, self._context)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.read().decode(errors="replace"))
        finally:
            connection.close()

    @contextmanager
    def watched(self, host: str, every: float = 0.05) -> Iterator[list[str]]:
        """Ask a host name again and again meanwhile; gives what went wrong, in the end."""
        failures: list[str] = []
        stop = threading.Event()

        def ask() -> None:
            while not stop.wait(every):
                try:
                    answer = self.get(host)
                except (OSError, http.client.HTTPException) as error:
                    failures.append(type(error).__name__)
                else:
                    if answer.status >= 500:
                        failures.append(str(answer.status))

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield failures
        finally:
            stop.set()
            thread.join()


class _Loopback(http.client.HTTPSConnection):
    """HTTPS to a name, wherever it resolves: over loopback."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext) -> None:
        super().__init__(host, port, context=context, timeout=10)
        self._tls = context

    def connect(self) -> None:
        """Open the connection."""
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def eventually(question: Any, seconds: float = 15) -> Any:
    """Ask until the answer is true; the last one when time is up."""
    end = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < end:
        time.sleep(0.2)
    return answer
