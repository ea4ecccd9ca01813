"""Who does what, one after the other: https://mermaid.js.org/syntax/sequenceDiagram.html."""

from __future__ import annotations

from collections.abc import Iterator

from graph.model import Backup, Capture, Choice, Copy, Message, Scenario, StackGraph
from render import words
from render.mermaid.text import block, indented, node_id, plain
from render.names import Names

METHODS = {
    "postgres": "pg_dump",
    "mysql": "mysqldump",
    "redis": "BGSAVE snapshot",
    "qdrant": "snapshot",
    "n8n": "export of workflows",
    "sqlite": "sqlite3 .backup",
    "clickhouse": "BACKUP",
    "copy": "copy of files",
}
"""How people call the ways of saving something."""


class Sequence:
    """A diagram in the making: its participants in order of appearance, and its lines."""

    def __init__(self) -> None:
        self._participants: dict[str, str] = {}
        self._lines: list[str] = []

    def take_part(self, id_: str, *name: str, kind: str = "participant") -> str:
        """Give the id of a participant in the diagram, who is introduced if not known yet."""
        id_ = node_id(id_)
        self._participants.setdefault(id_, f"{kind} {id_} as {plain(*name)}")
        return id_

    def add(self, *lines: str) -> None:
        """Add lines."""
        self._lines += lines

    def text(self) -> str:
        """Give the diagram."""
        return block("sequenceDiagram", [*self._participants.values(), *self._lines])


def said(caller: str, called: str, text: str, *, answer: bool = False) -> str:
    """Give the line of a message between two participants."""
    return f"{caller}{'-->>' if answer else '->>'}{called}: {plain(text)}"


def scenario(graph: StackGraph, node: Scenario) -> str:
    """Draw a scenario: its messages in order, what may go several ways as alternatives."""
    names = Names(graph)
    diagram = Sequence()

    def line(message: Message) -> str:
        caller, called = (
            diagram.take_part(end, names.of(end), kind=_kind(end))
            for end in (message.caller, message.called)
        )
        return said(caller, called, message.text, answer=message.answer)

    for step in node.steps:
        if isinstance(step, Choice):
            for number, (condition, messages) in enumerate(step.branches):
                diagram.add(f"{'else' if number else 'alt'} {plain(condition)}")
                diagram.add(*indented(line(message) for message in messages))
            if step.branches:
                diagram.add("end")
        else:
            diagram.add(line(step))
    return diagram.text()


def _kind(node: str) -> str:
    return "actor" if node.startswith("actor:") else "participant"


def backup(graph: StackGraph, node: Backup) -> str:
    """Draw a backup: what is saved where, who hears of it, how it leaves its host, the drill."""
    names = Names(graph)
    diagram = Sequence()
    clock = diagram.take_part("cron", f"Cron ({words.schedule(node.spec.schedule)})")
    script = diagram.take_part(node.id, f"{node.key} on {names.of(node.host)}")
    diagram.add(said(clock, script, "start"))
    for capture in node.captures:
        saved = diagram.take_part(capture.of, names.of(capture.of))
        diagram.add(said(script, saved, captured(names, capture)))
    directory = diagram.take_part(f"directory:{node.id}", node.spec.directory)
    keep = f", keep {node.spec.keep}" if node.spec.keep else ""
    diagram.add(said(script, directory, f"write{keep}"))
    if node.heartbeat:
        hears = diagram.take_part(node.heartbeat, names.of(node.heartbeat))
        diagram.add(said(script, hears, "heartbeat"))
    for copy in node.copies:
        diagram.add(*_copy(names, diagram, copy, directory))
    if node.spec.drill and node.drill_on:
        place = diagram.take_part(node.drill_on, names.of(node.drill_on))
        diagram.add(_note(place, f"{words.schedule(node.spec.drill.schedule)}: restore drill"))
    return diagram.text()


def captured(names: Names, capture: Capture) -> str:
    """Say how something is saved, and which of its databases."""
    databases = ", ".join(names.database(each) for each in capture.databases)
    method = METHODS[capture.method]
    return f"{method}: {databases}" if databases else method


def _copy(names: Names, diagram: Sequence, copy: Copy, directory: str) -> Iterator[str]:
    by = diagram.take_part(copy.by, names.of(copy.by))
    to = diagram.take_part(copy.to, names.of(copy.to))
    if copy.spec.schedule:
        yield _note(by, f"{words.schedule(copy.spec.schedule)}, its own schedule")
    yield said(by, directory, "pull")
    keep = f", keep {copy.spec.keep}" if copy.spec.keep else ""
    yield said(by, to, f"push{', encrypted' if copy.spec.encrypted else ''}{keep}")


def _note(over: str, text: str) -> str:
    return f"Note over {over}: {plain(text)}"
