"""Images, their versions, and what a version changed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator

from config.finding import Severity, Source
from graph.catalogue import ImageFacts, is_floating
from graph.model import Service, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.scope import at, known, pulled


@rule("D03", severity=Severity.WARNING)
def floating_image(graph: StackGraph) -> Iterator[Breach]:
    """An image is named by an exact version or a digest."""
    for service in pulled(graph):
        yield from _floating(service.image.reference, service.source)
    for ingress in graph.ingresses.values():
        if ingress.image and graph.hosts[ingress.host].managed_by is None:
            yield from _floating(ingress.image, ingress.source)
        if ingress.tunnel is not None:
            yield from _floating(ingress.tunnel.image, ingress.tunnel.source)


def _floating(reference: str, source: Source) -> Iterator[Breach]:
    if is_floating(reference):
        yield Breach(
            at(source, "image"),
            f"{reference} can mean another image tomorrow",
            "write the exact version, or a digest",
        )


@rule("D11")
def other_platform(graph: StackGraph) -> Iterator[Breach]:
    """An image is published for the platform of its host."""
    for service, facts in known(graph):
        host = graph.hosts[service.host]
        if facts.platforms is not None and host.platform not in facts.platforms:
            fact, remedy = not_published(
                service.image.reference, facts.platforms, host.key, host.platform
            )
            yield Breach(at(service.source, "image"), fact, remedy)


def not_published(
    reference: str, platforms: Collection[str], host: str, platform: str
) -> tuple[str, str]:
    """Give fact and remedy where an image is for other platforms than its host's."""
    return (
        f"{reference} is published for {' and '.join(platforms)} only, and {host} is {platform}",
        f"build one for {platform}, or place it on another host",
    )


@rule("D05")
def mounted_beside_the_data(graph: StackGraph) -> Iterator[Breach]:
    """A volume is mounted where this version of the image keeps its data."""
    for service, facts in known(graph):
        if not facts.wrong_data_paths:
            continue
        mounts = {m.target for m in service.spec.volumes if m.type != "tmpfs" and not m.read_only}
        if mounts & set(facts.data_paths):
            continue
        for path in sorted(mounts & set(facts.wrong_data_paths)):
            if not _moved_to(path, service, facts):
                right = " and ".join(facts.data_paths)
                yield Breach(
                    at(service.source, "volumes"),
                    f"{service.image.reference} keeps its data at {right}, and what is mounted "
                    f"at {path} would hold none of it",
                    f"mount it at {right}",
                )


def _moved_to(path: str, service: Service, facts: ImageFacts) -> bool:
    """Whether PGDATA puts the data below a path, and no volume of the image hides it there."""
    moved = service.environment.get("PGDATA")
    if not isinstance(moved, str):
        return moved is not None
    hidden = any(_below(data, path) and _below(moved, data) for data in facts.data_paths)
    return _below(moved, path) and not hidden


def _below(path: str, parent: str) -> bool:
    return posixpath.normpath(path) == parent or path.startswith(f"{parent}/")


@rule("D06")
def removed_setting(graph: StackGraph) -> Iterator[Breach]:
    """A configuration has no setting that this version of the image removed."""
    for service, facts in known(graph):
        for setting in facts.removed_settings:
            line = re.compile(rf"^[ \t]*(?:--)?{re.escape(setting)}(?:[\s=:]|$)", re.MULTILINE)
            for key, text in _configuration(service):
                if line.search(text):
                    yield Breach(
                        at(service.source, key),
                        f"{service.image.reference} no longer has the setting {setting}, and "
                        "does not start with it",
                        "remove it; see in the image's changelog what took its place",
                    )


def _configuration(service: Service) -> Iterator[tuple[str, str]]:
    contents = [file.content for file in service.files if file.content is not None]
    yield "configs", "\n".join(contents)
    yield "command", "\n".join((*(service.spec.entrypoint or ()), *(service.spec.command or ())))
