"""What is there already when a program runs, and what of that it gets to see."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from pydantic import SecretStr

from preview.resource import Resource
from preview.urn import PROVIDER_PREFIX
from preview.value import Secret, Value, reveal

StandIn: TypeAlias = Callable[[str, Mapping[str, Value]], Mapping[str, Value]]
"""From a resource's URN and inputs to outputs that it might have, its `id` among them.

Secret ones are a `SecretStr`. The same arguments give the same outputs, on every machine and in
every year.
"""

ID: Final = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """What the program reads of a resource that it has registered. What is left out is unknown."""

    id: str | None = None
    outputs: Mapping[str, Value]


class Existing(Protocol):
    """Whoever knows what a registered resource is like."""

    def meet(self, resource: Resource) -> Met:
        """Tell what the program reads of it. Each resource is met once, in order."""


@dataclass(frozen=True, slots=True)
class Settled:
    """All that a program registers is there, just as it is registered.

    Nobody has looked: ids and other outputs that providers choose are stand-ins, by resource type.
    What has none stays unknown.
    """

    stand_ins: Mapping[str, StandIn]

    def meet(self, resource: Resource) -> Met:
        """Tell what it would be like."""
        found: dict[str, Value] = {}
        if resource.type.startswith(PROVIDER_PREFIX):
            found[ID] = str(uuid.uuid5(uuid.NAMESPACE_URL, resource.urn))
        elif resource.type in self.stand_ins:
            found.update(self.stand_ins[resource.type](resource.urn, reveal(resource.inputs)))
        id_ = found.pop(ID, None)
        outputs = {
            key: Secret(value.get_secret_value()) if isinstance(value, SecretStr) else value
            for key, value in found.items()
        }
        return Met(
            id=resource.read_id or resource.import_id or id_,
            outputs={**resource.inputs, **outputs},
        )
