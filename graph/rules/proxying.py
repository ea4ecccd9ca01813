"""Rules on what is to pass Cloudflare's proxy: whether there is one, and whether it lets it."""

from __future__ import annotations

from collections.abc import Iterator

from graph.model import Record, Route, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.scope import at


@rule("G46")
def proxied_by_nobody(graph: StackGraph) -> Iterator[Breach]:
    """Only names of a zone at Cloudflare are proxied: hosts refuse all others who ask for them."""
    names: tuple[Route | Record, ...] = (*graph.routes.values(), *graph.records.values())
    for each in names:
        zone = graph.zones.get(each.zone or "")
        if each.proxied and zone is not None and zone.provider == "external":
            yield Breach(
                at(each.source, "proxied"),
                f"{each.declared_name} is to be proxied, and others write its zone {zone.name}: "
                "nothing here puts Cloudflare before it",
                "remove proxied, or set provider: cloudflare for the zone",
            )


@rule("G47")
def websockets_refused(graph: StackGraph) -> Iterator[Breach]:
    """The edge passes WebSockets on to routes that have them."""
    for route in graph.routes.values():
        zone = graph.zones.get(route.zone or "")
        if route.websocket and route.proxied and zone is not None and not zone.policy.websockets:
            yield Breach(
                at(route.source, "websocket"),
                f"{route.address} has WebSockets, and the edge of {zone.name} refuses them",
                "remove websockets: false from the zone, or set proxied: false for the route",
            )
