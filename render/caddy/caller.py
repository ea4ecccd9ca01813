"""Who calls: which peers are believed whom they call for, and what services are told of it."""

from __future__ import annotations

from graph.model import Ingress, Route
from render.caddyfile import Directive, block, line

EDGE = "past_the_edge"
"""Matches callers that do not come through Cloudflare."""

CALLER = "caller"

FORGEABLE = (
    *("CF-Connecting-IP", "Forwarded", "True-Client-IP", "X-Client-IP"),
    *("X-Forwarded-Port", "X-Forwarded-Prefix"),
)
"""Headers by which callers tell services who and where they are: never passed on as they came."""


def server_options(ingress: Ingress) -> list[Directive]:
    """Give the options of a server that says whom it believes.

    Only Cloudflare is, and only its own header: what callers write into X-Forwarded-For
    themselves, it passes on.
    """
    if not ingress.edge:
        return []
    return [
        line("trusted_proxies", "static", *ingress.edge),
        line("trusted_proxies_strict"),
        line("client_ip_headers", "CF-Connecting-IP"),
    ]


def snippets(ingress: Ingress) -> list[Directive]:
    """Give what many routes import: what callers say of themselves is removed, and a matcher.

    Caddy tells services the host and the scheme by itself where nobody else has.
    """
    removed = [line("request_header", "-X-Forwarded-*")]
    # An upgrade to anything else, like h2c, would tunnel requests past every guard.
    smuggled = [
        line("header", "Upgrade", "*"),
        line("not", "header_regexp", "Upgrade", "(?i)^websocket$"),
    ]
    removed += [block("@smuggled", of=smuggled), line("request_header", "@smuggled", "-Upgrade")]
    found = [block(f"({CALLER})", of=removed)]
    if ingress.edge:
        asked = line(f"@{EDGE}", "not", "remote_ip", *ingress.edge)
        found.append(block(f"({EDGE})", of=[asked]))
    return found


def told(ingress: Ingress, route: Route) -> list[Directive]:
    """Give what a service is told of its caller, and not told.

    Each `request_header` is a handler of its own, whose time every request takes; these are the
    proxy's. Caddy removes last: what is set is not among what is removed.
    """
    if ingress.edge and route.proxied:
        said = dict.fromkeys(("X-Real-IP", "X-Forwarded-For", "CF-Connecting-IP"), "{client_ip}")
    else:
        said = {"X-Real-IP": "{remote_host}"}
    removed = [each for each in FORGEABLE if each not in said and "X-Forwarded-" not in each]
    return [
        *(line("header_up", name, value) for name, value in said.items()),
        *(line("header_up", f"-{name}") for name in removed),
    ]
