"""scripts/ci/deploy.sh with the real engine: what passed the gate is what is deployed, or nothing.

The gate is a stand-in in most, so that a test can do something between the preview and the ``up``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal.images import Stub, make_image
from rehearsal.stack import Stack
from scripts.probe import ROOT
from tests.support.stack import containers, docker

pytestmark = [pytest.mark.engine, pytest.mark.slow]

CONFIG = {"target": "dev", "systems": ["kiosk"], "dev_ports": {"http": 8290, "https": 8653}}
SECRET = "dev-only-kiosk-secret"
SYSTEM = f"""
hosts:
  box: {{kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB, ingress: {{kind: caddy}}}}
apps:
  kiosk: {{host: box, compose: kiosk.compose.yaml}}
zones:
  example.com: {{provider: external}}
routes:
  kiosk.example.com: {{to: kiosk/web:80}}
secrets:
  KIOSK_SECRET: {{purpose: "what the kiosk knows", dev: {SECRET}}}
"""
REDIRECT = "{redirect: https://elsewhere.example.com}"
COMPOSE = """
services:
  web:
    image: stackgraph-test/kiosk:1
    expose: ["80"]
    environment: {GREETING: first, SECRET: "${KIOSK_SECRET}"}
    healthcheck: {test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1/"], interval: 1s}
"""
STACKGRAPH = f"""#!/bin/sh
case "$REAL $*" in "1 gate"*) exec {ROOT}/.venv/bin/stackgraph "$@" ;; esac
case "$*" in
gate*)
	cp "$2" "$KEPT/preview.json"
	cp "$(dirname "$2")/plan.json" "$KEPT/plan.json"
	sh -c "${{MEANWHILE:-true}}" >&2
	;;
