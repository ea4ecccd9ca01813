"""The same resources twice: registered by the components, and by the SDK's calls alone.

The bare calls get ready-made inputs; outputs that go from one resource to the next, secrets and
`register_outputs` are among them, since no program can do without.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_command as command
import pulumi_docker as docker

from cli.project import Project
from components.program import secret_lookup
from components.system import System, SystemArgs
from config.load import load_systems, secret_values
from graph.build import build
from preview.record import record
from preview.resource import Resource
from preview.value import UNKNOWN, Secret

CLASSES: dict[str, Callable[..., pulumi.Resource]] = {
    "command:local:Command": command.local.Command,
    "docker:index/container:Container": docker.Container,
    "docker:index/network:Network": docker.Network,
    "docker:index/remoteImage:RemoteImage": docker.RemoteImage,
    "docker:index/volume:Volume": docker.Volume,
    "pulumi:providers:docker": docker.Provider,
}


def our_program(project: Path) -> tuple[Callable[[], None], tuple[Resource, ...]]:
    """Give a run of the components on DYNIQ's graph, and the resources that it registers."""
    found = Project(root=project)
    settings = found.settings("dev", ["dyniq"])
    systems = load_systems(settings.directories(project), settings, relative_to=project)
    graph = build(systems, settings)
    secrets = secret_values(systems[0], settings)

    def declare() -> None:
        args = SystemArgs(
            graph=graph,
            system="dyniq",
            docker_host=settings.docker_host,
            secret=secret_lookup(secrets),
        )
        System("dyniq", args)

    def run() -> None:
        record(declare, project="bench", stack="dev", config={})

    resources = record(declare, project="bench", stack="dev", config={}).resources
    return run, resources


def bare_program(resources: tuple[Resource, ...]) -> Callable[[], None]:
    """Give a run that registers the same resources with the same inputs, and nothing around it."""
    stack = resources[0].urn
    calls = [_call(resource, stack) for resource in resources[1:]]

    def declare() -> None:
        made: dict[str, pulumi.Resource] = {}
        for urn, call in calls:
            made[urn] = call(made)

    def run() -> None:
        record(declare, project="bench", stack="dev", config={})

    return run


def _call(
    resource: Resource, stack: str
) -> tuple[str, Callable[[dict[str, pulumi.Resource]], pulumi.Resource]]:
    inputs = {_snake(key): _plain(value) for key, value in resource.inputs.items()}
    secret = [_snake(key) for key, value in resource.inputs.items() if _has_secret(value)]
    unknown = {
        _snake(key): resource.property_dependencies[key]
        for key, value in resource.inputs.items()
        if value is UNKNOWN or value == [UNKNOWN] * len(resource.property_dependencies.get(key, ()))
        if resource.property_dependencies.get(key)
    }
    provider = resource.provider.rpartition("::")[0] if resource.provider else ""
    depends = [urn for urn in resource.dependencies if urn != stack]

    def call(made: dict[str, pulumi.Resource]) -> pulumi.Resource:
        # The links are looked up before they are used, as a program's variables would be.
        opts = pulumi.ResourceOptions(
            parent=made.get(resource.parent or ""),
            provider=made.get(provider),  # type: ignore[arg-type]
            depends_on=[made[urn] for urn in depends if urn in made],
            protect=resource.protect or None,
            delete_before_replace=resource.delete_before_replace,
            ignore_changes=list(resource.ignore_changes) or None,
            replace_on_changes=list(resource.replace_on_changes) or None,
        )
        if not resource.custom:
            component = pulumi.ComponentResource(resource.type, resource.name, None, opts)
            component.register_outputs({})
            return component
        # An output belongs to the run that made it. What is unknown was another's output.
        outputs: dict[str, Any] = {key: pulumi.Output.secret(inputs[key]) for key in secret}
        for key, urns in unknown.items():
            ids = [made[urn].id for urn in urns]  # type: ignore[attr-defined]
            outputs[key] = ids if isinstance(inputs[key], list) else ids[0]
        return CLASSES[resource.type](resource.name, opts=opts, **{**inputs, **outputs})

    return resource.urn, call


def _snake(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", lambda match: f"_{match[1].lower()}", key)


def _has_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_secret(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_secret(item) for item in value)
    return isinstance(value, Secret)


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return _plain(value.value)
    if isinstance(value, dict):
        return {_snake(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else "unknown"
