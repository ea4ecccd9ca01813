"""Verdicts on changes: what passes, what somebody has to accept, what nobody can tell."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from config.gate import Acceptance, Level
from preview.change import Change, Changes, Operation
from preview.risk.model import Risk


class Outcome(StrEnum):
    """What a verdict comes to. ``CANNOT_TELL`` is no pass, whatever the policy says."""

    PASS = "pass"  # noqa: S105 — a word, not a password
    NEEDS_ACCEPTANCE = "needs acceptance"
    CANNOT_TELL = "cannot tell"

    @property
    def exit_code(self) -> int:
        """The command's: 0, 1 or 2."""
        return list(Outcome).index(self)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Give the one that counts for all; of none, nothing can be told."""
    return max(outcomes, key=lambda each: each.exit_code, default=Outcome.CANNOT_TELL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A risk, and what the policy says of it. ``digest`` is what an acceptance is bound to."""

    risk: Risk
    digest: str
    level: Level
    acceptance: Acceptance | None = None
    """The one that holds; then ``level`` counts no more."""
    ended: Acceptance | None = None
    """One for exactly this risk, which has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is said of one stack's change.

    ``unclear`` are the reasons, a line each, why something cannot be told. ``changes`` is None
    where no change could be read; ``project`` and ``stack`` are then what is known otherwise, or
    empty. ``basis`` says how much was looked at where that was not all. ``routine`` leaves out
    components, which are nothing but their children. ``ended`` and ``unused`` are acceptances that
    can go.
    """

    project: str
    stack: str
    today: datetime.date
    basis: str = ""
    blocking: tuple[Judged, ...] = ()
    warnings: tuple[Judged, ...] = ()
    accepted: tuple[Judged, ...] = ()
    allowed: tuple[Judged, ...] = ()
    routine: tuple[Change, ...] = ()
    unclear: tuple[str, ...] = ()
    ended: tuple[Acceptance, ...] = ()
    unused: tuple[Acceptance, ...] = ()
    changes: Changes | None = None

    @property
    def outcome(self) -> Outcome:
        """What it comes to."""
        if self.unclear:
            return Outcome.CANNOT_TELL
        return Outcome.NEEDS_ACCEPTANCE if self.blocking else Outcome.PASS

    @property
    def judged(self) -> tuple[Judged, ...]:
        """All risks: the blocking first, the allowed last."""
        return (*self.blocking, *self.warnings, *self.accepted, *self.allowed)

    @property
    def counts(self) -> Mapping[Operation, int]:
        """How many routine changes there are of each operation."""
        counted = Counter(change.operation for change in self.routine)
        return {operation: counted[operation] for operation in Operation if counted[operation]}
