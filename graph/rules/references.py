"""Names that should refer to something."""

from __future__ import annotations

from collections.abc import Iterator

from config.finding import one_of
from graph.model import StackGraph
from graph.rules.base import Breach, rule


@rule("R09", also=("N11",))
def unknown_reference(graph: StackGraph) -> Iterator[Breach]:
    """Every name refers to something that is declared."""
    for unresolved in graph.unresolved:
        fact = f"unknown {unresolved.kind} {unresolved.name!r}"
        if not unresolved.name:
            fact = f"the {unresolved.kind} is not named"
        yield Breach(unresolved.source, fact, one_of(unresolved.name, unresolved.valid))
