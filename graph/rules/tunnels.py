"""Tunnels: what Cloudflare carries to a host that opens no port, and what would lead past it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from config.finding import Severity
from graph.catalogue import parse_reference
from graph.catalogue.reference import version
from graph.model import Ingress, Route, StackGraph, Tunnel, Zone
from graph.rules.base import Breach, rule
from graph.rules.judged import listed, spoken
from graph.rules.scope import at
from graph.rules.subnets import span

OLDEST_CLOUDFLARED: Final = (2025, 4)
"""The oldest that reads its token from a file."""

WEB: Final = (80, 443)


def tunnels(graph: StackGraph) -> Iterator[tuple[Ingress, Tunnel]]:
    """Give the ingresses that have a tunnel, with it."""
    for ingress in graph.ingresses.values():
        if ingress.tunnel is not None:
            yield ingress, ingress.tunnel


@rule("G41")
def not_by_way_of_the_tunnel(graph: StackGraph) -> Iterator[Breach]:
    """Whoever may use a route behind a tunnel comes through Cloudflare's proxy."""
    for ingress, tunnel in tunnels(graph):
        routes = graph.routes_of(ingress)
        host = spoken(ingress.host)
        past = [route for route in routes if not _proxied_there(graph, route)]
        if not routes:
            yield Breach(
                tunnel.source,
                f"no route leads to {host}, so there is no name that its tunnel carries",
                "add a route, or remove tunnel",
            )
        if past:
            names = list(dict.fromkeys(route.declared_name for route in past))
            yield Breach(
                tunnel.source,
                f"nobody reaches {', '.join(names)}: {host} opens no port, and by "
                "its tunnel comes only what Cloudflare proxies",
                "set proxied: true for them in a zone of provider cloudflare, or remove tunnel",
            )
        for route in routes:
            yield from _closed_to(graph, route)


def _proxied_there(graph: StackGraph, route: Route) -> bool:
    zone = graph.zones.get(route.zone or "")
    return route.proxied and zone is not None and zone.provider == "cloudflare"


def _closed_to(graph: StackGraph, route: Route) -> Iterator[Breach]:
    edge = [each for each in route.access.allow or () if each in graph.edge_networks]
    if route.mesh:
        yield Breach(
            at(route.source, "access"),
            f"{route.address} is for the mesh, and its host opens no port to members either",
            "let another host serve it, or remove the host's tunnel",
        )
    if edge:
        yield Breach(
            at(route.source, "access"),
            f"{route.address} is for {listed(edge)}, where Cloudflare calls from: by a tunnel "
            "callers are known by their own address",
            "name the callers' own networks",
        )


@rule("G42")
def tunnel_of_no_account(graph: StackGraph) -> Iterator[Breach]:
    """A tunnel is made in the account of all zones whose names it carries."""
    for ingress, tunnel in tunnels(graph):
        zones = {r.zone: graph.zones[r.zone] for r in graph.routes_of(ingress) if r.zone}
        accounts: dict[str, Zone] = {}
        for zone in zones.values():
            if zone.settings is None:
                continue
            if zone.settings.account is None:
                yield Breach(
                    tunnel.source,
                    f"a tunnel is made in an account, and stack {graph.stack} does not say which "
                    f"one {zone.name} is in",
                    f"run pulumi config set --stack {graph.stack} --path "
                    f"'stackgraph:{zone.system}.zones[\"{zone.name}\"].account' ID",
                )
            else:
                accounts.setdefault(zone.settings.account, zone)
        if len(accounts) > 1:
            names = sorted(zone.name for zone in accounts.values())
            yield Breach(
                tunnel.source,
                f"{listed(names)} are in different accounts, and a tunnel is reached from one only",
                "give the names of one of them another host",
            )


@rule("G43")
def open_past_the_tunnel(graph: StackGraph) -> Iterator[Breach]:
    """A host with a tunnel publishes neither port 80 nor port 443."""
    hosts = {ingress.host: ingress for ingress, _ in tunnels(graph)}
    for port in graph.host_ports:
        if port.host in hosts and not port.loopback and any(web in port.port for web in WEB):
            number = next(web for web in WEB if web in port.port)
            yield Breach(
                port.source,
                f"{spoken(port.owner)} publishes {number}/{port.protocol} of "
                f"{spoken(port.host)}, whose names come by a tunnel: it is a way past Cloudflare",
                "publish it on 127.0.0.1, or make a route to it",
            )


@rule("G44", severity=Severity.WARNING)
def told_in_dns(graph: StackGraph) -> Iterator[Breach]:
    """No record tells the address of a host that a tunnel hides."""
    hidden = {ingress.host for ingress, _ in tunnels(graph)}
    routed = {route.declared_name for route in graph.routes.values() if route.ingress}
    for record in graph.records.values():
        if record.host in hidden and record.declared_name not in routed:
            yield Breach(
                record.source,
                f"{record.declared_name} tells the address of {spoken(record.host)}, which has a "
                "tunnel so that nobody calls it past Cloudflare",
                "remove the record, or keep what it is for on another host",
            )


@rule("G45")
def what_the_tunnel_needs(graph: StackGraph) -> Iterator[Breach]:
    """A tunnel's program reads its token from a file, and its network is its own."""
    for ingress, tunnel in tunnels(graph):
        reference = parse_reference(tunnel.image)
        given = version(reference.tag)
        known = reference.repository == "cloudflare/cloudflared" and given
        if known and given[:2] < OLDEST_CLOUDFLARED:
            yield Breach(
                at(tunnel.source, "image"),
                f"{tunnel.image} does not read its token from a file",
                "take cloudflared 2025.4 or later, or remove image",
            )
        own = span(tunnel.subnet)
        taken = [
            (f"{pool.subnet} of network {network.name}", network.source)
            for network in graph.networks.values()
            if network.host == ingress.host
            for pool in network.spec.ipam.config
            if own.overlaps(span(pool.subnet))
        ]
        taken += [
            (f"{mesh.cidr} of the mesh", mesh.source)
            for mesh in graph.meshes.values()
            if ingress.host in mesh.members and own.overlaps(span(mesh.cidr))
        ]
        for what, where in taken:
            yield Breach(
                at(tunnel.source, "subnet"),
                f"subnet {tunnel.subnet} of the tunnel overlaps {what} ({where.file}:{where.line})",
                "choose a subnet that nothing else of the host uses",
            )
