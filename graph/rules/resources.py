"""Memory, shared memory and logs: what containers may take of their host."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from config.finding import Severity
from graph.catalogue.facts import MIB
from graph.model import Host, Service, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.scope import at, known, ours, serving

SYSTEM_MEMORY = 512 * MIB
"""What a host's own system, SSH and Docker need."""

INGRESS_MEMORY = 256 * MIB
"""The limit that the ingress gets; nginx, where it is a program of the host, needs no less."""

FULL = 0.85
"""The share of a host's memory that limits may add up to without a warning."""

DOCKER_SHM = 64 * MIB
"""What Docker gives a container in /dev/shm."""


@dataclass(frozen=True, slots=True)
class _Budget:
    host: Host
    parts: tuple[tuple[int, str], ...]

    @property
    def total(self) -> int:
        return sum(size for size, _ in self.parts)

    @property
    def fits(self) -> bool:
        return self.total <= self.host.memory - SYSTEM_MEMORY

    @property
    def largest(self) -> str:
        ranked = sorted(self.parts, key=lambda part: (-part[0], part[1]))[:3]
        return f"(the largest: {', '.join(f'{name} {_shown(size)}' for size, name in ranked)})"


def _budgets(graph: StackGraph) -> Iterator[_Budget]:
    parts: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for service in graph.services.values():
        name = f"{graph.apps[service.app].key}/{service.key}"
        parts[service.host].append((service.spec.memory_limit or 0, name))
    for process in graph.processes.values():
        parts[process.host].append((process.spec.memory or 0, process.key))
    for ingress in graph.ingresses.values():
        parts[ingress.host].append((INGRESS_MEMORY, "the ingress"))
    for host in graph.hosts.values():
        if host.managed_by is None:
            yield _Budget(host, tuple(part for part in parts[host.id] if part[0]))


def _shown(size: int) -> str:
    return f"{round(size / MIB)} MiB"


@rule("F01")
def over_budget(graph: StackGraph) -> Iterator[Breach]:
    """The memory limits on a host add up to no more than it has."""
    for budget in _budgets(graph):
        host = budget.host
        if not budget.fits:
            yield Breach(
                at(host.source, "memory"),
                f"memory limits on {host.key} add up to {_shown(budget.total)} {budget.largest}, "
                f"and of its {_shown(host.memory)} the system needs {_shown(SYSTEM_MEMORY)}",
                "lower limits, move an app to another host, or take a larger one",
            )


@rule("G05", severity=Severity.WARNING)
def little_left(graph: StackGraph) -> Iterator[Breach]:
    """The memory limits on a host leave some of it for its system."""
    for budget in _budgets(graph):
        host = budget.host
        if budget.fits and budget.total > FULL * host.memory:
            yield Breach(
                at(host.source, "memory"),
                f"memory limits on {host.key} add up to {_shown(budget.total)} {budget.largest}, "
                f"{budget.total / host.memory:.0%} of its {_shown(host.memory)}, which leaves "
                "the system little",
                "lower limits, or plan a larger host",
            )


@rule("F02", severity=Severity.WARNING)
def no_memory_limit(graph: StackGraph) -> Iterator[Breach]:
    """A service has a memory limit."""
    for service in ours(graph):
        if service.spec.memory_limit is None:
            host = graph.hosts[service.host]
            yield Breach(
                service.source,
                f"{service.key} has no memory limit, and may starve all else on {host.key}",
                "set deploy.resources.limits.memory",
            )


@rule("F03", severity=Severity.WARNING)
def too_small(graph: StackGraph) -> Iterator[Breach]:
    """A memory limit is no lower than what its image is known to need."""
    for service, facts in serving(graph):
        limit = service.spec.memory_limit
        if facts.min_memory is not None and limit is not None and limit < facts.min_memory:
            yield Breach(
                service.source,
                f"{service.key} may use {_shown(limit)}, and {service.image.reference} is known "
                f"to be killed below {_shown(facts.min_memory)}",
                f"set deploy.resources.limits.memory to {_shown(facts.min_memory)} or more",
            )


