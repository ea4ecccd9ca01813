"""Rules on data: where it is kept, who writes it, what saves it."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator, Mapping

from config.finding import Severity, Source
from graph.catalogue import ImageFacts
from graph.model import Service, StackGraph, Volume
from graph.rules.base import Breach, rule
from graph.rules.judged import listed, spoken
from graph.rules.scope import at, image_facts, serving

SAVED = "capture it in a backup, or say under disposable why it needs none"


def writers(graph: StackGraph) -> Mapping[str, tuple[Service, ...]]:
    """Give the services that mount a volume and may write to it, by the volume's id."""
    found: dict[str, list[Service]] = defaultdict(list)
    for service in graph.services.values():
        for mounted in service.volumes:
            if not mounted.read_only and service not in found[mounted.volume][-1:]:
                found[mounted.volume].append(service)
    return {volume: tuple(services) for volume, services in found.items()}


@rule("B17", severity=Severity.WARNING, absence=True)
def unsaved(graph: StackGraph) -> Iterator[Breach]:
    """Everything that keeps data is saved by a backup, or declared disposable."""
    saved = {capture.of for backup in graph.backups.values() for capture in backup.captures}
    planned = {backup.system for backup in graph.backups.values()}
    for each in graph.disposable:
        saved.add(each.volume)
        planned.add(graph.apps[graph.volumes[each.volume].app].system)
    kept: dict[str, list[Volume]] = defaultdict(list)
    for volume in _unsaved_volumes(graph, saved):
        app = graph.apps[volume.app]
        if app.system in planned:
            yield Breach(
                volume.source, f"{app.key}/{volume.key} keeps data that nothing saves", SAVED
            )
        else:
            kept[app.id].append(volume)
    for id_, volumes in kept.items():
        app = graph.apps[id_]
        yield Breach(
            app.source,
            f"{app.key} keeps data in {listed([volume.key for volume in volumes])}, and its "
            "system has no backup",
            "describe one under backups, or say under disposable why a volume needs none",
        )
    yield from _beside_volumes(graph, saved)


def _unsaved_volumes(graph: StackGraph, saved: set[str]) -> Iterator[Volume]:
    by = writers(graph)
    for volume in graph.volumes.values():
        services = by.get(volume.id, ())
        if volume.spec.external or not services or volume.id in saved:
            continue
        # Others save what they manage, as far as they know that it is a data store.
        ours_ = graph.apps[volume.app].managed_by is None or any(map(_is_datastore, services))
        if ours_ and not any(service.id in saved for service in services):
            yield volume


def _is_datastore(service: Service) -> bool:
    facts = image_facts(service)
    return facts is not None and facts.datastore


def _beside_volumes(graph: StackGraph, saved: set[str]) -> Iterator[Breach]:
    """Find data in directories of hosts: of processes, and of data stores."""
    for process in graph.processes.values():
        ours_ = graph.hosts[process.host].managed_by is None
        if process.spec.data and ours_ and process.id not in saved:
            yield Breach(
                at(process.source, "data"),
                f"{process.key} keeps data in {listed(process.spec.data)} that nothing saves",
                "capture it in a backup",
            )
    for service, facts in serving(graph):
        if facts.datastore and facts.kind != "cache" and service.id not in saved:
            for mount in service.spec.volumes:
                if mount.type == "bind" and any(_holds(mount.target, p) for p in facts.data_paths):
                    yield Breach(
                        service.source,
                        f"{service.key} keeps data in {mount.source} of {spoken(service.host)} "
                        "that nothing saves",
                        "capture the service in a backup",
                    )


@rule("B16")
def without_a_volume(graph: StackGraph) -> Iterator[Breach]:
    """What a data store keeps outlives its container."""
    for service, facts in serving(graph):
        if not facts.datastore or not facts.data_paths or not _lasts(service, facts):
            continue
        mounted = [mount.target for mount in service.spec.volumes if mount.source is not None]
        paths = _paths(service, facts)
        if any(target in facts.wrong_data_paths for target in mounted):
            continue  # told by the rule on paths that are taken for the data's
        if not any(_holds(target, path) for target in mounted for path in paths):
            yield Breach(
                at(service.source, "volumes"),
                f"{service.key} keeps its data in {paths[0]}, where nothing is mounted: it is lost "
                "with the container",
                f"mount a named volume at {paths[0]}",
            )


def _lasts(service: Service, facts: ImageFacts) -> bool:
    """Whether what it holds is meant to last: a cache's is where it asks for a log of writes."""
    words = " ".join(service.spec.command or ())
    return facts.kind != "cache" or "--appendonly yes" in words


def _paths(service: Service, facts: ImageFacts) -> list[str]:
    """Give the places where the data may be: the image's own, and what the service says."""
    moved = service.environment.get("PGDATA")
    said = [word.rpartition("=")[2] for word in service.spec.command or ()]
    return [
        *([str(moved)] if moved else facts.data_paths),
        *(word for word in said if posixpath.isabs(word)),
    ]


def _holds(target: str, path: str) -> bool:
    """Whether a path is what is mounted at a target, or lies below it."""
    return path == target or path.startswith(target.rstrip("/") + "/")


@rule("A06", severity=Severity.WARNING)
def two_writers(graph: StackGraph) -> Iterator[Breach]:
    """A volume has one writer at a time."""
    for id_, services in writers(graph).items():
        if len(services) < 2 or all(graph.apps[s.app].managed_by for s in services):
            continue
        # Who has ended before another starts writes at another time.
        ended = {
            each.service
            for service in services
            for each in service.dependencies
            if each.condition == "service_completed_successfully"
        }
        at_once = [s for s in services if s.id not in ended]
        if len(at_once) > 1:
            volume = graph.volumes[id_]
            names = listed([service.key for service in at_once])
            yield Breach(
                volume.source,
                f"{names} write to volume {volume.key} at the same time",
                "let one of them write, and mount it read_only in the others",
            )


@rule("A09")
def shared_databases(graph: StackGraph) -> Iterator[Breach]:
    """Each database of a server is declared once."""
    first: dict[tuple[str, str | int], tuple[str, Source]] = {}
    for database in sorted(graph.databases.values(), key=lambda each: each.source):
        name = database.name if database.index is None else database.index
        known = first.setdefault((database.server, name), (database.key, database.source))
        if known[1] != database.source:
            what = f"database {name}" if database.index is None else f"number {name}"
            yield Breach(
                database.source,
                f"{database.key} is {what} of {spoken(database.server)}, and so is {known[0]}",
                f"give it {'a name' if database.index is None else 'an index'} of its own, or "
                "declare it once with both under used_by",
            )
