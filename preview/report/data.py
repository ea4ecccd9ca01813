"""Verdicts as data for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from config.gate import Acceptance
from preview.gate.model import Judged, Verdict, worst

VERSION: Final = 1
"""Raised when something that is there changes its meaning or goes; what comes raises nothing."""


def to_data(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Give verdicts as JSON's types.

    ``verdict`` is ``pass``, ``needs acceptance`` or ``cannot tell``, and ``exitCode`` 0, 1 or 2:
    of the worst stack. In ``stacks``, each has its own verdict, why something is ``unclear``, its
    ``risks``, its ``routine`` changes, counted and listed, and the ``acceptances`` that can go. A
    risk's ``status`` is ``block``, ``warn``, ``allow`` or ``accepted``; its ``risk`` is the digest
    that an acceptance names. Days are ISO 8601. Values that change are not told.
    """
    outcome = worst(verdict.outcome for verdict in verdicts)
    return {
        "version": VERSION,
        "verdict": str(outcome),
        "exitCode": outcome.exit_code,
        "stacks": [_stack(verdict) for verdict in verdicts],
    }


def _stack(verdict: Verdict) -> dict[str, Any]:
    return {
        "project": verdict.project,
        "stack": verdict.stack,
        "verdict": str(verdict.outcome),
        "day": verdict.today.isoformat(),
        "basis": verdict.basis,
        "unclear": list(verdict.unclear),
        "risks": [_risk(each) for each in verdict.judged],
        "routine": {
            "count": len(verdict.routine),
            "operations": {str(op): count for op, count in verdict.counts.items()},
            "changes": [
                {"operation": str(c.operation), "type": c.type, "name": c.name, "urn": c.urn}
                for c in verdict.routine
            ],
        },
        "acceptances": {
            "ended": [_acceptance(each) for each in verdict.ended],
            "unused": [_acceptance(each) for each in verdict.unused],
        },
    }


def _risk(judged: Judged) -> dict[str, Any]:
    risk = judged.risk
    return {
        "risk": judged.digest,
        "family": str(risk.family),
        "status": "accepted" if judged.acceptance else judged.level,
        "subject": risk.subject,
        "fact": risk.fact,
        "chain": list(risk.chain),
        "urns": list(risk.urns),
        "acceptance": _acceptance(judged.acceptance) if judged.acceptance else None,
        "ended": _acceptance(judged.ended) if judged.ended else None,
    }


def _acceptance(acceptance: Acceptance) -> dict[str, Any]:
    return acceptance.model_dump(mode="json", exclude_none=True)
