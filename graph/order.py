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


def cycle(graph: StackGraph) -> tuple[str, ...]:
    """Give one dependency cycle, the first node repeated at the end; empty when there is none."""
    try:
        TopologicalSorter(dependencies(graph)).prepare()
    except CycleError as error:
        return tuple(error.args[1])
    return ()
