"""Everything that is wrong with systems, in their files and in what they mean, in one go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from config.finding import Finding, FindingsError, Severity, ordered
from config.load import LoadedSystem, read_systems
from config.stack import StackSettings
from graph.build import build
from graph.cloudflare import CLOUDFLARE_NETWORKS
from graph.model import StackGraph
from graph.platforms import RULE, Ask, all_answered, with_answers
from graph.rules import RULES, check
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
    directories: Iterable[Path],
    settings: StackSettings,
    *,
    relative_to: Path,
    today: date,
    ask: Ask | None = None,
    edge_networks: frozenset[str] = CLOUDFLARE_NETWORKS,
) -> Judgement:
    """Read systems, build their graph and run every rule on what could be read.

    ``today`` tells which waivers still hold; ``ask`` what registries know of the images;
    ``edge_networks`` where Cloudflare says that its proxy calls from.
    """
    systems, findings = read_systems(directories, settings, relative_to=relative_to)
    graph = build(systems, settings, edge_networks=edge_networks)
    found = tuple(_told(check(graph), systems))
    answers = ask(graph) if ask else None
    if answers is not None:
        found = tuple(with_answers(found, graph, answers))
    undecided = () if all_answered(graph, answers) else (RULE,)
    unread = {system.name for system in systems if system.unreadable}
    counting, waived = apply(found, graph, today, undecided, unread)
    return Judgement(
        systems=systems, graph=graph, findings=ordered([*findings, *counting]), waived=waived
    )


def _told(findings: Iterable[Finding], systems: Iterable[LoadedSystem]) -> Iterator[Finding]:
    """Hold back what would follow from a part that could not be read, which is told itself."""
    partly = tuple(
        f"{system.document.file.rpartition('/')[0]}/" for system in systems if system.unreadable
    )
    absence = {rule.id for rule in RULES if rule.absence}
    for finding in findings:
        if finding.rule not in absence or not finding.source.file.startswith(partly):
            yield finding
