"""A shop behind Cloudflare, with something of everything that a zone may have: for tests."""

from __future__ import annotations

from pathlib import Path

import pulumi

from components.edge import CloudflareZone, CloudflareZoneArgs
from graph.edge import zone_records
from graph.model import StackGraph, Zone
from tests.graph.estate import HOST, estate

ZONE_ID = "0123456789abcdef0123456789abcdef"
ACCOUNT = "fedcba9876543210fedcba9876543210"

POLICY = """\
    proxied: true
    plan: pro
    caa: [letsencrypt.org]
    hsts: {max_age: 8760h, subdomains: true}
    rate_limit: {requests: 200, per: 10s}
    rules:
      soap:
        action: skip
        purpose: The clinic posts XML
        names: [api.example.com]
        paths: [/soap/*]
        methods: [POST]
      scanners: {action: block, purpose: They scan, sources: [198.51.100.0/24]}
    records:
      sip.example.com: {host: vps, purpose: Calls}
    txt:
      example.com: ["v=spf1 -all", "google-site-verification=abc"]
      _dmarc.example.com: ["v=DMARC1; p=reject"]
    mx: {example.com: [10 mail.example.net, 20 mail2.example.net]}
    cname: {help.example.com: help.example.net}
"""
ROUTES = """\
  shop.example.com: {to: web/front:8080, cache: static}
  shop.example.com/admin/*: {to: web/front:8080, access: {allow: [203.0.113.0/24]}, proxied: true}
  api.example.com: {to: web/front:8080, cache: off, rate_limit: {requests: 20, per: 1m}}
  staff.example.com: {to: web/front:8080, access: mesh}
  media.example.com: {to: web/front:8080, proxied: false}
"""


def system(policy: str = POLICY, routes: str = ROUTES, more: str = "") -> str:
    """Write the shop's system.yaml."""
    ingress = "ingress: {kind: caddy, certificates: origin}"
    return (
        f"hosts:\n  vps: {{kind: vps, {HOST}, {ingress}}}\n"
        "mesh: {kind: headscale, cidr: 100.64.0.0/10, members: [vps], dns: true}\n"
        "apps:\n  web: {host: vps, compose: web.compose.yaml}\n"
        f"zones:\n  example.com:\n    provider: cloudflare\n{policy}{more}routes:\n{routes}"
    )


def shop(root: Path, policy: str = POLICY, routes: str = ROUTES) -> StackGraph:
    """Build the shop's graph as on prod."""
    return estate(root, system(policy, routes), stack="prod")


def zone_of(graph: StackGraph) -> Zone:
    """Give its zone."""
    (zone,) = graph.zones.values()
    return zone


def declare(graph: StackGraph, opts: pulumi.ResourceOptions | None = None) -> CloudflareZone:
    """Declare the zone alone, with its records."""
    zone = zone_of(graph)
    made = CloudflareZone("zone", CloudflareZoneArgs.of(graph, zone), opts)
    made.point(zone_records(graph, zone), {"host:shop/vps": "192.0.2.10"})
    return made
