"""Nodes: Compose applications, and what they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias

from config.compose.model import Condition, Made, StartOrder
from config.compose.model import Network as NetworkSpec
from config.compose.model import Service as ServiceSpec
from config.compose.model import Volume as VolumeSpec
from config.finding import Source
from config.text import Template

EnvironmentValue: TypeAlias = str | Template


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A Compose application on its host.

    With ``managed_by`` others provision it: it is described, never written. ``project`` is its
    Compose project's name, ``compose_file`` where it is described: relative
    to ``systems/``, so that it is the same on every machine that deploys.
    """

    id: str
    system: str
    key: str
    logical_name: str
    project: str
    host: str
    compose_file: str
    managed_by: str | None
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
    """A file put into a container: a config's ``content``, or the value of a ``secret``.

    With ``made`` the content follows from the graph, and whoever reads the file sees by itself
    that it has changed: it is put into the running container, which is not replaced for it.
    """

    target: str
    mode: int
    content: str | None = None
    secret: str | None = None
    made: Made | None = None


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
