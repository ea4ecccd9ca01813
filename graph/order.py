"""Start order: services in waves, each of which needs only those before it."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

from graph.model import StackGraph


def dependencies(graph: StackGraph) -> Mapping[str, tuple[str, ...]]:
    """Give what each service and each ingress waits for, by id."""
    needs = {
        service.id: tuple(d.service for d in service.dependencies)
        for service in graph.services.values()
    }
    return {**needs, **{i.id: i.waits_for for i in graph.ingresses.values()}}


def waves(graph: StackGraph) -> tuple[tuple[str, ...], ...]:
    """Order services and ingresses in waves that may start at once; an acyclic graph's only."""
    sorter = TopologicalSorter(dependencies(graph))
    sorter.prepare()
    result = []
    while sorter.is_active():
        ready = tuple(sorted(sorter.get_ready()))
        result.append(ready)
        sorter.done(*ready)
    return tuple(result)


def cycles(graph: StackGraph) -> tuple[tuple[str, ...], ...]:
    """Give dependency cycles that share no node, until none is left.

    Each begins with its first node by id, and every node waits for the next one.
    """
    needs = dict(dependencies(graph))
    found = []
    while ring := _ring(needs):
        start = ring.index(min(ring))
        found.append((*ring[start:], *ring[:start]))
        needs = {node: needed for node, needed in needs.items() if node not in ring}
    return tuple(sorted(found))


def _ring(needs: Mapping[str, tuple[str, ...]]) -> list[str]:
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        nodes: list[str] = error.args[1][:-1]
        return nodes[::-1]  # graphlib's order is what is waited for, then who waits
    return []
