"""The page of rules: every rule by family, and what is done about each row of the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from graph.rules import RULES, Rule
from graph.rules.decisions import Decided, Decision, OutOfScope, Prevented, Ruled, decisions
from graph.rules.incidents import FAMILIES
from render.markdown import Cell, Code, heading, table

_INTRODUCTION = """\
Made by `stackgraph docs` from the rules; changes here are overwritten.

`stackgraph check` runs every rule over the stack graph. An error stops a deploy, a warning does \
not. A waiver in `system.yaml` accepts one finding, with a reason and until a day. The same lists \
as JSON: `stackgraph rules --format json`."""

_CATALOGUE = """\
What went wrong on systems like these, and what is done about it here: a rule finds it (its id), \
it is prevented (it cannot happen, and a test shows so), or it is out of scope. Rows that only a \
preview or a probe after the deploy can show are not listed. PV: to be refused by a check; PC: to \
be impossible by construction."""

_HEAD = ("Row", "Class", "What went wrong", "Decision", "How", "Test")
_TITLES = {rule.id: rule.title for rule in RULES}


def rules_page() -> str:
    """Give the page, in Markdown."""
    parts = [heading(1, "Rules"), _INTRODUCTION, *_rules()]
    parts += [heading(2, "The incident catalogue"), _CATALOGUE, *_catalogue(decisions())]
    return "\n\n".join(parts) + "\n"


def _rules() -> Iterator[str]:
    ordered = sorted(RULES, key=lambda rule: (rule.family, rule.id))
    for family, rules in groupby(ordered, key=lambda rule: rule.family):
        yield heading(2, _title(family))
        yield table(("Rule", "Severity", "Title", "Also"), map(_rule, rules))


def _title(family: str) -> str:
    return family.replace("_", " ").capitalize()


def _rule(rule: Rule) -> tuple[Cell, ...]:
    return rule.id, str(rule.severity), rule.title, list(rule.also)


def _catalogue(rows: tuple[Decided, ...]) -> Iterator[str]:
    for letter, family in groupby(rows, key=lambda row: row.id[0]):
        yield heading(3, FAMILIES[letter])
        yield table(_HEAD, map(_row, family))


def _row(row: Decided) -> tuple[Cell, ...]:
    return row.id, row.kind, row.incident, *_decided(row.decision)


def _decided(decision: Decision) -> tuple[Cell, ...]:
    match decision:
        case Ruled(rule):
            return f"rule {rule}", _TITLES[rule], ""
        case Prevented(how, test):
            return "prevented", how, Code(test)
        case OutOfScope(reason):
            return "out of scope", reason, ""
