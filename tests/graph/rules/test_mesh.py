"""Rules on the mesh."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import FILE, SYSTEM, WEB, Row, service
from tests.workspace import SHOP

MESH = "mesh: {kind: headscale, cidr: 10.8.0.0/24, members: [vps]}\n"
CONTROLLED = "mesh: {kind: headscale, cidr: 10.8.0.0/24, members: [vps], control: web/front}\n"
UNROUTED = SYSTEM.partition("routes:\n")[0]
KEPT = service("volumes: [data:/data]", tail="volumes: {data: {}}\n")
PROCESS = """\
processes:
  api:
    host: vps
    manager: systemd
    purpose: API
    command: api
    directory: /srv/api
    user: api
    listens: [{port: 3000, address: 0.0.0.0, access: mesh}]
"""


def route(access: str, tail: str = MESH) -> dict[str, str]:
    """Write a system whose route has a certain access."""
    options = f"{{to: web/front:8080, access: {access}}}"
    return {"system.yaml": SYSTEM.replace("{to: web/front:8080}", options) + tail}


def host(options: str, tail: str = MESH) -> dict[str, str]:
    """Write a system whose host has certain options."""
    return {"system.yaml": SYSTEM.replace("{kind: vps,", f"{{kind: vps, {options},") + tail}


def published(tail: str) -> dict[str, str]:
    """Write a system whose service publishes a port."""
    return {"web.compose.yaml": service('ports: ["9000:80"]'), "system.yaml": SYSTEM + tail}


def backup(of: str, more: str = "", control: str = CONTROLLED) -> dict[str, str]:
    """Write a system whose service keeps data and controls the mesh, with a backup of ``of``."""
    saved = f"""\
backups:
  nightly:
    host: vps
    schedule: "0 3 * * *"
    directory: /backups
    captures: [{{of: {of}, method: copy}}]
