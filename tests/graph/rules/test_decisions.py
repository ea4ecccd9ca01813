"""The decisions on the incident catalogue: complete, one for each row, and each can be checked."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from graph.rules import RULES
from graph.rules.decisions import (
    UNRULED,
    Decided,
    OutOfScope,
    Prevented,
    Ruled,
    decisions,
    ruled,
    undecided,
)
from graph.rules.incidents import FAMILIES, INCIDENTS

LISTED = {
    "R": "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 21 22",
    "N": "01 02 03 04 06 07 08 09 10 11 12 13 15",
    "P": "01 02 03 04 05 06 07 08 11 12 13 14 15",
    "D": "03 04 05 06 09 10 12",
    "H": "01 02 03 04 05 06 07 08 09 10 11 13",
    "F": "01 02 03 04 05 06 07 08 09 11 12 14 15",
    "S": "01 02 03 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19",
    "B": "02 03 05 06 07 08 09 10 11 12 13 14 15 16 17 18",
    "V": "01 02 03 05 06 07 09 10 11 12 13 14 16",
    "M": "01 02 03 04 06 08 09 10 11 12",
    "K": "03 04 05 08 09 10 11 12 13 15 16",
    "A": "01 02 03 04 06 07 09 10",
}
"""The catalogue's rows of classes PV and PC, by family."""

OTHERS = {
    "R": "20",
    "N": "05 14",
    "P": "09 10 16",
    "D": "01 02 07 08 11 13 14 15",
    "H": "12 14 15",
    "F": "10 13",
    "S": "04",
    "B": "01 04",
    "V": "04 08 15",
    "M": "05 07",
    "K": "01 02 06 07 14",
    "A": "05 08",
}
"""Its rows of classes DP and RT, which a preview shows or a probe after the deploy."""

DECIDED = decisions()
PREVENTED = [row for row in DECIDED if isinstance(row.decision, Prevented)]


def ids(rows: dict[str, str]) -> list[str]:
    return [family + number for family, numbers in rows.items() for number in numbers.split()]


def test_the_literal_lists_are_the_catalogue() -> None:
    assert (len(ids(LISTED)), len(ids(OTHERS))) == (155, 34)
    for family in FAMILIES:
        numbers = sorted([*LISTED[family].split(), *OTHERS[family].split()])
        assert numbers == [f"{number:02}" for number in range(1, len(numbers) + 1)], family


def test_every_row_is_there_with_words_of_its_own() -> None:
    assert list(INCIDENTS) == ids(LISTED)
    assert [i.kind for i in INCIDENTS.values()].count("PV") == 98
    texts = [incident.what for incident in INCIDENTS.values()]
    assert len(set(texts)) == len(texts)
    for text in texts:
        assert text == text.strip().rstrip(".;")
        assert "\n" not in text


def test_every_row_has_exactly_one_decision() -> None:
    assert undecided() == ()
    assert set(ruled()) & set(UNRULED) == set()
    assert [row.id for row in DECIDED] == ids(LISTED)


def test_what_rules_cover_is_in_the_catalogue() -> None:
    known = {*ids(LISTED), *ids(OTHERS)}
    for rule in RULES:
        for row in (rule.id, *rule.also):
            assert row in known or row.startswith("G"), f"{rule.id} covers {row}"


def test_many_rows_are_live_rules() -> None:
    assert len({rule.id for rule in RULES} & set(ids(LISTED))) >= 70


def test_a_rule_decides_its_own_row_and_those_it_lists() -> None:
    by_id = {row.id: row for row in DECIDED}
    assert by_id["P01"].decision == Ruled("P01")
    assert by_id["P02"].decision == Ruled("P01")


@pytest.mark.parametrize("row", PREVENTED, ids=lambda row: row.id)
def test_the_test_that_shows_it_exists(row: Decided, project: Path) -> None:
    assert isinstance(row.decision, Prevented)
    file, _, name = row.decision.test.partition("::")
    assert file.startswith("tests/")
    assert name in names_in(project / file)


@cache
def names_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_what_is_said_of_a_row_is_a_line() -> None:
    for row, decision in UNRULED.items():
        said = decision.reason if isinstance(decision, OutOfScope) else decision.how
        assert said == " ".join(said.split()).rstrip(".;"), row


def test_cases_that_are_named_are_there(project: Path) -> None:
    for row in PREVENTED:
        assert isinstance(row.decision, Prevented)
        _, found, case = row.decision.how.partition("(case ")
        if found:
            name = case.partition(")")[0]
            assert (project / f"tests/config/bad_input/{name}.txt").is_file(), row.id
