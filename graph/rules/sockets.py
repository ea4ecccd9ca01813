"""Rules on proxies of Docker's socket: they let through what is needed, and nothing more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graph.catalogue import parse_reference
from graph.catalogue.images import ALIASES
from graph.model import Service, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.judged import spoken
from graph.rules.scope import at, image_facts, ours

PROXY = "tecnativa/docker-socket-proxy"
ALWAYS = ("EVENTS", "PING", "VERSION")
"""What the proxy lets through unless told otherwise."""

ON = ("1", "true")
WRITING = ("EXEC", "POST")
"""What lets a caller change things: with either it can become root on the host."""

_ADDRESS = re.compile(r"\b(?:tcp|https?)://([A-Za-z0-9][A-Za-z0-9_.-]*):\d+")


@rule("M09")
def sections_of_the_api(graph: StackGraph) -> Iterator[Breach]:
    """A proxy of Docker's socket admits what its callers read, and lets none of them write."""
    by_network: dict[str, dict[str, Service]] = {}
    for service in ours(graph):
        if _is_proxy(service):
            yield from _writes(service)
            for attachment in service.attachments:
                names = by_network.setdefault(attachment.network, {})
                names.update(dict.fromkeys(attachment.aliases, service))
    if by_network:
        for service in ours(graph):
            yield from _refused(service, by_network)


def _is_proxy(service: Service) -> bool:
    if service.image.stand_in_for is not None or service.image.context is not None:
        return False
    name = parse_reference(service.image.reference).repository
    return ALIASES.get(name, name) == PROXY


def _writes(proxy: Service) -> Iterator[Breach]:
    for name in WRITING:
        if _admits(proxy, name):
            yield Breach(
                at(proxy.source, "environment"),
                f"{proxy.key} lets its callers write to Docker ({name}), which makes them root on "
                f"{spoken(proxy.host)}",
                f"remove {name}",
            )


def _refused(service: Service, by_network: dict[str, dict[str, Service]]) -> Iterator[Breach]:
    facts = image_facts(service)
    if facts is None or not facts.docker_api:
        return
    names: dict[str, Service] = {}
    for attachment in service.attachments:
        names.update(by_network.get(attachment.network, {}))
    proxy = next((names[name] for name in _called(service) if name in names), None)
    if proxy is None:
        return
    for section in facts.docker_api:
        if not _admits(proxy, section):
            yield Breach(
                at(proxy.source, "environment"),
                f"{spoken(service.id)} asks Docker for {section}, and {proxy.key} refuses it with "
                "403",
                f'set {section} to "1"',
            )


def _called(service: Service) -> Iterator[str]:
    """Give the hosts of the addresses in a service's environment and configuration files."""
    texts = [str(value) for value in service.environment.values()]
    texts += [file.content for file in service.files if file.content]
    texts += service.spec.command or ()
    for text in texts:
        yield from _ADDRESS.findall(text)


def _admits(proxy: Service, section: str) -> bool:
    default = "1" if section in ALWAYS else "0"
    return str(proxy.environment.get(section, default)).lower() in ON
