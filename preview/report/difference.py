"""How a routine change is shown: its values in short, its texts as the lines that differ."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from preview.change import Change
from preview.difference import Difference
from preview.report.words import number, short, visible
from preview.value import MASK, UNKNOWN, Json, closed

AFTER_UP: Final = "known after up"
MOST_DIFFERENCES: Final = 6
MOST_LINES: Final = 20
WIDEST: Final = 120
_COMPARABLE: Final = 2000
"""Lines, old and new together, up to which they are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A difference for people: ``values`` in a line, or ``lines`` of a unified diff."""

    path: str
    values: str = ""
    lines: Sequence[str] = ()


def shown(change: Change) -> tuple[Sequence[Shown], int]:
    """Give a change's first differences, and how many more there are. No secret is in them."""
    found = change.differences
    return [_shown(each) for each in found[:MOST_DIFFERENCES]], max(
        0, len(found) - MOST_DIFFERENCES
    )


def _shown(difference: Difference) -> Shown:
    path = short(visible(difference.path), WIDEST)
    old, new = difference.old, difference.new
    if difference.kind == "changed" and old == new:
        secret = _holds_secret(new)
        return Shown(path=path, values="changes, and is secret" if secret else "changes")
    if isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
        if UNKNOWN.value not in (old, new):
            lines = list(_diff(_open(old), _open(new)))
            return Shown(path=path, lines=lines, values="" if lines else "line breaks change")
        return Shown(path=path, values=f"{_lines_of(old)} → {_lines_of(new)}")
    if difference.kind == "added":
        return Shown(path=path, values=f"+ {_value(new)}")
    if difference.kind == "removed":
        return Shown(path=path, values=f"- {_value(old)}")
    return Shown(path=path, values=f"{_value(old)} → {_value(new)}")


def _diff(old: str, new: str) -> Iterator[str]:
    before, after = old.splitlines(), new.splitlines()
    if len(before) + len(after) > _COMPARABLE:
        yield f"@@ {len(before)} lines become {len(after)} @@"
        return
    diff = list(difflib.unified_diff(before, after, n=1, lineterm=""))[2:]
    for line in diff[:MOST_LINES]:
        yield short(visible(line.expandtabs(4)), WIDEST)
    if len(diff) > MOST_LINES:
        yield f"@@ {len(diff) - MOST_LINES} more lines @@"


def _lines_of(text: str) -> str:
    return AFTER_UP if text == UNKNOWN.value else number(len(text.splitlines()), "line")


def _value(value: Json) -> str:
    if value == UNKNOWN.value:
        return AFTER_UP
    plain = closed(value)
    text = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
    return short(visible(_open(text)), WIDEST) or '""'


def _open(text: str) -> str:
    return text.replace(UNKNOWN.value, f"({AFTER_UP})")


def _holds_secret(value: Json) -> bool:
    return MASK in json.dumps(closed(value))
