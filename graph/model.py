"""Nodes and edges of the stack graph.

Everything that decides existence, count or a name of a resource is known here. Node ids read
``kind:system/…`` and are unique; names in ``name`` fields are physical names unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal, TypeAlias

from config.compose.model import Condition, Protocol, StartOrder
from config.compose.model import Network as NetworkSpec
from config.compose.model import Service as ServiceSpec
from config.compose.model import Volume as VolumeSpec
from config.finding import Source
from config.stack import HostAccess, Target
from config.system import Access, Platform, Redirect
from config.text import Template

EnvironmentValue: TypeAlias = str | Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A machine. ``access`` is None where the host is this machine's own Docker (dev stack).

    ``machine`` tells which hosts share ports, subnets and container names: on the dev stack all
    do, for all are this machine.
    """

    id: str
    system: str
    key: str
    logical_name: str
    machine: str
    platform: Platform
    cpus: float
    memory: int
    access: HostAccess | None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingress:
    """The reverse proxy of a host: Caddy in a container.

    ``networks`` are the networks it must join, derived from its routes; ``waits_for`` the
    services that must have handed over before their routes are switched on.
    """

    id: str
    host: str
    logical_name: str
    image: str
    email: str | None
    http_port: int
    https_port: int
    certificates: Literal["acme", "internal"]
    network_name: str
    config_volume: str
    data_volume: str
    networks: tuple[str, ...]
    waits_for: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A Compose application on its host.

    ``project`` is its Compose project's name, ``compose_file`` where it is described: relative
    to ``systems/``, so that it is the same on every machine that deploys.
    """

    id: str
    system: str
    key: str
    logical_name: str
    project: str
    host: str
    compose_file: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A Docker network of an app."""

    id: str
    app: str
    host: str
    key: str
    logical_name: str
    name: str
    spec: NetworkSpec
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A named Docker volume of an app; ``retain``: it outlives its removal from the program."""

    id: str
    app: str
    host: str
    key: str
    logical_name: str
    name: str
    spec: VolumeSpec
    retain: bool
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What a service's container is made from.

    Exactly one of three: pulled (``context`` and ``stand_in_for`` are None), built from
    ``context`` under a tag that holds the content's hash, or a stand-in for ``stand_in_for``.
    """

    reference: str
    context: str | None = None
    dockerfile: str | None = None
    build_args: Mapping[str, str] | None = None
    build_target: str | None = None
    stand_in_for: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A service on a network, the names it answers to there, and its fixed address if any."""

    network: str
    aliases: tuple[str, ...]
    ipv4_address: str | None = None
    ipv6_address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MountedVolume:
    """A named volume in a service."""

    volume: str
    target: str
    read_only: bool
    nocopy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MountedFile:
    """A file put into a container: a config's ``content``, or the value of a ``secret``."""

    target: str
    mode: int
    content: str | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """A service that must have reached a condition before another starts."""

    service: str
    condition: Condition
    restart: bool


