"""What the owners of zones and meshes must set, for pages: hosts stand for their addresses."""

from __future__ import annotations

from graph.mesh_records import mesh_records
from graph.model import StackGraph
from graph.records import WantedRecord, Why, wanted_records
from render.markdown import Code, table, text
from render.mesh_dns import written_by
from render.names import Names

WHY = {
    Why.SERVED: "",
    Why.DECLARED: "",
    Why.CERTIFICATE: "for the mesh: its certificate is proven over HTTP, others are refused",
}


def external_records(graph: StackGraph) -> list[str]:
    """Give, for every zone that others write, what they must set there."""
    blocks = []
    for zone in graph.zones.values():
        if zone.provider != "external":
            continue
        # A host's addresses are the stack's, and a page is free of them: one row stands for all.
        records = {
            (record.name, record.host): record for record in wanted_records(graph, zone)
        }.values()
        if records:
            whose = f" ({text(zone.managed_by)})" if zone.managed_by else ""
            blocks += [
                f"The owner of {text(zone.name)}{whose} sets these records. With their addresses, "
                f"and as a zone file: `stackgraph records {zone.system}`.",
                _table(graph, list(records)),
            ]
    return blocks


def _table(graph: StackGraph, records: list[WantedRecord]) -> str:
    names = Names(graph)
    rows = [
        (
            record.name,
            "A",
            Code(f"<address of {names.of(record.host)}>"),
            str(record.ttl),
            "; ".join(each for each in (record.purpose, WHY[record.why]) if each),
        )
        for record in records
    ]
    return table(("Name", "Type", "Value", "TTL", "Purpose"), rows)


_HOW = {
    "headscale": "Headscale answers its members with these addresses.",
    "tailscale": "Tailscale answers the names of its own machines only. Put these into a DNS "
    "server in the tailnet, and name that for their domain under *Split DNS* in its console.",
    "wireguard": "WireGuard has no DNS. Put these into the hosts file of each member, or into a "
    "dnsmasq that they ask.",
}


def mesh_dns(graph: StackGraph) -> list[str]:
    """Give, for every mesh, what its members resolve to addresses in it, and who writes that."""
    names = Names(graph)
    blocks = []
    for mesh in graph.meshes.values():
        rows = [
            (record.name, Code(f"<mesh address of {names.of(record.host)}>"))
            for record in mesh_records(graph, mesh)
        ]
        if rows:
            by = f"Written by: {text(written_by(graph, mesh))}."
            how = f"{_HOW[mesh.kind]} {by} `stackgraph records {mesh.system}` has"
            blocks += [f"{how} the addresses.", table(("Name in the mesh", "Value"), rows)]
    return blocks
