"""A large program is recorded in reasonable time."""

from __future__ import annotations

import time

import pulumi_docker as docker
import pytest
from pulumi import ResourceOptions

from tests.preview.programs import Box, run

SECONDS = 30
"""A tenth of it is enough on two cores; without our measures it takes about twenty."""


def thousand() -> None:
    host = docker.Provider("host", host="unix:///var/run/docker.sock")
    for app in range(100):
        box = Box(f"app-{app}", opts=ResourceOptions(providers=[host]))
        network = docker.Network(f"net-{app}", name=f"net-{app}", opts=ResourceOptions(parent=box))
        before: list[docker.Container] = []
        for service in range(8):
            container = docker.Container(
                f"app-{app}-{service}",
                image="nginx",
                name=f"app-{app}-{service}",
                networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=network.name)],
                ports=[docker.ContainerPortArgs(internal=80, external=8000 + service)],
                opts=ResourceOptions(parent=box, depends_on=before),
            )
            before = [container]


@pytest.mark.slow
def test_a_thousand_resources() -> None:
    start = time.perf_counter()
    recording = run(thousand)
    assert len(recording.resources) == 1002
    assert time.perf_counter() - start < SECONDS
