"""Routes: their paths, who may use them, and the services behind them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from config.finding import Severity
from config.units import format_duration, format_port_range
from graph.cloudflare import EDGE_PASSES_FOR
from graph.model import Process, Route, Service, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.ingresses import limited
from graph.rules.scope import at, known

SERVES_FROM_SUB_PATH = "GF_SERVER_SERVE_FROM_SUB_PATH"


@rule("R01")
def unreachable_for_ingress(graph: StackGraph) -> Iterator[Breach]:
    """The ingress can join a network of every routed service."""
    for route in graph.routes.values():
        if route.service is None:
            continue
        service = graph.services[route.service]
        mode = service.spec.network_mode
        if mode is not None:
            yield Breach(
                route.source,
                f"{route.declared_name} leads to {service.key}, which is on no network that "
                f"the ingress can join (network_mode: {mode})",
                "put the service on a network of its app",
            )


@rule("R14")
def port_not_exposed(graph: StackGraph) -> Iterator[Breach]:
    """A route leads to a port that the service listens on."""
    for route in graph.routes.values():
        if route.process is not None:
            yield from _not_listening(graph.processes[route.process], route)
        if route.service is None or route.port is None:
            continue
        service = graph.services[route.service]
        ports = _container_ports(service)
        if ports and not any(route.port in port for port in ports):
            listed = ", ".join(sorted({format_port_range(port) for port in ports}))
            yield Breach(
                route.source,
                f"{route.declared_name} leads to port {route.port} of {service.key}, which "
                f"listens on {listed}",
                "name the container's port, not the host's; or add it to expose",
            )


def _not_listening(process: Process, route: Route) -> Iterator[Breach]:
    ports = [listener.port for listener in process.spec.listens]
    if route.port not in ports:
        listed = ", ".join(map(str, ports)) or "no port"
        yield Breach(
            route.source,
            f"{route.address} leads to port {route.port} of {process.key}, which listens on "
            f"{listed}",
            "name a port that it listens on, or add it to listens",
        )


def _container_ports(service: Service) -> list[range]:
    # A route is HTTP, which has no use for UDP here.
    exposed = [port.target for port in service.spec.expose if port.protocol == "tcp"]
    published = [port.target for port in service.spec.ports if port.protocol == "tcp"]
    return exposed + published


@rule("R03")
def served_twice(graph: StackGraph) -> Iterator[Breach]:
    """A name is served by one ingress, and each of its paths once."""
    for routes in _by_name(graph).values():
        paths: dict[str, Route] = {}
        ingresses: dict[str, Route] = {}
        for route in routes:
            same = paths.setdefault(route.path or "/*", route)
            first = ingresses.setdefault(route.ingress or "", route)
            if same is not route:
                yield Breach(
                    route.source,
                    f"{route.address} is served already ({_where(same)})",
                    "keep one of the two routes",
                )
            elif first is route and route is not routes[0]:
                yield Breach(
                    route.source,
                    f"{route.declared_name} is served by {_host(graph, route)} here and by "
                    f"{_host(graph, routes[0])} elsewhere ({_where(routes[0])}), but a name leads "
                    "to one host",
                    "serve all paths of a name from one host, or take another name",
                )


@rule("R10", absence=True)
def below_a_path(graph: StackGraph) -> Iterator[Breach]:
    """A service is served below a path only where it works there."""
    for service, facts in known(graph):
        if facts.supports_subpath is not False:
            continue
        routes = graph.routes_to(service.id)
        whole = {route.name for route in routes if _whole(route)}
        for route in routes:
            if not _whole(route) and (route.strip_prefix or route.name not in whole):
                yield Breach(
                    route.source,
                    f"{route.address} leads to {service.key}, which does not work below a path",
                    f"give {service.key} a name of its own, with a route without path",
                )
    yield from _redirects_for_ever(graph)


def _redirects_for_ever(graph: StackGraph) -> Iterator[Breach]:
    for route in graph.routes.values():
        if route.service is None or not route.strip_prefix:
            continue
        service = graph.services[route.service]
        if str(service.environment.get(SERVES_FROM_SUB_PATH, "")).lower() == "true":
            yield Breach(
                at(route.source, "strip_prefix"),
                f"{route.address} is stripped of the path from which {service.key} serves itself "
                f"({SERVES_FROM_SUB_PATH}): it redirects for ever",
                "remove strip_prefix",
            )


@rule("R11", severity=Severity.WARNING)
def websocket_not_declared(graph: StackGraph) -> Iterator[Breach]:
    """A route to a service whose clients need WebSockets allows them."""
    for service, facts in known(graph):
        if not facts.websocket:
            continue
        for route in graph.routes_to(service.id):
            if _whole(route) and not route.websocket:
                yield Breach(
                    route.source,
                    f"{route.declared_name} leads to {service.key}, whose clients need WebSockets",
                    "set websocket: true",
                )


@rule("R12", severity=Severity.WARNING)
def upload_limit_not_declared(graph: StackGraph) -> Iterator[Breach]:
    """A route to a service that takes uploads states the largest body."""
    for service, facts in known(graph):
        if not facts.uploads:
            continue
        for route in graph.routes_to(service.id):
            if route.max_body is None:
                yield Breach(
                    route.source,
                    f"{route.address} leads to {service.key}, to which people upload files, and "
                    "states no largest body",
                    "set max_body to the largest upload that it is to take",
                )


@rule("R16", severity=Severity.WARNING)
def proxy_not_trusted(graph: StackGraph) -> Iterator[Breach]:
    """A service behind the ingress is told that a proxy stands before it."""
    for service, facts in known(graph):
        variables = facts.proxy_variables
        if not variables or not graph.routes_to(service.id):
            continue
        if not any(variable in service.environment for variable in variables):
            yield Breach(
                at(service.source, "environment"),
                f"{service.key} is behind the ingress and does not set {' or '.join(variables)}",
                "set it as the image's documentation says for a reverse proxy",
            )


@rule("R18")
def unexplained_exception(graph: StackGraph) -> Iterator[Breach]:
    """What is open, where its name or its system is else restricted, says why."""
    kept = {route.system: route for route in graph.routes.values() if route.mesh}
    for routes in _by_name(graph).values():
        restricted = next((route for route in routes if not route.access.public), None)
        if restricted is None:
            yield from _open_beside_the_mesh(kept, routes)
            continue
        patterns = {route.path[:-1]: route for route in routes if _pattern(route)}
        for route in routes:
            if not route.access.public or route.purpose or route.redirect or _whole(route):
                continue
            around = _around(patterns, route) or restricted
            if not around.access.public:
                yield Breach(
                    route.source,
                    f"{route.address} is open to everyone, while {around.address} is restricted "
                    f"({_where(around)})",
                    "say with purpose why it is open, or restrict it with access",
                )


def _open_beside_the_mesh(kept: Mapping[str, Route], routes: Sequence[Route]) -> Iterator[Breach]:
    """Find what is open in a system that keeps other names to its mesh: one of them by system."""
    for route in routes:
        other = kept.get(route.system)
        if other is not None and route.access.public and not (route.purpose or route.redirect):
            yield Breach(
                route.source,
                f"{route.address} is open to everyone, in a system that keeps "
                f"{other.declared_name} to its mesh",
                "say with purpose why it is open, or restrict it with access: mesh",
            )


def _pattern(route: Route) -> bool:
    return not route.path or route.path.endswith("*")


def _around(patterns: Mapping[str, Route], route: Route) -> Route | None:
    """Give the route that would answer for a route's path if it were not there."""
    path = route.path.removesuffix("*")
    longest = len(path) - _pattern(route)
    found = (patterns.get(path[:length]) for length in range(longest, -1, -1))
    return next((each for each in found if each is not None), None)


