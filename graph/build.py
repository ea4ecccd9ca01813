"""Builds the stack graph from loaded systems.

References that lead nowhere are noted, not raised: the rules report all of them at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from config.load import LoadedSystem
from config.stack import StackSettings
from config.system import Flow
from config.system import Record as RecordSpec
from graph.apps import AppBuilder
from graph.edges import all_edges
from graph.model import App, External, Host, Record, StackGraph, Zone
from graph.names import logical, project, served
from graph.nodes import Nodes
from graph.routes import add_routes

T = TypeVar("T")


def build(systems: Iterable[LoadedSystem], settings: StackSettings) -> StackGraph:
    """Build the graph of a stack: the same input gives an equal graph, whatever its order."""
    nodes = Nodes(settings)
    names = []
    for loaded in sorted(systems, key=lambda item: item.name):
        names.append(loaded.name)
        nodes.unreadable = set(loaded.unreadable)
        _add_hosts(loaded, nodes)
        _add_zones(loaded, nodes)
        _add_externals(loaded, nodes)
        for key in sorted(loaded.apps):
            app = _add_app(loaded, key, nodes)
            if app is not None:
                AppBuilder(loaded, loaded.apps[key], app, nodes).add()
        add_routes(loaded, nodes)
        _add_flows(loaded, nodes)
    return StackGraph(
        stack=settings.name,
        target=settings.target,
        systems=tuple(names),
        hosts=_sorted(nodes.hosts),
        ingresses=_sorted(nodes.ingresses),
        apps=_sorted(nodes.apps),
        networks=_sorted(nodes.networks),
        volumes=_sorted(nodes.volumes),
        services=_sorted(nodes.services),
        routes=_sorted(nodes.routes),
        zones=_sorted(nodes.zones),
        records=_sorted(nodes.records),
        externals=_sorted(nodes.externals),
        host_ports=tuple(sorted(nodes.host_ports, key=lambda p: (p.host, p.port.start, p.owner))),
        edges=all_edges(nodes),
        unresolved=tuple(sorted(nodes.unresolved, key=lambda u: (u.source, u.name))),
    )


def _sorted(mapping: Mapping[str, T]) -> Mapping[str, T]:
    return dict(sorted(mapping.items()))


def _add_hosts(loaded: LoadedSystem, nodes: Nodes) -> None:
    for key, host in loaded.system.hosts.items():
        id_ = f"host:{loaded.name}/{key}"
        dev = nodes.settings.target == "dev"
        nodes.hosts[id_] = Host(
            id=id_,
            system=loaded.name,
            key=key,
            logical_name=logical(loaded.name, key),
            machine="this machine" if dev else id_,
            platform=host.platform,
            cpus=host.cpus,
            memory=host.memory,
            access=None if dev else nodes.settings.of(loaded.name).hosts.get(key),
            source=loaded.document.where(("hosts", key)),
        )


def _add_app(loaded: LoadedSystem, key: str, nodes: Nodes) -> App | None:
    app = loaded.apps[key]
    host = f"host:{loaded.name}/{app.app.host}"
    source = loaded.document.where(("apps", key, "host"))
    if host not in nodes.hosts:
        nodes.unresolved_name(app.app.host, "host", loaded.system.hosts, source)
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
        source=loaded.document.where(("apps", key)),
    )
    return nodes.apps[id_]


def _add_zones(loaded: LoadedSystem, nodes: Nodes) -> None:
    for name, zone in loaded.system.zones.items():
        id_ = f"zone:{loaded.name}/{name}"
        nodes.zones[id_] = Zone(
            id=id_,
            system=loaded.name,
            name=name,
            provider=zone.provider,
            ssl=zone.ssl,
            proxied=zone.proxied,
            source=loaded.document.where(("zones", name)),
        )
        for record_name, record in zone.records.items():
            _add_record(loaded, nodes, id_, record_name, record)


def _add_record(
    loaded: LoadedSystem, nodes: Nodes, zone: str, name: str, record: RecordSpec
) -> None:
    at = ("zones", nodes.zones[zone].name, "records", name)
    host = f"host:{loaded.name}/{record.host}"
    if host not in nodes.hosts:
        source = loaded.document.where((*at, "host"))
        nodes.unresolved_name(record.host, "host", loaded.system.hosts, source)
        return
    id_ = f"record:{loaded.name}/{name}"
    nodes.records[id_] = Record(
        id=id_,
        zone=zone,
        host=host,
        name=served(name, nodes.settings.target),
        proxied=nodes.zones[zone].proxied if record.proxied is None else record.proxied,
        purpose=record.purpose,
        source=loaded.document.where(at),
    )


def _add_externals(loaded: LoadedSystem, nodes: Nodes) -> None:
    for key, external in loaded.system.externals.items():
        id_ = f"external:{loaded.name}/{key}"
        nodes.externals[id_] = External(
            id=id_,
            system=loaded.name,
            key=key,
            purpose=external.purpose,
            integration=external.integration,
            source=loaded.document.where(("externals", key)),
        )


def _add_flows(loaded: LoadedSystem, nodes: Nodes) -> None:
    flows: Sequence[Flow | None] = loaded.system.flows
    for index, flow in enumerate(flows):
        if flow is None:
            continue  # could not be read
        source = loaded.document.where(("flows", index))
        ends = [nodes.flow_end(loaded.name, end, source) for end in (flow.source, flow.target)]
        if ends[0] is not None and ends[1] is not None:
            label = ", ".join(text for text in (flow.protocol, flow.purpose) if text)
            nodes.flows.append((ends[0], ends[1], label))
