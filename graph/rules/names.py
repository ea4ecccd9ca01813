"""Names: in DNS, in URLs, in certificates."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from config.finding import Severity
from config.host import Environment
from graph.cloudflare import CLOUDFLARE_PORTS, OVER_HTTP
from graph.ingresses import HTTP_PORT, HTTPS_PORT
from graph.model import Flow, HostPort, Record, Route, StackGraph
from graph.names import DEV_DOMAIN, host_ports, served
from graph.rules.base import Breach, rule
from graph.rules.judged import host_of, spoken
from graph.rules.scope import at, ours

WEB_URL = re.compile(r"(https?|wss?)://\S+")


@rule("R02")
def name_in_no_zone(graph: StackGraph) -> Iterator[Breach]:
    """The name of a route lies in a declared zone; a record's in its own, and it is no route's."""
    for route in graph.routes.values():
        if route.zone is None:
            zones = [z.name for z in graph.zones.values() if z.system == route.system]
            valid = ", ".join(sorted(zones)) or "none is declared"
            yield Breach(
                route.source,
                f"{route.declared_name} lies in no declared zone",
                f"declare its zone under zones; declared: {valid}",
            )
    routed: dict[str, Route] = {}
    for route in graph.routes.values():
        routed.setdefault(route.declared_name, route)
    ports = _ports(graph)
    for record in graph.records.values():
        yield from _misplaced(graph, record)
        same = routed.get(record.declared_name)
        if same is not None:
            yield Breach(
                record.source,
                f"the record's name is a route's, too ({same.source.file}:{same.source.line})",
                "remove the record: the name of a route has one of its own",
            )
        elif record.proxied and not _serves_web(ports.get(record.host, ())):
            yield Breach(
                record.source,
                "the record is proxied, but no route serves its name: Cloudflare answers 525",
                "add a route for it, or set proxied: false",
            )


def _misplaced(graph: StackGraph, record: Record) -> Iterator[Breach]:
    zone = graph.zones[record.zone].name
    name = served(zone, graph.target)
    if record.name != name and not record.name.endswith(f".{name}"):
        yield Breach(
            record.source,
            f"the record lies outside of its zone {zone}",
            "move it under its own zone, or correct its name",
        )


def _serves_web(ports: Iterable[HostPort]) -> bool:
    return any(number in port.port for port in ports for number in CLOUDFLARE_PORTS)


def _ports(graph: StackGraph) -> Mapping[str, list[HostPort]]:
    """Give the TCP ports of each host that no ingress listens on."""
    found = defaultdict(list)
    for port in graph.host_ports:
        if port.protocol == "tcp" and port.owner not in graph.ingresses and not port.loopback:
            found[port.host].append(port)
    return found


@rule("R17", absence=True)
def url_without_route(graph: StackGraph) -> Iterator[Breach]:
    """A URL of the system's own names, in a service's environment, is one that a route answers.

    It may be the beginning of longer ones, and may be answered by a port that a host publishes.
    """
    urls = _Urls(graph)
    for service in ours(graph):
        system = graph.apps[service.app].system
        for variable, value in service.environment.items():
            url = _web_url(str(value))
            if url is None or urls.answered(system, url):
                continue
            told = variable in service.spec.environment
            shown = f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"
            yield Breach(
                at(service.source, "environment", variable) if told else service.source,
                f"{variable} is {shown}, which no route answers",
                "correct it, or add a route for it",
            )


def _web_url(text: str) -> SplitResult | None:
    """Read a URL; None where it is none of the web's, or its host and port are not known."""
    if not WEB_URL.fullmatch(text):
        return None
    try:
        url = urlsplit(text)
        readable = bool(url.hostname) and url.port != 0
    except ValueError:
        return None
    return url if readable else None


@dataclass(slots=True)
class _Paths:
    """The paths of a name's routes: exact ones, beginnings of what they answer, all above them."""

    exact: set[str] = field(default_factory=set)
    beginnings: set[str] = field(default_factory=set)
    above: set[str] = field(default_factory=set)

    def add(self, path: str) -> None:
        """Add a route's path."""
        if not path or path.endswith("*"):
            self.beginnings.add(path[:-1])
        else:
            self.exact.add(path)
        self.above |= {path[: slash.end()] for slash in re.finditer("/", path)}

    def answer(self, path: str) -> bool:
        """Whether a route answers a path, or one that begins with it."""
        below = path.rstrip("/") + "/"
        return below in self.above or self._begun(path) or self._begun(below)

    def _begun(self, path: str) -> bool:
        begun = (path[:length] in self.beginnings for length in range(len(path) + 1))
        return path in self.exact or any(begun)


