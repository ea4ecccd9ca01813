"""The Caddyfile of an ingress, from its routes.

What decides who may pass stands first inside a ``route`` block: there Caddy keeps the written
order, while elsewhere it sorts directives and a handler could answer before the guard (R04).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from config.units import format_duration
from graph.model import Ingress, Route, StackGraph
from render.caddyfile import Comment, Directive, block, line, marshal
from render.shell import CONFIG_DIRECTORY

CADDYFILE = f"{CONFIG_DIRECTORY}/Caddyfile"
UPSTREAMS = "upstreams"
USERS = "users"

HSTS = "max-age=31536000"
"""One year, without subdomains: those may belong to somebody else."""


def caddyfile(graph: StackGraph, ingress: Ingress) -> str:
    """Render the Caddyfile of an ingress.

    Upstreams of start-first services are imported files, which a handover writes: so the text
    is known before the deploy and changes only with routes.
    """
    sites = [
        _site(name, list(routes), ingress)
        for name, routes in groupby(
            sorted(graph.routes_of(ingress), key=lambda route: (route.name, route.id)),
            key=lambda route: route.name,
        )
    ]
    note = Comment(f"Made by stackgraph for {ingress.logical_name}. Changes here are overwritten.")
    return marshal([note, _options(ingress), *_unknown_names(ingress), *sites])


def _options(ingress: Ingress) -> Directive:
    options = []
    if ingress.email:
        options.append(line("email", ingress.email))
    if ingress.certificates == "internal":
        options += [
            line("http_port", str(ingress.http_port)),
            line("local_certs"),
            line("skip_install_trust"),
        ]
    # No HTTP/3: its port is not published, so it must not be advertised (P05).
    options.append(block("servers", of=[line("protocols", "h1", "h2")]))
    return block(of=options)


def _unknown_names(ingress: Ingress) -> list[Directive]:
    # Without them, Caddy answers 200 with nothing for any name that is not ours.
    return [
        block(f"http://:{ingress.http_port}", of=[line("respond", "404")]),
        block(f"https://:{ingress.https_port}", of=[line("respond", "404")]),
    ]


def _site(name: str, routes: list[Route], ingress: Ingress) -> Directive:
    address = name if ingress.certificates == "acme" else f"{name}:{ingress.https_port}"
    parts = [
        block("log", of=[line("output", "stdout"), line("format", "json")]),
        *(_handle(route, ingress) for route in sorted(routes, key=_specificity)),
    ]
    if all(route.path for route in routes):
        parts.append(block("handle", of=[line("respond", "404")]))
    return block(address, of=parts)


def _specificity(route: Route) -> tuple[bool, int, str]:
    # Exact paths, then the longest, the whole name last: `handle` blocks are tried as written.
    everything_below = route.path.endswith("*") or not route.path
    return (everything_below, -len(route.path), route.path)


def _handle(route: Route, ingress: Ingress) -> Directive:
    matcher = [route.path] if route.path else []
    return block("handle", *matcher, of=[block("route", of=list(_steps(route, ingress)))])


def _steps(route: Route, ingress: Ingress) -> Iterable[Directive]:
    if route.sources is not None:
        yield line("@refused", "not", "remote_ip", *route.sources)
        yield line("respond", "@refused", "403")
    if route.access.basic_auth is not None:
        # `basic_auth` since Caddy 2.8, which still reads the former name.
        users = line("import", f"{USERS}/{users_file(route)}")
        yield block("basicauth", of=[users])
    if route.max_body is not None:
        # At once where the size is told; what is read is counted for those that do not tell.
        size = "{header.Content-Length}"
        told = f'{size} != "" && int({size}) > {route.max_body}'
        yield line("@too_large", "expression", told)
        yield line("respond", "@too_large", "413")
        yield block("request_body", of=[line("max_size", str(route.max_body))])
    if route.security_headers:
        yield from _headers(ingress)
    if route.compress:
        yield line("encode", "zstd", "gzip")
    if route.redirect is not None:
        yield line("redir", route.redirect.to.rstrip("/") + "{uri}", str(route.redirect.status))
        return
    if route.service is None:
        # What runs on a host itself is not on this machine: the dev stack says so.
        yield line("respond", f"stand-in for {stand_in_name(route)}", "200")
        return
    if route.strip_prefix and route.path:
        yield line("uri", "strip_prefix", route.path.rstrip("/*"))
    yield block("reverse_proxy", of=_proxy(route))


def _headers(ingress: Ingress) -> Iterable[Directive]:
    # `?` sets a header only where the service does not: it knows better what embeds it. Each has
    # a directive of its own: those of one directive are set only where all of them are missing.
    if ingress.certificates != "internal":
        yield line("header", "?Strict-Transport-Security", HSTS)
    yield line("header", "?X-Content-Type-Options", "nosniff")
    yield line("header", "?X-Frame-Options", "SAMEORIGIN")
    yield line("header", "?Referrer-Policy", "strict-origin-when-cross-origin")
    yield line("header", "-Server")


def _proxy(route: Route) -> list[Directive]:
    if route.upstream_file:
        upstream = line("import", f"{UPSTREAMS}/{route.upstream_file}")
    else:
        upstream = line("to", str(route.upstream))
    transport = []
    if route.websocket:
        # An upgrade exists in HTTP/1.1 only (R11).
        transport.append(line("versions", "1.1"))
    if route.max_duration is not None:
        transport.append(line("response_header_timeout", format_duration(route.max_duration)))
    return [upstream, *([block("transport", "http", of=transport)] if transport else [])]


def stand_in_name(route: Route) -> str:
    """Name the process or site that an answer of the dev stack's proxy stands in for."""
    kind, _, rest = (route.process or route.site or "").partition(":")
    return f"{kind} {rest.partition('/')[2]}"


def users_file(route: Route) -> str:
    """Name the file in the ingress that holds a route's users: one per system and entry."""
    return f"{route.system}-{route.access.basic_auth}"
