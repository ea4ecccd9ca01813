"""What keeps a system alive, what it needs from others, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from config.finding import Finding
from graph.model import Backup, StackGraph
from graph.waivers import Waived
from render import words
from render.markdown import Cell, Code, heading, mermaid, table, text
from render.mermaid import sequence
from render.names import Names

_LINE, _FILE = re.compile(r"(?P<file>\.ya?ml):[0-9]+"), r"\g<file>"


def externals(graph: StackGraph) -> str:
    """Give a row for every service that others run."""
    rows = [
        (each.key, each.purpose, each.integration or "", each.data or "")
        for each in graph.externals.values()
    ]
    return table(("Service", "Purpose", "Integration", "Holds"), rows)


def databases(graph: StackGraph) -> str:
    """Give a row for every database."""
    names = Names(graph)
    rows = [
        (
            names.database(each.id),
            names.of(each.server),
            [names.of(user) for user in each.used_by],
            each.data or "",
        )
        for each in graph.databases.values()
    ]
    return table(("Database", "Server", "Used by", "Holds"), rows)


def buckets(graph: StackGraph) -> str:
    """Give a row for every bucket."""
    rows = [
        (
            each.key,
            each.spec.provider,
            each.spec.region,
            "yes" if each.spec.deletes else "no",
            words.period(each.spec.lock) if each.spec.lock else "",
            each.spec.purpose,
        )
        for each in graph.buckets.values()
    ]
    head = ("Bucket", "Provider", "Region", "Its writers may delete", "Locked for", "Purpose")
    return table(head, rows)


def backups(graph: StackGraph) -> str:
    """Give a row for every backup."""
    names = Names(graph)
    rows: list[tuple[Cell, ...]] = [
        (
            each.key,
            names.of(each.host),
            words.schedule(each.spec.schedule),
            _captures(names, each),
            Code(each.spec.directory),
            str(each.spec.keep or ""),
            list(_copies(names, each)),
            names.of(each.heartbeat) if each.heartbeat else "",
            _drill(names, each),
            each.spec.purpose or "",
        )
        for each in graph.backups.values()
    ]
    head = ("Backup", "Host", "When", "Saves", "Directory", "Keeps", "Copies")
    return table((*head, "Heartbeat", "Restore drill", "Purpose"), rows)


def _captures(names: Names, backup: Backup) -> list[str]:
    return [
        f"{names.of(capture.of)} ({sequence.captured(names, capture)})"
        for capture in backup.captures
    ]


def _copies(names: Names, backup: Backup) -> Iterator[str]:
    for copy in backup.copies:
        when = words.schedule(copy.spec.schedule) if copy.spec.schedule else "right after"
        said = [when, "encrypted" if copy.spec.encrypted else "not encrypted"]
        said += [f"keeps {copy.spec.keep}"] if copy.spec.keep else []
        yield f"{names.of(copy.by)} to {names.of(copy.to)} ({', '.join(said)})"


def _drill(names: Names, backup: Backup) -> str:
    if not backup.spec.drill or not backup.drill_on:
        return ""
    return f"{words.schedule(backup.spec.drill.schedule)} on {names.of(backup.drill_on)}"


def backup_diagrams(graph: StackGraph) -> Iterator[str]:
    """Give a diagram for every backup."""
    for each in graph.backups.values():
        yield heading(3, f"Backup {each.key}")
        yield mermaid(sequence.backup(graph, each))


def disposable(graph: StackGraph) -> str:
    """Give a row for every volume that needs no backup."""
    names = Names(graph)
    rows = [(names.of(each.volume), each.reason) for each in graph.disposable]
    return table(("Not saved", "Why not"), rows)


def monitors(graph: StackGraph) -> str:
    """Give a row for every monitor."""
    names = Names(graph)
    rows = [
        (
            each.key,
            each.spec.target,
            names.of(each.prober),
            words.period(each.spec.every),
            "" if each.backup else [str(status) for status in each.spec.expect],
            [names.of(external) for external in each.notify],
        )
        for each in graph.monitors.values()
    ]
    return table(("Monitor", "Watches", "Asked by", "Every", "Expects", "Tells"), rows)


def scenarios(graph: StackGraph) -> Iterator[str]:
    """Give the purpose and the diagram of every scenario."""
    for each in graph.scenarios.values():
        yield heading(3, each.key)
        yield text(each.purpose)
        yield mermaid(sequence.scenario(graph, each))


def findings(found: Iterable[Finding]) -> str:
    """Give a row for every finding that counts, without lines, which move with every edit."""
    rows = {
        (each.source.file, each.source.path, each.rule, str(each.severity), each.fact)
        for each in found
    }
    return table(
        ("Rule", "Severity", "Where", "Fact"),
        [
            (rule, severity, Code(f"{file}: {path}" if path else file), _LINE.sub(_FILE, fact))
            for file, path, rule, severity, fact in sorted(rows)
        ],
    )


def waivers(graph: StackGraph, waived: Iterable[Waived]) -> str:
    """Give a row for every waiver, and how many findings it accepts."""
    counts = [each.waiver for each in waived]
    rows = [
        (
            each.spec.rule,
            Code(each.spec.path),
            each.spec.reason,
            each.spec.until.isoformat(),
            str(counts.count(each)),
        )
        for each in graph.waivers
    ]
    return table(("Rule", "Path", "Reason", "Until", "Findings"), rows)
