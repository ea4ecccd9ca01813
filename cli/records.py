"""``stackgraph records``: what each zone must have, and what the mesh's DNS answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import typer

from cli.output import show_table
from config.finding import Finding, FindingsError, Source, one_of
from graph.edge.records import ZoneRecord, zone_records
from graph.mesh_records import mesh_records
from graph.model import MeshRecord, StackGraph, Zone
from graph.records import TTL_AUTOMATIC, WantedRecord, Why, type_of, unknown, wanted_records
from render.mesh_dns import hosts_file, written_by
from render.zone_file import zone_files

HEAD = ("Name", "Type", "Value", "TTL", "Set by", "Why")
OURS = "stackgraph"

_WHY = {
    Why.SERVED: "a route serves it",
    Why.DECLARED: "declared",
    Why.CERTIFICATE: "proves the certificate of a name for the mesh; strangers are refused",
}


def show_records(graph: StackGraph, zone: str | None, format_: str) -> None:
    """Print the records of all zones, or of one: as ``table``, ``zone``, ``hosts`` or ``json``."""
    zones = chosen_zones(graph, zone)
    if format_ == "json":
        typer.echo(records_json(graph, zones))
    elif format_ == "hosts":
        typer.echo(hosts_file(mesh_answers(graph)), nl=False)
    elif format_ == "zone":
        typer.echo("\n".join(zone_files(graph, zones).values()), nl=False)
    else:
        show_table(HEAD, [*records_table(graph, zones), *(mesh_table(graph) if not zone else ())])


def show_external(graph: StackGraph) -> None:
    """Print the records that owners of external zones must set; nothing where there are none."""
    rows = records_table(graph, tuple(z for z in graph.zones.values() if z.provider == "external"))
    if rows:
        show_table(HEAD, rows)


def chosen_zones(graph: StackGraph, name: str | None) -> tuple[Zone, ...]:
    """Give the zones of a graph, or the one that is named; a `FindingsError` if there is none."""
    zones = tuple(zone for zone in graph.zones.values() if name in (None, zone.name))
    if name is not None and not zones:
        valid = {zone.name for zone in graph.zones.values()}
        fact = f"there is no zone {name!r}"
        source = Source("--zone", 1, "")
        raise FindingsError(
            [Finding(rule="zone", source=source, fact=fact, remedy=one_of(name, valid))]
        )
    return zones


def records_table(
    graph: StackGraph, zones: tuple[Zone, ...]
) -> list[tuple[str, str, str, str, str, str]]:
    """Give a row for every record: those that lead to hosts first."""
    rows = [
        (
            record.name,
            type_of(record),
            _value(graph, record),
            _lasting(record.ttl, proxied=record.proxied),
            OURS if zone.provider == "cloudflare" else zone.managed_by or "others",
            record.purpose or _WHY[record.why],
        )
        for zone, record in _records(graph, zones)
    ]
    others = [
        (
            each.name,
            each.type,
            _said(each),
            _lasting(each.ttl, proxied=each.proxied),
            OURS,
            _WHY[Why.DECLARED],
        )
        for each in _leading_nowhere(graph, zones)
    ]
    return [*rows, *others]


def records_data(graph: StackGraph, zones: tuple[Zone, ...]) -> list[dict[str, Any]]:
    """Give every record as data for other programs; ``value`` is None where it is not known."""
    return [
        {
            "zone": zone.name,
            "provider": zone.provider,
            "managed_by": zone.managed_by,
            "name": record.name,
            "type": type_of(record) if record.target or record.tunnel else None,
            "value": record.target.value if record.target else None,
            "host": graph.hosts[record.host].key,
            "ttl": record.ttl,
            "proxied": record.proxied,
            "why": record.why,
            "purpose": record.purpose or None,
            "sources": [_place(source) for source in record.sources],
        }
        for zone, record in _records(graph, zones)
    ]


def records_json(graph: StackGraph, zones: tuple[Zone, ...]) -> str:
    """Give every record as JSON."""
    data = {
        "version": 1,
        "stack": graph.stack,
        "records": records_data(graph, zones),
        "others": [
            {
                "name": each.name,
                "type": each.type,
                "value": _said(each),
                "ttl": each.ttl,
                "source": _place(each.source),
            }
            for each in _leading_nowhere(graph, zones)
        ],
        "mesh": [
            {
                "name": record.name,
                "value": record.address,
                "host": graph.hosts[record.host].key,
                "kind": graph.meshes[record.mesh].kind,
                "source": _place(record.source),
            }
            for record in mesh_answers(graph)
        ],
    }
    return json.dumps(data, indent=2)


def mesh_answers(graph: StackGraph) -> tuple[MeshRecord, ...]:
    """Give the records of every mesh's DNS."""
    return tuple(r for mesh in graph.meshes.values() for r in mesh_records(graph, mesh))


def mesh_table(graph: StackGraph) -> list[tuple[str, str, str, str, str, str]]:
    """Give a row for every record of the mesh's own DNS."""
    return [
        (
            record.name,
            "mesh",
            record.address or f"the mesh address of host {graph.hosts[record.host].key}",
            "",
            written_by(graph, graph.meshes[record.mesh]),
            "members of the mesh go this way",
        )
        for record in mesh_answers(graph)
    ]


def _records(graph: StackGraph, zones: tuple[Zone, ...]) -> Iterator[tuple[Zone, WantedRecord]]:
    for zone in zones:
        for record in wanted_records(graph, zone):
            yield zone, record


def _leading_nowhere(graph: StackGraph, zones: tuple[Zone, ...]) -> Iterator[ZoneRecord]:
    """Give the records of zones at Cloudflare that lead to no host: mail, texts, issuers."""
    for zone in zones:
        if zone.provider == "cloudflare":
            yield from (each for each in zone_records(graph, zone) if each.host is None)


def _lasting(ttl: int, *, proxied: bool) -> str:
    return "auto, proxied" if proxied else "auto" if ttl == TTL_AUTOMATIC else str(ttl)


def _said(record: ZoneRecord) -> str:
    if record.caa is not None:
        return f'{record.caa["flags"]} {record.caa["tag"]} "{record.caa["value"]}"'
    return (
        f"{record.priority} {record.value}" if record.priority is not None else record.value or ""
    )


def _place(source: Source) -> dict[str, Any]:
    return {"file": source.file, "line": source.line, "path": source.path}


def _value(graph: StackGraph, record: WantedRecord) -> str:
    if record.target is not None:
        return record.target.value
    return unknown(graph, record)
