"""Everything that is wrong with systems, in their files and in what they mean, in one go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from config.finding import Finding, FindingsError, Severity, ordered
from config.load import LoadedSystem, read_systems
from config.stack import StackSettings
from graph.build import build
from graph.model import StackGraph
from graph.rules import check
from graph.waivers import Waived, apply


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Systems, their graph, and all findings; with errors, both lack what could not be read.

    ``waived`` are the findings that the owners accept: they are not among the others.
    """

    systems: tuple[LoadedSystem, ...]
    graph: StackGraph
    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...]

    def accepted(self) -> Judgement:
        """Give itself; a `FindingsError` with every error when there is one."""
        errors = [finding for finding in self.findings if finding.severity is Severity.ERROR]
        if errors:
            raise FindingsError(errors)
        return self


def judge(
    directories: Iterable[Path], settings: StackSettings, *, relative_to: Path, today: date
) -> Judgement:
    """Read systems, build their graph and run every rule on what could be read.

    ``today`` tells which waivers still hold.
    """
    systems, findings = read_systems(directories, settings, relative_to=relative_to)
    graph = build(systems, settings)
    counting, waived = apply(check(graph), graph, today)
    return Judgement(
        systems=systems, graph=graph, findings=ordered([*findings, *counting]), waived=waived
    )
