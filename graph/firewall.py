"""Openings: what a host's firewall lets in, made from reach and from nothing else.

The host's own packet filter and a cloud's security groups are made from the same openings.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from config.units import format_port_range
from graph.model import Host, HostPort, Mesh, StackGraph
from graph.reach import Place, PlaceKind, port_ways

Protocol = Literal["tcp", "udp"]

MESH_INTERFACES: Final = {"headscale": "tailscale0", "tailscale": "tailscale0", "wireguard": "wg0"}
"""The network interface of a mesh, by its kind: Headscale's clients are Tailscale's."""

MESH_PORTS: Final = {"headscale": 41641, "tailscale": 41641, "wireguard": 51820}
"""The UDP port at which a mesh's members find each other directly, by its kind."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Ports of a host that answer, and to whom.

    ``sources`` are networks of both families, None is anywhere, IPv6 included. Those that lie in
    a mesh of the host (`meshes_of`) count only on the mesh's own interface. ``container``: the
    ports lead to a container, so that packets to them are forwarded and never come in.
    It says nothing of the address that a port is published at.
    """

    protocol: Protocol
    ports: range
    sources: tuple[str, ...] | None
    why: str
    container: bool

    @property
    def what(self) -> str:
        """The ports as people write them: ``443/tcp``."""
        return f"{format_port_range(self.ports)}/{self.protocol}"


def openings(graph: StackGraph, host: Host) -> tuple[Opening, ...]:
    """Give what a host's firewall lets in, sorted by port; a port that nobody reaches is absent.

    Where two own the same ports, at different addresses, the opening is for the callers of both.
    """
    found: dict[tuple[int, int, Protocol, bool], _Callers] = {}
    for ports, protocol, container, callers in _all(graph, host):
        if callers.sources is None or callers.sources:
            key = (ports.start, ports.stop, protocol, container)
            found[key] = found[key] | callers if key in found else callers
    return tuple(
        Opening(
            protocol=protocol,
            ports=range(start, stop),
            sources=None if callers.sources is None else _collapsed(callers.sources),
            why="; ".join(callers.why),
            container=container,
        )
        for (start, stop, protocol, container), callers in sorted(
            found.items(), key=lambda item: item[0]
        )
    )


def meshes_of(graph: StackGraph, host: Host) -> tuple[Mesh, ...]:
    """Give the meshes that a host is a member of."""
    return tuple(mesh for mesh in graph.meshes.values() if host.id in mesh.members)


def lies_in(network: str, other: str) -> bool:
    """Whether a network is another one, or a part of it."""
    one, two = ipaddress.ip_network(network), ipaddress.ip_network(other)
    if isinstance(one, ipaddress.IPv4Network):
        return isinstance(two, ipaddress.IPv4Network) and one.subnet_of(two)
    return isinstance(two, ipaddress.IPv6Network) and one.subnet_of(two)


@dataclass(frozen=True, slots=True)
class _Callers:
    """Who may come, None for anyone, and why."""

    sources: frozenset[str] | None
    why: tuple[str, ...]

    def __or__(self, other: _Callers) -> _Callers:
        anyone = self.sources is None or other.sources is None
        return _Callers(
            sources=None if anyone else (self.sources or frozenset()) | (other.sources or set()),
            why=tuple(dict.fromkeys((*self.why, *other.why))),
        )


def _all(graph: StackGraph, host: Host) -> Iterator[tuple[range, Protocol, bool, _Callers]]:
    for port in graph.host_ports:
        if port.host != host.id or port.loopback:
            continue
        callers = _callers(graph, host, port)
        yield port.port, port.protocol, _in_container(graph, port), callers
        first = host.access.first if host.access is not None else None
        if port.owner == host.id and first is not None and first.port not in port.port:
            why = tuple(f"{each}, until SSH has moved from here" for each in callers.why)
            moved = range(first.port, first.port + 1)
            yield moved, port.protocol, False, _Callers(callers.sources, why)
    for mesh in meshes_of(graph, host):
        number = MESH_PORTS[mesh.kind]
        why = (f"members of the mesh find each other directly ({mesh.kind})",)
        yield range(number, number + 1), "udp", False, _Callers(None, why)


def _callers(graph: StackGraph, host: Host, port: HostPort) -> _Callers:
    ways = port_ways(graph, port)
    kind, _, rest = port.owner.partition(":")
    name = port.purpose or ("ingress" if kind == "ingress" else rest.partition("/")[2])
    networks: set[str] = set()
    anyone = False
    for way in ways:
        given = _networks(graph, host, way.place)
        anyone = anyone or given is None
        networks.update(given or ())
    return _Callers(
        sources=None if anyone else frozenset(networks),
        why=tuple(dict.fromkeys(f"{name}: {way.why}" for way in ways)),
    )


def _networks(graph: StackGraph, host: Host, place: Place) -> Iterable[str] | None:
    """Give the networks that a place is, seen from a host; None where it is everywhere."""
    match place.kind:
        case PlaceKind.INTERNET | PlaceKind.LAN:
            return None
        case PlaceKind.CLOUDFLARE:
            return graph.edge_networks
        case PlaceKind.MESH:
            return [mesh.cidr for mesh in meshes_of(graph, host)]
        case PlaceKind.ADDRESSES:
            return [place.name]
        case PlaceKind.NETWORK | PlaceKind.HOST:
            return ()


def _in_container(graph: StackGraph, port: HostPort) -> bool:
    """Whether Docker forwards a port into a container's own network."""
    if port.owner in graph.services:
        return graph.services[port.owner].spec.network_mode != "host"
    ingress = graph.ingresses.get(port.owner)
    return ingress is not None and ingress.kind == "caddy"


def _collapsed(networks: Iterable[str]) -> tuple[str, ...]:
    """Give networks without those that lie in others, IPv4 first."""
    parsed = [ipaddress.ip_network(network) for network in networks]
    fourth = [each for each in parsed if isinstance(each, ipaddress.IPv4Network)]
    sixth = [each for each in parsed if isinstance(each, ipaddress.IPv6Network)]
    return tuple(
        str(each)
        for each in (*ipaddress.collapse_addresses(fourth), *ipaddress.collapse_addresses(sixth))
    )
