"""A stand-in of Cloudflare's API on loopback, for the real provider and the real engine.

It keeps what it was told in memory, answers in the API's shapes, and refuses what the API refuses.
It serves no DNS and proxies nothing. `Cloudflare.fail` lets a request fail half-way.
"""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

from config.zone import Plan
from graph.cloudflare import CLOUDFLARE_NETWORKS

TOKEN: Final = "rehearsal-token-of-forty-characters-long"
"""The one token that it takes; the provider asks for forty characters."""

ROOT: Final = "/client/v4"
ONE: Final = r"([^/]+)"
Answer: TypeAlias = Callable[..., Any]
"""From the API, the query, the body and the ids of the path to the result."""
Routes: TypeAlias = Sequence[tuple[str, Mapping[str, Answer]]]
WHEN: Final = "2026-01-01T00:00:00Z"


class RefusedError(Exception):
    """What the API answers in place of a result: a status, a code and a message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(slots=True)
class Zone:
    """A zone and what lies in it, by id."""

    id: str
    name: str
    account: str
    plan: Plan = "free"
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    rulesets: dict[str, dict[str, Any]] = field(default_factory=dict)
    pulls: dict[str, dict[str, Any]] = field(default_factory=dict)
    pulls_enabled: bool = False


@dataclass(slots=True)
class Cloudflare:
    """What the API knows, and all requests that it got: method and path, without queries."""

    zones: dict[str, Zone] = field(default_factory=dict)
    certificates: dict[str, dict[str, Any]] = field(default_factory=dict)
    tunnels: dict[str, dict[str, Any]] = field(default_factory=dict)
    networks: frozenset[str] = CLOUDFLARE_NETWORKS
    plan: Plan = "free"
    """What a zone that is made through the API has."""
    requests: list[str] = field(default_factory=list)
    routes: Routes = ()
    url: str = ""
    _failures: dict[int, int] = field(default_factory=dict)
    _broken: tuple[int, int] | None = None
    _changes: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def add_zone(self, name: str, *, plan: Plan = "free", account: str = "a" * 32) -> Zone:
        """Make a zone as its owner would have, in the dashboard."""
        zone = Zone(id=new_id(), name=name, account=account, plan=plan)
        self.zones[zone.id] = zone
        return zone

    def fail(self, change: int, status: int) -> None:
        """Let a change (POST, PUT, PATCH, DELETE) fail, counted from 1 for the next one."""
        with self._lock:
            self._failures[self._changes + change] = status

    def fail_from(self, change: int, status: int) -> None:
        """Let a change and all after it fail, until it is healed."""
        with self._lock:
            self._broken = (self._changes + change, status)

    def heal(self) -> None:
        """Let nothing fail any more."""
        with self._lock:
            self._failures.clear()
            self._broken = None

    @property
    def changes(self) -> list[str]:
        """The requests that were to change something."""
        return [each for each in self.requests if not each.startswith("GET ")]

    @contextmanager
    def serving(self) -> Iterator[Cloudflare]:
        """Serve on a free port of loopback, until the block ends."""
        server, thread = self._start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def serve(self) -> None:
        """Serve on a free port of loopback, for as long as this process lives."""
        self._start()

    def _start(self) -> tuple[ThreadingHTTPServer, threading.Thread]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{server.server_address[1]}{ROOT}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        return server, thread

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Any:
        """Answer one request with the API's ``result``; `RefusedError` where it refuses."""
        with self._lock:
            self.requests.append(f"{method} {path}")
            if method != "GET":
                self._changes += 1
                status = self._failures.pop(self._changes, None)
                if self._broken is not None and self._changes >= self._broken[0]:
                    status = self._broken[1]
                if status is not None:
                    raise RefusedError(status, 10_000 + status, "it was told to fail")
            for pattern, methods in self.routes:
                match = re.fullmatch(pattern, path)
                if match:
                    if method not in methods:
                        raise RefusedError(405, 10_405, f"no {method} here")
                    return methods[method](self, query, body, *match.groups())
        raise RefusedError(404, 7003, f"could not route to {path}")

    def zone(self, id_: str) -> Zone:
        """Give a zone."""
        if id_ not in self.zones:
            raise RefusedError(
                404, 7003, f"Could not route to /zones/{id_}, perhaps your id is invalid"
            )
        return self.zones[id_]


def new_id() -> str:
    """Give an id as Cloudflare has them."""
    return uuid.uuid4().hex


def _handler(api: Cloudflare) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length)
            parts = urlsplit(self.path)
            query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
            status, errors, result = 200, [], None
            try:
                if not parts.path.endswith("/ips"):  # which everybody may ask for
                    _admit(self.headers.get("Authorization"))
                body = json.loads(text) if text else None
                path = parts.path.removeprefix(ROOT)
                result = api.answer(self.command, path, query, body)
            except RefusedError as refused:
                status = refused.status
                errors = [{"code": refused.code, "message": refused.message}]
            answer: dict[str, Any] = {
                "success": not errors,
                "errors": errors,
                "messages": [],
                "result": result,
            }
            if isinstance(result, list):
                count = len(result)
                info = {"page": 1, "per_page": 100, "count": count, "total_count": count}
                answer["result_info"] = {**info, "total_pages": 1}
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

        def log_message(self, *_arguments: object) -> None:
            """Say nothing: tests look at `requests`."""

    return Handler


def _admit(authorization: str | None) -> None:
    if authorization != f"Bearer {TOKEN}":
        raise RefusedError(403, 9109, "Invalid access token")
