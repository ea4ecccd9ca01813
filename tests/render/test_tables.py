"""Rows of the page that a whole system has no room for: what is near the edge of a rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.model import StackGraph
from render.mermaid import architecture
from render.ports import container_ports, first_ports, written
from render.tables import exposure, operations
from tests.render.everything import COMPOSE, EVERYTHING
from tests.render.test_page import rows
from tests.workspace import SHOP, graph_of, shop

SYSTEM = EVERYTHING["system.yaml"]


def changed(
    root: Path, *changes: tuple[str, str], compose: tuple[str, str] = ("", "")
) -> StackGraph:
    """Give the prod graph of everything with texts of its files replaced."""
    system = SYSTEM
    for old, new in changes:
        assert old in system, old
        system = system.replace(old, new, 1)
    web = COMPOSE["web.compose.yaml"].replace(*compose, 1)
    files = {**EVERYTHING, "system.yaml": system, "web.compose.yaml": web}
    return graph_of(shop(root, files), "prod")


def ports_of(graph: StackGraph, service: str) -> list[list[str]]:
    return [row[:5] for row in rows(exposure.ports(graph) + "\n", "Port") if row[2] == service]


def test_a_port_is_published_by_protocol_and_as_a_whole(tmp_path: Path) -> None:
    expose = 'expose: ["8080", "8081", "5060", "5060-5062/udp"]'
    graph = changed(tmp_path, compose=('expose: ["8080", "8081"]', expose))
    assert ports_of(graph, "front") == [
        ["5060", "UDP", "front", "vps", "From 203.0.113.0/24"],
        ["9000", "TCP", "front", "vps", "localhost only"],
        ["5060", "TCP", "front", "vps", "Docker internal"],
        ["5060-5062", "UDP", "front", "vps", "Docker internal"],
        ["8080", "TCP", "front", "vps", "Caddy only"],
        ["8081", "TCP", "front", "vps", "Caddy only"],
    ]


def test_a_port_of_a_service_without_network(tmp_path: Path) -> None:
    compose = ('seed: {image: "busybox:1.37.0"', 'seed: {image: "busybox:1.37.0", expose: ["81"]')
    graph = changed(tmp_path, compose=compose)
    assert ports_of(graph, "seed") == [["81", "TCP", "seed", "vps", "Nobody"]]


def test_ports_come_by_host_and_number(tmp_path: Path) -> None:
    graph = changed(tmp_path, ("listens: [3002]", "listens: [3002, {port: 79, address: 0.0.0.0}]"))
    shown = rows(exposure.ports(graph) + "\n", "Port")
    published = [(row[3], int(row[0])) for row in shown[: len(graph.host_ports)]]
    assert published == sorted(published)


@pytest.mark.parametrize(
    ("flow", "row"),
    [
        ("web/front -> lab/desk: {protocol: HTTP}", ["lab:8080 (HTTP)", "None", "N/A", "No TLS"]),
        ("web/front -> lab/desk: {protocol: https}", None),
        ("web/front -> lab/desk", None),
        # on its own machine, by a name with a certificate, over UDP, on loopback
        ("lab -> lab/desk: {protocol: http}", None),
        ("internet -> web/front: {protocol: http, via: shop.example.com}", None),
        ("internet -> web/front: {protocol: sip}", None),
        ("web/front -> api: {protocol: http}", None),
    ],
)
def test_calls_without_tls(flow: str, row: list[str] | None, tmp_path: Path) -> None:
    head, _, rest = SYSTEM.partition("flows:\n")
    system = f"{head}flows:\n  - {flow}\nscenarios:{rest.partition('scenarios:')[2]}"
    graph = graph_of(shop(tmp_path, {**EVERYTHING, "system.yaml": system}), "prod")
    last = rows(exposure.certificates(graph) + "\n", "Endpoint")[-1]
    assert last == (row or ["api.bank.example", "Managed", "Bank CA", "bank edge"])


def test_a_call_by_name_has_the_certificate_of_the_name(tmp_path: Path) -> None:
    old = "  - internet -> web/front: {protocol: sip, purpose: Calls}\n"
    by_name = "  - internet -> lab/desk: {protocol: http, via: shop.example.com}\n"
    again = ("  - web/front -> lab/desk: {protocol: http, purpose: Trials}\n", "")
    found = exposure.certificates(changed(tmp_path, (old, by_name), again))
    assert "No TLS" not in found


def test_a_name_is_proxied_where_one_of_its_paths_is(tmp_path: Path) -> None:
    graph = changed(
        tmp_path, ("access: mesh, websocket", "access: mesh, proxied: false, websocket")
    )
    (row,) = [
        r for r in rows(exposure.names_of(graph) + "\n", "Name") if r[0] == "shop.example.com"
    ]
    assert row[3] == "yes"


def test_what_a_bucket_and_a_copy_are_like(tmp_path: Path) -> None:
    graph = changed(
        tmp_path,
        ("purpose: Copies, lock: 720h", "purpose: Copies, deletes: true"),
        ('schedule: "30 3 * * *", keep: {weekly: 4}', "encrypted: false"),
    )
    assert rows(operations.buckets(graph) + "\n", "Bucket") == [
        ["vault", "hetzner", "fsn1", "yes", "Copies"]
    ]
    (backup,) = rows(operations.backups(graph) + "\n", "Backup")
    assert "front to vault (right after, not encrypted)" in backup


@pytest.mark.parametrize(
    ("proxied", "route", "drawn"),
    [("true", "", True), ("false", "", False), ("false", ", proxied: true", True)],
)
def test_cloudflare_is_drawn_where_it_proxies(
    proxied: str, route: str, drawn: bool, tmp_path: Path
) -> None:
    zone = f"provider: cloudflare, proxied: {proxied}"
    system = SHOP["systems/shop/system.yaml"].replace("provider: external", zone)
    system = system.replace("web/front:8080}", f"web/front:8080{route}}}")
    text = architecture(graph_of(shop(tmp_path, {"system.yaml": system}), "prod"))
    assert ('cloudflare["Cloudflare"]' in text) is drawn


def test_an_empty_zone_that_proxies(tmp_path: Path) -> None:
    old, new = "zones:\n", "zones:\n  example.net: {provider: cloudflare, proxied: true}\n"
    system = SHOP["systems/shop/system.yaml"].replace(old, new)
    graph = graph_of(shop(tmp_path, {"system.yaml": system}), "prod")
    assert 'cloudflare["Cloudflare"]' in architecture(graph)


@pytest.mark.parametrize(
    ("proxied", "shown"),
    [
        ("true", ["example.com", "this program, at Cloudflare", "strict", "yes", "100 s"]),
        ("false", ["example.com", "this program, at Cloudflare", "strict", "no"]),
    ],
)
def test_how_long_cloudflare_waits(proxied: str, shown: list[str], tmp_path: Path) -> None:
    zone = f"provider: cloudflare, proxied: {proxied}"
    system = SHOP["systems/shop/system.yaml"].replace("provider: external", zone)
    graph = graph_of(shop(tmp_path, {"system.yaml": system}), "prod")
    assert rows(exposure.zones(graph) + "\n", "Zone") == [shown]


def test_who_comes_from_some_addresses_comes_from_the_internet(tmp_path: Path) -> None:
    system = SHOP["systems/shop/system.yaml"].replace(
        "web/front:8080}", "web/front:8080, access: {allow: [203.0.113.0/24]}}"
    )
    text = architecture(graph_of(shop(tmp_path, {"system.yaml": system}), "prod"))
    assert 'internet -->|"HTTPS"| ingress__shop__vps\n' in text


def test_protocols_are_told_once(tmp_path: Path) -> None:
    more = "flows:\n  - web/front -> web/db: {protocol: postgres, purpose: Again}\n"
    text = architecture(changed(tmp_path, ("flows:\n", more)))
    assert 'service__shop__web__front -->|"postgres"| service__shop__web__db\n' in text


def test_container_ports(tmp_path: Path) -> None:
    expose = 'expose: ["8080-8085", "8081/udp"]'
    graph = changed(tmp_path, compose=('expose: ["8080", "8081"]', expose))
    ports = container_ports(graph, graph.services["service:shop/web/front"])
    assert written(ports) == ["5060/udp", "8080-8085", "8081/udp", "9000"]
    assert first_ports(ports) == ":5060 :8080-8085 :8081 …"
    assert first_ports(ports[:3]) == ":5060 :8080-8085 :8081"
    over_udp = changed(tmp_path, compose=('expose: ["8080", "8081"]', 'expose: ["8080/udp"]'))
    ports = container_ports(over_udp, over_udp.services["service:shop/web/front"])
    assert written(ports) == ["5060/udp", "8080", "8080/udp", "8081", "9000"]
