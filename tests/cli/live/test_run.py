"""A stack that really answers: a DNS server and a Caddy on loopback, asked and judged."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.rcode
import pytest

from cli.live import run, web_client
from cli.live.run import LiveOptions, LiveReport, live_report
from cli.live.web_client import Web
from config.finding import FindingsError
from graph.model import StackGraph
from tests.graph.test_records import MESH, made
from tests.render.caddy import Proxy, free_ports, needs_caddy, proxy
from tests.support.dns_server import dns_server

OPENSSL = shutil.which("openssl")
needs_openssl = pytest.mark.skipif(OPENSSL is None, reason="there is no openssl")
HERE = "127.0.0.1"
NAMES = ("good", "guarded", "open", "plain", "stranger", "dark")
ZONE = f"$TTL 300\n{''.join(f'{name} A {HERE}{chr(10)}' for name in NAMES)}"
ROUTES = """\
  good.example.com: {to: web/front:8080}
  guarded.example.com: {to: web/front:8080, access: mesh}
  open.example.com: {to: web/front:8080}
  open.example.com/admin/*: {to: web/front:8080, access: mesh}
  plain.example.com: {to: web/front:8080}
  stranger.example.com: {to: web/front:8080}
  dark.example.com: {to: web/front:8080}
  gone.example.com: {to: web/front:8080}"""
CADDYFILE = """\
{{
    http_port {http}
    https_port {https}
    skip_install_trust
}}
good.example.com, open.example.com {{
    tls cert.pem key.pem
    respond 200
}}
guarded.example.com {{
    tls cert.pem key.pem
    @members remote_ip 100.64.0.0/10
    respond @members 200
    respond 403
}}
plain.example.com {{
    tls cert.pem key.pem
    respond 200
}}
http://plain.example.com {{
    respond 200
}}
stranger.example.com {{
    tls internal
    respond 200
}}
"""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Run a Caddy that does not do all that the routes say; its certificate is for two months."""
    folder = tmp_path_factory.mktemp("caddy")
    certificate(
        folder, *(f"{n}.example.com" for n in ("good", "guarded", "open", "plain")), days=60
    )
    ports = free_ports(2)
    text = CADDYFILE.format(http=ports[0], https=ports[1])
    with proxy(folder, text, (ports[0], ports[1]), "stranger.example.com") as running:
        trust = ssl.create_default_context(cafile=str(folder / "cert.pem"))
        yield Proxy(running.http, running.https, trust)


def certificate(folder: Path, *names: str, days: int) -> None:
    """Write ``cert.pem`` and ``key.pem`` for names."""
    alternatives = ",".join(f"DNS:{name}" for name in names)
    subprocess.run(
        [
            *(str(OPENSSL), "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:P-256", "-nodes", "-days", str(days), "-subj", "/CN=test"),
            *("-addext", f"subjectAltName={alternatives}", "-keyout", "key.pem"),
            *("-out", "cert.pem"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def stack(root: Path) -> StackGraph:
    return made(root, routes=ROUTES, mesh=MESH, public_addresses=[HERE], mesh_address="100.64.0.1")


def asked(graph: StackGraph, resolver: str, web: Web) -> LiveReport:
    return live_report(graph, LiveOptions(resolver=resolver, web=web))


@needs_caddy
@needs_openssl
def test_each_name_is_told_apart(serving: Proxy, tmp_path: Path) -> None:
    web = Web(http=serving.http, https=serving.https, trusted=serving.trust)
    with dns_server("example.com", ZONE) as server:
        report = asked(stack(tmp_path), server, web)
    found = {(f.rule, f.source.path.removeprefix("routes.")): f.fact for f in report.findings}
    assert found == {
        ("live-missing", "gone.example.com"): "DNS does not know gone.example.com",
        ("live-open", "open.example.com/admin/*.access"): (
            "open.example.com/admin/* answers 200 to 127.0.0.1, which is not admitted"
        ),
        ("live-redirect", "plain.example.com"): (
            "http://plain.example.com answers 200, and does not lead to HTTPS"
        ),
        ("live-certificate", "stranger.example.com"): (
            "the certificate of stranger.example.com is not accepted: "
            "unable to get local issuer certificate"
        ),
        ("live-unknown", "dark.example.com"): (
            "dark.example.com could not be asked over TLS (tlsv1 alert internal error): cannot tell"
        ),
    }
    assert (report.asked, report.answered) == (7, 7)


@needs_caddy
@needs_openssl
def test_a_certificate_that_soon_ends_and_one_of_another_name(
    serving: Proxy, tmp_path: Path
) -> None:
    certificate(tmp_path, "*.example.com", days=5)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    trust = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    graph = made(
        tmp_path / "stack",
        routes="  a.example.com: {to: web/front:8080}\n  a.b.example.com: {to: web/front:8080}",
        public_addresses=[HERE],
    )
    zone = f"$TTL 300\na A {HERE}\na.b A {HERE}\n"
    with tls_server(context) as port, dns_server("example.com", zone) as server:
        report = asked(graph, server, Web(http=serving.http, https=port, trusted=trust))
    facts = sorted(f.fact for f in report.findings if f.rule == "live-certificate")
    assert len(facts) == 2
    assert "has not been renewed" in facts[1]
    assert facts[0].startswith(
        "the certificate of a.b.example.com is not accepted: Hostname mismatch"
    )


@contextmanager
def tls_server(context: ssl.SSLContext) -> Iterator[int]:
    """Shake hands over TLS on loopback, again and again, and say nothing."""
    listening = socket.create_server((HERE, 0))

    def serve() -> None:
        while True:
            try:
                raw, _ = listening.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(raw, server_side=True) as shaken:
                    shaken.recv(1024)
            except OSError:
                raw.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def test_who_never_answers_holds_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ports that take connections and are silent: each costs its patience, all at once."""
    monkeypatch.setattr(web_client, "PATIENCE_SECONDS", 0.5)
    names = "".join(f"  n{n}.example.com: {{to: web/front:8080}}\n" for n in range(200))
    zone = "$TTL 300\n" + "".join(f"n{n} A {HERE}\n" for n in range(200))
    graph = made(tmp_path, routes=names.rstrip(), public_addresses=[HERE])
    with (
        socket.create_server((HERE, 0), backlog=1000) as silent,
        dns_server("example.com", zone) as server,
    ):
        port = silent.getsockname()[1]
        begun = time.monotonic()
        report = asked(graph, server, Web(http=port, https=port))
        took = time.monotonic() - begun
    assert {f.rule for f in report.findings} == {"live-unknown"}
    assert len(report.findings) == 200
    assert took < 15


def test_all_of_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "WHOLE_SECONDS", 0.3)
    graph = made(tmp_path, public_addresses=[HERE])
    with dns_server("example.com", "$TTL 300\n", {"a.example.com": None}) as server:
        begun = time.monotonic()
        report = asked(graph, server, Web())
        assert time.monotonic() - begun < 2
    assert [f.rule for f in report.findings] == ["live-unknown"]
    assert (report.asked, report.answered) == (1, 0)


def test_what_there_was_no_time_for_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "WHOLE_SECONDS", 0.5)
    graph = made(tmp_path, public_addresses=[HERE])
    zone = f"$TTL 300\na A {HERE}\n"
    with socket.create_server((HERE, 0)) as silent, dns_server("example.com", zone) as server:
        port = silent.getsockname()[1]
        report = asked(graph, server, Web(http=port, https=port))
    (finding,) = report.findings
    assert "over TLS (there was no time to ask): cannot tell" in finding.fact


def test_the_answers_of_a_broken_server_are_no_answers(tmp_path: Path) -> None:
    graph = made(tmp_path, public_addresses=[HERE])
    failing = {"a.example.com": dns.rcode.SERVFAIL}
    with dns_server("example.com", "$TTL 300\n", failing) as server:
        report = asked(graph, server, Web())
    assert (report.asked, report.answered) == (1, 0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            LiveOptions(resolver="nowhere"),
            "check --live:1: --resolver nowhere is no address of a server; write one like "
            "192.0.2.53:53",
        ),
        (
            LiveOptions(resolver="192.0.2.53", addresses=("vsp=192.0.2.1",)),
            "check --live:1: there is no host 'vsp'; did you mean 'vps'? valid: shop/vps, vps",
        ),
        (
            LiveOptions(resolver="192.0.2.53", addresses=("vps",)),
            "check --live:1: --address vps is not HOST=ADDRESS; give an IP address",
        ),
    ],
)
def test_options_that_cannot_be(options: LiveOptions, said: str, tmp_path: Path) -> None:
    with pytest.raises(FindingsError) as caught:
        live_report(made(tmp_path), options)
    assert str(caught.value) == said
