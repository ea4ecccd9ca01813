"""Resources for policies, as a recorded program declares them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.program import secret_lookup
from components.system import System, SystemArgs
from config.load import load_systems, secret_values
from config.stack import StackSettings
from graph.build import build
from policy.policies import Violation
from policy.resources import Resource
from policy.table import POLICIES
from preview.record import Recording, record
from preview.value import masked, reveal

BY_ID = {policy.id: policy for policy in POLICIES}


def resource(type_: str, name: str = "it", /, **inputs: Any) -> Resource:
    """Give a resource of somebody's program; options of it are keys that begin with ``_``."""
    options = {key.lstrip("_"): inputs.pop(key) for key in list(inputs) if key.startswith("_")}
    urn = f"urn:pulumi:dev::elsewhere::{type_}::{name}"
    return Resource(type=type_, urn=urn, name=name, inputs=inputs, **options)


def said(id_: str, *resources: Resource, **options: Any) -> list[str]:
    """Tell what a policy says of resources."""
    return [str(each) for each in BY_ID[id_].violations(resources, options)]


def violations(resources: list[Resource]) -> dict[str, tuple[Violation, ...]]:
    """Give what the pack says, by policy."""
    found = {policy.id: policy.violations(resources) for policy in POLICIES}
    return {id_: each for id_, each in found.items() if each}


def read(recording: Recording) -> list[Resource]:
    """Give recorded resources as the engine tells them: what is secret in plain text."""
    by_urn = {each.urn: each for each in recording.resources}
    found = []
    for each in recording.resources:
        provider = (each.provider or "").rpartition("::")[0] or None
        said_by_it: Mapping[str, Any] = by_urn[provider].inputs if provider in by_urn else {}
        found.append(
            Resource(
                type=each.type,
                urn=each.urn,
                name=each.name,
                inputs=masked(reveal(each.inputs)),
                provider=provider,
                machine=said_by_it.get("host"),
                protect=each.protect,
                ignore_changes=each.ignore_changes,
                leads_to=each.property_dependencies,
            )
        )
    return found


def declared(project: Path, directory: Path) -> list[Resource]:
    """Declare a system on the dev stack, whatever its rules say, and give its resources."""
    name = directory.name
    settings = StackSettings(name="dev", target="dev", systems=(name,))
    loaded = load_systems([directory], settings, relative_to=project)
    graph = build(loaded, settings)
    secrets = secret_values(loaded[0], settings)

    def program() -> None:
        args = SystemArgs(
            graph=graph,
            system=name,
            docker_host=settings.docker_host,
            secret=secret_lookup(secrets),
        )
        System(name, args)

    return read(record(program, project="stackgraph", stack="dev", root=project))
