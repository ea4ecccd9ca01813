"""Rules on what an ingress that is no container can reach, and one that is."""

from __future__ import annotations

from collections.abc import Iterator

from graph.model import Route, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.judged import spoken
from graph.rules.scope import at


def _served(graph: StackGraph, kind: str) -> Iterator[Route]:
    """Give the routes of ingresses of a kind; on the dev stack each is Caddy, so there are none."""
    if graph.target == "prod":
        for route in graph.routes.values():
            if route.ingress is not None and graph.ingresses[route.ingress].kind == kind:
                yield route


@rule("G08")
def not_for_the_host(graph: StackGraph) -> Iterator[Breach]:
    """What nginx on a host leads to is published for the host, and for nobody else."""
    for route in _served(graph, "nginx"):
        if route.process is not None and route.port and _beyond(graph, route.process, route.port):
            yield Breach(
                at(route.source, "to"),
                f"{spoken(route.process)} listens beyond the host on {route.port}, so callers get "
                f"past nginx of {spoken(graph.processes[route.process].host)}",
                f'let it listen on 127.0.0.1 only: listens: ["127.0.0.1:{route.port}"]',
            )
        if route.service is None or route.port is None:
            continue
        service = graph.services[route.service]
        name, port = f"{spoken(service.id)}:{route.port}", route.port
        if route.upstream is None:
            yield Breach(
                at(route.source, "to"),
                f"nginx of {spoken(service.host)} cannot reach {name}: it is not published on the "
                "host's loopback address",
                f'publish it, like "127.0.0.1:{port}:{port}"',
            )
        elif _beyond(graph, service.id, port):
            yield Breach(
                at(route.source, "to"),
                f"{name} is published on every address, so callers get past nginx of "
                f"{spoken(service.host)}",
                "publish it on 127.0.0.1",
            )


def _beyond(graph: StackGraph, owner: str, port: int) -> bool:
    return any(
        each.target is not None
        and port in each.target
        and each.protocol == "tcp"
        and not each.loopback
        and each.access.anywhere
        for each in graph.ports_of(owner)
    )


@rule("G09")
def not_for_containers(graph: StackGraph) -> Iterator[Breach]:
    """A process behind a Caddy in a container listens where containers reach it."""
    for route in _served(graph, "caddy"):
        if route.process is not None and route.upstream is None:
            yield Breach(
                at(route.source, "to"),
                f"{spoken(route.process)} listens on the host's loopback address, and its Caddy "
                "runs in a container, from where it reaches none of that",
                "give the host an ingress of kind nginx, or let it listen on an address that "
                'containers reach, like "172.17.0.1:PORT" under listens',
            )
