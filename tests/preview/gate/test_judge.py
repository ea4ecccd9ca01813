"""Verdicts: what passes, what has to be accepted, what nobody can tell."""

from __future__ import annotations

import datetime
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview.change import Operation
from preview.gate import Outcome, Verdict, judge, unreadable, worst
from preview.plan import State
from preview.risk import Family, Risk
from tests.preview.gate.made import (
    DOWN,
    LOSS,
    PORT,
    ROUTINE,
    TODAY,
    accepting,
    assessment,
    change,
    policy,
    verdict,
)

ALL_ALLOWED = (
    "families: {data: warn, reach: allow, protection: allow, secrets: allow, identity: allow, "
    "downtime: allow}\n"
)


def subjects(judged: Verdict) -> dict[str, list[str]]:
    kinds = ("blocking", "warnings", "accepted", "allowed")
    told = {kind: [each.risk.subject for each in getattr(judged, kind)] for kind in kinds}
    return {kind: names for kind, names in told.items() if names}


def test_no_risk_passes() -> None:
    found = verdict()
    assert (found.outcome, found.outcome.exit_code) == (Outcome.PASS, 0)
    assert found.counts == {Operation.CREATE: 1, Operation.UPDATE: 1}


@pytest.mark.parametrize("family", Family)
def test_without_a_word_every_family_blocks(family: Family) -> None:
    found = verdict(replace(DOWN, family=family))
    assert (found.outcome, found.outcome.exit_code) == (Outcome.NEEDS_ACCEPTANCE, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("families: {downtime: warn}", {"blocking": [LOSS.subject], "warnings": [DOWN.subject]}),
        ("families: {downtime: allow}", {"blocking": [LOSS.subject], "allowed": [DOWN.subject]}),
        ("stacks: {dev: {downtime: warn, data: warn}}", {"warnings": [LOSS.subject, DOWN.subject]}),
        ("stacks: {prod: {downtime: warn}}", {"blocking": [LOSS.subject, DOWN.subject]}),
        (
            "families: {downtime: allow, data: warn}\nstacks: {dev: {downtime: block}}",
            {"blocking": [DOWN.subject], "warnings": [LOSS.subject]},
        ),
    ],
)
def test_levels(text: str, expected: dict[str, list[str]]) -> None:
    assert subjects(verdict(DOWN, LOSS, text=text)) == expected


def test_the_gravest_family_is_first_however_it_is_told() -> None:
    assert verdict(DOWN, PORT, LOSS).blocking == verdict(LOSS, DOWN, PORT).blocking
    assert [each.risk for each in verdict(DOWN, PORT, LOSS).blocking] == [LOSS, PORT, DOWN]


def test_what_is_told_twice_counts_once() -> None:
    assert len(verdict(DOWN, DOWN).blocking) == 1


# --- acceptances


def test_exactly_this_risk_is_accepted() -> None:
    found = verdict(LOSS, text=accepting(LOSS))
    assert (found.outcome, subjects(found)) == (Outcome.PASS, {"accepted": [LOSS.subject]})
    (judged,) = found.accepted
    assert judged.acceptance
    assert judged.acceptance.reason == "empty since May"
    assert (found.unused, found.ended) == ((), ())


@pytest.mark.parametrize(
    "other",
    [
        replace(LOSS, evidence=("n8n_postgres", "n8n_other")),
        replace(LOSS, chain=LOSS.chain[1:]),
        replace(LOSS, subject="n8n/redis"),
        replace(LOSS, fact="leaves its data behind"),
        replace(LOSS, family=Family.DOWNTIME),
    ],
)
def test_another_change_is_not(other: Risk) -> None:
    found = verdict(other, text=accepting(LOSS))
    assert found.outcome is Outcome.NEEDS_ACCEPTANCE
    assert [each.reason for each in found.unused] == ["empty since May"]


def test_another_stack_is_not() -> None:
    text = accepting(LOSS, stack="prod")
    assert verdict(LOSS, text=text).outcome is Outcome.NEEDS_ACCEPTANCE
    assert verdict(LOSS, text=text, stack="prod").outcome is Outcome.PASS


@pytest.mark.parametrize(
    ("until", "outcome"),
    [
        ("2026-11-20", Outcome.NEEDS_ACCEPTANCE),
        ("2026-11-21", Outcome.PASS),
        ("2026-11-22", Outcome.PASS),
    ],
)
def test_it_holds_to_the_end_of_its_last_day(until: str, outcome: Outcome) -> None:
    found = verdict(LOSS, text=accepting(LOSS, until=until))
    assert found.outcome is outcome
    ended = outcome is not Outcome.PASS
    assert [each.until for each in found.ended] == ([datetime.date(2026, 11, 20)] if ended else [])
    assert [bool(each.ended) for each in found.judged] == [ended]
    assert found.unused == ()


@pytest.mark.parametrize(
    ("more", "outcome"),
    [
        (", family: data, subject: n8n/postgres, stack: dev, by: ann", Outcome.PASS),
        (", family: reach", Outcome.NEEDS_ACCEPTANCE),
        (", subject: n8n/redis", Outcome.NEEDS_ACCEPTANCE),
        (", stack: prod", Outcome.NEEDS_ACCEPTANCE),
    ],
)
def test_what_people_read_is_what_is_accepted(more: str, outcome: Outcome) -> None:
    assert verdict(LOSS, text=accepting(LOSS, more=more)).outcome is outcome


def test_what_is_for_another_stack_is_not_unused_here() -> None:
    text = accepting(LOSS, stack="prod", more=", stack: prod")
    assert verdict(text=text).unused == ()
    assert len(verdict(text=text, stack="prod").unused) == 1
    assert len(verdict(text=accepting(LOSS, stack="prod")).unused) == 1


# --- what cannot be told


@pytest.mark.parametrize(
    ("text", "risks"),
    list(product(["", ALL_ALLOWED, ALL_ALLOWED + accepting(LOSS)], [(), (LOSS,), (LOSS, DOWN)])),
)
def test_what_cannot_be_told_never_passes(text: str, risks: tuple[Risk, ...]) -> None:
    found = verdict(*risks, text=text, unclear=("nobody knows", "nobody knows", "nor this"))
    assert (found.outcome, found.outcome.exit_code) == (Outcome.CANNOT_TELL, 2)
    assert found.unclear == ("nobody knows", "nor this")


def test_what_cannot_be_read_never_passes() -> None:
    for why in (["it is empty"], []):
        found = unreadable(why, TODAY, stack="prod")
        assert (found.outcome, found.stack, found.project) == (Outcome.CANNOT_TELL, "prod", "")
        assert found.unclear


@given(st.lists(st.sampled_from(Outcome)))
def test_the_worst_counts(outcomes: list[Outcome]) -> None:
    assert worst(outcomes).exit_code == max((each.exit_code for each in outcomes), default=2)


def test_components_are_no_routine_changes() -> None:
    urn = "urn:pulumi:dev::stackgraph::stackgraph:docker:App::n8n"
    state = State(urn=urn, custom=False, type="stackgraph:docker:App")
    app = replace(change("n8n"), urn=urn, old=state, new=state)
    found = judge(assessment(routine=(app, *ROUTINE)), policy(), TODAY)
    assert found.routine == ROUTINE
