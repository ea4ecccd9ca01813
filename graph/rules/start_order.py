"""Start order and health."""

from __future__ import annotations

from collections.abc import Iterator

from graph.model import StackGraph
from graph.order import cycles
from graph.rules.base import Breach, rule


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
