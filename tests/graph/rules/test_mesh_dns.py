"""Rules on the mesh's DNS, and on which address is which."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import FILE, SYSTEM, WEB, Row
from tests.workspace import SHOP

MESH = "mesh: {kind: headscale, cidr: 100.64.0.0/10, members: [vps], control: web/front}\n"
OTHER = """\
  vps2: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB}
apps:
"""
COMPOSE = """\
services:
  front:
    image: a
    expose: ["8080"]
    configs: [{source: records, target: /etc/records.json}, {source: settings, target: /etc/c.yaml}]
  back: {image: a, expose: ["9000"]}
configs:
  records: {content: "[]", x-stackgraph: mesh-records}
  settings: {content: "dns: {extra_records_path: /etc/records.json}"}
"""
BARE = "services:\n  front: {image: a, expose: ['8080']}\n  back: {image: a, expose: ['9000']}\n"
SET = "run pulumi config set --stack prod --path 'stackgraph:shop.hosts.vps."


def mesh(name: str, mesh: str = MESH, compose: str = COMPOSE) -> dict[str, str]:
    """Write a system with a mesh and a name for it."""
    route = f"  '{name}': {{to: web/back:9000, access: mesh}}\n"
    return {"system.yaml": SYSTEM + route + mesh, "web.compose.yaml": compose}


def prod(settings: str, system: str = SYSTEM + MESH) -> dict[str, str]:
    """Write a system with a mesh, and what the prod stack says of its host."""
    text = SHOP["Pulumi.prod.yaml"].replace("{address: 192.0.2.10,", f"{{{settings},")
    return {"system.yaml": system, "Pulumi.prod.yaml": text, "web.compose.yaml": COMPOSE}


def two_members(second: str) -> dict[str, str]:
    """Write a system with two members of the mesh, and the mesh address of the second."""
    system = SYSTEM.replace("apps:\n", OTHER) + MESH.replace("[vps]", "[vps, vps2]")
    files = prod("address: 192.0.2.10, mesh_address: 100.64.0.1", system)
    vps2 = f'{{address: 192.0.2.11, mesh_address: {second}, host_key: "ssh-ed25519 AAAA"}}'
    stack = files["Pulumi.prod.yaml"].replace("    secrets:", f"      vps2: {vps2}\n    secrets:")
    return {**files, "Pulumi.prod.yaml": stack}


RIGHT = prod("address: 192.0.2.10, mesh_address: 100.64.0.1")
ROWS = [
    Row(
        rule="V10",
        why="a mesh address of another network",
        breaks=prod("address: 192.0.2.10, mesh_address: 192.0.2.77"),
        says=f"{FILE}:2: hosts.vps: the mesh address of host vps on stack prod is 192.0.2.77, "
        "outside of the mesh's 100.64.0.0/10; set what the mesh's client tells there: "
        f"{SET}mesh_address'\n",
        near=RIGHT,
        stack="prod",
    ),
    Row(
        rule="V10",
        why="a public address of the mesh",
        breaks=prod(
            "address: 192.0.2.10, public_addresses: [192.0.2.10, 100.64.0.9], "
            "mesh_address: 100.64.0.1"
        ),
        says=f"{FILE}:2: hosts.vps: 100.64.0.9 stands among the public addresses of host vps on "
        f"stack prod, and is of the mesh; set where the internet reaches it: "
        f"{SET}public_addresses[1]'\n",
        near=prod(
            "address: 192.0.2.10, public_addresses: [192.0.2.10, '2001:db8::1'], "
            "mesh_address: 100.64.0.1"
        ),
        stack="prod",
    ),
    Row(
        rule="V10",
        why="a host whose public address nobody says",
        breaks=prod("address: 100.64.0.1, mesh_address: 100.64.0.1"),
        says=f"{FILE}:2: hosts.vps: public DNS needs the address of host vps for "
        "shop.example.com, and stack prod tells only the one in the mesh; "
        f"{SET}public_addresses[0]'\n",
        near=prod("address: 100.64.0.1, public_addresses: [192.0.2.10], mesh_address: 100.64.0.1"),
        stack="prod",
    ),
    Row(
        rule="V10",
        why="one mesh address of two members",
        breaks=two_members("100.64.0.1"),
        says=f"{FILE}:3: hosts.vps2: hosts vps and vps2 have one mesh address on stack prod, "
        "100.64.0.1; set what the mesh's client tells there: "
        "run pulumi config set --stack prod --path 'stackgraph:shop.hosts.vps2.mesh_address'\n",
        near=two_members("100.64.0.2"),
        stack="prod",
    ),
    Row(
        rule="V02",
        why="records that nobody is given",
        breaks=mesh("in.example.com", compose=BARE),
        says=f"{FILE}:14: mesh.control: 1 name for the mesh would have to be written into front's "
        'files by hand; mount a config {content: "[]", x-stackgraph: mesh-records} in it, and name '
        "its path in dns.extra_records_path\n",
        near=mesh("in.example.com"),
    ),
    Row(
        rule="V02",
        why="records that are not read",
        breaks=mesh(
            "in.example.com", compose=COMPOSE.replace("path: /etc/records", "path: /etc/r")
        ),
        says=f"{WEB}:2: services.front.configs: front has the records of the mesh's DNS at "
        "/etc/records.json, which no config of it names; set dns.extra_records_path: "
        "/etc/records.json in its configuration\n",
        near=mesh("in.example.com"),
    ),
    Row(
        rule="V02",
        why="a mesh that this program does not give its records",
        breaks=mesh("*.example.com"),
        says=f"{FILE}:13: routes.*.example.com: *.example.com is for the mesh, whose DNS answers "
        "no wildcards; give each name a route of its own\n",
        near=mesh("in.example.com", MESH.replace("headscale", "tailscale"), compose=BARE),
    ),
    Row(
        rule="V02",
        why="a host that is no member",
        breaks={
            **mesh("in.example.com", MESH.replace("[vps]", "[vps2]")),
            "system.yaml": mesh("in.example.com", MESH.replace("[vps]", "[vps2]"))[
                "system.yaml"
            ].replace("apps:\n", OTHER),
        },
        says=f"{FILE}:14: routes.in.example.com.access: in.example.com is for the mesh, and vps, "
        "which serves it, is no member; add it to the members of the mesh, or serve the name from "
        "one\n",
        near=mesh("in.example.com"),
    ),
    Row(
        rule="V02",
        why="records of a mesh that is not there",
        breaks={"system.yaml": SYSTEM, "web.compose.yaml": COMPOSE},
        says=f"{WEB}:2: services.front.configs: front is to read the records of the mesh's DNS, "
        "and shop has none; declare the mesh in system.yaml, with dns: true; or remove the "
        "config\n",
        near={"system.yaml": SYSTEM + MESH, "web.compose.yaml": COMPOSE},
    ),
    Row(
        rule="V02",
        why="records of a mesh without DNS",
        breaks={
            "system.yaml": SYSTEM + MESH.replace("]", "], dns: false"),
            "web.compose.yaml": COMPOSE,
        },
        says=f"{WEB}:2: services.front.configs: front is to read the records of the mesh's DNS, "
        "and it has none (dns: false); declare the mesh in system.yaml, with dns: true; or remove "
        "the config\n",
        near={"system.yaml": SYSTEM + MESH, "web.compose.yaml": COMPOSE},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_rule(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)


def test_nobody_resolves_a_name_that_is_nowhere(tmp_path: Path) -> None:
    """Neither the mesh's DNS nor the public one has it: V01 says so."""
    system = SYSTEM.replace("{kind: caddy}", "{kind: caddy, certificates: internal}")
    system += "  in.example.com: {to: web/back:9000, access: mesh}\n"
    files = prod(
        "address: 192.0.2.10, mesh_address: 100.64.0.1",
        system + MESH.replace("]", "], dns: false"),
    )
    Row(
        rule="V01",
        why="in no DNS",
        breaks=files,
        says=f"{FILE}:13: routes.in.example.com.access: in.example.com is for the mesh, whose "
        "members resolve nothing (dns: false): no public record leads to it either; set dns: true "
        "under mesh\n",
        near=prod("address: 192.0.2.10, mesh_address: 100.64.0.1", system + MESH),
        stack="prod",
    ).check(tmp_path)
