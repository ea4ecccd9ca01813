"""Reads a generated page back: its tables, and its Mermaid diagrams, as people see them.

It knows what our pages write and no more: a line of a diagram that it does not know is an error,
so that nothing drawn goes by unread.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

_HEADING = re.compile(r"^#{2,3} (?P<title>.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```mermaid\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"(?:^\|.*\|\n)+", re.MULTILINE)
_BAR, _ESCAPED = re.compile(r"(?<!\\)\|"), re.compile(r"\\(?P<sign>[^A-Za-z0-9 ])")

_LABEL = r'"(?P<label>[^"]*)"'
_SUBGRAPH = re.compile(rf"subgraph (?P<id>\w+)\[{_LABEL}\]")
_NODE = re.compile(rf"(?P<id>\w+)[\[({{/]+{_LABEL}[\])}}/]+")
_EDGE = re.compile(r'(?P<a>\w+) (?P<line>-->|-\.->|---)(?:\|"[^"]*"\|)? (?P<b>\w+)')
_PARTICIPANT = re.compile(r"(?:actor|participant) (?P<id>\w+) as (?P<label>.+)")
_MESSAGE = re.compile(r"(?P<a>\w+?)(?P<line>-->>|->>)(?P<b>\w+): (?P<text>.+)")
_NOTE = re.compile(r"Note over (?P<id>\w+): (?P<text>.+)")
_BRANCH = re.compile(r"(?:alt|else) (?P<text>.+)")
_ENTITY = re.compile(r"#(?P<number>\d+);")


@dataclass(frozen=True, slots=True)
class Node:
    """A box of a flowchart: the lines of its label, and the boxes that it stands in, outermost first."""  # noqa: E501

    lines: tuple[str, ...]
    inside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """A line of a flowchart, between ids."""

    a: str
    b: str
    arrow: bool


@dataclass(frozen=True)
class Flowchart:
    """A flowchart: boxes and groups of boxes by id, and lines."""

    nodes: dict[str, Node]
    groups: dict[str, Node]
    edges: tuple[Edge, ...]

    @cached_property
    def names(self) -> dict[str, str]:
        """What each box is called: its label, after its group's where the label is not the only."""
        everything = {**self.nodes, **self.groups}
        times = Counter(node.lines[0] for node in self.nodes.values())
        return {
            id_: node.lines[0]
            if times[node.lines[0]] < 2 or not node.inside
            else f"{everything[node.inside[-1]].lines[0]}/{node.lines[0]}"
            for id_, node in everything.items()
        }


@dataclass(frozen=True, slots=True)
class Step:
    """A message or a note of a sequence diagram; ``branch`` is empty outside of alternatives."""

    branch: str
    ends: str
    text: str


@dataclass(frozen=True, slots=True)
class Page:
    """The sections and subsections of a page, by title."""

    sections: dict[str, str]

    @staticmethod
    def read(text: str) -> Page:
        """Cut a page into its sections, with and without subsections; titles are unique."""
        found: dict[str, str] = {}
        parts = _HEADING.split(text)
        for title, body in zip(parts[1::2], parts[2::2], strict=True):
            assert title not in found, f"two sections are called {title}"
            found[title] = body
        return Page(found)

    def table(self, section: str, head: str) -> list[dict[str, str]]:
        """Give the rows of the table of a section whose first column has this head."""
        for text in _TABLE.findall(self.sections.get(section, "") + "\n"):
            first, _, *rest = [list(_cells(line)) for line in text.splitlines()]
            if first[0] == head:
                return [dict(zip(first, row, strict=True)) for row in rest]
        return []

    def flowchart(self, section: str) -> Flowchart:
        """Give the flowchart of a section."""
        return _flowchart(self._diagram(section))

    def steps(self, section: str) -> list[Step]:
        """Give the messages and notes of a section's sequence diagram."""
        return list(_steps(self._diagram(section)))

    def _diagram(self, section: str) -> list[str]:
        (text,) = _BLOCK.findall(self.sections[section])
        return [line.strip() for line in text.splitlines()[1:]]


def _cells(line: str) -> Iterator[str]:
    for cell in _BAR.split(line)[1:-1]:
        plain = _ESCAPED.sub(r"\g<sign>", cell.strip()).replace("`", "")
        yield plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _plain(text: str) -> str:
    return _ENTITY.sub(lambda match: chr(int(match["number"])), text)


def _flowchart(lines: Iterable[str]) -> Flowchart:
    nodes: dict[str, Node] = {}
    groups: dict[str, Node] = {}
    edges: list[Edge] = []
    inside: list[str] = []
    for line in lines:
        if line == "end":
            inside.pop()
        elif found := _SUBGRAPH.fullmatch(line):
            groups[found["id"]] = Node(_lines(found["label"]), tuple(inside))
            inside.append(found["id"])
        elif found := _NODE.fullmatch(line):
            nodes[found["id"]] = Node(_lines(found["label"]), tuple(inside))
        elif found := _EDGE.fullmatch(line):
            edges.append(Edge(found["a"], found["b"], found["line"] != "---"))
        else:
            raise ValueError(f"unknown in a flowchart: {line}")
    return Flowchart(nodes, groups, tuple(edges))


def _lines(label: str) -> tuple[str, ...]:
    return tuple(_plain(line) for line in label.split("<br/>"))


def _steps(lines: Iterable[str]) -> Iterator[Step]:
    names: dict[str, str] = {}
    branch = ""
    for line in lines:
        if line == "end":
            branch = ""
        elif found := _PARTICIPANT.fullmatch(line):
            names[found["id"]] = _plain(found["label"])
        elif found := _BRANCH.fullmatch(line):
            branch = _plain(found["text"])
        elif found := _MESSAGE.fullmatch(line):
            arrow = "-->" if found["line"] == "-->>" else "->"
            ends = f"{names[found['a']]} {arrow} {names[found['b']]}"
            yield Step(branch, ends, _plain(found["text"]))
        elif found := _NOTE.fullmatch(line):
            yield Step(branch, f"note over {names[found['id']]}", _plain(found["text"]))
        else:
            raise ValueError(f"unknown in a sequence diagram: {line}")
