"""The pack in `pulumi preview --policy-pack`, on somebody else's program and on ours."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from rehearsal.stack import Result, Stack
from scripts.probe import ROOT

PACK = ROOT / "policy"
HEAD = "import pulumi\nimport pulumi_docker as docker\n"
GOOD = """
docker.Container("web", image="nginx:1.29.3", memory=64, memory_swap=128,
    destroy_grace_seconds=10, log_driver="journald")
"""
WARNED = GOOD.replace("nginx:1.29.3", "nginx:latest")
REFUSED = """
volume = docker.Volume("data")
docker.Container("db", image="postgres:16.4", memory=256, memory_swap=512,
    destroy_grace_seconds=30, log_driver="journald",
    envs=[pulumi.Output.secret("POSTGRES_PASSWORD=real-secret")],
    mounts=[{"type": "volume", "source": volume.name, "target": "/var/lib/postgresql/data"}],
    ports=[{"internal": 5432, "external": 5432}])
"""

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (PACK / ".venv").exists(),
        reason="the policy pack has no environment: run sh scripts/policy.sh",
    ),
]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory, pulumi_command: str) -> Stack:
    """Give a stack of a project that has nothing of ours."""
    folder = tmp_path_factory.mktemp("elsewhere")
    of = tmp_path_factory.mktemp("program")
    (of / "systems").mkdir()
    (of / "__main__.py").write_text(HEAD)
    stack = Stack.make(folder, pulumi_command, {}, of=of)
    text = (folder / "Pulumi.yaml").read_text()
    (folder / "Pulumi.yaml").write_text(text.replace("name: stackgraph", "name: elsewhere"))
    del stack.environment["PYTHONPATH"]
    stack.run("stack", "init")
    return stack


def preview(stack: Stack, program: str, config: dict[str, object] | None = None) -> Result:
    (stack.folder / "__main__.py").write_text(HEAD + program)
    (stack.folder / "policy.json").write_text(json.dumps(config or {}))
    options = ("--policy-pack", str(PACK), "--policy-pack-config", "policy.json")
    return stack.run("preview", *options)


def reported(result: Result) -> set[tuple[str, str]]:
    """Give level and id of what was reported."""
    return set(re.findall(r"- \[(\w+)\].*?  (\w\d\d)  \(", result.text))


def test_a_good_program_passes(elsewhere: Stack) -> None:
    result = preview(elsewhere, GOOD)
    assert (result.code, reported(result)) == (0, set()), result.text


def test_an_advisory_violation_is_shown_and_passes(elsewhere: Stack) -> None:
    result = preview(elsewhere, WARNED)
    assert (result.code, reported(result)) == (0, {("advisory", "D03")}), result.text


def test_a_mandatory_violation_stops_it_and_tells_no_secret(elsewhere: Stack) -> None:
    result = preview(elsewhere, REFUSED)
    assert result.code != 0
    assert reported(result) == {("mandatory", "P04")}, result.text
    assert "db keeps data, and everyone reaches its port 5432/tcp; publish no port" in result.text
    assert "real-secret" not in result.text


def test_what_is_accepted_passes_and_a_level_can_be_raised(elsewhere: Stack) -> None:
    accepted = {"resource": "db", "reason": "behind a firewall", "until": "2999-12-31"}
    result = preview(elsewhere, REFUSED, {"P04": {"accepted": [accepted]}})
    assert (result.code, reported(result)) == (0, set()), result.text
    result = preview(elsewhere, WARNED, {"D03": "mandatory"})
    assert result.code != 0
    assert reported(result) == {("mandatory", "D03")}, result.text


def test_a_wrong_configuration_is_refused(elsewhere: Stack) -> None:
    result = preview(elsewhere, GOOD, {"P04": {"accepted": [{"resource": "db"}]}})
    assert result.code != 0
    assert "P04: accepted.0: reason is required" in result.text


def test_our_own_dev_stack_passes(tmp_path: Path, pulumi_command: str) -> None:
    folder = tmp_path / "ours"
    folder.mkdir()
    stack = Stack.make(folder, pulumi_command, {"target": "dev", "systems": ["example"]})
    result = stack.run("preview", "--policy-pack", str(PACK))
    assert (result.code, reported(result)) == (0, set()), result.text
    assert "stackgraph@v" in result.text
