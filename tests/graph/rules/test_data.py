"""Rules on data."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.front import declares, front, of_others
from tests.graph.rules.row import FILE, WEB, Row

VOLUMES = "volumes: {data: {}}\n"
PLAN = "disposable:"
ELSE = '  web/else: "Made again at each start"'


def backup(of: str, *more: str) -> str:
    """Write the shop's system.yaml with a backup."""
    return declares(
        "backups:",
        "  nightly:",
        "    host: vps",
        "    schedule: '0 3 * * *'",
        "    directory: /backups",
        f"    captures: [{{of: {of}, method: copy}}]",
        *more,
    )


def kept(
    system: str, mount: str = "data:/data", volumes: str = "{data: {}, else: {}}"
) -> dict[str, str]:
    """Write the shop whose service mounts a volume."""
    return {
        "system.yaml": system,
        "web.compose.yaml": front("a", f"volumes: ['{mount}']", tail=f"volumes: {volumes}\n"),
    }


def planned(*lines: str) -> str:
    """Write a system that says why one of its volumes needs no backup."""
    return declares(PLAN, ELSE, *lines)


PROCESS = (
    "processes:",
    "  api: {host: vps, manager: systemd, purpose: API, command: api, directory: /srv, user: api, "
    "data: [/srv/db]}",
)


def store(*lines: str, image: str = "postgres:17.6", volumes: str = VOLUMES) -> str:
    """Write the shop whose service is a data store."""
    return front(image, *lines, tail=volumes)


def bound(system: str) -> dict[str, str]:
    return {
        "system.yaml": system,
        "web.compose.yaml": store("volumes: ['/srv/pg:/var/lib/postgresql/data']"),
    }


def others(image: str) -> dict[str, str]:
    """Write what others manage with a volume, and no backup."""
    return of_others(front(image, "volumes: ['data:/var/lib/mysql']", tail=VOLUMES))


def two(first: str, second: str) -> str:
    """Write two services with a volume each of them mounts."""
    return front(
        "a",
        f"volumes: ['{first}']",
        tail=f"  worker: {{image: a, volumes: ['{second}']}}\n{VOLUMES}",
    )


def after(condition: str) -> str:
    return front(
        "a",
        "volumes: [data:/data]",
        f"depends_on: {{worker: {{condition: {condition}}}}}",
        tail=f"  worker: {{image: a, restart: 'no', volumes: ['data:/data']}}\n{VOLUMES}",
    )


def databases(one: str, other: str) -> dict[str, str]:
    """Write two databases of the shop's servers."""
    return {
        "system.yaml": declares(
            "databases:", f"  a: {{server: {one}}}", f"  b: {{server: {other}}}"
        ),
        "web.compose.yaml": front("a", tail="  cache: {image: redis:8.2.1}\n"),
    }


MOVED = "environment: {PGDATA: /pg/data}"

UNSAVED = (
    f"{WEB}:6: volumes.data: web/data keeps data that nothing saves; capture it in a "
    "backup, or say under disposable why it needs none\n"
)
NO_BACKUP = (
    f"{FILE}:4: apps.web: web keeps data in data, and its system has no backup; describe "
    "one under backups, or say under disposable why a volume needs none\n"
)
LOST = (
    f"{WEB}:2: services.front.volumes: front keeps its data in /var/lib/postgresql/data, "
    "where nothing is mounted: it is lost with the container; mount a named volume at "
    "/var/lib/postgresql/data\n"
)
TWO_WRITERS = (
    f"{WEB}:7: volumes.data: front, worker write to volume data at the same time; let one "
    "of them write, and mount it read_only in the others\n"
)

