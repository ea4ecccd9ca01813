"""What all reports say alike, and how they show texts that somebody else wrote."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from preview.change import Operation
from preview.gate.model import Judged, Verdict

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of what a reader does not see, but a terminal or a page acts on."""

STATUS: Final = {
    "block": "blocks",
    "warn": "warns",
    "allow": "is allowed",
    "accepted": "is accepted",
}


DONE: Final = {
    Operation.CREATE: "created",
    Operation.IMPORT: "imported",
    Operation.UPDATE: "updated",
    Operation.REPLACE: "replaced",
    Operation.DELETE: "deleted",
    Operation.FORGET: "forgotten, and kept",
    Operation.READ: "read",
    Operation.SAME: "the same",
}
"""What was done to a resource."""


def visible(text: str) -> str:
    """Write a text in one line, in which nothing can move a cursor, or hide or turn other text."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if unicodedata.category(char) not in _UNSEEN else _escaped(char) for char in text
    )


def _escaped(char: str) -> str:
    named = {"\n": r"\n", "\t": r"\t", "\r": r"\r"}
    return named.get(char) or f"\\u{{{ord(char):x}}}"


def short(text: str, length: int) -> str:
    """Cut a text that is longer."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def number(count: int, one: str, many: str = "") -> str:
    """Write how many there are: ``1 risk``, ``2 risks``, ``no risks``."""
    return f"{count or 'no'} {one if count == 1 else many or f'{one}s'}"


def of_stack(verdict: Verdict) -> str:
    """Name the stack that a verdict is about; as far as it is known."""
    return visible(verdict.stack) or "the change"


def counted(verdict: Verdict) -> str:
    """Say in a sentence what a verdict counts."""
    parts = [
        number(len(verdict.blocking), "risk blocks", "risks block") if verdict.blocking else "",
        number(len(verdict.warnings), "warning") if verdict.warnings else "",
        f"{len(verdict.accepted)} accepted" if verdict.accepted else "",
        f"{len(verdict.allowed)} allowed" if verdict.allowed else "",
    ]
    told = ", ".join(filter(None, parts)) or "no risks"
    return f"{told}; {routine(verdict)}"


def routine(verdict: Verdict) -> str:
    """Say how many routine changes there are, and of which operations."""
    counts = verdict.counts
    listed = ", ".join(f"{count} {DONE[operation]}" for operation, count in counts.items())
    total = number(len(verdict.routine), "routine change")
    return f"{total} ({listed})" if listed else total


def status(judged: Judged) -> str:
    """Say what a risk does: ``blocks``, ``warns``."""
    return STATUS["accepted" if judged.acceptance else judged.level]


def notes(verdict: Verdict, policy: str) -> Sequence[str]:
    """Say of acceptances that they can be removed."""
    return (
        *(
            f"the acceptance of {each.risk} ended {each.until}; remove it from {policy}"
            for each in verdict.ended
        ),
        *(
            f"nothing here is the risk {each.risk} that is accepted; "
            f"remove the acceptance from {policy} if its change is done"
            for each in verdict.unused
        ),
    )