"""
    kept = service(
        "volumes: [data:/data]",
        tail="  db: {image: postgres:17.6, volumes: [db:/d]}\nvolumes: {data: {}, db: {}}\n",
    )
    return {"web.compose.yaml": kept, "system.yaml": SYSTEM + control + saved + more}


def prod(mesh_address: str) -> dict[str, str]:
    """Write a system with a mesh, and what the prod stack says of its host."""
    settings = SHOP["Pulumi.prod.yaml"].replace("192.0.2.10,", f"192.0.2.10, {mesh_address}")
    return {"system.yaml": SYSTEM + MESH, "Pulumi.prod.yaml": settings}


ROWS = [
    Row(
        rule="G10",
        why="a route",
        breaks=route("mesh", tail=""),
        says=f"{FILE}:12: routes.shop.example.com.access: shop.example.com admits the mesh, and "
        "shop has none; declare it under mesh, or name the callers' networks with allow\n",
        near=route("mesh"),
    ),
    Row(
        rule="G10",
        why="a published port",
        breaks=published('ports: {"web/front:9000": {access: mesh}}\n'),
        says=f"{WEB}:5: services.front.ports[0]: port 9000/tcp admits the mesh, and shop has none; "
        "declare it under mesh, or name the callers' networks with allow\n",
        near=published('ports: {"web/front:9000": {access: {allow: [10.8.0.0/24]}}}\n'),
    ),
    Row(
        rule="G10",
        why="a listener of a process",
        breaks={"system.yaml": SYSTEM + PROCESS},
        says=f"{FILE}:21: processes.api.listens[0]: port 3000/tcp admits the mesh, and shop has "
        "none; declare it under mesh, or name the callers' networks with allow\n",
        near={"system.yaml": SYSTEM + PROCESS + MESH},
    ),
    Row(
        rule="G10",
        why="SSH, once on prod too",
        breaks=host("ssh: {access: mesh}", tail=""),
        says=f"{FILE}:2: hosts.vps.ssh.access: SSH of vps admits the mesh, and shop has none; "
        "declare it under mesh, or name the callers' networks with allow\n",
        near=host("ssh: {access: mesh}"),
        stack="prod",
    ),
    Row(
        rule="R06",
        why="the same network; one member",
        breaks=route("{allow: [10.8.0.0/24, 192.0.2.0/24]}"),
        says=f"{FILE}:12: routes.shop.example.com.access: shop.example.com admits 10.8.0.0/24, "
        "which is the mesh's network 10.8.0.0/24; say mesh: true in its access instead\n",
        near=route("{allow: [10.8.0.7/32, 192.0.2.0/24]}"),
    ),
    Row(
        rule="R06",
        why="a part of it; another network",
        breaks=published(MESH + 'ports: {"web/front:9000": {access: {allow: [10.8.0.0/25]}}}\n'),
        says=f"{WEB}:5: services.front.ports[0]: port 9000/tcp admits 10.8.0.0/25, which overlaps "
        "the mesh's network 10.8.0.0/24; say mesh: true in its access instead\n",
        near=published(MESH + 'ports: {"web/front:9000": {access: {allow: [10.8.1.0/25]}}}\n'),
    ),
    Row(
        rule="R06",
        why="more than it; everything, and the other protocol",
        breaks=host("ssh: {access: {allow: [10.0.0.0/8]}}"),
        says=f"{FILE}:2: hosts.vps.ssh.access: SSH of vps admits 10.0.0.0/8, which overlaps the "
        "mesh's network 10.8.0.0/24; say mesh: true in its access instead\n",
        near=host('ssh: {access: {allow: [0.0.0.0/0, "fd00::/8"]}}'),
    ),
    Row(
        rule="R06",
        why="the network of no mesh",
        breaks=route("{mesh: true, allow: [10.8.0.0/24]}"),
        says=f"{FILE}:12: routes.shop.example.com.access: shop.example.com admits 10.8.0.0/24, "
        "which is the mesh's network 10.8.0.0/24; say mesh: true in its access instead\n",
        near=route("{mesh: true, allow: [10.8.0.0/24]}", tail=""),
    ),
    Row(
        rule="V01",
        why="the mesh resolves no names",
        breaks=route("mesh", tail=MESH.replace("}", ", dns: false}")),
        says=f"{FILE}:12: routes.shop.example.com.access: shop.example.com is for the mesh, whose "
        "members resolve its public address (dns: false) and are refused; set dns: true under "
        "mesh\n",
        near=route("mesh"),
    ),
    Row(
        rule="V01",
        why="others are admitted besides the mesh; the mesh is not among them",
        breaks=route(
            "{mesh: true, allow: [192.0.2.0/24]}", tail=MESH.replace("}", ", dns: false}")
        ),
        says=f"{FILE}:12: routes.shop.example.com.access: shop.example.com is for the mesh, whose "
        "members resolve its public address (dns: false) and are refused; set dns: true under "
        "mesh\n",
        near=route("{allow: [192.0.2.0/24]}", tail=MESH.replace("}", ", dns: false}")),
    ),
    Row(
        rule="V03",
        why="no address in the mesh",
        breaks=prod(""),
        says=f"{FILE}:2: hosts.vps: host vps is in the mesh and has no mesh address on stack prod; "
        "run pulumi config set --stack prod --path 'stackgraph:shop.hosts.vps.mesh_address'\n",
        near=prod("mesh_address: 10.8.0.1, "),
        stack="prod",
    ),
    Row(
        rule="V03",
        why="the dev stack needs none",
        breaks={**prod(""), "stack": "prod"},
        says=f"{FILE}:2: hosts.vps: host vps is in the mesh and has no mesh address on stack prod; "
        "run pulumi config set --stack prod --path 'stackgraph:shop.hosts.vps.mesh_address'\n",
        near=prod(""),
    ),
    Row(
        rule="V09",
        why="another volume is saved",
        breaks=backup("web/db"),
        says=f"{FILE}:13: mesh.control: no backup saves what front keeps, without which each "
        "member has to join the mesh again; add a capture of it, or of its volume, to a backup\n",
        near=backup("web/data"),
    ),
    Row(
        rule="V09",
        why="the database of another; its own",
        breaks=backup("web/db", more="databases: {names: {server: web/db}}\n"),
        says=f"{FILE}:13: mesh.control: no backup saves what front keeps, without which each "
        "member has to join the mesh again; add a capture of it, or of its volume, to a backup\n",
        near=backup("web/db", more="databases: {names: {server: web/db, used_by: [web/front]}}\n"),
    ),
    Row(
        rule="V09",
        why="nothing is saved; what controls it is not ours",
        breaks={"web.compose.yaml": KEPT, "system.yaml": SYSTEM + CONTROLLED},
        says=f"{FILE}:13: mesh.control: no backup saves what front keeps, without which each "
        "member has to join the mesh again; add a capture of it, or of its volume, to a backup\n",
        near={"web.compose.yaml": KEPT, "system.yaml": SYSTEM + MESH},
    ),
    Row(
        rule="V09",
        why="nothing is saved; the service itself is",
        breaks={"web.compose.yaml": KEPT, "system.yaml": SYSTEM + CONTROLLED},
        says=f"{FILE}:13: mesh.control: no backup saves what front keeps, without which each "
        "member has to join the mesh again; add a capture of it, or of its volume, to a backup\n",
        near=backup("web/front"),
    ),
    Row(
        rule="V09",
        why="others keep it",
        breaks={"web.compose.yaml": KEPT, "system.yaml": UNROUTED + CONTROLLED},
        says=f"{FILE}:11: mesh.control: no backup saves what front keeps, without which each "
        "member has to join the mesh again; add a capture of it, or of its volume, to a backup\n",
        near={
            "web.compose.yaml": KEPT,
            "system.yaml": UNROUTED.replace("ingress: {kind: caddy}", "managed_by: Others")
            + CONTROLLED,
        },
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
