"""Judges a change: each risk by the policy, and the acceptances by the risks."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from config.gate import Acceptance, Policy
from preview.change import Change
from preview.gate.model import Judged, Verdict
from preview.risk.model import Assessment, Family, Risk

_ORDER = {family: number for number, family in enumerate(Family)}


def judge(
    assessment: Assessment, policy: Policy, today: datetime.date, *, basis: str = ""
) -> Verdict:
    """Give the verdict on a change; ``today`` tells which acceptances hold."""
    changes = assessment.changes
    accepting = {each.risk: each for each in policy.acceptances}
    judged = sorted(
        {
            (each := _judged(risk, assessment, policy, accepting, today)).digest: each
            for risk in assessment.risks
        }.values(),
        key=lambda each: (_ORDER[each.risk.family], each.risk.subject, each.risk.fact),
    )
    counting = [each for each in judged if each.acceptance is None]
    fitting = {id(each.acceptance or each.ended) for each in judged}
    here = [each for each in policy.acceptances if each.stack in (None, changes.stack)]
    return Verdict(
        project=changes.project,
        stack=changes.stack,
        today=today,
        basis=basis,
        blocking=tuple(each for each in counting if each.level == "block"),
        warnings=tuple(each for each in counting if each.level == "warn"),
        allowed=tuple(each for each in counting if each.level == "allow"),
        accepted=tuple(each for each in judged if each.acceptance is not None),
        routine=tuple(each for each in assessment.routine if _works(each)),
        unclear=tuple(dict.fromkeys(assessment.unclear)),
        ended=tuple(each for each in here if each.until < today),
        unused=tuple(each for each in here if each.until >= today and id(each) not in fitting),
        changes=changes,
    )


def unreadable(
    why: Sequence[str], today: datetime.date, *, project: str = "", stack: str = ""
) -> Verdict:
    """Give the verdict on a change that could not be read, or not be judged."""
    reasons = tuple(dict.fromkeys(why)) or ("nothing is known of the change",)
    return Verdict(project=project, stack=stack, today=today, unclear=reasons)


def _judged(
    risk: Risk,
    assessment: Assessment,
    policy: Policy,
    accepting: Mapping[str, Acceptance],
    today: datetime.date,
) -> Judged:
    digest = risk.digest(assessment.changes)
    acceptance = accepting.get(digest)
    if acceptance is not None and not _fits(acceptance, risk, assessment.changes.stack):
        acceptance = None
    ended = acceptance is not None and acceptance.until < today
    return Judged(
        risk=risk,
        digest=digest,
        level=policy.level(risk.family, assessment.changes.stack),
        acceptance=None if ended else acceptance,
        ended=acceptance if ended else None,
    )


def _works(change: Change) -> bool:
    """Whether something is done: not for a component, which is only its children."""
    return change.state is not None and change.state.custom


def _fits(acceptance: Acceptance, risk: Risk, stack: str) -> bool:
    """Whether what people read in an acceptance is what it accepts."""
    said = (acceptance.stack, acceptance.family, acceptance.subject)
    is_ = (stack, risk.family, risk.subject)
    return all(a is None or a == b for a, b in zip(said, is_, strict=True))
