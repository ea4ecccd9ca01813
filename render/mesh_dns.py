"""What the mesh's DNS answers, for those who write it where this program does not."""

from __future__ import annotations

from collections.abc import Iterable

from graph.model import Mesh, MeshRecord, StackGraph


def hosts_file(records: Iterable[MeshRecord]) -> str:
    """Give records as a hosts file (hosts(5)), which dnsmasq and CoreDNS read as well.

    Names without an address yet are comments, and so are wildcards, which it has none of.
    """
    lines = [
        f"{record.address} {record.name}"
        if record.address and not record.name.startswith("*.")
        else f"# {record.name}"
        for record in records
    ]
    return "".join(f"{line}\n" for line in lines)


def written_by(graph: StackGraph, mesh: Mesh) -> str:
    """Say who writes the DNS of a mesh: this program, its admin, or each of its members."""
    if mesh.kind == "headscale":
        control = graph.services.get(mesh.control or "")
        if control is not None and any(file.made for file in control.files):
            return f"stackgraph, in {control.key}"
        return "the admin of Headscale, in its extra records"
    if mesh.kind == "tailscale":
        return "the admin of the tailnet, in a DNS server for split DNS"
    return "each member, in its hosts file or dnsmasq"
