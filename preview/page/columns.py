"""In which column of the drawing each node stands: callers left of what they call."""

from __future__ import annotations

from collections.abc import Mapping

from preview.page.drawing import Drawing, Edge, Kind, Line

_FIXED = {Kind.PLACE: 0, Kind.ZONE: 0, Kind.ROUTE: 1, Kind.PORT: 1}
_SERVING = frozenset({Kind.SERVICE, Kind.PROGRAM, Kind.SITE, Kind.INGRESS})


def columns_of(drawing: Drawing) -> tuple[Mapping[str, int], frozenset[Edge]]:
    """Give each node's column, and the edges that lead back to the left.

    Such edges exist where things call each other in a circle. Of a circle, what can be done
    without (`uses`) leads back rather than what cannot.
    """
    kinds = {node.id: node.kind for node in drawing.nodes}
    columns = {id_: _FIXED[kind] for id_, kind in kinds.items() if kind in _FIXED}
    calls = [
        edge
        for line in (Line.NEEDS, Line.USES)
        for edge in drawing.edges
        if edge.line is line and {kinds[edge.start], kinds[edge.end]} <= _SERVING
    ]
    callees: dict[str, list[str]] = {}
    backward: set[Edge] = set()
    for edge in calls:
        if _leads(callees, edge.end, edge.start):
            backward.add(edge)
        else:
            callees.setdefault(edge.start, []).append(edge.end)
    serving = [id_ for id_, kind in kinds.items() if kind in _SERVING]
    columns |= dict.fromkeys(serving, 2)
    waiting = dict.fromkeys(serving, 0)
    for called in callees.values():
        for each in called:
            waiting[each] += 1
    ready = [id_ for id_ in serving if not waiting[id_]]
    while ready:
        caller = ready.pop()
        for each in callees.get(caller, ()):
            columns[each] = max(columns[each], columns[caller] + 1)
            waiting[each] -= 1
            if not waiting[each]:
                ready.append(each)
    for node in drawing.nodes:
        if node.kind is Kind.VOLUME:
            users = [columns[e.start] for e in drawing.edges if e.end == node.id]
            columns[node.id] = max(users, default=2) + 1
    return columns, frozenset(backward)


def _leads(callees: Mapping[str, list[str]], start: str, end: str) -> bool:
    """Whether one node leads to another by what is called so far."""
    seen, left = {start}, [start]
    while left:
        here = left.pop()
        if here == end:
            return True
        new = [each for each in callees.get(here, ()) if each not in seen]
        seen.update(new)
        left += new
    return False
