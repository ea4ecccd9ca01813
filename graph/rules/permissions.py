"""What a container may do: capabilities, a read-only root, owners of directories, the socket."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from config.compose.model import Mount
from config.compose.model import Service as ServiceSpec
from config.finding import Severity
from graph.catalogue import ImageFacts, facts_of, parse_reference
from graph.model import Service, StackGraph
from graph.rules.base import Breach, rule
from graph.rules.scope import at, known, ours, serving

DOCKER_SOCKET = "docker.sock"


@rule("F06", severity=Severity.WARNING)
def directory_of_nobody(graph: StackGraph) -> Iterator[Breach]:
    """A directory of the host belongs to the user that writes to it."""
    for service, facts in known(graph):
        if facts.uid is None or service.spec.user is not None:
            continue
        for mount in _directories(service):
            yield Breach(
                at(service.source, "volumes"),
                f"nothing makes user {facts.uid} of {service.image.reference} the owner of "
                f"{mount.source}, and Docker makes it root's",
                "use a named volume, or set user to the owner of the directory",
            )


def _directories(service: Service) -> Iterator[Mount]:
    # A name with a dot in it is a file's, more often than not.
    for mount in service.spec.volumes:
        source = mount.source if mount.type == "bind" and not mount.read_only else None
        if source and "." not in posixpath.basename(source)[1:]:
            yield mount


@rule("F07", also=("D14",))
def missing_capability(graph: StackGraph) -> Iterator[Breach]:
    """A service keeps the capabilities that its image needs."""
    for service, facts in serving(graph):
        needed = facts.needed_capabilities
        if not _is_root(service.spec.user):
            needed = facts.capabilities_with_user
        lacking = _lacking(service.spec, needed)
        if lacking and not service.spec.privileged:
            names = ", ".join(lacking)
            yield Breach(
                at(service.source, "cap_drop"),
                f"{service.key} drops {names}, without which {service.image.reference} does "
                "not work",
                f"set cap_add: [{', '.join(sorted({*service.spec.cap_add, *lacking}))}]",
            )


def _is_root(user: str | None) -> bool:
    return user is None or user.partition(":")[0] in {"", "0", "root"}


def _lacking(spec: ServiceSpec, needed: tuple[str, ...]) -> list[str]:
    dropped, added = _capabilities(spec.cap_drop), _capabilities(spec.cap_add)
    if "ALL" in added:
        return []
    return [name for name in needed if dropped & {"ALL", name} and name not in added]


def _capabilities(names: tuple[str, ...]) -> set[str]:
    return {name.upper().removeprefix("CAP_") for name in names}


@rule("F08")
def broken_by_read_only(graph: StackGraph) -> Iterator[Breach]:
    """A read-only container can write where its image must."""
    for service, facts in serving(graph):
        if not service.spec.read_only:
            continue
        if facts.breaks_read_only:
            yield Breach(
                at(service.source, "read_only"),
                f"{service.image.reference} does not work with a read-only root",
                "remove read_only",
            )
            continue
        closed = _closed(service.spec, facts)
        if closed:
            yield Breach(
                at(service.source, "read_only"),
                f"{service.image.reference} writes to {', '.join(closed)}, which is read-only",
                "add a tmpfs or a volume there",
            )


def _closed(spec: ServiceSpec, facts: ImageFacts) -> list[str]:
    """Give the paths that an image writes to and that nothing writable is mounted at."""
    writable = [mount.target for mount in spec.volumes if not mount.read_only]
    writable += [entry.partition(":")[0] for entry in spec.tmpfs]
    roots = [_resolved(path) for path in writable]
    return [
        path
        for path in facts.read_only_paths or ()
        if not any(
            _resolved(path) == root or _resolved(path).startswith(f"{root}/") for root in roots
        )
    ]


def _resolved(path: str) -> str:
    # /var/run is a link to /run in all but the oldest images.
    short = posixpath.normpath(path)
    return short.removeprefix("/var") if f"{short}/".startswith("/var/run/") else short


@rule("F11", severity=Severity.WARNING)
def other_path_than_the_host(graph: StackGraph) -> Iterator[Breach]:
    """Who starts containers over the host's socket sees directories where the host has them."""
    for service in ours(graph):
        if not _mounts_socket(service) or _only_looks(service):
            continue
        for mount in _directories(service):
            if mount.source != mount.target:
                yield Breach(
                    at(service.source, "volumes"),
                    f"{service.key} starts containers by the host's Docker, for which "
                    f"{mount.target} is {mount.source}: they would be given another directory",
                    f"mount {mount.source} at the same path",
                )


def _mounts_socket(service: Service) -> bool:
    return any(
        mount.type == "bind" and posixpath.basename(mount.source or "") == DOCKER_SOCKET
        for mount in service.spec.volumes
    )


def _only_looks(service: Service) -> bool:
    if _is_socket_proxy(service):
        return True
    facts = facts_of(service.image.reference)
    return facts is not None and facts.kind in {"monitor", "proxy"}


def _is_socket_proxy(service: Service) -> bool:
    # A stand-in's image is no help.
    return any(
        "socket-proxy" in name
        for name in (service.key, parse_reference(service.image.reference).repository)
    )


@rule("G12")
def free_docker_socket(graph: StackGraph) -> Iterator[Breach]:
    """Docker's socket is mounted by a socket proxy alone."""
    for service in ours(graph):
        if _mounts_socket(service) and not _is_socket_proxy(service):
            yield Breach(
                at(service.source, "volumes"),
                f"{service.key} has the free Docker socket: whoever breaks into it is root of "
                f"{graph.hosts[service.host].key}, read-only mount or not",
                "put a docker-socket-proxy with the needed calls between them",
            )
