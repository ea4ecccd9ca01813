"""Rules on backups: how long they are kept, how they leave their host, how they are proven."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.front import declares, front
from tests.graph.rules.row import FILE, Row

BUCKET = "  off: {provider: aws, region: eu, purpose: Copies}"
COPY = "{by: vps, to: off}"
FAR = "apps:\n  far: {host: other, compose: far.compose.yaml}\n"
HEARD = "  heard: {purpose: Hears of each backup}"


def backup(
    keep: str = "{daily: 7}",
    copies: str = COPY,
    heartbeat: str = "heard",
    drill: str = "{schedule: '0 5 1 * *', on: vps}",
    bucket: str = BUCKET,
) -> dict[str, str]:
    """Write the shop with a backup of a volume, some of its keys given."""
    keys = {
        "host": "vps",
        "schedule": "'0 3 * * *'",
        "directory": "/backups",
        "captures": "[{of: web/data, method: copy}]",
        "keep": keep,
        "copies": f"[{copies}]" if copies else "",
        "heartbeat": heartbeat,
        "drill": drill,
    }
    given = ", ".join(f"{key}: {value}" for key, value in keys.items() if value)
    other = "  other: {kind: vps, platform: linux/amd64, cpus: 1, memory: 1GiB}\n"
    text = declares("backups:", f"  nightly: {{{given}}}", "buckets:", bucket, "externals:", HEARD)
    return {
        "system.yaml": text.replace("apps:\n", f"{other}{FAR}"),
        "web.compose.yaml": front("a", "volumes: [data:/data]", tail="volumes: {data: {}}\n"),
        "far.compose.yaml": "services: {watcher: {image: a}}\n",
    }


DELETES = BUCKET.replace("purpose", "deletes: true, purpose")
LOCKED = BUCKET.replace("purpose", "deletes: true, lock: 720h, purpose")
KEPT = "{by: vps, to: off, keep: {daily: 7, weekly: 4}}"

GROWS = (
    f"{FILE}:16: backups.nightly.copies[0]: nothing removes old backups from off, which "
    "grows without end; give the copy keep, like {daily: 7, weekly: 4, monthly: 6}\n"
)
NEVER_LEAVES = (
    f"{FILE}:16: backups.nightly: nightly never leaves vps: what takes the host takes the "
    "backup with it; give it copies, to a bucket or to another host\n"
)
CANNOT_FORGET = (
    f"{FILE}:16: backups.nightly.copies[0].keep: 7 daily, 4 weekly are to be kept in off, "
    "but the keys of vps cannot delete there what is to be forgotten; remove keep, and "
    "prune from elsewhere with other keys; or set the bucket's deletes to true, and give "
    "it a lock\n"
)
NOT_LOCKED = (
    f"{FILE}:18: buckets.off: the keys of vps may delete in off and nothing is locked: "
    "who takes them deletes the backups; give it a lock, or set deletes to false and "
    "prune from elsewhere with other keys\n"
)

ROWS = [
    Row(
        rule="B05",
        why="where it lies",
        breaks=backup(keep=""),
        says=(
            f"{FILE}:16: backups.nightly: nothing removes old backups from /backups of vps, until "
            "its disk is full; give it keep, like {daily: 7}\n"
        ),
        near=backup(keep="{last: 1}"),
    ),
    Row(
        rule="B05",
        why="in a bucket",
        breaks=backup(bucket=LOCKED),
        says=GROWS,
        near=backup(bucket=LOCKED, copies=KEPT),
    ),
    Row(
        rule="B05",
        why="where its keys may not delete, others do",
        breaks=backup(bucket=DELETES),
        says=GROWS,
        near=backup(bucket=BUCKET),
    ),
    Row(
        rule="B05",
        why="on another host",
        breaks=backup(copies="{by: vps, to: other}"),
        says=(
            f"{FILE}:16: backups.nightly.copies[0]: nothing removes old backups from other, which "
            "grows without end; give the copy keep, like {daily: 7, weekly: 4, monthly: 6}\n"
        ),
        near=backup(copies="{by: vps, to: other, keep: {daily: 7}}"),
    ),
    Row(
        rule="B08",
        why="no copies",
        breaks=backup(copies=""),
        says=NEVER_LEAVES,
        near=backup(),
    ),
    Row(
        rule="B08",
        why="a copy on the same host",
        breaks=backup(copies="{by: vps, to: vps}"),
        says=NEVER_LEAVES,
        near=backup(copies="{by: vps, to: other}"),
    ),
    Row(
        rule="B08",
        why="a name that is unknown is told by another rule",
        breaks=backup(copies=""),
        says=NEVER_LEAVES,
        near=backup(copies="{by: vps, to: of}"),
    ),
    Row(
        rule="B10",
        why="no heartbeat",
        breaks=backup(heartbeat=""),
        says=(
            f"{FILE}:16: backups.nightly: nightly has no heartbeat, so nobody notices when it "
            "fails or never starts; name who hears of each success and misses one: an external, "
            "or a service on another host\n"
        ),
        near=backup(),
    ),
    Row(
        rule="B10",
        why="who hears it falls with the host",
        breaks=backup(heartbeat="web/front"),
        says=(
            f"{FILE}:16: backups.nightly.heartbeat: web/front is on vps too: when the host is "
            "down, the backup fails and nobody notices; name an external, or a service on "
            "another host\n"
        ),
        near=backup(heartbeat="far/watcher"),
    ),
    Row(
        rule="B11",
        why="no drill",
        breaks=backup(drill=""),
        says=(
            f"{FILE}:16: backups.nightly: nightly is never restored, so nobody knows whether it "
            "can be; give it a drill: a schedule, and the host on which it is restored\n"
        ),
        near=backup(),
    ),
    Row(
        rule="B13",
        why="keys that cannot delete",
        breaks=backup(copies=KEPT),
        says=CANNOT_FORGET,
        near=backup(copies=KEPT, bucket=LOCKED),
    ),
    Row(
        rule="B13",
        why="nothing is to be deleted",
        breaks=backup(copies=KEPT),
        says=CANNOT_FORGET,
        near=backup(),
    ),
    Row(
        rule="G13",
        why="keys that may delete, and no lock",
        breaks=backup(bucket=DELETES),
        says=NOT_LOCKED,
        near=backup(bucket=LOCKED),
    ),
    Row(
        rule="G13",
        why="a bucket that no backup goes to",
        breaks=backup(bucket=DELETES),
        says=NOT_LOCKED,
        near=backup(bucket=DELETES, copies="{by: vps, to: other}"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
