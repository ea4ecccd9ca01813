"""The mesh: who says it, where its names lead, and what it depends on."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from config.access import Sources
from config.finding import Severity, Source
from config.stack import NAMESPACE
from config.units import format_port_range
from graph.model import Service, StackGraph
from graph.records import wanted_records
from graph.rules.base import Breach, rule
from graph.rules.scope import at

_network = lru_cache(maxsize=4096)(ipaddress.ip_network)


@dataclass(frozen=True, slots=True)
class _Access:
    """Who may use what."""

    what: str
    system: str
    sources: Sources
    source: Source


def _accesses(graph: StackGraph) -> Iterator[_Access]:
    for route in graph.routes.values():
        yield _Access(route.address, route.system, route.access, at(route.source, "access"))
    for port in graph.host_ports:
        if port.owner not in graph.hosts:
            what = f"port {format_port_range(port.port)}/{port.protocol}"
            yield _Access(what, graph.hosts[port.host].system, port.access, port.source)
    for host in graph.hosts.values():
        at_ssh = at(host.source, "ssh", "access")
        yield _Access(f"SSH of {host.key}", host.system, host.ssh, at_ssh)


@rule("G10")
def no_mesh(graph: StackGraph) -> Iterator[Breach]:
    """Only a system that has a mesh admits its members."""
    for access in _accesses(graph):
        if access.sources.mesh and graph.mesh_of(access.system) is None:
            yield Breach(
                access.source,
                f"{access.what} admits the mesh, and {access.system} has none",
                "declare it under mesh, or name the callers' networks with allow",
            )


@rule("R06", severity=Severity.WARNING)
def copied_network(graph: StackGraph) -> Iterator[Breach]:
    """The mesh's network is written once; whoever admits the mesh says so.

    A single member may be admitted by its address.
    """
    for access in _accesses(graph):
        mesh = graph.mesh_of(access.system)
        for cidr in access.sources.allow or ():
            if mesh is not None and _copies(cidr, mesh.cidr):
                word = "is" if cidr == mesh.cidr else "overlaps"
                yield Breach(
                    access.source,
                    f"{access.what} admits {cidr}, which {word} the mesh's network {mesh.cidr}",
                    "say mesh: true in its access instead",
                )


def _copies(cidr: str, of: str) -> bool:
    one, other = _network(cidr), _network(of)
    if one.prefixlen in (0, one.max_prefixlen) or one.version != other.version:
        return False
    return one.overlaps(other)


@rule("V01")
def resolved_past_the_mesh(graph: StackGraph) -> Iterator[Breach]:
    """Members of the mesh resolve the names that are for the mesh to addresses in it."""
    public = {
        (zone.id, r.name) for zone in graph.zones.values() for r in wanted_records(graph, zone)
    }
    for route in graph.routes.values():
        mesh = graph.mesh_of(route.system)
        if route.mesh and mesh is not None and not mesh.dns:
            known = (route.zone, route.declared_name) in public or graph.target == "dev"
            found = "its public address (dns: false) and are refused"
            nothing = "nothing (dns: false): no public record leads to it either"
            yield Breach(
                at(route.source, "access"),
                f"{route.address} is for the mesh, whose members resolve "
                f"{found if known else nothing}",
                "set dns: true under mesh",
            )


@rule("V03")
def member_without_address(graph: StackGraph) -> Iterator[Breach]:
    """The address in the mesh of each of its members is known."""
    if graph.target != "prod":
        return
    for mesh in graph.meshes.values():
        for member in mesh.members:
            host = graph.hosts[member]
            if host.access is None or host.access.mesh_address is None:
                path = f"{NAMESPACE}:{host.system}.hosts.{host.key}.mesh_address"
                yield Breach(
                    host.source,
                    f"host {host.key} is in the mesh and has no mesh address on stack "
                    f"{graph.stack}",
                    f"run pulumi config set --stack {graph.stack} --path '{path}'",
                )


@rule("V09", absence=True)
def control_not_saved(graph: StackGraph) -> Iterator[Breach]:
    """What controls the mesh can be restored.

    That its host can be reached meanwhile is P07's.
    """
    saved = {capture.of for backup in graph.backups.values() for capture in backup.captures}
    for mesh in graph.meshes.values():
        if mesh.control is None:
            continue
        control = graph.services[mesh.control]
        if graph.apps[control.app].managed_by is None and not saved & _keeps(graph, control):
            yield Breach(
                at(mesh.source, "control"),
                f"no backup saves what {control.key} keeps, without which each member has to "
                "join the mesh again",
                "add a capture of it, or of its volume, to a backup",
            )


def _keeps(graph: StackGraph, service: Service) -> set[str]:
    """Give all that may hold a service's data, by id."""
    servers = {each.server for each in graph.databases.values() if service.id in each.used_by}
    return {service.id, *(mounted.volume for mounted in service.volumes)} | servers
