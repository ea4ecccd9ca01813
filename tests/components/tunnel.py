"""A shop that opens no port: its names come by a tunnel. For tests."""

from __future__ import annotations

from pathlib import Path

import pulumi

from components.edge import CloudflareZone, CloudflareZoneArgs
from components.tunnel import CloudflareTunnel, CloudflareTunnelArgs
from graph.edge import zone_records
from graph.model import Ingress, StackGraph, Tunnel
from tests.components.zone import zone_of
from tests.graph.estate import HOST, WEB, estate

ROUTES = """\
  shop.example.com: {to: web/front:8080, cache: static}
  shop.example.com/admin/*: {to: web/front:8080, access: {allow: [203.0.113.0/24]}}
  api.example.com: {to: web/front:8080, cache: off}
"""
TUNNEL = "ingress: {kind: caddy, certificates: origin, tunnel: cloudflare}"


def system(routes: str = ROUTES, ingress: str = TUNNEL, *, policy: str = "", more: str = "") -> str:
    """Write the shop's system.yaml."""
    return (
        f"hosts:\n  vps: {{kind: vps, {HOST}, {ingress}}}\n{more}"
        "apps:\n  web: {host: vps, compose: web.compose.yaml}\n"
        "zones:\n  example.com:\n    provider: cloudflare\n    proxied: true\n"
        f"{policy}routes:\n{routes}"
    )


def shop(
    root: Path, text: str | None = None, *, stack: str = "prod", compose: str = WEB
) -> StackGraph:
    """Build the shop's graph."""
    return estate(root, text or system(), compose, stack=stack)


def tunnel_of(graph: StackGraph) -> tuple[Ingress, Tunnel]:
    """Give its ingress and the tunnel to it."""
    (ingress,) = graph.ingresses.values()
    assert ingress.tunnel is not None
    return ingress, ingress.tunnel


def declare(
    graph: StackGraph, args: CloudflareTunnelArgs, zone: CloudflareZoneArgs
) -> CloudflareTunnel:
    """Declare the tunnel and the zone whose records lead to it, without the host."""
    _, node = tunnel_of(graph)
    made = CloudflareTunnel(node.logical_name, args)
    carried = made.carry([])
    edge = CloudflareZone("zone", zone)
    edge.point(zone_records(graph, zone_of(graph)), {node.id: made.address}, [carried])
    pulumi.export("token", made.token)
    return made
