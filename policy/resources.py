"""A resource as policies see it: plain values, of which any may be unknown, missing or odd."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

CONTAINER: Final = "docker:index/container:Container"
IMAGE: Final = "docker:index/remoteImage:RemoteImage"
NETWORK: Final = "docker:index/network:Network"
VOLUME: Final = "docker:index/volume:Volume"

UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a text that is not known yet."""

UNKNOWN_TEXTS: Final = frozenset(
    {
        UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
        "[secret]",  # in the JSON of a preview; the engine tells policies the value itself
    }
)
"""What stands for a value that is not known yet, or not told (PROVIDERS.md, section 7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource that a program declares.

    ``inputs`` are JSON in the engine's spelling (camelCase). ``provider`` is the provider's URN
    and ``machine`` the address of the Docker host that it speaks to; None where it is not told.
    ``leads_to`` are the URNs that an input's value is made of, by input.
    """

    type: str
    urn: str
    name: str
    inputs: Mapping[str, object]
    provider: str | None = None
    machine: str | None = None
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    leads_to: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def is_unknown(value: object) -> bool:
    """Whether a value itself is not known; one that holds such a value is."""
    return isinstance(value, str) and value in UNKNOWN_TEXTS


def holds_unknown(value: object) -> bool:
    """Whether a value, or anything in it, is not known."""
    if isinstance(value, Mapping):
        return any(holds_unknown(each) for each in value.values())
    if isinstance(value, list):
        return any(holds_unknown(each) for each in value)
    return is_unknown(value)


def text(value: object) -> str | None:
    """Give a known text; None for anything else."""
    return value if isinstance(value, str) and not is_unknown(value) else None


def whole(value: object) -> int | None:
    """Give a whole number; the engine tells all numbers as floats. None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value == value and abs(value) < 2**53 and value == int(value) else None


def flag(value: object) -> bool | None:
    """Give a boolean; None for anything else."""
    return value if isinstance(value, bool) else None


def texts(value: object) -> list[str]:
    """Give the known texts of a list."""
    return [each for each in items(value) if isinstance(each, str) and not is_unknown(each)]


def items(value: object) -> list[object]:
    """Give a list's items; none of anything else."""
    return list(value) if isinstance(value, list) else []


def objects(value: object) -> Iterator[Mapping[str, object]]:
    """Give the objects of a list."""
    return (each for each in items(value) if isinstance(each, Mapping))


def child(value: object, key: str) -> object:
    """Give what stands under a key; None where there is no such thing."""
    return value.get(key) if isinstance(value, Mapping) else None
