"""Rules on what an ingress is asked and can do: its program, its image, its certificates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from math import ceil

from config.http import Cache
from graph.catalogue import parse_reference
from graph.model import Ingress, Route, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.judged import spoken
from graph.rules.scope import at

OLDEST_CADDY = (2, 9)
"""The oldest that reads what is written: `match` in `header`; `basic_auth` is 2.8's."""

_VERSION = re.compile(r"v?(\d+)\.(\d+)(?:[.-].*)?")


@rule("R07")
def more_than_it_can(graph: StackGraph) -> Iterator[Breach]:
    """An ingress is asked for nothing that its program or its image lacks."""
    for ingress in graph.ingresses.values():
        if ingress.kind == "caddy" and graph.target == "prod":
            yield from _of_the_image(ingress)
    for route in graph.routes.values() if graph.target == "prod" else ():
        if route.rate_limit and not limited(graph, route):
            yield Breach(
                at(route.source, "rate_limit"),
                f"nothing limits how often {route.address} is called: its name is not proxied, "
                "and Caddy has no rate limit of its own",
                "let Cloudflare proxy its name, or give its host an ingress of kind nginx",
            )
        if route.ingress is not None and graph.ingresses[route.ingress].kind == "nginx":
            yield from _of_nginx(route)


def _of_nginx(route: Route) -> Iterator[Breach]:
    if route.health is not None:
        yield Breach(
            at(route.source, "health"),
            f"nothing asks whether what answers {route.address} works: nginx has no health checks",
            "remove health, and let a monitor ask; or give its host an ingress of kind caddy",
        )
    limit = route.rate_limit
    if (
        limit is not None
        and not route.proxied
        and limit.requests < limit.per / timedelta(minutes=1)
    ):
        yield Breach(
            at(route.source, "rate_limit"),
            f"{route.address} may be called {limit}, and nginx counts one a minute at least",
            f"allow {ceil(limit.per / timedelta(minutes=1))} in that time, or a shorter one",
        )


def _of_the_image(ingress: Ingress) -> Iterator[Breach]:
    reference = parse_reference(ingress.image)
    version = _VERSION.fullmatch(reference.tag or "")
    if reference.repository != "caddy":
        return  # built by somebody: what is in it, its Caddy says before it takes a file
    host = spoken(ingress.host)
    if version and (int(version[1]), int(version[2])) < OLDEST_CADDY:
        oldest = ".".join(map(str, OLDEST_CADDY))
        yield Breach(
            at(ingress.source, "image"),
            f"the ingress of {host} is {ingress.image}, which cannot read the Caddyfile",
            f"take Caddy {oldest} or later, or remove image",
        )
    if ingress.certificates == "dns":
        yield Breach(
            at(ingress.source, "certificates"),
            f"the ingress of {host} is to prove certificates over DNS, for which {ingress.image} "
            "has no module",
            "set image to a Caddy that is built with github.com/caddy-dns/cloudflare",
        )


def limited(graph: StackGraph, route: Route) -> bool:
    """Whether somebody limits how often an address calls a route that says how often it may."""
    ingress = graph.ingresses.get(route.ingress or "")
    return route.proxied or (ingress is not None and ingress.kind == "nginx")


@rule("G20")
def kept_for_others(graph: StackGraph) -> Iterator[Breach]:
    """What only some may use is not to be kept at the edge, where everybody gets it."""
    for route in graph.routes.values():
        if not isinstance(route.cache, Cache) or not route.cache.edge:
            continue
        if route.proxied and not route.access.public:
            yield Breach(
                at(route.source, "cache"),
                f"{route.address} is not for everybody, so the edge keeps none of its answers",
                "remove cache.edge; browsers may keep them: {browser: TIME}",
            )
        elif not route.proxied:
            yield Breach(
                at(route.source, "cache"),
                f"{route.address} is not proxied, so there is no edge that keeps its answers",
                "remove cache.edge, or let Cloudflare proxy its name",
            )


@rule("G21")
def answers_with_nobody_to_ask(graph: StackGraph) -> Iterator[Breach]:
    """Cloudflare's certificates are for names that it proxies."""
    for ingress in graph.ingresses.values():
        routes = graph.routes_of(ingress)
        if ingress.certificates == "origin" and routes and not any(r.proxied for r in routes):
            yield Breach(
                at(ingress.source, "certificates"),
                f"the ingress of {spoken(ingress.host)} has certificates of Cloudflare, and none "
                "of its names is proxied: no browser trusts them",
                "set certificates: acme, or proxied: true for the zone or its routes",
            )
