"""Verdicts as lines for a terminal: what is worst first, told apart by tone."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from preview.gate.model import Judged, Outcome, Verdict
from preview.report.paste import acceptances
from preview.report.words import counted, notes, of_stack, status, visible
from preview.risk.model import TITLES, Family

MOST_PASTED = 5
"""Blocking risks up to which the text says what to paste; a file has room for all."""

NARROWEST = 40
"""Columns below which lines are no more made shorter."""


class Tone(StrEnum):
    """What a line means, for whoever colours it."""

    PLAIN = "plain"
    TITLE = "title"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"
    FAINT = "faint"


_TONES = {"block": Tone.BAD, "warn": Tone.WARNING, "allow": Tone.FAINT}
_OUTCOMES = {
    Outcome.PASS: Tone.GOOD,
    Outcome.NEEDS_ACCEPTANCE: Tone.BAD,
    Outcome.CANNOT_TELL: Tone.BAD,
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a report, and what it means."""

    text: str
    tone: Tone = Tone.PLAIN


def lines(
    verdict: Verdict,
    policy: str = "gate.yaml",
    width: int | None = None,
    *,
    unclear: bool = True,
) -> list[Line]:
    """Give the lines about a stack, wrapped at ``width`` columns; without it, not wrapped.

    Without ``unclear`` they leave out why something cannot be told: for whoever says it elsewhere.
    """
    return [
        Line(text, line.tone)
        for line in _lines(verdict, policy, unclear)
        for text in _wrapped(line.text, width)
    ]


def _lines(verdict: Verdict, policy: str, unclear: bool) -> Iterator[Line]:
    title = f"{of_stack(verdict)}: {verdict.outcome}"
    said = f"; {counted(verdict)}" if verdict.changes is not None else ""
    yield Line(title + said, _OUTCOMES[verdict.outcome])
    if verdict.basis:
        yield Line(visible(verdict.basis), Tone.FAINT)
    if verdict.unclear and unclear:
        yield from _titled("Why it cannot be told")
        yield from (Line(f"  {visible(why)}", Tone.BAD) for why in verdict.unclear)
    told = (*verdict.blocking, *verdict.warnings)
    for family in Family:
        yield from _family(TITLES[family], [e for e in told if e.risk.family is family])
    yield from _family("Accepted", verdict.accepted)
    yield from _family("Allowed", verdict.allowed)
    if verdict.blocking:
        yield from _pasted(verdict, policy)
    found = notes(verdict, policy)
    if found:
        yield Line("")
        yield from (Line(f"note: {visible(each)}", Tone.FAINT) for each in found)


def _titled(title: str) -> Iterator[Line]:
    yield Line("")
    yield Line(title, Tone.TITLE)


def _family(title: str, found: Sequence[Judged]) -> Iterator[Line]:
    if found:
        yield from _titled(title)
    for each in found:
        tone = Tone.FAINT if each.acceptance else _TONES[each.level]
        yield Line(f"  {status(each)}: {visible(str(each.risk))} [{each.digest}]", tone)
        for depth, why in enumerate(each.risk.chain):
            # Deeper for each link, but not off the screen.
            yield Line(f"{' ' * (4 + 2 * min(depth, 4))}{'→ ' if depth else ''}{visible(why)}")
        if each.acceptance:
            by = f" by {visible(each.acceptance.by)}" if each.acceptance.by else ""
            reason = visible(each.acceptance.reason)
            yield Line(f"    accepted{by} until {each.acceptance.until}: {reason}", Tone.FAINT)
        if each.ended:
            yield Line(f"    its acceptance ended {each.ended.until}", Tone.FAINT)


def _pasted(verdict: Verdict, policy: str) -> Iterator[Line]:
    shown = verdict.blocking[:MOST_PASTED]
    yield from _titled(
        f"To accept exactly this change, put under acceptances in {policy}, with a reason"
    )
    for text in acceptances(shown, verdict.stack, verdict.today).splitlines():
        yield Line(f"  {visible(text)}")
    if len(verdict.blocking) > len(shown):
        rest = len(verdict.blocking) - len(shown)
        yield Line(f"  and {rest} more, which --report markdown=FILE has", Tone.FAINT)


def _wrapped(text: str, width: int | None) -> list[str]:
    if width is None or len(text) <= max(width, NARROWEST):
        return [text]
    indent = len(text) - len(text.lstrip())
    return textwrap.wrap(
        text,
        max(width, NARROWEST),
        subsequent_indent=" " * (indent + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
