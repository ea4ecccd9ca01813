"""Nodes: routes, and the names that they are reached by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from config.access import Access
from config.finding import Source
from config.host import Environment
from config.route import Redirect


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A host name and path that an ingress serves.

    ``name`` is the name served on this stack, ``declared_name`` the one in system.yaml: the dev
    stack adds ``.localhost``. One of ``service`` and ``process`` (each with ``port``), ``site``
    and ``redirect`` is set. ``sources`` are the networks that callers may come from, None for
    anywhere; ``mesh``, whether the mesh's is among them. The ingress reaches a service at
    ``upstream`` (name and port), or at what ``upstream_file`` says where two containers of the
    service may run at once.
    """

    id: str
    system: str
    name: str
    declared_name: str
    path: str
    zone: str | None
    ingress: str | None
    service: str | None
    process: str | None
    site: str | None
    port: int | None
    redirect: Redirect | None
    upstream: str | None
    upstream_file: str | None
    access: Access
    sources: tuple[str, ...] | None
    mesh: bool
    users: Mapping[str, str]
    strip_prefix: bool
    websocket: bool
    max_body: int | None
    max_duration: timedelta | None
    cache: Literal["off", "static"] | None
    compress: bool
    security_headers: bool
    proxied: bool
    purpose: str | None
    environment: Environment
    source: Source

    @property
    def address(self) -> str:
        """Name and path as the owner wrote them."""
        return self.declared_name + self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A DNS zone, and who writes it."""

    id: str
    system: str
    name: str
    provider: Literal["cloudflare", "external"]
    managed_by: str | None
    ssl: str | None
    proxied: bool
    rate_limited: bool
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A DNS name of a host."""

    id: str
    zone: str
    host: str
    name: str
    declared_name: str
    proxied: bool
    purpose: str
    source: Source
