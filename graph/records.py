"""The DNS records that a zone must have, for whoever writes it: this program or its owner.

They follow from what is declared: a name that a route serves, or that ``records`` names, leads to
its host. A name for the mesh alone is in public DNS only while its certificate is proven there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Literal, TypeAlias

from config.finding import Source
from graph.model import Host, Ingress, Record, Route, StackGraph, Zone

RecordType: TypeAlias = Literal["A", "AAAA", "CNAME"]

TTL_SECONDS = 300
"""How long others remember an answer: short, so that a host can move within minutes."""

TTL_AUTOMATIC = 1
"""What Cloudflare wants to be told of proxied records, and takes no other."""


TUNNELS = "cfargotunnel.com"
"""The domain of Cloudflare's tunnels, each by its id: only Cloudflare's proxy goes there."""


class Why(StrEnum):
    """Why a name is in public DNS."""

    SERVED = "served"
    CERTIFICATE = "certificate"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a record leads to: an address (A, AAAA) or another name (CNAME)."""

    type: RecordType
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRecord:
    """A record that a zone must have: a full ``name``, as declared, leads to a ``host`` (its id).

    ``target`` is None where what it leads to is not known yet: see `type_of` and `unknown`. With
    ``tunnel`` (its id) that is a tunnel to the host, never the host's address. ``ttl`` is in
    seconds. ``sources`` are the routes, or the entry of ``records``, that ask for it.
    """

    name: str
    zone: str
    host: str
    target: Target | None
    proxied: bool
    ttl: int
    why: Why
    purpose: str
    sources: tuple[Source, ...]
    tunnel: str | None = None


def wanted_records(graph: StackGraph, zone: Zone) -> tuple[WantedRecord, ...]:
    """Give the records that a zone must have, sorted by name; one for each address of a host."""
    found: dict[tuple[str, str], WantedRecord] = {}
    for record in sorted(_wanted(graph, zone), key=lambda each: (each.name, each.host)):
        key = record.name, record.host
        found[key] = _merged(found[key], record) if key in found else record
    return tuple(each for record in found.values() for each in _addressed(graph, record))


def public_targets(graph: StackGraph, host: Host) -> tuple[Target, ...]:
    """Give what names of a host lead to, IPv4 first; nothing where that is not known.

    An address in the mesh is none: names that lead there would lead strangers nowhere.
    """
    access = host.access
    if access is None:
        return ()
    addresses: tuple[str, ...] = access.public_addresses
    if not addresses and access.address and not in_mesh(graph, host, access.address):
        addresses = (access.address,)
    return tuple(sorted(map(target_of, addresses), key=lambda each: (each.type, each.value)))


def in_mesh(graph: StackGraph, host: Host, address: str) -> bool:
    """Whether an address of a host is the one that it has in its system's mesh."""
    if host.access is not None and address == host.access.mesh_address:
        return True
    mesh = graph.mesh_of(host.system)
    try:
        return mesh is not None and ip_address(address) in ip_network(mesh.cidr)
    except ValueError:
        return False  # a name


def proven_over_http(ingress: Ingress, *, proxied: bool) -> bool:
    """Whether an ingress's certificate of a name is proven at the name's own address (HTTP-01)."""
    return ingress.certificates == "acme" or (ingress.certificates == "origin" and not proxied)


def unknown_address(graph: StackGraph, host: Host) -> str:
    """Say what stands for an address that is not known: whose it is, and when it will be."""
    if graph.target == "dev":
        return f"the address of host {host.key}, which only prod knows"
    if host.access is not None and host.access.cloud is not None:
        return f"the address of host {host.key}, known after the first up"
    return f"the public address of host {host.key}, which stack {graph.stack} does not say"


def type_of(record: WantedRecord) -> RecordType:
    """Give the type that a record has, or will have once its target is known."""
    if record.target is not None:
        return record.target.type
    return "CNAME" if record.tunnel else "A"


def unknown(graph: StackGraph, record: WantedRecord) -> str:
    """Say what stands for the target of a record that is not known yet."""
    host = graph.hosts[record.host]
    if record.tunnel:
        return f"ID.{TUNNELS}, the tunnel to host {host.key}, known after the first up"
    return unknown_address(graph, host)


def for_the_mesh_alone(routes: Iterable[Route]) -> bool:
    """Whether members of the mesh, and nobody else, may use any of a name's routes."""
    return all(
        route.access.mesh and not route.access.anywhere and not route.access.allow
        for route in routes
    )


def _wanted(graph: StackGraph, zone: Zone) -> Iterator[WantedRecord]:
    for record in graph.records.values():
        if record.zone == zone.id:
            yield _declared(record)
    names: dict[str, list[Route]] = {}
    for route in graph.routes.values():
        if route.zone == zone.id and route.ingress is not None:
            names.setdefault(route.declared_name, []).append(route)
    for name, routes in names.items():
        why = Why.CERTIFICATE if for_the_mesh_alone(routes) else Why.SERVED
        for ingress_id in sorted({route.ingress for route in routes if route.ingress}):
            ingress = graph.ingresses[ingress_id]
            here = [route for route in routes if route.ingress == ingress_id]
            proxied = any(route.proxied for route in here)
            if why is Why.CERTIFICATE and not proven_over_http(ingress, proxied=proxied):
                continue
            yield WantedRecord(
                name=name,
                zone=zone.id,
                host=ingress.host,
                target=None,
                proxied=proxied,
                ttl=_ttl(proxied=proxied),
                why=why,
                purpose="; ".join(dict.fromkeys(r.purpose for r in here if r.purpose)),
                sources=tuple(route.source for route in here),
                tunnel=ingress.tunnel.id if ingress.tunnel else None,
            )


def _declared(record: Record) -> WantedRecord:
    return WantedRecord(
        name=record.declared_name,
        zone=record.zone,
        host=record.host,
        target=None,
        proxied=record.proxied,
        ttl=_ttl(proxied=record.proxied),
        why=Why.DECLARED,
        purpose=record.purpose,
        sources=(record.source,),
    )


def _merged(one: WantedRecord, other: WantedRecord) -> WantedRecord:
    """Make one of two that lead a name to the same host: what somebody declared decides."""
    first, second = (one, other) if one.why is Why.DECLARED else (other, one)
    purposes = dict.fromkeys(each for each in (first.purpose, second.purpose) if each)
    return replace(
        first,
        purpose="; ".join(purposes),
        sources=(*first.sources, *second.sources),
        tunnel=first.tunnel or second.tunnel,
    )


def _addressed(graph: StackGraph, record: WantedRecord) -> Iterator[WantedRecord]:
    if record.tunnel:
        yield record
        return
    for target in public_targets(graph, graph.hosts[record.host]) or (None,):
        yield replace(record, target=target)


def target_of(address: str) -> Target:
    """Give what a record leads to: an address, or where it is none a name."""
    try:
        ip = ip_address(address)
    except ValueError:
        return Target(type="CNAME", value=address.rstrip("."))
    return Target(type="A" if ip.version == 4 else "AAAA", value=str(ip))


def _ttl(*, proxied: bool) -> int:
    return TTL_AUTOMATIC if proxied else TTL_SECONDS
