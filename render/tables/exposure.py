"""Who reaches what: ports, names, certificates, routes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from config.units import format_port_range
from graph.cloudflare import EDGE_PASSES_FOR
from graph.model import Flow, HostPort, Ingress, Route, Service, StackGraph, Zone
from graph.reach import Place, PlaceKind, Way, port_ways, route_ways
from render import words
from render.markdown import Cell, table
from render.names import Names, proxy
from render.ports import container_ports

NOBODY, NONE = "Nobody", "—"
UNENCRYPTED = frozenset(
    {"amqp", "ftp", "http", "ldap", "mqtt", "mysql", "postgres", "redis", "sip", "smtp", "soap"}
)
"""Protocols of flows that nothing encrypts: where something does, they have another name."""

_WORDS = {
    PlaceKind.INTERNET: "public",
    PlaceKind.CLOUDFLARE: "public, through Cloudflare",
    PlaceKind.LAN: "whoever reaches this machine",
    PlaceKind.MESH: "mesh",
    PlaceKind.HOST: "localhost only",
}


def exposure(ways: Iterable[Way]) -> str:
    """Say from where something is reached, the widest place first."""
    ways = list(ways)
    everyone = [way for way in ways if way.place.kind is PlaceKind.INTERNET and not way.password]
    # Who is among everyone needs no word of their own.
    found = dict.fromkeys(_place(way.place) + _password(way) for way in everyone or ways)
    texts = "; ".join(found) or NOBODY
    return texts if texts.startswith(_WORDS[PlaceKind.HOST]) else texts[0].upper() + texts[1:]


def _place(place: Place) -> str:
    return _WORDS.get(place.kind) or f"from {place.name}"


def _password(way: Way) -> str:
    return ", with a password" if way.password else ""


def ports(graph: StackGraph) -> str:
    """Give a row for every published port, then for every port that only containers have."""
    names = Names(graph)
    rows: list[tuple[Cell, ...]] = [
        (
            format_port_range(port.port),
            port.protocol.upper(),
            "SSH" if port.owner == port.host else names.of(port.owner),
            names.of(port.host),
            exposure(port_ways(graph, port)),
            "" if port.owner == port.host else port.purpose or "",
        )
        for port in graph.host_ports
    ]
    for service in graph.services.values():
        for inside, protocol in container_ports(graph, service):
            if not _published(graph, service, inside, protocol):
                exposed = _inside(graph, service, inside)
                shown = (format_port_range(inside), protocol.upper(), names.of(service.id))
                rows.append((*shown, names.of(service.host), exposed, ""))
    return table(("Port", "Protocol", "Service", "Host", "Exposure", "Purpose"), rows)


def _published(graph: StackGraph, service: Service, inside: range, protocol: str) -> bool:
    return any(
        port.target is not None
        and port.protocol == protocol
        and port.target.start <= inside.start
        and inside.stop <= port.target.stop
        for port in graph.ports_of(service.id)
    )


def _inside(graph: StackGraph, service: Service, inside: range) -> str:
    for route in graph.routes_to(service.id):
        if route.port in inside and route.ingress:
            return f"{proxy(graph.ingresses[route.ingress])} only"
    return "Docker internal" if service.attachments else NOBODY


def routes(graph: StackGraph) -> str:
    """Give a row for every route."""
    rows = [
        (
            route.address,
            _answer(graph, route),
            _access(route),
            _limits(route),
            exposure(route_ways(graph, route)),
            route.purpose or "",
        )
        for route in graph.routes.values()
    ]
    return table(("Route", "Answers", "Access", "Limits", "Reached from", "Purpose"), rows)


def _answer(graph: StackGraph, route: Route) -> str:
    names = Names(graph)
    if route.redirect:
        return f"{route.redirect.status} to {route.redirect.to}"
    if route.site:
        return f"site {names.of(route.site)}"
    return f"{names.of(route.service or route.process or '')}:{route.port}"


def _access(route: Route) -> str:
    access = route.access
    found = ["mesh"] if access.mesh else []
    found += access.allow or ()
    found += ["basic auth"] if access.basic_auth else []
    return ", ".join(found) or "public"


def _limits(route: Route) -> str:
    found = [f"body up to {words.size(route.max_body)}"] if route.max_body else []
    found += [f"answers within {words.period(route.max_duration)}"] if route.max_duration else []
    found += ["WebSocket"] if route.websocket else []
    if route.rate_limit:
        often = f"{route.rate_limit.requests} requests"
        found.append(f"{often} in {words.period(route.rate_limit.per)} for each address")
    found += [f"cache {route.cache}"] if route.cache else []
    if route.cors:
        found.append(f"CORS for {', '.join(route.cors.origins)}")
    found += [f"health at {route.health.path}"] if route.health else []
    found += [
        f"{name}: {value}" if value is not None else f"no {name}"
        for name, value in route.headers.items()
    ]
    if route.errors:
        found.append(f"pages for {', '.join(route.errors.pages)}")
    return ", ".join(found) or NONE


def zones(graph: StackGraph) -> str:
    """Give a row for every zone."""
    rows = [
        (
            zone.name,
            _provider(zone),
            zone.ssl or "",
            "yes" if zone.proxied else "no",
            "yes" if zone.rate_limited else "",
            words.period(EDGE_PASSES_FOR) if _proxies(graph, zone) else "",
        )
        for zone in graph.zones.values()
    ]
    head = ("Zone", "Managed by", "TLS to the host", "Proxied", "Rate limited")
    return table((*head, "Cloudflare gives up after"), rows)


def _proxies(graph: StackGraph, zone: Zone) -> bool:
    return any(route.proxied and route.zone == zone.id for route in graph.routes.values())


def _provider(zone: Zone) -> str:
    if zone.provider == "cloudflare":
        return "this program, at Cloudflare"
    return zone.managed_by or "others"


def names_of(graph: StackGraph) -> str:
    """Give a row for every name: of routes, of records, of what others run."""
    names = Names(graph)
    rows: list[tuple[Cell, ...]] = []
    for name, group in _by_name(graph).items():
        zone = graph.zones.get(group[0].zone or "")
        purposes = "; ".join(dict.fromkeys(route.purpose for route in group if route.purpose))
        hosts = {graph.ingresses[r.ingress].host: None for r in group if r.ingress}
        targets = [names.of(host) for host in hosts]
        proxied = _yes(any(route.proxied for route in group))
        kind = "address"
        if any(r.ingress and graph.ingresses[r.ingress].tunnel for r in group):
            kind = "tunnel"
        if all(route.mesh for route in group):
            kind = "address; in the mesh, its mesh address"
        rows.append((name, kind, targets, proxied, _provider(zone) if zone else NONE, purposes))
    for record in graph.records.values():
        proxied, provider = _yes(record.proxied), _provider(graph.zones[record.zone])
        place = ("address", names.of(record.host))
        rows.append((record.declared_name, *place, proxied, provider, record.purpose))
    for each in graph.externals.values():
        if each.endpoint:
            place = ("external", each.behind or NONE)
            rows.append((each.endpoint, *place, NONE, "others", each.purpose))
    head = ("Name", "Type", "Target", "Proxied", "Zone managed by", "Purpose")
    return table(head, rows)


def _by_name(graph: StackGraph) -> Mapping[str, list[Route]]:
    found: dict[str, list[Route]] = {}
    for route in graph.routes.values():
        found.setdefault(route.declared_name, []).append(route)
    return found


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def certificates(graph: StackGraph) -> str:
    """Give a row for every place where TLS ends, and for every call that has none."""
    names = Names(graph)
    rows: list[tuple[str, ...]] = []
    for name, group in _by_name(graph).items():
        if any(route.proxied for route in group):
            rows.append((name, "Managed", "Cloudflare", "Cloudflare edge"))
        for id_ in sorted({route.ingress for route in group if route.ingress}):
            ingress = graph.ingresses[id_]
            ends = f"{proxy(ingress)} on {names.of(ingress.host)}"
            rows.append((name, *_certificate(ingress, group), ends))
    for each in graph.externals.values():
        if each.tls:
            endpoint = each.endpoint or names.of(each.id)
            rows.append((endpoint, "Managed", each.tls.issuer, each.tls.ends_at))
    rows += dict.fromkeys(
        (
            f"{names.of(port.host)}:{format_port_range(port.port)} ({flow.protocol})",
            "None",
            "N/A",
            "No TLS",
        )
        for flow, port in _plain(graph)
    )
    return table(("Endpoint", "Certificate", "Issuer", "TLS ends at"), rows)


def _certificate(ingress: Ingress, routes: Iterable[Route]) -> tuple[str, str]:
    """Give how a name has its certificate at an ingress, and from whom."""
    if ingress.certificates == "origin" and any(route.proxied for route in routes):
        return "For Cloudflare alone", "Cloudflare's Origin CA"
    match ingress.certificates:
        case "acme" | "dns" | "origin":
            return "Auto-renewed", "Let's Encrypt"
        case "files":
            return "As given", "As given"
        case "internal":
            return "Auto-renewed", f"{proxy(ingress)}'s own"


def _plain(graph: StackGraph) -> Iterator[tuple[Flow, HostPort]]:
    """Find published ports that somebody on another machine calls without encryption."""
    for flow in graph.flows:
        if (flow.protocol or "").lower() not in UNENCRYPTED or flow.via:
            continue
        for port in graph.ports_of(flow.called):
            away = _host_of(graph, flow.caller) != port.host
            if away and not port.loopback and port.protocol == "tcp":
                yield flow, port


def _host_of(graph: StackGraph, node: str) -> str:
    found = graph.services.get(node) or graph.processes.get(node) or graph.ingresses.get(node)
    return found.host if found else node
