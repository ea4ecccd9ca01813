"""What a policy is: an id, a title, a severity, and a function from resources to violations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from config.finding import Severity
from policy.resources import Resource

Scope: TypeAlias = Literal["resource", "stack"]


@dataclass(frozen=True, slots=True)
class Violation:
    """What a policy reports: on which resource, the fact, the remedy."""

    urn: str
    fact: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.fact}; {self.remedy}"


Options: TypeAlias = Mapping[str, object]
"""What the owner configures of a policy, beside its enforcement level."""

Judge: TypeAlias = Callable[[Sequence[Resource], Options], Iterator[Violation]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy of the pack.

    ``id``, ``title`` and ``severity`` are the rule's where it is one of the graph's. A
    ``resource`` policy is asked for each resource of ``types`` by itself, a ``stack`` policy once
    for all of them. ``inputs`` are where to look in a program. ``because`` is where the fact
    comes from that a policy without a rule follows. ``options`` is the JSON Schema of what can be
    configured.
    """

    id: str
    title: str
    severity: Severity
    scope: Scope
    types: frozenset[str]
    inputs: str
    judge: Judge
    because: str
    options: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    def violations(
        self, resources: Sequence[Resource], options: Options | None = None
    ) -> tuple[Violation, ...]:
        """Judge resources: all of a stack's, or one. Those of other types are passed over."""
        mine = [each for each in resources if each.type in self.types]
        if not mine:
            return ()
        if self.scope == "stack":
            return tuple(dict.fromkeys(self.judge(mine, options or {})))
        found = (found for each in mine for found in self.judge([each], options or {}))
        return tuple(dict.fromkeys(found))
