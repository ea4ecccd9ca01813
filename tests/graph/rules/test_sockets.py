"""Rules on proxies of Docker's socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.front import STAND_IN, front, of_others
from tests.graph.rules.row import WEB, Row

PROXY = "tecnativa/docker-socket-proxy:0.4.2"
NETWORKS = "networks: {sock: {}, other: {}}\n"


def proxy(
    *sections: str,
    image: str = "crazymax/diun:4.31.0",
    calls: str = "environment: {DOCKER_HOST: 'tcp://socket-proxy:2375'}",
    network: str = "sock",
    through: str = PROXY,
    tail: str = "",
) -> str:
    """Write a service that calls Docker by a proxy, which admits certain sections."""
    admitted = ", ".join(sections)
    return front(
        image,
        calls,
        "networks: [sock]",
        tail=f"  socket-proxy:\n    image: {through}\n    environment: {{{admitted}}}\n"
        f"    networks: [{network}]\n{NETWORKS}{tail}",
    )


ALLOY = "configs: [{source: a, target: /etc/alloy/config.alloy}]"
CALLS = 'configs: {a: {content: "host = \\"tcp://socket-proxy:2375\\""}}\n'
BOTH = ("CONTAINERS: 1", "IMAGES: 1")

NO_IMAGES = (
    f"{WEB}:7: services.socket-proxy.environment: web/front asks Docker for IMAGES, and "
    'socket-proxy refuses it with 403; set IMAGES to "1"\n'
)
NO_CONTAINERS = (
    f"{WEB}:7: services.socket-proxy.environment: web/front asks Docker for CONTAINERS, "
    'and socket-proxy refuses it with 403; set CONTAINERS to "1"\n'
)
NEITHER = NO_CONTAINERS + NO_IMAGES
WRITES = (
    f"{WEB}:7: services.socket-proxy.environment: socket-proxy lets its callers write to "
    "Docker (POST), which makes them root on vps; remove POST\n"
)

ROWS = [
    Row(
        rule="M09",
        why="a section that is not admitted",
        breaks=proxy("CONTAINERS: 1"),
        says=NO_IMAGES,
        near=proxy(*BOTH),
    ),
    Row(
        rule="M09",
        why="a section that is off, and one that is on",
        breaks=proxy("CONTAINERS: 1", "IMAGES: 0"),
        says=NO_IMAGES,
        near=proxy("CONTAINERS: 'true'", "IMAGES: 1"),
    ),
    Row(
        rule="M09",
        why="an address in a file",
        breaks=proxy("CONTAINERS: 1", image="grafana/alloy:v1.11.0", calls=ALLOY, tail=CALLS),
        says=(
            f"{WEB}:7: services.socket-proxy.environment: web/front asks Docker for NETWORKS, and "
            'socket-proxy refuses it with 403; set NETWORKS to "1"\n'
        ),
        near=proxy(
            "CONTAINERS: 1", "NETWORKS: 1", image="grafana/alloy:v1.11.0", calls=ALLOY, tail=CALLS
        ),
    ),
    Row(
        rule="M09",
        why="an address in the command",
        breaks=proxy(
            image="traefik:v3.5.3",
            calls="command: ['--providers.docker.endpoint=tcp://socket-proxy:2375']",
        ),
        says=NO_CONTAINERS,
        near=proxy(image="traefik:v3.5.3", calls="command: ['--api=true']"),
    ),
    Row(
        rule="M09",
        why="a proxy on another network is not the one that is called",
        breaks=proxy(),
        says=NEITHER,
        near=proxy(network="other"),
    ),
    Row(
        rule="M09",
        why="another image, of a proxy and of who calls",
        breaks=proxy(through="ghcr.io/tecnativa/docker-socket-proxy:0.4.2"),
        says=NEITHER,
        near=proxy(through="a"),
    ),
    Row(
        rule="M09",
        why="who calls is not known",
        breaks=proxy("IMAGES: 1"),
        says=NO_CONTAINERS,
        near=proxy("IMAGES: 1", image="a"),
    ),
    Row(
        rule="M09",
        why="callers that may write",
        breaks=proxy(*BOTH, "POST: 1", "EXEC: 1"),
        says=(
            f"{WEB}:7: services.socket-proxy.environment: socket-proxy lets its callers write to "
            "Docker (EXEC), which makes them root on vps; remove EXEC\n"
            f"{WEB}:7: services.socket-proxy.environment: socket-proxy lets its callers write to "
            "Docker (POST), which makes them root on vps; remove POST\n"
        ),
        near=proxy(*BOTH, "POST: 0"),
    ),
    Row(
        rule="M09",
        why="a stand-in of the proxy",
        breaks=proxy(*BOTH, "POST: 1"),
        says=WRITES,
        near={**STAND_IN, "web.compose.yaml": proxy(*BOTH, "POST: 1", through="${IMAGE}")},
    ),
    Row(
        rule="M09",
        why="what others manage is theirs",
        breaks=proxy(*BOTH, "POST: 1"),
        says=WRITES,
        near=of_others(proxy("POST: 1")),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
