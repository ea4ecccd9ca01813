"""Outputs that a test knows beforehand, so that what is made from them is known, too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from preview.existing import Met
from preview.resource import Resource
from preview.urn import display_type
from preview.value import Value

Outputs: TypeAlias = Mapping[str, Callable[[Mapping[str, Value]], Mapping[str, Value]]]
"""By type token: from a resource's inputs to its outputs and its `id`, by the provider's names."""


@dataclass(frozen=True, slots=True)
class Known:
    """Tells a program the outputs of resources, by their types; of others it knows the inputs."""

    outputs: Outputs

    def meet(self, resource: Resource) -> Met:
        """Tell what the program reads of a resource."""
        tell = self.outputs.get(resource.type) or self.outputs.get(display_type(resource.type))
        found = dict(tell(resource.inputs)) if tell else {}
        id_ = resource.read_id or resource.import_id or found.get("id")
        found.pop("id", None)
        return Met(id=id_, outputs={**resource.inputs, **found})
