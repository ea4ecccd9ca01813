"""Secrets of the configuration that a program puts where anybody can read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from preview.value import Secret, Value

if TYPE_CHECKING:
    from preview.record import Recording

_SHORTEST: Final = 3
"""Characters; what is shorter stands in many a text by chance."""


def exposed(recording: Recording) -> tuple[str, ...]:
    """Where a secret of the configuration stands in a property that isn't secret.

    Each place reads `<URN>: <property path>`; outputs of the stack are under the stack's URN.
    Pulumi keeps such values as plain text in its state and shows them in previews. Only what the
    configuration calls secret is looked for; the places say nothing about the value.
    """
    secrets = tuple(
        value.value
        for value in recording.config.values()
        if isinstance(value, Secret) and len(value.value) >= _SHORTEST
    )
    return tuple(
        f"{resource.urn}: {path}"
        for resource in recording.resources
        for properties in (resource.inputs, resource.outputs or {})
        for path in _places(properties, "", secrets)
    )


def _places(value: Value, path: str, secrets: tuple[str, ...]) -> Iterator[str]:
    match value:
        case str() if any(secret in value for secret in secrets):
            yield path
        case Mapping():
            for key, item in value.items():
                yield from _places(item, f"{path}.{key}" if path else key, secrets)
        case list():
            for index, item in enumerate(value):
                yield from _places(item, f"{path}[{index}]", secrets)
        case _:
            return
