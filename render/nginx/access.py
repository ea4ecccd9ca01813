"""Who may pass a location, how often, and with how much."""

from __future__ import annotations

from collections.abc import Iterator

from graph.model import Ingress, Route
from render.nginx.place import tag, users_file
from render.nginx.syntax import Directive, Node, Text, block, line

PAST_THE_EDGE = "$stackgraph_past_the_edge"
"""1 where a request did not come by way of Cloudflare."""


def guards(ingress: Ingress, route: Route) -> Iterator[Node]:
    """Say who may pass. nginx asks for a password only who comes from the right place."""
    yield from from_where(ingress, route)
    if route.access.basic_auth is not None:
        yield line("auth_basic", "restricted")
        yield line("auth_basic_user_file", users_file(route))


def from_where(ingress: Ingress, route: Route) -> Iterator[Node]:
    """Say from where somebody may come."""
    behind = bool(ingress.edge) and route.proxied
    if route.sources is None:
        if behind:
            yield _refused(PAST_THE_EDGE)
    elif behind and _by_way_of(ingress, route):
        yield _refused(f"${tag(route)}_refused")
    else:
        for source in route.sources:
            yield line("allow", source)
        yield line("deny", "all")


def _refused(variable: str) -> Directive:
    return block("if", Text(f"({variable})"), of=[line("return", "403")])


def _by_way_of(ingress: Ingress, route: Route) -> tuple[str, ...]:
    """Give Cloudflare's own networks among a route's sources: they admit whom they bring."""
    return tuple(each for each in route.sources or () if each in ingress.edge)


def edge_geo(ingress: Ingress) -> Directive:
    """Make the variable that tells who has come past Cloudflare, by the peer's own address."""
    rows = [line("default", "1"), *(line(network, "0") for network in ingress.edge)]
    return block("geo", Text("$realip_remote_addr"), Text(PAST_THE_EDGE), of=rows)


def past_the_edge_maps(ingress: Ingress, route: Route) -> Iterator[Directive]:
    """Make the maps of a route whose sources are both Cloudflare's and others."""
    by_way_of = _by_way_of(ingress, route) if ingress.edge and route.proxied else ()
    if not by_way_of:
        return
    name = tag(route)
    others = [each for each in route.sources or () if each not in by_way_of]
    for of, to, networks in (
        ("$remote_addr", f"${name}_from", others),
        ("$realip_remote_addr", f"${name}_by", by_way_of),
    ):
        rows = [line(network, "1") for network in networks]
        yield block(*("geo", Text(of), Text(to)), of=[line("default", "0"), *rows])
    yield block(
        *("map", Text(f"${name}_from${name}_by"), Text(f"${name}_refused")),
        of=[line("default", "0"), line("00", "1")],
    )


def limits(route: Route) -> Iterator[Node]:
    """Say how often and how much a caller may ask, and whether answers are compressed."""
    if route.rate_limit is not None:
        burst = route.rate_limit.requests - 1
        yield line(
            *("limit_req", f"zone={tag(route)}"),
            *((f"burst={burst}", "nodelay") if burst else ()),
        )
        yield line("limit_req_status", "429")
    if route.max_body is not None:
        yield line("client_max_body_size", str(route.max_body))
    if not route.compress:
        yield line("gzip", "off")


def limit_zone(route: Route) -> Directive | None:
    """Make the zone that counts a route's requests by address.

    nginx knows whole requests a second or a minute: slower ones are one a minute.
    """
    limit = route.rate_limit
    if limit is None:
        return None
    seconds = limit.per.total_seconds()
    if limit.requests % seconds == 0:
        rate = f"{limit.requests // round(seconds)}r/s"
    else:
        rate = f"{max(1, round(limit.requests * 60 / seconds))}r/m"
    zone = f"zone={tag(route)}:2m"
    return line("limit_req_zone", Text("$binary_remote_addr"), zone, f"rate={rate}")
