"""``stackgraph rules``: every rule, and every row of the catalogue with what is done about it."""

from __future__ import annotations

import json
from pathlib import Path

from graph.rules import RULES
from graph.rules.decisions import OutOfScope, Prevented, Ruled, decisions
from tests.workspace import stackgraph


def test_json(tmp_path: Path) -> None:
    answer = stackgraph(tmp_path, "rules", "--format", "json")
    data = json.loads(answer.out)
    assert (answer.exit_code, answer.err, data["version"]) == (0, "", 1)
    assert [rule["id"] for rule in data["rules"]] == [rule.id for rule in RULES]
    assert set(data["rules"][0]) == {"id", "family", "severity", "title", "also"}
    rows = {row["id"]: row for row in data["catalogue"]}
    assert list(rows) == [row.id for row in decisions()]
    for decided in decisions():
        row = rows[decided.id]
        assert (row["class"], row["incident"]) == (decided.kind, decided.incident)
        match decided.decision:
            case Ruled(rule):
                assert (row["decision"], row["by"]) == ("rule", rule)
            case Prevented(how, test):
                assert (row["decision"], row["by"], row["why"]) == ("prevented", test, how)
            case OutOfScope(reason):
                assert (row["decision"], row["by"], row["why"]) == ("out of scope", None, reason)


def test_a_line_each(tmp_path: Path) -> None:
    answer = stackgraph(tmp_path, "rules")
    assert (answer.exit_code, answer.err) == (0, "")
    above, head, below = answer.out.partition("\nCatalogue: ")
    assert head
    assert [line.split()[0] for line in above.splitlines()] == [rule.id for rule in RULES]
    lines = below.splitlines()[1:]
    assert [line.split()[0] for line in lines] == [row.id for row in decisions()]
    assert any(line.endswith(": rule P01") for line in lines)
