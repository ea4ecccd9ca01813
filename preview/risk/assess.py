"""Every family's judgement of a change, in one go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from preview.change import Changes
from preview.risk import data, downtime, identity, protection, reach, secrets
from preview.risk.model import Assessment, Family, Risk
from preview.risk.situation import Situation
from preview.risk.unclear import unclear

_FAMILIES: Final[Mapping[Family, Callable[[Situation], Iterator[Risk]]]] = {
    Family.DATA: data.risks,
    Family.REACH: reach.risks,
    Family.PROTECTION: protection.risks,
    Family.SECRETS: secrets.risks,
    Family.IDENTITY: identity.risks,
    Family.DOWNTIME: downtime.risks,
}


def assess(changes: Changes) -> Assessment:
    """Give what is to be thought of a change: risks by family, the gravest first, then by subject.

    The order in which a plan tells has no influence. What no risk is about is routine.
    """
    situation = Situation(changes)
    risks: list[Risk] = []
    for family in Family:
        found = dict.fromkeys(_FAMILIES[family](situation))
        risks += sorted(found, key=lambda risk: (risk.subject, risk.fact, risk.chain))
    touched = {urn for risk in risks for urn in risk.urns}
    return Assessment(
        changes=changes,
        risks=tuple(risks),
        routine=tuple(each for each in changes.changes if each.urn not in touched),
        unclear=tuple(sorted(set(unclear(situation)))),
    )
