"""Recorded resources as JSON, from one process to another: with secrets, so for pipes only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, Final

from preview.resource import Resource
from preview.value import SECRET, SIGNATURE, UNKNOWN, Json, Secret, Unknown, Value

_TUPLES: Final = frozenset(
    {
        "aliases",
        "additional_secret_outputs",
        "dependencies",
        "hide_diffs",
        "ignore_changes",
        "replace_on_changes",
        "replace_with",
    }
)
_MAPS_OF_TUPLES: Final = frozenset({"hooks", "property_dependencies"})
_VALUES: Final = frozenset({"inputs", "outputs", "replacement_trigger"})


def pack(resources: Iterable[Resource]) -> list[Json]:
    """The resources as plain data; secrets stay readable."""
    return [
        {field.name: _plain(getattr(resource, field.name)) for field in fields(Resource)}
        for resource in resources
    ]


def unpack(data: Iterable[Mapping[str, Json]]) -> tuple[Resource, ...]:
    """The opposite of `pack`."""
    return tuple(
        Resource(**{name: _field(name, value) for name, value in each.items()}) for each in data
    )


def _field(name: str, value: Json) -> Any:
    if name in _TUPLES:
        return tuple(value)
    if name in _MAPS_OF_TUPLES:
        return {key: tuple(items) for key, items in value.items()}
    return valued(value) if name in _VALUES else value


def _plain(value: Value) -> Json:
    match value:
        case Unknown():
            return value.value
        case Secret():
            return {SIGNATURE: SECRET, "value": _plain(value.value)}
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def valued(data: Json) -> Value:
    """A property value, from how Pulumi writes it; a secret that isn't told is one without text."""
    match data:
        case str():
            return UNKNOWN if data == UNKNOWN.value else data
        case Mapping():
            if data.get(SIGNATURE) == SECRET:
                return Secret(valued(data.get("value")))
            return {key: valued(item) for key, item in data.items()}
        case list():
            return [valued(item) for item in data]
        case _:
            return data
