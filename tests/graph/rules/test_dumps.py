"""Rules on what backups capture."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.front import declares, front
from tests.graph.rules.row import FILE, Row

AT = {
    "postgres": "/var/lib/postgresql/data",
    "mariadb": "/var/lib/mysql",
    "minio/minio": "/data",
    "redis": "/data",
}


def saved(
    captures: str, image: str = "postgres:16.4", db: str = "", more: str = ""
) -> dict[str, str]:
    """Write the shop with a database server on a volume, and a backup with given captures."""
    place = AT.get(image.partition(":")[0], "/var/lib/postgresql/data")
    store = f"  db: {{image: {image}, volumes: ['data:{place}']{db}}}\n"
    return {
        "system.yaml": declares(
            "databases:",
            "  shop: {server: web/db}",
            "  crm: {server: web/db}",
            "backups:",
            "  nightly:",
            "    host: vps",
            "    schedule: '0 3 * * *'",
            "    directory: /backups",
            f"    captures: [{captures}]",
        ),
        "web.compose.yaml": front("a", tail=f"{store}{more}volumes: {{data: {{}}}}\n"),
    }


def by(method: str, more: str = "", of: str = "web/db") -> str:
    return f"{{of: {of}, method: {method}{more}}}"


def client(image: str) -> str:
    return by("postgres", f", client: '{image}'")


ONLY_SHOP = by("postgres", ", databases: [shop]")
CHOWN = """\
  owner: {image: postgres:16.4, entrypoint: [chown], command: [-R, x, /d], volumes: ['data:/d']}
"""
COPY = by("copy", of="web/data")

COPIED = (
    f"{FILE}:21: backups.nightly.captures[0].method: web/data holds the files of web/db, "
    "a running database: a copy of them is no backup; capture web/db with method "
    "postgres\n"
)

ROWS = [
    Row(
        rule="B03",
        why="a list that leaves one out",
        breaks=saved(ONLY_SHOP),
        says=(
            f"{FILE}:21: backups.nightly.captures[0].databases: web/db serves crm too, and no "
            "backup saves that; name it as well, or remove databases: then all of the server's "
            "are saved\n"
        ),
        near=saved(by("postgres")),
    ),
    Row(
        rule="B03",
        why="the other is in another capture",
        breaks=saved(by("mysql", ", databases: [crm]"), "mariadb:11.4.2"),
        says=(
            f"{FILE}:21: backups.nightly.captures[0].databases: web/db serves shop too, and no "
            "backup saves that; name it as well, or remove databases: then all of the server's "
            "are saved\n"
        ),
        near=saved(f"{ONLY_SHOP}, {by('postgres', ', databases: [crm]')}"),
    ),
    Row(
        rule="B03",
        why="a copy of a running database's volume",
        breaks=saved(COPY),
        says=COPIED,
        near=saved(COPY, "redis:8.2.1"),
    ),
    Row(
        rule="B03",
        why="a copy beside a dump",
        breaks=saved(by("copy")),
        says=(
            f"{FILE}:21: backups.nightly.captures[0].method: web/db holds the files of web/db, a "
            "running database: a copy of them is no backup; capture web/db with method postgres\n"
        ),
        near=saved(f"{COPY}, {by('postgres')}"),
    ),
    Row(
        rule="B03",
        why="a database that no method dumps, and one whose files may be copied",
        breaks=saved(COPY, "mongo:8.0.1"),
        says=(
            f"{FILE}:21: backups.nightly.captures[0].method: web/data holds the files of web/db, "
            "a running database: a copy of them is no backup; stop it for the copy, or dump it "
            "with its own client\n"
        ),
        near=saved(COPY, "minio/minio:RELEASE.2025-09-07T16-13-09Z", ", command: [server, /data]"),
    ),
    Row(
        rule="B03",
        why="an image of a database that runs a tool of it",
        breaks=saved(COPY, more=CHOWN),
        says=COPIED,
        near=saved(COPY, "a", more=CHOWN),
    ),
    Row(
        rule="B15",
        why="a method of another server",
        breaks=saved(by("postgres"), "redis:8.2.1"),
        says=(
            f"{FILE}:21: backups.nightly.captures[0].method: method postgres cannot save web/db, "
            "which is redis; use method redis\n"
        ),
        near=saved(by("redis"), "redis:8.2.1"),
    ),
    Row(
        rule="B15",
        why="of a volume, and a server that the catalogue does not know",
        breaks=saved(by("sqlite", of="web/data")),
        says=(
            f"{FILE}:21: backups.nightly.captures[0].method: method sqlite cannot save web/data, "
            "which is postgres; use method postgres\n"
        ),
        near=saved(by("sqlite", of="web/data"), "registry.example.com/postgres:16.4"),
    ),
    Row(
        rule="B15",
        why="a server without a method of its own",
        breaks=saved(by("mysql"), "mongo:8.0.1"),
        says=(
            f"{FILE}:21: backups.nightly.captures[0].method: method mysql cannot save web/db, "
            "which is mongo; use the method of its server, or copy\n"
        ),
        near=saved(by("copy"), "mongo:8.0.1"),
    ),
    Row(
        rule="B15",
        why="an older client",
        breaks=saved(client("postgres:15.8-alpine")),
        says=(
            f"{FILE}:21: backups.nightly.captures[0].client: the client is version 15 and web/db "
            "is version 16: it refuses a server that is newer than itself; use a client of "
            "version 16 or later, or remove client: then it is the server's\n"
        ),
        near=saved(client("postgres:16.1-alpine")),
    ),
    Row(
        rule="B15",
        why="a version that a tag names at its end",
        breaks=saved(client("postgres:16.4"), "pgvector/pgvector:0.8.1-pg17"),
        says=(
            f"{FILE}:21: backups.nightly.captures[0].client: the client is version 16 and web/db "
            "is version 17: it refuses a server that is newer than itself; use a client of "
            "version 17 or later, or remove client: then it is the server's\n"
        ),
        near=saved(client("pgvector/pgvector:0.8.0-pg17"), "pgvector/pgvector:0.8.1-pg17"),
    ),
    Row(
        rule="B15",
        why="versions that do not compare",
        breaks=saved(by("mysql", ", client: 'mariadb:10.11.2'"), "mariadb:11.4.2"),
        says=(
            f"{FILE}:21: backups.nightly.captures[0].client: the client is version 10 and web/db "
            "is version 11: it refuses a server that is newer than itself; use a client of "
            "version 11 or later, or remove client: then it is the server's\n"
        ),
        near=saved(by("mysql", ", client: 'mysql:9.4.0'"), "mariadb:11.4.2"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
