"""What pages and diagrams call a node: the shortest name that means one thing."""

from __future__ import annotations

from collections import Counter

from graph.model import Ingress, StackGraph
from graph.nodes import INTERNET

_PROXIES = {"caddy": "Caddy", "nginx": "nginx"}


class Names:
    """Names for people of the nodes of one graph, by id."""

    def __init__(self, graph: StackGraph) -> None:
        self._graph = graph
        self._times = Counter(service.key for service in graph.services.values())
        for others in (graph.processes, graph.externals, graph.hosts, graph.buckets):
            self._times.update(id_.rpartition("/")[2] for id_ in others)

    def of(self, node: str) -> str:
        """Give the name of any node."""
        graph = self._graph
        if node == INTERNET:
            return "Internet"
        if node in graph.ingresses:
            return self.ingress(graph.ingresses[node])
        if node in graph.meshes:
            return graph.meshes[node].kind
        name = node.partition("/")[2]
        if node.startswith("tunnel:"):
            return "cloudflared" if len(graph.ingresses) == 1 else f"cloudflared on {name}"
        if node.startswith("actor:"):
            return name.partition("/")[2]
        if node in graph.services and self._times[graph.services[node].key] == 1:
            return graph.services[node].key
        return name

    def ingress(self, ingress: Ingress) -> str:
        """Give the name of a reverse proxy: its program's, with its host's where there are more."""
        if len(self._graph.ingresses) == 1:
            return proxy(ingress)
        return f"{proxy(ingress)} on {self._graph.hosts[ingress.host].key}"

    def database(self, database: str) -> str:
        """Give the name of a database on its server; its key and number where it has no name."""
        node = self._graph.databases[database]
        return node.name if node.index is None else f"{node.key} (number {node.index})"


def proxy(ingress: Ingress) -> str:
    """Give the name of the program that an ingress is."""
    return _PROXIES[ingress.kind]
