"""Rules on images and their versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.front import STAND_IN, declares, front, of_others
from tests.graph.rules.row import FILE, WEB, Row, service

DATA = "volumes: {data: {}}\n"
MOVING = (
    f"{WEB}:2: services.front.image: redis:7-alpine can mean another image tomorrow; "
    "write the exact version, or a digest\n"
)
BESIDE_16 = (
    f"{WEB}:2: services.front.volumes: postgres:16.15 keeps its data at "
    "/var/lib/postgresql/data, and what is mounted at /var/lib/postgresql would hold none of it; "
    "mount it at /var/lib/postgresql/data\n"
)
NO_RENAME = (
    f"{WEB}:2: services.front.PLACE: redis:8.2.1 no longer has the setting rename-command, and "
    "does not start with it; remove it; see in the image's changelog what took its place\n"
)


def postgres(version: str, target: str, *lines: str) -> str:
    return front(f"postgres:{version}", f'volumes: ["data:{target}"]', *lines, tail=DATA)


def redis(version: str, content: str) -> str:
    return front(
        f"redis:{version}",
        "configs: [{source: conf, target: /redis.conf}]",
        tail=f'configs: {{conf: {{content: "{content}"}}}}\n',
    )


ARM = {"system.yaml": declares(host="ingress: {kind: caddy}").replace("amd64", "arm64")}
MATTERMOST = front("mattermost/mattermost-team-edition:10.12.1")

ROWS = [
    Row(
        rule="D11",
        why="an image for another platform",
        breaks={**ARM, "web.compose.yaml": MATTERMOST},
        says=f"{WEB}:2: services.front.image: mattermost/mattermost-team-edition:10.12.1 is "
        "published for linux/amd64 only, and vps is linux/arm64; build one for linux/arm64, or "
        "place it on another host\n",
        near=MATTERMOST,
    ),
    Row(
        rule="D11",
        why="of other images nothing is known",
        breaks={**ARM, "web.compose.yaml": MATTERMOST},
        says=f"{WEB}:2: services.front.image: mattermost/mattermost-team-edition:10.12.1 is "
        "published for linux/amd64 only, and vps is linux/arm64; build one for linux/arm64, or "
        "place it on another host\n",
        near={**ARM, "web.compose.yaml": front("example.com/ours:1.0.0")},
    ),
    Row(
        rule="D03",
        why="a version that leaves something open",
        breaks=front("redis:7-alpine"),
        says=MOVING,
        near=front("redis:7.4.11-alpine"),
    ),
    Row(
        rule="D03",
        why="a digest never floats",
        breaks=front("nginx:latest"),
        says=MOVING.replace("redis:7-alpine", "nginx:latest"),
        near=front(f"nginx:latest@sha256:{'0' * 64}"),
    ),
    Row(
        rule="D03",
        why="the ingress",
        breaks={"system.yaml": declares(host="ingress: {kind: caddy, image: 'caddy:2-alpine'}")},
        says=f"{FILE}:2: hosts.vps.ingress.image: caddy:2-alpine can mean another image "
        "tomorrow; write the exact version, or a digest\n",
        near={"system.yaml": declares(host="ingress: {kind: caddy, image: 'caddy:2.11.4-alpine'}")},
    ),
    Row(
        rule="D03",
        why="what others manage is theirs",
        breaks=front("redis:7-alpine"),
        says=MOVING,
        near=of_others(front("redis:7-alpine")),
    ),
    Row(
        rule="D03",
        why="a stand-in, and what is built here",
        breaks=front("redis:7-alpine"),
        says=MOVING,
        near={
            **STAND_IN,
            "web.compose.yaml": front("${IMAGE}", tail="  back: {build: ./back, image: back}\n"),
            "systems/shop/back/Dockerfile": "FROM scratch\n",
        },
    ),
    Row(
        rule="D05",
        why="PostgreSQL before 18: a volume of the image hides what is mounted above it",
        breaks=postgres("16.15", "/var/lib/postgresql"),
        says=BESIDE_16,
        near=postgres("16.15", "/var/lib/postgresql/data"),
    ),
    Row(
        rule="D05",
        why="PostgreSQL since 18",
        breaks=postgres("18.1", "/var/lib/postgresql/data"),
        says=f"{WEB}:2: services.front.volumes: postgres:18.1 keeps its data at "
        "/var/lib/postgresql, and what is mounted at /var/lib/postgresql/data would hold none of "
        "it; mount it at /var/lib/postgresql\n",
        near=postgres("18.1", "/var/lib/postgresql"),
    ),
    Row(
        rule="D05",
        why="a directory of the host; memory holds no data by intention",
        breaks=front("postgres:16.15", 'volumes: ["/srv/data:/var/lib/postgresql"]'),
        says=BESIDE_16,
        near=front("postgres:16.15", "tmpfs: [/var/lib/postgresql]"),
    ),
    Row(
        rule="D05",
        why="the right place too",
        breaks=postgres("16.15", "/var/lib/postgresql"),
        says=BESIDE_16,
        near=front(
            "postgres:16.15",
            'volumes: ["home:/var/lib/postgresql", "data:/var/lib/postgresql/data"]',
            tail="volumes: {data: {}, home: {}}\n",
        ),
    ),
    Row(
        rule="D05",
        why="PGDATA moves the data; not from under the volume of the image",
        breaks=postgres(
            "16.15", "/var/lib/postgresql", "environment: {PGDATA: /var/lib/postgresql/data/own}"
        ),
        says=BESIDE_16,
        near=postgres(
            "16.15", "/var/lib/postgresql", "environment: {PGDATA: /var/lib/postgresql/own}"
        ),
    ),
    Row(
        rule="D05",
        why="PGDATA elsewhere, or not known",
        breaks=postgres("16.15", "/var/lib/postgresql", "environment: {PGDATA: /srv/data}"),
        says=BESIDE_16,
        near=postgres("16.15", "/var/lib/postgresql", 'environment: {PGDATA: "${DB_PASSWORD}"}'),
    ),
    Row(
        rule="D06",
        why="in a mounted config, by version",
        breaks=redis("8.2.1", 'maxmemory 1mb\\n  rename-command FLUSHALL \\"\\"'),
        says=NO_RENAME.replace("PLACE", "configs"),
        near=redis("7.4.11", 'maxmemory 1mb\\n  rename-command FLUSHALL \\"\\"'),
    ),
    Row(
        rule="D06",
        why="in the config, not in a remark",
        breaks=redis("8.2.1", "rename-command"),
        says=NO_RENAME.replace("PLACE", "configs"),
        near=redis("8.2.1", "# rename-command is gone\\nrename-commander no"),
    ),
    Row(
        rule="D06",
        why="in the command",
        breaks=front("redis:8.2.1", "command: [redis-server, --rename-command, FLUSHALL, '']"),
        says=NO_RENAME.replace("PLACE", "command"),
        near=front("redis:8.2.1", "command: [redis-server, --save, '60', '1']"),
    ),
    Row(
        rule="D06",
        why="in what a shell feeds to the server",
        breaks=front(
            "redis:8.2.1", 'entrypoint: [sh, -c, "exec redis-server -\\nrename-command A B"]'
        ),
        says=NO_RENAME.replace("PLACE", "command"),
        near=service("command: [redis-server, --rename-command, FLUSHALL, '']"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
