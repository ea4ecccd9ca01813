"""Limits as guards: how they are written, and which of two lets more pass."""

from __future__ import annotations

import re
from typing import Final

from config.units import parse_duration

_LIMIT: Final = re.compile(
    r"(?P<what>.+) are limited, to (?P<amount>\d+) (?:bytes|in (?P<per>\w+))"
)


def limited(what: str, to: str) -> str:
    """Write the guard: ``calls`` are limited to ``100 in 10s``, or ``bodies`` to ``512 bytes``."""
    return f"{what} are limited, to {to}"


def limit_of(guard: str) -> tuple[str, float] | None:
    """Give what a guard limits and how much of it passes, calls per second; None for another."""
    found = _LIMIT.fullmatch(guard)
    if found is None:
        return None
    seconds = parse_duration(found["per"]).total_seconds() if found["per"] else 1
    return found["what"], int(found["amount"]) / seconds
