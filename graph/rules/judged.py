"""What several families of rules ask of the graph, and words that they share."""

from __future__ import annotations

from collections.abc import Collection

from graph.catalogue import ImageFacts, facts_of
from graph.model import Flow, Service, StackGraph

SHOWN = 3


def image_facts(service: Service) -> ImageFacts | None:
    """Give what is known of a service's image; nothing of a stand-in's, or of one built here."""
    image = service.image
    if image.stand_in_for is not None or image.context is not None:
        return None
    return facts_of(image.reference)


def host_of(graph: StackGraph, node: str) -> str | None:
    """Give the host that a node stands on, by both ids; itself for a host."""
    if node in graph.hosts:
        return node
    if node in graph.services:
        return graph.services[node].host
    if node in graph.processes:
        return graph.processes[node].host
    if node in graph.ingresses:
        return graph.ingresses[node].host
    return None


def from_elsewhere(graph: StackGraph, flow: Flow) -> bool:
    """Whether the caller of a flow is on no host of ours, or on another one than the called."""
    return host_of(graph, flow.caller) != host_of(graph, flow.called)


def needed(graph: StackGraph, service: Service) -> tuple[set[str], set[str]]:
    """Give the ids of what a service calls: what it cannot do without, and what it can."""
    flows = graph.flows_from(service.id)
    hard = {flow.called for flow in flows if not flow.soft}
    return hard, {flow.called for flow in flows} - hard


def spoken(node: str) -> str:
    """Name a node as its owner does: its id without kind and system."""
    return node.partition("/")[2] or node


def listed(names: Collection[str]) -> str:
    """Write the first names of some, and how many more there are."""
    ordered = list(names)
    more = len(ordered) - SHOWN
    return ", ".join(ordered[:SHOWN]) + (f" and {more} more" if more > 0 else "")
