"""The whole program: a stack's settings, its systems, their graph, its findings, its resources."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pulumi
from pydantic import SecretStr

from components.edge_provider import edge_networks, zone_providers
from components.notes import notes
from components.preflight import Preflight
from components.settings import stack_settings
from components.system import System, SystemArgs
from config.finding import FindingsError
from config.load import secret_values
from graph.cloudflare import CLOUDFLARE_NETWORKS
from graph.judge import judge


def run(project: Path, preflight: Preflight | None = None) -> None:
    """Declare every resource of the current stack; a `pulumi.RunError` says what is wrong.

    With ``preflight`` hosts and registries are asked first; without, nothing is connected to.
    """
    try:
        settings = stack_settings(project)
        providers = zone_providers(settings)
        directories = settings.directories(project)
        judgement = judge(
            directories,
            settings,
            relative_to=project,
            today=datetime.now(UTC).date(),
            ask=preflight.published if preflight else None,
            edge_networks=edge_networks(providers.values()) if preflight else CLOUDFLARE_NETWORKS,
        ).accepted()
    except FindingsError as error:
        raise pulumi.RunError(f"\n{error}") from None
    for finding in judgement.findings:
        pulumi.log.warn(str(finding))
    graph = judgement.graph
    if preflight:
        preflight.reachable(graph)
    for loaded in judgement.systems:
        secrets = secret_values(loaded, settings)
        args = SystemArgs(
            graph=graph,
            system=loaded.name,
            docker_host=settings.docker_host,
            secret=secret_lookup(secrets),
            providers=providers,
        )
        system = System(loaded.name, args)
        outputs: dict[str, pulumi.Output[Any]] = {
            "urls": system.urls,
            "hosts": system.addresses,
        }
        if any(id_.startswith(f"zone:{loaded.name}/") for id_ in providers):
            outputs["name_servers"] = system.name_servers
        pulumi.export(loaded.name, {**outputs, "notes": notes(graph, loaded.name)})


def secret_lookup(secrets: Mapping[str, SecretStr]) -> Callable[[str], pulumi.Output[str]]:
    """Give a lookup that turns each secret's value into an output, once."""

    @functools.cache
    def lookup(name: str) -> pulumi.Output[str]:
        return pulumi.Output.secret(secrets[name].get_secret_value())

    return lookup
