"""Registries are asked through the Docker CLI: what is there, what is not, what nobody can tell."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from components.registry import ask_registries, registry_of
from graph.platforms import Missing, Published, Unasked
from tests.support import registry as support
from tests.support.registry import Form, Registry, cli_version, registry

pytestmark = pytest.mark.skipif(support.problem() is not None, reason=str(support.problem()))

NOWHERE = Published(platforms=("linux/arm64",))
TOO_OLD = Unasked(reason="this docker command is older than 23.0, which OCI images need")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.mark.parametrize("form", ["docker", "oci"])
@pytest.mark.parametrize(
    ("pushed", "found"),
    [
        (["linux/arm64"], ["linux/arm64"]),
        (["linux/amd64", "linux/arm64/v8"], ["linux/amd64", "linux/arm64/v8"]),
        (["linux/amd64", "unknown/unknown"], ["linux/amd64"]),
        (["linux/arm/v7", "linux/amd64"], ["linux/amd64", "linux/arm/v7"]),
    ],
)
def test_platforms_of_what_is_there(
    form: Form, pushed: list[str], found: list[str], server: Registry
) -> None:
    reference = server.push(
        f"{form}-{len(pushed)}", pushed[0].replace("/", "-"), *pushed, form=form
    )
    if form == "oci" and cli_version() < 23:
        # Of a list this version reads what it lists; of no other OCI image anything.
        assert ask_registries([reference])[reference] == TOO_OLD
    else:
        assert ask_registries([reference]) == {reference: Published(platforms=tuple(found))}


def test_an_image_named_by_its_digest(server: Registry) -> None:
    server.push("by-digest", "1", "linux/amd64", "linux/arm64")
    reference = server.digest("by-digest", "1")
    assert "@sha256:" in reference
    expected = Published(platforms=("linux/amd64", "linux/arm64"))
    assert ask_registries([reference]) == {reference: expected}


@pytest.mark.skipif(cli_version() < 23, reason="this docker command is older than 23.0")
def test_what_is_not_there(server: Registry) -> None:
    server.push("there", "1", "linux/amd64")
    absent = [
        f"{server.name}/there:2",
        f"{server.name}/not-there:1",
        f"{server.name}/there@sha256:{'0' * 64}",
    ]
    assert ask_registries(absent) == dict.fromkeys(absent, Missing())


def test_a_registry_that_wants_a_password(tmp_path: Path) -> None:
    with registry(tmp_path, password=True) as locked:
        reference = f"{locked.name}/there:1"
        answer = ask_registries([reference])[reference]
    assert isinstance(answer, Unasked)
    assert answer.reason.endswith("no basic auth credentials")


@contextmanager
def answering(status: int, body: str, *, after: float = 0) -> Iterator[tuple[str, list[str]]]:
    """Run what calls itself a registry, and answers every manifest alike."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        # TLS, which the command tries first, is answered so that it understands.
        default_request_version = "HTTP/1.0"

        def do_GET(self) -> None:
            asked.append(self.path)
            time.sleep(after)
            manifest = self.path != "/v2/"
            self.send_response(status if manifest else 200)
            self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
            self.end_headers()
            self.wfile.write(body.encode() if manifest else b"{}")

        do_HEAD = do_GET  # noqa: N815 — the base class's name

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def refusal(code: str, message: str) -> str:
    return json.dumps({"errors": [{"code": code, "message": message}]})


@pytest.mark.skipif(cli_version() < 23, reason="this docker command is older than 23.0")
@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        # The command itself says of all of these: no such manifest.
        (401, refusal("UNAUTHORIZED", "authentication required"), "authentication required"),
        (403, refusal("DENIED", "requested access is denied"), "requested access is denied"),
        (503, "<html>try later</html>", "503 Service Unavailable"),
        (429, refusal("TOOMANYREQUESTS", "you have reached your limit"), "reached your limit"),
    ],
)
def test_what_is_not_told_is_not_missing(status: int, body: str, reason: str) -> None:
    with answering(status, body) as (name, _):
        answer = ask_registries([f"{name}/a:1"])[f"{name}/a:1"]
    assert isinstance(answer, Unasked), answer
    assert reason in answer.reason
    assert "\n" not in answer.reason


def test_a_registry_that_does_not_answer_is_asked_once_for_all() -> None:
    with answering(200, "{}", after=30) as (name, _):
        references = [f"{name}/image-{number}:1" for number in range(40)]
        started = time.monotonic()
        answers = ask_registries(references, patience=1)
        assert time.monotonic() - started < 5
    said = Unasked(reason="its registry did not answer in 1 s")
    assert answers == dict.fromkeys(references, said)


def test_what_is_no_manifest() -> None:
    with answering(200, "[]") as (name, _):
        assert isinstance(ask_registries([f"{name}/a:1"])[f"{name}/a:1"], Unasked)


def test_without_a_docker_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert ask_registries(["redis:7"]) == {
        "redis:7": Unasked(reason="there is no docker command here")
    }


def test_no_daemon_is_asked(server: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = server.push("no-daemon", "1", "linux/arm64")
    monkeypatch.setenv("DOCKER_HOST", "ssh://nobody@192.0.2.1")
    assert ask_registries([reference]) == {reference: NOWHERE}


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("redis:7", "docker.io"),
        ("grafana/grafana:1", "docker.io"),
        ("ghcr.io/a/b:1", "ghcr.io"),
        ("localhost/a", "localhost"),
        ("localhost:5000/a", "localhost:5000"),
        ("host:5000/a@sha256:0", "host:5000"),
    ],
)
def test_the_registry_of_a_reference(reference: str, found: str) -> None:
    assert registry_of(reference) == found
