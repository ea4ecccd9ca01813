"""Property values as plain Python data.

A value is `None`, a `bool`, `int`, `float` or `str`, a `list` or a `dict` with text keys, a
`Secret` around one of these, or `UNKNOWN`. Assets, archives and references to resources stay what
the engine writes for them: dicts that carry its signature key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias

# Pulumi's wire format; spelled out, so that plans can be read without importing its SDK.
SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""The key that marks a dict as something else than a dict."""
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 — a mark, not a password
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
REFERENCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"

MASK: Final = "[secret]"
"""What is shown for a secret."""

Value: TypeAlias = Any
"""Plain data as this module describes it. `Any`, because a recursive union can't be indexed."""

Json: TypeAlias = Any
"""Plain data with neither `Secret` nor `UNKNOWN` in it."""


class Unknown(Enum):
    """The type of `UNKNOWN`: a value that only the deployment will tell."""

    UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

    def __repr__(self) -> str:
        return self.name


UNKNOWN: Final = Unknown.UNKNOWN


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must not be shown. Its `repr` doesn't."""

    value: Value

    def __repr__(self) -> str:
        return f"Secret({MASK})"


def masked(value: Value) -> Json:
    """The value as `pulumi preview --json` shows it: no secret in it, unknowns by their mark."""
    match value:
        case Unknown():
            return value.value
        case Secret():
            return MASK
        case Mapping():
            return {key: masked(item) for key, item in value.items()}
        case list() | tuple():
            return [masked(item) for item in value]
        case _:
            return value


def reveal(value: Value) -> Value:
    """The value with every `Secret` opened: for tests, and for checks that show nothing of it."""
    match value:
        case Secret():
            return reveal(value.value)
        case Mapping():
            return {key: reveal(item) for key, item in value.items()}
        case list() | tuple():
            return [reveal(item) for item in value]
        case _:
            return value


def holds(value: Json, mark: str) -> bool:
    """Tell whether there is a mark anywhere in a value."""
    if isinstance(value, Mapping):
        return any(holds(each, mark) for each in value.values())
    if isinstance(value, list):
        return any(holds(each, mark) for each in value)
    return bool(value == mark)


def closed(value: Json) -> Json:
    """The value with no secret in it: a preview made with `--show-secrets` has them open."""
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == SECRET:
            return MASK
        return {key: closed(item) for key, item in value.items()}
    return [closed(item) for item in value] if isinstance(value, list) else value
