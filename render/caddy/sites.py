"""The whole Caddyfile: its options, what answers for unknown names, and a block for each name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from graph.model import Ingress, Route, StackGraph
from render.caddy.access import guards, told_apart
from render.caddy.answers import answer
from render.caddy.caller import server_options, snippets
from render.caddy.errors import error_pages, marks
from render.caddy.headers import headers
from render.caddy.tls import certificate, certificate_options
from render.caddyfile import Comment, Directive, block, line, marshal


def caddyfile(graph: StackGraph, ingress: Ingress) -> str:
    """Render the Caddyfile of an ingress.

    Upstreams of start-first services are imported files, which a handover writes: so the text
    is known before the deploy and changes only with routes.
    """
    routes = sorted(graph.routes_of(ingress), key=lambda route: (route.name, route.id))
    sites: list[Directive | Comment] = []
    for name, group in groupby(routes, key=lambda route: route.name):
        sites.append(_site(graph, ingress, name, list(group)))
    note = Comment(f"Made by stackgraph for {ingress.logical_name}. Changes here are overwritten.")
    return marshal(
        [note, _options(graph, ingress), *snippets(ingress), *_unknown_names(ingress), *sites]
    )


def _options(graph: StackGraph, ingress: Ingress) -> Directive:
    options = []
    if ingress.email:
        options.append(line("email", ingress.email))
    options += certificate_options(graph, ingress)
    # No HTTP/3: its port is not published, so it must not be advertised (P05); and callers over
    # it come with the address of Docker's gateway (R05).
    servers = [line("protocols", "h1", "h2"), *server_options(ingress)]
    options.append(block("servers", of=servers))
    return block(of=options)


def _unknown_names(ingress: Ingress) -> list[Directive]:
    # Without them, Caddy answers 200 with nothing for any name that is not ours.
    return [
        block(f"http://:{ingress.http_port}", of=[line("respond", "404")]),
        block(f"https://:{ingress.https_port}", of=[line("respond", "404")]),
    ]


def _site(graph: StackGraph, ingress: Ingress, name: str, routes: Sequence[Route]) -> Directive:
    internal = ingress.certificates == "internal"
    address = f"{name}:{ingress.https_port}" if internal else name
    apart = told_apart(routes)
    parts: list[Directive | Comment] = [
        block("log", of=[line("output", "stdout"), line("format", "json")]),
        *certificate(graph, ingress, routes),
        *(
            _handle(graph, ingress, route, apart=apart)
            for route in sorted(routes, key=_specificity)
        ),
    ]
    if all(route.path for route in routes):
        parts.append(block("handle", of=[line("respond", "404")]))
    parts += error_pages(graph, ingress, routes)
    return block(address, of=parts)


def _specificity(route: Route) -> tuple[bool, int, str]:
    # Exact paths, then the longest, the whole name last: `handle` blocks are tried as written.
    everything_below = route.path.endswith("*") or not route.path
    return (everything_below, -len(route.path), route.path)


def _handle(graph: StackGraph, ingress: Ingress, route: Route, *, apart: bool) -> Directive:
    matcher = [route.path] if route.path else []
    steps = block("route", of=list(_steps(graph, ingress, route, apart=apart)))
    # Errors of Caddy tell a line: this says whose it is (`render.ingress_apply`).
    return block(
        "handle", *matcher, of=[Comment(f"route {route.address} of {route.system}"), steps]
    )


def _steps(
    graph: StackGraph, ingress: Ingress, route: Route, *, apart: bool
) -> Iterable[Directive | Comment]:
    yield from marks(route)
    yield from guards(ingress, route, apart=apart)
    yield from headers(ingress, route)
    if route.compress:
        yield line("encode", "zstd", "gzip")
    yield from answer(graph, ingress, route)
