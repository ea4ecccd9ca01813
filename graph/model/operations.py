"""Nodes: what keeps a system alive, and what its owner accepts."""

from __future__ import annotations

from dataclasses import dataclass

from config.finding import Source
from config.operations import Backup as BackupSpec
from config.operations import Bucket as BucketSpec
from config.operations import Copy as CopySpec
from config.operations import Method
from config.operations import Monitor as MonitorSpec
from config.operations import Waiver as WaiverSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret by name, with what may be told of its value: never the value.

    ``public``: on this stack its value is the dev stack's, which stands in the repository.
    ``url_safe``: its value needs no escaping in a URL. ``used`` tells whether anything uses it.
    """

    id: str
    system: str
    name: str
    purpose: str
    immutable: bool
    public: bool
    url_safe: bool
    used: bool
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable of the compose files; ``used`` tells whether any of them uses it."""

    id: str
    system: str
    name: str
    used: bool
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database of a ``server`` (a service), by ``name`` or, on a Redis server, ``index``."""

    id: str
    system: str
    key: str
    server: str
    name: str
    index: int | None
    used_by: tuple[str, ...]
    data: str | None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Object storage at a provider."""

    id: str
    system: str
    key: str
    spec: BucketSpec
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """What a backup saves, by id: a service, a process or a volume; ``databases`` by id."""

    of: str
    method: Method
    databases: tuple[str, ...]
    client: str | None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """How a backup leaves its host: both ends by id."""

    by: str
    to: str
    spec: CopySpec
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What is saved, when, where to and how long."""

    id: str
    system: str
    host: str
    key: str
    spec: BackupSpec
    captures: tuple[Capture, ...]
    copies: tuple[Copy, ...]
    heartbeat: str | None
    drill_on: str | None
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """Something that asks whether something else answers.

    ``route`` is what its URL leads to; else ``service`` (with ``port``) or ``backup``. All None
    where the URL is no address of this system.
    """

    id: str
    system: str
    key: str
    spec: MonitorSpec
    prober: str
    route: str | None
    service: str | None
    port: int | None
    backup: str | None
    notify: tuple[str, ...]
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Disposable:
    """A volume that needs no backup, and why not."""

    volume: str
    reason: str
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A finding that the owner accepts until a day."""

    system: str
    spec: WaiverSpec
    source: Source
