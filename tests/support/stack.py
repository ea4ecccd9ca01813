"""A stack of a copied project, brought up by the real engine against the real Docker."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.project import Project
from rehearsal.stack import Stack
from scripts.probe import ROOT
from stackgraph_testing import Stackgraph

ORDINARY_FILE_LIMIT = "16384"
"""Open files that a container may ask for here: the daemon itself may have no more than 20000."""

LABEL = "dev.stackgraph.service"


def docker(*arguments: str) -> str:
    """Run the docker command; its output."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def containers(service: str, *, running: bool = True) -> list[str]:
    """Give the ids of a service's containers, by its logical name."""
    everything = [] if running else ["--all"]
    listed = docker("ps", "-q", "--no-trunc", *everything, "--filter", f"label={LABEL}={service}")
    return listed.split()


def deployed(stack: Stack) -> set[str]:
    """Give the URNs in a stack's state, without the providers that the engine adds."""
    exported = json.loads(stack.run("stack", "export").text)
    return {
        resource["urn"].replace("::pulumi:providers:command::default", "")
        for resource in exported["deployment"]["resources"]
        if not resource["urn"].startswith("urn:pulumi:dev::stackgraph::pulumi:providers:command")
    }


def planned(system: str) -> set[str]:
    """Give the URNs that the offline plan foretells for a system's dev stack."""
    return {resource.urn for resource in Stackgraph(ROOT).system(system)}


def plain_secrets(stack: Stack, system: str) -> list[str]:
    """Name the secrets of a system that stand in the stack's state as they are."""
    secrets = dev_secrets(system)
    files = [file for file in (stack.folder / "state").rglob("*") if file.is_file()]
    assert files
    texts = [file.read_bytes() for file in files]
    return [n for n, value in secrets.items() if any(value.encode() in text for text in texts)]


def dev_secrets(system: str) -> dict[str, str]:
    """Give the values that a system's secrets have on dev."""
    (loaded,) = Project(root=ROOT).judge("dev", [system]).systems
    return {name: item.dev for name, item in loaded.system.secrets.items()}


def told_secrets(service: str, secrets: Mapping[str, str]) -> list[str]:
    """Name the secrets that a container tells: in its commands, or its processes' arguments."""
    (container,) = containers(service)
    template = "{{json .Config.Cmd}}{{json .Config.Entrypoint}}{{json .Config.Healthcheck}}"
    text = docker("inspect", "-f", template, container) + docker(
        "top", container, "-eo", "pid,args"
    )
    return [name for name, value in secrets.items() if value in text]


def remains(system: str) -> list[str]:
    """Name what is there in Docker of a system's dev stack."""
    found = docker("ps", "-a", "--filter", f"label={LABEL}", "--format", "{{.Names}}").split()
    for kind in ("network", "volume"):
        found += docker(kind, "ls", "--format", "{{.Name}}").split()
    # An ingress's own network has 0- before its name.
    return [name for name in found if name.removeprefix("0-").startswith(f"{system}-")]


@contextmanager
def swept(*directories: str) -> Iterator[None]:
    """Remove directories afterwards, if they were not there before and are empty."""
    new = [
        place
        for directory in map(Path, directories)
        for place in (directory, *directory.parents)
        if not place.exists()
    ]
    try:
        yield
    finally:
        for place in sorted(new, key=lambda path: -len(path.parts)):
            with suppress(OSError):
                place.rmdir()


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
        file.write_text(re.sub(r"\b(interval|timeout): \d+s", r"\1: 3s", text))


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

    def get(
        self,
        host: str,
        path: str = "/",
        headers: Mapping[str, str] | None = None,
        at: str = "127.0.0.1",
    ) -> Answer:
        """Ask for a path of a host name; the connection goes to an address of the proxy."""
        connection = _Connection(host, self.port, self._context, at)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            response = connection.getresponse()
            return Answer(response.status, response.read().decode(errors="replace"))
        finally:
            connection.close()

    @contextmanager
    def watched(self, host: str, every: float = 0.05) -> Iterator[list[str]]:
        """Ask a host name again and again meanwhile; gives what went wrong, in the end.

        As browsers, proxies and monitors do, over a connection that is kept, and once more where
        the proxy has closed it meanwhile (RFC 9112, 9.3.1). What a reload does to connections that
        are being opened at that moment: docs/adr/0015.
        """
        failures: list[str] = []
        stop = threading.Event()

        def ask() -> None:
            kept = _Connection(host, self.port, self._context, "127.0.0.1")
            while not stop.wait(every):
                again = kept.sock is not None
                try:
                    try:
                        status = _status(kept)
                    except (OSError, http.client.HTTPException):
                        kept.close()
                        if not again:
                            raise
                        status = _status(kept)
                except (OSError, http.client.HTTPException) as error:
                    kept.close()
                    failures.append(type(error).__name__)
                else:
                    if status >= 500:
                        failures.append(str(status))
            kept.close()

        thread = threading.Thread(target=ask)
        thread.start()
        try:
            yield failures
        finally:
            stop.set()
            thread.join()


def _status(connection: http.client.HTTPSConnection) -> int:
    connection.request("GET", "/")
    response = connection.getresponse()
    response.read()
    return response.status


class _Connection(http.client.HTTPSConnection):
    """HTTPS to a name, wherever it resolves: at an address."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, address: str) -> None:
        super().__init__(host, port, context=context, timeout=10)
        self._tls, self._address = context, address

    def connect(self) -> None:
        """Open the connection."""
        plain = socket.create_connection((self._address, self.port), timeout=10)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def eventually(question: Any, seconds: float = 15) -> Any:
    """Ask until the answer is true; the last one when time is up."""
    end = time.monotonic() + seconds
    while not (answer := question()) and time.monotonic() < end:
        time.sleep(0.2)
    return answer
