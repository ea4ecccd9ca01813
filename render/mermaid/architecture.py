"""Who calls whom: https://mermaid.js.org/syntax/flowchart.html."""

from __future__ import annotations

from collections.abc import Iterator

from graph.model import App, EdgeKind, Host, Ingress, Service, StackGraph
from graph.nodes import INTERNET
from graph.reach import PlaceKind, route_ways
from render.mermaid.text import block, indented, node_id, quoted
from render.names import Names, proxy
from render.ports import container_ports, first_ports

CLOUDFLARE = "cloudflare"
_OUTSIDE = {PlaceKind.INTERNET, PlaceKind.LAN, PlaceKind.ADDRESSES}


def flowchart(graph: StackGraph) -> str:
    """Draw the whole stack graph: `architecture`, and who waits for whom at the start."""
    waits = (
        f"{node_id(edge.source)} -.-> {node_id(edge.target)}"
        for edge in graph.edges
        if edge.kind is EdgeKind.WAITS_FOR and edge.source in graph.services
    )
    return block("graph LR", [*_drawing(graph), *waits])


def architecture(graph: StackGraph) -> str:
    """Draw hosts and what runs on them, what is outside, and who calls whom.

    A dotted arrow is a call that the caller can do without.
    """
    return block("graph LR", _drawing(graph))


def _drawing(graph: StackGraph) -> Iterator[str]:
    yield from _outside(graph)
    for host in graph.hosts.values():
        yield from _host(graph, host)
    yield from _entrances(graph)
    yield from _routes(graph)
    yield from _flows(graph)
    yield from _copies(graph)
    for mesh in graph.meshes.values():
        for member in mesh.members:
            yield f"{node_id(mesh.id)} --- {node_id(member)}"


def _outside(graph: StackGraph) -> Iterator[str]:
    yield f"{node_id(INTERNET)}(({quoted('Internet')}))"
    if _behind_cloudflare(graph) and _cloudflare(graph) == CLOUDFLARE:
        yield f"{node_id(CLOUDFLARE)}[{quoted('Cloudflare')}]"
    for external in graph.externals.values():
        yield f"{node_id(external.id)}[/{quoted(external.key, external.purpose)}/]"
    for bucket in graph.buckets.values():
        place = f"{bucket.spec.provider} {bucket.spec.region}"
        yield f"{node_id(bucket.id)}[({quoted(bucket.key, place)})]"
    for mesh in graph.meshes.values():
        yield f"{node_id(mesh.id)}{{{{{quoted(f'{mesh.kind} mesh', mesh.cidr)}}}}}"


def _behind_cloudflare(graph: StackGraph) -> bool:
    """Whether Cloudflare's proxy stands before any name, or would before a new one."""
    proxied = [zone.proxied for zone in graph.zones.values()]
    return any([*proxied, *(route.proxied for route in graph.routes.values())])


def _cloudflare(graph: StackGraph) -> str:
    """Give the node of Cloudflare: the external of that name where a system describes it."""
    own = (each.id for each in graph.externals.values() if each.key == CLOUDFLARE)
    return next(own, CLOUDFLARE)


def _host(graph: StackGraph, host: Host) -> Iterator[str]:
    managed = f"managed by {host.managed_by}" if host.managed_by else ""
    yield f"subgraph {node_id(host.id)}[{quoted(host.key, host.platform, managed)}]"
    ingress = graph.ingress_of(host.id)
    if ingress is not None:
        ports = f":{ingress.http_port} :{ingress.https_port}"
        if ingress.tunnel:
            ports = "no open port"
        yield from indented([f"{node_id(ingress.id)}[{quoted(proxy(ingress), ports)}]"])
    for process in graph.processes.values():
        if process.host == host.id:
            ports = " ".join(f":{listener.port}" for listener in process.spec.listens)
            label = quoted(process.key, ports, process.spec.manager)
            yield from indented([f"{node_id(process.id)}([{label}])"])
    for site in graph.sites.values():
        if site.host == host.id:
            yield from indented([f"{node_id(site.id)}[[{quoted(site.key, 'static files')}]]"])
    for app in graph.apps.values():
        if app.host == host.id:
            yield from indented(_app(graph, app))
    yield "end"


def _app(graph: StackGraph, app: App) -> Iterator[str]:
    yield f"subgraph {node_id(app.id)}[{quoted(app.key)}]"
    for service in graph.services_of(app):
        yield from indented([_service(graph, service)])
    yield "end"


def _service(graph: StackGraph, service: Service) -> str:
    label = quoted(service.key, first_ports(container_ports(graph, service)))
    return f"{node_id(service.id)}[{label}]"


def _entrances(graph: StackGraph) -> Iterator[str]:
    """Draw the ways from outside to each ingress: past Cloudflare, through it, over the mesh."""
    label = f"-->|{quoted('HTTPS')}|"
    internet, cloudflare = node_id(INTERNET), node_id(_cloudflare(graph))
    kinds = {ingress.id: _places(graph, ingress) for ingress in graph.ingresses.values()}
    tunnels = any(each.tunnel for each in graph.ingresses.values())
    if tunnels or any(PlaceKind.CLOUDFLARE in each for each in kinds.values()):
        yield f"{internet} {label} {cloudflare}"
    for ingress in graph.ingresses.values():
        if PlaceKind.CLOUDFLARE in kinds[ingress.id] or ingress.tunnel:
            by = f"-->|{quoted('tunnel')}|" if ingress.tunnel else label
            yield f"{cloudflare} {by} {node_id(ingress.id)}"
        if kinds[ingress.id] & _OUTSIDE and not ingress.tunnel:
            yield f"{internet} {label} {node_id(ingress.id)}"
        mesh = graph.mesh_of(graph.hosts[ingress.host].system)
        if PlaceKind.MESH in kinds[ingress.id] and mesh is not None:
            yield f"{node_id(mesh.id)} {label} {node_id(ingress.id)}"


def _places(graph: StackGraph, ingress: Ingress) -> set[PlaceKind]:
    routes = graph.routes_of(ingress)
    return {way.place.kind for route in routes for way in route_ways(graph, route)}


def _routes(graph: StackGraph) -> Iterator[str]:
    found: dict[tuple[str, str], list[str]] = {}
    for route in graph.routes.values():
        target = route.service or route.process or route.site
        if route.ingress and target:
            found.setdefault((route.ingress, target), []).append(route.address)
    for (ingress, target), addresses in found.items():
        yield f"{node_id(ingress)} -->|{quoted(*addresses)}| {node_id(target)}"


def _flows(graph: StackGraph) -> Iterator[str]:
    found: dict[tuple[str, str, bool], list[str]] = {}
    for flow in graph.flows:
        protocols = found.setdefault((flow.caller, flow.called, flow.soft), [])
        if flow.protocol and flow.protocol not in protocols:
            protocols.append(flow.protocol)
    for (caller, called, soft), protocols in found.items():
        label = f"|{quoted(', '.join(protocols))}|" if protocols else ""
        yield f"{node_id(caller)} {'-.->' if soft else '-->'}{label} {node_id(called)}"


def _copies(graph: StackGraph) -> Iterator[str]:
    """Draw copies of backups that no flow tells of."""
    drawn = {(flow.caller, flow.called) for flow in graph.flows}
    names = Names(graph)
    for backup in graph.backups.values():
        for copy in backup.copies:
            if (copy.by, copy.to) not in drawn:
                drawn.add((copy.by, copy.to))
                label = quoted(f"copies of {names.of(backup.id)}")
                yield f"{node_id(copy.by)} -->|{label}| {node_id(copy.to)}"
