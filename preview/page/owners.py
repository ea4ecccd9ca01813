"""Which node of the drawing a resource belongs to.

A component's resources are named after it, and their types tell which components they are in; both
are in every URN, so this needs no state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from preview import urn as urns
from preview.change import SYSTEM_TYPE
from preview.page.drawing import Kind
from preview.risk.types import NETWORK, VOLUME

INGRESSES: Final = ("stackgraph:docker:CaddyIngress", "stackgraph:host:NginxIngress")

_OF_COMPONENT: Final = (
    ("stackgraph:docker:Service", (Kind.SERVICE,)),
    ("stackgraph:docker:App", (Kind.APP,)),
    *((each, (Kind.INGRESS,)) for each in INGRESSES),
    ("stackgraph:host:Processes", (Kind.PROGRAM, Kind.HOST)),
    ("stackgraph:cloudflare:Zone", (Kind.ZONE,)),
    (SYSTEM_TYPE, (Kind.HOST, Kind.ZONE)),
)


@dataclass(frozen=True, slots=True)
class Owners:
    """The named nodes of one system: ``named`` gives by kind and resource's name the node."""

    system: str
    named: Mapping[tuple[Kind, str], str]

    def of(self, urn: str) -> str | None:
        """Give a resource's node; None if it belongs to another system, or to none."""
        parts = urns.split(urn)
        name = parts.name
        if name != self.system and not name.startswith(f"{self.system}-"):
            return None
        single = {VOLUME: Kind.VOLUME, NETWORK: Kind.NETWORK}.get(parts.type)
        if single is not None and (found := self.named.get((single, name))):
            return found
        components = parts.qualified_type.split("$")
        for component, kinds in _OF_COMPONENT:
            if component in components and (found := self._longest(name, kinds)):
                return found
        return self._longest(name, tuple(Kind)) or f"system:{self.system}"

    def _longest(self, name: str, kinds: Iterable[Kind]) -> str | None:
        # Longest first: `dyniq-n8n-n8n-worker-handover` is not the service `dyniq-n8n-n8n`'s.
        end = len(name)
        while end > 0:
            for kind in kinds:
                if found := self.named.get((kind, name[:end])):
                    return found
            end = name.rfind("-", 0, end)
        return None