class _Urls:
    """What answers at which name."""

    def __init__(self, graph: StackGraph) -> None:
        self.graph = graph
        self.zones = {(zone.system, zone.name) for zone in graph.zones.values()}
        self.elsewhere = {(each.system, each.endpoint) for each in graph.externals.values()}
        self.ports = _ports(graph)
        self.web = {HTTP_PORT, HTTPS_PORT}
        for ingress in graph.ingresses.values():
            self.web |= {ingress.http_port, ingress.https_port}
        self.paths: dict[str, _Paths] = defaultdict(_Paths)
        self.hosts: dict[str, set[str]] = defaultdict(set)
        for record in graph.records.values():
            self.hosts[record.declared_name].add(record.host)
        for route in graph.routes.values():
            self.paths[route.declared_name].add(route.path)
            if route.ingress is not None:
                self.hosts[route.declared_name].add(graph.ingresses[route.ingress].host)

    def answered(self, system: str, url: SplitResult) -> bool:
        """Whether something answers a URL, or nothing of this system has to."""
        name = url.hostname or ""
        if self.graph.target == "dev":
            name = name.removesuffix(f".{DEV_DOMAIN}")
        if not self._in_a_zone(system, name) or (system, name) in self.elsewhere:
            return True
        known = name in self.hosts or name in self.paths
        own = name if known else "*." + name.partition(".")[2]
        by_ingress = own in self.paths and url.port in (None, *self.web)
        if by_ingress and self.paths[own].answer(url.path):
            return True
        return any(self._published(host, url) for host in self.hosts.get(own, ()))

    def _in_a_zone(self, system: str, name: str) -> bool:
        labels = name.split(".")
        return any((system, ".".join(labels[n:])) in self.zones for n in range(len(labels)))

    def _published(self, host: str, url: SplitResult) -> bool:
        default = HTTP_PORT if url.scheme in ("http", "ws") else HTTPS_PORT
        port = url.port or default
        moved = host_ports(range(port, port + 1), self.graph.target).start
        return any(port in each.port or moved in each.port for each in self.ports.get(host, ()))


@rule("V05")
def wildcard_certificate(graph: StackGraph) -> Iterator[Breach]:
    """A certificate that is proven over HTTP is for one name."""
    if graph.target != "prod":
        return  # here certificates are the ingress's own
    for route in graph.routes.values():
        if route.ingress is None or not route.declared_name.startswith("*."):
            continue
        proven = graph.ingresses[route.ingress].certificates
        own = proven == "origin" and route.proxied
        if proven in ("acme", "origin") and not own:
            yield Breach(
                route.source,
                f"{route.declared_name} is a wildcard, for which HTTP-01 proves no certificate",
                "give each name a route of its own, or set certificates of the ingress to "
                "{dns: cloudflare, token: SECRET}",
            )


@rule("V07")
def port_of_certificates(graph: StackGraph) -> Iterator[Breach]:
    """Port 80 of a host is its ingress's, to prove certificates on."""
    if graph.target != "prod":
        return  # here certificates are the ingress's own
    for port in graph.host_ports:
        ingress = graph.ingress_of(port.host)
        if ingress is None or port.owner == ingress.id or not graph.routes_of(ingress):
            continue
        if port.protocol == "tcp" and HTTP_PORT in port.port:
            host = graph.hosts[port.host].key
            yield Breach(
                port.source,
                f"{port.owner} takes port {HTTP_PORT} of {host}, on which its ingress proves "
                "certificates (HTTP-01)",
                "publish it on another port, or route to it by the ingress",
            )


@rule("V12")
def not_for_the_proxy(graph: StackGraph) -> Iterator[Breach]:
    """A name that carries more than HTTP is not proxied."""
    proxied = {route.declared_name for route in graph.routes.values() if route.proxied}
    proxied |= {record.declared_name for record in graph.records.values() if record.proxied}
    for flow in graph.flows:
        if flow.via in proxied and flow.protocol and flow.protocol.lower() not in OVER_HTTP:
            yield Breach(
                flow.source,
                f"{flow.protocol} is called by the name {flow.via}, which is proxied: Cloudflare "
                "passes on nothing but HTTP",
                f"set proxied: false for {flow.via}, or call a name that is not proxied",
            )


@rule("V16", severity=Severity.WARNING)
def production_on_development(graph: StackGraph) -> Iterator[Breach]:
    """What is in production calls nothing that is for development."""
    routes: dict[tuple[str, str], list[Route]] = defaultdict(list)
    for route in graph.routes.values():
        routes[route.system, route.declared_name].append(route)
    records = {record.declared_name: record for record in graph.records.values()}
    for flow in graph.flows:
        caller = graph.externals.get(flow.caller)
        if caller is None or caller.environment != "production":
            continue
        called = spoken(flow.called)
        if flow.via and (flow.system, flow.via) in routes:
            environments = _of_routes(routes[flow.system, flow.via], flow)
            called = flow.via
        elif flow.via and flow.via in records:
            environments = {graph.hosts[records[flow.via].host].environment}
            called = flow.via
        else:
            environments = {_of_node(graph, flow.called)}
        if "production" not in environments and environments != {None}:
            wrong = " and ".join(sorted(each for each in environments if each))
            yield Breach(
                flow.source,
                f"{caller.key} is in production and calls {called}, which is for {wrong}",
                "let it call what is in production, or say with environment: production that "
                "this is",
            )


def _of_routes(routes: list[Route], flow: Flow) -> set[Environment | None]:
    """Give the environments of the routes of a name, of those to the called where there are any."""
    to_it = [r for r in routes if flow.called in (r.service, r.process, r.site)]
    return {route.environment for route in to_it or routes}


def _of_node(graph: StackGraph, id_: str) -> Environment | None:
    host = host_of(graph, id_)
    if host is not None:
        return graph.hosts[host].environment
    return graph.externals[id_].environment if id_ in graph.externals else None
