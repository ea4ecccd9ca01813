"""The registry of rules: each is described, tried by a row, and has ids of its own."""

from __future__ import annotations

import importlib
from pathlib import Path

from graph.rules import RULES
from tests.graph.rules.row import Row

HERE = Path(__file__).parent


def rows() -> list[Row]:
    found: list[Row] = []
    for file in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(f"tests.graph.rules.{file.stem}")
        found += getattr(module, "ROWS", [])
    return found


def test_every_rule_has_a_row_in_the_test_of_its_family() -> None:
    tried = {row.rule for row in rows()}
    assert tried == {rule.id for rule in RULES}


def test_rules_are_described() -> None:
    ids = [id_ for rule in RULES for id_ in (rule.id, *rule.also)]
    assert len(set(ids)) == len(ids)
    for rule in RULES:
        assert rule.title
        assert not rule.title.endswith(".")
