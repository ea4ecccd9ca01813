"""Nodes: routes, and the names that they are reached by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from config.access import Access
from config.cloudflare import ZoneSettings
from config.finding import Source
from config.host import Environment
from config.http import Cache, Cors, RateLimit, UpstreamHealth
from config.route import Redirect
from config.zone import Mx, ZonePolicy

STATIC_CACHE = Cache(edge=timedelta(hours=4), browser=timedelta(hours=4))
"""What ``cache: static`` is: files that seldom change. Cloudflare's own default for browsers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPages:
    """Pages of a site (its id), by status or class of statuses (``502``, ``5xx``)."""

    site: str
    pages: Mapping[str, str]


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
    cache: Literal["off", "static"] | Cache | None
    rate_limit: RateLimit | None
    cors: Cors | None
    headers: Mapping[str, str | None]
    health: UpstreamHealth | None
    errors: ErrorPages | None
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

    @property
    def kept(self) -> Cache | None:
        """How long an answer is kept, and where; None where the service alone says so.

        Nowhere is 0 s.
        """
        if self.cache == "off":
            return Cache(edge=timedelta(), browser=timedelta())
        return STATIC_CACHE if self.cache == "static" else self.cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A DNS zone, and who writes it.

    ``settings`` say where it is at Cloudflare; None on the dev stack, and of an external zone.
    ``txt``, ``mx`` and ``cname`` are records that lead to no host, by full name.
    """

    id: str
    system: str
    logical_name: str
    name: str
    provider: Literal["cloudflare", "external"]
    managed_by: str | None
    create: bool
    policy: ZonePolicy
    proxied: bool
    txt: Mapping[str, tuple[str, ...]]
    mx: Mapping[str, tuple[Mx, ...]]
    cname: Mapping[str, str]
    settings: ZoneSettings | None
    source: Source

    @property
    def ssl(self) -> str | None:
        """How the edge calls hosts; None of a zone that has no edge."""
        return self.policy.ssl if self.provider == "cloudflare" else None

    @property
    def rate_limited(self) -> bool:
        """Whether the edge limits how often an address may call the zone's names."""
        return self.policy.rate_limit is not None


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
