"""Rules on who owns what: one name, one thing; one host, one owner; nothing empty."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterator, Sequence

from config.finding import Severity, Source
from graph.model import Backup, Bucket, External, Host, Ingress, Job, Process, Site, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.judged import spoken
from graph.rules.scope import at


@rule("G03")
def one_name(graph: StackGraph) -> Iterator[Breach]:
    """A name means one thing where flows and scenarios use it."""
    named: dict[tuple[str, str], list[tuple[Source, str]]] = defaultdict(list)
    kinds: Sequence[tuple[str, Sequence[External | Process | Bucket | Host]]] = (
        ("external", list(graph.externals.values())),
        ("process", list(graph.processes.values())),
        ("bucket", list(graph.buckets.values())),
        ("host", list(graph.hosts.values())),
    )
    for kind, nodes in kinds:
        for node in nodes:
            if node.key == "internet":
                yield Breach(
                    node.source,
                    f"{kind} internet cannot be named in a flow, where internet is everyone",
                    "give it another name",
                )
            named[node.system, node.key].append((node.source, kind))
    for (_, key), meanings in named.items():
        (_, first), *later = sorted(meanings)
        for source, kind in later:
            yield Breach(
                source,
                f"{kind} {key} has the name of {first} {key}: a flow that names it can mean either",
                "give one of the two another name",
            )


@rule("K04", severity=Severity.WARNING, absence=True)
def empty(graph: StackGraph) -> Iterator[Breach]:
    """What is described has something in it."""
    for app in graph.apps.values():
        if not graph.services_of(app):
            yield Breach(
                app.source,
                f"{app.key} has no service that is enabled, so nothing of it runs",
                "enable a profile of its services, or remove the app",
            )
    for scenario in graph.scenarios.values():
        if not scenario.steps:
            yield Breach(
                scenario.source,
                f"scenario {scenario.key} has no steps, so it tells nothing",
                "give it steps, or remove it",
            )
    yield from _idle(graph)


def _idle(graph: StackGraph) -> Iterator[Breach]:
    """Find systems for which nothing runs on any host."""
    placed = (graph.apps, graph.processes, graph.sites, graph.jobs)
    busy = {node.system for nodes in placed for node in nodes.values()}
    for host in sorted(graph.hosts.values(), key=lambda each: each.source):
        if host.system not in busy:
            busy.add(host.system)
            yield Breach(
                host.source,
                f"{host.system} has hosts, and nothing that runs on them",
                "give it apps, processes or sites, or take it from the stack's systems",
            )


@rule("K12")
def locked_out(graph: StackGraph) -> Iterator[Breach]:
    """What deploys can reach the SSH server of a host."""
    for host in graph.hosts.values():
        mesh = graph.mesh_of(host.system)
        only_mesh = host.ssh.mesh and host.ssh.allow is None and host.managed_by is None
        if graph.target != "prod" or mesh is None or host.access is None or not only_mesh:
            continue
        if host.access.cloud is not None and host.access.cloud.creates:
            yield Breach(
                at(host.source, "ssh"),
                f"SSH of {host.key} admits the mesh only, and stack {graph.stack} makes the "
                "machine, which is in no mesh before it was set up by SSH",
                "admit in ssh the network that deploys come from until the machine has joined",
            )
            continue
        try:
            address = ipaddress.ip_address(host.access.address)
        except ValueError:
            continue  # a name: the mesh may resolve it
        if address not in ipaddress.ip_network(mesh.cidr):
            yield Breach(
                at(host.source, "ssh"),
                f"SSH of {host.key} admits the mesh only, and stack {graph.stack} deploys to "
                f"{address}, outside of the mesh's {mesh.cidr}",
                "deploy to its address in the mesh, or admit in ssh the network that deploys come "
                "from",
            )


@rule("K15")
def two_owners(graph: StackGraph) -> Iterator[Breach]:
    """A host has one owner, and is described once."""
    ours: list[Ingress | Process | Job | Site | Backup] = [
        *graph.ingresses.values(),
        *graph.processes.values(),
        *graph.jobs.values(),
        *graph.sites.values(),
        *graph.backups.values(),
    ]
    for node in ours:
        host = graph.hosts[node.host]
        if host.managed_by is not None:
            yield Breach(
                node.source,
                f"{spoken(node.id)} would be written to {host.key}, which others manage "
                f"({host.managed_by})",
                "move it to a host of yours, or remove it: of a host of others only apps can be "
                "described",
            )
    if graph.target == "prod":
        yield from _twice(graph)


def _twice(graph: StackGraph) -> Iterator[Breach]:
    first: dict[tuple[str, int], Host] = {}
    for host in graph.hosts.values():
        if host.access is None:
            continue
        cloud = host.access.cloud
        # A cloud gives each machine an address of its own; an existing one is known by its id.
        address = host.access.address or (cloud.instance if cloud else None)
        if not address:
            continue
        # Behind one address several hosts may stand, each with an SSH port of its own.
        known = first.setdefault((address.lower(), host.access.port), host)
        if known is not host:
            yield Breach(
                host.source,
                f"host {spoken(host.id)} of {host.system} has the address of host "
                f"{spoken(known.id)} of {known.system} on stack {graph.stack}",
                "correct the address; or, if they are one machine, describe it once",
            )
