"""Rules on what ingresses reach."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.front import declares
from tests.graph.rules.row import FILE, Row, said, service

NGINX, CADDY = "ingress: {kind: nginx}", "ingress: {kind: caddy}"
PROCESS = (
    "processes:",
    "  api: {host: vps, manager: systemd, purpose: API, command: api, directory: /srv, user: api, "
    "listens: [3000]}",
)
EVERYWHERE = (PROCESS[0], PROCESS[1].replace("[3000]", "['0.0.0.0:3000']"))
ON_THE_BRIDGE = (PROCESS[0], PROCESS[1].replace("[3000]", "['172.17.0.1:3000']"))


def behind(ingress: str, *lines: str, more: tuple[str, ...] = ()) -> dict[str, str]:
    """Write the shop with an ingress, whose service has certain keys."""
    return {
        "system.yaml": declares(*more, host=ingress),
        "web.compose.yaml": service(*lines),
    }


def routed(ingress: str, to: str, more: tuple[str, ...]) -> dict[str, str]:
    """Write the shop with one more route, to what stands on the host itself."""
    files = behind(ingress, "ports: ['127.0.0.1:9000:8080']", more=more)
    route = f"routes:\n  api.example.com: {{{to}}}\n"
    return {**files, "system.yaml": files["system.yaml"].replace("routes:\n", route)}


FOR_THE_MESH = (
    "mesh: {kind: headscale, cidr: 10.8.0.0/24, members: [vps]}",
    "ports:",
    "  web/front:9000: {access: mesh}",
)

NOT_PUBLISHED = (
    f"{FILE}:12: routes.shop.example.com.to: nginx of vps cannot reach web/front:8080: it "
    "is not published on the host's loopback address; publish it, like "
    '"127.0.0.1:8080:8080"\n'
)

ROWS = [
    Row(
        rule="G08",
        why="a port that is not published",
        breaks=behind(NGINX),
        says=NOT_PUBLISHED,
        near=behind(NGINX, "ports: ['127.0.0.1:9000:8080']"),
        stack="prod",
    ),
    Row(
        rule="G08",
        why="a port of the same number by another protocol",
        breaks=behind(NGINX, "ports: ['127.0.0.1:9000:8080/udp']"),
        says=NOT_PUBLISHED,
        near=behind(NGINX, "ports: ['[::1]:9000:8080']"),
        stack="prod",
    ),
    Row(
        rule="G08",
        why="Caddy needs no port",
        breaks=behind(NGINX),
        says=NOT_PUBLISHED,
        near=behind(CADDY),
        stack="prod",
    ),
    Row(
        rule="G08",
        why="published for everybody",
        breaks=behind(NGINX, "ports: ['9000:8080']"),
        says=(
            f"{FILE}:12: routes.shop.example.com.to: web/front:8080 is published on every "
            "address, so callers get past nginx of vps; publish it on 127.0.0.1\n"
        ),
        near=behind(NGINX, "ports: ['9000:8080']", more=FOR_THE_MESH),
        stack="prod",
    ),
    Row(
        rule="G08",
        why="a process that everybody reaches past it",
        breaks=routed(NGINX, "to: 'api:3000'", EVERYWHERE),
        says=(
            f"{FILE}:12: routes.api.example.com.to: api listens beyond the host on 3000, so "
            "callers get past nginx of vps; let it listen on 127.0.0.1 only: listens: "
            '["127.0.0.1:3000"]\n'
        ),
        near=routed(NGINX, "to: 'api:3000'", PROCESS),
        stack="prod",
    ),
    Row(
        rule="G09",
        why="a process",
        breaks=routed(CADDY, "to: 'api:3000'", PROCESS),
        says=(
            f"{FILE}:12: routes.api.example.com.to: api listens on the host's loopback address, "
            "and its Caddy runs in a container, from where it reaches none of that; give the host "
            "an ingress of kind nginx, or let it listen on an address that containers reach, like "
            '"172.17.0.1:PORT" under listens\n'
        ),
        near=routed(CADDY, "to: 'api:3000'", ON_THE_BRIDGE),
        stack="prod",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_dev_has_caddy_everywhere(row: Row, tmp_path: Path) -> None:
    assert said(tmp_path, row.breaks, row.rule, "dev") == ""
