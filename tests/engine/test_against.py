"""The offline plan and the real engine's preview of the same change say the same.

What is deployed is compared with three times: as the files that were deployed, as the exported
state, and as the plan that was written then.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.plan import comparable_plan
from cli.program import Prepared
from cli.project import Project
from preview.document import to_json
from rehearsal.images import Stub, make_image
from rehearsal.stack import Stack
from tests.support.agreement import planned, planned_ops, previewed, previewed_ops
from tests.support.stack import docker

pytestmark = [pytest.mark.engine, pytest.mark.slow]

CONFIG: dict[str, Any] = {
    "target": "dev",
    "systems": ["quay"],
    "dev_ports": {"http": 8190, "https": 8553},
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
    image: stackgraph-test/quay:1
    expose: ["80"]
    depends_on: {db: {condition: service_started, restart: true}}
    environment: {GREETING: hello}
  db:
    image: stackgraph-test/quay:1
    ports: ["127.0.0.1:8191:80"]
    volumes: ["data:/data"]
volumes:
  data: {}
"""
BLOG = """
services:
  web:
    image: stackgraph-test/quay:1
    expose: ["80"]
    networks: [front]
    hostname: blog
networks:
  front: {ipam: {config: [{subnet: 172.30.99.0/24}]}}
"""
SHOP_FILE, BLOG_FILE, TOP = (
    f"systems/quay/{name}" for name in ("shop.compose.yaml", "blog.compose.yaml", "system.yaml")
)

CHANGES: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "nothing": (),
    "image": ((BLOG_FILE, "quay:1", "quay:2"),),
    "environment": ((SHOP_FILE, "GREETING: hello", "GREETING: bye"),),
    "subnet": ((BLOG_FILE, "172.30.99.0/24", "172.30.98.0/24"),),
    "port": ((SHOP_FILE, "127.0.0.1:8191:80", "127.0.0.1:8192:80"),),
    "route": ((TOP, "  blog.example.com: {to: blog/web:80}\n", ""),),
    "app removed": (
        (TOP, "  blog: {host: box, compose: blog.compose.yaml}\n", ""),
        (TOP, "  blog.example.com: {to: blog/web:80}\n", ""),
    ),
    "volume renamed": (
        (SHOP_FILE, '["data:/data"]', '["more:/data"]'),
        (SHOP_FILE, "  data: {}", "  more: {}"),
    ),
    "driver of a volume's file system": (
        (SHOP_FILE, "  data: {}", "  data: {driver_opts: {type: tmpfs, device: tmpfs}}"),
    ),
    "memory": (
        (BLOG_FILE, "    hostname: blog\n", "    hostname: blog\n    mem_limit: 64m\n"),
    ),
    "host name taken away": ((BLOG_FILE, "    hostname: blog\n", ""),),
    "proxy": ((TOP, "ingress: {kind: caddy}", 'ingress: {kind: caddy, image: "caddy:2.11.5-alpine"}'),),  # noqa: E501
    "app renamed": (
        (TOP, "  blog: {host", "  news: {host"),
        (TOP, "to: blog/web", "to: news/web"),
    ),
    "daemon": (("Pulumi.dev.yaml", '"stackgraph:target": "dev"', '"stackgraph:target": "dev", "stackgraph:docker_host": "unix:///run/docker.sock"'),),  # noqa: E501
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack, and what of it can be compared with."""

    stack: Stack
    files: Path
    state: Path
    plan: Path


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, pulumi_command: str) -> Iterator[Deployed]:
    for tag in ("caddy:2.11.4-alpine", "caddy:2.11.5-alpine"):
        make_image(tag, "caddy")
    for number in "12":
        stub = Stub(name=f"quay {number}", http=(80,))
        make_image(f"stackgraph-test/quay:{number}", "stub", stub=stub)
    stack = Stack.make(tmp_path_factory.mktemp("quay"), pulumi_command, CONFIG)
    shutil.rmtree(stack.folder / "systems")
    for name, text in {TOP: SYSTEM, SHOP_FILE: SHOP, BLOG_FILE: BLOG}.items():
        (stack.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (stack.folder / name).write_text(text)
    apart = tmp_path_factory.mktemp("deployed")
    try:
        result = stack.up()
        assert result.code == 0, result.text
        for name in ("systems", "__main__.py", "Pulumi.yaml", "Pulumi.dev.yaml"):
            (shutil.copytree if name == "systems" else shutil.copy)(
                stack.folder / name, apart / name
            )
        state, plan = apart / "state.json", apart / "plan.json"
        exported = stack.run("stack", "export", "--file", str(state))
        assert exported.code == 0, exported.text
        prepared = Prepared.of(Project(root=stack.folder), "dev", ())
        plan.write_text(json.dumps(to_json(comparable_plan(prepared)[0])))
        yield Deployed(stack, apart, state, plan)
    finally:
        stack.run("destroy", "--yes", "--skip-preview")
        for volume in docker("volume", "ls", "-q", "--filter", "name=quay-").split():
            docker("volume", "rm", volume)


@pytest.mark.parametrize("name", CHANGES)
def test_operations_agree(deployed: Deployed, name: str) -> None:
    with ExitStack() as edits:
        for edit in CHANGES[name]:
            edits.enter_context(deployed.stack.edited(*edit))
        real = previewed_ops(previewed(deployed.stack))
        for against in (deployed.files, deployed.state, deployed.plan):
            plan = planned(deployed.stack, against)
            assert planned_ops(plan) == real, f"{name}, against {against.name}"
            assert [step.urn for step in plan.steps if step.uncertain] == []
