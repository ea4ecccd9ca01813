"""Headers of answers.

A location that has one of its own loses those of its server: so each location has all of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from config.http import Cors
from graph.model import Route, StackGraph
from render.caddy.answers import IMMUTABLE
from render.caddy.headers import HSTS, PROTECTING
from render.caddy.headers import browser_cache as said_to_browsers
from render.nginx.syntax import Directive, Node, Pattern, Text, Token, block, line

SECURITY = {
    "Strict-Transport-Security": HSTS,
    "X-Content-Type-Options": "nosniff",
    **PROTECTING,
}
"""What a service may say otherwise: it knows better what embeds it."""

_CORS = (
    *("Access-Control-Allow-Origin", "Access-Control-Allow-Methods"),
    *("Access-Control-Allow-Headers", "Access-Control-Allow-Credentials"),
    *("Access-Control-Expose-Headers", "Access-Control-Max-Age"),
)


def _variable(name: str) -> str:
    return "$stackgraph_" + name.lower().replace("-", "_")


__all__ = [
    "IMMUTABLE",
    "added",
    "browser_cache",
    "cache_map",
    "cors_maps",
    "hidden",
    "preflight",
    "security_maps",
]


def security_maps() -> Iterator[Directive]:
    """Make the maps of headers that are set only where the service does not."""
    for name, value in SECURITY.items():
        said = "$upstream_http_" + name.lower().replace("-", "_")
        yield block(
            *("map", Text(said), Text(_variable(name))),
            of=[line("default", ""), line("", value)],
        )


def cors_maps(route: Route, prefix: str) -> Iterator[Directive]:
    """Make the maps of a route's CORS: the origin if it may call, and whether it only asks."""
    cors = route.cors
    if cors is None:
        return
    if not cors.anyone:
        origins: list[Node] = [line("default", "")]
        origins += [line(origin, origin) for origin in sorted(cors.origins)]
        yield block("map", Text("$http_origin"), Text(f"${prefix}_origin"), of=origins)
    asked = "$request_method:$http_origin:$http_access_control_request_method"
    yield block(
        *("map", Text(asked), Text(f"${prefix}_preflight")),
        of=[line("default", "0"), Directive((Pattern(r"~^OPTIONS:.+:."), "1"))],
    )


def hidden(route: Route) -> Iterator[Directive]:
    """Hide what a service says of headers that the ingress answers for."""
    names = list(route.headers)
    if route.cors is not None:
        names += _CORS
    for name in sorted(dict.fromkeys(names)):
        yield line("proxy_hide_header", name)


def added(route: Route, prefix: str, *, cache: Token | None) -> Iterator[Directive]:
    """Give every header that is added to a route's answers; ``cache`` is Cache-Control."""
    own = {name.lower() for name in route.headers}
    if route.security_headers:
        for name, value in SECURITY.items():
            if name.lower() not in own:
                known = route.site or route.redirect
                yield _always(name, value if known else Text(_variable(name)))
    if route.cors is not None:
        yield from _cors(route.cors, prefix)
    if cache is not None:
        yield line("add_header", "Cache-Control", cache)
    for name, said in sorted(route.headers.items()):
        if said is not None:
            yield _always(name, said)


def _always(name: str, value: Token) -> Directive:
    return line("add_header", name, value, "always")


def _origin(cors: Cors, prefix: str) -> Token:
    return "*" if cors.anyone else Text(f"${prefix}_origin")


def _cors(cors: Cors, prefix: str) -> Iterator[Directive]:
    yield _always("Access-Control-Allow-Origin", _origin(cors, prefix))
    if not cors.anyone:
        yield _always("Vary", "Origin")
    if cors.credentials:
        yield _always("Access-Control-Allow-Credentials", "true")
    if cors.expose:
        yield _always("Access-Control-Expose-Headers", ", ".join(cors.expose))


def preflight(route: Route, prefix: str) -> Iterator[Directive]:
    """Give the headers of the answer to a browser that asks whether it may call."""
    cors = route.cors
    if cors is None:
        return
    yield from _cors(cors, prefix)
    yield _always("Access-Control-Allow-Methods", ", ".join(cors.methods))
    if cors.headers:
        yield _always("Access-Control-Allow-Headers", ", ".join(cors.headers))
    if cors.max_age is not None:
        yield _always("Access-Control-Max-Age", str(round(cors.max_age.total_seconds())))


def browser_cache(graph: StackGraph, route: Route, prefix: str) -> Token | None:
    """Give what Cache-Control says to browsers; None where nothing is said.

    Pages of a site with a fallback are asked for again each time: they name the files that belong
    to them, which a release replaces.
    """
    kept = route.kept is not None and route.kept.browser is not None
    if route.redirect is not None or not (kept or _asks_again(graph, route)):
        return None
    if route.site and not _asks_again(graph, route):
        return said_to_browsers(route)
    return Text(f"${prefix}_cache")


def _asks_again(graph: StackGraph, route: Route) -> bool:
    return route.site is not None and graph.sites[route.site].spec.fallback is not None


def cache_map(graph: StackGraph, route: Route, prefix: str) -> Directive | None:
    """Make the map for `browser_cache`: of a site, by what is sent; else unless the service says.

    A service knows better than we do how long its answers are good.
    """
    told = browser_cache(graph, route, prefix)
    if not isinstance(told, Text):
        return None
    kept = route.kept is not None and route.kept.browser is not None
    value = said_to_browsers(route) if kept else ""
    if route.site is None:
        rows = [line("default", ""), line("", value)]
        return block("map", Text("$upstream_http_cache_control"), told, of=rows)
    page = Directive((Pattern("~^text/html"), "no-cache"))
    rows = [line("default", value), page]
    return block("map", Text("$sent_http_content_type"), told, of=rows)