esac
exit 0
"""


@dataclass
class Kiosk:
    """The stack, and a place where the stand-in keeps what the gate was shown."""

    stack: Stack
    kept: Path

    def deploy(
        self, meanwhile: str = "", *, real: bool = False
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "scripts/ci/deploy.sh"],
            cwd=self.stack.folder,
            env={
                **self.stack.environment,
                "STACK": "dev",
                "OUT": f"{self.kept}/reports",
                "KEPT": str(self.kept),
                "MEANWHILE": meanwhile,
                "REAL": "1" if real else "",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def greeting(self) -> str:
        (container,) = containers("kiosk-kiosk-web")
        variables: list[str] = json.loads(
            docker("inspect", "-f", "{{json .Config.Env}}", container)
        )
        return next(value for value in variables if value.startswith("GREETING=")).split("=")[1]

    def greet(self, old: str, new: str) -> None:
        self.stack.edit("systems/kiosk/kiosk.compose.yaml", f"GREETING: {old}", f"GREETING: {new}")


@pytest.fixture(scope="module")
def kiosk(tmp_path_factory: pytest.TempPathFactory, pulumi_command: str) -> Iterator[Kiosk]:
    make_image("caddy:2.11.4-alpine", "caddy")
    make_image("stackgraph-test/kiosk:1", "stub", stub=Stub(name="kiosk", http=(80,)))
    stack = Stack.make(tmp_path_factory.mktemp("kiosk"), pulumi_command, CONFIG)
    system = stack.folder / "systems" / "kiosk"
    system.mkdir()
    (system / "system.yaml").write_text(SYSTEM)
    (system / "kiosk.compose.yaml").write_text(COMPOSE)
    scripts = stack.folder / "scripts"
    (scripts / "ci").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "lib.sh", scripts)
    for file in [*(ROOT / "scripts" / "ci").glob("*.sh"), ROOT / "scripts/ci/diagnostics.py"]:
        shutil.copy(file, scripts / "ci")
    command = stack.folder / "bin" / "stackgraph"
    command.write_text(STACKGRAPH)
    command.chmod(0o755)
    (stack.folder / "bin" / "pulumi").symlink_to(pulumi_command)
    kept = tmp_path_factory.mktemp("kept")
    try:
        yield Kiosk(stack, kept)
    finally:
        stack.run("destroy", "--yes", "--skip-preview")


def test_what_passed_is_deployed(kiosk: Kiosk) -> None:
    done = kiosk.deploy()
    assert done.returncode == 0, done.stdout + done.stderr
    assert kiosk.greeting() == "first"
    assert SECRET not in done.stdout + done.stderr


def test_a_saved_plan_has_secrets_encrypted_and_the_rest_in_the_open(kiosk: Kiosk) -> None:
    plan = (kiosk.kept / "plan.json").read_text()
    assert SECRET not in plan + (kiosk.kept / "preview.json").read_text()
    assert '"ciphertext"' in plan
    assert "kiosk.example.com.localhost" in plan  # so it leaves no machine


def test_an_empty_plan_deploys_nothing(kiosk: Kiosk) -> None:
    before = containers("kiosk-kiosk-web")
    done = kiosk.deploy()
    assert done.returncode == 0, done.stdout + done.stderr
    assert containers("kiosk-kiosk-web") == before


def test_a_change_is_replaced_as_planned(kiosk: Kiosk) -> None:
    kiosk.greet("first", "second")
    done = kiosk.deploy()
    assert done.returncode == 0, done.stdout + done.stderr
    assert kiosk.greeting() == "second"


def test_what_came_after_the_gate_is_refused_before_anything_changes(kiosk: Kiosk) -> None:
    before = containers("kiosk-kiosk-web")
    kiosk.greet("second", "third")
    file = "systems/kiosk/kiosk.compose.yaml"
    done = kiosk.deploy(f"sed -i 's/GREETING: third/GREETING: sneaked/' {file}")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "violates plan" in done.stdout + done.stderr
    assert "up failed" in done.stderr
    assert containers("kiosk-kiosk-web") == before
    kiosk.greet("sneaked", "second")


def test_what_was_added_after_the_gate_is_refused(kiosk: Kiosk) -> None:
    before = containers("kiosk-kiosk-web")
    more = "'  more: {image: stackgraph-test/kiosk:1}'"
    file = kiosk.stack.folder / "systems/kiosk/kiosk.compose.yaml"
    text = file.read_text()
    done = kiosk.deploy(f"echo {more} >>{file}")
    file.write_text(text)
    assert done.returncode == 1, done.stdout + done.stderr
    assert containers("kiosk-kiosk-more", running=False) == []
    assert containers("kiosk-kiosk-web") == before


def test_a_preview_that_fails_says_why_and_deploys_nothing(kiosk: Kiosk) -> None:
    before = containers("kiosk-kiosk-web")
    with kiosk.stack.edited("systems/kiosk/system.yaml", "kiosk/web:80", "kiosk/wb:80"):
        done = kiosk.deploy()
    assert done.returncode == 2
    assert "kiosk/wb" in done.stderr
    assert "the preview failed, so nothing is deployed" in done.stderr
    assert containers("kiosk-kiosk-web") == before


def test_a_stack_that_somebody_else_deployed_meanwhile_is_left_alone(kiosk: Kiosk) -> None:
    kiosk.greet("second", "fourth")
    done = kiosk.deploy("pulumi up --stack dev --yes --skip-preview --non-interactive")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "violates plan" in done.stdout + done.stderr
    assert kiosk.greeting() == "fourth"


def test_the_real_gate_lets_the_routine_through_and_stops_a_loss(kiosk: Kiosk) -> None:
    kiosk.greet("fourth", "fifth")
    done = kiosk.deploy(real=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert kiosk.greeting() == "fifth"

    before = containers("kiosk-kiosk-web")
    with kiosk.stack.edited("systems/kiosk/system.yaml", "{to: kiosk/web:80}", REDIRECT):
        done = kiosk.deploy(real=True)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "wants an acceptance, so nothing is deployed" in done.stderr
    report = (kiosk.kept / "reports" / "gate-dev.md").read_text()
    assert report.startswith("<!-- stackgraph gate dev -->\n")
    assert containers("kiosk-kiosk-web") == before
