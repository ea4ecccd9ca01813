"""Records of the mesh's DNS reach the running container, which is not replaced for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.program import secret_lookup
from components.system import System, SystemArgs
from preview.record import Recording, record
from tests.graph.estate import HOST, estate
from tests.graph.test_mesh_records import COMPOSE, SYSTEM

CONTAINER = "docker:index/container:Container"
NAME = "shop-web-control"
MORE = "  z.example.com: {to: web/front:8080, access: mesh}\n"


def recorded(root: Path, *, more: str = "", compose: str = COMPOSE) -> Recording:
    """Record a stack whose mesh is controlled by one of its services."""
    text = SYSTEM.format(host=HOST, dns="") + more
    graph = estate(root, text, compose, stack="prod", vps={"mesh_address": "100.64.0.1"})

    def program() -> None:
        args = SystemArgs(
            graph=graph,
            system="shop",
            docker_host="unix:///run/some.sock",
            secret=secret_lookup({}),
        )
        System("shop", args)

    return record(program, project="stackgraph", stack="prod")


@pytest.mark.parametrize("options", ["", "    read_only: true\n"])
def test_one_more_name_replaces_no_container(options: str, tmp_path: Path) -> None:
    compose = COMPOSE.replace("    image: b\n", f"    image: b\n{options}")
    before = recorded(tmp_path / "before", compose=compose).one(NAME, CONTAINER)
    after = recorded(tmp_path / "after", more=MORE, compose=compose).one(NAME, CONTAINER)
    assert before.inputs == after.inputs
    assert before.replacement_trigger == after.replacement_trigger
    # While another config does replace it.
    settings = compose.replace("dns: {", "log: {}, dns: {")
    other = recorded(tmp_path / "other", compose=settings).one(NAME, CONTAINER)
    assert (other.inputs, other.replacement_trigger) != (after.inputs, after.replacement_trigger)


@pytest.mark.parametrize("options", ["", "    read_only: true\n"])
def test_there_is_a_directory_to_put_them_into(options: str, tmp_path: Path) -> None:
    compose = COMPOSE.replace("    image: b\n", f"    image: b\n{options}")
    mounts = recorded(tmp_path, compose=compose).one(NAME, CONTAINER).inputs["mounts"]
    assert mounts == [{"type": "volume", "target": "/etc/headscale"}]


def test_a_directory_that_is_mounted_already_is_not_mounted_twice(tmp_path: Path) -> None:
    mounted = "    image: b\n    volumes: [settings:/etc/headscale]\n"
    compose = COMPOSE.replace("    image: b\n", mounted) + "volumes: {settings: {}}\n"
    mounts = recorded(tmp_path, compose=compose).one(NAME, CONTAINER).inputs["mounts"]
    assert isinstance(mounts, list)
    assert [m["target"] for m in mounts if isinstance(m, dict)] == ["/etc/headscale"]


def test_they_are_there_before_the_service_starts(tmp_path: Path) -> None:
    recording = recorded(tmp_path)
    put = recording.one(f"{NAME}-made")
    assert put.urn in recording.one(f"{NAME}-handover").dependencies
    # With each new container anew, and with each change into the one that runs.
    container = recording.one(NAME, CONTAINER).urn
    assert set(put.property_dependencies) >= {"stdin", "triggers"}
    assert container in put.property_dependencies["triggers"]
    assert container in put.property_dependencies["stdin"]


def test_who_reads_none_is_given_none(tmp_path: Path) -> None:
    names = [resource.name for resource in recorded(tmp_path).resources]
    assert [name for name in names if name.endswith("-made")] == [f"{NAME}-made"]
