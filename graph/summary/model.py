"""The summary of a system as types, and how it is read back from a state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

VERSION: Final = 1
"""Raised when a reader of the former shape would misread the new one."""

INPUT: Final = "graph"
"""The input of a system's component that holds its summary."""


class _Facts(BaseModel):
    # What a later version adds is passed over; what it means by known keys stays, or VERSION rises.
    model_config = ConfigDict(extra="ignore", frozen=True)


class Volume(_Facts):
    """A named volume of a service: its resource's name, where it is mounted, and whether writable.

    ``called`` is its name in Docker, ``disposable`` why its owner says that it needs no backup.
    """

    volume: str
    path: str
    called: str = ""
    writes: bool = True
    disposable: str | None = None


class Directory(_Facts):
    """A directory or file of a host that a service sees at ``path``."""

    directory: str
    path: str
    writes: bool = True


class ServiceFacts(_Facts):
    """A service or process, by the name that its resources have.

    ``label`` is how people call it: ``n8n/postgres``. ``order`` is how its container gives way to
    the next one, None where a host runs it itself. ``needs`` are the labels of what it cannot work
    without, ``uses`` of what it calls and can do without. ``secrets`` are the names of those that
    it is given. ``parts`` are digests of what it is made from, by what people call that: the same
    digest, the same part.

    ``ports`` are the published ports that it has, as ``reach`` calls them.

    ``gap``: of what a host runs itself, whether it is away while it starts anew.
    """

    label: str
    host: str
    order: Literal["start-first", "stop-first"] | None = None
    because: str = ""
    image: str | None = None
    volumes: tuple[Volume, ...] = ()
    databases: tuple[str, ...] = ()
    directories: tuple[Directory, ...] = ()
    networks: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    parts: Mapping[str, str] = {}
    gap: bool = True


class NetworkFacts(_Facts):
    """A Docker network: its name there, and its subnets where they are chosen."""

    called: str
    subnets: tuple[str, ...] = ()


class IngressFacts(_Facts):
    """A reverse proxy: its host's label, what it is, and where its certificates come from.

    ``image`` is Caddy's, which is a container. ``tunnel`` is the resource's name of the tunnel
    through which callers come.
    """

    host: str
    kind: Literal["caddy", "nginx"]
    certificates: str
    image: str | None = None
    tunnel: str = ""


class RouteFacts(_Facts):
    """A routed name and path: the label of who answers, and the resource's name of its ingress.

    ``to`` is empty for a redirect, ``ingress`` where nobody serves it.
    """

    to: str = ""
    ingress: str = ""


class HostFacts(_Facts):
    """A machine, by the name that its resources have; ``address`` is empty where a cloud gives it.

    ``ingress`` is the resource's name of its ingress, ``host_key`` the public key that it shows,
    ``managed_by`` who else provisions it. ``machine`` is set where several hosts are one, as on the
    dev stack: what moves from one to another stays where it is.
    """

    label: str
    kind: str
    platform: str
    machine: str = ""
    address: str = ""
    ingress: str = ""
    host_key: str = ""
    managed_by: str = ""


class Summary(_Facts):
    """A system's meaning, as far as a change can do harm to it.

    ``reach`` tells for each routed address and each port from where it is reached: places as
    `graph.reach.Place` writes them, with ``, with a password`` where one is asked for. ``guards``
    are what protects a thing, ``grants`` what a thing may do beyond the ordinary: one guard less or
    one grant more is weaker protection. Whatever could have a guard is there, also without any:
    what is not there any more has lost nothing. ``names`` are DNS names and the host that each
    leads to.
    """

    version: int = VERSION
    hosts: Mapping[str, HostFacts] = {}
    services: Mapping[str, ServiceFacts] = {}
    networks: Mapping[str, NetworkFacts] = {}
    ingresses: Mapping[str, IngressFacts] = {}
    routes: Mapping[str, RouteFacts] = {}
    reach: Mapping[str, tuple[str, ...]] = {}
    guards: Mapping[str, tuple[str, ...]] = {}
    grants: Mapping[str, tuple[str, ...]] = {}
    names: Mapping[str, str] = {}
    secrets: tuple[str, ...] = ()

    def data(self) -> dict[str, object]:
        """Give it as plain data, which `read_summary` reads; what is empty is left out."""
        data = self.model_dump(mode="json", exclude_defaults=True)
        return {"version": self.version, **data}


def read_summary(data: object) -> Summary | None:
    """Read a summary; None where there is none, or one that this version cannot read."""
    if not isinstance(data, Mapping) or data.get("version") != VERSION:
        return None
    try:
        return Summary.model_validate(data)
    except ValidationError:
        return None
