"""One route of a name, as a location: who may pass, what limits it, what answers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from graph.model import Ingress, Route, StackGraph
from render.caddy.caller import FORGEABLE
from render.nginx import headers
from render.nginx.access import from_where, guards, limits
from render.nginx.paths import matching
from render.nginx.place import NOWHERE, tag
from render.nginx.syntax import Comment, Directive, Node, Pattern, Text, block, fixed, line

PATIENCE = "1h"
"""How long a service may be silent where no ``max_duration`` is said; nginx knows no for ever."""

PREFLIGHT, UPGRADE = "418", "419"
"""Statuses that no service sends: they lead on to another location of the same route."""

_CLASSES = {
    "4xx": (400, 401, 403, 404, 405, 408, 411, 412, 413, 414, 415, 416, 421, 426, 429, 431),
    "5xx": (500, 501, 502, 503, 504, 505, 507),
}


def locations(graph: StackGraph, ingress: Ingress, route: Route) -> Iterator[Node]:
    """Give a route's location, and those that it leads on to."""
    yield Comment(said(route))
    if route.site is not None:
        yield _location(ingress, route, *matching(route), of=list(_files(graph, route)))
    elif route.redirect is not None:
        yield from _redirect(ingress, route)
    else:
        yield from _proxied(graph, ingress, route)
    yield from _error_pages(graph, route)


def said(route: Route) -> str:
    """Tell where a route stands: a deploy shows it beside a line that nginx refuses."""
    return f"route {route.source.file}:{route.source.line} {route.address}"


def _location(ingress: Ingress, route: Route, *match: str | Pattern, of: list[Node]) -> Directive:
    first = [*guards(ingress, route), *_error_statuses(route)]
    return block("location", *match, of=[*first, *of])


# --- a service or a process ----------------------------------------------------------------------


def _proxied(graph: StackGraph, ingress: Ingress, route: Route) -> Iterator[Node]:
    name = tag(route)
    asides: list[Node] = []
    if route.cors is not None:
        asides.append(line("error_page", PREFLIGHT, "=", f"@{name}_preflight"))
        asides.append(_leads_on(f"${name}_preflight", PREFLIGHT))
    # An upgraded connection has no limit of time, and nginx has one setting for both.
    apart = route.websocket and route.max_duration is not None
    if apart:
        asides.append(line("error_page", UPGRADE, "=", f"@{name}_upgrade"))
        asides.append(_leads_on("$stackgraph_upgrade", UPGRADE))
    timed = _proxy(graph, ingress, route, route.max_duration)
    yield _location(ingress, route, *matching(route), of=[*asides, *limits(route), *timed])
    if apart:
        of = [*limits(route), *_proxy(graph, ingress, route, None)]
        yield _location(ingress, route, f"@{name}_upgrade", of=of)
    if route.cors is not None:
        # Not `return`: it would answer before anybody has looked at who is calling. A browser
        # asks without a password.
        yield block(
            *("location", f"@{name}_preflight"),
            of=[
                *from_where(ingress, route),
                *headers.preflight(route, name),
                line("root", NOWHERE),
                line("try_files", "/none", "=204"),
            ],
        )


def _leads_on(variable: str, status: str) -> Directive:
    return block("if", Text(f"({variable})"), of=[line("return", status)])


def _proxy(
    graph: StackGraph, ingress: Ingress, route: Route, limit: timedelta | None
) -> Iterator[Node]:
    name = tag(route)
    yield from headers.hidden(route)
    yield from headers.added(route, name, cache=headers.browser_cache(graph, route, name))
    wait = PATIENCE if limit is None else f"{round(limit.total_seconds() * 1000)}ms"
    yield line("proxy_read_timeout", wait)
    yield line("proxy_send_timeout", wait)
    yield from _told(ingress, route)
    if route.upstream is None:
        yield line("return", "502")
        return
    upstream = f"http://{route.upstream}"
    if not (route.strip_prefix and route.path):
        # Without a path of its own, nginx passes on what the client wrote, to the byte.
        yield line("proxy_pass", upstream)
    elif route.path.endswith("*"):
        # The prefix was written in a way that another program might read otherwise.
        yield block("if", Text(f"(${name}_path"), "!~", "^/)", of=[line("return", "400")])
        yield line("proxy_pass", Text(f"{upstream}${name}_path"))
    else:
        yield line("proxy_pass", Text(f"{upstream}/$is_args$args"))


