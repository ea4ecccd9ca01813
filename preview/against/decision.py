"""What becomes of one resource, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from preview.against.baseline import Old
from preview.plan import PropertyDiff
from preview.resource import Resource

MADE: Final = frozenset({"create", "replace", "import"})
"""Operations after which a resource's id and other outputs are known only then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One step of the comparison."""

    op: str
    resource: Resource
    """As it is registered now; as it was, for what is deleted."""
    old: Old | None = None
    changed: tuple[str, ...] = ()
    """The properties that differ: Pulumi's diff reasons."""
    because: tuple[str, ...] = ()
    """What asks for a replacement: Pulumi's replace reasons."""
    detailed: Mapping[str, PropertyDiff] | None = None
    uncertain: tuple[str, ...] = ()
    """Why this can't be told without the engine."""
