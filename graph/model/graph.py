"""The whole graph of a stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from config.stack import Target
from graph.cloudflare import CLOUDFLARE_NETWORKS
from graph.model.apps import App, Network, Service, Volume
from graph.model.calls import Edge, External, Flow, Scenario, Unresolved
from graph.model.hosts import Host, HostPort, Ingress, Job, Mesh, Process, Site
from graph.model.operations import (
    Backup,
    Bucket,
    Database,
    Disposable,
    Monitor,
    Secret,
    Variable,
    Waiver,
)
from graph.model.routes import Record, Route, Zone

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemTexts:
    """What a system says of itself."""

    title: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StackGraph:
    """Everything a stack provisions, by node id; each mapping is sorted by key.

    ``edge_networks`` are where Cloudflare's proxy calls from; ``acme_directory`` is the issuer of
    certificates, None for Let's Encrypt.
    """

    stack: str
    target: Target
    systems: tuple[str, ...]
    texts: Mapping[str, SystemTexts]
    hosts: Mapping[str, Host]
    meshes: Mapping[str, Mesh]
    ingresses: Mapping[str, Ingress]
    apps: Mapping[str, App]
    networks: Mapping[str, Network]
    volumes: Mapping[str, Volume]
    services: Mapping[str, Service]
    processes: Mapping[str, Process]
    sites: Mapping[str, Site]
    jobs: Mapping[str, Job]
    variables: Mapping[str, Variable]
    secrets: Mapping[str, Secret]
    routes: Mapping[str, Route]
    zones: Mapping[str, Zone]
    records: Mapping[str, Record]
    databases: Mapping[str, Database]
    buckets: Mapping[str, Bucket]
    backups: Mapping[str, Backup]
    disposable: tuple[Disposable, ...]
    monitors: Mapping[str, Monitor]
    externals: Mapping[str, External]
    flows: tuple[Flow, ...]
    scenarios: Mapping[str, Scenario]
    waivers: tuple[Waiver, ...]
    host_ports: tuple[HostPort, ...]
    edges: tuple[Edge, ...]
    unresolved: tuple[Unresolved, ...]
    edge_networks: frozenset[str] = CLOUDFLARE_NETWORKS
    acme_directory: str | None = None
    _index: dict[str, Mapping[str, tuple[object, ...]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def app_of(self, service: Service) -> App:
        """Give the app a service belongs to."""
        return self.apps[service.app]

    def services_of(self, app: App) -> tuple[Service, ...]:
        """Give an app's services, sorted by id."""
        return self._of("services", self.services, "app", app.id)

    def routes_of(self, ingress: Ingress) -> tuple[Route, ...]:
        """Give the routes that an ingress serves, sorted by id."""
        return self._of("routes", self.routes, "ingress", ingress.id)

    def services_on(self, network: Network) -> tuple[Service, ...]:
        """Give the services on a network, sorted by id."""
        if "attached" not in self._index:
            found: dict[str, list[object]] = {}
            for service in self.services.values():
                for attachment in service.attachments:
                    found.setdefault(attachment.network, []).append(service)
            self._index["attached"] = {key: tuple(items) for key, items in found.items()}
        return self._index["attached"].get(network.id, ())  # type: ignore[return-value]

    def flows_from(self, caller: str) -> tuple[Flow, ...]:
        """Give the flows in which a node calls."""
        return self._of("flows_from", self.flows, "caller", caller)

    def flows_to(self, called: str) -> tuple[Flow, ...]:
        """Give the flows in which a node is called."""
        return self._of("flows_to", self.flows, "called", called)

    def routes_to(self, service: str) -> tuple[Route, ...]:
        """Give the routes that lead to a service or a process, by its id."""
        kind = "process" if service.startswith("process:") else "service"
        return self._of(f"routes_to_{kind}", self.routes, kind, service)

    def ports_of(self, owner: str) -> tuple[HostPort, ...]:
        """Give the host ports of a node, by its id."""
        return self._of("ports", self.host_ports, "owner", owner)

    def ingress_of(self, host: str) -> Ingress | None:
        """Give the ingress of a host, if it has one."""
        found = self._of("ingresses", self.ingresses, "host", host)
        return found[0] if found else None

    def mesh_of(self, system: str) -> Mesh | None:
        """Give a system's mesh, if it has one."""
        return self.meshes.get(f"mesh:{system}")

    def in_mesh(self, host: str) -> bool:
        """Whether a host is a member of its system's mesh."""
        return any(host in mesh.members for mesh in self.meshes.values())

    def _of(
        self, name: str, nodes: Mapping[str, T] | tuple[T, ...], attribute: str, value: str
    ) -> tuple[T, ...]:
        # A graph does not change: what is asked for a thousand times is sorted out once.
        if name not in self._index:
            found: dict[str, list[object]] = {}
            for node in nodes.values() if isinstance(nodes, Mapping) else nodes:
                found.setdefault(getattr(node, attribute), []).append(node)
            self._index[name] = {key: tuple(items) for key, items in found.items()}
        return self._index[name].get(value, ())  # type: ignore[return-value]
