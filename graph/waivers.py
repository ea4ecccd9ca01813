"""Waivers: findings that the owner accepts, for a reason and until a day."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from config.finding import Finding, Severity, ordered
from graph.model import StackGraph, Waiver
from graph.rules import RULES

EXPIRED, UNUSED = "waiver-expired", "waiver-unused"


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding that counts no more, and the waiver that says so."""

    finding: Finding
    waiver: Waiver


def apply(
    findings: Iterable[Finding],
    graph: StackGraph,
    today: date,
    undecided: Collection[str] = (),
    unread: Collection[str] = (),
) -> tuple[tuple[Finding, ...], tuple[Waived, ...]]:
    """Split findings of rules into those that count and those that are waived.

    A waiver that has expired waives nothing and is an error itself. One that waives nothing on
    a prod stack is a warning: the reason for it is gone, or it names the wrong place. Not so
    where its rule is ``undecided``: not everybody was asked who could tell of a breach; nor in
    systems that are ``unread`` in part: what it waives may be there.
    """
    good = [waiver for waiver in graph.waivers if today <= waiver.spec.until]
    ids = {rule.id for rule in RULES}

    def untold(waiver: Waiver) -> bool:
        """Whether what it waives may be there, and nobody could tell."""
        rule = waiver.spec.rule
        return rule in undecided or (waiver.system in unread and rule in ids)

    used: set[Waiver] = set()
    counting: list[Finding] = []
    waived: list[Waived] = []
    for finding in findings:
        waiver = next((each for each in good if _fits(each, finding)), None)
        if waiver is None:
            counting.append(finding)
        else:
            used.add(waiver)
            waived.append(Waived(finding, waiver))
    for waiver in graph.waivers:
        if waiver not in good:
            fact = (
                f"the waiver of {waiver.spec.rule} at {waiver.spec.path} ended {waiver.spec.until}"
            )
            remedy = "mend what it waived, or give a reason anew and a later day"
            counting.append(_finding(EXPIRED, waiver, fact, remedy, Severity.ERROR))
        elif graph.target == "prod" and waiver not in used and not untold(waiver):
            fact = f"nothing breaks {waiver.spec.rule} at {waiver.spec.path}"
            remedy = "remove the waiver, or correct its rule or path"
            counting.append(_finding(UNUSED, waiver, fact, remedy, Severity.WARNING))
    return ordered(counting), tuple(waived)


def _fits(waiver: Waiver, finding: Finding) -> bool:
    spec = waiver.spec
    if (spec.rule, spec.path) != (finding.rule, finding.source.path):
        return False
    return spec.file is None or f"/{finding.source.file}".endswith(f"/{spec.file}")


def _finding(rule: str, waiver: Waiver, fact: str, remedy: str, severity: Severity) -> Finding:
    return Finding(rule=rule, source=waiver.source, fact=fact, remedy=remedy, severity=severity)
