"""Docker networks and who is on them."""

from __future__ import annotations

from collections.abc import Iterator

from graph.model import Network, StackGraph
from render.mermaid.text import block, indented, node_id, quoted
from render.names import Names


def networks(graph: StackGraph) -> str:
    """Draw a box for each network with its members; nothing where there is no network.

    Whoever is on several stands in the first one and has a line to each of the others.
    """
    if not graph.networks:
        return ""
    return block("graph LR", [*_boxes(graph), *_lines(graph)])


def members(graph: StackGraph, network: Network) -> list[str]:
    """Give the ids of who is on a network: the ingress that joined it, then services."""
    joined = [each.id for each in graph.ingresses.values() if network.id in each.networks]
    return [*joined, *(service.id for service in graph.services_on(network))]


def title(network: Network) -> tuple[str, str]:
    """Give a network's name, and what is special of it: subnets, and that it is internal."""
    special = [pool.subnet for pool in network.spec.ipam.config]
    special += ["internal"] if network.spec.internal else []
    return network.name, ", ".join(special)


def _boxes(graph: StackGraph) -> Iterator[str]:
    first = _first_networks(graph)
    names = Names(graph)
    hosts = {network.host for network in graph.networks.values()}
    for host in sorted(hosts):
        boxes: list[str] = []
        for network in graph.networks.values():
            if network.host != host:
                continue
            boxes.append(f"subgraph {node_id(network.id)}[{quoted(*title(network))}]")
            boxes += indented(
                f"{node_id(member)}[{quoted(names.of(member))}]"
                for member in members(graph, network)
                if first[member] == network.id
            )
            boxes.append("end")
        if len(hosts) == 1:
            yield from boxes
            continue
        yield f"subgraph {node_id(host)}[{quoted(names.of(host))}]"
        yield from indented(boxes)
        yield "end"


def _first_networks(graph: StackGraph) -> dict[str, str]:
    first: dict[str, str] = {}
    for network in graph.networks.values():
        for member in members(graph, network):
            first.setdefault(member, network.id)
    return first


def _lines(graph: StackGraph) -> Iterator[str]:
    first = _first_networks(graph)
    for network in graph.networks.values():
        for member in members(graph, network):
            if first[member] != network.id:
                yield f"{node_id(member)} --- {node_id(network.id)}"
