"""The page of rules: everything is on it, once."""

from __future__ import annotations

import re

from graph.rules import RULES
from graph.rules.decisions import decisions
from render.rules_page import rules_page


def test_every_rule_and_every_row_is_on_it_once() -> None:
    page = rules_page()
    rules, _, catalogue = page.partition("## The incident catalogue\n")
    first = re.compile(r"^\| ([A-Z][0-9]{2}) \|", re.MULTILINE)
    assert sorted(first.findall(rules)) == sorted(rule.id for rule in RULES)
    assert first.findall(catalogue) == [row.id for row in decisions()]


def test_it_is_a_page() -> None:
    page = rules_page()
    assert page.startswith("# Rules\n\n")
    assert page.endswith("|\n")
