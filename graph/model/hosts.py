"""Nodes: machines, what stands on them besides apps, and the mesh between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from config.access import Sources
from config.compose.model import Protocol
from config.finding import Source
from config.host import Bans, DockerDaemon, Environment, Platform
from config.host import Job as JobSpec
from config.host import Process as ProcessSpec
from config.host import Site as SiteSpec
from config.stack import HostAccess


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A machine. ``access`` is None where the host is this machine's own Docker (dev stack).

    ``machine`` tells which hosts share ports, subnets and container names: on the dev stack all
    do, for all are this machine. With ``managed_by`` it is described, never written, and on the
    dev stack it is no part of this machine.
    """

    id: str
    system: str
    key: str
    logical_name: str
    machine: str
    kind: Literal["vps", "ec2", "oci"]
    platform: Platform
    cpus: float
    memory: int
    swap: int
    purpose: str | None
    environment: Environment
    managed_by: str | None
    hardened: bool
    ssh: Sources
    docker: DockerDaemon
    bans: Bans | None
    access: HostAccess | None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunnel:
    """A tunnel of Cloudflare's to an ingress, and cloudflared, the container where it ends.

    ``zone`` is the zone (its id) by whose token it is made, None where no name lies in any.
    ``alias`` is what the ingress is called in the tunnel's own network, which has ``subnet``;
    containers there have ``addresses``, so whoever calls from these is cloudflared: the host itself
    calls from its ``gateway``, which is none of them.
    """

    id: str
    host: str
    logical_name: str
    image: str
    zone: str | None
    network_name: str
    subnet: str
    addresses: str
    gateway: str
    alias: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingress:
    """The reverse proxy of a host: Caddy in a container, or nginx on the host itself.

    ``networks`` are the networks it must join, derived from its routes; ``waits_for`` the
    services that must have handed over before their routes are switched on. nginx has neither
    image, network nor volumes. On the dev stack every ingress is Caddy.

    ``certificates`` is where they come from: ``acme`` (HTTP-01, TLS-ALPN), ``dns`` (DNS-01, with
    the secret ``dns_token``), ``origin`` (Cloudflare's, where proxied; else as ``acme``),
    ``files`` (the two secrets ``certificate_files``: certificate and key) or ``internal``.
    ``edge`` are the networks that Cloudflare calls from where a name of it is proxied, empty
    where none is and on the dev stack: a caller from elsewhere is never believed who else it is.
    ``sites`` are those whose files it serves itself, by id: none on the dev stack. With
    ``reaches_host`` a process of its host is behind it. With a ``tunnel`` it publishes no port, and
    ``edge`` is where cloudflared calls from.
    """

    id: str
    host: str
    kind: Literal["caddy", "nginx"]
    logical_name: str
    image: str
    email: str | None
    http_port: int
    https_port: int
    certificates: Literal["acme", "dns", "files", "internal", "origin"]
    dns_token: str | None
    certificate_files: tuple[str, str] | None
    edge: tuple[str, ...]
    sites: tuple[str, ...]
    reaches_host: bool
    network_name: str
    config_volume: str
    data_volume: str
    networks: tuple[str, ...]
    waits_for: tuple[str, ...]
    source: Source
    tunnel: Tunnel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A program that a host runs itself."""

    id: str
    system: str
    host: str
    key: str
    logical_name: str
    spec: ProcessSpec
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A directory of static files on a host."""

    id: str
    system: str
    host: str
    key: str
    spec: SiteSpec
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A command that a host runs on a schedule."""

    id: str
    system: str
    host: str
    key: str
    spec: JobSpec
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """The private network between hosts: its members, and the service that controls it."""

    id: str
    system: str
    kind: Literal["headscale", "tailscale", "wireguard"]
    cidr: str
    members: tuple[str, ...]
    control: str | None
    dns: bool
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPort:
    """A port of a host that somebody listens on; ``ip`` is ``0.0.0.0`` for every address.

    ``target`` are the ports inside of the owner's container that it leads to; None where there
    is no container. ``access`` is who may use it, as far as the address allows.
    """

    host: str
    ip: str
    port: range
    protocol: Protocol
    owner: str
    source: Source
    target: range | None = None
    access: Sources = field(default_factory=Sources)
    purpose: str | None = None

    @property
    def loopback(self) -> bool:
        """Whether only the host itself can use it."""
        return self.ip == "::1" or self.ip.startswith("127.")
