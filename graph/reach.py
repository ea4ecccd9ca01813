"""Reach: from which places a port or a routed path can be used, by which way, and why.

It is what the owner has declared, and what a host's firewall, a cloud's security group and the
records at Cloudflare are to be made from. Something may have several ways, each with its reason:
what the internet reaches, the mesh reaches too, whether or not that is said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from config.access import Sources
from config.units import format_port_range
from graph.model import HostPort, Ingress, Route, Service, StackGraph


class PlaceKind(StrEnum):
    """What a place is, the widest first."""

    INTERNET = "internet"
    CLOUDFLARE = "cloudflare"
    LAN = "lan"
    ADDRESSES = "addresses"
    MESH = "mesh"
    NETWORK = "network"
    HOST = "host"


_WIDTH = {kind: number for number, kind in enumerate(PlaceKind)}


@dataclass(frozen=True, slots=True)
class Place:
    """From where something is used; ``name`` tells which network or which addresses.

    ``lan`` is whoever reaches the machine of a dev stack, ``cloudflare`` the internet through
    Cloudflare's proxy and not past it.
    """

    kind: PlaceKind
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" if self.name else str(self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to something: where it begins, the nodes that it passes by id, and why it is open.

    ``password``: whoever comes this way needs one.
    """

    place: Place
    hops: tuple[str, ...]
    why: str
    password: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What can be used, and all ways to it, the widest place first; none: nobody can.

    ``subject`` is the id of a route, or of who owns the port; ``port`` is None for routes, the
    container's port for what is only reached inside of a network.
    """

    subject: str
    what: str
    host: str | None
    port: range | None
    protocol: str
    published: bool
    ways: tuple[Way, ...]

    @property
    def places(self) -> tuple[Place, ...]:
        """From where it can be used, without repetition."""
        return tuple(dict.fromkeys(way.place for way in self.ways))


def reach(graph: StackGraph) -> tuple[Reach, ...]:
    """Give the reach of every published port, routed path and container port, in that order."""
    return (
        *(_of_port(graph, port) for port in graph.host_ports),
        *(_of_route(graph, route) for route in graph.routes.values()),
        *(each for service in graph.services.values() for each in _inside(graph, service)),
    )


def port_ways(graph: StackGraph, port: HostPort) -> tuple[Way, ...]:
    """Give the ways to a port of a host."""
    end = (port.host, port.owner)
    if port.loopback:
        why = f"it listens on {port.ip} only"
        return (Way(place=Place(PlaceKind.HOST), hops=end, why=why),)
    ingress = graph.ingresses.get(port.owner)
    if ingress is not None and graph.target == "prod":
        return tuple(_to_ingress(graph, ingress, port))
    managed = graph.hosts[port.host].managed_by is not None
    places = list(_places(graph, port.access, managed=managed))
    why = f"it is published on {_address(port)}"
    return tuple(
        Way(place=place, hops=end, why=f"{why}{_told(place)}") for place in _widest_first(places)
    )


def route_ways(graph: StackGraph, route: Route) -> tuple[Way, ...]:
    """Give the ways to a routed path; none where no ingress serves it."""
    if route.ingress is None:
        return ()
    ingress = graph.ingresses[route.ingress]
    # cloudflared on the host has called Cloudflare: nothing comes in at the host itself.
    way_in = (ingress.tunnel.id if ingress.tunnel else ingress.host,)
    end = (*way_in, route.ingress, *_behind(graph, route))
    password = route.access.basic_auth is not None
    if ingress.tunnel is not None and not route.proxied:
        return ()  # whose name leads to the host, where no port is open
    if not route.access.anywhere:
        return tuple(
            Way(
                place=place,
                # Who is let in by address comes as everybody does who asks for the name.
                hops=("cloudflare", *end) if _through_the_edge(graph, route, place) else end,
                why=f"access is {_told_of(place)}",
                password=password,
            )
            for place in _widest_first(list(_places(graph, route.access)))
            if ingress.tunnel is None or _comes_by_tunnel(graph, place)
        )
    if graph.target == "dev":
        return (
            Way(place=Place(PlaceKind.LAN), hops=end, why="access is public", password=password),
        )
    if not route.proxied:
        why = "access is public" + (" and its name is not proxied" if route.zone else "")
        return (Way(place=Place(PlaceKind.INTERNET), hops=end, why=why, password=password),)
    # Past Cloudflare nobody comes: the ingress answers a proxied name to Cloudflare alone.
    why = "access is public and its name is proxied" + (", by a tunnel" if ingress.tunnel else "")
    return (
        Way(
            place=Place(PlaceKind.CLOUDFLARE), hops=("cloudflare", *end), why=why, password=password
        ),
    )


def _through_the_edge(graph: StackGraph, route: Route, place: Place) -> bool:
    """Whether callers from a place come to a route through Cloudflare, which tells their address.

    The mesh's members come past it, and so does Cloudflare itself where its networks are admitted.
    """
    return (
        graph.target == "prod"
        and route.proxied
        and place.kind is PlaceKind.ADDRESSES
        and place.name not in graph.edge_networks
    )


def _comes_by_tunnel(graph: StackGraph, place: Place) -> bool:
    """Whether callers from a place are told from others behind a tunnel, past which nobody comes.

    Cloudflare tells their address, which is on the internet: none in a mesh, and none of its own.
    """
    return place.kind is PlaceKind.ADDRESSES and place.name not in graph.edge_networks


def _of_port(graph: StackGraph, port: HostPort) -> Reach:
    return Reach(
        subject=port.owner,
        what=f"{format_port_range(port.port)}/{port.protocol}",
        host=port.host,
        port=port.port,
        protocol=port.protocol,
        published=True,
        ways=port_ways(graph, port),
    )


def _of_route(graph: StackGraph, route: Route) -> Reach:
    return Reach(
        subject=route.id,
        what=route.address,
        host=graph.ingresses[route.ingress].host if route.ingress else None,
        port=None,
        protocol="https",
        published=True,
        ways=route_ways(graph, route),
    )


def _inside(graph: StackGraph, service: Service) -> Iterator[Reach]:
    """Give the reach of a service's container ports: the networks that it is on."""
    ports = {(p.target.start, p.target.stop, p.protocol) for p in service.spec.expose}
    ports |= {(p.target.start, p.target.stop, p.protocol) for p in service.spec.ports}
    ports |= {
        (route.port, route.port + 1, "tcp") for route in graph.routes_to(service.id) if route.port
    }
    for start, stop, protocol in sorted(ports):
        port = range(start, stop)
        ways = []
        for attachment in service.attachments:
            network = graph.networks[attachment.network]
            others = [each.id for each in graph.services_on(network) if each.id != service.id]
            ingress = graph.ingress_of(service.host)
            joined = ingress is not None and network.id in ingress.networks
            company = len(others) + joined
            why = f"it is on the network with {company} other{'' if company == 1 else 's'}"
            place = Place(PlaceKind.NETWORK, network.name)
            ways.append(Way(place=place, hops=(network.id, service.id), why=why))
        yield Reach(
            subject=service.id,
            what=f"{format_port_range(port)}/{protocol}",
            host=service.host,
            port=port,
            protocol=protocol,
            published=False,
            ways=tuple(ways),
        )


