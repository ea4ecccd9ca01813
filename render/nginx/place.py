"""Where nginx's files are on a host, and what they and their variables are called."""

from __future__ import annotations

import hashlib
from typing import Final

from graph.model import Ingress, Route

NGINX: Final = "/etc/nginx"
CONF: Final = f"{NGINX}/conf.d/stackgraph.conf"
AVAILABLE: Final = f"{NGINX}/sites-available"
DOOR: Final = f"{AVAILABLE}/stackgraph.conf"
"""Port 80, and whatever name is not ours."""
USERS: Final = f"{NGINX}/stackgraph/users"
AUTHORITIES: Final = f"{NGINX}/stackgraph/authorities"
"""Certificates of those whom the edge shows one of (authenticated origin pulls)."""
CERTIFICATES: Final = "/etc/letsencrypt/live"
CHALLENGES: Final = "/var/lib/stackgraph/acme"
"""The webroot that certbot puts its answers below."""
CHALLENGE_PATH: Final = "/.well-known/acme-challenge/"
NOWHERE: Final = "/nonexistent"


def virtual_host(name: str) -> str:
    """Give the file of a name's virtual host."""
    return f"{AVAILABLE}/stackgraph-{name.replace('*', '_')}.conf"


def certificate(name: str) -> str:
    """Give the directory of a name's certificate, which is also what certbot calls it."""
    return f"{CERTIFICATES}/{name}"


def tag(route: Route) -> str:
    """Give what a route's variables, zones and named locations begin with."""
    return f"stackgraph_{hashlib.sha256(route.id.encode()).hexdigest()[:8]}"


def users_file(route: Route) -> str:
    """Give the file that holds a route's users: one per system and entry."""
    return f"{USERS}/{route.system}-{route.access.basic_auth}"


def names_of(routes: tuple[Route, ...]) -> dict[str, list[Route]]:
    """Give an ingress's routes by name, both sorted."""
    found: dict[str, list[Route]] = {}
    for route in sorted(routes, key=lambda each: (each.name, each.id)):
        found.setdefault(route.name, []).append(route)
    return found


def listens(ingress: Ingress, *words: str, tls: bool) -> tuple[tuple[str, ...], ...]:
    """Give the ``listen`` lines of both families; the second is left out on a host without."""
    port = ingress.https_port if tls else ingress.http_port
    more = (*(("ssl", "http2") if tls else ()), *words)
    return (("listen", str(port), *more), ("listen", f"[::]:{port}", *more))
