"""A tunnel in the graph: what is open, who comes which way, where names lead, what is drawn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cli.reach import reach_table
from cli.records import records_data, records_table
from config.tunnel import Tunnel as TunnelSpec
from graph.edge import zone_records
from graph.firewall import openings
from graph.live.names import live_names
from graph.live.resolving import Answer, Status, judge_answers
from graph.model import StackGraph
from graph.platforms import wanted
from graph.tunnels import TOKEN, addresses, carried, connector, gateway
from rehearsal.stand_ins import stand_ins
from render.mermaid import architecture
from render.tables import exposure, inventory
from render.zone_file import zone_files
from tests.components.tunnel import ROUTES, TUNNEL, shop, system, tunnel_of

RECORD = "    records:\n      shop.example.com: {host: vps, purpose: The shop}\n"


@pytest.fixture
def graph(tmp_path: Path) -> StackGraph:
    return shop(tmp_path)


def test_the_firewall_opens_neither_80_nor_443(graph: StackGraph, tmp_path: Path) -> None:
    (host,) = graph.hosts.values()
    assert [each.what for each in openings(graph, host)] == ["22/tcp"]
    without = shop(tmp_path / "without", system(ingress=TUNNEL.replace(", tunnel: cloudflare", "")))
    (host,) = without.hosts.values()
    assert [each.what for each in openings(without, host)] == ["22/tcp", "80/tcp", "443/tcp"]


def test_reach_tells_the_way_by_the_tunnel(graph: StackGraph) -> None:
    rows = [row for row in reach_table(graph) if row[0].startswith("shop.example.com")]
    chain = "cloudflare > tunnel vps > ingress vps > network default > web/front"
    assert rows == [
        (
            "shop.example.com",
            "cloudflare",
            chain.replace("network default", "network web/default"),
            "access is public and its name is proxied, by a tunnel",
        ),
        (
            "shop.example.com/admin/*",
            "addresses 203.0.113.0/24",
            chain.replace("network default", "network web/default"),
            "access is 203.0.113.0/24",
        ),
    ]


def test_nobody_comes_past_it(tmp_path: Path) -> None:
    routes = (
        "  open.example.com: {to: web/front:8080, proxied: false}\n"
        "  mesh.example.com: {to: web/front:8080, access: mesh}\n"
        "  edge.example.com: {to: web/front:8080, access: {allow: [104.16.0.0/13]}}\n"
    )
    mesh = "mesh: {kind: wireguard, cidr: 100.64.0.0/10, members: [vps]}\n"
    graph = shop(tmp_path, system(routes, more=mesh))
    reached = {row[0]: row[1] for row in reach_table(graph) if "example.com" in row[0]}
    assert reached == dict.fromkeys(
        ("open.example.com", "mesh.example.com", "edge.example.com"), "nobody"
    )


def test_names_lead_to_the_tunnel(graph: StackGraph) -> None:
    (zone,) = graph.zones.values()
    unknown = "ID.cfargotunnel.com, the tunnel to host vps, known after the first up"
    assert [row[:5] for row in records_table(graph, (zone,))] == [
        ("api.example.com", "CNAME", unknown, "auto, proxied", "stackgraph"),
        ("shop.example.com", "CNAME", unknown, "auto, proxied", "stackgraph"),
    ]
    assert [(r["type"], r["value"]) for r in records_data(graph, (zone,))] == [("CNAME", None)] * 2
    records = zone_records(graph, zone)
    assert [(r.key, r.type, r.value, r.tunnel) for r in records] == [
        ("api", "CNAME", None, "tunnel:shop/vps"),
        ("shop", "CNAME", None, "tunnel:shop/vps"),
    ]
    (text,) = zone_files(graph, (zone,)).values()
    lines = [line for line in text.splitlines() if "cfargotunnel" in line]
    assert len(lines) == 2
    assert all(line.startswith("; ") and " CNAME " in line for line in lines)


def test_a_declared_record_of_a_routed_name_leads_there_too(tmp_path: Path) -> None:
    graph = shop(tmp_path, system(policy=RECORD))
    (zone,) = graph.zones.values()
    found = {record.name: record for record in zone_records(graph, zone)}
    assert found["shop.example.com"].type == "CNAME"
    assert found["shop.example.com"].tunnel == "tunnel:shop/vps"


def test_live_a_name_that_leads_to_the_host_is_exposed(graph: StackGraph) -> None:
    names = [name for name in live_names(graph) if name.name == "shop.example.com"]
    for address, rules in (("104.16.1.1", []), ("192.0.2.10", ["live-exposed"])):
        answers = {"shop.example.com": Answer(status=Status.FOUND, addresses=(address,))}
        assert [each.rule for each in judge_answers(graph, names, answers, {})] == rules


def test_pages_tell_it(graph: StackGraph) -> None:
    drawn = architecture(graph)
    assert '-->|"tunnel"| ' in drawn
    assert "no open port" in drawn
    assert ":443" not in drawn
    assert "| shop.example.com | tunnel |" in exposure.names_of(graph)
    assert "443" not in exposure.ports(graph)
    assert any("cloudflared" in each for each in inventory.matrices(graph))


def test_its_image_is_asked_for_and_stood_in_for(graph: StackGraph) -> None:
    image = "cloudflare/cloudflared:2026.7.3"
    assert image in {each.reference for each in wanted(graph)}
    stub = stand_ins(graph)[image].stub
    assert stub is not None
    assert stub.user == "65532"


def test_on_dev_there_is_none(tmp_path: Path) -> None:
    graph = shop(tmp_path, stack="dev")
    (ingress,) = graph.ingresses.values()
    assert ingress.tunnel is None
    assert len(graph.ports_of(ingress.id)) == 2


def test_cloudflared_is_replaced_without_being_lost(graph: StackGraph) -> None:
    ingress, tunnel = tunnel_of(graph)
    app, service = connector(ingress, tunnel)
    assert app.compose_file == "shop/system.yaml"
    assert (service.handover.order, service.handover.gate) == ("start-first", "healthy")
    assert service.handover.grace.total_seconds() > 30
    assert [(f.target, f.secret) for f in service.files] == [("/run/tunnel/token", TOKEN)]
    assert service.environment == {}


def test_only_containers_of_its_network_are_believed() -> None:
    assert addresses("172.16.255.240/28") == "172.16.255.248/29"
    assert gateway("172.16.255.240/28") == "172.16.255.241"
    assert addresses("10.9.0.0/16") == "10.9.128.0/17"
    assert gateway("10.9.0.0/16") == "10.9.0.1"
    assert TunnelSpec().image.startswith("cloudflare/cloudflared:20")


def test_what_is_carried_are_names_each_once(graph: StackGraph) -> None:
    ingress, _ = tunnel_of(graph)
    routes = graph.routes_of(ingress)
    assert ROUTES.count("shop.example.com") == 2
    assert carried(routes) == ("api.example.com", "shop.example.com")
    assert carried([replace(route, proxied=False) for route in routes]) == ()
