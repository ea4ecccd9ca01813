"""How a summary calls nodes: as their owner does, without the system."""

from __future__ import annotations


def label(node: str) -> str:
    """Give a node's id as people say it: ``service:dyniq/n8n/postgres`` is ``n8n/postgres``."""
    kind, _, rest = node.partition(":")
    name = rest.partition("/")[2] or rest
    return f"{kind} {name}" if kind in ("ingress", "site", "volume", "zone") else name
