"""The edges between nodes, from what the nodes say of each other."""

from __future__ import annotations

from collections.abc import Iterator

from graph.model import Edge, EdgeKind, Ingress, Job, Process, Route, Service, Site
from graph.nodes import Nodes


def all_edges(nodes: Nodes) -> tuple[Edge, ...]:
    """Give every edge, sorted, without duplicates."""
    found = set(_edges(nodes))
    return tuple(sorted(found, key=lambda e: (e.source, e.kind, e.target, e.label)))


def _edges(nodes: Nodes) -> Iterator[Edge]:
    for app in nodes.apps.values():
        yield Edge(source=app.id, target=app.host, kind=EdgeKind.RUNS_ON)
    for service in nodes.services.values():
        yield from _of_service(service)
    for ingress in nodes.ingresses.values():
        yield from _of_ingress(ingress)
    for route in nodes.routes.values():
        yield from _of_route(route)
    for record in nodes.records.values():
        yield Edge(source=record.id, target=record.zone, kind=EdgeKind.NAMED_IN)
        yield Edge(source=record.id, target=record.host, kind=EdgeKind.ROUTES_TO)
    for flow in nodes.flows:
        label = ", ".join(text for text in (flow.protocol, flow.purpose) if text)
        yield Edge(source=flow.caller, target=flow.called, kind=EdgeKind.CALLS, label=label)
    yield from _around(nodes)


def _around(nodes: Nodes) -> Iterator[Edge]:
    placed_nodes: list[Process | Site | Job] = [
        *nodes.processes.values(),
        *nodes.sites.values(),
        *nodes.jobs.values(),
    ]
    for placed in placed_nodes:
        yield Edge(source=placed.id, target=placed.host, kind=EdgeKind.RUNS_ON)
    for mesh in nodes.meshes.values():
        for member in mesh.members:
            yield Edge(source=member, target=mesh.id, kind=EdgeKind.MEMBER_OF)
    for database in nodes.databases.values():
        yield Edge(source=database.id, target=database.server, kind=EdgeKind.RUNS_ON)
    for backup in nodes.backups.values():
        yield Edge(source=backup.id, target=backup.host, kind=EdgeKind.RUNS_ON)
        for capture in backup.captures:
            label = capture.method
            yield Edge(source=backup.id, target=capture.of, kind=EdgeKind.SAVES, label=label)
        for copy in backup.copies:
            yield Edge(source=backup.id, target=copy.to, kind=EdgeKind.COPIES_TO, label=copy.by)
    for monitor in nodes.monitors.values():
        watched = monitor.route or monitor.service or monitor.backup
        if watched:
            yield Edge(source=monitor.id, target=watched, kind=EdgeKind.WATCHES)


def _of_service(service: Service) -> Iterator[Edge]:
    id_ = service.id
    yield Edge(source=id_, target=service.app, kind=EdgeKind.RUNS_ON)
    for attachment in service.attachments:
        yield Edge(source=id_, target=attachment.network, kind=EdgeKind.ATTACHED_TO)
    for volume in service.volumes:
        label = f"{volume.target} (read-only)" if volume.read_only else volume.target
        yield Edge(source=id_, target=volume.volume, kind=EdgeKind.MOUNTS, label=label)
    for needed in service.dependencies:
        yield Edge(
            source=id_, target=needed.service, kind=EdgeKind.WAITS_FOR, label=needed.condition
        )


def _of_ingress(ingress: Ingress) -> Iterator[Edge]:
    yield Edge(source=ingress.id, target=ingress.host, kind=EdgeKind.RUNS_ON)
    for network in ingress.networks:
        yield Edge(source=ingress.id, target=network, kind=EdgeKind.JOINS)
    for service in ingress.waits_for:
        yield Edge(source=ingress.id, target=service, kind=EdgeKind.WAITS_FOR)


def _of_route(route: Route) -> Iterator[Edge]:
    if route.ingress:
        yield Edge(source=route.id, target=route.ingress, kind=EdgeKind.SERVED_BY)
    target = route.service or route.process or route.site
    if target:
        label = f":{route.port}" if route.port else ""
        yield Edge(source=route.id, target=target, kind=EdgeKind.ROUTES_TO, label=label)
    if route.zone:
        yield Edge(source=route.id, target=route.zone, kind=EdgeKind.NAMED_IN)
