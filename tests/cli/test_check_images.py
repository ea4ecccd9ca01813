"""`stackgraph check --images`: a real registry is asked, through the real docker command."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import registry as support
from tests.support.registry import Registry, registry
from tests.workspace import SHOP, shop, stackgraph

pytestmark = pytest.mark.skipif(support.problem() is not None, reason=str(support.problem()))

WEB = "systems/shop/web.compose.yaml"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Registry]:
    with registry(tmp_path) as running:
        yield running


def project(folder: Path, image: str, ingress: str) -> Path:
    caddy = "ingress: {kind: caddy}"
    return shop(
        folder / "project",
        {
            "system.yaml": SHOP["systems/shop/system.yaml"].replace(
                caddy, f'ingress: {{kind: caddy, image: "{ingress}"}}'
            ),
            "web.compose.yaml": SHOP[WEB].replace("nginx:1.29.3", image),
        },
    )


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_images_for_the_hosts_and_for_others(stack: str, server: Registry, tmp_path: Path) -> None:
    both = server.push("caddy", "2.11.4", "linux/amd64", "linux/arm64/v8")
    arm = server.push("front", "1.0.0", "linux/arm64")
    root = project(tmp_path, arm, both)
    assert stackgraph(root, "check", "--stack", stack).exit_code == 0
    answer = stackgraph(root, "check", "--stack", stack, "--images")
    assert (answer.exit_code, answer.out, answer.err) == (
        1,
        f"error D11 {WEB}:2: services.front.image: {arm} is published for linux/arm64 only, and "
        "vps is linux/amd64; build one for linux/amd64, or place it on another host\n",
        "asking registries for 2 images\n1 finding\n",
    )
    server.push("front", "1.0.0", "linux/amd64", "linux/arm64")
    answer = stackgraph(root, "check", "--stack", stack, "--images")
    assert (answer.exit_code, answer.out) == (0, "")


def test_by_digest(server: Registry, tmp_path: Path) -> None:
    both = server.push("caddy", "2.11.4", "linux/amd64", "linux/arm64")
    server.push("front", "1.0.0", "linux/arm64")
    pinned = server.digest("front", "1.0.0")
    answer = stackgraph(project(tmp_path, pinned, both), "check", "--images")
    assert f"services.front.image: {pinned} is published for linux/arm64 only" in answer.out


def test_a_registry_that_is_down_is_a_warning(server: Registry, tmp_path: Path) -> None:
    both = server.push("caddy", "2.11.4", "linux/amd64", "linux/arm64")
    answer = stackgraph(project(tmp_path, "127.0.0.1:1/front:1.0.0", both), "check", "--images")
    assert answer.exit_code == 1
    assert answer.out.startswith(
        f"warning D11 {WEB}:2: services.front.image: whether 127.0.0.1:1/front:1.0.0 is for "
        "linux/amd64 is not known: "
    )
    assert answer.out.count("\n") == 1
    assert "connection refused; see what docker manifest inspect 127.0.0.1:1/" in answer.out


def test_it_loads_neither_pulumi_nor_a_cloud(server: Registry, tmp_path: Path) -> None:
    both = server.push("caddy", "2.11.4", "linux/amd64", "linux/arm64")
    root = project(tmp_path, both, both)
    program = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from cli.app import app\n"
        "assert CliRunner().invoke(app, ['check', '--images']).exit_code == 0\n"
        "print(sorted(name for name in sys.modules if name.startswith('pulumi')))"
    )
    top = str(Path(__file__).parents[2])
    answer = subprocess.run(
        [sys.executable, "-c", program],
        cwd=root,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": top, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (answer.stderr, answer.stdout) == ("", "[]\n")
