"""Verdicts as one comment on a pull request: risks first, what is routine folded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from preview import urn as urns
from preview.change import Change
from preview.gate.model import Judged, Outcome, Verdict, worst
from preview.report.comment import block, code, folded, marker, text
from preview.report.difference import shown
from preview.report.paste import acceptances
from preview.report.words import (
    DONE,
    counted,
    notes,
    number,
    of_stack,
    routine,
    short,
    status,
)
from preview.risk.model import TITLES, Family

T = TypeVar("T")

LIMIT = 65_000
"""Bytes of a whole comment. GitHub takes 65,536 characters."""

_MOST_SHOWN = 10
"""Risks of a family that are shown unfolded."""

_MOST_DETAILED = 100
"""Routine changes that are shown with what differs."""

_FRAME = 300
"""Bytes that a section needs for itself."""

_LONGEST = 300
"""Characters of one sentence about a change."""


def markdown(verdicts: Sequence[Verdict], policy: str = "gate.yaml") -> str:
    """Give the text of the comment; its first line is a mark, by which it is found again.

    The mark is ``<!-- stackgraph gate STACK -->``, with every stack that there is a verdict on.
    What is too long is left out, and said.
    """
    first = marker("stackgraph gate", *(verdict.stack for verdict in verdicts))
    share = (LIMIT - _size(first)) // max(1, len(verdicts)) - 2
    parts = [_one(verdict, policy, share) for verdict in verdicts]
    if _size("\n\n".join([first, *parts])) > LIMIT:
        outcome = worst(verdict.outcome for verdict in verdicts)
        parts = [
            f"## {number(len(verdicts), 'stack')}: {outcome}",
            "There are too many to show here; the JSON report has them all.",
        ]
    return "\n\n".join([first, *parts]) + "\n"


def _one(verdict: Verdict, policy: str, limit: int) -> str:
    stack = code(short(of_stack(verdict), 100)) if verdict.stack else "the change"
    page = _Page(limit)
    page.add(f"## stackgraph gate, {stack}: {verdict.outcome}")
    page.add(_sentence(verdict))
    if verdict.basis:
        page.add(_said(verdict.basis))
    page.section("Why it cannot be told", verdict.unclear, _item, limit // 8, "reason")
    told = (*verdict.blocking, *verdict.warnings)
    families = {family: [e for e in told if e.risk.family is family] for family in Family}
    families = {family: found for family, found in families.items() if found}
    for index, (family, found) in enumerate(families.items()):
        # What one does not need, the next may have; what comes after them has its room, too.
        share = (page.room - limit * 2 // 5) // (len(families) - index)
        page.section(TITLES[family], found, _risk, share, "risk", fold_after=_MOST_SHOWN)
    _accept(page, verdict, policy, limit // 5)
    few = limit // 20
    page.folded(number(len(verdict.accepted), "accepted risk"), verdict.accepted, _risk, few)
    allowed = f"{number(len(verdict.allowed), 'risk')} that the policy allows"
    page.folded(allowed, verdict.allowed, _risk, few)
    page.folded("Acceptances that can go", notes(verdict, policy), _item, few)
    changes = list(enumerate(verdict.routine))
    page.folded(routine(verdict), changes, lambda each: _change(*each), limit)
    return page.text()


def _sentence(verdict: Verdict) -> str:
    if verdict.changes is None:
        return "The change could not be judged, so nobody may conclude that all is well."
    end = {
        Outcome.PASS: "Nothing blocks.",
        Outcome.NEEDS_ACCEPTANCE: "What blocks has to be accepted, or changed.",
        Outcome.CANNOT_TELL: "Something cannot be told, so nobody may conclude that all is well.",
    }[verdict.outcome]
    said = counted(verdict)
    return f"{said[0].upper()}{said[1:]}. {end}"


def _risk(judged: Judged) -> str:
    risk = judged.risk
    lines = [
        f"- **{status(judged)}**: {code(short(risk.subject, 120))} "
        f"{text(short(risk.fact, _LONGEST))} ({code(judged.digest)})"
    ]
    lines += [f"  1. {_said(why)}" for why in risk.chain[:12]]
    if len(risk.chain) > 12:
        lines.append(f"  1. and {len(risk.chain) - 12} more")
    if judged.acceptance:
        by = f" by {text(short(judged.acceptance.by, 100))}" if judged.acceptance.by else ""
        reason = _said(judged.acceptance.reason)
        lines.append(f"  - accepted{by} until {judged.acceptance.until}: {reason}")
    if judged.ended:
        lines.append(f"  - its acceptance ended {judged.ended.until}")
    return "\n".join(lines)


def _said(sentence: str) -> str:
    return text(short(sentence, _LONGEST))


def _item(sentence: str) -> str:
    return f"- {_said(sentence)}"


def _accept(page: _Page, verdict: Verdict, policy: str, most: int) -> None:
    """Show what to paste for as many risks as there is room for."""
    room = min(most, page.room - 500)
    taken: list[Judged] = []
    for each in verdict.blocking:
        room -= _size(acceptances([each], verdict.stack, verdict.today)) + 2
        if room < 0:
            break
        taken.append(each)
    if not taken:
        return
    pasted = acceptances(taken, verdict.stack, verdict.today).splitlines()
    rest = len(verdict.blocking) - len(taken)
    says = (
        f"Put under `acceptances` in {code(policy)}, each with a reason. "
        f"{f'{rest} more are left out here.' if rest else 'It covers exactly this change.'}"
    )
    content = f"{says}\n\n{block('yaml', pasted)}"
    title = "How to accept"
    page.add(f"### {title}\n\n{content}" if len(taken) <= 5 else folded(title, content))


def _change(index: int, change: Change) -> str:
    type_ = urns.display_type(change.type)
    line = f"- {DONE[change.operation]}: {code(short(type_, 100))} {code(short(change.name, 120))}"
    if index >= _MOST_DETAILED:
        return line
    lines = [line]
    differences, more = shown(change)
    for each in differences:
        if each.lines:
            lines.append(
                f"  - {code(each.path)}\n\n{block('diff', list(each.lines), indent='    ')}"
            )
            continue
        lines.append(f"  - {code(each.path)}: {code(each.values)}")
    if more:
        lines.append(f"  - and {more} more")
    return "\n".join(lines)


class _Page:
    """Blocks of a page that is never longer than its limit, in bytes."""

    def __init__(self, limit: int) -> None:
        self.room = limit
        self._blocks: list[str] = []

    def text(self) -> str:
        return "\n\n".join(self._blocks)

    def add(self, written: str) -> None:
        """Add a block if there is room for it."""
        size = _size(written) + 2
        if written and size <= self.room:
            self.room -= size
            self._blocks.append(written)

    def section(
        self,
        title: str,
        items: Sequence[T],
        write: Callable[[T], str],
        most: int,
        one: str,
        *,
        fold_after: int | None = None,
    ) -> None:
        """Add items below a title, those beyond ``fold_after`` folded, as far as there is room."""
        if not items:
            return
        kept = self._fitting(items, write, most)
        shown, rest = kept[:fold_after], kept[len(kept[:fold_after]) :]
        parts = ["\n".join(shown)]
        if rest:
            parts.append(folded(f"{number(len(rest), one)} more", "\n".join(rest)))
        parts.append(_left(len(items) - len(kept), one))
        self.add("\n\n".join([f"### {title}", *filter(None, parts)]))

    def folded(self, title: str, items: Sequence[T], write: Callable[[T], str], most: int) -> None:
        """Add items that a click on a title shows, as far as there is room."""
        if not items:
            return
        kept = self._fitting(items, write, most)
        parts = ["\n".join(kept), _left(len(items) - len(kept))]
        self.add(folded(title, "\n\n".join(filter(None, parts))))

    def _fitting(self, items: Sequence[T], write: Callable[[T], str], most: int) -> list[str]:
        """Write items while there is room; what has none is not written."""
        room = min(most, self.room) - _FRAME
        kept = []
        for item in items:
            written = write(item)
            room -= _size(written) + 1
            if room < 0:
                break
            kept.append(written)
        return kept


def _left(count: int, one: str = "") -> str:
    if not count:
        return ""
    what = f"{number(count, one)} more" if one else f"{count} more"
    return f"{what} {'is' if count == 1 else 'are'} left out here."


def _size(written: str) -> int:
    return len(written.encode())
