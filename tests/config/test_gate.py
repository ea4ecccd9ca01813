"""`gate.yaml`: what it may say, and what is said of one that is wrong."""

from __future__ import annotations

import datetime
import json
from typing import get_args

import jsonschema
import pytest

from config.document import parse
from config.finding import FindingsError
from config.gate import Acceptance, FamilyName, Levels, Policy, parse_policy
from config.schema import schemas
from preview.risk import Family

TODAY = datetime.date(2026, 11, 21)
WHOLE = """\
families: {data: block, reach: block, downtime: warn}
stacks:
  dev: {data: warn, downtime: allow}
acceptances:
  - risk: "0123456789ab"
    stack: dev
    family: data
    subject: n8n/postgres
    reason: " the volume was never used "
    until: 2027-02-19
    by: ann
  - {risk: 00e123456789, reason: "long enough", until: "2026-01-01"}
"""


def read(text: str) -> Policy:
    return parse_policy(text, "gate.yaml", TODAY)


def mistakes(text: str) -> list[str]:
    with pytest.raises(FindingsError) as caught:
        read(text)
    return [str(finding) for finding in caught.value.findings]


def in_the_schema(text: str) -> list[str]:
    schema = json.loads(schemas()["gate.json"])
    found = jsonschema.Draft202012Validator(schema).iter_errors(parse(text, "f.yaml").data or {})
    return [error.message for error in found]


def test_a_whole_one() -> None:
    text = WHOLE.replace("00e123456789", '"00e123456789"')
    policy = read(text)
    assert policy.families == Levels(data="block", reach="block", downtime="warn")
    first, second = policy.acceptances
    assert first == Acceptance(
        risk="0123456789ab",
        stack="dev",
        family="data",
        subject="n8n/postgres",
        reason="the volume was never used",
        until=datetime.date(2027, 2, 19),
        by="ann",
    )
    assert second.until == datetime.date(2026, 1, 1)
    assert in_the_schema(text) == []


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "acceptances: []\n", "stacks: {dev: {}}"])
def test_nothing_said_blocks_everything(text: str) -> None:
    assert {read(text).level(family, "dev") for family in Family} == {"block"}


def test_a_stack_s_own_word_counts_first() -> None:
    policy = read("families: {reach: warn, data: warn}\nstacks: {dev: {reach: allow}}")
    assert [policy.level("reach", stack) for stack in ("dev", "prod")] == ["allow", "warn"]
    assert [policy.level("data", stack) for stack in ("dev", "prod")] == ["warn", "warn"]
    assert policy.level("downtime", "dev") == "block"


def test_the_families_are_those_of_risks() -> None:
    assert (
        list(get_args(FamilyName))
        == [str(family) for family in Family]
        == list(Levels.model_fields)
    )


GOOD = "reason: long enough, until: 2026-12-01"
FAMILIES = "valid: data, downtime, identity, protection, reach, secrets"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("families: {data: allow}", ["1: families.data: 'allow' is not valid; valid: block, warn"]),
        (
            "stacks:\n  dev: {data: allow}",
            ["2: stacks.dev.data: 'allow' is not valid; valid: block, warn"],
        ),
        (
            "families:\n  reach: blok\n  down: warn",
            [
                "2: families.reach: 'blok' is not valid; did you mean 'block'? "
                "valid: allow, block, warn",
                f"3: families.down: unknown key 'down'; did you mean 'downtime'? {FAMILIES}",
            ],
        ),
        ("- a", ["1: a list where a mapping is expected; write a mapping"]),
        ("families: warn", ["1: families: 'warn' where a mapping is expected; write a mapping"]),
        (
            "acceptances: {}",
            ["1: acceptances: a mapping where a list is expected; write a list"],
        ),
        (
            "acceptance: []",
            [
                "1: acceptance: unknown key 'acceptance'; did you mean 'acceptances'? "
                "valid: acceptances, families, stacks"
            ],
        ),
        (
            "acceptances:\n  - {}\n",
            [
                "2: acceptances[0].reason: key 'reason' is missing; add it",
                "2: acceptances[0].risk: key 'risk' is missing; add it",
                "2: acceptances[0].until: key 'until' is missing; add it",
            ],
        ),
        (
            f"acceptances:\n  - {{risk: 123456789012, {GOOD}}}\n  - {{risk: 12e456789012, {GOOD}}}",
            [
                "2: acceptances[0].risk: 123456789012 reads as no text; write the digest in quotes",
                "3: acceptances[1].risk: inf reads as no text; write the digest in quotes",
            ],
        ),
        *(
            (
                f"acceptances: [{{risk: '{wrong}', {GOOD}}}]",
                [
                    f"1: acceptances[0].risk: '{wrong}' is no digest; copy the 12 digits that the "
                    "gate printed"
                ],
            )
            for wrong in ("0123456789AB", "0123456789abc", "0123456789a", "*", "")
        ),
        (
            "acceptances: [{risk: 0123456789ab, reason: because, until: 2026-12-01}]",
            ["1: acceptances[0].reason: 'because' is shorter than 10 characters; write 10 or more"],
        ),
        (
            "acceptances: [{risk: 0123456789ab, reason: '              ', until: 2026-12-01}]",
            [
                "1: acceptances[0].reason: '              ' is shorter than 10 characters; "
                "write 10 or more"
            ],
        ),
        (
            "acceptances: [{risk: 0123456789ab, reason: long enough, until: never}]",
            ["1: acceptances[0].until: 'never' is not a day; write one like 2027-03-31"],
        ),
        (
            "acceptances:\n  - risk: 0123456789ab\n    reason: long enough\n    until: 2027-02-20",
            [
                "4: acceptances[0].until: 2027-02-20 is more than 90 days away; write 2027-02-19 "
                "or a day before; what always holds belongs under families"
            ],
        ),
        (
            f"acceptances:\n  - {{risk: 0123456789ab, {GOOD}}}\n  - {{risk: 0123456789ab, {GOOD}}}",
            [
                "3: acceptances[1].risk: risk '0123456789ab' is accepted twice; the first is on "
                "line 2; keep one"
            ],
        ),
        (
            f"acceptances: [{{risk: 0123456789ab, family: dat, {GOOD}}}]",
            [f"1: acceptances[0].family: 'dat' is not valid; did you mean 'data'? {FAMILIES}"],
        ),
        (
            "families: {data: block",
            [
                "2: broken YAML: did not find expected ',' or '}'; mend the syntax (indentation, "
                "quotes, brackets) near this line"
            ],
        ),
    ],
)
def test_mistakes(text: str, expected: list[str]) -> None:
    assert mistakes(text) == [f"gate.yaml:{each}" for each in expected]


def test_all_mistakes_at_once() -> None:
    text = (
        "families: {data: allow}\nacceptances:\n"
        "  - {risk: 1, reason: no, until: 2030-01-01}\nmore: 1\n"
    )
    assert [each.split(": ")[1] for each in mistakes(text)] == [
        "families.data",
        "acceptances[0].reason",
        "acceptances[0].risk",
        "acceptances[0].until",
        "more",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "families: {data: allow}",
        "families: {down: warn}",
        "acceptances: [{}]",
        "acceptances: {}",
        "more: 1",
        f"acceptances: [{{risk: xyz, {GOOD}}}]",
        "acceptances: [{risk: 0123456789ab, reason: because, until: 2026-12-01}]",
    ],
)
def test_editors_see_it_too(text: str) -> None:
    assert in_the_schema(text)