_BYTES = {"": 1, "k": 1024, "m": MIB, "g": 1024 * MIB, "t": 1024 * 1024 * MIB}
_NODE_HEAP = re.compile(r"--max[-_]old[-_]space[-_]size[= ](\d+)")
_JAVA_HEAP = re.compile(r"-Xmx(\d+)([kmgt]?)\b", re.IGNORECASE)
_GO_MEMORY = re.compile(r"(\d+)(?:([KMGT])i)?B?", re.IGNORECASE)


def _node_heap(text: str) -> int | None:
    found = _NODE_HEAP.findall(text)
    return int(found[-1]) * MIB if found else None


def _java_heap(text: str) -> int | None:
    found = _JAVA_HEAP.findall(text)
    return int(found[-1][0]) * _BYTES[found[-1][1].lower()] if found else None


def _go_memory(text: str) -> int | None:
    found = _GO_MEMORY.fullmatch(text.strip())
    # It counts all that the program takes, not only a part: equal to the limit is no more.
    return int(found[1]) * _BYTES[(found[2] or "").lower()] - 1 if found else None


_HEAPS: dict[str, Callable[[str], int | None]] = {
    "NODE_OPTIONS": _node_heap,
    "GOMEMLIMIT": _go_memory,
    **dict.fromkeys(
        (
            "CATALINA_OPTS",
            "ES_JAVA_OPTS",
            "JAVA_OPTS",
            "JAVA_TOOL_OPTIONS",
            "JDK_JAVA_OPTIONS",
            "_JAVA_OPTIONS",
        ),
        _java_heap,
    ),
}
"""Variables that tell a runtime how much memory it may take, and how each is read."""


@rule("F04")
def heap_beyond_limit(graph: StackGraph) -> Iterator[Breach]:
    """A runtime's heap is smaller than its container's memory limit."""
    for service in ours(graph):
        limit = service.spec.memory_limit
        if limit is None:
            continue
        for key, name, heap in _heaps(service):
            if heap is not None and heap >= limit:
                yield Breach(
                    at(service.source, key),
                    f"{name} lets {service.key} fill {_shown(heap)}, and it is killed at "
                    f"{_shown(limit)}, its memory limit",
                    f"lower it to about {_shown(limit * 3 // 4)}, or raise the limit",
                )


def _heaps(service: Service) -> Iterator[tuple[str, str, int | None]]:
    for name, read in _HEAPS.items():
        value = service.environment.get(name)
        if isinstance(value, str):
            key = "environment" if name in service.spec.environment else "env_file"
            yield key, name, read(value)
    command = " ".join((*(service.spec.entrypoint or ()), *(service.spec.command or ())))
    yield "command", "--max-old-space-size", _node_heap(command)
    yield "command", "-Xmx", _java_heap(command)


@rule("F12", severity=Severity.WARNING)
def log_without_end(graph: StackGraph) -> Iterator[Breach]:
    """A container's log is rotated."""
    for service in ours(graph):
        logging = service.spec.logging
        host = graph.hosts[service.host]
        if host.docker.logs is not None:
            continue
        if logging is None or (
            logging.driver == "json-file" and not logging.options.get("max-size")
        ):
            yield Breach(
                at(service.source, "logging") if logging else service.source,
                f"the log of {service.key} grows until the disk of {host.key} is full",
                f"set docker.logs of host {host.key}, or logging.options.max-size",
            )


@rule("F14")
def little_shared_memory(graph: StackGraph) -> Iterator[Breach]:
    """A browser has the shared memory that it needs."""
    for service, facts in known(graph):
        given = service.spec.shm_size or DOCKER_SHM
        targets = {mount.target for mount in service.spec.volumes}
        targets |= {entry.partition(":")[0] for entry in service.spec.tmpfs}
        if facts.shm_size is not None and given < facts.shm_size and "/dev/shm" not in targets:  # noqa: S108
            yield Breach(
                service.source,
                f"{service.key} has {_shown(given)} in /dev/shm, and {service.image.reference} "
                f"needs {_shown(facts.shm_size)}",
                f"set shm_size to {facts.shm_size // MIB}m",
            )
