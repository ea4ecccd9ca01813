"""What a stack does otherwise than its system files say, for every plan and preview."""

from __future__ import annotations

from collections.abc import Iterator

from config.stack import NAMESPACE
from graph.model import StackGraph


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
        if zone.system == system and zone.provider == "cloudflare":
            yield f"zone {zone.name} is left as it is: its DNS records are not provisioned"


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
        ingress = graph.ingress_of(host.id)
        if ingress is not None and ingress.kind == "nginx":
            yield f"nginx on {host.key} is left as it is: its virtual hosts are not provisioned"


def _described(graph: StackGraph, system: str) -> Iterator[str]:
    for kind, nodes in (
        ("process", graph.processes),
        ("site", graph.sites),
        ("job", graph.jobs),
        ("bucket", graph.buckets),
        ("backup", graph.backups),
    ):
        for node in nodes.values():
            if node.system == system:
                yield f"{kind} {node.key} is described, not provisioned"
    if graph.target == "prod" and graph.mesh_of(system):
        yield "the mesh is described, not provisioned"
