"""What was there before: the resources that the other revision registered, and their outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

from preview.existing import Met, Settled, StandIn
from preview.record import Recording
from preview.resource import Resource
from preview.urn import PROVIDER_PREFIX, split
from preview.value import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """A resource that is there."""

    resource: Resource
    met: Met
    """What the program reads of it as long as it stays."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Of inputs that aren't known here, the digest of what they are."""
    external: bool = False
    id: str | None = None
    outputs: Mapping[str, Value] = field(default_factory=dict)
    """Id and outputs that it really has; none where they are stand-ins."""


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """Everything that is there before a change."""

    olds: tuple[Old, ...]
    """Parents and dependencies come first."""
    secrets_known: bool = True
    """Whether it tells secrets; else those of both sides are taken for equal."""
    deployed: bool = False
    """Whether it tells what is really there, made with the stack's real secrets."""
    notes: tuple[str, ...] = ()
    """What whoever reads the comparison should know of it."""

    @cached_property
    def by_urn(self) -> Mapping[str, Old]:
        """The resources by their URNs."""
        return {old.resource.urn: old for old in self.olds}

    @classmethod
    def of(
        cls, resources: Recording | Iterable[Resource], stand_ins: Mapping[str, StandIn]
    ) -> Self:
        """What is there once a recorded program was deployed: outputs are stand-ins.

        The program must have been recorded with `Settled(stand_ins)`, so that what it made of
        outputs is what it would have made of these.
        """
        settled = Settled(stand_ins)
        found = resources.resources if isinstance(resources, Recording) else resources
        return cls(
            olds=tuple(
                Old(
                    resource=replace(resource, source=None),
                    met=settled.meet(resource),
                    external=resource.read_id is not None,
                )
                for resource in found
            )
        )


def is_default_provider(urn: str) -> bool:
    """Whether the engine made this provider itself: previews don't show those."""
    parts = split(urn)
    return parts.qualified_type.startswith(PROVIDER_PREFIX) and (
        parts.name == "default" or parts.name.startswith("default_")
    )
