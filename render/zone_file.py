"""The records that a zone must have, as a zone file (RFC 1035): for its owner to paste or include.

It is a part of a zone: SOA and NS are the owner's, and stay. Names are relative to ``$ORIGIN``.
A record whose address is not known yet is a comment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import dns.name
import dns.rdata

from graph.model import StackGraph, Zone
from graph.records import TTL_SECONDS, WantedRecord, type_of, unknown, wanted_records

_NAME, _TTL, _TYPE = 24, 6, 6
"""Widths of columns; longer ones move the rest of their line."""


def zone_file(graph: StackGraph, zone: Zone, records: Sequence[WantedRecord]) -> str:
    """Give the records of a zone as a zone file, in the order given."""
    origin = dns.name.from_text(zone.name)
    lines = [
        *_comment(f"Records of {zone.name} that system {zone.system} needs; SOA and NS stay."),
        *_comment(f"Managed by: {zone.managed_by}" if zone.managed_by else ""),
        f"$ORIGIN {origin.to_text()}",
        f"$TTL {TTL_SECONDS}",
        *(_line(graph, origin, record) for record in records),
    ]
    return "\n".join(lines) + "\n"


def zone_files(graph: StackGraph, zones: Iterable[Zone]) -> dict[str, str]:
    """Give a zone file for each of the zones that has records, by the zone's name."""
    found = {zone.name: (zone, wanted_records(graph, zone)) for zone in zones}
    return {
        name: zone_file(graph, zone, records) for name, (zone, records) in found.items() if records
    }


def _line(graph: StackGraph, origin: dns.name.Name, record: WantedRecord) -> str:
    name = dns.name.from_text(record.name).relativize(origin).to_text().ljust(_NAME)
    target = record.target
    if target is None:
        type_, said = type_of(record), _one_line(unknown(graph, record))
        return f"; {name} {record.ttl:<{_TTL}} IN {type_:<{_TYPE}} {said}"
    if target.type == "CNAME" and record.name == origin.to_text(omit_final_dot=True):
        # Beside SOA and NS there is no room for one; what some providers do instead is theirs.
        return f"; {name} {record.ttl:<{_TTL}} IN {'A':<{_TYPE}} the address of {target.value}"
    value = target.value
    if target.type == "CNAME":
        value = dns.name.from_text(value).to_text()
    value = dns.rdata.from_text("IN", target.type, value).to_text()
    return f"{name} {record.ttl:<{_TTL}} IN {target.type:<{_TYPE}} {value}"


def _comment(text: str) -> list[str]:
    return [f"; {_one_line(text)}"] if text else []


def _one_line(text: str) -> str:
    """Write a text as one line: the next would be read as records."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