def _to_ingress(graph: StackGraph, ingress: Ingress, port: HostPort) -> Iterator[Way]:
    """Give the ways to a port of an ingress: those of its routes, and of its certificates."""
    end = (port.host, ingress.id)
    routes = graph.routes_of(ingress)
    found: dict[Place, str] = {}
    for route in routes:
        for way in route_ways(graph, route):
            by_edge = way.hops[0] == "cloudflare"
            place = Place(PlaceKind.CLOUDFLARE) if by_edge else way.place
            found.setdefault(place, f"{route.address}: {way.why}")
    plain = ingress.http_port in port.port
    if plain and ingress.certificates == "acme":
        unproxied = next((route for route in routes if not route.proxied), None)
        if unproxied is not None:
            why = f"the certificate of {unproxied.declared_name} is proven over HTTP (HTTP-01)"
            found[Place(PlaceKind.INTERNET)] = why
    for place in _widest_first(list(found)):
        yield Way(place=place, hops=end, why=found[place])


def _places(graph: StackGraph, access: Sources, *, managed: bool = False) -> Iterator[Place]:
    dev = graph.target == "dev" and not managed
    if access.anywhere:
        yield Place(PlaceKind.LAN if dev else PlaceKind.INTERNET)
        return
    if access.mesh:
        yield Place(PlaceKind.HOST if dev else PlaceKind.MESH)
    for cidr in access.allow or ():
        yield Place(PlaceKind.ADDRESSES, cidr)


def _behind(graph: StackGraph, route: Route) -> tuple[str, ...]:
    """Give the nodes behind the ingress: the network that they share, and who answers."""
    if route.service is None:
        last = route.process or route.site
        return (last,) if last else ()
    ingress = graph.ingresses[route.ingress or ""]
    service = graph.services[route.service]
    shared = [a.network for a in service.attachments if a.network in ingress.networks]
    return (*shared[:1], service.id)


def _widest_first(places: list[Place]) -> list[Place]:
    return sorted(places, key=lambda place: (_WIDTH[place.kind], place.name))


def _address(port: HostPort) -> str:
    return "every address" if port.ip in ("0.0.0.0", "::") else port.ip  # noqa: S104 - a name


def _told(place: Place) -> str:
    if place.kind in (PlaceKind.INTERNET, PlaceKind.LAN):
        return ""
    return f", for {_told_of(place)} only"


def _told_of(place: Place) -> str:
    if place.kind is PlaceKind.ADDRESSES:
        return place.name
    return "this machine" if place.kind is PlaceKind.HOST else f"the {place.kind}"
