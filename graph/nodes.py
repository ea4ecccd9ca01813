"""The graph under construction: nodes by id, and the names that led nowhere."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from config.document import KeyPath
from config.finding import Source
from config.load import LoadedSystem
from config.stack import StackSettings
from graph.cloudflare import CLOUDFLARE_NETWORKS
from graph.model import (
    App,
    Backup,
    Bucket,
    Database,
    Disposable,
    External,
    Flow,
    Host,
    HostPort,
    Ingress,
    Job,
    Mesh,
    Monitor,
    Network,
    Process,
    Record,
    Route,
    Scenario,
    Secret,
    Service,
    Site,
    Unresolved,
    Variable,
    Volume,
    Waiver,
    Zone,
)

INTERNET = "internet"
"""Everyone: the one end of a flow that no system declares."""

ENDS = (INTERNET, "service", "ingress", "external", "process", "bucket", "host")
"""Kinds of what calls or is called, in the order in which a name is looked up."""


@dataclass(slots=True)
class Nodes:
    """What has been built so far."""

    settings: StackSettings
    edge_networks: frozenset[str] = CLOUDFLARE_NETWORKS
    hosts: dict[str, Host] = field(default_factory=dict)
    meshes: dict[str, Mesh] = field(default_factory=dict)
    ingresses: dict[str, Ingress] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)
    networks: dict[str, Network] = field(default_factory=dict)
    volumes: dict[str, Volume] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    secrets: dict[str, Secret] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)
    zones: dict[str, Zone] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    databases: dict[str, Database] = field(default_factory=dict)
    buckets: dict[str, Bucket] = field(default_factory=dict)
    backups: dict[str, Backup] = field(default_factory=dict)
    disposable: list[Disposable] = field(default_factory=list)
    monitors: dict[str, Monitor] = field(default_factory=dict)
    externals: dict[str, External] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    scenarios: dict[str, Scenario] = field(default_factory=dict)
    waivers: list[Waiver] = field(default_factory=list)
    host_ports: list[HostPort] = field(default_factory=list)
    unresolved: list[Unresolved] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)

    def unresolved_name(self, name: str, kind: str, valid: Iterable[str], source: Source) -> None:
        """Note that ``name`` at ``source`` should name one of ``valid`` and does not.

        What is declared and could not be read is no unknown name: that it is wrong is told.
        """
        if self.unreadable & {name, *name.split("/")}:
            return
        self.unresolved.append(
            Unresolved(name=name, kind=kind, valid=tuple(sorted(valid)), source=source)
        )

    def host(self, loaded: LoadedSystem, name: str, at: KeyPath) -> str | None:
        """Give the id of a host; note it as unresolved when there is none."""
        id_ = f"host:{loaded.name}/{name}"
        if id_ in self.hosts:
            return id_
        self.unresolved_name(name, "host", loaded.system.hosts, loaded.document.where(at))
        return None

    def service(self, system: str, app: str, name: str, source: Source) -> Service | None:
        """Look up a service by app and name; note it as unresolved when there is none."""
        found = self.services.get(f"service:{system}/{app}/{name}")
        if found is None:
            written = f"{app}/{name}" if name else app
            self.unresolved_name(written, "service", self.service_names(system), source)
        return found

    def service_named(self, loaded: LoadedSystem, name: str, at: KeyPath) -> str | None:
        """Give the id of a service written ``APP/SERVICE``; note it when there is none."""
        app, _, key = name.partition("/")
        found = self.service(loaded.name, app, key, loaded.document.where(at))
        return found.id if found else None

    def service_names(self, system: str) -> list[str]:
        """List a system's services as ``app/service``."""
        return self._keys(system, "service")

    def kept(self, loaded: LoadedSystem, name: str, at: KeyPath) -> str | None:
        """Give the id of what holds data: a service, a volume (``APP/VOLUME``) or a process."""
        for kind, known in (
            ("service", self.services),
            ("volume", self.volumes),
            ("process", self.processes),
        ):
            id_ = f"{kind}:{loaded.name}/{name}"
            if id_ in known:
                return id_
        valid = [
            *self._keys(loaded.name, "volume"),
            *self._keys(loaded.name, "service"),
            *loaded.system.processes,
        ]
        source = loaded.document.where(at)
        self.unresolved_name(name, "service, volume or process", valid, source)
        return None

    def volume_named(self, loaded: LoadedSystem, name: str, at: KeyPath) -> str | None:
        """Give the id of a volume written ``APP/VOLUME``; note it when there is none."""
        id_ = f"volume:{loaded.name}/{name}"
        if id_ in self.volumes:
            return id_
        source = loaded.document.where(at)
        self.unresolved_name(name, "volume", self._keys(loaded.name, "volume"), source)
        return None

    def end(
        self,
        system: str,
        name: str,
        source: Source,
        *,
        role: str = "end of a flow",
        kinds: Collection[str] = ENDS,
        also: Iterable[str] = (),
    ) -> str | None:
        """Give the id of an end of a flow; note it as unresolved when it names nothing.

        An end is ``internet``, an ``APP/SERVICE``, a ``HOST/ingress``, or the name of an
        external, a process, a bucket or a host. Something that is written like one, and is of
        certain ``kinds`` only, tells its ``role``. ``also`` are further names that are valid.
        """
        if name == INTERNET and INTERNET in kinds:
            return INTERNET
        for kind in ENDS:
            key = name.removesuffix("/ingress") if kind == "ingress" else name
            id_ = f"{kind}:{system}/{key}"
            written = ("/" in name) == (kind in ("service", "ingress"))
            if kind in kinds and written and id_ in self._of_kind(kind):
                return id_
        valid = [*also, *(INTERNET for kind in kinds if kind == INTERNET)]
        for kind in kinds:
            suffix = "/ingress" if kind == "ingress" else ""
            valid += [f"{key}{suffix}" for key in self._keys(system, kind)]
        self.unresolved_name(name, role, valid, source)
        return None

    def _of_kind(self, kind: str) -> Mapping[str, object]:
        nodes: dict[str, Mapping[str, object]] = {
            "service": self.services,
            "ingress": self.ingresses,
            "external": self.externals,
            "process": self.processes,
            "bucket": self.buckets,
            "host": self.hosts,
            "volume": self.volumes,
        }
        return nodes.get(kind, {})

    def _keys(self, system: str, kind: str) -> list[str]:
        prefix = f"{kind}:{system}/"
        return [id_.removeprefix(prefix) for id_ in self._of_kind(kind) if id_.startswith(prefix)]

    def route_of_url(self, system: str, url: str) -> str | None:
        """Give the id of the route that answers a URL, as an ingress would choose it."""
        parts = urlsplit(url)
        names = {parts.hostname, (parts.hostname or "").removesuffix(".localhost")}
        return answering(
            (r for r in self.routes.values() if r.system == system and r.declared_name in names),
            parts.path or "/",
        )


def answering(routes: Iterable[Route], path: str) -> str | None:
    """Give the id of the route, among those of one name, that answers a path."""
    fits = [route for route in routes if _matches(route.path, path)]
    best = max(
        fits, key=lambda r: (not r.path.endswith("*") and bool(r.path), len(r.path)), default=None
    )
    return best.id if best else None


def _matches(pattern: str, path: str) -> bool:
    if not pattern:
        return True
    if pattern.endswith("*"):
        return path.startswith(pattern[:-1])
    return path == pattern
