"""Where a drawing is put together: nodes and edges, each with the sides that have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from preview.change import Change, Changes, Operation
from preview.page.drawing import Drawing, Edge, Fact, Kind, Lane, Line, Node

_QUIET: Final = frozenset({Operation.READ, Operation.SAME})
_SINGLE: Final = frozenset({Kind.VOLUME, Kind.NETWORK})
"""Kinds of which a node is one resource."""
_ITSELF: Final = {
    Kind.SERVICE: ":Container",
    Kind.INGRESS: ":Container",
    Kind.HOST: ":Instance",
}
"""The resource whose replacement is that of the thing: not that of a rule or a command."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """A node in the making; ``was`` and ``will``: whether it is there before and after."""

    kind: Kind
    label: str
    lane: Lane
    note: str = ""
    was: bool = True
    will: bool = True
    facts: tuple[Fact, ...] = ()
    changes: list[Change] = field(default_factory=list)
    unchanged: int = 0

    def node(self, key: str, *, compared: bool) -> Node:
        """Finish it."""
        return Node(
            id=key,
            kind=self.kind,
            label=self.label,
            note=self.note,
            lane=self.lane,
            operation=self._operation() if compared else None,
            changes=tuple(self.changes),
            unchanged=self.unchanged,
            facts=self.facts,
            uncertain=any(each.uncertain for each in self.changes),
        )

    def _operation(self) -> Operation | None:
        told = [each for each in self.changes if each.operation not in _QUIET]
        if self.kind in _SINGLE and told:
            return told[0].operation
        if self.was != self.will:
            return Operation.CREATE if self.will else Operation.DELETE
        ends = _ITSELF.get(self.kind, "/")  # of no type
        if any(each.operation is Operation.REPLACE and each.type.endswith(ends) for each in told):
            return Operation.REPLACE
        if told or any(fact.before != fact.after for fact in self.facts):
            return Operation.UPDATE
        return None


@dataclass(slots=True)
class Canvas:
    """A drawing in the making. ``labels`` and ``named`` say which node a text or a name means."""

    system: str
    nodes: dict[str, Draft] = field(default_factory=dict)
    edges: dict[tuple[str, str, Line], tuple[bool, bool]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    named: dict[tuple[Kind, str], str] = field(default_factory=dict)

    def add(self, kind: Kind, name: str, label: str, lane: Lane) -> Draft:
        """Add a node, or give the one that is there."""
        key = f"{kind}:{name}"
        self.named.setdefault((kind, name), key)
        return self.nodes.setdefault(key, Draft(kind=kind, label=label, lane=lane))

    def connect(self, start: str, end: str, line: Line, *, was: bool, will: bool) -> None:
        """Add an edge, or say of one that is there that the other side has it too."""
        before = self.edges.get((start, end, line), (False, False))
        self.edges[start, end, line] = (before[0] or was, before[1] or will)

    def finish(self, changes: Changes, owner: Mapping[str, str], *, compared: bool) -> Drawing:
        """Give the drawing. Edges whose ends aren't there are left out."""
        return Drawing(
            system=self.system,
            nodes=tuple(draft.node(key, compared=compared) for key, draft in self.nodes.items()),
            edges=tuple(
                Edge(start=start, end=end, line=line, operation=_moved(was, will))
                for (start, end, line), (was, will) in self.edges.items()
                if start in self.nodes and end in self.nodes and start != end
            ),
            owner=owner,
            known_as=self.labels,
            compared=compared,
            causes=changes.causes,
        )


def _moved(was: bool, will: bool) -> Operation | None:
    if was == will:
        return None
    return Operation.CREATE if will else Operation.DELETE
