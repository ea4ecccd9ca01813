"""A real nginx with rendered files does what the routes say, as a real Caddy does."""

from __future__ import annotations

import base64
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from render.nginx.place import users_file
from tests.render.caddy import LOOPBACK, Proxy, free_ports, service
from tests.render.nginx import needs_nginx, running, tree
from tests.workspace import SHOP, graph_of, shop

pytestmark = needs_nginx

# "let me in", at the least cost that bcrypt has
HASH = "$2b$04$abcdefghijklmnopqrstuuTnc8amReAFiMHxaSoW9U22KarbWnkSm"
PORTS = (8080, 8081, 8082, 8083)
DEAD = 8084
ROUTES = """\
basic_auth: {users: {ann: DB_PASSWORD}}
sites:
  app: {host: vps, path: SITES/app, purpose: App, fallback: /index.html, immutable: ["/assets/*"]}
  pages: {host: vps, path: SITES/pages, purpose: Pages}
routes:
  plain.example.com: {to: web/front:8080}
  bare.example.com: {to: web/front:8080, security_headers: false, compress: false}
  users.example.com: {to: web/front:8080, access: {basic_auth: users}}
  refused.example.com: {to: web/front:8080, access: {allow: [192.0.2.0/24, "2001:db8::/32"]}}
  allowed.example.com: {to: web/front:8080, access: {allow: [192.0.2.0/24, 127.0.0.0/8]}}
  both.example.com: {to: web/front:8080, access: {allow: [192.0.2.0/24], basic_auth: users}}
  limited.example.com: {to: web/front:8080, max_body: 1KiB, max_duration: 300ms}
  socket.example.com: {to: web/front:8080, websocket: true, max_duration: 300ms}
  rated.example.com: {to: web/front:8080, rate_limit: {requests: 3, per: 1m}}
  dead.example.com: {to: web/front:8084, errors: {site: pages, pages: {5xx: /down.html}}}
  dead.example.com/alive/*: {to: web/front:8080}
  www.example.com: {redirect: "https://plain.example.com", host: vps}
  old.example.com: {redirect: {to: "https://plain.example.com/new/", status: 302}, host: vps}
  shut.example.com: {redirect: "https://plain.example.com", host: vps, access: {allow: [192.0.2.0/24]}}
  paths.example.com: {to: web/front:8080}
  paths.example.com/api/*: {to: web/front:8081, strip_prefix: true}
  paths.example.com/api/v2/*: {to: web/front:8082}
  paths.example.com/api/v2/exact: {to: web/front:8083}
  paths.example.com/api/x: {to: web/front:8083}
  paths.example.com/one: {to: web/front:8083, strip_prefix: true}
  paths.example.com/private/*: {to: web/front:8080, access: {allow: [192.0.2.0/24]}}
  paths.example.com/private/open: {to: web/front:8081}
  paths.example.com/moved: {redirect: "https://plain.example.com", host: vps}
  part.example.com/only/*: {to: web/front:8080}
  app.example.com: {site: app, cache: static}
  app.example.com/api/*: {to: web/front:8081}
  pages.example.com: {site: pages, access: {allow: [127.0.0.0/8]}}
  cors.example.com: {to: web/front:8080, access: {basic_auth: users}, cors: {origins: ["https://a.example.com"], methods: [GET, PUT], headers: [X-One], credentials: true, max_age: 1h}}
  headers.example.com: {to: web/front:8080, headers: {X-Frame-Options: DENY, X-Served: "a b, c", Content-Language: null}, cache: {browser: 10m}}
"""  # noqa: E501


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("nginx")
    sites(folder)
    ports = free_ports(3)
    host = (
        SHOP["systems/shop/system.yaml"]
        .partition("routes:")[0]
        .replace("kind: caddy", "kind: nginx")
    )
    published = [f"127.0.0.1:{port}:{port}" for port in (*PORTS, DEAD)]
    files = {
        "system.yaml": host + ROUTES.replace("SITES", str(folder)),
        "web.compose.yaml": f"services: {{front: {{image: a, ports: {published}}}}}\n",
    }
    graph = graph_of(shop(tmp_path_factory.mktemp("project"), files), "prod")
    (ingress,) = graph.ingresses.values()
    with service() as main, service() as api, service() as v2, service() as exact:
        real = (main, api, v2, exact)
        behind.update(dict(zip(real, PORTS, strict=True)))
        moved = {**dict(zip(PORTS, real, strict=True)), DEAD: ports[2]}
        conf = tree(folder, graph, ingress, (ports[0], ports[1]), moved)
        users = next(users_file(r) for r in graph.routes.values() if r.access.basic_auth)
        file = folder / users.removeprefix("/etc/")
        file.parent.mkdir(parents=True)
        file.write_text(f"ann:{HASH}\n")
        with running(folder, conf, (ports[0], ports[1])) as proxy:
            yield proxy


