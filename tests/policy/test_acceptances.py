"""What the owner has accepted is not reported, until its last day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from policy.acceptances import remaining
from policy.policies import Violation

URN = "urn:pulumi:dev::elsewhere::docker:index/container:Container::web"
FOUND = [Violation(URN, "fact", "remedy")]
TODAY = date(2027, 3, 31)
GOOD: dict[str, Any] = {"resource": "web", "reason": "adopted", "until": "2027-03-31"}


def told(*accepted: object) -> list[tuple[str, str]]:
    return list(remaining(FOUND, {"accepted": list(accepted)}, TODAY, "image"))


@pytest.mark.parametrize("which", ["web", URN])
def test_by_name_or_urn(which: str) -> None:
    assert told({**GOOD, "resource": which}) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"resource": "other"}, ""),
        ({"resource": "eb"}, ""),
        (
            {"until": "2027-03-30"},
            "; it was accepted until 2027-03-30: mend it, or accept it anew",
        ),
        ({"reason": " "}, "; it is accepted without a reason, so it counts: write one"),
        (
            {"until": "soon"},
            "; it is accepted until 'soon', which is no day: write one like 2027-03-31",
        ),
    ],
)
def test_else_it_counts(change: dict[str, str], says: str) -> None:
    assert told({**GOOD, **change}) == [(URN, f"fact; remedy (inputs: image){says}")]


def test_one_that_holds_is_enough() -> None:
    assert told({**GOOD, "until": "2026-01-01"}, GOOD) == []


def test_nothing_is_accepted_by_default() -> None:
    assert told() == [(URN, "fact; remedy (inputs: image)")]
