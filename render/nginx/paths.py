"""How a route's path is matched by nginx: the same way as by Caddy, and no odd spelling gets by.

nginx compares what it has decoded and cleaned (``%2e``, ``//``, ``..``); the service is sent what
the client wrote. Where the paths of a name have different guards, a path that two programs could
read in two ways is refused instead.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from graph.model import Route
from render.caddy.access import ODD_PATH
from render.nginx.syntax import Directive, Pattern, Text, block, line

ODD = "$stackgraph_odd"
"""1 where the path of a request can be read in more than one way."""


def specificity(route: Route) -> tuple[bool, int, str]:
    """Sort routes of a name: exact paths, then the longest, the whole name last.

    nginx tries patterns as they are written.
    """
    below = route.path.endswith("*") or not route.path
    return (below, -len(route.path), route.path)


def matching(route: Route) -> tuple[str | Pattern, ...]:
    """Give what follows ``location``: upper and lower case are the same, as for Caddy."""
    if not route.path:
        return ("/",)
    if route.path.endswith("*"):
        return ("~*", Pattern("^" + _literal(route.path[:-1])))
    return ("~*", Pattern("^" + _literal(route.path) + r"\z"))


def _literal(path: str) -> str:
    return re.sub(r"([^A-Za-z0-9/_=:@%~-])", r"\\\1", unquote(path))


def odd_map() -> Directive:
    """Make the map that tells odd paths, which are the same ones as for Caddy."""
    odd = ODD_PATH.removeprefix("(?i)").replace("$", r"\z")
    return block(
        *("map", Text("$request_uri"), Text(ODD)),
        of=[line("default", "0"), Directive((Pattern(f"~*{odd}"), "1"))],
    )


def stripped(route: Route, variable: str) -> Directive | None:
    """Make the map that gives the request's path and query without the route's prefix.

    As the client wrote them: what is encoded stays so. Empty where the prefix was written in
    another way. None for an exact path, of which nothing is left but ``/``.
    """
    prefix = _literal(route.path.rstrip("/*"))
    if not route.path.endswith("*"):
        return None
    return block(
        *("map", Text("$request_uri"), Text(f"${variable}")),
        of=[
            line("default", ""),
            Directive((Pattern(f"~*^{prefix}(?<stackgraph_rest>/.*)"), Text("$stackgraph_rest"))),
            Directive(
                (Pattern(f"~*^{prefix}(?<stackgraph_more>.*)"), Text("/$stackgraph_more")),
            ),
        ],
    )
