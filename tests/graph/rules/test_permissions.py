"""Rules on what a container may do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.front import STAND_IN, front, of_others
from tests.graph.rules.row import WEB, Row, service

AT = f"{WEB}:2: services.front"
GRAFANA = "grafana/grafana:12.2.0"
REDIS, NEW_REDIS = "redis:7.4.11", "redis:8.8.0"
SOCKET = "/var/run/docker.sock:/var/run/docker.sock"


def drops(names: str, image: str, add: str) -> str:
    return (
        f"{AT}.cap_drop: front drops {names}, without which {image} does not work; set "
        f"cap_add: [{add}]\n"
    )


def owner(source: str) -> str:
    return (
        f"{AT}.volumes: nothing makes user 472 of {GRAFANA} the owner of {source}, and Docker "
        "makes it root's; use a named volume, or set user to the owner of the directory\n"
    )


def closed(image: str, paths: str) -> str:
    return (
        f"{AT}.read_only: {image} writes to {paths}, which is read-only; add a tmpfs or a volume "
        "there\n"
    )


REDIS_DROPS = drops("CHOWN, SETGID, SETUID", REDIS, "CHOWN, SETGID, SETUID")
POSTGRES = "postgres:16.15"
POSTGRES_CLOSED = closed(POSTGRES, "/var/run/postgresql, /tmp")
OTHER_PATH = (
    f"{AT}.volumes: front starts containers by the host's Docker, for which /work is /srv/jobs: "
    "they would be given another directory; mount /srv/jobs at the same path\n"
)
FREE = (
    f"{AT}.volumes: front has the free Docker socket: whoever breaks into it is root of vps, "
    "read-only mount or not; put a docker-socket-proxy with the needed calls between them\n"
)


def mounts(*volumes: str, image: str = "acme/runner:1.0.0") -> str:
    return front(image, f"volumes: [{', '.join(volumes)}]")


def reads(image: str, *lines: str) -> str:
    return front(image, "read_only: true", *lines, tail="volumes: {data: {}}\n")


ROWS = [
    Row(
        rule="F06",
        why="a directory of the host",
        breaks=mounts("/srv/grafana:/var/lib/grafana", image=GRAFANA),
        says=owner("/srv/grafana"),
        near=mounts("/srv/grafana:/var/lib/grafana:ro", image=GRAFANA),
    ),
    Row(
        rule="F06",
        why="a volume of Docker is given to the image's user",
        breaks=mounts("/srv/grafana:/var/lib/grafana", image=GRAFANA),
        says=owner("/srv/grafana"),
        near=front(GRAFANA, 'volumes: ["d:/var/lib/grafana"]', tail="volumes: {d: {}}\n"),
    ),
    Row(
        rule="F06",
        why="the owner says whose it is",
        breaks=mounts("/srv/grafana:/var/lib/grafana", image=GRAFANA),
        says=owner("/srv/grafana"),
        near=front(GRAFANA, 'user: "1000"', 'volumes: ["/srv/grafana:/var/lib/grafana"]'),
    ),
    Row(
        rule="F06",
        why="files are no directories, also in a hidden one",
        breaks=mounts("/srv/.grafana:/var/lib/grafana", image=GRAFANA),
        says=owner("/srv/.grafana"),
        near=mounts("/srv/grafana.ini:/etc/grafana/grafana.ini", image=GRAFANA),
    ),
    Row(
        rule="F06",
        why="an image that runs as root",
        breaks=mounts("/srv/grafana:/var/lib/grafana", image=GRAFANA),
        says=owner("/srv/grafana"),
        near=mounts("/srv/redis:/data", image=REDIS),
    ),
    Row(
        rule="F07",
        why="all are dropped, none is given back",
        breaks=front(REDIS, "cap_drop: [ALL]"),
        says=REDIS_DROPS,
        near=front(REDIS, "cap_drop: [ALL]", "cap_add: [CHOWN, CAP_SETGID, setuid]"),
    ),
    Row(
        rule="F07",
        why="one of three",
        breaks=front(REDIS, "cap_drop: [all]", "cap_add: [CHOWN, SETUID]"),
        says=drops("SETGID", REDIS, "CHOWN, SETGID, SETUID"),
        near=front(REDIS, "cap_drop: [ALL]", "cap_add: [ALL]"),
    ),
    Row(
        rule="F07",
        why="one is dropped by name",
        breaks=front(REDIS, "cap_drop: [CAP_CHOWN, NET_RAW]"),
        says=drops("CHOWN", REDIS, "CHOWN"),
        near=front(REDIS, "cap_drop: [NET_RAW]"),
    ),
    Row(
        rule="F07",
        why="another user needs none",
        breaks=front(REDIS, "cap_drop: [ALL]", 'user: "0:1000"'),
        says=REDIS_DROPS,
        near=front(REDIS, "cap_drop: [ALL]", 'user: "999:1000"'),
    ),
    Row(
        rule="F07",
        why="another user needs what the program's file carries",
        breaks=front("caddy:2.11.4-alpine", "cap_drop: [ALL]", 'user: "1000"'),
        says=drops("NET_BIND_SERVICE", "caddy:2.11.4-alpine", "NET_BIND_SERVICE"),
        near=front("nginx:1.29.3", "cap_drop: [ALL]", 'user: "101"'),
    ),
    Row(
        rule="F07",
        why="the entrypoint of Redis 8.8 (D14)",
        breaks=front(NEW_REDIS, "cap_drop: [ALL]", "cap_add: [CHOWN, SETGID, SETUID]"),
        says=drops("SETPCAP", NEW_REDIS, "CHOWN, SETGID, SETPCAP, SETUID"),
        near=front(REDIS, "cap_drop: [ALL]", "cap_add: [CHOWN, SETGID, SETUID]"),
    ),
    Row(
        rule="F07",
        why="the image for its clients' sake",
        breaks=front(POSTGRES, "cap_drop: [CHOWN]", "command: [postgres, -c, jit=off]"),
        says=drops("CHOWN", POSTGRES, "CHOWN"),
        near=front(POSTGRES, "cap_drop: [CHOWN]", "command: [psql, -h, db]"),
    ),
    Row(
        rule="F07",
        why="another entrypoint",
        breaks=front(POSTGRES, "cap_drop: [CHOWN]", "command: [-c, jit=off]"),
        says=drops("CHOWN", POSTGRES, "CHOWN"),
        near=front(POSTGRES, "cap_drop: [CHOWN]", "entrypoint: [sleep, infinity]"),
    ),
    Row(
        rule="F07",
        why="a job",
        breaks=front(
            POSTGRES,
            "cap_drop: [CHOWN]",
            tail="  web: {image: b, depends_on: {front: {condition: service_started}}}\n",
        ),
        says=drops("CHOWN", POSTGRES, "CHOWN"),
        near=front(
            POSTGRES,
            "cap_drop: [CHOWN]",
            tail="  web: {image: b, depends_on: {front: "
            "{condition: service_completed_successfully}}}\n",
        ),
    ),
    Row(
        rule="F07",
        why="a privileged container has them all",
        breaks=front(REDIS, "cap_drop: [ALL]"),
        says=REDIS_DROPS,
        near=front(REDIS, "cap_drop: [ALL]", "privileged: true"),
    ),
    Row(
        rule="F07",
        why="what others manage is theirs",
        breaks=front(REDIS, "cap_drop: [ALL]"),
        says=REDIS_DROPS,
        near=of_others(front(REDIS, "cap_drop: [ALL]")),
    ),
    Row(
        rule="F08",
        why="an image that writes all over itself",
        breaks=reads("gotenberg/gotenberg:8.25.0"),
        says=f"{AT}.read_only: gotenberg/gotenberg:8.25.0 does not work with a read-only root; "
        "remove read_only\n",
        near=front("gotenberg/gotenberg:8.25.0", "read_only: false"),
    ),
    Row(
        rule="F08",
        why="places that it writes to; above them will do",
        breaks=reads(POSTGRES),
        says=POSTGRES_CLOSED,
        near=reads(POSTGRES, "tmpfs: [/tmp, /run]"),
    ),
    Row(
        rule="F08",
        why="below them will not",
        breaks=reads(POSTGRES, 'tmpfs: ["/run/postgresql:mode=1777", /tmp/cache]'),
        says=closed(POSTGRES, "/tmp"),
        near=reads(POSTGRES, 'tmpfs: ["/var/run/postgresql:mode=1777", /tmp]'),
    ),
    Row(
        rule="F08",
        why="a mount that is read-only itself",
        breaks=reads(REDIS, 'volumes: ["data:/data:ro"]'),
        says=closed(REDIS, "/data"),
        near=reads(REDIS, 'volumes: ["data:/data"]'),
    ),
    Row(
        rule="F11",
        why="another path than the host's",
        breaks=mounts(SOCKET, "/srv/jobs:/work"),
        says=OTHER_PATH,
        near=mounts(SOCKET, "/srv/jobs:/srv/jobs"),
    ),
    Row(
        rule="F11",
        why="who has the socket",
        breaks=mounts("/run/user/1000/docker.sock:/run/docker.sock", "/srv/jobs:/work"),
        says=OTHER_PATH,
        near=mounts("/srv/jobs:/work"),
    ),
    Row(
        rule="F11",
        why="what is only read, and files",
        breaks=mounts(SOCKET, "/srv/jobs:/work", "/etc/os:/os:ro", "/srv/a.conf:/a.conf"),
        says=OTHER_PATH,
        near=mounts(SOCKET, "/srv/jobs:/work:ro"),
    ),
    Row(
        rule="F11",
        why="who starts no containers",
        breaks=mounts(SOCKET, "/srv/jobs:/work"),
        says=OTHER_PATH,
        near=mounts(SOCKET, "/srv/jobs:/work", image="traefik:v3.6.2"),
    ),
    Row(
        rule="F11",
        why="a proxy of the socket",
        breaks=mounts(SOCKET, "/srv/jobs:/work"),
        says=OTHER_PATH,
        near=mounts(SOCKET, "/srv/jobs:/work", image="acme/socket-proxy:1.0.0"),
    ),
    Row(
        rule="G12",
        why="the socket itself; reading it is no less",
        breaks=mounts("/var/run/docker.sock:/var/run/docker.sock:ro"),
        says=FREE,
        near=mounts("/var/run/docker.pid:/var/run/docker.sock:ro"),
    ),
    Row(
        rule="G12",
        why="a proxy",
        breaks=mounts(SOCKET),
        says=FREE,
        near=mounts(SOCKET, image="tecnativa/docker-socket-proxy:0.4.1"),
    ),
    Row(
        rule="G12",
        why="a stand-in, by its name",
        breaks={**STAND_IN, "web.compose.yaml": front("${IMAGE}", f"volumes: [{SOCKET}]")},
        says=FREE,
        near={
            **STAND_IN,
            "web.compose.yaml": service(f"volumes: [{SOCKET}]", name="docker-socket-proxy").replace(
                "image: a", "image: ${IMAGE}"
            ),
        },
    ),
    Row(
        rule="G12",
        why="what others manage is theirs",
        breaks=mounts(SOCKET),
        says=FREE,
        near=of_others(mounts(SOCKET)),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
