"""``stackgraph check``: all findings of the files and the rules, and of whom else was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import typer

from cli.output import FAILED, exit_code, findings_json, note, show_findings
from cli.project import Project
from config.finding import FindingsError, Severity
from graph.platforms import Ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What is asked besides the files: registries, and with ``live`` DNS and the running stack.

    ``records``: those that external zones must have are listed, too.
    """

    images: bool
    live: bool
    resolver: str | None
    addresses: Sequence[str]
    records: bool


def show_check(
    project: Project,
    stack: str,
    systems: Sequence[str],
    asked: Questions,
    format_: Literal["text", "json", "sarif"],
    severity: Severity,
) -> int:
    """Print the findings of at least a severity; give the exit code."""
    graph, answered = None, True
    try:
        judgement = project.judge(stack, systems, ask=_registries() if asked.images else None)
        findings, graph = judgement.findings, judgement.graph
        if asked.live:
            from cli.live import add_live

            findings, answered = add_live(findings, graph, asked.resolver, asked.addresses)
    except FindingsError as error:
        findings = error.findings
    if severity is Severity.ERROR:
        findings = tuple(finding for finding in findings if finding.severity is severity)
    if format_ == "json":
        typer.echo(findings_json(findings))
    elif format_ == "sarif":
        from cli.sarif import findings_sarif

        typer.echo(findings_sarif(findings))
    else:
        show_findings(findings)
        note(f"{len(findings) or 'no'} finding{'' if len(findings) == 1 else 's'}")
        if asked.records and graph is not None:
            from cli.records import show_external

            show_external(graph)
    return exit_code(findings) if answered else FAILED


def _registries() -> Ask:
    from cli.images import ask

    return ask
