"""Routes: names, and the services behind them."""

from __future__ import annotations

from collections.abc import Iterator

from config.units import format_port_range
from graph.model import Service, StackGraph
from graph.names import served
from graph.rules.base import Breach, rule


@rule("R02", also=("V16",))
def name_in_no_zone(graph: StackGraph) -> Iterator[Breach]:
    """The name of a route lies in a declared zone, that of a record in its own."""
    for route in graph.routes.values():
        if route.zone is None:
            zones = [z.name for z in graph.zones.values() if z.system == route.system]
            valid = ", ".join(sorted(zones)) or "none is declared"
            yield Breach(
                route.source,
                f"{route.declared_name} lies in no declared zone",
                f"declare its zone under zones; declared: {valid}",
            )
    for record in graph.records.values():
        zone = graph.zones[record.zone].name
        name = served(zone, graph.target)
        if record.name != name and not record.name.endswith(f".{name}"):
            yield Breach(
                record.source,
                f"the record lies outside of its zone {zone}",
                "move it under its own zone, or correct its name",
            )


@rule("R01")
def unreachable_for_ingress(graph: StackGraph) -> Iterator[Breach]:
    """The ingress can join a network of every routed service."""
    for route in graph.routes.values():
        if route.service is None:
            continue
        service = graph.services[route.service]
        mode = service.spec.network_mode
        if mode is not None:
            yield Breach(
                route.source,
                f"{route.declared_name} leads to {service.key}, which is on no network that "
                f"the ingress can join (network_mode: {mode})",
                "put the service on a network of its app",
            )


@rule("R14")
def port_not_exposed(graph: StackGraph) -> Iterator[Breach]:
    """A route leads to a port that the service listens on."""
    for route in graph.routes.values():
        if route.service is None or route.port is None:
            continue
        service = graph.services[route.service]
        ports = _container_ports(service)
        if ports and not any(route.port in port for port in ports):
            listed = ", ".join(sorted({format_port_range(port) for port in ports}))
            yield Breach(
                route.source,
                f"{route.declared_name} leads to port {route.port} of {service.key}, which "
                f"listens on {listed}",
                "name the container's port, not the host's; or add it to expose",
            )


def _container_ports(service: Service) -> list[range]:
    # A route is HTTP, which has no use for UDP here.
    exposed = [port.target for port in service.spec.expose if port.protocol == "tcp"]
    published = [port.target for port in service.spec.ports if port.protocol == "tcp"]
    return exposed + published
