"""What a stack does otherwise than its system files say, for every plan and preview."""

from __future__ import annotations

from collections.abc import Iterator

from config.stack import NAMESPACE
from graph.model import StackGraph
from graph.names import DEV_DOMAIN


def notes(graph: StackGraph, system: str) -> list[str]:
    """Say what a stack does otherwise than the system files: stand-ins, and what it leaves out."""
    return [
        *_stand_ins(graph, system),
        *_names(graph, system),
        *_hosts(graph, system),
        *_described(graph, system),
    ]


def _stand_ins(graph: StackGraph, system: str) -> Iterator[str]:
    for service in graph.services.values():
        if service.image.stand_in_for and graph.apps[service.app].system == system:
            yield f"{service.image.stand_in_for} is a stand-in: its image is not configured"


def _names(graph: StackGraph, system: str) -> Iterator[str]:
    for zone in graph.zones.values():
        if zone.system == system and zone.provider == "cloudflare" and zone.settings is None:
            yield f"zone {zone.name} is left out: names end in .{DEV_DOMAIN} here"


def _hosts(graph: StackGraph, system: str) -> Iterator[str]:
    for host in graph.hosts.values():
        if host.system != system:
            continue
        if host.managed_by:
            yield f"host {host.key} is left as it is: managed by {host.managed_by}"
        elif host.access and host.access.first:
            path = f"{NAMESPACE}:{system}.hosts.{host.key}.first"
            yield (
                f"host {host.key} may still be reached by its first login; once `up` has "
                f"succeeded, run pulumi config rm --stack {graph.stack} --path '{path}'"
            )


def _described(graph: StackGraph, system: str) -> Iterator[str]:
    for kind, programs in (
        ("process", graph.processes),
        ("site", graph.sites),
        ("job", graph.jobs),
    ):
        for program in programs.values():
            host = graph.hosts[program.host]
            if program.system == system and (host.access is None or host.managed_by):
                yield f"{kind} {program.key} is described, not provisioned"
    for kind, nodes in (("bucket", graph.buckets), ("backup", graph.backups)):
        for node in nodes.values():
            if node.system == system:
                yield f"{kind} {node.key} is described, not provisioned"
    if graph.target == "prod" and graph.mesh_of(system):
        yield "the mesh is described, not provisioned"