class Gate(StrEnum):
    """What a newcomer must show before anything is routed to it."""

    HEALTHY = "healthy"
    RUNNING = "running"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """How a service's old container gives way to its new one, and why in that order."""

    order: StartOrder
    reason: str
    gate: Gate
    timeout: timedelta
    grace: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """A routed port of a start-first service, and the file in the ingress that names it."""

    file: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldName:
    """Aliases on a network that a newcomer gets only behind its gate, at one of two addresses."""

    network: str
    aliases: tuple[str, ...]
    addresses: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service of an app: one container, and the handover that replaces it.

    ``container_name`` is the stem of the container's name; the provider adds a suffix, since
    during a handover two containers exist. ``alias`` is unique on the host: what the ingress
    may call it on any shared network. ``restart_with`` are logical names of dependencies whose
    restart asks for one of this service.
    """

    id: str
    app: str
    host: str
    key: str
    logical_name: str
    container_name: str
    alias: str
    spec: ServiceSpec
    image: Image
    environment: Mapping[str, EnvironmentValue]
    attachments: tuple[Attachment, ...]
    volumes: tuple[MountedVolume, ...]
    files: tuple[MountedFile, ...]
    dependencies: tuple[Dependency, ...]
    restart_with: tuple[str, ...]
    handover: Handover
    upstreams: tuple[Upstream, ...]
    held_names: tuple[HeldName, ...]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A host name and path that an ingress serves.

    ``name`` is the name served on this stack, ``declared_name`` the one in system.yaml: the dev
    stack adds ``.localhost``. Either ``service`` and ``port`` or ``redirect`` are set. The
    ingress reaches a service at ``upstream`` (name and port), or at what ``upstream_file`` says
    where two containers of the service may run at once.
    """

    id: str
    system: str
    name: str
    declared_name: str
    path: str
    zone: str | None
    ingress: str | None
    service: str | None
    port: int | None
    redirect: Redirect | None
    upstream: str | None
    upstream_file: str | None
    access: Access
    users: Mapping[str, str]
    strip_prefix: bool
    websocket: bool
    max_body: int | None
    max_duration: timedelta | None
    cache: Literal["off", "static"] | None
    compress: bool
    security_headers: bool
    proxied: bool
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A DNS zone, and who writes it."""

    id: str
    system: str
    name: str
    provider: Literal["cloudflare", "external"]
    ssl: str | None
    proxied: bool
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A DNS name of a host."""

    id: str
    zone: str
    host: str
    name: str
    proxied: bool
    purpose: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class External:
    """A service run by others."""

    id: str
    system: str
    key: str
    purpose: str
    integration: str | None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPort:
    """A port of a host that somebody listens on; ``ip`` is ``0.0.0.0`` for every address."""

    host: str
    ip: str
    port: range
    protocol: Protocol
    owner: str
    source: Source


class EdgeKind(StrEnum):
    """What an edge says of its two ends."""

    RUNS_ON = "runs on"
    ATTACHED_TO = "attached to"
    MOUNTS = "mounts"
    WAITS_FOR = "waits for"
    SERVED_BY = "served by"
    ROUTES_TO = "routes to"
    NAMED_IN = "named in"
    CALLS = "calls"
    JOINS = "joins"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A directed, labelled connection between two nodes."""

    source: str
    target: str
    kind: EdgeKind
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """A name that refers to nothing: what kind of thing it should be, and what there is.

    The name is empty where one is needed and none was given.
    """

    name: str
    kind: str
    valid: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class StackGraph:
    """Everything a stack provisions, by node id; each mapping is sorted by key."""

    stack: str
    target: Target
    systems: tuple[str, ...]
    hosts: Mapping[str, Host]
    ingresses: Mapping[str, Ingress]
    apps: Mapping[str, App]
    networks: Mapping[str, Network]
    volumes: Mapping[str, Volume]
    services: Mapping[str, Service]
    routes: Mapping[str, Route]
    zones: Mapping[str, Zone]
    records: Mapping[str, Record]
    externals: Mapping[str, External]
    host_ports: tuple[HostPort, ...]
    edges: tuple[Edge, ...]
    unresolved: tuple[Unresolved, ...]

    def app_of(self, service: Service) -> App:
        """Give the app a service belongs to."""
        return self.apps[service.app]

    def services_of(self, app: App) -> tuple[Service, ...]:
        """Give an app's services, sorted by id."""
        return tuple(s for s in self.services.values() if s.app == app.id)

    def routes_of(self, ingress: Ingress) -> tuple[Route, ...]:
        """Give the routes that an ingress serves, sorted by id."""
        return tuple(r for r in self.routes.values() if r.ingress == ingress.id)

    def ingress_of(self, host: str) -> Ingress | None:
        """Give the ingress of a host, if it has one."""
        return next((i for i in self.ingresses.values() if i.host == host), None)
