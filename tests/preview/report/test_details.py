"""Single parts of reports: what differs, what other programs read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from preview.gate import Outcome
from preview.report import to_data
from preview.report.comment import marker
from preview.report.difference import MOST_LINES, shown
from preview.value import MASK, SECRET, SIGNATURE, UNKNOWN
from tests.preview.gate.made import change
from tests.preview.report.sample import samples

OPEN = {SIGNATURE: SECRET, "plaintext": '"hunter2"'}
LONG = "".join(f"{n}\n" for n in range(100))


def told(old: Any, new: Any, **more: Any) -> list[str]:
    differences, _ = shown(change("a", old={"p": old}, new={"p": new}, **more))
    return [f"{each.path}: {each.values or ' | '.join(each.lines)}" for each in differences]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a", "b", ["p: a → b"]),
        ("", "b", ['p: "" → b']),
        (1, 2, ["p: 1 → 2"]),
        (True, None, ["p: true → null"]),
        ([1], [1, {"a": "b"}], ['p[1]: + {"a": "b"}']),
        ({"x": 1}, {}, ["p.x: - 1"]),
        ("a", UNKNOWN.value, ["p: a → known after up"]),
        ("a", {"b": UNKNOWN.value}, ['p: a → {"b": "(known after up)"}']),
        ("a", f"x{UNKNOWN.value}", ["p: a → x(known after up)"]),
        ("a\nb\n", UNKNOWN.value, ["p: 2 lines → known after up"]),
        ("a\n", "a\r\n", ["p: line breaks change"]),
        (MASK, "b", ["p: [secret] → b"]),
        (OPEN, "b", ["p: [secret] → b"]),
        ([OPEN], ["b", OPEN], ["p[0]: [secret] → b", "p[1]: + [secret]"]),
        ("a\nb\nc\nd\n", "a\nb\nC\nd\n", ["p: @@ -2,3 +2,3 @@ |  b | -c | +C |  d"]),
        ("x" * 500, "y", [f"p: {'x' * 119}… → y"]),
    ],
)
def test_values(old: Any, new: Any, expected: list[str]) -> None:
    assert told(old, new) == expected


def test_a_secret_that_changes_is_told_without_its_value() -> None:
    assert told(MASK, MASK, told=("p",)) == ["p: changes, and is secret"]
    assert told("a", "a", told=("p",)) == ["p: changes"]


def test_long_texts_are_cut() -> None:
    (line,) = told("a\n", LONG)
    assert line.endswith(f"@@ {len(LONG.splitlines()) + 2 - MOST_LINES} more lines @@")
    assert told("a\n", LONG * 30) == ["p: @@ 1 lines become 3000 @@"]


def test_many_differences_are_counted() -> None:
    old = {f"k{n}": 1 for n in range(9)}
    differences, more = shown(change("a", old=old, new={}))
    assert (len(differences), more) == (6, 3)


@pytest.mark.parametrize(
    ("stacks", "expected"),
    [
        ([""], "<!-- stackgraph gate -->"),
        (["org/dev-1.2_x"], "<!-- stackgraph gate org/dev-1.2_x -->"),
        (["a--><b>", "x--y"], "<!-- stackgraph gate a_b_ x_y -->"),
        (["-->", "\n", "--"], "<!-- stackgraph gate _ _ _ -->"),
    ],
)
def test_the_mark_ends_where_it_ends(stacks: list[str], expected: str) -> None:
    assert marker("stackgraph gate", *stacks) == expected


@pytest.mark.parametrize("name", list(samples()))
def test_the_json_is_as_its_schema_says(name: str) -> None:
    schema = json.loads((Path(__file__).parent / "report.schema.json").read_text())
    data = json.loads(json.dumps(to_data([samples()[name]])))
    validator = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    validator.validate(data)
    for missing in data:
        less = {key: value for key, value in data.items() if key != missing}
        assert not validator.is_valid(less)
    assert not validator.is_valid({**data, "verdict": "passed"})


def test_the_json_tells_the_worst() -> None:
    found = samples()
    data = to_data([found["needs-acceptance"], found["pass"]])
    assert (data["verdict"], data["exitCode"]) == (str(Outcome.NEEDS_ACCEPTANCE), 1)
    assert [each["verdict"] for each in data["stacks"]] == ["needs acceptance", "pass"]
    assert (to_data([])["verdict"], to_data([])["exitCode"]) == ("cannot tell", 2)
