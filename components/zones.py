"""The zones of a system at Cloudflare, in the order that first deploys and moves need.

Why this order: docs/adr/0013-edge.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pulumi

from components.ingress import Certificate
from graph.edge import ZoneRecord, zone_records
from graph.model import Host, Ingress, StackGraph, Tunnel

if TYPE_CHECKING:
    from components.edge import CloudflareZone


class Zones:
    """Zones with the records that are still to be written. A stack without one loads no SDK."""

    def __init__(
        self,
        graph: StackGraph,
        system: str,
        providers: Mapping[str, pulumi.ProviderResource],
        parent: pulumi.Resource,
    ) -> None:
        self._graph = graph
        self._zones: dict[str, CloudflareZone] = {}
        self._waiting: dict[str, list[ZoneRecord]] = {}
        self._tunnels: dict[str, pulumi.Input[str]] = {}
        for zone in graph.zones.values():
            if zone.system != system or zone.settings is None:
                continue
            from components.edge import CloudflareZone, CloudflareZoneArgs

            provider = providers.get(zone.id)
            opts = pulumi.ResourceOptions(parent=parent, providers=[provider] if provider else None)
            self._zones[zone.id] = CloudflareZone(
                zone.logical_name, CloudflareZoneArgs.of(graph, zone), opts
            )
            self._waiting[zone.id] = list(zone_records(graph, zone))

    def lead(self, tunnel: Tunnel, address: pulumi.Input[str]) -> None:
        """Lead the records of a tunnel's names to it."""
        self._tunnels[tunnel.id] = address

    def certificates(self, ingress: Ingress) -> dict[str, Certificate]:
        """Give an ingress's certificates of the Origin CA, by the name of their zone."""
        found = {}
        for id_, zone in self._zones.items():
            made = zone.certificates.get(ingress.id)
            if made is not None:
                name = self._graph.zones[id_].name
                found[name] = Certificate(certificate=made.certificate, key=made.key)
        return found

    def authorities(self) -> dict[str, pulumi.Input[str]]:
        """Give what hosts ask the edge for, by the name of its zone."""
        return {
            self._graph.zones[id_].name: zone.origin_pulls.authority
            for id_, zone in self._zones.items()
            if zone.origin_pulls is not None
        }

    def name_servers(self) -> dict[str, pulumi.Output[Sequence[str]]]:
        """Give where the registrars have to send each domain, by zone."""
        return {self._graph.zones[id_].name: zone.name_servers for id_, zone in self._zones.items()}

    def prove(
        self,
        host: Host,
        addresses: Mapping[str, pulumi.Input[str]],
        after: Sequence[pulumi.Resource],
    ) -> list[pulumi.Resource]:
        """Write the records by which a host's ingress proves certificates, before it asks for them.

        These are of routed names that are not proxied.
        """
        written: list[pulumi.Resource] = []
        for id_, zone in self._zones.items():
            now = [
                r for r in self._waiting[id_] if r.host == host.id and r.routed and not r.proxied
            ]
            self._waiting[id_] = [r for r in self._waiting[id_] if r not in now]
            written += zone.point(now, addresses, after)
        return written

    def point(
        self,
        addresses: Mapping[str, pulumi.Input[str]],
        after: Mapping[str, Sequence[pulumi.Resource]],
    ) -> None:
        """Write all other records; those of a host after what is to be there, by its node id."""
        for id_, zone in self._zones.items():
            for record in self._waiting[id_]:
                known = {**addresses, **self._tunnels}
                zone.point([record], known, after.get(record.host or "", ()))
            self._waiting[id_] = []