behind: dict[int, int] = {}
"""The declared port of each service, by the one that it listens on here."""


def sites(folder: Path) -> None:
    for path, text in {
        "app/index.html": "the app",
        "app/favicon.ico": "icon",
        "app/assets/a-1234.js": "script",
        "app/.env": "secret",
        "app/.well-known/security.txt": "contact",
        "app/sub/.git/config": "secret",
        "pages/index.html": "front page",
        "pages/down.html": "we are sorry",
        "pages/more/index.html": "more",
    }.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def at(name: str) -> str:
    host, slash, path = name.partition("/")
    return f"{host}.example.com{slash}{path}"


def credentials(user: str, password: str) -> dict[str, str]:
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {text}"}


def test_proxied(started: Proxy) -> None:
    answer = started.get(at("plain/a/b?c=d"))
    assert answer.status == 200
    assert answer.echo["path"] == "/a/b?c=d"
    headers = answer.echo["headers"]
    assert headers["host"] == at("plain")
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-forwarded-for"] == headers["x-real-ip"] == LOOPBACK


def test_what_a_caller_claims_is_not_passed_on(started: Proxy) -> None:
    claims = {
        "X-Forwarded-For": "192.0.2.1",
        "X-Real-IP": "192.0.2.1",
        "Forwarded": "for=192.0.2.1",
        "X-Forwarded-Host": "other.example.com",
        "X-Forwarded-Proto": "http",
        "CF-Connecting-IP": "192.0.2.1",
        "Upgrade": "h2c",
        "Connection": "Upgrade, HTTP2-Settings",
    }
    headers = started.get(at("plain"), headers=claims).echo["headers"]
    assert "192.0.2.1" not in str(headers)
    assert headers["x-forwarded-host"] == at("plain")
    assert headers["x-forwarded-proto"] == "https"
    assert "upgrade" not in headers
    assert started.get(at("socket"), headers=claims).status == 200


def test_paths_arrive_as_they_were_written(started: Proxy) -> None:
    for path in ("a%2Fb?c=%2F", "a//b", "%41/x", "a%20b", "x%25"):
        assert started.get(at(f"plain/{path}")).echo["path"] == f"/{path}"


def test_plain_http_is_sent_to_https(started: Proxy) -> None:
    answer = started.get(at("plain/a?b"), plain=True)
    assert answer.status == 308
    assert answer.headers["location"] == f"https://{at('plain')}/a?b"
    assert started.get(at("plain/.well-known/acme-challenge/x"), plain=True).status == 404


def test_unknown_names(started: Proxy) -> None:
    assert started.get("unknown.example.com", plain=True).status == 404
    with pytest.raises(ssl.SSLError):
        started.socket("unknown.example.com")
    assert started.get(at("plain"), headers={"Host": "unknown.example.com"}).status == 404


@pytest.mark.parametrize("host", ["PLAIN.Example.com", "plain.example.com."])
def test_spellings_of_a_name(host: str, started: Proxy) -> None:
    answer = started.get(at("plain"), headers={"Host": host})
    assert answer.echo["headers"]["host"] == at("plain")


def test_basic_auth(started: Proxy) -> None:
    answer = started.get(at("users"))
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert b"padding" not in answer.body
    assert started.get(at("users"), headers=credentials("ann", "let me in")).status == 200
    assert started.get(at("users"), headers=credentials("ann", "wrong")).status == 401
    assert started.get(at("users"), headers=credentials("bob", "let me in")).status == 401


