"""The whole program: a stack's settings, its systems, their graph, its findings, its resources."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pulumi
from pydantic import SecretStr

from components.notes import notes
from components.settings import stack_settings
from components.system import System, SystemArgs
from config.finding import FindingsError
from config.load import secret_values
from graph.judge import judge


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
        outputs = {"urls": system.urls, "hosts": system.addresses}
        pulumi.export(loaded.name, {**outputs, "notes": notes(graph, loaded.name)})


def secret_lookup(secrets: Mapping[str, SecretStr]) -> Callable[[str], pulumi.Output[str]]:
    """Give a lookup that turns each secret's value into an output, once."""

    @functools.cache
    def lookup(name: str) -> pulumi.Output[str]:
        return pulumi.Output.secret(secrets[name].get_secret_value())

    return lookup
