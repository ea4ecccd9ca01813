"""What ``stackgraph rules`` prints: the rules, and what is done about each catalogue row."""

from __future__ import annotations

import json

import typer

from graph.rules import RULES
from graph.rules.decisions import Decision, OutOfScope, Prevented, Ruled, decisions


def show_rules() -> None:
    """Print a line for each rule, and below them one for each row of the catalogue."""
    for rule in RULES:
        typer.echo(f"{rule.id:4} {rule.family:12} {rule.severity:8} {rule.title}")
    typer.echo("\nCatalogue: what went wrong on systems like these, and what is done about it")
    for row in decisions():
        typer.echo(f"{row.id:4} {row.kind:3} {row.incident}: {_words(row.decision)}")


def rules_json() -> str:
    """Give the rules and the catalogue as JSON, for other programs."""
    rules = [
        {
            "id": rule.id,
            "family": rule.family,
            "severity": rule.severity,
            "title": rule.title,
            "also": list(rule.also),
        }
        for rule in RULES
    ]
    catalogue = [
        {
            "id": row.id,
            "class": row.kind,
            "incident": row.incident,
            **_fields(row.decision),
        }
        for row in decisions()
    ]
    return json.dumps({"version": 1, "rules": rules, "catalogue": catalogue}, indent=2)


def _words(decision: Decision) -> str:
    match decision:
        case Ruled(rule):
            return f"rule {rule}"
        case Prevented(how, _):
            return f"prevented: {how}"
        case OutOfScope(reason):
            return f"out of scope: {reason}"


def _fields(decision: Decision) -> dict[str, str | None]:
    match decision:
        case Ruled(rule):
            return {"decision": "rule", "by": rule}
        case Prevented(how, test):
            return {"decision": "prevented", "by": test, "why": how}
        case OutOfScope(reason):
            return {"decision": "out of scope", "by": None, "why": reason}
