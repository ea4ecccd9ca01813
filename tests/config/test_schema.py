"""The published JSON Schemas agree with what is read: editors neither miss nor invent problems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from config.document import parse
from config.schema import schemas
from tests.case import Case
from tests.config.test_oracle import FILES
from tests.config.wrong import CASES, files
from tests.workspace import SHOP

SCHEMAS = {name: json.loads(text) for name, text in schemas().items()}


def problems(kind: str, text: str) -> list[str]:
    schema = SCHEMAS[f"{kind}.schema.json"]
    found = jsonschema.Draft202012Validator(schema).iter_errors(parse(text, "f.yaml").data)
    return [error.message for error in found]


def test_they_are_schemas_and_they_are_published(project: Path) -> None:
    for name, schema in SCHEMAS.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        published: Any = json.loads((project / "schemas" / name).read_text())
        assert published == schema, "run stackgraph schema"


@pytest.mark.parametrize("name", ["dyniq", "example"])
def test_real_systems_are_valid(name: str, project: Path) -> None:
    folder = project / "systems" / name
    assert problems("system", (folder / "system.yaml").read_text()) == []
    for file in folder.glob("*.compose.yaml"):
        assert problems("compose", file.read_text()) == []


def test_the_shop_is_valid() -> None:
    assert problems("system", SHOP["systems/shop/system.yaml"]) == []
    assert problems("compose", SHOP["systems/shop/web.compose.yaml"]) == []


# What interpolation makes of a text is not known to an editor.
@pytest.mark.parametrize(
    "file",
    [file for file in FILES if not file.name.startswith("interpolation")],
    ids=lambda file: file.name.partition(".")[0],
)
def test_every_form_that_is_read_is_valid(file: Path) -> None:
    assert problems("compose", file.read_text(encoding="utf-8")) == []


SEEN_BY_EDITORS = {
    "system": [
        "system-unknown-key",
        "system-unknown-nested-keys",
        "system-wrong-types",
        "system-missing-keys",
        "system-bad-choices",
        "system-is-a-list",
        "route-bad-targets",
    ],
    "compose": [
        "compose-unknown-service-key",
        "compose-unknown-top-level-key",
        "compose-unknown-keys-inside",
        "compose-wrong-types",
        "compose-services-missing",
        "compose-is-a-list",
        "depends-on-conditions",
        "choices-bad",
    ],
}


@pytest.mark.parametrize(
    ("kind", "case"),
    [
        (kind, case)
        for kind, names in SEEN_BY_EDITORS.items()
        for case in CASES
        if str(case) in names
    ],
    ids=str,
)
def test_editors_see_what_is_wrong(kind: str, case: Case) -> None:
    name = {"system": "system.yaml", "compose": "web.compose.yaml"}[kind]
    assert problems(kind, files(case)[f"systems/shop/{name}"].decode())


def test_every_case_is_there() -> None:
    named = [name for names in SEEN_BY_EDITORS.values() for name in names]
    assert set(named) <= {str(case) for case in CASES}
