"""Policies that are rules of the graph: the same functions, asked about a graph of resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from config.host import Job as JobSpec
from graph.model import Job, StackGraph
from graph.rules import RULES, Rule
from policy.graphs import docker_graph
from policy.places import blank, place, readable
from policy.policies import Judge, Options, Policy, Scope, Violation
from policy.resources import CONTAINER, IMAGE, NETWORK, VOLUME, Resource, text

BY_ID: Final[Mapping[str, Rule]] = {rule.id: rule for rule in RULES}

COMMANDS: Final = frozenset({"command:local:Command", "command:remote:Command"})
_STARTED: Final = ("image", "entrypoint", "command", "restart")
"""What tells whether a container runs its image's own program."""

_ROTATES: Final[Mapping[str, dict[str, Any]]] = {
    "daemonRotatesLogs": {
        "type": "boolean",
        "description": "The daemon rotates the logs of containers that say nothing of theirs.",
    }
}


def _of(
    id_: str,
    inputs: str,
    *reads: str,
    scope: Scope = "resource",
    also: tuple[str, ...] = (),
    options: Mapping[str, dict[str, Any]] | None = None,
) -> Policy:
    """Make a policy of a rule; ``reads`` are the keys of a service that it judges by."""
    rule = BY_ID[id_]

    def judge(resources: Sequence[Resource], options: Options) -> Iterator[Violation]:
        rotated = options.get("daemonRotatesLogs") is True
        yield from _asked(rule, docker_graph(resources, reads, logs_rotated=rotated))

    return Policy(
        id=id_,
        title=rule.title,
        severity=rule.severity,
        scope=scope,
        types=frozenset({CONTAINER, *also}),
        inputs=inputs,
        judge=judge,
        because=f"rule {id_}",
        options=options or {},
    )


def _asked(rule: Rule, graph: StackGraph) -> Iterator[Violation]:
    for breach in rule.check(graph):
        # The file of a place is the resource's URN.
        yield Violation(breach.source.file, readable(breach.fact), readable(breach.remedy))


def _floating(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    for resource in resources:
        container = resource
        if resource.type == IMAGE:
            if resource.inputs.get("build") is not None:
                continue  # made here: its tag is whatever the program says
            container = replace(
                resource, type=CONTAINER, inputs={"image": resource.inputs.get("name")}
            )
        yield from _asked(BY_ID["D03"], docker_graph([container], ("image",)))


def _secrets(resources: Sequence[Resource], _options: Options) -> Iterator[Violation]:
    yield from _asked(BY_ID["S10"], docker_graph(resources, with_values=False))
    jobs = {}
    for number, resource in enumerate(resources):
        if resource.type not in COMMANDS:
            continue
        parts = (text(resource.inputs.get(key)) for key in ("create", "update", "delete"))
        jobs[f"job:#{number}"] = Job(
            id=f"job:#{number}",
            system="",
            host="",
            key=resource.name,
            spec=JobSpec(
                host="none",
                schedule="* * * * *",
                command="\n".join(part for part in parts if part),
                purpose="",
            ),
            source=place(resource),
        )
    yield from _asked(BY_ID["S10"], blank(jobs=jobs))


def _with_judge(policy: Policy, judge: Judge, *types: str) -> Policy:
    return replace(policy, judge=judge, types=policy.types | set(types))


OF_RULES: Final[tuple[Policy, ...]] = (
    _with_judge(_of("D03", "Container.image, RemoteImage.name"), _floating, IMAGE),
    _of("D05", "mounts, volumes", "image", "volumes", "environment"),
    _of("D06", "command, entrypoints, uploads", "image", "command", "entrypoint"),
    _of("D12", "envs"),
    _of("F02", "memory", "mem_limit"),
    _of("F03", "memory", "mem_limit", *_STARTED),
    _of("F04", "memory, envs, command", "mem_limit", "command", "entrypoint"),
    _of("F06", "volumes, user", "image", "volumes", "user"),
    _of("F07", "capabilities", *_STARTED, "cap_drop", "privileged", "user"),
    _of("F08", "readOnly, tmpfs, mounts", *_STARTED, "read_only", "tmpfs", "volumes"),
    _of("F11", "volumes", "image", "volumes"),
    _of("F12", "logDriver, logOpts", "logging", options=_ROTATES),
    _of("F14", "shmSize", "image", "shm_size", "tmpfs", "volumes"),
    _of("G12", "volumes", "image", "volumes"),
    _of("H01", "healthcheck", "image", "healthcheck"),
    _of("H03", "healthcheck", "healthcheck"),
    _of("H05", "healthcheck", "image", "healthcheck"),
    _of("H06", "healthcheck", "healthcheck"),
    _of("P04", "ports", "image", "ports"),
    _of("P14", "ports", "image", "ports", "healthcheck"),
    _of("S02", "envs", *_STARTED, "environment"),
    _of("S08", "envs", "image"),
    _with_judge(_of("S10", "command, labels, healthcheck, create"), _secrets, *COMMANDS),
    _of("B16", "mounts, volumes", *_STARTED, "volumes", "environment"),
    _of("A06", "mounts", "volumes", scope="stack", also=(VOLUME,)),
    _of("M09", "envs", "image", "environment", scope="stack"),
    _of("N04", "ports, networksAdvanced", "networks", scope="stack", also=(NETWORK,)),
    _of("N07", "ipamConfigs", scope="stack", also=(NETWORK,)),
    _of("N10", "name", scope="stack", also=(NETWORK, VOLUME)),
    _of("N13", "networksAdvanced", scope="stack", also=(NETWORK,)),
    _of("P01", "ports", scope="stack"),
    _of("R15", "envs, command, hosts", scope="stack", also=(NETWORK,)),
)
"""The rules that need nothing but what resources say."""
