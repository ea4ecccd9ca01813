"""Rules on what backups capture: which databases, by which method, with which client."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from config.operations import Method
from graph.catalogue import parse_reference
from graph.catalogue.images import ALIASES, IMAGES
from graph.catalogue.tag import Tag
from graph.model import Capture, Service, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.data import writers
from graph.rules.judged import listed, spoken
from graph.rules.scope import at, image_facts, serving

SERVERS: Mapping[Method, tuple[str, ...]] = {
    "clickhouse": ("clickhouse/clickhouse-server",),
    "mysql": ("mariadb", "mysql"),
    "n8n": ("n8nio/n8n",),
    "postgres": ("pgvector/pgvector", "postgis/postgis", "postgres", "timescale/timescaledb"),
    "qdrant": ("qdrant/qdrant",),
    "redis": ("redis", "valkey/valkey"),
}
"""Repositories of the servers that a method saves."""

METHODS = {repository: method for method, names in SERVERS.items() for repository in names}
OF_POSTGRES = ("pgvector/pgvector", "timescale/timescaledb")
"""Images whose tags name PostgreSQL's version at their end."""

SAFE_TO_COPY = ("couchdb", "minio/minio")
"""Databases whose files may be copied while they run: nothing in them is written twice."""


@rule("B03")
def databases_left_out(graph: StackGraph) -> Iterator[Breach]:
    """A backup of a database server saves all of its databases, by dumping them."""
    yield from _left_out(graph)
    by = writers(graph)
    captures = list(_captures(graph))
    dumped = {capture.of for capture in captures if capture.method != "copy"}
    running = {service.id for service, facts in serving(graph) if facts.kind == "database"}
    for capture in captures:
        if capture.method != "copy":
            continue
        for service in _behind(graph, capture, by):
            repository = _repository(service.image.reference)
            if (
                service.id in running
                and service.id not in dumped
                and repository not in SAFE_TO_COPY
            ):
                method = METHODS.get(repository)
                yield Breach(
                    at(capture.source, "method"),
                    f"{spoken(capture.of)} holds the files of {spoken(service.id)}, a running "
                    "database: a copy of them is no backup",
                    f"capture {spoken(service.id)} with method {method}"
                    if method
                    else "stop it for the copy, or dump it with its own client",
                )


def _left_out(graph: StackGraph) -> Iterator[Breach]:
    declared: dict[str, set[str]] = defaultdict(set)
    for database in graph.databases.values():
        declared[database.server].add(database.id)
    captured: dict[str, list[Capture]] = defaultdict(list)
    for capture in _captures(graph):
        if capture.method in ("mysql", "postgres") and capture.of in declared:
            captured[capture.of].append(capture)
    for server, captures in captured.items():
        saved = {database for capture in captures for database in capture.databases}
        missing = sorted(declared[server] - saved)
        if missing:
            yield Breach(
                at(captures[0].source, "databases"),
                f"{spoken(server)} serves {listed([spoken(id_) for id_ in missing])} too, and no "
                "backup saves that",
                "name it as well, or remove databases: then all of the server's are saved",
            )


@rule("B15")
def wrong_client(graph: StackGraph) -> Iterator[Breach]:
    """A capture's method fits its server, and its client is not older than the server."""
    by = writers(graph)
    for capture in _captures(graph):
        services = _behind(graph, capture, by)
        if services and not any(_fits(capture.method, service) for service in services):
            image = parse_reference(services[0].image.reference).repository
            own = METHODS.get(_repository(services[0].image.reference))
            yield Breach(
                at(capture.source, "method"),
                f"method {capture.method} cannot save {spoken(capture.of)}, which is {image}",
                f"use method {own}" if own else "use the method of its server, or copy",
            )
        elif len(services) == 1 and capture.client is not None:
            yield from _older(capture, services[0], capture.client)


def _fits(method: Method, service: Service) -> bool:
    """Whether a method saves a service; of what is not known, it is believed."""
    facts = image_facts(service)
    if facts is None or method == "copy":
        return True
    if method == "sqlite":
        return not facts.datastore
    return _repository(service.image.reference) in SERVERS[method]


def _older(capture: Capture, server: Service, client: str) -> Iterator[Breach]:
    theirs, ours = _repository(server.image.reference), _repository(client)
    postgres = SERVERS["postgres"]
    if image_facts(server) is None or not (
        theirs == ours or (theirs in postgres and ours in postgres)
    ):
        return
    needed, given = _major(server.image.reference), _major(client)
    if needed is not None and given is not None and given < needed:
        yield Breach(
            at(capture.source, "client"),
            f"the client is version {given} and {spoken(server.id)} is version {needed}: it "
            "refuses a server that is newer than itself",
            f"use a client of version {needed} or later, or remove client: then it is the server's",
        )


def _captures(graph: StackGraph) -> Iterator[Capture]:
    for backup in graph.backups.values():
        yield from backup.captures


def _behind(
    graph: StackGraph, capture: Capture, by: Mapping[str, tuple[Service, ...]]
) -> tuple[Service, ...]:
    """Give the services whose data a capture saves."""
    if capture.of in graph.services:
        return (graph.services[capture.of],)
    return by.get(capture.of, ())


def _repository(reference: str) -> str:
    name = parse_reference(reference).repository
    name = ALIASES.get(name, name)
    return name if name in IMAGES else ""


def _major(reference: str) -> int | None:
    tag = Tag.of(parse_reference(reference).tag)
    if _repository(reference) in OF_POSTGRES:
        tag = tag.of_postgres()
    return tag.version[0] if tag.version else None
