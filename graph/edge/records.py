"""All records of a zone that this program writes: those that lead to hosts, and the owner's."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from config.finding import Source
from config.zone import LONGEST_TEXT
from graph.model import StackGraph, Zone
from graph.records import TTL_AUTOMATIC, TTL_SECONDS, WantedRecord, type_of, wanted_records

RecordType: TypeAlias = Literal["A", "AAAA", "CNAME", "TXT", "MX", "CAA"]

COMMENT_LENGTH: Final = 100
"""Characters of a record's comment on the free plan."""

_CHUNK: Final = 255
_UNSPEAKABLE = re.compile(r"[^\x20-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRecord:
    """A record as it is written. ``key`` names it among the zone's, and never changes with order.

    ``value`` is None where it is the address of ``host`` (its id), known when that is made, or the
    name of the ``tunnel`` to it (its id).
    ``priority`` is an MX record's, ``caa`` the domain of who may issue. ``routed``: an ingress
    serves the name.
    """

    key: str
    name: str
    type: RecordType
    value: str | None
    ttl: int
    proxied: bool = False
    host: str | None = None
    priority: int | None = None
    caa: Mapping[str, str] | None = None
    comment: str = ""
    routed: bool = False
    tunnel: str | None = None
    source: Source


def zone_records(graph: StackGraph, zone: Zone) -> tuple[ZoneRecord, ...]:
    """Give the records of a zone at Cloudflare, sorted by key."""
    found = [*_of_hosts(graph, zone), *_of_owners(zone), *_caa(zone)]
    return tuple(sorted(found, key=lambda each: each.key))


def key(zone: str, name: str, type_: str, suffix: str = "") -> str:
    """Name a record in Pulumi: by its name in the zone and its type, never by a position."""
    short = "apex" if name == zone else name.removesuffix(f".{zone}")
    spelled = short.replace("*", "any").replace("_", "-").replace(".", "-").strip("-")
    return "-".join(part for part in (spelled, type_.lower(), suffix) if part)


def _of_hosts(graph: StackGraph, zone: Zone) -> Iterator[ZoneRecord]:
    wanted = wanted_records(graph, zone)
    counted: dict[tuple[str, str], int] = {}
    for each in wanted:
        type_ = type_of(each)
        counted[each.name, type_] = counted.get((each.name, type_), 0) + 1
    for each in wanted:
        type_ = type_of(each)
        # Of several addresses of a kind, each record is named by its own.
        several = counted[each.name, type_] > 1
        yield _of_host(graph, zone, each, several=several)


def _of_host(graph: StackGraph, zone: Zone, each: WantedRecord, *, several: bool) -> ZoneRecord:
    target = each.target
    suffix = ""
    if several:
        what = target.value if target else graph.hosts[each.host].key
        suffix = re.sub(r"[^a-z0-9]+", "-", what)
    return ZoneRecord(
        # By its name alone: an address that becomes a CNAME replaces it, and stands beside none.
        key=key(zone.name, each.name, "AAAA" if target and target.type == "AAAA" else "", suffix),
        name=each.name,
        type=type_of(each),
        value=target.value if target else None,
        ttl=each.ttl,
        proxied=each.proxied,
        host=each.host,
        comment=_comment(each.purpose or f"{graph.hosts[each.host].key}, by stackgraph"),
        routed=any(source.path.startswith("routes.") for source in each.sources),
        tunnel=each.tunnel,
        source=each.sources[0],
    )


def _of_owners(zone: Zone) -> Iterator[ZoneRecord]:
    def at(section: str, name: str) -> Source:
        path = f"{zone.source.path}.{section}.{name}"
        return Source(zone.source.file, zone.source.line, path)

    for name, texts in zone.txt.items():
        kinds = [_kind(value) for value in texts]
        for value, kind in zip(texts, kinds, strict=True):
            suffix = f"{kind}-{_digest(value)}" if kinds.count(kind) > 1 else kind
            yield ZoneRecord(
                key=key(zone.name, name, "TXT", suffix),
                name=name,
                type="TXT",
                value=quoted(value),
                ttl=TTL_SECONDS,
                source=at("txt", name),
            )
    for name, servers in zone.mx.items():
        for mx in servers:
            yield ZoneRecord(
                key=key(zone.name, name, "MX", mx.server.replace(".", "-")),
                name=name,
                type="MX",
                value=mx.server,
                priority=mx.priority,
                ttl=TTL_SECONDS,
                source=at("mx", name),
            )
    for name, target in zone.cname.items():
        yield ZoneRecord(
            key=key(zone.name, name, "CNAME"),
            name=name,
            type="CNAME",
            value=target,
            ttl=TTL_SECONDS,
            source=at("cname", name),
        )


def _caa(zone: Zone) -> Iterator[ZoneRecord]:
    source = replace(zone.source, path=f"{zone.source.path}.caa")
    for issuer in zone.policy.caa:
        for tag in ("issue", "issuewild"):
            yield ZoneRecord(
                key=key(zone.name, zone.name, "CAA", f"{tag}-{issuer.replace('.', '-')}"),
                name=zone.name,
                type="CAA",
                value=None,
                caa={"flags": "0", "tag": tag, "value": issuer},
                ttl=TTL_AUTOMATIC,
                source=source,
            )


def quoted(value: str) -> str:
    """Write a TXT record's content: quoted strings of 255 characters, as the API keeps it."""
    chunks = [value[at : at + _CHUNK] for at in range(0, min(len(value), LONGEST_TEXT), _CHUNK)]
    escaped = [each.replace("\\", "\\\\").replace('"', '\\"') for each in chunks]
    return " ".join(f'"{each}"' for each in escaped)


def _kind(value: str) -> str:
    """Tell what a text is for, so that its record keeps its name when the rest changes."""
    version = re.match(r"v=([A-Za-z0-9]+)", value)
    word = f"v-{version[1]}" if version else value.partition("=")[0] if "=" in value else ""
    return re.sub(r"[^a-z0-9]+", "-", word.lower())[:32].strip("-") or "text"


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:8]


def _comment(text: str) -> str:
    return _UNSPEAKABLE.sub("-", text)[:COMMENT_LENGTH]
