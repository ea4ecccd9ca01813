"""What the real engine decides about a twisted program, told offline."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from components.stand_ins import ANSWERS, STAND_INS
from preview.against import Baseline, compare
from preview.against.documents import read_baseline
from preview.existing import Settled
from rehearsal.stack import local_project
from tests.preview.against.twisted import twisted
from tests.preview.programs import run

pytestmark = [pytest.mark.engine, pytest.mark.slow]

PROGRAM = """
import os
from tests.preview.against.twisted import twisted
twisted(int(os.environ["VERSION"]))
"""


@pytest.fixture(scope="module")
def deployed(
    pulumi_command: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, bytes]]:
    """Deploy the first version; give the preview of the second, and the state."""
    place = tmp_path_factory.mktemp("twisted")
    environment = local_project(place, "small")
    (place / "__main__.py").write_text(PROGRAM)

    def pulumi(version: int, *arguments: str) -> str:
        done = subprocess.run(
            [pulumi_command, *arguments, "--non-interactive", "--stack", "dev"],
            cwd=place,
            env={**environment, "VERSION": str(version)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    pulumi(1, "stack", "init")
    try:
        pulumi(1, "up", "--yes", "--skip-preview")
        preview = json.loads(pulumi(2, "preview", "--json", "--show-sames"))
        yield preview, pulumi(1, "stack", "export").encode()
    finally:
        pulumi(1, "destroy", "--yes", "--skip-preview")


@pytest.mark.parametrize("baseline", ["recording", "state"])
def test_the_engine_decides_the_same(deployed: tuple[Any, bytes], baseline: str) -> None:
    preview, state = deployed
    program = functools.partial(twisted, 1)
    old: Baseline = (
        read_baseline(state, STAND_INS, "dev", "small")
        if baseline == "state"
        else Baseline.of(run(program, existing=Settled(STAND_INS), answers=ANSWERS), STAND_INS)
    )
    plan = compare(
        old, functools.partial(twisted, 2), project="small", stack="dev", answers=ANSWERS
    )
    assert {step.urn: step.op for step in plan.steps} == {
        step["urn"]: step["op"] for step in preview["steps"]
    }
    assert plan.change_summary == preview["changeSummary"]
    assert {step.urn: set(step.replace_reasons) for step in plan.steps} == {
        step["urn"]: set(step.get("replaceReasons", ())) for step in preview["steps"]
    }
    assert [step.urn for step in plan.steps if step.uncertain] == []
