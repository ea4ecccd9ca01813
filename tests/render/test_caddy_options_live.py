"""A real Caddy does what the options of routes say."""

from __future__ import annotations

import json
import ssl
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from render.caddy import SITES, USERS, caddyfile, users_file
from tests.render.caddy import Answer, Proxy, free_ports, needs_caddy, proxy, service
from tests.render.options import APP, OTHER, options
from tests.render.requests import CREDENTIALS, HASH
from tests.render.test_caddy_live import said

pytestmark = needs_caddy


@dataclass(frozen=True, slots=True)
class Running:
    """A Caddy with every option, its folder and its admin endpoint's port."""

    proxy: Proxy
    folder: Path
    admin: int

    def get(self, url: str, **more: object) -> Answer:
        name, slash, path = url.partition("/")
        return self.proxy.get(f"{name}.example.com{slash}{path}", **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("caddy")
    dead, admin = free_ports(2)
    with service() as port:
        graph, ingress = options(folder, port, dead)
        (folder / USERS).mkdir()
        for route in graph.routes_of(ingress):
            if route.users:
                (folder / USERS / users_file(route)).write_text(f"ann {HASH}\n")
        text = caddyfile(graph, ingress).replace(SITES, str(folder / "sites"))
        ports = (ingress.http_port, ingress.https_port)
        with proxy(folder, text, ports, "plain.example.com", admin) as started:
            yield Running(started, folder, admin)


# --- CORS


def asked(origin: str) -> dict[str, str]:
    return {"Origin": origin, "Access-Control-Request-Method": "PUT"}


def test_preflight_is_answered_by_the_proxy(running: Running) -> None:
    answer = running.get("cors/things", method="OPTIONS", headers=asked(APP))
    assert (answer.status, answer.body) == (204, b"")
    assert {n: v for n, v in answer.headers.items() if n.startswith("access-control")} == {
        "access-control-allow-origin": APP,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET, PUT",
        "access-control-allow-headers": "X-Token, Content-Type",
        "access-control-expose-headers": "X-Total",
        "access-control-max-age": "600",
    }
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize(
    "origin", [OTHER, "null", "https://second.example.org", f"{APP}.evil.example", "http" + APP[5:]]
)
def test_other_origins_are_told_nothing(origin: str, running: Running) -> None:
    for method in ("OPTIONS", "GET"):
        answer = running.get("cors/", method=method, headers=asked(origin))
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert "Origin" in answer.headers["vary"]


def test_an_answer_has_each_header_once(running: Running) -> None:
    said = "says?Access-Control-Allow-Origin=*&Access-Control-Expose-Headers=X-Secret&Vary=Accept"
    answer = running.get(f"cors/{said}", headers={"Origin": APP})
    assert answer.status == 200
    assert answer.all("access-control-allow-origin") == [APP]
    assert answer.all("access-control-expose-headers") == ["X-Total"]
    assert {"Accept", "Origin"} <= {v.strip() for v in ", ".join(answer.all("vary")).split(",")}
    # Whoever asks without an origin is no page.
    assert "access-control-allow-origin" not in running.get(f"cors/{said}").headers


def test_an_ordinary_options_request_is_the_services(running: Running) -> None:
    assert running.get("cors/", method="OPTIONS").echo["method"] == "OPTIONS"


def test_everybody_may_read(running: Running) -> None:
    for origin in (APP, OTHER):
        answer = running.get("anyone/", headers={"Origin": origin})
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in answer.headers
        asked_first = running.get("anyone/", method="OPTIONS", headers=asked(origin))
        assert asked_first.headers["access-control-allow-methods"] == "GET, HEAD, POST"


def test_browsers_ask_without_the_password(running: Running) -> None:
    assert running.get("locked/", method="OPTIONS", headers=asked(APP)).status == 204
    refused = running.get("locked/", headers={"Origin": APP})
    assert refused.status == 401
    assert refused.headers["access-control-allow-origin"] == APP
    assert running.get("locked/", headers={"Origin": APP, **CREDENTIALS}).status == 200


# --- what is kept


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("off", "no-store"),
        ("static", "public, max-age=14400"),
        ("hour", "public, max-age=3600"),
        ("private", "private, max-age=14400"),
        ("edge", None),
        ("plain", None),
    ],
)
def test_cache(name: str, said: str | None, running: Running) -> None:
    assert running.get(f"{name}/", headers=CREDENTIALS).headers.get("cache-control") == said
    own = running.get(f"{name}/says?Cache-Control=max-age%3D5", headers=CREDENTIALS)
    assert own.all("cache-control") == ["max-age=5"]
    failed = running.get(f"{name}/says?status=500", headers=CREDENTIALS)
    assert "cache-control" not in failed.headers


# --- headers


def test_headers_of_the_owner(running: Running) -> None:
    said = "says?X-Team=red&X-Powered-By=php&X-Frame-Options=DENY"
    answer = running.get(f"headers/{said}")
    assert answer.all("x-team") == ['blue; \'a "b"']
    assert answer.all("referrer-policy") == ["no-referrer"]
    assert not {"x-powered-by", "x-frame-options"} & answer.headers.keys()
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_what_a_service_is_told_of_its_caller(running: Running) -> None:
    forged = dict.fromkeys(
        ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded"),
        "evil.example",
    )
    headers = running.get("plain/", headers=forged).echo["headers"]
    assert "evil.example" not in json.dumps(headers)
    assert headers["x-real-ip"] == headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "https"


