"""The records that zones must have: which names, leading where, known or not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from graph.model import StackGraph
from graph.records import unknown_address, wanted_records
from tests.graph.estate import HOST, estate

SYSTEM = """\
hosts:
  vps: {{kind: vps, {host}, ingress: {{kind: caddy{ingress}}}}}
{mesh}apps:
  web: {{host: vps, compose: web.compose.yaml}}
zones:
  example.com: {zone}
routes:
{routes}
"""
MESH = "mesh: {kind: tailscale, cidr: 100.64.0.0/10, members: [vps]}\n"
ROUTE = "  a.example.com: {to: web/front:8080}"
EXTERNAL = "{provider: external, managed_by: us}"


def made(
    root: Path,
    *,
    routes: str = ROUTE,
    zone: str = EXTERNAL,
    mesh: str = "",
    ingress: str = "",
    stack: str = "prod",
    **host: Any,
) -> StackGraph:
    text = SYSTEM.format(host=HOST, routes=routes, zone=zone, mesh=mesh, ingress=ingress)
    return estate(root, text, stack=stack, vps=host)


def rows(graph: StackGraph) -> list[tuple[str, str, str, int, str]]:
    """Write the records of all zones as name, type, value, TTL and why."""
    return [
        (
            record.name,
            record.target.type if record.target else "?",
            record.target.value if record.target else "?",
            record.ttl,
            str(record.why),
        )
        for zone in graph.zones.values()
        for record in wanted_records(graph, zone)
    ]


def test_a_route_leads_to_its_host(tmp_path: Path) -> None:
    assert rows(made(tmp_path)) == [("a.example.com", "A", "192.0.2.10", 300, "served")]


def test_a_name_has_one_record_for_all_its_paths(tmp_path: Path) -> None:
    graph = made(tmp_path, routes=f"{ROUTE}\n  a.example.com/api/*: {{to: web/front:8080}}")
    (zone,) = graph.zones.values()
    (record,) = wanted_records(graph, zone)
    assert [source.path for source in record.sources] == [
        "routes.a.example.com",
        "routes.a.example.com/api/*",
    ]


def test_apex_and_a_route_outside_of_every_zone(tmp_path: Path) -> None:
    routes = "  example.com: {to: web/front:8080}\n  a.example.org: {to: web/front:8080}"
    assert rows(made(tmp_path, routes=routes)) == [
        ("example.com", "A", "192.0.2.10", 300, "served")
    ]


def test_addresses_of_both_versions_in_their_shortest_form(tmp_path: Path) -> None:
    addresses = ["2001:db8:0:0::10", "198.51.100.7"]
    assert rows(made(tmp_path, public_addresses=addresses)) == [
        ("a.example.com", "A", "198.51.100.7", 300, "served"),
        ("a.example.com", "AAAA", "2001:db8::10", 300, "served"),
    ]


def test_a_host_by_name_is_an_alias(tmp_path: Path) -> None:
    assert rows(made(tmp_path, address="vps.example.net.")) == [
        ("a.example.com", "CNAME", "vps.example.net", 300, "served")
    ]


def test_proxied_records_have_the_one_ttl_that_cloudflare_takes(tmp_path: Path) -> None:
    zone = """{provider: cloudflare, proxied: true, records: {
    sip.example.com: {host: vps, proxied: false, purpose: SIP}}}"""
    assert rows(made(tmp_path, zone=zone)) == [
        ("a.example.com", "A", "192.0.2.10", 1, "served"),
        ("sip.example.com", "A", "192.0.2.10", 300, "declared"),
    ]


def test_a_declared_record_of_a_routed_name_decides(tmp_path: Path) -> None:
    zone = "{provider: external, records: {a.example.com: {host: vps, purpose: SSH too}}}"
    graph = made(tmp_path, zone=zone)
    assert rows(graph) == [("a.example.com", "A", "192.0.2.10", 300, "declared")]
    (zone_node,) = graph.zones.values()
    (record,) = wanted_records(graph, zone_node)
    assert (record.purpose, len(record.sources)) == ("SSH too", 2)


@pytest.mark.parametrize(
    ("ingress", "access", "why"),
    [
        ("", "mesh", ["certificate"]),
        (", certificates: internal", "mesh", []),
        # Networks that are admitted beside the mesh come by public DNS.
        (", certificates: internal", "{mesh: true, allow: [192.0.2.0/24]}", ["served"]),
        (", certificates: internal", "public", ["served"]),
    ],
)
def test_a_name_for_the_mesh_is_public_while_its_certificate_needs_it(
    ingress: str, access: str, why: list[str], tmp_path: Path
) -> None:
    routes = f"  a.example.com: {{to: web/front:8080, access: {access}}}"
    graph = made(tmp_path, routes=routes, mesh=MESH, ingress=ingress, mesh_address="100.64.0.1")
    assert [row[-1] for row in rows(graph)] == why


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"address": "100.64.0.1", "mesh_address": "100.64.0.1"}, "public address of host vps"),
        # Not the host's own, and of the mesh all the same.
        ({"address": "100.64.0.9", "mesh_address": "100.64.0.1"}, "which stack prod does not say"),
    ],
)
def test_an_address_in_the_mesh_stands_in_no_public_record(
    settings: dict[str, str], said: str, tmp_path: Path
) -> None:
    graph = made(tmp_path, mesh=MESH, **settings)
    assert rows(graph) == [("a.example.com", "?", "?", 300, "served")]
    assert said in unknown_address(graph, graph.hosts["host:shop/vps"])


def test_a_machine_that_is_made_has_its_address_after_the_first_up(tmp_path: Path) -> None:
    cloud = {
        "region": "eu-central-1",
        "instance_type": "t3a.small",
        "public_key": "ssh-ed25519 AAAA",
    }
    text = SYSTEM.replace("kind: vps", "kind: ec2").format(
        host=HOST, routes=ROUTE, zone=EXTERNAL, mesh="", ingress=""
    )
    settings = {"address": "", "host_key": None, "ec2": cloud}
    graph = estate(tmp_path, text, stack="prod", vps=settings)
    assert rows(graph) == [("a.example.com", "?", "?", 300, "served")]
    assert unknown_address(graph, graph.hosts["host:shop/vps"]) == (
        "the address of host vps, known after the first up"
    )


def test_dev_knows_no_address(tmp_path: Path) -> None:
    assert rows(made(tmp_path, stack="dev")) == [("a.example.com", "?", "?", 300, "served")]
