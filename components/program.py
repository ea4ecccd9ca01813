"""The whole program: a stack's settings, its systems, their graph, its findings, its resources."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pulumi
from pydantic import SecretStr

from components.settings import stack_settings
from components.system import System, SystemArgs
from config.finding import FindingsError
from config.load import secret_values
from graph.judge import judge
from graph.model import StackGraph


def run(project: Path) -> None:
    """Declare every resource of the current stack; a `pulumi.RunError` says what is wrong."""
    try:
        settings = stack_settings(project)
        directories = settings.directories(project)
        judgement = judge(
            directories, settings, relative_to=project, today=datetime.now(UTC).date()
        ).accepted()
    except FindingsError as error:
        raise pulumi.RunError(f"\n{error}") from None
    for finding in judgement.findings:
        pulumi.log.warn(str(finding))
    graph = judgement.graph
    for loaded in judgement.systems:
        secrets = secret_values(loaded, settings)
        args = SystemArgs(
            graph=graph,
            system=loaded.name,
            docker_host=settings.docker_host,
            secret=secret_lookup(secrets),
        )
        system = System(loaded.name, args)
        pulumi.export(loaded.name, {"urls": system.urls, "notes": notes(graph, loaded.name)})


def secret_lookup(secrets: Mapping[str, SecretStr]) -> Callable[[str], pulumi.Output[str]]:
    """Give a lookup that turns each secret's value into an output, once."""

    @functools.cache
    def lookup(name: str) -> pulumi.Output[str]:
        return pulumi.Output.secret(secrets[name].get_secret_value())

    return lookup


def notes(graph: StackGraph, system: str) -> list[str]:
    """Say what a stack does otherwise than the system files: stand-ins, and what it leaves out."""
    said = [
        f"{service.image.stand_in_for} is a stand-in: its image is not configured"
        for service in graph.services.values()
        if service.image.stand_in_for and graph.apps[service.app].system == system
    ]
    return said + list(_left_out(graph, system))


def _left_out(graph: StackGraph, system: str) -> Iterator[str]:
    prod = graph.target == "prod"
    for zone in graph.zones.values():
        if zone.system == system and zone.provider == "cloudflare":
            yield f"zone {zone.name} is left as it is: its DNS records are not provisioned"
    for host in graph.hosts.values():
        if host.system == system and host.managed_by:
            yield f"host {host.key} is left as it is: managed by {host.managed_by}"
    for ingress in graph.ingresses.values():
        host = graph.hosts[ingress.host]
        if ingress.kind == "nginx" and host.system == system:
            yield f"nginx on {host.key} is left as it is: its virtual hosts are not provisioned"
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
    if prod and graph.mesh_of(system):
        yield "the mesh is described, not provisioned"
