"""The names that a running stack is asked for, and what is expected of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from config.finding import Source
from graph.model import Ingress, Route, StackGraph, Zone
from graph.records import Target, WantedRecord, proven_over_http, public_targets, wanted_records

PROBE = "stackgraph-live"
"""The label that is asked for in place of a wildcard's star."""

ACME_ISSUER = "letsencrypt.org"
"""Whom an ingress with ACME asks for certificates, as CAA names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveName:
    """A name that DNS is asked for.

    ``asked`` is it in full, a label in place of a star. ``hosts`` are the ids of those that it
    leads to, ``targets`` all that it should answer with: None where a host's address is not
    known. ``public``: whether it should be in public DNS; for the others ``mesh_addresses`` are
    right as well. ``issuer`` is whom CAA has to admit, None where nobody proves anything over it.
    """

    name: str
    asked: str
    zone: Zone
    hosts: tuple[str, ...]
    targets: tuple[Target, ...] | None
    proxied: bool
    public: bool
    mesh_addresses: frozenset[str]
    issuer: str | None
    ttl: int
    source: Source
    routes: tuple[Route, ...]


def live_names(
    graph: StackGraph, addresses: Mapping[str, tuple[Target, ...]] | None = None
) -> tuple[LiveName, ...]:
    """Give every name of the stack's zones; none on dev, whose names are this machine's own.

    ``addresses`` are what is known of hosts besides the stack's configuration, by their id.
    """
    if graph.target == "dev":
        return ()
    known = addresses or {}
    return tuple(name for zone in graph.zones.values() for name in _of_zone(graph, zone, known))


def _of_zone(
    graph: StackGraph, zone: Zone, known: Mapping[str, tuple[Target, ...]]
) -> Iterator[LiveName]:
    wanted: dict[str, list[WantedRecord]] = {}
    for record in wanted_records(graph, zone):
        wanted.setdefault(record.name, []).append(record)
    routes: dict[str, list[Route]] = {}
    for route in graph.routes.values():
        if route.zone == zone.id and route.ingress is not None:
            routes.setdefault(route.declared_name, []).append(route)
    for name in sorted({*wanted, *routes}):
        records, served = wanted.get(name, []), tuple(routes.get(name, ()))
        ingresses = [graph.ingresses[each] for each in sorted({r.ingress or "" for r in served})]
        hosts = sorted({r.host for r in records} or {each.host for each in ingresses})
        proxied = any(record.proxied for record in records)
        yield LiveName(
            name=name,
            asked=name.replace("*", PROBE),
            zone=zone,
            hosts=tuple(hosts),
            targets=_targets(graph, hosts, known),
            proxied=proxied,
            public=bool(records),
            # A name with public exceptions is in the mesh's DNS, too.
            mesh_addresses=_mesh_addresses(graph, hosts)
            if any(route.mesh for route in served)
            else frozenset(),
            issuer=None if proxied else _issuer(ingresses),  # Cloudflare sees to its own
            ttl=max((record.ttl for record in records), default=0),
            source=records[0].sources[0] if records else served[0].source,
            routes=served,
        )


def _targets(
    graph: StackGraph, hosts: list[str], known: Mapping[str, tuple[Target, ...]]
) -> tuple[Target, ...] | None:
    found: list[Target] = []
    for host in hosts:
        targets = known.get(host) or public_targets(graph, graph.hosts[host])
        if not targets:
            return None
        found += targets
    return tuple(found)


def _mesh_addresses(graph: StackGraph, hosts: list[str]) -> frozenset[str]:
    accesses = (graph.hosts[host].access for host in hosts)
    return frozenset(a.mesh_address for a in accesses if a is not None and a.mesh_address)


def _issuer(ingresses: list[Ingress]) -> str | None:
    asks = (
        each.certificates == "dns" or proven_over_http(each, proxied=False) for each in ingresses
    )
    return ACME_ISSUER if any(asks) else None
