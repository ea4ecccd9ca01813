"""Start order: who waits for whom."""

from __future__ import annotations

from collections.abc import Iterator

from graph.model import StackGraph
from graph.order import dependencies
from render.mermaid.text import block, indented, node_id, quoted
from render.names import Names

_CONDITIONS = {
    "service_started": "",
    "service_healthy": "healthy",
    "service_completed_successfully": "completed",
}


def start_order(graph: StackGraph) -> str:
    """Draw an arrow from what is needed to who waits for it; nothing where nobody waits."""
    needs = {waiter: needed for waiter, needed in dependencies(graph).items() if needed}
    if not needs:
        return ""
    drawn = {*needs, *(each for needed in needs.values() for each in needed)}
    return block("graph TD", [*_boxes(graph, drawn), *_arrows(graph)])


def _boxes(graph: StackGraph, drawn: set[str]) -> Iterator[str]:
    names = Names(graph)
    for app in graph.apps.values():
        inside = [each for each in graph.services_of(app) if each.id in drawn]
        if inside:
            yield f"subgraph {node_id(app.id)}[{quoted(app.key)}]"
            yield from indented(f"{node_id(each.id)}[{quoted(each.key)}]" for each in inside)
            yield "end"
    for ingress in graph.ingresses.values():
        if ingress.id in drawn:
            yield f"{node_id(ingress.id)}[{quoted(names.of(ingress.id))}]"


def _arrows(graph: StackGraph) -> Iterator[str]:
    for service in graph.services.values():
        for dependency in service.dependencies:
            condition = _CONDITIONS[dependency.condition]
            label = f"|{quoted(condition)}|" if condition else ""
            yield f"{node_id(dependency.service)} -->{label} {node_id(service.id)}"
    for ingress in graph.ingresses.values():
        for needed in ingress.waits_for:
            yield f"{node_id(needed)} --> {node_id(ingress.id)}"
