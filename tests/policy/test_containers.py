"""What `components.container` writes, the pack reads back."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.compose.model import Service
from policy.containers import READ, read_container
from policy.resources import CONTAINER
from tests.policy.recorded import declared, resource
from tests.workspace import graph_of


def told(spec: Service) -> dict[str, object]:
    """Give what a rule asks of a service, as far as a container has it."""
    check = spec.healthcheck
    return {
        "command": spec.command or None,
        "entrypoint": spec.entrypoint or None,
        "memory": spec.memory_limit,
        "check": check and (check.test, check.interval, check.timeout, check.retries),
        "added": {name.upper().removeprefix("CAP_") for name in spec.cap_add},
        "dropped": {name.upper().removeprefix("CAP_") for name in spec.cap_drop},
        "read_only": spec.read_only,
        "user": spec.user,
        "privileged": spec.privileged,
        "shm": spec.shm_size,
        "tmpfs": sorted(spec.tmpfs),
        "binds": sorted(
            (m.source, m.target, m.read_only) for m in spec.volumes if m.type == "bind"
        ),
        "host": spec.network_mode == "host",
        "extra_hosts": spec.extra_hosts,
    }


@pytest.mark.parametrize("system", ["example", "dyniq", "vpai", "vitaravox"])
def test_a_service_comes_back(project: Path, system: str) -> None:
    graph = graph_of(project, "dev", (system,))
    containers = {
        each.name: read_container(each)
        for each in declared(project, project / "systems" / system)
        if each.type == CONTAINER
    }
    services = [s for s in graph.services.values() if s.logical_name in containers]
    assert services
    for service in services:
        container = containers[service.logical_name]
        assert container is not None
        assert container.unread == frozenset(), service.id
        assert told(container.spec) == told(service.spec), service.id
        mounted = {mount.target for mount in container.spec.volumes}
        assert {volume.target for volume in service.volumes} <= mounted
        names = {str(name) for name in service.environment}
        assert set(container.spec.environment) == names


def test_what_is_odd_is_left_out_and_named() -> None:
    container = read_container(
        resource(CONTAINER, image="a", user="u", hosts=[{"host": "x", "ip": "nowhere"}])
    )
    assert container is not None
    assert container.unread == {"extra_hosts"}
    assert (container.spec.image, container.spec.user) == ("a", "u")


def test_what_is_not_known_is_named() -> None:
    container = read_container(
        resource(CONTAINER, **{names[0]: "[secret]" for names in READ.values()})
    )
    assert container is not None
    assert container.unread == set(READ)
