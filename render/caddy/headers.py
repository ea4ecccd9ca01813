"""Headers of answers: those that protect, those of the owner, and how long an answer is kept."""

from __future__ import annotations

from collections.abc import Iterator

from graph.model import Ingress, Route
from render.caddyfile import Directive, block, line

HSTS = "max-age=31536000"
"""One year, without subdomains: those may belong to somebody else."""

PROTECTING = {
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}


def headers(ingress: Ingress, route: Route) -> Iterator[Directive]:
    """Give a route's headers. The owner's come before all others.

    Each directive looks at every answer, so what holds for all of them is one.
    """
    owned = {name.lower() for name in route.headers}
    always: list[Directive] = []
    if route.security_headers:
        # `?` sets a header only where the service does not: it knows better what embeds it. Each
        # has a directive of its own: those of one directive are set only where all are missing.
        protecting = dict(PROTECTING)
        if ingress.certificates != "internal":
            protecting = {"Strict-Transport-Security": HSTS, **protecting}
        for name, default in protecting.items():
            if name.lower() not in owned:
                yield line("header", f"?{name}", default)
        # Of this one there is one value only.
        if "x-content-type-options" not in owned:
            always.append(line(">X-Content-Type-Options", "nosniff"))
        if "server" not in owned:
            always.append(line("-Server"))
    for name, value in route.headers.items():
        # At the end, over what the service says.
        always.append(line(f"-{name}") if value is None else line(f">{name}", value))
    if always:
        yield block("header", of=always)
    if route.site is None:
        yield from _kept(route)


def _kept(route: Route) -> Iterator[Directive]:
    """Say how long browsers keep what a service answers, unless it does; its errors, never."""
    kept = route.kept.browser if route.kept else None
    if kept is not None and route.redirect is None:
        unsaid = [line("status", "2xx", "3xx"), line("header", "!Cache-Control")]
        said = line(">Cache-Control", browser_cache(route))
        yield block("header", of=[block("match", of=unsaid), said])


def browser_cache(route: Route) -> str:
    """Give the Cache-Control of a route that says how long browsers keep its answers.

    An answer for whom is asked who they are is kept by nobody else.
    """
    seconds = int(route.kept.browser.total_seconds()) if route.kept and route.kept.browser else 0
    if not seconds:
        return "no-store"
    private = not route.access.anywhere or route.access.basic_auth is not None
    return f"{'private' if private else 'public'}, max-age={seconds}"
