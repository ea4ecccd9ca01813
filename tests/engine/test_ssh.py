"""A prod stack on a host reached over SSH: a real sshd, a pinned host key, a key from an agent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.images import Stub, make_image
from rehearsal.stack import Stack
from tests.support.sshd import Sshd, sshd
from tests.support.stack import containers, docker

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SYSTEM = """
hosts:
  # This machine itself: nothing of it is to be set up.
  distant: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB, hardened: false}
apps:
  shop: {host: distant, compose: shop.compose.yaml}
secrets:
  REDIS_PASSWORD: {purpose: the shop's Redis, dev: dev-only}
"""

COMPOSE = """
services:
  web:
    image: stackgraph-test/shop:1
    environment: {REDIS_URL: "redis://:${REDIS_PASSWORD}@redis:6379"}
    depends_on: {redis: {condition: service_healthy}}
  redis:
    image: stackgraph-test/redis:1
    command: [redis-server, --save, "60", "1"]
    volumes: ["data:/data"]
    secrets: [password]
    read_only: true
    healthcheck: {test: [CMD, redis-cli, ping], interval: 1s}
    mem_limit: 64m
    cpus: 1
secrets:
  password: {environment: REDIS_PASSWORD}
volumes:
  data: {}
"""

PASSWORD = "correct-horse-battery"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, pulumi_command: str, host: Sshd
) -> Iterator[Stack]:
    make_image("stackgraph-test/shop:1", "stub", stub=Stub(name="shop", http=(80,)))
    make_image("stackgraph-test/redis:1", "redis")
    made = Stack.make(tmp_path_factory.mktemp("ssh"), pulumi_command, _config(host, host.host_key))
    folder = made.folder / "systems" / "far"
    folder.mkdir()
    (folder / "system.yaml").write_text(SYSTEM)
    (folder / "shop.compose.yaml").write_text(COMPOSE)
    made.environment["SSH_AUTH_SOCK"] = host.agent
    try:
        yield made
    finally:
        made.configure(_config(host, host.host_key))
        made.run("state", "unprotect", "--all", "--yes")
        made.run("destroy", "--yes", "--skip-preview")
        docker("volume", "rm", "-f", "shop_data")


def _config(host: Sshd, host_key: str) -> dict[str, Any]:
    access = {"address": "127.0.0.1", "port": host.port, "user": "root", "host_key": host_key}
    settings = {"hosts": {"distant": access}, "secrets": {"REDIS_PASSWORD": PASSWORD}}
    return {"target": "prod", "systems": ["far"], "far": settings}


def test_a_wrong_host_key_is_refused(stack: Stack, host: Sshd) -> None:
    other = (Path(host.log).parent / "other.pub").read_text()
    stack.configure(_config(host, " ".join(other.split()[:2])))
    result = stack.up()
    assert result.code != 0
    assert "Host key verification failed" in result.text
    assert containers("far-shop-redis", running=False) == []
    stack.configure(_config(host, host.host_key))


def test_it_comes_up_over_ssh_and_stays_the_same(stack: Stack) -> None:
    result = stack.up()
    assert result.code == 0, result.text
    assert PASSWORD not in result.text
    (redis,) = containers("far-shop-redis")
    assert docker("exec", redis, "cat", "/run/secrets/password") == PASSWORD
    assert len(containers("far-shop-web")) == 1
    assert "shop_data" in docker("volume", "ls", "-q").split()
    unchanged = stack.run("preview", "--expect-no-changes", "--diff")
    assert unchanged.code == 0, unchanged.text
    refreshed = stack.run("preview", "--refresh", "--expect-no-changes", "--diff")
    assert refreshed.code == 0, refreshed.text


def test_a_rotated_secret_replaces_who_uses_it(stack: Stack, host: Sshd) -> None:
    (before,) = containers("far-shop-redis")
    changed = _config(host, host.host_key)
    changed["far"]["secrets"]["REDIS_PASSWORD"] = f"{PASSWORD}-2"
    stack.configure(changed)
    result = stack.up()
    assert result.code == 0, result.text
    assert PASSWORD not in result.text
    (after,) = containers("far-shop-redis")
    assert after != before
    assert docker("exec", after, "cat", "/run/secrets/password") == f"{PASSWORD}-2"


def test_a_host_that_is_down_is_named_and_nothing_is_changed(stack: Stack, host: Sshd) -> None:
    where = f"host far/distant: 127.0.0.1 port {host.port} refuses the connection"
    before = containers("far-shop-web")
    with (
        stack.edited("systems/far/shop.compose.yaml", "mem_limit: 64m", "mem_limit: 80m"),
        host.stopped(),
    ):
        previewed = stack.run("preview")
        assert previewed.code == 0, previewed.text
        assert f"{where} (0 s); the preview goes by what was deployed last" in previewed.text
        assert "far-shop-redis" in previewed.text
        result = stack.up()
        assert result.code != 0
        (line,) = [line.strip() for line in result.text.splitlines() if where in line]
        assert re.fullmatch(
            re.escape(where) + r" \(1[45] s\); start it, or correct address or port: "
            r"pulumi config set --stack dev --path 'stackgraph:far.hosts.distant.address' ADDRESS",
            line,
        )
        assert "Traceback" not in result.text
        assert "system dial-stdio" not in result.text
    assert containers("far-shop-web") == before
    unchanged = stack.run("preview", "--expect-no-changes", "--diff")
    assert unchanged.code == 0, unchanged.text


def test_volumes_are_protected(stack: Stack) -> None:
    result = stack.run("destroy", "--yes", "--skip-preview")
    assert result.code != 0
    assert "protect" in result.text
    exported = json.loads(stack.run("stack", "export").text)
    volumes = [r for r in exported["deployment"]["resources"] if r["type"].endswith(":Volume")]
    assert [volume["protect"] for volume in volumes] == [True]
