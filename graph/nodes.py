"""The graph under construction: nodes by id, and the names that led nowhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from config.finding import Source
from config.stack import StackSettings
from graph.model import (
    App,
    External,
    Host,
    HostPort,
    Ingress,
    Network,
    Record,
    Route,
    Service,
    Unresolved,
    Volume,
    Zone,
)

INTERNET = "internet"
"""Everyone: the one end of a flow that no system declares."""


@dataclass(slots=True)
class Nodes:
    """What has been built so far."""

    settings: StackSettings
    hosts: dict[str, Host] = field(default_factory=dict)
    ingresses: dict[str, Ingress] = field(default_factory=dict)
    apps: dict[str, App] = field(default_factory=dict)
    networks: dict[str, Network] = field(default_factory=dict)
    volumes: dict[str, Volume] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)
    zones: dict[str, Zone] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    externals: dict[str, External] = field(default_factory=dict)
    host_ports: list[HostPort] = field(default_factory=list)
    flows: list[tuple[str, str, str]] = field(default_factory=list)
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

    def service(self, system: str, app: str, name: str, source: Source) -> Service | None:
        """Look up a service by app and name; note it as unresolved when there is none."""
        found = self.services.get(f"service:{system}/{app}/{name}")
        if found is None:
            self.unresolved_name(f"{app}/{name}", "service", self.service_names(system), source)
        return found

    def service_names(self, system: str) -> list[str]:
        """List a system's services as ``app/service``."""
        prefix = f"service:{system}/"
        return [id_.removeprefix(prefix) for id_ in self.services if id_.startswith(prefix)]

    def flow_end(self, system: str, name: str, source: Source) -> str | None:
        """Give the id of a flow's end; note it as unresolved when it names nothing."""
        if name == INTERNET:
            return INTERNET
        external = f"external:{system}/{name}"
        if external in self.externals:
            return external
        service = f"service:{system}/{name}"
        if service in self.services:
            return service
        prefix = f"external:{system}/"
        externals = [e.removeprefix(prefix) for e in self.externals if e.startswith(prefix)]
        valid = [INTERNET, *externals, *self.service_names(system)]
        self.unresolved_name(name, "end of a flow", valid, source)
        return None
