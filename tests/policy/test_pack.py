"""The pack as the engine starts it: its own environment, its server, asked over gRPC."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest
from google.protobuf import json_format, struct_pb2  # type: ignore[import-untyped]
from google.protobuf.empty_pb2 import Empty  # type: ignore[import-untyped]
from pulumi.runtime.proto import analyzer_pb2 as messages
from pulumi.runtime.proto import analyzer_pb2_grpc as services

from policy.resources import CONTAINER, UNKNOWN
from policy.table import POLICIES
from preview.value import SECRET, SIGNATURE
from scripts.probe import ROOT

PYTHON = ROOT / "policy" / ".venv" / "bin" / "python"
URN = f"urn:pulumi:dev::elsewhere::{CONTAINER}::web"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PYTHON.exists(), reason="the policy pack has no environment: run sh scripts/policy.sh"
    ),
]


@pytest.fixture(scope="module")
def pack() -> Iterator[services.AnalyzerStub]:
    with subprocess.Popen(
        [PYTHON, "-u", "-m", "pulumi.policy", "127.0.0.1:1", ROOT / "policy"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            port = server.stdout.readline().strip()
            assert port, server.stderr and server.stderr.read()
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield services.AnalyzerStub(channel)
        finally:
            server.kill()


def properties(inputs: dict[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(inputs, struct_pb2.Struct())


def analyze(pack: services.AnalyzerStub, **inputs: Any) -> dict[str, str]:
    request = messages.AnalyzeRequest(
        type=CONTAINER, urn=URN, name="web", properties=properties(inputs)
    )
    answer = pack.Analyze(request)
    assert {each.urn for each in answer.diagnostics} <= {URN}
    return {each.policyName: each.message for each in answer.diagnostics}


def configure(pack: services.AnalyzerStub, **policies: dict[str, Any]) -> None:
    """Configure as the engine does: each policy with its level, and the owner's in their place."""
    levels = {
        policy.id: messages.MANDATORY if policy.severity == "error" else messages.ADVISORY
        for policy in POLICIES
    }
    pack.Configure(
        messages.ConfigureAnalyzerRequest(
            policyConfig={
                id_: messages.PolicyConfig(
                    enforcementLevel=level, properties=properties(policies.get(id_, {}))
                )
                for id_, level in levels.items()
            }
        )
    )


def test_it_has_every_policy_with_its_level(pack: services.AnalyzerStub) -> None:
    info = pack.GetAnalyzerInfo(Empty())
    found = {each.name: (each.description, each.enforcementLevel) for each in info.policies}
    assert found == {
        policy.id: (
            policy.title,
            messages.MANDATORY if policy.severity == "error" else messages.ADVISORY,
        )
        for policy in POLICIES
    }
    assert info.name == "stackgraph"


def test_a_violation_has_title_fact_remedy_and_inputs(pack: services.AnalyzerStub) -> None:
    assert analyze(pack, image="nginx:latest")["D03"] == (
        "An image is named by an exact version or a digest\n"
        "nginx:latest can mean another image tomorrow; write the exact version, or a digest "
        "(inputs: Container.image, RemoteImage.name)"
    )


def test_unknown_and_secret_inputs(pack: services.AnalyzerStub) -> None:
    secret = {SIGNATURE: SECRET, "value": "TOKEN=sk-" + "a" * 24}
    found = analyze(
        pack,
        image=UNKNOWN,
        envs=[secret, UNKNOWN],
        memory=UNKNOWN,
        destroyGraceSeconds=UNKNOWN,
        logDriver="journald",
        command=["serve"],
    )
    assert found == {}


def test_acceptances_and_options_are_the_owners(pack: services.AnalyzerStub) -> None:
    accepted = [{"resource": "web", "reason": "adopted", "until": "2999-01-01"}]
    gone = [{"resource": "web", "reason": "adopted", "until": "2020-01-01"}]
    try:
        configure(
            pack,
            D03={"accepted": accepted},
            F02={"accepted": gone},
            F12={"daemonRotatesLogs": True},
        )
        found = analyze(pack, image="nginx:latest")
        assert "D03" not in found
        assert "F12" not in found
        assert found["F02"].endswith(
            "; it was accepted until 2020-01-01: mend it, or accept it anew"
        )
    finally:
        configure(pack)
    assert "D03" in analyze(pack, image="nginx:latest")


def test_a_stack_is_judged_as_a_whole(pack: services.AnalyzerStub) -> None:
    port = {"ports": [{"internal": 80, "external": 8080}]}
    resources = [
        messages.AnalyzerResource(
            type=CONTAINER, urn=f"{URN}-{name}", name=name, properties=properties(port)
        )
        for name in ("a", "b")
    ]
    answer = pack.AnalyzeStack(messages.AnalyzeStackRequest(resources=resources))
    (found,) = answer.diagnostics
    assert (found.policyName, found.urn) == ("P01", f"{URN}-b")
    assert found.enforcementLevel == messages.MANDATORY


def test_it_imports_what_judges_and_no_provider() -> None:
    names = ["pulumi_docker", "pulumi_aws", "components", "preview", "render", "cli"]
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import policy.pack; "
        "print([name for name in sys.argv[2:] if name in sys.modules])"
    )
    command = [str(PYTHON), "-c", program, str(ROOT), *names]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path("/"))
    assert done.stdout == "[]\n"
