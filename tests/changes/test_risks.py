"""What each change of the table puts at risk, told from the real preview and from offline plans."""

from __future__ import annotations

from pathlib import Path

import pytest

from preview.change import changes_of
from preview.document import from_json
from preview.risk import Assessment, Family, assess
from tests.changes.recorded import recorded
from tests.changes.table import CASES, Case

ROUTES = {"shop.example.com", "admin.example.com", "files.example.com", "blog.example.com"}


def of_preview(case: Case) -> Assessment:
    """Assess the recorded preview of a case."""
    return assess(changes_of(from_json(recorded(case.name))))


def told(assessment: Assessment, *families: Family) -> str:
    """Give all that is said of risks: of some families, or of all."""
    return "\n".join(
        " ".join((str(risk), *risk.chain, *risk.evidence))
        for risk in assessment.risks
        if not families or risk.family in families
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_families_are_those_that_people_would_name(case: Case) -> None:
    found = of_preview(case)
    assert {risk.family for risk in found.risks} == case.risks
    assert found.unclear == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_matters_is_said(case: Case) -> None:
    text = told(of_preview(case))
    assert [word for word in case.words if word not in text] == []


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.down or not c.risks], ids=lambda case: case.name
)
def test_routes_that_go_down_are_named_and_no_others(case: Case) -> None:
    text = told(of_preview(case), Family.DOWNTIME, Family.IDENTITY)
    assert {route for route in ROUTES if route in text} == case.down


def test_no_secret_is_told() -> None:
    for case in CASES:
        assert "dev-only" not in told(of_preview(case)), case.name


def test_each_change_has_its_own_digests() -> None:
    seen: dict[str, str] = {}
    for case in CASES:
        found = of_preview(case)
        for risk in found.risks:
            digest = risk.digest(found.changes)
            assert seen.setdefault(digest, str(risk)) == str(risk), case.name


def test_recordings_are_of_the_table(project: Path) -> None:
    there = {file.name for file in (project / "tests/changes/recorded").iterdir()}
    assert there == {f"{case.name}.json.gz" for case in CASES}
