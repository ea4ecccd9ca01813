"""The golden list of each system's resources: a line that changes needs an alias."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from preview.record import Recording
from stackgraph_testing import Stackgraph

GOLDEN = Path(__file__).parent / "golden"


def recorded(project: Path, system: str) -> Recording:
    # A new one each time, which remembers no other's run.
    return Stackgraph(project).system(system).recording


@pytest.mark.parametrize("system", ["dyniq", "example"])
def test_types_names_and_parents_are_the_golden_ones(
    project: Path, system: str, update_golden: bool
) -> None:
    found = "".join(
        f"{resource.type} {resource.name} {(resource.parent or '').rpartition('::')[2]}\n"
        for resource in sorted(recorded(project, system).resources, key=lambda r: r.urn)
    )
    file = GOLDEN / f"{system}.txt"
    if update_golden:
        file.write_text(found, encoding="utf-8")
    assert found == file.read_text(encoding="utf-8")


def test_names_do_not_depend_on_the_order_of_keys(project: Path) -> None:
    first = [resource.urn for resource in recorded(project, "dyniq").resources]
    assert first == [resource.urn for resource in recorded(project, "dyniq").resources]
    assert len(set(first)) == len(first)


def test_a_local_stack_imports_no_cloud_sdk(project: Path) -> None:
    code = "import sys, components.program; print(*sorted(sys.modules), sep='\\n')"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    imported = {name.partition(".")[0] for name in done.stdout.split()}
    assert {"pulumi", "pulumi_docker", "pulumi_command"} <= imported
    assert not imported & {"pulumi_aws", "pulumi_cloudflare", "pulumi_hcloud", "pulumi_oci"}
