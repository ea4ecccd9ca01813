"""Rules on backups: how long they are kept, how they leave their host, how they are proven."""

from __future__ import annotations

from collections.abc import Iterator

from config.finding import Severity
from graph.model import Backup, Copy, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.judged import host_of, spoken
from graph.rules.scope import at


@rule("B05", severity=Severity.WARNING)
def kept_forever(graph: StackGraph) -> Iterator[Breach]:
    """A backup says how long it is kept, where it lies and where it is copied to."""
    for backup in graph.backups.values():
        if backup.spec.keep is None:
            yield Breach(
                backup.source,
                f"nothing removes old backups from {backup.spec.directory} of "
                f"{spoken(backup.host)}, until its disk is full",
                "give it keep, like {daily: 7}",
            )
        for copy in backup.copies:
            if copy.spec.keep is None and _may_delete(graph, copy):
                yield Breach(
                    copy.source,
                    f"nothing removes old backups from {spoken(copy.to)}, which grows without end",
                    "give the copy keep, like {daily: 7, weekly: 4, monthly: 6}",
                )


def _may_delete(graph: StackGraph, copy: Copy) -> bool:
    """Whether who copies may delete there; else a rule of the bucket or other keys do."""
    return copy.to not in graph.buckets or graph.buckets[copy.to].spec.deletes


@rule("B08")
def on_its_own_host(graph: StackGraph) -> Iterator[Breach]:
    """A backup leaves its host."""
    for backup in graph.backups.values():
        # A copy to a name that is unknown is told already.
        known = len(backup.copies) == len(backup.spec.copies)
        if known and all(copy.to == backup.host for copy in backup.copies):
            yield Breach(
                backup.source,
                f"{backup.key} never leaves {spoken(backup.host)}: what takes the host takes the "
                "backup with it",
                "give it copies, to a bucket or to another host",
            )


@rule("B10")
def unheard(graph: StackGraph) -> Iterator[Breach]:
    """Somebody elsewhere notices when a backup does not succeed."""
    for backup in graph.backups.values():
        if backup.spec.heartbeat is None:
            yield Breach(
                backup.source,
                f"{backup.key} has no heartbeat, so nobody notices when it fails or never starts",
                "name who hears of each success and misses one: an external, or a service on "
                "another host",
            )
        elif backup.heartbeat is not None and host_of(graph, backup.heartbeat) == backup.host:
            yield Breach(
                at(backup.source, "heartbeat"),
                f"{spoken(backup.heartbeat)} is on {spoken(backup.host)} too: when the host is "
                "down, the backup fails and nobody notices",
                "name an external, or a service on another host",
            )


@rule("B11", severity=Severity.WARNING)
def never_restored(graph: StackGraph) -> Iterator[Breach]:
    """A backup is restored from time to time, to prove that it can be."""
    for backup in graph.backups.values():
        if backup.spec.drill is None:
            yield Breach(
                backup.source,
                f"{backup.key} is never restored, so nobody knows whether it can be",
                "give it a drill: a schedule, and the host on which it is restored",
            )


@rule("B13")
def cannot_forget(graph: StackGraph) -> Iterator[Breach]:
    """Only who may delete in a bucket is told how long to keep what is there."""
    for backup in graph.backups.values():
        for copy in _to_buckets(graph, backup):
            bucket = graph.buckets[copy.to]
            if copy.spec.keep is not None and not bucket.spec.deletes:
                yield Breach(
                    at(copy.source, "keep"),
                    f"{copy.spec.keep} are to be kept in {bucket.key}, but the keys of "
                    f"{spoken(copy.by)} cannot delete there what is to be forgotten",
                    "remove keep, and prune from elsewhere with other keys; or set the bucket's "
                    "deletes to true, and give it a lock",
                )


@rule("G13", severity=Severity.WARNING)
def can_be_deleted(graph: StackGraph) -> Iterator[Breach]:
    """Who takes a host cannot delete its backups."""
    by: dict[str, str] = {}
    for backup in graph.backups.values():
        for copy in _to_buckets(graph, backup):
            by.setdefault(copy.to, copy.by)
    for id_, copier in sorted(by.items()):
        spec = graph.buckets[id_].spec
        if spec.deletes and spec.lock is None:
            yield Breach(
                graph.buckets[id_].source,
                f"the keys of {spoken(copier)} may delete in {spoken(id_)} and nothing is locked: "
                "who takes them deletes the backups",
                "give it a lock, or set deletes to false and prune from elsewhere with other keys",
            )


def _to_buckets(graph: StackGraph, backup: Backup) -> list[Copy]:
    return [copy for copy in backup.copies if copy.to in graph.buckets]
