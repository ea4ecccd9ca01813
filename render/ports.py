"""Container ports of services, and how pages write them."""

from __future__ import annotations

from collections.abc import Iterable

from config.compose.model import Protocol
from config.units import format_port_range
from graph.model import Service, StackGraph

SHOWN = 3
"""So many ports stand in a box of a diagram; tables have them all."""


def container_ports(graph: StackGraph, service: Service) -> tuple[tuple[range, Protocol], ...]:
    """Give what a service listens on in its container: what it exposes, publishes, is routed to."""
    found: set[tuple[int, int, Protocol]] = {
        (p.target.start, p.target.stop, p.protocol) for p in service.spec.expose
    }
    found |= {(p.target.start, p.target.stop, p.protocol) for p in service.spec.ports}
    routed = (route.port for route in graph.routes_to(service.id) if route.port)
    found |= {(port, port + 1, "tcp") for port in routed if not _within(port, found)}
    return tuple((range(start, stop), protocol) for start, stop, protocol in sorted(found))


def _within(port: int, found: Iterable[tuple[int, int, Protocol]]) -> bool:
    return any(start <= port < stop and protocol == "tcp" for start, stop, protocol in found)


def written(ports: Iterable[tuple[range, Protocol]]) -> list[str]:
    """Write ports, without their protocol where it is TCP; each once."""
    texts = (
        format_port_range(port) + ("" if protocol == "tcp" else f"/{protocol}")
        for port, protocol in ports
    )
    return list(dict.fromkeys(texts))


def first_ports(ports: Iterable[tuple[range, Protocol]]) -> str:
    """Write the first ports as a box shows them: ``:80 :443``."""
    texts = list(dict.fromkeys(format_port_range(port) for port, _ in ports))
    return " ".join([*(f":{each}" for each in texts[:SHOWN]), *(["…"] if texts[SHOWN:] else [])])
