"""Where Caddy has its certificates from, and whom it answers at all."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from graph.model import Ingress, StackGraph
from render.caddy import CERTIFICATES, DNS_TOKEN, OWN_CERTIFICATE, caddyfile
from render.shell import CONFIG_DIRECTORY
from tests.render.caddy import Proxy, free_ports, needs_caddy, proxy, run, service
from tests.render.certificates import a_certificate
from tests.render.requests import EDGE, Request, on_loopback, over_tls
from tests.workspace import SHOP, graph_of, shop

PULLS = "example.com.origin-pulls"


def a_graph(root: Path, ingress: str, routes: str, *, zone: str = "") -> tuple[StackGraph, Ingress]:
    """Give the graph of a prod stack with one ingress, in a zone of Cloudflare's."""
    system = SHOP["systems/shop/system.yaml"].partition("routes:")[0]
    system = system.replace("kind: caddy", f"kind: caddy{ingress}")
    system = system.replace("provider: external", f"provider: cloudflare, proxied: true{zone}")
    stack = SHOP["Pulumi.prod.yaml"].replace(
        "    secrets:",
        "    zones: {example.com: {zone_id: 0123456789abcdef0123456789abcdef}}\n    secrets:",
    )
    files = {"system.yaml": f"{system}routes:\n{routes}", "Pulumi.prod.yaml": stack}
    graph = graph_of(shop(root, files), "prod")
    (found,) = graph.ingresses.values()
    return graph, found


SHOP_ROUTE = "  shop.example.com: {to: web/front:8080}\n"
BOTH = f"{SHOP_ROUTE}  open.example.com: {{to: web/front:8080, proxied: false}}\n"


@needs_caddy
def test_over_dns(tmp_path: Path) -> None:
    graph, ingress = a_graph(
        tmp_path, ", certificates: {dns: cloudflare, token: DB_PASSWORD}", SHOP_ROUTE
    )
    text = caddyfile(graph, ingress)
    # The token is read from a file: no text, argument or environment has it.
    assert f"\tacme_dns cloudflare {{file.{CONFIG_DIRECTORY}/{DNS_TOKEN}}}\n" in text
    assert "\ttls {\n\t\tresolvers 1.1.1.1 1.0.0.1\n\t}\n" in text
    # Caddy's own image has no module for it, as R07 says.
    (tmp_path / "upstreams").mkdir()
    (tmp_path / "upstreams/shop-web-front-8080").write_text("to 127.0.0.1:80\n")
    (tmp_path / "Caddyfile").write_text(text)
    answer = run("validate", "--config", "Caddyfile", "--adapter", "caddyfile", folder=tmp_path)
    assert answer.returncode != 0
    assert "dns.providers.cloudflare" in answer.stderr


def test_by_acme_from_another_issuer(tmp_path: Path) -> None:
    graph, ingress = a_graph(tmp_path, "", SHOP_ROUTE)
    assert "acme_ca" not in caddyfile(graph, ingress)
    graph = replace(graph, acme_directory="https://127.0.0.1:14000/dir")
    assert "\tacme_ca https://127.0.0.1:14000/dir\n" in caddyfile(graph, ingress)


def test_cloudflares_are_for_proxied_names(tmp_path: Path) -> None:
    graph, ingress = a_graph(tmp_path, ", certificates: origin", BOTH)
    text = caddyfile(graph, ingress)
    file = f"{CONFIG_DIRECTORY}/{CERTIFICATES}/example.com.pem"
    assert text.count(f"\ttls {file} {file}\n") == 1
    site = text[text.index("\nshop.example.com {") :]
    assert f"\ttls {file} {file}\n" in site


