"""Changes of the systems of this project, and what is said of each: case files.

Where a case has a section ``undone``, the change is made the other way, too.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.case import Case, cases
from tests.preview.risk.judging import Edit, Side, side, told

CASES = cases(Path(__file__).parent / "cases")


@pytest.fixture(scope="module")
def unedited(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Side]:
    """The systems as they are, each recorded once."""
    known: dict[tuple[str, str], Side] = {}

    def give(system: str, stack: str) -> Side:
        if (system, stack) not in known:
            root = tmp_path_factory.mktemp("unedited") / "project"
            known[system, stack] = side(project, root, system, stack)
        return known[system, stack]

    return give


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_change_is_told(
    case: Case,
    project: Path,
    tmp_path: Path,
    unedited: Callable[[str, str], Side],
    update_golden: bool,
) -> None:
    system, stack = case.options["system"], case.options.get("stack", "prod")
    edits = [Edit(**each) for each in yaml.safe_load(case.sections["edits"])]
    before = unedited(system, stack)
    after = side(project, tmp_path / "project", system, stack, edits)
    found = {"told": told(before.towards(after))}
    if "undone" in case.sections:
        found["undone"] = told(after.towards(before))
    case.expect(found, update=update_golden)