def _told(ingress: Ingress, route: Route) -> Iterator[Node]:
    """Tell a service who calls: what nginx knows, and nothing that the caller claims."""
    upgrade = route.websocket
    told: dict[str, str | Text] = {
        "Host": Text("$host"),
        "X-Real-IP": Text("$remote_addr"),
        "X-Forwarded-For": Text("$remote_addr"),
        "X-Forwarded-Host": Text("$host"),
        "X-Forwarded-Proto": "https",
        **dict.fromkeys(FORGEABLE, ""),
        "Proxy": "",
        "Connection": Text("$stackgraph_connection") if upgrade else "",
        # Only to `websocket`: an upgrade to anything else would get past nginx.
        "Upgrade": Text("$stackgraph_upgrade") if upgrade else "",
    }
    if ingress.edge and route.proxied:
        told["CF-Connecting-IP"] = Text("$remote_addr")
    for header, value in told.items():
        yield line("proxy_set_header", header, value)


# --- a site --------------------------------------------------------------------------------------


def _files(graph: StackGraph, route: Route) -> Iterator[Node]:
    spec = graph.sites[str(route.site)].spec
    name = tag(route)
    yield from limits(route)
    yield from headers.added(route, name, cache=headers.browser_cache(graph, route, name))
    yield line("root", spec.path)
    yield line("index", "index.html")
    yield line("charset", "utf-8")
    # The fallback is not the last one: that one would be looked for among all routes.
    fallback = [spec.fallback] if spec.fallback else []
    yield line("try_files", Text("$uri"), Text("$uri/"), *fallback, "=404")
    yield block(
        "location", "~", Pattern(r"/\.(?!well-known/[^/.][^/]*\z)"), of=[line("return", "404")]
    )
    for path in spec.immutable:
        end = "" if path.endswith("*") else r"\z"
        literal = path.rstrip("*").replace(".", r"\.")
        yield block(
            *("location", "~*", Pattern(f"^{literal}{end}")),
            of=[
                *headers.added(route, name, cache=headers.IMMUTABLE),
                line("try_files", Text("$uri"), "=404"),
            ],
        )


# --- a redirect ----------------------------------------------------------------------------------


def _redirect(ingress: Ingress, route: Route) -> Iterator[Node]:
    redirect = route.redirect
    if redirect is None:
        return
    to = Text(fixed(redirect.to.rstrip("/")) + "$request_uri")
    answer: list[Node] = [
        *headers.added(route, tag(route), cache=None),
        line("return", str(redirect.status), to),
    ]
    if not list(guards(ingress, route)):
        yield _location(ingress, route, *matching(route), of=answer)
        return
    # `return` comes before the guards; this way they come first.
    on = [line("root", NOWHERE), line("try_files", "/none", f"@{tag(route)}")]
    yield _location(ingress, route, *matching(route), of=list(on))
    yield block("location", f"@{tag(route)}", of=answer)


# --- pages for nginx's own errors ----------------------------------------------------------------


def _pages(route: Route) -> dict[str, list[str]]:
    """Give the statuses of each page; what is named itself is not meant by its class."""
    found: dict[str, list[str]] = {}
    if route.errors is None:
        return found
    pages = route.errors.pages
    for status, page in sorted(pages.items()):
        of_class = [str(each) for each in _CLASSES.get(status, ())]
        meant = [each for each in of_class if each not in pages] if of_class else [status]
        found.setdefault(page, []).extend(meant)
    return found


def _error_statuses(route: Route) -> Iterator[Node]:
    for page, statuses in _pages(route).items():
        yield line("error_page", *statuses, f"/.{tag(route)}{page}")


def _error_pages(graph: StackGraph, route: Route) -> Iterator[Node]:
    if route.errors is None:
        return
    root = graph.sites[route.errors.site].spec.path
    for page in _pages(route):
        yield block(
            *("location", "=", f"/.{tag(route)}{page}"),
            of=[
                line("internal"),
                *headers.added(route, tag(route), cache=None),
                # It tells of a moment.
                line("add_header", "Cache-Control", "no-store", "always"),
                line("alias", f"{root}{page}"),
            ],
        )
