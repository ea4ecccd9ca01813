"""``stackgraph reach``: who can reach what, by which way, and why."""

from __future__ import annotations

import json
from typing import Any

from config.units import format_port_range
from graph.mesh_records import mesh_records
from graph.model import StackGraph
from graph.reach import PlaceKind, Reach, Way, reach

NOBODY = "nobody"


def reach_json(graph: StackGraph) -> str:
    """Give the reach of everything as JSON, for other programs."""
    rows = [_row(each) for each in reach(graph)]
    data = {"version": 1, "stack": graph.stack, "target": graph.target, "reach": rows}
    return json.dumps(data, indent=2)


def _row(each: Reach) -> dict[str, Any]:
    return {
        "subject": each.subject,
        "what": each.what,
        "host": each.host,
        "port": format_port_range(each.port) if each.port else None,
        "protocol": each.protocol,
        "published": each.published,
        "ways": [
            {
                "from": way.place.kind,
                "name": way.place.name or None,
                "hops": list(way.hops),
                "password": way.password,
                "why": way.why,
            }
            for way in each.ways
        ],
    }


def reach_table(graph: StackGraph) -> list[tuple[str, str, str, str]]:
    """Give a row for every way: what can be used, from where, which way it goes, and why.

    Of what is used only inside of networks, all ways are in one row.
    """
    rows = []
    known = {r.name for m in graph.meshes.values() for r in mesh_records(graph, m)}
    for each in reach(graph):
        if not each.published:
            networks = ", ".join(place.name for place in each.places) or NOBODY
            name = f"{_short(each.subject)} :{each.what}"
            rows.append((name, f"network {networks}" if each.ways else NOBODY, "", ""))
            continue
        what = each.what if each.port is None else f"{_where(each)} {each.what}"
        for way in each.ways:
            rows.append(
                (what, _from(way), _chain(way), way.why + _unknown(graph, each, way, known))
            )
            what = ""
        if not each.ways:
            rows.append((what, NOBODY, "", "no ingress serves it or leads to it"))
    return rows


def _unknown(graph: StackGraph, each: Reach, way: Way, known: set[str]) -> str:
    """Say of a way from the mesh when the mesh's DNS does not lead there."""
    if way.place.kind is not PlaceKind.MESH or each.subject not in graph.routes:
        return ""
    name = graph.routes[each.subject].declared_name
    return "" if name in known else f", whose DNS does not know {name}"


def _from(way: Way) -> str:
    return f"{way.place}, with a password" if way.password else str(way.place)


def _chain(way: Way) -> str:
    return " > ".join(_short(hop) for hop in way.hops)


def _where(each: Reach) -> str:
    return _short(each.host or "")


def _short(node: str) -> str:
    """Write a node's id without its system, which the command was asked about."""
    kind, colon, rest = node.partition(":")
    if not colon:
        return node
    name = rest.partition("/")[2] or rest
    return f"{kind} {name}" if kind in ("ingress", "network", "site", "tunnel") else name
