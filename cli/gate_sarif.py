"""Verdicts as SARIF: each risk at the file that describes what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cli.project import PROJECT_FILE, Project
from cli.sarif import findings_sarif
from config.document import Document, read_document
from config.finding import Finding, FindingsError, Severity, Source
from config.load import SYSTEM_FILE
from config.stack import SYSTEMS_DIRECTORY
from preview import urn as urns
from preview.gate import Judged, Verdict
from preview.report.words import visible
from preview.risk import TITLES, Family

UNCLEAR = "gate-unclear"
_DESCRIBED = {
    UNCLEAR: "What a change would do can be told",
    **{f"gate-{family}": f"{TITLES[family]}: accepted, or not there" for family in Family},
}


def gate_sarif(project: Project, verdicts: Sequence[Verdict], policy: str) -> str:
    """Give verdicts as a SARIF log.

    What blocks is an error. What is accepted is there, too, and suppressed with its reason; what
    the policy allows is not there.
    """
    places = _Places(project)
    accepted: dict[Finding, str] = {}
    findings: list[Finding] = []
    for verdict in verdicts:
        of_stack = places.of_stack(verdict)
        findings += [
            Finding(
                rule=UNCLEAR,
                source=of_stack,
                fact=visible(why),
                remedy="mend it, and preview again",
            )
            for why in verdict.unclear
        ]
        for each in (*verdict.blocking, *verdict.warnings, *verdict.accepted):
            finding = _finding(each, places.of_risk(verdict, each), policy)
            findings.append(finding)
            if each.acceptance:
                accepted[finding] = visible(each.acceptance.reason)
    return findings_sarif(findings, others=_DESCRIBED, accepted=accepted)


def _finding(judged: Judged, source: Source, policy: str) -> Finding:
    risk = judged.risk
    chain = f" ({'; '.join(map(visible, risk.chain))})" if risk.chain else ""
    return Finding(
        rule=f"gate-{risk.family}",
        source=source,
        fact=f"{visible(risk.fact)}{chain}",
        remedy=f"change it, or accept risk {judged.digest} in {policy}",
        severity=Severity.WARNING if judged.level == "warn" else Severity.ERROR,
    )


@dataclass(slots=True)
class _Places:
    """Where in the project's files something is described, as well as a change can tell."""

    project: Project
    _systems: dict[str, Document | None] = field(default_factory=dict)

    def of_stack(self, verdict: Verdict) -> Source:
        """Give the stack's file; without one, the project's."""
        known = verdict.stack in self.project.stacks()
        return Source(f"Pulumi.{verdict.stack}.yaml" if known else PROJECT_FILE, 1, "")

    def of_risk(self, verdict: Verdict, judged: Judged) -> Source:
        """Give the app in the file of its system."""
        subject = visible(judged.risk.subject)
        systems = sorted(verdict.changes.systems if verdict.changes else (), key=len)
        for urn in judged.risk.urns:
            name = urns.split(urn).name
            for system in reversed(systems):
                if name == system or name.startswith(f"{system}-"):
                    document = self._system(system)
                    if document is not None:
                        app = judged.risk.subject.partition("/")[0]
                        place = document.where(("apps", app))
                        return Source(place.file, place.line, subject)
        return Source(self.of_stack(verdict).file, 1, subject)

    def _system(self, name: str) -> Document | None:
        if name not in self._systems:
            display = f"{SYSTEMS_DIRECTORY}/{Path(name).name}/{SYSTEM_FILE}"
            try:
                self._systems[name] = read_document(self.project.root / display, display)
            except FindingsError:
                self._systems[name] = None
        return self._systems[name]
