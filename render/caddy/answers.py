"""What answers a route: a service or process behind the proxy, a site's files, a redirect."""

from __future__ import annotations

from collections.abc import Iterator

from config.http import UpstreamHealth
from config.units import format_duration
from graph.model import Ingress, Route, StackGraph
from render.caddy.caller import CALLER, told
from render.caddy.errors import refuse
from render.caddy.headers import browser_cache
from render.caddy.names import UPSTREAMS, site_directory
from render.caddyfile import Directive, block, line

IMMUTABLE = "public, max-age=31536000, immutable"
"""For files whose names change with their content: a year."""

STREAMS_STAY = "24h"
"""How long a reload leaves WebSockets open; a handover ends those of the container it stops."""


def answer(graph: StackGraph, ingress: Ingress, route: Route) -> Iterator[Directive]:
    """Give what answers a route, once its guards are passed."""
    if route.redirect is not None:
        yield line("redir", route.redirect.to.rstrip("/") + "{uri}", str(route.redirect.status))
    elif route.site in ingress.sites:
        yield from _files(graph, route)
    elif route.upstream is None and route.upstream_file is None:
        # What runs on a host itself is not on this machine: the dev stack says so.
        yield line("respond", f"stand-in for {stand_in_name(route)}", "200")
    else:
        if route.strip_prefix and route.path:
            yield line("uri", "strip_prefix", route.path.rstrip("/*"))
        yield line("import", CALLER)
        yield block("reverse_proxy", of=_proxy(ingress, route))


def stand_in_name(route: Route) -> str:
    """Name the process or site that an answer of the dev stack's proxy stands in for."""
    kind, _, rest = (route.process or route.site or "").partition(":")
    return f"{kind} {rest.partition('/')[2]}"


def _proxy(ingress: Ingress, route: Route) -> list[Directive]:
    if route.upstream_file:
        steps = [line("import", f"{UPSTREAMS}/{route.upstream_file}")]
    else:
        steps = [line("to", str(route.upstream))]
    if route.health is not None:
        steps += _health(route, route.health)
    if route.websocket:
        steps.append(line("stream_close_delay", STREAMS_STAY))
    steps += told(ingress, route)
    if route.cors is not None:
        # Two are none: browsers refuse an answer that has one of these twice.
        steps.append(line("header_down", "-Access-Control-*"))
    transport = []
    if route.websocket:
        # An upgrade exists in HTTP/1.1 only (R11).
        transport.append(line("versions", "1.1"))
    if route.max_duration is not None:
        transport.append(line("response_header_timeout", format_duration(route.max_duration)))
    if transport:
        steps.append(block("transport", "http", of=transport))
    return steps


def _health(route: Route, health: UpstreamHealth) -> list[Directive]:
    # As a caller would ask: by the name, and over HTTPS, or some answer with a redirect.
    asked_as = [line("Host", route.name), line("X-Forwarded-Proto", "https")]
    return [
        line("health_uri", health.path),
        line("health_interval", format_duration(health.interval)),
        line("health_timeout", format_duration(health.timeout)),
        block("health_headers", of=asked_as),
    ]


def _files(graph: StackGraph, route: Route) -> Iterator[Directive]:
    """Serve a site's files: never a hidden one, never a listing of a directory."""
    site = graph.sites[route.site or ""]
    yield line("root", "*", site_directory(site))
    yield block(
        "@hidden",
        of=[
            line("path_regexp", r"/\."),
            line("not", "path_regexp", r"^/\.well-known/[^/.][^/]*$"),
        ],
    )
    yield refuse(route, "@hidden", 404)
    if site.spec.immutable:
        # What is missing is missing: a page in its place would be kept for a year.
        yield line("@immutable", "path", *site.spec.immutable)
        there = [line("path", *site.spec.immutable), line("file")]
        yield block("@immutable_file", of=there)
        yield line("header", "@immutable_file", "Cache-Control", IMMUTABLE)
        yield block("handle", "@immutable", of=[line("file_server")])
    if site.spec.fallback:
        yield line("try_files", "{path}", "{path}/index.html", site.spec.fallback)
    yield from _kept(route, fallback=site.spec.fallback)
    yield line("file_server")


def _kept(route: Route, *, fallback: str | None) -> Iterator[Directive]:
    # Pages name the files of a version: a browser asks each time whether there is a new one.
    if fallback:
        yield line("@page", "path", "*.html", "*/")
        yield line("header", "@page", "Cache-Control", "no-cache")
    if route.kept is not None and route.kept.browser is not None:
        others = [line("not", "path", "*.html", "*/"), line("file")] if fallback else [line("file")]
        yield block("@kept", of=others)
        yield line("header", "@kept", "Cache-Control", browser_cache(route))
