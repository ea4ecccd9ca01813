"""Start order and health."""

from __future__ import annotations

from collections.abc import Iterator

from config.finding import Severity
from graph.model import Service, StackGraph
from graph.order import cycles
from graph.rules.base import Breach, rule
from graph.rules.judged import needed
from graph.rules.scope import at, known, ours


@rule("G01")
def dependency_cycle(graph: StackGraph) -> Iterator[Breach]:
    """Dependencies form no cycle."""
    for ring in cycles(graph):
        names = [graph.services[node].key for node in (*ring, ring[0])]
        yield Breach(
            graph.services[ring[0]].source,
            f"dependency cycle: {' -> '.join(names)}",
            "remove one of these depends_on entries",
        )


@rule("G02", also=("H02",))
def healthy_without_check(graph: StackGraph) -> Iterator[Breach]:
    """Whoever is waited for until healthy has a health check."""
    for service in graph.services.values():
        for dependency in service.dependencies:
            if dependency.condition != "service_healthy":
                continue
            needed = graph.services[dependency.service]
            check = needed.spec.healthcheck
            if needed.image.stand_in_for is None and (check is None or not check.active):
                yield Breach(
                    service.source,
                    f"{service.key} waits for {needed.key} to be healthy, which has no "
                    "health check and would never be",
                    f"give {needed.key} a healthcheck, or wait for service_started",
                )


@rule("H08", severity=Severity.WARNING)
def started_is_not_ready(graph: StackGraph) -> Iterator[Breach]:
    """Whoever needs a service that has a health check waits until it is healthy."""
    for service in ours(graph):
        _, soft = needed(graph, service)
        for dependency in service.dependencies:
            other = graph.services[dependency.service]
            check = other.spec.healthcheck
            if dependency.condition != "service_started" or other.id in soft:
                continue
            if other.image.stand_in_for is None and check is not None and check.active:
                yield Breach(
                    at(service.source, "depends_on", other.key),
                    f"{service.key} starts once {other.key} has started, before its health check "
                    "says that it is ready",
                    "wait for service_healthy",
                )


@rule("H09")
def proxy_waits_for_some(graph: StackGraph) -> Iterator[Breach]:
    """A proxy of an app waits for all that it passes requests to, or for none."""
    for service, facts in known(graph):
        if facts.kind != "proxy":
            continue
        calls, _ = needed(graph, service)
        upstreams = {c for c in calls if c in graph.services and _neighbours(graph, service, c)}
        waited = _waited_for(graph, service)
        left = [graph.services[each].key for each in sorted(upstreams - waited)]
        if left and upstreams & waited:
            yield Breach(
                at(service.source, "depends_on"),
                f"{service.key} waits for {len(upstreams) - len(left)} of the {len(upstreams)} "
                f"services that it calls, not for {', '.join(left)}",
                "wait for these, too, or mark the flows to them as soft",
            )


def _neighbours(graph: StackGraph, service: Service, other: str) -> bool:
    return graph.services[other].app == service.app


def _waited_for(graph: StackGraph, service: Service) -> set[str]:
    """Give what a service waits for, also by way of others."""
    found: set[str] = set()
    waiting = [service]
    while waiting:
        for dependency in waiting.pop().dependencies:
            if dependency.service not in found:
                found.add(dependency.service)
                waiting.append(graph.services[dependency.service])
    return found


@rule("H13", severity=Severity.WARNING)
def waits_for_what_it_can_do_without(graph: StackGraph) -> Iterator[Breach]:
    """Nobody waits for a service that it can do without."""
    for service in ours(graph):
        _, soft = needed(graph, service)
        for dependency in service.dependencies:
            if dependency.service in soft:
                other = graph.services[dependency.service].key
                yield Breach(
                    at(service.source, "depends_on", other),
                    f"{service.key} does not start without {other}, though its flow there is soft",
                    "remove the dependency, or soft if it cannot work without",
                )
