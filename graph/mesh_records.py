"""Split DNS: the names that members of a mesh resolve to addresses in it.

They are the names with a route that admits the mesh, except the control server's own: a machine
must find that before it is in the mesh, and again when the mesh is down.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Protocol

from config.load import LoadedSystem
from graph.model import Host, Ingress, Mesh, MeshRecord, Route
from graph.nodes import Nodes


class _Built(Protocol):
    """What records are made from: a graph, or one under construction."""

    @property
    def hosts(self) -> Mapping[str, Host]: ...

    @property
    def ingresses(self) -> Mapping[str, Ingress]: ...

    @property
    def routes(self) -> Mapping[str, Route]: ...


def mesh_records(built: _Built, mesh: Mesh) -> tuple[MeshRecord, ...]:
    """Give the records of a mesh's DNS, sorted by name; none where it has no DNS."""
    if not mesh.dns:
        return ()
    routes = [r for r in built.routes.values() if r.system == mesh.system and r.ingress]
    control = control_names(routes, mesh)
    found: dict[str, MeshRecord] = {}
    for route in sorted(routes, key=lambda route: (route.declared_name, route.source)):
        name = route.declared_name
        if not route.mesh or name in control or name in found:
            continue
        host = built.hosts[built.ingresses[route.ingress or ""].host]
        found[name] = MeshRecord(
            name=name,
            mesh=mesh.id,
            host=host.id,
            address=host.access.mesh_address if host.access else None,
            source=route.source,
        )
    return tuple(found.values())


def control_names(routes: Iterable[Route], mesh: Mesh) -> frozenset[str]:
    """Give the names under which machines reach the mesh's control server."""
    return frozenset(r.declared_name for r in routes if r.service and r.service == mesh.control)


def extra_records(records: Iterable[MeshRecord]) -> str:
    """Write records as Headscale reads them at ``dns.extra_records_path``: a JSON list.

    What has no address yet, or is a wildcard, which Headscale does not answer, is left out.
    """
    rows = [
        {
            "name": record.name,
            "type": "A" if ip_address(record.address).version == 4 else "AAAA",
            "value": record.address,
        }
        for record in records
        if record.address is not None and not record.name.startswith("*.")
    ]
    return json.dumps(rows, indent=2) + "\n"


def fill_mesh_records(loaded: LoadedSystem, nodes: Nodes) -> None:
    """Write a system's records into the files that are to hold them, once its routes are known."""
    mesh = nodes.meshes.get(f"mesh:{loaded.name}")
    text = extra_records(mesh_records(nodes, mesh) if mesh else ())
    for service in [each for each in nodes.services.values() if any(f.made for f in each.files)]:
        if nodes.apps[service.app].system == loaded.name:
            files = tuple(replace(f, content=text) if f.made else f for f in service.files)
            nodes.services[service.id] = replace(service, files=files)
