"""Projects made for tests: their files on disk, the command on them, their graph."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from cli.app import app
from cli.project import Project
from graph.model import StackGraph

SHOP = {
    "Pulumi.yaml": "name: stackgraph\nruntime: python\n",
    "Pulumi.dev.yaml": "config:\n  stackgraph:target: dev\n  stackgraph:systems: [shop]\n",
    "Pulumi.prod.yaml": """\
config:
  stackgraph:target: prod
  stackgraph:systems: [shop]
  stackgraph:shop:
    hosts:
      vps: {address: 192.0.2.10, host_key: "ssh-ed25519 AAAA"}
    secrets:
      DB_PASSWORD: {secure: "v1:encrypted"}
""",
    "systems/shop/system.yaml": """\
hosts:
  vps: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB, ingress: {kind: caddy}, docker: {logs: {max_size: 10m}}}
apps:
  web: {host: vps, compose: web.compose.yaml}
variables:
  GREETING: {purpose: Front page, default: Hello}
secrets:
  DB_PASSWORD: {purpose: Database, dev: dev-only}
zones:
  example.com: {provider: external}
routes:
  shop.example.com: {to: web/front:8080}
""",  # noqa: E501
    "systems/shop/web.compose.yaml": """\
services:
  front:
    image: nginx:1.29.3
    expose: ["8080"]
    networks: [public]
    mem_limit: 64m
    healthcheck: {test: [CMD, curl, -f, "http://127.0.0.1:8080/"], interval: 30s, timeout: 5s}
    environment: {GREETING: "${GREETING-}", DB_PASSWORD: "${DB_PASSWORD-}"}
networks:
  public: {}
""",
}
"""The files of a valid project with one system: what a test does not change."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the command said."""

    exit_code: int
    out: str
    err: str


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below a folder, and give the folder; names without a folder are the shop's."""
    for name, content in files.items():
        file = root / place(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def place(name: str) -> str:
    """Give where a file lies in the project."""
    return name if "/" in name or name.startswith("Pulumi") else f"systems/shop/{name}"


def shop(root: Path, files: Mapping[str, str | bytes] | None = None) -> Path:
    """Write the shop with some files in place of its own."""
    return write(root, {**SHOP, **{place(name): text for name, text in (files or {}).items()}})


def stackgraph(root: Path, *arguments: str) -> Answer:
    """Run the command in a folder; an error that it does not catch is raised here."""
    with contextlib.chdir(root):
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    return Answer(result.exit_code, result.stdout, result.stderr)


def graph_of(root: Path, stack: str = "dev", systems: tuple[str, ...] = ()) -> StackGraph:
    """Load and build the graph of a stack of the project in a folder."""
    return Project(root=root).graph(stack, systems)
