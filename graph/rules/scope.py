"""Which services a rule judges, and where in their files they say something."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace

from config.finding import Source
from graph.catalogue import ImageFacts, facts_of
from graph.model import Gate, Service, StackGraph

SHELLS = frozenset({"ash", "bash", "dash", "env", "sh", "zsh"})
SERVERS = frozenset(
    {
        "mariadbd",
        "memcached",
        "mongod",
        "mysqld",
        "postgres",
        "rabbitmq-server",
        "redis-server",
        "server",
        "valkey-server",
    }
)
"""Programs by which the images of data stores serve, rather than call another's server."""


def at(source: Source, *keys: str) -> Source:
    """Give the place of keys below a node's own; the line stays the node's."""
    return replace(source, path=".".join((source.path, *keys)))


def image_facts(service: Service) -> ImageFacts | None:
    """Give what is known of a service's image as published: not of a built one or a stand-in."""
    image = service.image
    if image.context is not None or image.stand_in_for is not None:
        return None
    return facts_of(image.reference)


def ours(graph: StackGraph) -> Iterator[Service]:
    """Give the services that we deploy: not those that others manage and we only describe."""
    for service in graph.services.values():
        if graph.apps[service.app].managed_by is None:
            yield service


def pulled(graph: StackGraph) -> Iterator[Service]:
    """Give our services whose image runs as it was published: neither built nor a stand-in."""
    for service in ours(graph):
        image = service.image
        # What a variable would have named that could not be read has no reference.
        if image.context is None and image.stand_in_for is None and image.reference:
            yield service


def known(graph: StackGraph) -> Iterator[tuple[Service, ImageFacts]]:
    """Give the pulled services whose image is in the catalogue, with its facts."""
    for service in ours(graph):
        facts = image_facts(service)
        if facts is not None:
            yield service, facts


def serving(graph: StackGraph) -> Iterator[tuple[Service, ImageFacts]]:
    """Give the known services that run their image's own program.

    Not those that take the image for a tool in it: another entrypoint, a shell, a job, a client
    of the data store.
    """
    for service, facts in known(graph):
        if service.spec.entrypoint is None and service.handover.gate is not Gate.COMPLETED:
            command = service.spec.command
            if not command or _serves(command[0], facts):
                yield service, facts


def _serves(word: str, facts: ImageFacts) -> bool:
    program = posixpath.basename(word)
    if word.startswith("-") or program in SERVERS:
        return True
    return not facts.datastore and program not in SHELLS
