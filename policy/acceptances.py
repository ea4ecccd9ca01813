"""What the owner of a program has accepted: single findings, with a reason and a last day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from policy.policies import Options, Violation
from policy.resources import objects, text

ACCEPTED: Final = "accepted"
SCHEMA: Final[dict[str, Any]] = {
    "type": "array",
    "description": "Findings that are accepted: of which resource, why, and until which day.",
    "items": {
        "type": "object",
        "required": ["resource", "reason", "until"],
        "additionalProperties": False,
        "properties": {
            "resource": {"type": "string", "description": "Its URN, or its name in the program."},
            "reason": {"type": "string", "minLength": 1},
            "until": {"type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}$"},
        },
    },
}
"""The JSON Schema of what a policy's configuration says under ``accepted``."""


def remaining(
    violations: Sequence[Violation], options: Options, today: date, inputs: str
) -> Iterator[tuple[str, str]]:
    """Give URN and message of what is not accepted; what was, until a past day, counts again.

    ``inputs`` are where a program says it: remedies are in the words of compose files.
    """
    for violation in violations:
        note: str | None = ""
        for each in objects(options.get(ACCEPTED)):
            if text(each.get("resource")) in (violation.urn, name_of(violation.urn)):
                note = _judged(each.get("reason"), each.get("until"), today)
                if note is None:
                    break
        if note is not None:
            yield violation.urn, f"{violation} (inputs: {inputs}){note}"


def name_of(urn: str) -> str:
    """Give the name that a resource has in its program."""
    return urn.rpartition("::")[2]


def _judged(reason: object, until: object, today: date) -> str | None:
    """Give None where an acceptance holds, else why it does not."""
    if not isinstance(reason, str) or not reason.strip():
        return "; it is accepted without a reason, so it counts: write one"
    try:
        last = date.fromisoformat(until if isinstance(until, str) else "")
    except ValueError:
        return f"; it is accepted until {until!r}, which is no day: write one like 2027-03-31"
    if last < today:
        return f"; it was accepted until {last}: mend it, or accept it anew"
    return None
