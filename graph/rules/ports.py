"""Ports of hosts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator

from config.units import format_port_range
from graph.apps import ANY_ADDRESS
from graph.model import Flow, HostPort, Service, StackGraph
from graph.nodes import INTERNET
from graph.reach import PlaceKind, port_ways
from graph.rules.base import Breach, rule
from graph.rules.judged import from_elsewhere, host_of, image_facts, spoken
from graph.rules.subnets import span

_EVERYONE = frozenset({PlaceKind.INTERNET, PlaceKind.LAN})
_WHOLE_INTERNET = frozenset({"0.0.0.0/0", "::/0"})

_BY_THE_INGRESS = frozenset(
    {"graphql", "grpc", "h2", "h3", "http", "https", "rest", "soap", "sse", "webhook", "websocket"}
    | {"ws", "wss"}
)
"""Protocols that an ingress passes on."""

_NEVER_ENCRYPTED = frozenset({"ftp", "http", "soap", "telnet", "ws"})
_PLAINTEXT = _NEVER_ENCRYPTED | {
    *("amqp", "ldap", "mqtt", "mariadb", "mysql", "postgres", "postgresql", "redis", "smtp")
}
"""Protocols that encrypt nothing, or only where both ends were told to."""

_ENCRYPTED_PORTS = frozenset({22, 443, 465, 636, 853, 990, 993, 995, 2222, 5671, 8443, 8883, 9443})
_OWN_URL = re.compile(r"(?:127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1?\]):(\d{1,5})")


@rule("P01", also=("P02",))
def two_owners(graph: StackGraph) -> Iterator[Breach]:
    """A port of a host has one owner."""
    by_machine: dict[tuple[str, str], list[HostPort]] = defaultdict(list)
    for port in graph.host_ports:
        by_machine[graph.hosts[port.host].machine, port.protocol].append(port)
    for (machine, protocol), ports in by_machine.items():
        ports.sort(key=lambda p: (p.port.start, p.port.stop, p.owner))
        for index, port in enumerate(ports):
            for other in ports[index + 1 :]:
                if other.port.start >= port.port.stop:
                    break
                if _same_address(port, other):
                    shared = range(other.port.start, min(port.port.stop, other.port.stop))
                    yield Breach(
                        other.source,
                        f"port {format_port_range(shared)}/{protocol} of {_where(machine)} is "
                        f"owned by {port.owner} ({port.source.file}:{port.source.line}) "
                        f"and by {other.owner}",
                        "publish one of them on another port or address",
                    )


def _same_address(one: HostPort, other: HostPort) -> bool:
    return one.ip == other.ip or ANY_ADDRESS in (one.ip, other.ip)


def _where(machine: str) -> str:
    return machine.removeprefix("host:")


@rule("G04")
def start_first_with_ports(graph: StackGraph) -> Iterator[Breach]:
    """A start-first service can run twice at once."""
    for service in graph.services.values():
        if service.handover.order == "start-first" and service.spec.ports:
            yield Breach(
                service.source,
                f"{service.key} is to be replaced start-first but publishes "
                f"{service.spec.ports[0]}, which two containers cannot do at once",
                "set deploy.update_config.order to stop-first, or route to it by the ingress",
            )


@rule("P04")
def datastore_for_everyone(graph: StackGraph) -> Iterator[Breach]:
    """What keeps data is published to nobody outside of the system."""
    for port in graph.host_ports:
        service = graph.services.get(port.owner)
        if service is None or not _keeps_data(service) or not _for_everyone(graph, port):
            continue
        yield Breach(
            port.source,
            f"{service.key} keeps data, and everyone reaches its port {_inside(port)}",
            "publish no port, for services need none; or publish it on 127.0.0.1, or narrow its "
            "access under ports in system.yaml",
        )


def _keeps_data(service: Service) -> bool:
    facts = image_facts(service)
    return facts is not None and facts.datastore


def _inside(port: HostPort) -> str:
    return f"{format_port_range(port.target or port.port)}/{port.protocol}"


def _for_everyone(graph: StackGraph, port: HostPort) -> bool:
    """Whether anybody on the internet can use a port; on dev, what stands for the internet."""
    if port.loopback or _on_the_mesh(graph, port):
        return False
    places = [way.place for way in port_ways(graph, port)]
    return any(p.kind in _EVERYONE or p.name in _WHOLE_INTERNET for p in places)


def _on_the_mesh(graph: StackGraph, port: HostPort) -> bool:
    """Whether a port is opened on an address of the mesh only."""
    mesh = graph.mesh_of(graph.hosts[port.host].system)
    return mesh is not None and span(mesh.cidr).covers(span(port.ip))


@rule("P05")
def called_but_not_published(graph: StackGraph) -> Iterator[Breach]:
    """What is called from outside without the ingress publishes a port."""
    routed = {route.declared_name for route in graph.routes.values()}
    for flow in graph.flows:
        service = graph.services.get(flow.called)
        word = _word(flow)
        if service is None or not _from_outside(flow) or flow.via in routed:
            continue
        if word is None or word in _BY_THE_INGRESS:
            continue
        if all(port.loopback for port in graph.ports_of(service.id)):
            yield Breach(
                flow.source,
                f"{spoken(flow.caller)} calls {spoken(service.id)} by {flow.protocol}, which no "
                f"ingress passes on, but {service.key} publishes no port",
                f"publish the port where {service.key} listens for it",
            )


def _from_outside(flow: Flow) -> bool:
    return flow.caller == INTERNET or flow.caller.startswith("external:")


def _word(flow: Flow) -> str | None:
    """Give a flow's protocol without version and variant."""
    found = re.match(r"[a-z0-9]+", (flow.protocol or "").lower())
    return found[0] if found else None


