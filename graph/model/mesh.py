"""Nodes: what the mesh's own DNS answers its members."""

from __future__ import annotations

from dataclasses import dataclass

from config.addresses import MeshAddress
from config.finding import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshRecord:
    """A name that members of a mesh resolve to the mesh address of the host that serves it.

    ``host`` is its id; ``address`` is None where the stack does not say it. ``source`` is the
    first of the name's routes.
    """

    name: str
    mesh: str
    host: str
    address: MeshAddress | None
    source: Source