@rule("R21")
def longer_than_cloudflare_waits(graph: StackGraph) -> Iterator[Breach]:
    """No answer through Cloudflare takes longer than Cloudflare waits."""
    for route in graph.routes.values():
        longest = route.max_duration
        if route.proxied and longest is not None and longest > EDGE_PASSES_FOR:
            yield Breach(
                at(route.source, "max_duration"),
                f"{route.address} may take {format_duration(longest)}, but Cloudflare gives up "
                f"after {format_duration(EDGE_PASSES_FOR)} (524)",
                "shorten it and let the caller ask for the result later, or set proxied: false",
            )


@rule("R22", severity=Severity.WARNING)
def guessable_passwords(graph: StackGraph) -> Iterator[Breach]:
    """A password that anyone may try cannot be tried without end."""
    for route in graph.routes.values():
        if route.access.basic_auth is None or not route.access.anywhere or route.ingress is None:
            continue
        zone = route.zone is not None and graph.zones[route.zone].rate_limited and route.proxied
        own = route.rate_limit is not None and limited(graph, route)
        bans = graph.hosts[graph.ingresses[route.ingress].host].bans
        if not zone and not own and (bans is None or 401 not in bans.statuses):
            yield Breach(
                at(route.source, "access"),
                f"anyone may try passwords at {route.address} as often as they like",
                "count 401 in the host's bans.statuses, or give the route a rate_limit",
            )


@rule("G11")
def mesh_behind_a_proxy(graph: StackGraph) -> Iterator[Breach]:
    """What the mesh's members use is not resolved to Cloudflare's proxy for them.

    They come past it where the mesh resolves names for them. Through it they have the addresses
    of the internet: those of ``allow`` are told by it, and theirs in the mesh are not.
    """
    for route in graph.routes.values():
        mesh = graph.mesh_of(route.system)
        if route.proxied and route.access.mesh and mesh is not None and not mesh.dns:
            yield Breach(
                at(route.source, "access"),
                f"{route.address} admits the mesh, but its name is proxied: members come with "
                "their addresses of the internet and are refused",
                "set proxied: false, or dns: true under mesh",
            )


def _by_name(graph: StackGraph) -> Mapping[str, Sequence[Route]]:
    """Give the routes that an ingress serves, by name."""
    found = defaultdict(list)
    for route in graph.routes.values():
        if route.ingress is not None:
            found[route.name].append(route)
    return found


def _whole(route: Route) -> bool:
    return route.path in ("", "/*")


def _host(graph: StackGraph, route: Route) -> str:
    host = graph.hosts[graph.ingresses[route.ingress or ""].host]
    return f"{host.system}/{host.key}"


def _where(route: Route) -> str:
    return f"{route.source.file}:{route.source.line}"
