"""Prod stacks played on this machine, as `make rehearsal` plays them: from nothing and back."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.project import Project
from rehearsal.lab import docker
from rehearsal.machines import ELSEWHERE
from rehearsal.play import Play
from scripts.probe import ROOT
from tests.support.hosts import needs_hosts

pytestmark = [pytest.mark.engine, pytest.mark.slow]

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHTiF91OONONJ9vDa584pVTcdZ4sbCpckx2qVH+WRIQ2"
SHOP = """
hosts:
  web: {kind: ec2, platform: linux/arm64, cpus: 2, memory: 4GiB}
  store: {kind: vps, platform: linux/amd64, cpus: 2, memory: 4GiB}
apps:
  shop: {host: web, compose: shop.compose.yaml}
  depot: {host: store, compose: depot.compose.yaml}
"""
SERVICE = """
services:
  {name}:
    image: registry.example.com/{name}:1.0.0
    ports: ["{port}:80"]
    expose: ["80"]
    mem_limit: 64m
    restart: unless-stopped
    healthcheck: {{test: [CMD, /opt/{name}/check], interval: 3s, timeout: 2s}}
    volumes: [kept:/var/lib/kept]
volumes: {{kept: {{}}}}
"""
CONFIG: dict[str, Any] = {
    "stackgraph:target": "prod",
    "stackgraph:systems": ["shop"],
    "stackgraph:shop": {
        "hosts": {
            "web": {
                "user": "deploy",
                "authorized_keys": [KEY],
                "ec2": {
                    "region": "eu-central-1",
                    "instance_type": "t4g.medium",
                    "public_key": KEY,
                    "availability_zone": "eu-central-1a",
                },
            },
            "store": {"address": "192.0.2.10", "user": "deploy", "host_key": KEY},
        }
    },
}
WAITS = 1500


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, pulumi_command: str) -> Iterator[Play]:
    """A stack of an EC2 instance that it makes, and of a machine that is there."""
    root = tmp_path_factory.mktemp("shop-project")
    system = root / "systems" / "shop"
    system.mkdir(parents=True)
    (system / "system.yaml").write_text(SHOP)
    for name, app, port in (("web", "shop", 9000), ("goods", "depot", 9001)):
        (system / f"{app}.compose.yaml").write_text(SERVICE.format(name=name, port=port))
    shutil.copy(ROOT / "__main__.py", root)
    (root / "Pulumi.yaml").write_text("name: stackgraph\n")
    (root / "Pulumi.prod.yaml").write_text(json.dumps({"config": CONFIG}))
    yield from _played(tmp_path_factory.mktemp("shop"), root, "shop")


def _played(folder: Path, root: Path, system: str, *, stand_in: bool = False) -> Iterator[Play]:
    needs_hosts()
    play = Play.prepare(folder, Project(root=root), "prod", [system], stand_in=stand_in)
    try:
        result = play.stack.run("up", "--yes", "--skip-preview", timeout=WAITS)
        assert result.code == 0, result.text
        yield play
    finally:
        play.close()


def instance(play: Play) -> str:
    """The one machine that a cloud has made."""
    (found,) = (each for each in play.machines() if play.made(each))
    return found


def running(machine: str) -> list[str]:
    """The services that run on a machine, without what tells their containers apart."""
    names = docker("exec", machine, "docker", "ps", "--format", "{{.Names}}").split()
    return sorted(name.rpartition("-")[0] for name in names)


def test_what_a_cloud_makes_and_what_is_there_are_set_up_and_deployed_to(shop: Play) -> None:
    made = instance(shop)
    (adopted,) = (each for each in shop.machines() if each != made)
    assert running(made) == ["shop-shop-web"]
    assert running(adopted) == ["shop-depot-goods"]
    # It came with cloud-init, which knew the bootstrap.
    assert "ready:" in docker("exec", made, "cat", "/var/log/cloud-init-output.log")
    for machine in (made, adopted):
        assert "chain" in docker("exec", machine, "nft", "list", "table", "inet", "stackgraph")


def test_nothing_is_to_do_after(shop: Play) -> None:
    shop.stack.assert_nothing_to_do()


def test_protected_volumes_keep_the_instance(shop: Play) -> None:
    made = instance(shop)
    with elsewhere(shop):
        # The preview that comes first tells, before the instance is gone.
        result = shop.stack.run("up", "--yes")
    assert result.code != 0
    assert "protect" in result.text
    assert running(made) == ["shop-shop-web"]


def test_a_change_replaces_the_instance_and_all_that_lives_on_it(shop: Play) -> None:
    before = instance(shop)
    address = addresses(shop)
    (untouched,) = (each for each in shop.machines() if each != before)
    started = docker("inspect", "--format={{.State.StartedAt}}", untouched)
    result = shop.stack.run("state", "unprotect", "--all", "--yes")
    assert result.code == 0, result.text
    with elsewhere(shop):
        result = shop.stack.run("up", "--yes", "--skip-preview", timeout=WAITS)
        assert result.code == 0, result.text
        after = instance(shop)
        assert after != before
        assert before not in shop.machines()
        assert running(after) == ["shop-shop-web"]
        assert addresses(shop) == address
        assert docker("inspect", "--format={{.State.StartedAt}}", untouched) == started
        shop.stack.assert_nothing_to_do()


def test_destroy_leaves_nothing(shop: Play) -> None:
    assert shop.stack.run("state", "unprotect", "--all", "--yes").code == 0
    (adopted,) = (each for each in shop.machines() if not shop.made(each))
    result = shop.stack.run("destroy", "--yes", "--skip-preview")
    assert result.code == 0, result.text
    assert shop.machines() == [adopted]
    assert running(adopted) == []
    exported = json.loads(shop.stack.run("stack", "export").text)
    assert not exported["deployment"].get("resources")


@contextmanager
def elsewhere(play: Play) -> Iterator[None]:
    """Configure another zone for the instance for a while: it cannot move, so another is made."""
    file = play.stack.folder / "Pulumi.prod.yaml"
    before = file.read_text()
    assert before.count("eu-central-1a") == 1
    file.write_text(before.replace("eu-central-1a", "eu-central-1b"))
    try:
        yield
    finally:
        file.write_text(before)


def addresses(play: Play) -> Any:
    return json.loads(play.stack.run("stack", "output", "--json").text)["shop"]["hosts"]


# --- VitaraVox, as it is in the repository ---


PAGES = {
    "dev.vitaravox.ca/": "client",
    "dev.vitaravox.ca/no/such/page": "client",
    "dev.vitaravox.ca/api/health": "vitara-admin-api /api/health",
    "api-dev.vitaravox.ca/x": "vitara-admin-api /x",
    "vitdocs.vitaravox.ca/": "vitdocs",
    "chat.zatuka.ai/": "mattermost",
    "docs.zatuka.ai/": "outline",
    "projects.zatuka.ai/": "vikunja",
    "n8n.zatuka.ai/": "n8n",
    "status.zatuka.ai/": "uptime-kuma",
}


@pytest.fixture(scope="module")
def vitaravox(tmp_path_factory: pytest.TempPathFactory, pulumi_command: str) -> Iterator[Play]:
    """Its prod stack: an instance at OCI with nginx and PM2, and one at EC2 that is only read."""
    yield from _played(tmp_path_factory.mktemp("vitaravox"), ROOT, "vitaravox", stand_in=True)


def test_the_host_of_others_is_read_and_no_more(vitaravox: Play) -> None:
    assert [vitaravox.made(each) for each in vitaravox.machines()] == [True]
    found = json.loads(vitaravox.stack.run("stack", "output", "--json").text)["vitaravox"]
    assert found["hosts"]["ec2"] == ELSEWHERE


@pytest.mark.parametrize("page", PAGES)
def test_each_name_is_answered_over_https(vitaravox: Play, page: str) -> None:
    name = page.partition("/")[0]
    machine = instance(vitaravox)
    address = docker(
        "inspect", "--format={{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", machine
    )
    done = subprocess.run(
        ["curl", "-sSk", "--resolve", f"{name}:443:{address}", f"https://{page}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == PAGES[page]


def test_what_programs_listen_on_is_not_for_others(vitaravox: Play) -> None:
    listening = docker("exec", instance(vitaravox), "ss", "-Hltn").splitlines()
    open_ = {line.split()[3].rpartition(":")[2] for line in listening if "127.0.0" not in line}
    assert open_ == {"22", "80", "443"}


def test_vitaravox_previews_empty_and_goes_as_a_whole(vitaravox: Play) -> None:
    vitaravox.stack.assert_nothing_to_do()
    assert vitaravox.stack.run("state", "unprotect", "--all", "--yes").code == 0
    result = vitaravox.stack.run("destroy", "--yes", "--skip-preview")
    assert result.code == 0, result.text
    assert vitaravox.machines() == []
