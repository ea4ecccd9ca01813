"""Ports of hosts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from config.units import format_port_range
from graph.apps import ANY_ADDRESS
from graph.model import HostPort, StackGraph
from graph.rules.base import Breach, rule


@rule("P01", also=("P02",))
def two_owners(graph: StackGraph) -> Iterator[Breach]:
    """A port of a host has one owner."""
    by_machine: dict[tuple[str, str], list[HostPort]] = defaultdict(list)
    for port in graph.host_ports:
        by_machine[graph.hosts[port.host].machine, port.protocol].append(port)
    for (machine, protocol), ports in by_machine.items():
        ports.sort(key=lambda p: (p.port.start, p.port.stop, p.owner))
        for index, port in enumerate(ports):
            for other in ports[index + 1 :]:
                if other.port.start >= port.port.stop:
                    break
                if _same_address(port, other):
                    shared = range(other.port.start, min(port.port.stop, other.port.stop))
                    yield Breach(
                        other.source,
                        f"port {format_port_range(shared)}/{protocol} of {_where(machine)} is "
                        f"owned by {port.owner} ({port.source.file}:{port.source.line}) "
                        f"and by {other.owner}",
                        "publish one of them on another port or address",
                    )


def _same_address(one: HostPort, other: HostPort) -> bool:
    return one.ip == other.ip or ANY_ADDRESS in (one.ip, other.ip)


def _where(machine: str) -> str:
    return machine.removeprefix("host:")


@rule("G04")
def start_first_with_ports(graph: StackGraph) -> Iterator[Breach]:
    """A start-first service can run twice at once."""
    for service in graph.services.values():
        if service.handover.order == "start-first" and service.spec.ports:
            yield Breach(
                service.source,
                f"{service.key} is to be replaced start-first but publishes "
                f"{service.spec.ports[0]}, which two containers cannot do at once",
                "set deploy.update_config.order to stop-first, or route to it by the ingress",
            )
