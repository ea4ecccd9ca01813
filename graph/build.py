"""Builds the stack graph from loaded systems.

References that lead nowhere are noted, not raised: the rules report all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from config.cloudflare import ZoneSettings
from config.load import LoadedSystem
from config.stack import StackSettings
from config.zone import Record as RecordSpec
from config.zone import Zone as ZoneSpec
from graph.apps import AppBuilder, publication_key
from graph.calls import add_calls, add_externals
from graph.cloudflare import CLOUDFLARE_NETWORKS, CLOUDFLARE_PORTS, OVER_HTTP
from graph.edges import all_edges
from graph.ingresses import add_ingresses
from graph.mesh_records import fill_mesh_records
from graph.model import App, Record, StackGraph, SystemTexts, Zone
from graph.names import logical, project, served
from graph.nodes import Nodes
from graph.operations import add_operations
from graph.places import add_hosts, add_mesh, add_processes
from graph.routes import add_routes

T = TypeVar("T")


def build(
    systems: Iterable[LoadedSystem],
    settings: StackSettings,
    *,
    edge_networks: frozenset[str] = CLOUDFLARE_NETWORKS,
) -> StackGraph:
    """Build the graph of a stack: the same input gives an equal graph, whatever its order.

    ``edge_networks`` are those that Cloudflare says of itself, where it was asked.
    """
    nodes = Nodes(settings, edge_networks=edge_networks)
    texts = {}
    for loaded in sorted(systems, key=lambda item: item.name):
        title = loaded.system.title or loaded.name
        texts[loaded.name] = SystemTexts(title=title, summary=loaded.system.summary or "")
        nodes.unreadable = set(loaded.unreadable)
        _add_system(loaded, nodes)
    return StackGraph(
        stack=settings.name,
        target=settings.target,
        systems=tuple(texts),
        texts=texts,
        hosts=_sorted(nodes.hosts),
        meshes=_sorted(nodes.meshes),
        ingresses=_sorted(nodes.ingresses),
        apps=_sorted(nodes.apps),
        networks=_sorted(nodes.networks),
        volumes=_sorted(nodes.volumes),
        services=_sorted(nodes.services),
        processes=_sorted(nodes.processes),
        sites=_sorted(nodes.sites),
        jobs=_sorted(nodes.jobs),
        variables=_sorted(nodes.variables),
        secrets=_sorted(nodes.secrets),
        routes=_sorted(nodes.routes),
        zones=_sorted(nodes.zones),
        records=_sorted(nodes.records),
        databases=_sorted(nodes.databases),
        buckets=_sorted(nodes.buckets),
        backups=_sorted(nodes.backups),
        disposable=tuple(sorted(nodes.disposable, key=lambda d: d.volume)),
        monitors=_sorted(nodes.monitors),
        externals=_sorted(nodes.externals),
        flows=tuple(sorted(nodes.flows, key=lambda f: (f.system, f.source))),
        scenarios=_sorted(nodes.scenarios),
        waivers=tuple(sorted(nodes.waivers, key=lambda w: (w.system, w.source))),
        host_ports=tuple(sorted(nodes.host_ports, key=lambda p: (p.host, p.port.start, p.owner))),
        edges=all_edges(nodes),
        unresolved=tuple(sorted(nodes.unresolved, key=lambda u: (u.source, u.name))),
        edge_networks=edge_networks,
        acme_directory=settings.acme_directory,
    )


def _sorted(mapping: Mapping[str, T]) -> Mapping[str, T]:
    return dict(sorted(mapping.items()))


def _add_system(loaded: LoadedSystem, nodes: Nodes) -> None:
    # In this order, because each may name what those before it have added.
    add_hosts(loaded, nodes)
    _add_zones(loaded, nodes)
    add_externals(loaded, nodes)
    for key in sorted(loaded.apps):
        app = _add_app(loaded, key, nodes)
        if app is not None:
            AppBuilder(loaded, loaded.apps[key], app, nodes).add()
    _note_unknown_ports(loaded, nodes)
    add_processes(loaded, nodes)
    add_mesh(loaded, nodes)
    add_routes(loaded, nodes)
    add_ingresses(loaded, nodes)
    fill_mesh_records(loaded, nodes)
    add_operations(loaded, nodes)
    add_calls(loaded, nodes)
    _settle_records(loaded, nodes)


def _add_app(loaded: LoadedSystem, key: str, nodes: Nodes) -> App | None:
    app = loaded.apps[key]
    host = nodes.host(loaded, app.app.host, ("apps", key, "host"))
    if host is None:
        nodes.unreadable.add(key)  # its services run nowhere: that is told once, not for each
        return None
    id_ = f"app:{loaded.name}/{key}"
    nodes.apps[id_] = App(
        id=id_,
        system=loaded.name,
        key=key,
        logical_name=logical(loaded.name, key),
        project=project(loaded.name, key, app.compose.name, nodes.settings.target),
        host=host,
        compose_file=f"{loaded.name}/{app.app.compose}",
        managed_by=nodes.hosts[host].managed_by,
        source=loaded.document.where(("apps", key)),
    )
    return nodes.apps[id_]


def _note_unknown_ports(loaded: LoadedSystem, nodes: Nodes) -> None:
    known = {
        publication_key(app_key, key, port.published, port.protocol)
        for app_key, app in loaded.apps.items()
        for key, service in app.compose.services.items()
        for port in service.ports
    }
    for name in loaded.system.ports:
        if name not in known and name.partition(":")[0] not in loaded.unreadable:
            source = loaded.document.where(("ports", name))
            nodes.unresolved_name(name, "published port", known, source)


def _add_zones(loaded: LoadedSystem, nodes: Nodes) -> None:
    for name, zone in loaded.system.zones.items():
        id_ = f"zone:{loaded.name}/{name}"
        nodes.zones[id_] = Zone(
            id=id_,
            system=loaded.name,
            logical_name=logical(loaded.name, name.replace(".", "-")),
            name=name,
            provider=zone.provider,
            managed_by=zone.managed_by,
            create=zone.create,
            policy=zone.policy,
            proxied=zone.proxied,
            txt=zone.txt,
            mx=zone.mx,
            cname=zone.cname,
            settings=_zone_settings(loaded, nodes, name, zone),
            source=loaded.document.where(("zones", name)),
        )
        for record_name, record in zone.records.items():
            _add_record(loaded, nodes, id_, record_name, record)


def _settle_records(loaded: LoadedSystem, nodes: Nodes) -> None:
    """Decide which names that no route serves are proxied, now that what is behind them is known.

    Only those behind which a host answers HTTP by itself, and that nothing else is called by.
    """
    spoken = {
        flow.via for flow in nodes.flows if (flow.protocol or "http").lower() not in OVER_HTTP
    }
    answering = {
        port.host
        for port in nodes.host_ports
        if port.protocol == "tcp" and not port.loopback and port.owner not in nodes.ingresses
        if any(number in CLOUDFLARE_PORTS for number in port.port)
    }
    for zone in loaded.system.zones.values():
        for name, spec in zone.records.items():
            record = nodes.records.get(f"record:{loaded.name}/{name}")
            if record is not None and record.proxied and spec.proxied is None:
                proxied = record.host in answering and name not in spoken
                nodes.records[record.id] = replace(record, proxied=proxied)


def _zone_settings(
    loaded: LoadedSystem, nodes: Nodes, name: str, zone: ZoneSpec
) -> ZoneSettings | None:
    if nodes.settings.target == "dev" or zone.provider == "external":
        return None
    return nodes.settings.of(loaded.name).zones.get(name)


def _add_record(
    loaded: LoadedSystem, nodes: Nodes, zone: str, name: str, record: RecordSpec
) -> None:
    at = ("zones", nodes.zones[zone].name, "records", name)
    host = nodes.host(loaded, record.host, (*at, "host"))
    if host is None:
        return
    id_ = f"record:{loaded.name}/{name}"
    nodes.records[id_] = Record(
        id=id_,
        zone=zone,
        host=host,
        name=served(name, nodes.settings.target),
        declared_name=name,
        proxied=nodes.zones[zone].proxied if record.proxied is None else record.proxied,
        purpose=record.purpose,
        source=loaded.document.where(at),
    )