def test_allow_list(started: Proxy) -> None:
    assert started.get(at("refused/anything")).status == 403
    assert started.get(at("allowed")).status == 200
    assert started.get(at("both")).status == 403
    assert started.get(at("both"), headers=credentials("ann", "let me in")).status == 403
    assert started.get(at("shut")).status == 403


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP"]
)
def test_nobody_talks_oneself_into_an_allow_list(header: str, started: Proxy) -> None:
    for name in ("refused", "shut"):
        assert started.get(at(name), headers={header: "192.0.2.1"}).status == 403


@pytest.mark.parametrize(
    ("path", "port", "seen"),
    [
        ("", 8080, "/"),
        ("other", 8080, "/other"),
        ("api", 8080, "/api"),  # * means what is below
        ("api/", 8081, "/"),
        ("api/things?q", 8081, "/things?q"),
        ("api/a%2Fb?q", 8081, "/a%2Fb?q"),
        ("API/things", 8081, "/things"),
        ("one?q", 8083, "/?q"),
        ("api/v2/things", 8082, "/api/v2/things"),
        ("api/v2/exact", 8083, "/api/v2/exact"),
        ("api/v2/exact%0a", 8082, "/api/v2/exact%0a"),
        ("api/v2/exact/not", 8082, "/api/v2/exact/not"),
        ("api/x", 8083, "/api/x"),  # as long as /api/*, and exact
        ("private/open", 8081, "/private/open"),
    ],
)
def test_the_longest_path_wins(path: str, port: int, seen: str, started: Proxy) -> None:
    answer = started.get(at(f"paths/{path}"))
    assert answer.status == 200
    assert answer.echo["path"] == seen
    assert behind[int(answer.echo["served by"])] == port


def test_a_guard_stays_with_its_path(started: Proxy) -> None:
    for path in ("private/", "private/x", "private//x", "private/open/x", "PRIVATE/x"):
        assert started.get(at(f"paths/{path}")).status == 403, path
    for path in (
        *("other/../private/x", "%70rivate/x", "/private/x", "./private/x", "%2e/private/x"),
        *("private%2fx", "private/open/../x", "private/%2e%2e/open", "private/..;/open"),
        *("private/open%2f..%2fx", "open\\..\\private", "private/open%00"),
    ):
        assert started.get(at(f"paths/{path}")).status in (400, 403), path


def test_what_no_route_serves(started: Proxy) -> None:
    assert started.get(at("part/only/this")).status == 200
    assert started.get(at("part/else")).status == 404
    assert started.get(at("part/only/../else")).status == 404


def test_redirects(started: Proxy) -> None:
    answer = started.get(at("www/a?b=c"))
    assert answer.status == 308
    assert answer.headers["location"] == "https://plain.example.com/a?b=c"
    answer = started.get(at("old/a"))
    assert answer.status == 302
    assert answer.headers["location"] == "https://plain.example.com/new/a"
    assert started.get(at("paths/moved")).headers["location"] == "https://plain.example.com/moved"


def test_body_limit(started: Proxy) -> None:
    fits = started.get(at("limited"), method="POST", body=b"x" * 1024)
    assert (fits.status, fits.echo["received"]) == (200, 1024)
    assert started.get(at("limited"), method="POST", body=b"x" * 1025).status == 413
    chunked = {"Transfer-Encoding": "chunked"}
    body = b"1400\r\n" + b"x" * 0x1400 + b"\r\n0\r\n\r\n"
    answer = started.get(at("limited"), method="POST", body=body, headers=chunked)
    assert answer.status == 413
    answer = started.get(at("plain"), method="POST", body=body, headers=chunked)
    assert answer.echo["received"] == 0x1400


def test_a_large_upload(started: Proxy) -> None:
    answer = started.get(at("plain"), method="POST", body=bytes(200 * 1024**2))
    assert (answer.status, answer.echo["received"]) == (200, 200 * 1024**2)


def test_time_limit(started: Proxy) -> None:
    assert started.get(at("limited/slow?0.01")).status == 200
    assert started.get(at("limited/slow?1")).status == 504
    assert started.get(at("socket/slow?1")).status == 504
    assert started.get(at("plain/slow?0.5")).status == 200


def test_rate_limit(started: Proxy) -> None:
    statuses = [started.get(at("rated")).status for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]


