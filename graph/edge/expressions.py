"""Expressions of Cloudflare's rules language, from names, paths and networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from graph.model import Route

NAME = "lower(http.host)"
PATH = "lower(http.request.uri.path)"
"""In lower case, as Caddy compares paths."""


def text(value: str) -> str:
    """Write a string literal."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def one_of(field: str, values: Iterable[str]) -> str:
    """Ask whether a field is one of some texts."""
    listed = sorted(set(values))
    if len(listed) == 1:
        return f"{field} eq {text(listed[0])}"
    return f"{field} in {{{' '.join(map(text, listed))}}}"


def named(names: Iterable[str], others: Iterable[str] = ()) -> str:
    """Ask for one of some names; a wildcard leaves to ``others`` what they name exactly."""
    given = sorted(set(names))
    exact = [name for name in given if not name.startswith("*.")]
    parts = [one_of(NAME, exact)] if exact else []
    for wildcard in (name for name in given if name.startswith("*.")):
        below = [o for o in set(others) - set(exact) if o.endswith(wildcard[1:]) and o != wildcard]
        asked = f"ends_with({NAME}, {text(wildcard[1:])})"
        parts.append(f"({asked} and not {one_of(NAME, below)})" if below else asked)
    return parts[0] if len(parts) == 1 else f"({' or '.join(parts)})"


def below(path: str) -> str | None:
    """Ask for a path as a route writes it; None for all of a name."""
    if path in ("", "/*"):
        return None
    if path.endswith("*"):
        return f"starts_with({PATH}, {text(path[:-1].lower())})"
    return f"{PATH} eq {text(path.lower())}"


def networks(sources: Iterable[str]) -> str:
    """Ask whether a caller comes from one of some networks."""
    parsed = sorted(map(ipaddress.ip_network, set(sources)), key=lambda n: (n.version, str(n)))
    return f"ip.src in {{{' '.join(map(str, parsed))}}}"


def both(parts: Sequence[str | None]) -> str:
    """Ask for all of some; None asks for nothing."""
    given = [part for part in parts if part is not None]
    return given[0] if len(given) == 1 else f"({' and '.join(given)})"


def answered(route: Route, of_name: Iterable[Route], names: Iterable[str]) -> str:
    """Ask for exactly the requests that a route answers: those of longer paths are not its own."""
    inner = sorted(
        {asked for other in of_name if (asked := below(other.path)) and _within(other, route)}
    )
    parts = [named([route.declared_name], names), below(route.path)]
    return both([*parts, *(f"not {each}" for each in inner)])


def _within(inner: Route, outer: Route) -> bool:
    """Whether a route answers a part of what another would without it."""
    if inner.path == outer.path or below(inner.path) is None:
        return False
    if below(outer.path) is None:
        return True
    if not outer.path.endswith("*"):
        return False
    return inner.path.lower().removesuffix("*").startswith(outer.path[:-1].lower())