@pytest.mark.parametrize("name", ["plain", "off"])
def test_only_websockets_are_upgraded(name: str, running: Running) -> None:
    asked = {"Connection": "Upgrade, HTTP2-Settings", "HTTP2-Settings": "AAMAAABk"}
    answer = running.get(f"{name}/", headers={**asked, "Upgrade": "h2c"})
    assert answer.status == 200
    assert "upgrade" not in answer.echo["headers"]


# --- limits and health


def test_a_body_in_chunks_is_counted(running: Running) -> None:
    chunked = {"Transfer-Encoding": "chunked"}
    large = b"1400\r\n" + b"x" * 0x1400 + b"\r\n0\r\n\r\n"
    assert running.get("limited/", method="POST", body=large, headers=chunked).status == 413
    fits = b"3ff\r\n" + b"x" * 0x3FF + b"\r\n0\r\n\r\n"
    assert running.get("limited/", method="POST", body=fits, headers=chunked).status == 200


def test_a_large_upload_passes(running: Running) -> None:
    """200 MB, in one request."""
    size = 200 * 1024 * 1024

    def chunks() -> Iterator[bytes]:
        for _ in range(size // (1024 * 1024)):
            yield bytes(1024 * 1024)

    answer = running.get(
        "plain/", method="PUT", body=chunks(), headers={"Content-Length": str(size)}
    )
    assert answer.echo["received"] == size


def test_a_sick_service_is_not_asked(running: Running) -> None:
    assert running.get("healthy/").status == 200
    deadline = time.monotonic() + 10
    while running.get("sick/").status != 503 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert running.get("sick/").status == 503
    assert running.get("healthy/").status == 200


# --- sites


@pytest.mark.parametrize(
    ("path", "status", "body", "cache"),
    [
        ("", 200, b"the application", "no-cache"),
        ("some/page", 200, b"the application", "no-cache"),
        ("about.html", 200, b"about", "no-cache"),
        ("assets/app-1a2b.js", 200, b"code", "public, max-age=31536000, immutable"),
        ("assets/app-0000.js", 404, b"", None),
        ("folder/logo.svg", 200, b"<svg/>", "public, max-age=14400"),
        ("folder/", 200, b"the application", "no-cache"),
        (".env", 404, b"", None),
        ("%2eenv", 404, b"", None),
        (".git/config", 404, b"", None),
        ("folder/../.env", 404, b"", None),
        (".well-known/security.txt", 200, b"Contact: x", "public, max-age=14400"),
        (".well-known/.env", 404, b"", None),
        ("../plain/index.html", 200, b"the application", "no-cache"),
        ("..%2fplain/index.html", 200, b"the application", "no-cache"),
    ],
)
def test_a_site(path: str, status: int, body: bytes, cache: str | None, running: Running) -> None:
    answer = running.get(f"site/{path}")
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers.get("cache-control") == cache
    assert answer.headers.get("x-content-type-options", "nosniff") == "nosniff"


def test_no_directory_is_listed(running: Running) -> None:
    answer = running.get("files/empty/")
    assert (answer.status, answer.body) == (404, b"missing")
    assert answer.headers["cache-control"] == "no-store"


# --- error pages


def test_error_pages_are_of_their_route(running: Running) -> None:
    down = running.get("down/")
    assert (down.status, down.body) == (502, b"we are down")
    assert down.headers["cache-control"] == "no-store"
    # Another path of the name has none; another route is not touched.
    assert (running.get("down/api/x").status, running.get("down/api/x").body) == (502, b"")
    assert running.get("works/").status == 200
    closed = running.get("down/closed/x")
    assert (closed.status, closed.body) == (403, b"closed")


def test_error_pages_by_status_then_by_class(running: Running) -> None:
    large = running.get("down/", method="POST", body=b"x" * 2000)
    assert (large.status, large.body) == (413, b"too large")


def test_what_a_service_says_itself_passes(running: Running) -> None:
    answer = running.get("works/says?status=503")
    assert (answer.status, answer.echo["method"]) == (503, "GET")


# --- reloads


def upgraded(running: Running) -> ssl.SSLSocket:
    name = "plain.example.com"
    connection = running.proxy.socket(name)
    connection.sendall(
        f"GET /ws HTTP/1.1\r\nHost: {name}\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    assert connection.recv(4096).startswith(b"HTTP/1.1 101 ")
    return connection


def reload(running: Running) -> None:
    config = json.loads((running.folder / "caddy.json").read_text())
    for server in config["apps"]["http"]["servers"].values():
        server["max_header_bytes"] = server.get("max_header_bytes", 1 << 20) + 1
    (running.folder / "caddy.json").write_text(json.dumps(config))
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.admin}/load",
        data=json.dumps(config).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 200


def test_a_websocket_stays_open_through_a_reload(running: Running) -> None:
    with upgraded(running) as connection:
        connection.sendall(b"before")
        assert said(connection, 6) == b"BEFORE"
        reload(running)
        time.sleep(0.5)
        connection.sendall(b"after")
        assert said(connection, 5) == b"AFTER"
