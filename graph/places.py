"""Builds hosts, and what stands on them besides apps: processes, sites, jobs, the mesh."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config.host import Process as ProcessSpec
from config.load import LoadedSystem
from graph.apps import ANY_ADDRESS
from graph.model import Host, HostPort, Job, Mesh, Process, Site
from graph.names import host_ports, logical
from graph.nodes import Nodes


def add_hosts(loaded: LoadedSystem, nodes: Nodes) -> None:
    """Add a system's hosts."""
    dev = nodes.settings.target == "dev"
    for key, host in loaded.system.hosts.items():
        id_ = f"host:{loaded.name}/{key}"
        access = None if dev else nodes.settings.of(loaded.name).hosts.get(key)
        nodes.hosts[id_] = Host(
            id=id_,
            system=loaded.name,
            key=key,
            logical_name=logical(loaded.name, key),
            machine="this machine" if dev and not host.managed_by else id_,
            kind=host.kind,
            platform=host.platform,
            cpus=host.cpus,
            memory=host.memory,
            swap=host.swap,
            purpose=host.purpose,
            environment=host.environment,
            managed_by=host.managed_by,
            hardened=host.hardened,
            ssh=host.ssh.access,
            docker=host.docker,
            bans=host.bans,
            access=access,
            source=loaded.document.where(("hosts", key)),
        )
        if access is not None and not host.managed_by:
            _add_ssh(loaded, nodes, nodes.hosts[id_], access.port)


def _add_ssh(loaded: LoadedSystem, nodes: Nodes, host: Host, port: int) -> None:
    nodes.host_ports.append(
        HostPort(
            host=host.id,
            ip=ANY_ADDRESS,
            port=range(port, port + 1),
            protocol="tcp",
            owner=host.id,
            access=host.ssh,
            purpose="SSH",
            source=loaded.document.where(("hosts", host.key, "ssh")),
        )
    )


def add_processes(loaded: LoadedSystem, nodes: Nodes) -> None:
    """Add a system's processes, with the ports that they listen on, its sites and its jobs."""
    for key, spec, host in _placed(loaded, nodes, "processes", loaded.system.processes):
        _add_process(loaded, nodes, key, spec, host)
    for key, spec, host in _placed(loaded, nodes, "sites", loaded.system.sites):
        id_ = f"site:{loaded.name}/{key}"
        nodes.sites[id_] = Site(
            id=id_,
            system=loaded.name,
            host=host,
            key=key,
            spec=spec,
            source=loaded.document.where(("sites", key)),
        )
    for key, spec, host in _placed(loaded, nodes, "jobs", loaded.system.jobs):
        id_ = f"job:{loaded.name}/{key}"
        nodes.jobs[id_] = Job(
            id=id_,
            system=loaded.name,
            host=host,
            key=key,
            spec=spec,
            source=loaded.document.where(("jobs", key)),
        )


def _placed(
    loaded: LoadedSystem, nodes: Nodes, section: str, entries: Mapping[str, Any]
) -> list[tuple[str, Any, str]]:
    """Give the entries whose host exists, with its id; note the others."""
    found = []
    for key, spec in entries.items():
        host = nodes.host(loaded, spec.host, (section, key, "host"))
        if host is None:
            nodes.unreadable.add(key)
        else:
            found.append((key, spec, host))
    return found


def _add_process(
    loaded: LoadedSystem, nodes: Nodes, key: str, spec: ProcessSpec, host: str
) -> None:
    id_ = f"process:{loaded.name}/{key}"
    nodes.processes[id_] = Process(
        id=id_,
        system=loaded.name,
        host=host,
        key=key,
        logical_name=logical(loaded.name, key),
        spec=spec,
        source=loaded.document.where(("processes", key)),
    )
    for variable, secret in spec.secrets.items():
        if secret not in loaded.system.secrets:
            at = loaded.document.where(("processes", key, "secrets", variable))
            nodes.unresolved_name(secret, "secret", loaded.system.secrets, at)
    for index, listener in enumerate(spec.listens):
        port = range(listener.port, listener.port + 1)
        nodes.host_ports.append(
            HostPort(
                host=host,
                ip=listener.address,
                port=host_ports(port, nodes.settings.target),
                protocol="tcp",
                owner=id_,
                target=port,
                access=listener.access,
                source=loaded.document.where(("processes", key, "listens", index)),
            )
        )


def add_mesh(loaded: LoadedSystem, nodes: Nodes) -> None:
    """Add a system's mesh, once its services are known."""
    spec = loaded.system.mesh
    if spec is None:
        return
    members = [
        nodes.host(loaded, name, ("mesh", "members", index))
        for index, name in enumerate(spec.members)
    ]
    control = None
    if spec.control is not None:
        control = nodes.service_named(loaded, spec.control, ("mesh", "control"))
    id_ = f"mesh:{loaded.name}"
    nodes.meshes[id_] = Mesh(
        id=id_,
        system=loaded.name,
        kind=spec.kind,
        cidr=spec.cidr,
        members=tuple(sorted(member for member in members if member)),
        control=control,
        dns=spec.dns,
        source=loaded.document.where(("mesh",)),
    )
