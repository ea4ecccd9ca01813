"""Changes that reach further than one container: a build, an app that goes, a network's subnet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rehearsal.images import Stub, make_image
from rehearsal.stack import Stack
from tests.support.stack import Ingress, containers, docker

pytestmark = [pytest.mark.engine, pytest.mark.slow]

CONFIG: dict[str, Any] = {
    "target": "dev",
    "systems": ["yard"],
    "dev_ports": {"http": 8090, "https": 8453},
}
SYSTEM = """
hosts:
  box: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB, ingress: {kind: caddy}}
apps:
  shop: {host: box, compose: shop.compose.yaml}
  blog: {host: box, compose: blog.compose.yaml}
zones:
  example.com: {provider: external}
routes:
  shop.example.com: {to: shop/web:80}
  blog.example.com: {to: blog/web:80}
"""
SHOP = """
services:
  web:
    build: own
    expose: ["80"]
    read_only: true
    configs: [{source: motd, target: /srv/motd}]
    healthcheck: {test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1/"], interval: 1s}
configs:
  motd: {content: first}
"""
BLOG = """
services:
  web:
    image: stackgraph-test/blog:1
    expose: ["80"]
    networks: [front]
networks:
  front: {ipam: {config: [{subnet: 172.30.77.0/24, ip_range: 172.30.77.0/25}]}}
"""
DOCKERFILE = "FROM stackgraph-test/base:1\nCOPY greeting /greeting\n"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, pulumi_command: str) -> Iterator[Stack]:
    make_image("caddy:2.11.4-alpine", "caddy")
    make_image("stackgraph-test/base:1", "stub", stub=Stub(name="shop", http=(80,)))
    make_image("stackgraph-test/blog:1", "stub", stub=Stub(name="blog", http=(80,)))
    made = Stack.make(tmp_path_factory.mktemp("yard"), pulumi_command, CONFIG)
    folder = made.folder / "systems" / "yard"
    (folder / "own").mkdir(parents=True)
    (folder / "own" / "Dockerfile").write_text(DOCKERFILE)
    (folder / "own" / "greeting").write_text("hello")
    (folder / "system.yaml").write_text(SYSTEM)
    (folder / "shop.compose.yaml").write_text(SHOP)
    (folder / "blog.compose.yaml").write_text(BLOG)
    try:
        result = made.up()
        assert result.code == 0, result.text
        yield made
    finally:
        made.run("destroy", "--yes", "--skip-preview")


@pytest.fixture(scope="module")
def ingress(stack: Stack) -> Ingress:
    return Ingress("yard-box-ingress", 8453)


def _deploy(stack: Stack) -> None:
    result = stack.up()
    assert result.code == 0, result.text
    unchanged = stack.run("preview", "--expect-no-changes", "--diff")
    assert unchanged.code == 0, unchanged.text


def _read(service: str, path: str) -> str:
    (container,) = containers(service)
    return docker("exec", container, "cat", path)


def test_what_was_built_runs_and_stays(stack: Stack, ingress: Ingress) -> None:
    assert _read("yard-shop-web", "/greeting") == "hello"
    assert _read("yard-shop-web", "/srv/motd") == "first"
    assert ingress.get("shop.example.com.localhost").text.strip() == "shop"
    unchanged = stack.run("preview", "--expect-no-changes", "--diff")
    assert unchanged.code == 0, unchanged.text


def test_changed_content_is_a_new_image_without_a_lost_request(
    stack: Stack, ingress: Ingress
) -> None:
    (stack.folder / "systems/yard/own/greeting").write_text("good evening")
    with ingress.watched("shop.example.com.localhost") as failures:
        _deploy(stack)
    assert failures == []
    assert _read("yard-shop-web", "/greeting") == "good evening"


def test_a_changed_file_of_a_read_only_service_replaces_it(stack: Stack) -> None:
    (before,) = containers("yard-shop-web")
    stack.edit("systems/yard/shop.compose.yaml", "content: first", "content: second")
    _deploy(stack)
    assert containers("yard-shop-web") != [before]
    assert _read("yard-shop-web", "/srv/motd") == "second"


def test_another_subnet_takes_the_network_with_it_and_the_rest_stays(
    stack: Stack, ingress: Ingress
) -> None:
    (proxy,) = containers("yard-box-ingress")
    assert _address("yard-blog-web") == "172.30.77.254"
    blog = "systems/yard/blog.compose.yaml"
    pool = "subnet: 172.30.{}.0/24, ip_range: 172.30.{}.0/25"
    stack.edit(blog, pool.format(77, 77), pool.format(78, 78))
    with ingress.watched("shop.example.com.localhost") as failures:
        _deploy(stack)
    assert failures == []
    assert ingress.get("blog.example.com.localhost").text.strip() == "blog"
    subnet = "{{range .IPAM.Config}}{{.Subnet}}{{end}}"
    assert docker("network", "inspect", "-f", subnet, "yard-blog_front") == "172.30.78.0/24"
    assert _address("yard-blog-web") == "172.30.78.254"
    assert containers("yard-box-ingress") == [proxy]


def _address(service: str) -> str:
    (container,) = containers(service)
    address = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
    return docker("inspect", "-f", address, container)


def test_a_held_name_moves_with_the_newcomer(stack: Stack) -> None:
    make_image("stackgraph-test/blog:2", "stub", stub=Stub(name="blog two", http=(80,)))
    stack.edit("systems/yard/blog.compose.yaml", "blog:1", "blog:2")
    _deploy(stack)
    assert _address("yard-blog-web") == "172.30.78.253"
    (container,) = containers("yard-blog-web")
    asked = docker("exec", container, "wget", "-q", "-O", "-", "http://web/")
    assert asked == "blog two"


def test_an_app_goes_with_all_that_is_its_own(stack: Stack, ingress: Ingress) -> None:
    system = "systems/yard/system.yaml"
    stack.edit(system, "  blog: {host: box, compose: blog.compose.yaml}\n", "")
    stack.edit(system, "  blog.example.com: {to: blog/web:80}\n", "")
    with ingress.watched("shop.example.com.localhost") as failures:
        _deploy(stack)
    assert failures == []
    assert containers("yard-blog-web", running=False) == []
    assert "yard-blog_front" not in docker("network", "ls", "--format", "{{.Name}}").split()
    assert len(containers("yard-box-ingress")) == 1
