"""Rules on monitors: that they tell somebody, can ask what they ask, and expect its answer."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from config.finding import Severity
from graph.model import HostPort, Monitor, Route, Service, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.flows import networks_of
from graph.rules.judged import host_of, spoken
from graph.rules.scope import at

OPEN, REFUSED = range(200, 400), 401


@rule("M01")
def tells_nobody(graph: StackGraph) -> Iterator[Breach]:
    """A monitor tells somebody what it finds."""
    for monitor in graph.monitors.values():
        if not monitor.spec.notify:
            yield Breach(
                monitor.source,
                f"{monitor.key} notifies nobody, so an outage stays unseen",
                "give it notify: externals that carry the news to people",
            )


@rule("M02", severity=Severity.WARNING, absence=True)
def unwatched_routes(graph: StackGraph) -> Iterator[Breach]:
    """Where a system is monitored, each of its public routes is."""
    watched = {monitor.route for monitor in graph.monitors.values()}
    systems = {monitor.system for monitor in graph.monitors.values()}
    for route in graph.routes.values():
        judged = route.system in systems and route.sources is None and route.redirect is None
        if judged and route.id not in watched:
            yield Breach(
                route.source,
                f"no monitor asks for {route.address}, so nobody notices when it fails",
                "add a monitor with a path of it that says whether it works, and the answer to "
                "expect",
            )


@rule("M03")
def out_of_reach(graph: StackGraph) -> Iterator[Breach]:
    """What a monitor asks can be reached from where it asks."""
    for monitor in graph.monitors.values():
        if monitor.service is None or monitor.port is None:
            continue
        target = graph.services[monitor.service]
        if not _reaches(graph, monitor.prober, target, monitor.port):
            near = host_of(graph, monitor.prober) == target.host
            yield Breach(
                at(monitor.source, "target"),
                f"{spoken(monitor.prober)} cannot reach {spoken(target.id)}:{monitor.port}: they "
                f"share no network, and {_published_so_far(graph, target, monitor.port)}",
                "put both on one network, or let it ask by a route"
                if near and monitor.prober in graph.services
                else "let it ask by a route, or publish the port for it",
            )


def _published_so_far(graph: StackGraph, target: Service, port: int) -> str:
    published = _leading_to(graph, target, port)
    if not published:
        return f"{target.key} publishes no port that leads there"
    if all(each.loopback for each in published):
        return f"it is published on {published[0].ip} only"
    return "it is published for the mesh only"


def _reaches(graph: StackGraph, prober: str, target: Service, port: int) -> bool:
    if target.spec.network_mode == "host":
        return True
    service = graph.services.get(prober)
    inside = service is not None and service.spec.network_mode != "host"
    if service is not None and networks_of(graph, service) & networks_of(graph, target):
        return True
    near = host_of(graph, prober) == target.host
    host = host_of(graph, prober)
    both = host is not None and graph.in_mesh(host) and graph.in_mesh(target.host)
    for each in _leading_to(graph, target, port):
        if each.loopback:
            if near and not inside:
                return True
        # Whether the addresses that are admitted are the prober's, nobody says here.
        elif near or both or each.access.anywhere or each.access.allow:
            return True
    return False


def _leading_to(graph: StackGraph, target: Service, port: int) -> list[HostPort]:
    return [
        each
        for each in graph.ports_of(target.id)
        if each.target is not None and port in each.target and each.protocol == "tcp"
    ]


@rule("M04")
def other_answer(graph: StackGraph) -> Iterator[Breach]:
    """A monitor expects the answer that its place gets."""
    for monitor in graph.monitors.values():
        route = graph.routes.get(monitor.route or "")
        welcome = any(status in OPEN for status in monitor.spec.expect)
        if route is None or not welcome:
            continue
        if _shut_out(graph, monitor, route):
            yield Breach(
                at(monitor.source, "expect"),
                f"{spoken(monitor.prober)} is outside of what {route.address} admits, and the "
                "refusal that it gets counts as an outage",
                "let a prober ask that is in the mesh, or expect the refusal: [403]",
            )
        elif route.access.basic_auth is not None and REFUSED not in monitor.spec.expect:
            yield Breach(
                at(monitor.source, "expect"),
                f"{route.address} wants a password, which {spoken(monitor.prober)} does not have: "
                "it answers 401",
                "expect [401]: it says that the route is up, and closed",
            )


def _shut_out(graph: StackGraph, monitor: Monitor, route: Route) -> bool:
    """Whether a route refuses a prober for where it is, as far as that is known."""
    if route.access.anywhere:
        return False
    host = host_of(graph, monitor.prober)
    if host is None:
        return route.access.allow is None
    if route.mesh and graph.in_mesh(host):
        return False
    return not _admitted(graph, host, route.access.allow or ())


def _admitted(graph: StackGraph, host: str, networks: tuple[str, ...]) -> bool:
    """Whether networks hold a host's address; yes where it is not known."""
    if not networks:
        return False
    access = graph.hosts[host].access
    try:
        address = ipaddress.ip_address(access.address if access else "")
    except ValueError:
        return True
    return any(address in ipaddress.ip_network(network) for network in networks)


@rule("M11", severity=Severity.WARNING)
def falls_with_it(graph: StackGraph) -> Iterator[Breach]:
    """What watches does not stand on the host that it watches."""
    for monitor in graph.monitors.values():
        host = host_of(graph, monitor.prober)
        backup = graph.backups.get(monitor.backup or "")
        told = backup is not None and backup.heartbeat == monitor.prober
        if host is not None and host == _watched_host(graph, monitor) and not told:
            yield Breach(
                at(monitor.source, "prober"),
                f"{spoken(monitor.prober)} is on {spoken(host)} itself: when the host is down, "
                "nobody notices",
                "let an external ask, or a service on another host",
            )


def _watched_host(graph: StackGraph, monitor: Monitor) -> str | None:
    if monitor.route is not None:
        ingress = graph.routes[monitor.route].ingress
        return graph.ingresses[ingress].host if ingress else None
    if monitor.backup is not None:
        return graph.backups[monitor.backup].host
    return graph.services[monitor.service].host if monitor.service else None
