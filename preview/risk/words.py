"""Sentences' small change: lists, values, and what may not be shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from preview.value import MASK, UNKNOWN, Json

MOST: Final = 6
"""Names in a list, before it says how many more there are."""

LONGEST: Final = 60
"""Characters of a value."""


def listed(names: Iterable[str], most: int = MOST) -> str:
    """Write names as people do: ``a, b and c``; a long list ends in how many more there are."""
    found = list(names)
    if len(found) > most:
        found = [*found[: most - 1], f"{len(found) - most + 1} more"]
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} and {found[-1]}"


def number(count: int, one: str, many: str) -> str:
    """Choose the form of a verb."""
    return one if count == 1 else many


def plain(value: Json) -> str | None:
    """Write a value; None where it is secret, not known, or too much to be read in a sentence."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, Mapping | list):
        return None
    text = str(value)
    if holds_mark(text) or len(text) > LONGEST or "\n" in text or not text:
        return None
    return text


def holds_mark(text: str) -> bool:
    """Tell whether a text is secret or unknown."""
    return MASK in text or UNKNOWN.value in text