def test_cloudflared_is_asked_for_no_certificate(tmp_path: Path) -> None:
    pulls = ", origin_pulls: true"
    graph, ingress = a_graph(tmp_path / "a", ", certificates: origin", SHOP_ROUTE, zone=pulls)
    assert "client_auth" in caddyfile(graph, ingress)
    tunnel = ", certificates: origin, tunnel: cloudflare"
    graph, ingress = a_graph(tmp_path / "b", tunnel, SHOP_ROUTE, zone=pulls)
    assert "client_auth" not in caddyfile(graph, ingress)
    # What it shows itself is the same: cloudflared knows Cloudflare's Origin CA.
    file = f"{CONFIG_DIRECTORY}/{CERTIFICATES}/example.com.pem"
    assert f"\ttls {file} {file}\n" in caddyfile(graph, ingress)


# --- with a real Caddy


def here(text: str, folder: Path) -> str:
    return text.replace(CONFIG_DIRECTORY, str(folder))


@pytest.fixture
def pulled(tmp_path: Path) -> Iterator[tuple[Proxy, Path]]:
    """A Caddy of which one name is for the edge's certificate, and one is not."""
    graph, ingress = a_graph(tmp_path / "project", "", BOTH, zone=", origin_pulls: true")
    files = tmp_path / CERTIFICATES
    files.mkdir()
    a_certificate(tmp_path, "authority")
    (files / f"{PULLS}.pem").write_text((tmp_path / "authority.crt").read_text())
    a_certificate(tmp_path, "edge", "edge.example.net", signed_by="authority")
    a_certificate(tmp_path, "stranger", "edge.example.net")
    http, https = free_ports(2)
    with service() as port:
        graph, ingress = on_loopback(
            graph, ingress, ports=(http, https), service=port, sites=tmp_path / "sites"
        )
        text = here(caddyfile(graph, ingress), tmp_path)
        with proxy(tmp_path, text, (http, https), "open.example.com") as running:
            yield running, tmp_path


def ask(pulled: tuple[Proxy, Path], name: str, shown: str = "", host: str | None = None) -> int:
    running, folder = pulled
    trust = ssl.create_default_context(cafile=str(folder / "caddy/pki/authorities/local/root.crt"))
    if shown:
        trust.load_cert_chain(folder / f"{shown}.pem")
    request = Request(name=name, target="/", source=EDGE, headers={}, host=host)
    return over_tls(running.https, trust)(request).status


@needs_caddy
def test_a_name_is_answered_to_the_edge_alone(pulled: tuple[Proxy, Path]) -> None:
    assert ask(pulled, "shop.example.com", "edge") == 200
    for shown in ("", "stranger"):
        with pytest.raises(OSError, match=r"(?i)certificate|alert|reset|EOF"):
            ask(pulled, "shop.example.com", shown)
    assert ask(pulled, "open.example.com") == 200
    # Nor does the name get in by another's connection.
    assert ask(pulled, "open.example.com", host="shop.example.com") == 421


@needs_caddy
def test_the_owners_certificate(tmp_path: Path) -> None:
    graph, ingress = a_graph(
        tmp_path / "project",
        ", certificates: {certificate: DB_PASSWORD, key: DB_PASSWORD}",
        "  shop.example.com: {to: web/front:8080, proxied: false}\n",
    )
    files = tmp_path / CERTIFICATES
    files.mkdir()
    a_certificate(files, OWN_CERTIFICATE, "shop.example.com")
    http, https = free_ports(2)
    with service() as port:
        moved, own = on_loopback(
            graph, ingress, ports=(http, https), service=port, sites=tmp_path / "sites"
        )
        own = replace(own, certificates="files", certificate_files=ingress.certificate_files)
        text = here(caddyfile(moved, own), tmp_path)
        assert "local_certs" not in text
        ports = f"{{\n\thttp_port {http}\n\thttps_port {https}\n"
        text = text.replace("{\n", ports, 1)
        # An authority to wait for, which nothing here is signed by.
        text += f"waits.localhost:{https} {{\n\ttls internal\n\trespond 200\n}}\n"
        with proxy(tmp_path, text, (http, https), "waits.localhost") as running:
            trust = ssl.create_default_context(cafile=str(files / f"{OWN_CERTIFICATE}.crt"))
            request = Request(name="shop.example.com", target="/", source="127.0.0.1")
            assert over_tls(running.https, trust)(request).status == 200
