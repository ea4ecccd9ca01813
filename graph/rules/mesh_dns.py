"""The mesh's DNS: that it knows its names, and that no address is taken for one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from config.finding import Severity
from config.stack import NAMESPACE
from graph.mesh_records import mesh_records
from graph.model import Host, Mesh, Service, StackGraph
from graph.records import in_mesh, public_targets, wanted_records
from graph.rules.base import Breach, rule
from graph.rules.scope import at


@rule("V10")
def address_of_another_network(graph: StackGraph) -> Iterator[Breach]:
    """A host's public and mesh addresses are each of their own network, and its own."""
    yield from _of_two_hosts(graph)
    for host in graph.hosts.values():
        mesh, access = graph.mesh_of(host.system), host.access
        if mesh is None or access is None:
            continue
        own = access.mesh_address
        if own is not None and not _lies_in(own, mesh.cidr):
            yield Breach(
                host.source,
                f"the mesh address of host {host.key} on stack {graph.stack} is {own}, outside of "
                f"the mesh's {mesh.cidr}",
                f"set what the mesh's client tells there: {_set(graph, host, 'mesh_address')}",
            )
        for number, public in enumerate(access.public_addresses):
            if in_mesh(graph, host, public):
                yield Breach(
                    host.source,
                    f"{public} stands among the public addresses of host {host.key} on stack "
                    f"{graph.stack}, and is of the mesh",
                    "set where the internet reaches it: "
                    f"{_set(graph, host, f'public_addresses[{number}]')}",
                )
        yield from _public_unknown(graph, host)


def _of_two_hosts(graph: StackGraph) -> Iterator[Breach]:
    """Find a mesh address that two members have: names of one would lead to the other."""
    first: dict[tuple[str, str], Host] = {}
    for mesh in graph.meshes.values():
        for host in (graph.hosts[member] for member in mesh.members):
            own = host.access.mesh_address if host.access else None
            if own is None:
                continue
            other = first.setdefault((mesh.id, str(ip_address(own))), host)
            if other is not host:
                yield Breach(
                    host.source,
                    f"hosts {other.key} and {host.key} have one mesh address on stack "
                    f"{graph.stack}, {own}",
                    f"set what the mesh's client tells there: {_set(graph, host, 'mesh_address')}",
                )


def _public_unknown(graph: StackGraph, host: Host) -> Iterator[Breach]:
    """Find a host that public names lead to, and of which only the mesh's address is known."""
    access = host.access
    if access is None or not in_mesh(graph, host, access.address) or access.public_addresses:
        return
    names = sorted(
        {
            record.name
            for zone in graph.zones.values()
            for record in wanted_records(graph, zone)
            if record.host == host.id and not public_targets(graph, host)
        }
    )
    if names:
        rest = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield Breach(
            host.source,
            f"public DNS needs the address of host {host.key} for {names[0]}{rest}, and stack "
            f"{graph.stack} tells only the one in the mesh",
            _set(graph, host, "public_addresses[0]"),
        )


@rule("V02", severity=Severity.WARNING, absence=True)
def name_missing_in_the_mesh(graph: StackGraph) -> Iterator[Breach]:
    """The mesh's DNS knows every name that is for the mesh."""
    for mesh in graph.meshes.values():
        records = mesh_records(graph, mesh)
        for record in records:
            if record.name.startswith("*."):
                yield Breach(
                    record.source,
                    f"{record.name} is for the mesh, whose DNS answers no wildcards",
                    "give each name a route of its own",
                )
            if record.host not in mesh.members:
                yield Breach(
                    at(record.source, "access"),
                    f"{record.name} is for the mesh, and {graph.hosts[record.host].key}, which "
                    "serves it, is no member",
                    "add it to the members of the mesh, or serve the name from one",
                )
        if records and mesh.kind == "headscale" and mesh.control is not None:
            yield from _not_delivered(graph, mesh, graph.services[mesh.control], len(records))
    for service in graph.services.values():
        system = graph.apps[service.app].system
        mesh_or_none = graph.mesh_of(system)
        if any(file.made for file in service.files) and not (mesh_or_none and mesh_or_none.dns):
            fact = f"{system} has none" if mesh_or_none is None else "it has none (dns: false)"
            yield Breach(
                at(service.source, "configs"),
                f"{service.key} is to read the records of the mesh's DNS, and {fact}",
                "declare the mesh in system.yaml, with dns: true; or remove the config",
            )


def _not_delivered(
    graph: StackGraph, mesh: Mesh, control: Service, number: int
) -> Iterator[Breach]:
    if graph.apps[control.app].managed_by is not None:
        return
    names = f"{number} name{'' if number == 1 else 's'}"
    targets = [file.target for file in control.files if file.made]
    if not targets:
        yield Breach(
            at(mesh.source, "control"),
            f"{names} for the mesh would have to be written into {control.key}'s files by hand",
            'mount a config {content: "[]", x-stackgraph: mesh-records} in it, and name its path '
            "in dns.extra_records_path",
        )
        return
    texts = [file.content or "" for file in control.files if not file.made]
    for target in targets:
        if not any(target in text for text in texts):
            yield Breach(
                at(control.source, "configs"),
                f"{control.key} has the records of the mesh's DNS at {target}, which no config of "
                "it names",
                f"set dns.extra_records_path: {target} in its configuration",
            )


def _set(graph: StackGraph, host: Host, key: str) -> str:
    path = f"{NAMESPACE}:{host.system}.hosts.{host.key}.{key}"
    return f"run pulumi config set --stack {graph.stack} --path '{path}'"


def _lies_in(address: str, cidr: str) -> bool:
    one, network = ip_address(address), ip_network(cidr)
    # A mesh has networks of both versions, and declares one.
    return one.version != network.version or one in network
