"""Who may pass: odd paths, source addresses, passwords, the size of bodies; CORS's questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from config.http import Cors
from graph.model import Ingress, Route
from render.caddy.caller import EDGE
from render.caddy.errors import refuse
from render.caddy.names import USERS
from render.caddyfile import Directive, block, line

ODD_PATH = (
    r"(?i)^(/(/|%2f)"  # another host's name, to some
    r"|[^?]*("
    r"(/|%2f)(\.|%2e)(\.|%2e)?(/|%2f|\?|$)"  # a dot segment
    r"|\\|%5c|%00|;))"  # a separator, to some; an end; parameters of a segment
)
"""Paths that the proxy and a program behind it may read differently.

The proxy compares paths decoded and cleaned, and passes them on as they came. RE2 syntax, without
braces; compared with path and query as sent.
"""


def told_apart(routes: Sequence[Route]) -> bool:
    """Whether the paths of a name differ in who may use them."""
    return len({(route.sources, route.access.basic_auth, route.proxied) for route in routes}) > 1


def users_file(route: Route) -> str:
    """Name the file in the ingress that holds a route's users: one per system and entry."""
    return f"{route.system}-{route.access.basic_auth}"


def guards(ingress: Ingress, route: Route, *, apart: bool) -> Iterator[Directive]:
    """Give what stands before a route's answer: nobody who may not comes past it."""
    if apart:
        # Else a path could pass one route's guard and mean another's to the program behind it.
        yield line("@odd_path", "vars_regexp", "{http.request.orig_uri}", ODD_PATH)
        yield refuse(route, "@odd_path", 400)
    yield from _sources(ingress, route)
    if route.cors is not None:
        # Before the password: browsers ask without one.
        yield from _preflight(route.cors)
    if route.access.basic_auth is not None:
        yield block("basic_auth", of=[line("import", f"{USERS}/{users_file(route)}")])
    if route.max_body is not None:
        yield from _largest_body(route, route.max_body)


def _sources(ingress: Ingress, route: Route) -> Iterator[Directive]:
    behind = bool(ingress.edge) and route.proxied
    if behind and (route.sources is None or ingress.tunnel):
        # Past a tunnel come only containers that share a network with the proxy.
        yield line("import", EDGE)
        yield refuse(route, f"@{EDGE}", 403)
    if route.sources is None:
        return
    if not behind:
        yield line("@refused", "not", "remote_ip", *route.sources)
    else:
        # Who admits Cloudflare's own networks admits whoever comes through them.
        edge = tuple(each for each in route.sources if each in ingress.edge)
        others = tuple(each for each in route.sources if each not in ingress.edge)
        asked = [line("not", "client_ip", *others)] if others else []
        asked += [line("not", "remote_ip", *edge)] if edge else []
        yield block("@refused", of=asked)
    yield refuse(route, "@refused", 403)


def _largest_body(route: Route, size: int) -> Iterator[Directive]:
    # At once where the size is told; what is read is counted for those that do not tell.
    told = "{header.Content-Length}"
    yield line("@too_large", "expression", f'{told} != "" && int({told}) > {size}')
    yield refuse(route, "@too_large", 413)
    yield block("request_body", of=[line("max_size", str(size))])


def _preflight(cors: Cors) -> Iterator[Directive]:
    """Answer what a browser asks before it calls; and tell each answer who may read it.

    What the service says itself of it is removed (`render.caddy.answers`).
    """
    named = [line("header", "Origin", each) for each in cors.origins if not cors.anyone]
    if named:
        # An answer depends on who asked, also one that says nothing.
        yield line("header", "+Vary", "Origin")
        yield block("@cors", of=named)
    said = [line("Access-Control-Allow-Origin", "{header.Origin}" if named else "*")]
    if cors.credentials:
        said.append(line("Access-Control-Allow-Credentials", "true"))
    if cors.expose:
        said.append(line("Access-Control-Expose-Headers", ", ".join(cors.expose)))
    yield block("header", *(["@cors"] if named else []), of=said)
    asked = [
        line("method", "OPTIONS"),
        line("header", "Origin", "*"),
        line("header", "Access-Control-Request-Method", "*"),
    ]
    told = [line("Access-Control-Allow-Methods", ", ".join(cors.methods))]
    if cors.headers:
        told.append(line("Access-Control-Allow-Headers", ", ".join(cors.headers)))
    if cors.max_age is not None:
        told.append(line("Access-Control-Max-Age", str(int(cors.max_age.total_seconds()))))
    yield block("@preflight", of=asked)
    answered = [block("header", *(["@cors"] if named else []), of=told), line("respond", "204")]
    yield block("handle", "@preflight", of=[block("route", of=answered)])
