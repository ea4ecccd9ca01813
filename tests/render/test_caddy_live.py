"""A real Caddy with a rendered Caddyfile does what the routes say."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Iterator

import pytest

from render.caddy import caddyfile
from tests.render.caddy import LOOPBACK, Proxy, free_ports, needs_caddy, proxy, service
from tests.workspace import SHOP, graph_of, shop

pytestmark = needs_caddy

# "let me in", at the least cost that bcrypt has
HASH = "$2b$04$abcdefghijklmnopqrstuuTnc8amReAFiMHxaSoW9U22KarbWnkSm"
ROUTES = """\
routes:
  plain.example.com: {to: web/front:8080}
  bare.example.com: {to: web/front:8080, security_headers: false, compress: false}
  users.example.com: {to: web/front:8080, access: {basic_auth: users}}
  refused.example.com: {to: web/front:8080, access: {allow: [192.0.2.0/24, "2001:db8::/32"]}}
  allowed.example.com: {to: web/front:8080, access: {allow: [192.0.2.0/24, 127.0.0.0/8]}}
  both.example.com: {to: web/front:8080, access: {allow: [192.0.2.0/24], basic_auth: users}}
  limited.example.com: {to: web/front:8080, max_body: 1KiB, max_duration: 300ms}
  socket.example.com: {to: web/front:8080, websocket: true, max_duration: 300ms}
  www.example.com: {redirect: "https://plain.example.com", host: vps}
  old.example.com: {redirect: {to: "https://plain.example.com/new/", status: 302}, host: vps}
  paths.example.com: {to: web/front:8080}
  paths.example.com/api/*: {to: web/front:8081, strip_prefix: true}
  paths.example.com/api/v2/*: {to: web/front:8082}
  paths.example.com/api/v2/exact: {to: web/front:8083}
  paths.example.com/api/x: {to: web/front:8083}
  paths.example.com/private/*: {to: web/front:8080, access: {allow: [192.0.2.0/24]}}
  paths.example.com/private/open: {to: web/front:8081}
  paths.example.com/moved: {redirect: "https://plain.example.com", host: vps}
  part.example.com/only/*: {to: web/front:8080}
"""
PORTS = (8080, 8081, 8082, 8083)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    root = tmp_path_factory.mktemp("project")
    http, https = free_ports(2)
    system = SHOP["systems/shop/system.yaml"].partition("routes:")[0]
    system = system.replace("dev: dev-only", f"dev: '{HASH}'")
    files = {
        "system.yaml": f"{system}basic_auth: {{users: {{ann: DB_PASSWORD}}}}\n{ROUTES}",
        "web.compose.yaml": "services: {front: {image: a, expose: ['8080-8083']}}\n",
        "Pulumi.dev.yaml": SHOP["Pulumi.dev.yaml"]
        + f"  stackgraph:dev_ports: {{http: {http}, https: {https}}}\n",
    }
    graph = graph_of(shop(root, files))
    (ingress,) = graph.ingresses.values()
    folder = tmp_path_factory.mktemp("caddy")
    for name in ("upstreams", "users"):
        (folder / name).mkdir()
    (folder / "users/shop-users").write_text(f"ann {HASH}\n")
    with service() as main, service() as api, service() as v2, service() as exact:
        for port, real in zip(PORTS, (main, api, v2, exact), strict=True):
            upstream = folder / f"upstreams/shop-web-front-{port}"
            upstream.write_text(f"to {LOOPBACK}:{real}\n")
        behind.update({main: 8080, api: 8081, v2: 8082, exact: 8083})
        name = "plain.example.com.localhost"
        with proxy(folder, caddyfile(graph, ingress), (http, https), name) as started:
            yield started


behind: dict[int, int] = {}
"""The declared port of each service, by the one that it listens on here."""


def credentials(user: str, password: str) -> dict[str, str]:
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


def at(name: str) -> str:
    host, slash, path = name.partition("/")
    return f"{host}.example.com.localhost{slash}{path}"


def test_proxied(running: Proxy) -> None:
    answer = running.get(at("plain/a/b?c=d"))
    assert answer.status == 200
    assert answer.echo["path"] == "/a/b?c=d"
    headers = answer.echo["headers"]
    assert headers["host"] == at("plain")
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-forwarded-for"] == LOOPBACK


def test_plain_http_is_sent_to_https(running: Proxy) -> None:
    answer = running.get(at("plain/a?b"), plain=True)
    assert answer.status == 308
    assert answer.headers["location"] == f"https://{at('plain')}:{running.https}/a?b"


def test_unknown_names(running: Proxy) -> None:
    assert running.get("unknown.example.com", plain=True).status == 404
    # Over TLS there is no certificate for them; with one for another name there is no site.
    with pytest.raises(ssl.SSLError):
        running.socket("unknown.example.com")
    answer = running.get(at("plain"), headers={"Host": "unknown.example.com"})
    assert (answer.status, answer.body) == (404, b"")


def test_basic_auth(running: Proxy) -> None:
    answer = running.get(at("users"))
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert b"padding" not in answer.body
    assert running.get(at("users"), headers=credentials("ann", "let me in")).status == 200
    assert running.get(at("users"), headers=credentials("ann", "wrong")).status == 401
    assert running.get(at("users"), headers=credentials("bob", "let me in")).status == 401


def test_allow_list(running: Proxy) -> None:
    refused = running.get(at("refused/anything"))
    assert (refused.status, refused.body) == (403, b"")
    assert running.get(at("allowed")).status == 200


def test_who_is_not_allowed_is_not_asked_for_a_password(running: Proxy) -> None:
    assert running.get(at("both")).status == 403
    assert running.get(at("both"), headers=credentials("ann", "let me in")).status == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_nobody_talks_oneself_into_an_allow_list(header: str, running: Proxy) -> None:
    assert running.get(at("refused"), headers={header: "192.0.2.1"}).status == 403


@pytest.mark.parametrize(
    ("path", "port", "seen"),
    [
        ("", 8080, "/"),
        ("other", 8080, "/other"),
        ("api", 8080, "/api"),  # * means what is below
        ("api/", 8081, "/"),
        ("api/things?q", 8081, "/things?q"),
        ("api/v2/things", 8082, "/api/v2/things"),
        ("api/v2/exact", 8083, "/api/v2/exact"),
        ("api/v2/exact/not", 8082, "/api/v2/exact/not"),
        ("api/x", 8083, "/api/x"),  # as long as /api/*, and exact
        ("private/open", 8081, "/private/open"),
    ],
)
def test_the_longest_path_wins(path: str, port: int, seen: str, running: Proxy) -> None:
    answer = running.get(at(f"paths/{path}"))
    assert answer.status == 200
    assert answer.echo["path"] == seen
    assert behind[int(answer.echo["served by"])] == port


def test_a_guard_stays_with_its_path(running: Proxy) -> None:
    for path in ("private/", "private/x", "private//x", "private/open/x", "PRIVATE/x"):
        assert running.get(at(f"paths/{path}")).status == 403, path
    for path in ("other/../private/x", "%70rivate/x", "/private/x", "./private/x"):
        assert running.get(at(f"paths/{path}")).status in (400, 403), path


def test_what_no_route_serves(running: Proxy) -> None:
    assert running.get(at("part/only/this")).status == 200
    answer = running.get(at("part/else"))
    assert (answer.status, answer.body) == (404, b"")


def test_redirects(running: Proxy) -> None:
    answer = running.get(at("www/a?b=c"))
    assert answer.status == 308
    assert answer.headers["location"] == "https://plain.example.com/a?b=c"
    answer = running.get(at("old/a"))
    assert answer.status == 302
    assert answer.headers["location"] == "https://plain.example.com/new/a"
    answer = running.get(at("paths/moved"))
    assert answer.headers["location"] == "https://plain.example.com/moved"


def test_body_limit(running: Proxy) -> None:
    fits = running.get(at("limited"), method="POST", body=b"x" * 1024)
    assert (fits.status, fits.echo["received"]) == (200, 1024)
    assert running.get(at("limited")).status == 200
    assert running.get(at("limited"), method="POST", body=b"x" * 1025).status == 413
    # Of unknown length, it is counted.
    chunked = {"Transfer-Encoding": "chunked"}
    body = b"1400\r\n" + b"x" * 0x1400 + b"\r\n0\r\n\r\n"
    answer = running.get(at("limited"), method="POST", body=body, headers=chunked)
    assert answer.status == 413
    answer = running.get(at("plain"), method="POST", body=body, headers=chunked)
    assert answer.echo["received"] == 0x1400
    assert running.get(at("plain"), method="POST", body=b"x" * 100_000).status == 200


def test_time_limit(running: Proxy) -> None:
    assert running.get(at("limited/slow?0.01")).status == 200
    assert running.get(at("limited/slow?1")).status == 504
    assert running.get(at("plain/slow?0.5")).status == 200


SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "strict-origin-when-cross-origin",
}


def test_security_headers(running: Proxy) -> None:
    answer = running.get(at("plain"))
    assert {name: answer.headers.get(name) for name in SECURITY} == SECURITY
    assert "server" not in answer.headers
    # On dev the certificates are nobody's: a browser must not remember to insist on them.
    assert "strict-transport-security" not in answer.headers


def test_a_service_knows_better(running: Proxy) -> None:
    answer = running.get(at("plain/own"))
    own = {**SECURITY, "x-frame-options": "DENY"}
    assert {name: answer.headers.get(name) for name in SECURITY} == own


def test_security_headers_can_be_left_out(running: Proxy) -> None:
    assert SECURITY.keys().isdisjoint(running.get(at("bare")).headers)


def test_compression(running: Proxy) -> None:
    asking = {"Accept-Encoding": "gzip"}
    assert running.get(at("plain"), headers=asking).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in running.get(at("plain")).headers
    assert "content-encoding" not in running.get(at("bare"), headers=asking).headers


@pytest.mark.parametrize("name", ["socket", "plain"])
def test_websocket(name: str, running: Proxy) -> None:
    with running.socket(at(name)) as connection:
        connection.sendall(
            f"GET /ws HTTP/1.1\r\nHost: {at(name)}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        head = connection.recv(4096)
        assert head.startswith(b"HTTP/1.1 101 ")
        connection.sendall(b"hello")
        assert said(connection, 5) == b"HELLO"


def said(connection: ssl.SSLSocket, size: int) -> bytes:
    """Read so many bytes, however they come."""
    found = b""
    while len(found) < size and (more := connection.recv(size - len(found))):
        found += more
    return found


def test_no_http_3_is_advertised(running: Proxy) -> None:
    assert "alt-svc" not in running.get(at("plain")).headers