def test_a_dead_service_takes_nothing_else_down(started: Proxy) -> None:
    answer = started.get(at("dead"))
    assert (answer.status, answer.body) == (502, b"we are sorry")
    assert answer.headers["cache-control"] == "no-store"
    posted = started.get(at("dead"), method="POST", body=b"x")
    assert (posted.status, posted.body) == (502, b"we are sorry")
    assert started.get(at("dead/alive/")).status == 200


SECURITY = {
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "strict-origin-when-cross-origin",
}


def test_security_headers(started: Proxy) -> None:
    for name in ("plain", "app", "app/assets/a-1234.js", "users", "refused", "www"):
        answer = started.get(at(name))
        assert {each: answer.headers.get(each) for each in SECURITY} == SECURITY, name
    assert started.get(at("plain")).headers["server"] == "nginx"


def test_a_service_knows_better(started: Proxy) -> None:
    answer = started.get(at("plain/own"))
    own = {**SECURITY, "x-frame-options": "DENY"}
    assert {name: answer.headers.get(name) for name in SECURITY} == own
    assert SECURITY.keys().isdisjoint(started.get(at("bare")).headers)


def test_headers_of_the_owner(started: Proxy) -> None:
    found = started.get(at("headers")).headers
    assert found["x-frame-options"] == "DENY"
    assert found["x-served"] == "a b, c"
    assert found["cache-control"] == "public, max-age=600"


def test_cors(started: Proxy) -> None:
    asking = {"Origin": "https://a.example.com", "Access-Control-Request-Method": "PUT"}
    answer = started.get(at("cors"), method="OPTIONS", headers=asking)
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "https://a.example.com"
    assert answer.headers["access-control-allow-methods"] == "GET, PUT"
    assert answer.headers["access-control-max-age"] == "3600"
    other = {**asking, "Origin": "https://b.example.com"}
    answer = started.get(at("cors"), method="OPTIONS", headers=other)
    assert "access-control-allow-origin" not in answer.headers
    allowed = {**credentials("ann", "let me in"), "Origin": "https://a.example.com"}
    answer = started.get(at("cors"), headers=allowed)
    assert (answer.status, answer.headers["vary"]) == (200, "Origin")
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert started.get(at("cors"), headers={"Origin": "https://a.example.com"}).status == 401


def test_compression(started: Proxy) -> None:
    asking = {"Accept-Encoding": "gzip"}
    assert started.get(at("plain"), headers=asking).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in started.get(at("plain")).headers
    assert "content-encoding" not in started.get(at("bare"), headers=asking).headers


def test_an_application_of_one_page(started: Proxy) -> None:
    for path in ("", "index.html", "settings/profile", "api", "a.b"):
        answer = started.get(at(f"app/{path}"))
        assert (answer.status, answer.body) == (200, b"the app"), path
        assert answer.headers["cache-control"] == "no-cache", path
    assert started.get(at("app/favicon.ico")).headers["cache-control"] == "public, max-age=14400"
    immutable = started.get(at("app/assets/a-1234.js"))
    assert immutable.headers["cache-control"] == "public, max-age=31536000, immutable"
    gone = started.get(at("app/assets/a-0000.js"))
    assert (gone.status, gone.headers.get("cache-control")) == (404, None)
    assert behind[int(started.get(at("app/api/x")).echo["served by"])] == 8081


def test_hidden_files(started: Proxy) -> None:
    for path in (".env", "sub/.git/config", "%2eenv", "sub/..%2f.env", "assets/../.env"):
        assert started.get(at(f"app/{path}")).status == 404, path
    assert started.get(at("app/.well-known/security.txt")).body == b"contact"


def test_pages(started: Proxy) -> None:
    assert started.get(at("pages")).body == b"front page"
    assert started.get(at("pages/more/")).body == b"more"
    assert started.get(at("pages/more")).status == 301
    assert started.get(at("pages/missing")).status == 404
    assert started.get(at("pages"), method="POST", body=b"x").status == 405


def test_websocket(started: Proxy) -> None:
    with started.socket(at("socket")) as connection:
        connection.sendall(
            f"GET /ws HTTP/1.1\r\nHost: {at('socket')}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 101 ")
        time.sleep(0.6)  # longer than other answers may take
        connection.sendall(b"hello")
        assert connection.recv(1024) == b"HELLO"