@rule("P14")
def plaintext_outside(graph: StackGraph) -> Iterator[Breach]:
    """What leaves a host is encrypted, or passes the mesh."""
    routed = {route.declared_name for route in graph.routes.values()}
    told = set()
    for port in graph.host_ports:
        if port.protocol == "tcp" and port.owner not in graph.ingresses:
            why = _plain_use(graph, port, routed) if _for_everyone(graph, port) else None
            if why is not None:
                told.add(port.owner)
                yield Breach(
                    port.source,
                    f"everyone reaches port {_inside(port)} of {spoken(port.owner)}, {why}",
                    f"route it by the ingress, or narrow its access{_place_of_access(port)}",
                )
    for flow in graph.flows:
        if flow.called not in told and flow.via not in routed and _crosses_plainly(graph, flow):
            yield Breach(
                flow.source,
                f"{spoken(flow.caller)} calls {spoken(flow.called)} by {flow.protocol}, which is "
                "plaintext, and not over the mesh",
                "let it call by an encrypted protocol, by the ingress or over the mesh",
            )


def _place_of_access(port: HostPort) -> str:
    return " under ports in system.yaml" if port.owner.startswith("service:") else ""


def _plain_use(graph: StackGraph, port: HostPort, routed: Collection[str]) -> str | None:
    """Tell why what passes a port is plaintext, if it is known to be."""
    inside = port.target or port.port
    if all(number in _ENCRYPTED_PORTS for number in inside):
        return None
    flows = [
        flow
        for flow in graph.flows_to(port.owner)
        if flow.protocol and flow.via not in routed and from_elsewhere(graph, flow)
    ]
    for flow in flows:
        if _word(flow) in _PLAINTEXT:
            return f"which {spoken(flow.caller)} calls by {flow.protocol}: plaintext"
    service = graph.services.get(port.owner)
    if flows or service is None or not _speaks_http(graph, service, inside):
        return None
    return "where it speaks plain HTTP"


_OF_WEB_APPLICATIONS = frozenset({80, 3000, 3001, 4000, 5000, 5678, 8000, 8080, 8081, 8888, 9000})


def _speaks_http(graph: StackGraph, service: Service, inside: range) -> bool:
    """Whether a service is known for plain HTTP, and a port is not known for something else."""
    facts = image_facts(service)
    if facts is None or facts.datastore or facts.kind not in ("app", "monitor"):
        return False
    known = {route.port for route in graph.routes_to(service.id) if route.port}
    check = service.spec.healthcheck
    if check is not None and check.active:
        known |= {int(port) for port in _OWN_URL.findall(" ".join(check.test))}
    # Nothing tells what the port is for: those where web applications listen tell enough.
    return any(port in inside for port in known or _OF_WEB_APPLICATIONS)


def _crosses_plainly(graph: StackGraph, flow: Flow) -> bool:
    word = _word(flow)
    external = graph.externals.get(flow.called)
    if external is not None:
        # Whether a database of others is asked by TLS stands in no protocol's name.
        ours = host_of(graph, flow.caller) is not None
        return ours and word in _NEVER_ENCRYPTED and external.tls is None
    if word not in _PLAINTEXT or not from_elsewhere(graph, flow):
        return False
    ports = [p for p in graph.ports_of(flow.called) if p.protocol == "tcp" and not p.loopback]
    return bool(ports) and not any(_meshed(graph, flow, port) for port in ports)


def _meshed(graph: StackGraph, flow: Flow, port: HostPort) -> bool:
    """Whether a flow can reach a port by the mesh."""
    caller = host_of(graph, flow.caller)
    mesh = graph.mesh_of(flow.system)
    if mesh is None or caller not in mesh.members or port.host not in mesh.members:
        return False
    return port.access.mesh or _on_the_mesh(graph, port)
