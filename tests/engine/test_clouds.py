"""Instances at both clouds through the real engine; stand-ins play the clouds."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal.clouds import IMAGE, install, resources
from rehearsal.stack import local_project

pytestmark = [pytest.mark.engine, pytest.mark.slow]

PROGRAM = """
import pulumi
from components.ec2 import ExistingEc2Instance, ExistingEc2InstanceArgs
from tests.components import test_ec2, test_oci
from tests.components.clouds import KEY, OPENINGS
from config.cloud import Ec2Settings
from graph.firewall import Opening

more = Opening("tcp", range(25, 26), ("192.0.2.0/24",), "mail", container=False)
openings = (*OPENINGS, *([more] if MORE else []))
ec2 = test_ec2.instance(openings, protect=PROTECT, public_key=KEY + COMMENT)
oci = test_oci.instance(openings, protect=PROTECT, image="ocid1.image.oc1.." + COMMENT)
theirs = test_ec2.existing()
for name, each in (("ec2", ec2), ("oci", oci), ("theirs", theirs)):
    pulumi.export(name, [each.docker_host, each.host_key])
"""
EC2 = "stackgraph:ec2:Instance$aws:ec2/instance:Instance"
OCI = "stackgraph:oci:Instance$oci:Core/instance:Instance"
USUAL = {"MORE": "False", "PROTECT": "True", "COMMENT": "'a'"}


@dataclass(frozen=True)
class Clouds:
    folder: Path
    pulumi: str
    environment: dict[str, str]

    def write(self, **changed: str) -> None:
        values = "".join(f"{key} = {value}\n" for key, value in {**USUAL, **changed}.items())
        (self.folder / "__main__.py").write_text(values + PROGRAM)

    def run(
        self,
        *arguments: str,
        fails: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> str:
        done = subprocess.run(
            [self.pulumi, *arguments, "--non-interactive", "--stack", "prod"],
            cwd=self.folder,
            env={**self.environment, **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout if not fails else done.stdout + done.stderr

    def steps(self, environment: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
        """Preview: what is done to which types and names."""
        plan = json.loads(self.run("preview", "--json", environment=environment))
        found = []
        for step in plan.get("steps", []):
            _, _, types, name = step["urn"].split("::")
            found.append((step["op"], f"{types.rpartition('$')[2]} {name}"))
        return [(op, name) for op, name in found if op != "same"]

    def state(self) -> dict[str, dict[str, object]]:
        return resources(self.run("stack", "export", "--show-secrets"))


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory, pulumi_command: str) -> Clouds:
    folder = tmp_path_factory.mktemp("clouds")
    # A home without plugins: the stand-ins are the only ones of their clouds.
    (folder / "home").mkdir()
    path = install(folder / "bin")
    made = Clouds(
        folder,
        pulumi_command,
        {
            **local_project(folder, "clouds"),
            "PATH": f"{path}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_HOME": f"{folder}/home",
            "PYTHONWARNINGS": "ignore",
        },
    )
    made.write()
    made.run("stack", "init")
    return made


@pytest.fixture(scope="module")
def up(clouds: Clouds) -> Iterator[Clouds]:
    first = clouds.steps()
    assert {op for op, _ in first} == {"create"}
    clouds.run("up", "--yes", "--skip-preview")
    yield clouds
    clouds.write(PROTECT="False")
    clouds.run("up", "--yes", "--skip-preview")
    clouds.run("destroy", "--yes", "--skip-preview")
    assert clouds.state() == {}


def test_the_machine_boots_with_the_key_that_is_pinned(up: Clouds) -> None:
    outputs = json.loads(up.run("stack", "output", "--json"))
    assert outputs["theirs"] == ["ssh://ubuntu@203.0.113.40:22", "ssh-ed25519 AAAA"]
    state = up.state()
    for name, instance in (
        ("ec2", EC2),
        ("oci", OCI),
    ):
        url, key = outputs[name]
        assert url.endswith("@127.0.0.1:22")
        inputs = json.dumps(state[f"{instance}::box"]["inputs"])
        packed = inputs.partition("H4sI")[2].partition("\\")[0].partition('"')[0]
        text = gzip.decompress(base64.b64decode(f"H4sI{packed}")).decode()
        private = text.split("\n", 2)[2].strip() + "\n"
        file = up.folder / f"{name}.key"
        file.write_text(private)
        file.chmod(0o600)
        derived = subprocess.run(
            ["ssh-keygen", "-y", "-f", str(file)], capture_output=True, text=True, check=True
        )
        assert derived.stdout.split()[:2] == key.split()


def test_no_private_key_is_plain_in_the_state(up: Clouds) -> None:
    exported = up.run("stack", "export")
    assert "OPENSSH PRIVATE KEY" not in exported
    assert "H4sI" not in exported


def test_nothing_is_to_do_after(up: Clouds) -> None:
    assert up.steps() == []


def test_a_newer_image_another_key_and_other_data_change_no_machine(up: Clouds) -> None:
    up.write(COMMENT="'b'")
    try:
        steps = up.steps({IMAGE: "ami-2"})
    finally:
        up.write()
    assert steps == [("replace", "aws:ec2/keyPair:KeyPair box")]


def test_one_opening_more_is_one_rule_more_at_each(up: Clouds) -> None:
    up.write(MORE="True")
    try:
        steps = up.steps()
    finally:
        up.write()
    rule = "box-tcp-25-192.0.2.0-24"
    assert sorted(steps) == [
        ("create", f"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule {rule}"),
        (
            "create",
            f"oci:Core/networkSecurityGroupSecurityRule:NetworkSecurityGroupSecurityRule {rule}",
        ),
    ]


def test_protected_it_stays(up: Clouds) -> None:
    before = up.state()
    # What isn't protected itself stands in front of what is, so it stays, too.
    assert "protected" in up.run("destroy", "--yes", "--skip-preview", fails=True)
    assert up.state() == before


def test_another_host_key_is_another_machine_at_the_same_address(up: Clouds) -> None:
    before = up.state()
    keys = {name for name in before if "PrivateKey" in name}
    assert len(keys) == 2
    up.write(PROTECT="False")
    up.run("up", "--yes", "--skip-preview")
    replaced = [part for name in keys for part in ("--replace", str(before[name]["urn"]))]
    up.run("up", "--yes", "--skip-preview", *replaced)
    after = up.state()
    changed = {name for name, each in after.items() if each["id"] != before[name]["id"]}
    assert changed == {*keys, f"{EC2}::box", f"{OCI}::box"}
    assert up.steps() == []