ROWS = [
    Row(
        rule="B17",
        why="a volume that nothing saves",
        breaks=kept(planned()),
        says=UNSAVED,
        near=kept(backup("web/data")),
    ),
    Row(
        rule="B17",
        why="it is saved with its service",
        breaks=kept(backup("web/else")),
        says=UNSAVED,
        near=kept(backup("web/front")),
    ),
    Row(
        rule="B17",
        why="or disposable",
        breaks=kept(planned()),
        says=UNSAVED,
        near=kept(planned('  web/data: "A cache"')),
    ),
    Row(
        rule="B17",
        why="a system without backups is told once for each app",
        breaks=kept(declares()),
        says=NO_BACKUP,
        near=kept(declares(), "data:/data:ro"),
    ),
    Row(
        rule="B17",
        why="a volume of another owner",
        breaks=kept(planned()),
        says=UNSAVED,
        near=kept(planned(), volumes="{data: {external: true}, else: {}}"),
    ),
    Row(
        rule="B17",
        why="a data store on a host that others manage",
        breaks=others("mariadb:10.5.29"),
        says=NO_BACKUP,
        near=others("registry.example.com/app:1.0.0"),
    ),
    Row(
        rule="B17",
        why="a process",
        breaks={"system.yaml": declares(*PROCESS)},
        says=(
            f"{FILE}:14: processes.api.data: api keeps data in /srv/db that nothing saves; "
            "capture it in a backup\n"
        ),
        near={"system.yaml": backup("api", *PROCESS)},
    ),
    Row(
        rule="B17",
        why="a data store on a directory of its host",
        breaks=bound(declares()),
        says=(
            f"{WEB}:2: services.front: front keeps data in /srv/pg of vps that nothing saves; "
            "capture the service in a backup\n"
        ),
        near=bound(backup("web/front")),
    ),
    Row(
        rule="B16",
        why="no volume",
        breaks=store(),
        says=LOST,
        near=store("volumes: ['data:/var/lib/postgresql/data']"),
    ),
    Row(
        rule="B16",
        why="a volume elsewhere, and a directory of the host",
        breaks=store("volumes: ['data:/backups']"),
        says=LOST,
        near=store("volumes: ['/srv/pg:/var/lib/postgresql/data']"),
    ),
    Row(
        rule="B16",
        why="a volume without a name",
        breaks=store("volumes: ['/var/lib/postgresql/data']"),
        says=LOST,
        near=store("volumes: ['data:/var/lib/postgresql/data/']"),
    ),
    Row(
        rule="B16",
        why="a variable moves the data",
        breaks=store(MOVED, "volumes: ['data:/var/lib/postgresql/data']"),
        says=(
            f"{WEB}:2: services.front.volumes: front keeps its data in /pg/data, where nothing is "
            "mounted: it is lost with the container; mount a named volume at /pg/data\n"
        ),
        near=store(MOVED, "volumes: ['data:/pg']"),
    ),
    Row(
        rule="B16",
        why="the command moves the data",
        breaks=store("volumes: [data:/metrics]", image="prom/prometheus:v3.5.0"),
        says=(
            f"{WEB}:2: services.front.volumes: front keeps its data in /prometheus, where nothing "
            "is mounted: it is lost with the container; mount a named volume at /prometheus\n"
        ),
        near=store(
            "volumes: [data:/metrics]",
            "command: ['--storage.tsdb.path=/metrics']",
            image="prom/prometheus:v3.5.0",
        ),
    ),
    Row(
        rule="B16",
        why="a cache may forget, unless it writes a log",
        breaks=store("command: [redis-server, --appendonly, 'yes']", image="redis:8.2.1"),
        says=(
            f"{WEB}:2: services.front.volumes: front keeps its data in /data, where nothing is "
            "mounted: it is lost with the container; mount a named volume at /data\n"
        ),
        near=store("command: [redis-server]", image="redis:8.2.1"),
    ),
    Row(
        rule="B16",
        why="a mount that is taken for the data is told by another rule",
        breaks=store(image="postgres:18.0"),
        says=(
            f"{WEB}:2: services.front.volumes: front keeps its data in /var/lib/postgresql, where "
            "nothing is mounted: it is lost with the container; mount a named volume at "
            "/var/lib/postgresql\n"
        ),
        near=store("volumes: ['data:/var/lib/postgresql/data']", image="postgres:18.0"),
    ),
    Row(
        rule="B16",
        why="a client of another server",
        breaks=store("command: [postgres, -c, fsync=on]"),
        says=LOST,
        near=store("command: [pg_dump, -h, db]"),
    ),
    Row(
        rule="A06",
        why="two write",
        breaks=two("data:/data", "data:/d"),
        says=TWO_WRITERS,
        near=two("data:/data", "data:/d:ro"),
    ),
    Row(
        rule="A06",
        why="one after the other",
        breaks=after("service_started"),
        says=(
            f"{WEB}:8: volumes.data: front, worker write to volume data at the same time; let one "
            "of them write, and mount it read_only in the others\n"
        ),
        near=after("service_completed_successfully"),
    ),
    Row(
        rule="A06",
        why="what others manage is theirs",
        breaks=two("data:/data", "data:/d"),
        says=TWO_WRITERS,
        near=of_others(two("data:/data", "data:/d")),
    ),
    Row(
        rule="A09",
        why="a name",
        breaks=databases("web/front, name: a", "web/front, name: a"),
        says=(
            f"{FILE}:15: databases.b: b is database a of web/front, and so is a; give it a name "
            "of its own, or declare it once with both under used_by\n"
        ),
        near=databases("web/front, name: a", "web/cache, name: a"),
    ),
    Row(
        rule="A09",
        why="a number",
        breaks=databases("web/cache, index: 0", "web/cache, index: 0"),
        says=(
            f"{FILE}:15: databases.b: b is number 0 of web/cache, and so is a; give it an index "
            "of its own, or declare it once with both under used_by\n"
        ),
        near=databases("web/cache, index: 0", "web/cache, index: 1"),
    ),
    Row(
        rule="A09",
        why="a name is no number",
        breaks=databases("web/front, name: '1'", "web/front, name: '1'"),
        says=(
            f"{FILE}:15: databases.b: b is database 1 of web/front, and so is a; give it a name "
            "of its own, or declare it once with both under used_by\n"
        ),
        near=databases("web/cache, name: '1'", "web/cache, index: 1"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
