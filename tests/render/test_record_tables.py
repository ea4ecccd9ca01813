"""Pages say what the owners of zones and meshes set; hosts stand for their addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from render.tables.records import external_records, mesh_dns
from tests.graph.test_mesh_records import made as with_mesh
from tests.graph.test_records import made


def test_what_the_owner_of_a_zone_sets(tmp_path: Path) -> None:
    graph = made(tmp_path, public_addresses=["192.0.2.10", "2001:db8::1"])
    assert external_records(graph) == [
        "The owner of example.com (us) sets these records. With their addresses, and as a zone "
        "file: `stackgraph records shop`.",
        "| Name | Type | Value | TTL |\n"
        "| --- | --- | --- | --- |\n"
        "| a.example.com | A | `<address of vps>` | 300 |",
    ]


@pytest.mark.parametrize("zone", ["{provider: cloudflare}", "{provider: external}"])
def test_what_nobody_else_sets(zone: str, tmp_path: Path) -> None:
    routes = "  a.example.com: {to: web/front:8080}" if "cloudflare" in zone else "  {}"
    assert external_records(made(tmp_path, zone=zone, routes=routes)) == []


def test_a_page_has_no_addresses(tmp_path: Path) -> None:
    graph = with_mesh(tmp_path)
    blocks = [*external_records(graph), *mesh_dns(graph)]
    assert blocks[2:] == [
        "Headscale answers its members with these addresses. Written by: stackgraph, in control. "
        "`stackgraph records shop` has the addresses.",
        "| Name in the mesh | Value |\n"
        "| --- | --- |\n"
        "| a.example.com | `<mesh address of vps>` |\n"
        "| b.example.com | `<mesh address of vps>` |",
    ]
    assert not [each for each in blocks if "192.0.2." in each or "100.64." in each]


def test_a_page_does_not_depend_on_the_stacks_addresses(tmp_path: Path) -> None:
    pages = [
        external_records(made(tmp_path / str(number), public_addresses=addresses))
        for number, addresses in enumerate((["192.0.2.10"], ["2001:db8::1", "192.0.2.1"]))
    ]
    assert pages[0] == pages[1]
