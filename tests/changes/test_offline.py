"""The offline plan of a change foretells what the real engine's preview of it did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.program import Prepared, settled_answers
from cli.project import Project
from components.stand_ins import STAND_INS
from preview.against import compare
from preview.change import changes_of
from preview.document import from_json, to_json
from preview.existing import Settled
from preview.record import Recording, record
from preview.risk import assess
from tests.changes.recorded import operations, recorded
from tests.changes.table import CASES, CONFIG, PROJECT, Case, lay_out


def lay_project(folder: Path, case: Case | None = None) -> Project:
    """Make a project with the system in a folder, changed or not."""
    folder.mkdir()
    lay_out(folder)
    (folder / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n")
    values = {f"stackgraph:{key}": value for key, value in CONFIG.items()}
    (folder / "Pulumi.dev.yaml").write_text(json.dumps({"config": values}))
    if case is not None:
        case.apply(folder)
    return Project(root=folder)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    prepared = Prepared.of(lay_project(tmp_path_factory.mktemp("base") / "project"), "dev", ())
    return record(prepared.run, existing=Settled(STAND_INS), **_settings(prepared))


def _settings(prepared: Prepared) -> dict[str, Any]:
    # As cli/against.py has it, which runs the other side in a process of its own.
    return {
        **prepared.settings,
        "root": prepared.project.root,
        "answers": settled_answers(),
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_plan_agrees_with_the_real_preview(base: Recording, tmp_path: Path, case: Case) -> None:
    prepared = Prepared.of(lay_project(tmp_path / "project", case), "dev", ())
    plan = compare(base, prepared.run, stand_ins=STAND_INS, **_settings(prepared))
    document, real = to_json(plan), recorded(case.name)
    assert operations(document) == operations(real)
    assert _reasons(document) == _reasons(real)
    assert [step.urn for step in plan.steps if step.uncertain] == []
    # What is accepted for the one is accepted for the other.
    assert _digests(document) == _digests(real)


def _digests(document: Any) -> set[str]:
    found = assess(changes_of(from_json(document)))
    return {risk.digest(found.changes) for risk in found.risks}


def _reasons(document: Any) -> dict[str, Any]:
    return {
        step["urn"]: sorted(step.get("replaceReasons", []))
        for step in document["steps"]
        if step["op"] == "replace"
    }
