"""The summary of a system, from the graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from config.text import Template
from config.units import format_port_range
from graph.model import Flow, Ingress, Process, Route, Service, StackGraph
from graph.reach import Reach, reach
from graph.summary.guards import grants, guards, protected
from graph.summary.labels import label
from graph.summary.model import (
    Directory,
    HostFacts,
    IngressFacts,
    NetworkFacts,
    RouteFacts,
    ServiceFacts,
    Summary,
    Volume,
)
from graph.summary.parts import process_parts, service_parts

ASKED = ", with a password"


def summarize(graph: StackGraph, system: str) -> Summary:
    """Give what a deployment of a system has to keep of its meaning."""
    ports: dict[str, list[str]] = {}
    for port in graph.host_ports:
        ports.setdefault(port.owner, []).append(_published(port.host, port.port, port.protocol))
    hosts = {host.id: host for host in graph.hosts.values() if host.system == system}
    routes = [route for route in graph.routes.values() if route.system == system]
    return Summary(
        hosts={
            host.logical_name: HostFacts(
                label=host.key,
                kind=host.kind,
                platform=host.platform,
                machine=host.machine if graph.target == "dev" else "",
                address=host.access.address if host.access else "",
                ingress=ingress.logical_name if (ingress := graph.ingress_of(host.id)) else "",
                host_key=(host.access.host_key or "") if host.access else "",
                managed_by=host.managed_by or "",
            )
            for host in hosts.values()
        },
        services={
            **{
                service.logical_name: _service(graph, service, ports)
                for service in graph.services.values()
                if service.host in hosts
            },
            **{
                process.logical_name: _process(graph, process, ports)
                for process in graph.processes.values()
                if process.system == system
            },
        },
        networks={
            network.logical_name: NetworkFacts(
                called=network.name,
                subnets=tuple(pool.subnet for pool in network.spec.ipam.config if pool.subnet),
            )
            for network in graph.networks.values()
            if network.host in hosts
        },
        ingresses={
            ingress.logical_name: _ingress(ingress)
            for ingress in graph.ingresses.values()
            if ingress.host in hosts
        },
        routes={route.address: _route(graph, route) for route in routes},
        reach=dict(_reached(graph, system)),
        guards={
            **dict.fromkeys(sorted(protected(graph, system)), ()),
            **_texts(guards(graph, system)),
        },
        grants=_texts(grants(graph, system)),
        names=_names(graph, system, routes),
        secrets=tuple(sorted(each.name for each in graph.secrets.values() if _of(each.id, system))),
    )


def _of(node: str, system: str) -> bool:
    return node.partition(":")[2].partition("/")[0] == system


def _service(graph: StackGraph, service: Service, ports: Mapping[str, list[str]]) -> ServiceFacts:
    disposable = {each.volume: each.reason for each in graph.disposable}
    given = {file.secret for file in service.files if file.secret is not None}
    for value in service.environment.values():
        if isinstance(value, Template):
            given |= set(value.secrets)
    return ServiceFacts(
        label=label(service.id),
        host=label(service.host),
        order=service.handover.order,
        because=service.handover.reason,
        image=service.image.reference,
        volumes=tuple(
            Volume(
                volume=graph.volumes[each.volume].logical_name,
                path=each.target,
                called=graph.volumes[each.volume].name,
                writes=not each.read_only,
                disposable=disposable.get(each.volume),
            )
            for each in service.volumes
        ),
        directories=tuple(
            Directory(directory=each.source, path=each.target, writes=not each.read_only)
            for each in service.spec.volumes
            if each.type == "bind" and each.source
        ),
        databases=tuple(sorted(d.key for d in graph.databases.values() if d.server == service.id)),
        networks=tuple(graph.networks[a.network].logical_name for a in service.attachments),
        needs=_called(
            (flow for flow in graph.flows_from(service.id) if not flow.soft),
            # What only starts first, and has ended, is not needed any more.
            (d.service for d in service.dependencies if d.condition != _COMPLETED),
        ),
        uses=_called(flow for flow in graph.flows_from(service.id) if flow.soft),
        secrets=tuple(sorted(given)),
        ports=tuple(dict.fromkeys(ports.get(service.id, ()))),
        parts=service_parts(service),
    )


_COMPLETED = "service_completed_successfully"


def _process(graph: StackGraph, process: Process, ports: Mapping[str, list[str]]) -> ServiceFacts:
    return ServiceFacts(
        label=label(process.id),
        host=label(process.host),
        directories=tuple(Directory(directory=each, path=each) for each in process.spec.data),
        needs=_called(flow for flow in graph.flows_from(process.id) if not flow.soft),
        uses=_called(flow for flow in graph.flows_from(process.id) if flow.soft),
        secrets=tuple(sorted(set(process.spec.secrets.values()))),
        ports=tuple(dict.fromkeys(ports.get(process.id, ()))),
        parts=process_parts(process),
        gap=not (process.spec.manager == "pm2" and _NODE.match(process.spec.command)),
    )


_NODE = re.compile(r"\s*(?:/\S*/)?node(?:js)?\s+\S")


def _ingress(ingress: Ingress) -> IngressFacts:
    return IngressFacts(
        host=label(ingress.host),
        kind=ingress.kind,
        certificates=ingress.certificates,
        image=ingress.image if ingress.kind == "caddy" else None,
        tunnel=ingress.tunnel.logical_name if ingress.tunnel else "",
    )


def _called(flows: Iterable[Flow], more: Iterable[str] = ()) -> tuple[str, ...]:
    kinds = ("service:", "process:")
    called = {flow.called for flow in flows if flow.called.startswith(kinds)} | set(more)
    return tuple(sorted(map(label, called)))


def _route(graph: StackGraph, route: Route) -> RouteFacts:
    target = route.service or route.process or route.site
    return RouteFacts(
        to=label(target) if target else "",
        ingress=graph.ingresses[route.ingress].logical_name if route.ingress else "",
    )


def _reached(graph: StackGraph, system: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    found: dict[str, dict[str, None]] = {}
    for each in reach(graph):
        if not _of(each.subject, system):
            continue
        # Two ports of one number, on two addresses of a host, are one to who calls.
        places = found.setdefault(_subject(each), {})
        for way in each.ways:
            places.setdefault(f"{way.place}{ASKED if way.password else ''}")
    for subject, told in sorted(found.items()):
        yield subject, tuple(told)


def _subject(each: Reach) -> str:
    if each.port is None:
        return each.what
    if each.published:
        return _published(each.host or "", each.port, each.protocol)
    return f"{label(each.subject)} :{each.what}"


def _published(host: str, port: range, protocol: str) -> str:
    return f"{label(host)} {format_port_range(port)}/{protocol}"


def _names(graph: StackGraph, system: str, routes: Iterable[Route]) -> dict[str, str]:
    """Give the DNS names of a system, and the host that each leads to."""
    names = {
        route.declared_name: label(graph.ingresses[route.ingress].host)
        for route in routes
        if route.ingress
    }
    names |= {
        record.declared_name: label(record.host)
        for record in graph.records.values()
        if _of(record.zone, system)
    }
    return dict(sorted(names.items()))


def _texts(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for subject, text in pairs:
        found.setdefault(subject, set()).add(text)
    return {subject: tuple(sorted(texts)) for subject, texts in sorted(found.items())}
