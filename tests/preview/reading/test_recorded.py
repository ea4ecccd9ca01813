"""What real engines wrote is read, whichever version and whichever form."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields
from typing import Any

import pytest

from preview.document import to_json
from preview.plan import Plan, State
from preview.reading import problems, read_change
from preview.value import SIGNATURE, UNKNOWN
from tests.preview.programs import run, small, wide
from tests.preview.reading.recorded import FOLDER, VERSIONS, content, plan_of

CHANGE = {"update": 2, "replace": 3, "create": 1, "delete": 1}
SHOWN = CHANGE | {"same": 2}  # the stack, and what is no longer protected
ALL = CHANGE | {"same": 4}
FAILED = "the preview ended with 2 errors; mend what it says, and preview again"
ERROR = "the preview ended with an error; mend what it says, and preview again"
CANCELLED = "the preview was cancelled; preview again"
UNWANTED = (
    "{}: breaks the mandatory policy unwanted of reading-pack; change the resource, or the policy"
)

READ: dict[str, tuple[dict[str, int], str, str, tuple[str, ...]]] = {
    "3.255.0/create.json": ({"create": 10}, "preview", "succeeded", ()),
    "3.255.0/change.json": (SHOWN, "preview", "succeeded", ()),
    "3.255.0/change-sames.json": (ALL, "preview", "succeeded", ()),
    "3.255.0/change-replacement-steps.json": (SHOWN, "preview", "succeeded", ()),
    "3.255.0/change-stream.jsonl": (ALL, "preview", "succeeded", ()),
    "3.255.0/change.events": (ALL, "preview", "succeeded", ()),
    "3.255.0/change-refresh.json": (ALL, "preview", "succeeded", ()),
    "3.255.0/change-refresh.events": (ALL, "preview", "succeeded", ()),
    "3.255.0/drift-refresh.json": ({"same": 2, "create": 2}, "preview", "succeeded", ()),
    "3.255.0/drift.json": ({"same": 2, "delete": 2}, "refresh", "succeeded", ()),
    "3.255.0/drift.events": ({"same": 2, "delete": 2}, "refresh", "succeeded", ()),
    "3.255.0/refresh.json": ({"same": 10}, "refresh", "succeeded", ()),
    "3.255.0/failed.json": (
        {"same": 2, "update": 1, "replace": 3},
        "preview",
        "failed",
        (FAILED,),
    ),
    "3.255.0/failed.events": (
        {"same": 3, "update": 1, "replace": 3},
        "preview",
        "failed",
        (FAILED,),
    ),
    "3.255.0/failed-provider.json": (
        {"same": 2, "update": 2, "create": 2},
        "preview",
        "failed",
        (FAILED.replace("errors", "errors (at broken)"),),
    ),
    "3.255.0/destroy.json": (
        {"delete": 9},
        "preview",
        "failed",
        (FAILED.replace("errors", "errors (at guarded)"),),
    ),
    "3.255.0/error-message.json": (SHOWN, "preview", "failed", (ERROR,)),
    "3.255.0/error-message.events": (ALL, "preview", "failed", (ERROR,)),
    "3.255.0/interrupted.json": ({}, "preview", "canceled", (CANCELLED,)),
    "3.255.0/interrupted.events": ({}, "preview", "canceled", (CANCELLED,)),
    "3.255.0/killed.events": (
        {},
        "preview",
        "unfinished",
        ("the preview didn't reach its end; preview again",),
    ),
    "3.255.0/up-stream.jsonl": (
        {"create": 10},
        "update",
        "succeeded",
        ("tells what was deployed already; give the preview of what is to come",),
    ),
    "3.255.0/policy.json": (SHOWN, "preview", "failed", (ERROR,)),
    "3.255.0/policy.events": (
        ALL,
        "preview",
        "failed",
        (UNWANTED.format("updated"), UNWANTED.format("comes")),
    ),
    "3.255.0/policy-advisory.events": (ALL, "preview", "succeeded", ()),
    "3.150.0/change.json": (SHOWN, "preview", "succeeded", ()),
    "3.150.0/change-sames.json": (ALL, "preview", "succeeded", ()),
    "3.150.0/change-stream.jsonl": (ALL, "preview", "succeeded", ()),
    "3.150.0/change.events": (ALL, "preview", "succeeded", ()),
    "3.150.0/refresh.json": ({"same": 10}, "refresh", "succeeded", ()),
    "3.150.0/failed.json": (
        {"same": 2, "update": 1, "replace": 3},
        "preview",
        "failed",
        (FAILED,),
    ),
    "3.150.0/failed.events": (
        {"same": 3, "update": 1, "replace": 3},
        "preview",
        "failed",
        (FAILED,),
    ),
    "3.150.0/interrupted.events": ({}, "preview", "canceled", (CANCELLED,)),
    "3.150.0/up-stream.jsonl": (
        {"create": 10},
        "update",
        "succeeded",
        ("tells what was deployed already; give the preview of what is to come",),
    ),
}


@pytest.mark.parametrize("name", READ)
def test_what_an_engine_wrote_is_read(name: str) -> None:
    ops, operation, outcome, why = READ[name]
    plan = plan_of(name)
    assert Counter(step.op for step in plan.steps) == Counter(ops)
    assert (plan.operation, plan.outcome, problems(plan)) == (operation, outcome, why)


def test_every_recording_is_used() -> None:
    there = {str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.gz")}
    elsewhere = {"3.255.0/export.json", "3.255.0/change.txt"}
    assert there == READ.keys() | elsewhere | {name for pair in PAIRS for name in pair}


PAIRS = [
    ("3.150.0/change-sames.json", "3.150.0/change.events"),
    ("3.150.0/change-sames.json", "3.150.0/change-stream.jsonl"),
    ("3.255.0/change-sames.json", "3.255.0/change.events"),
    ("3.255.0/change-sames.json", "3.255.0/change-stream.jsonl"),
    ("3.255.0/change-refresh.json", "3.255.0/change-refresh.events"),
    ("3.255.0/drift.json", "3.255.0/drift.events"),
    ("3.255.0/yard-subnet.json", "3.255.0/yard-subnet.events"),
    ("3.255.0/yard-two-sames.json", "3.255.0/yard-two.events"),
]
NOT_TOLD = {
    "dependencies",
    "property_dependencies",
    "aliases",
    "replace_on_changes",
    "ignore_changes",
    "replace_with",
    "additional_secret_outputs",
    "custom_timeouts",
    "deleted_with",
    "import_id",
    "replacement_trigger",
    "resource_hooks",
}
"""What events don't tell."""


@pytest.mark.parametrize(("document", "events"), PAIRS)
def test_events_tell_what_the_document_tells(document: str, events: str) -> None:
    one, other = plan_of(document), plan_of(events)
    steps = {step.urn: step for step in other.steps}
    assert len(steps) == len(other.steps)
    if "-subnet" not in document:  # made without --show-sames
        assert {step.urn for step in one.steps} == steps.keys()
    assert one.config == other.config
    assert one.change_summary == other.change_summary
    for step in one.steps:
        found = steps[step.urn]
        for name in ("op", "provider", "diff_reasons", "replace_reasons", "detailed_diff"):
            assert getattr(found, name) == getattr(step, name), (step.urn, name)
        for expected, state in ((step.old, found.old), (step.new, found.new)):
            assert (expected is None) == (state is None)
            if expected is not None and state is not None:
                assert told(state) == told(expected)
                # Of what comes, events tell neither, not even where it stays the same.
                assert step.op == "replace" or state.outputs in ({}, expected.outputs)
                assert step.op == "replace" or state.id in (None, expected.id)


def told(state: State) -> dict[str, Any]:
    """What a state is, without what events don't tell and what is drawn by lot each time."""
    left_out = NOT_TOLD | {"id", "outputs"}
    found = {each.name: getattr(state, each.name) for each in fields(state)}
    found["inputs"] = {key: value for key, value in state.inputs.items() if key != "name"}
    return {name: value for name, value in found.items() if name not in left_out}


def test_versions_tell_the_same_change() -> None:
    old, new = (
        {step.urn: step for step in plan_of(f"{version}/change-sames.json").steps}
        for version in VERSIONS
    )
    assert old.keys() == new.keys()
    for urn, step in old.items():
        for name in ("op", "diff_reasons", "replace_reasons", "detailed_diff"):
            assert getattr(step, name) == getattr(new[urn], name)


@pytest.mark.parametrize("name", ["3.255.0/change.events", "3.255.0/yard-two.events"])
def test_what_events_lack_stays_empty(name: str) -> None:
    empty = State(urn="", type="", custom=False)
    for step in plan_of(name).steps:
        for state in (step.old, step.new):
            assert state is None or all(
                getattr(state, field) == getattr(empty, field) for field in NOT_TOLD
            )


def test_a_replacement_is_one_step() -> None:
    steps = [step for step in plan_of("3.255.0/yard-subnet.events").steps if step.op != "same"]
    assert [step.op for step in steps] == ["replace"] * 4
    network = next(step for step in steps if step.urn.endswith("::yard-blog-front"))
    assert network.replace_reasons == ("ipamConfigs",)
    assert network.old is not None
    assert network.new is not None
    assert network.old.inputs["ipamConfigs"][0]["subnet"] == "172.30.77.0/24"
    assert network.new.inputs["ipamConfigs"][0]["subnet"] == "172.30.78.0/24"


@pytest.mark.parametrize("name", [name for name in READ if "change" in name])
def test_secrets_and_unknowns_read_the_same_in_every_form(name: str) -> None:
    plan = plan_of(name)
    text = json.dumps(to_json(plan))
    assert SIGNATURE not in text
    assert "ciphertext" not in text
    assert plan.config["reading:password"] == "[secret]"
    assert plan.config["reading:hidden"] == '{"inner":"[secret]"}'
    (updated,) = [step.new for step in plan.steps if step.urn.endswith("::updated")]
    assert updated is not None
    assert updated.inputs["environment"] == {"PASSWORD": "[secret]", "STEP": "2"}
    (after,) = [step.new for step in plan.steps if step.urn.endswith("::after")]
    assert after is not None
    assert after.inputs["triggers"] == [UNKNOWN.value]


def test_documents_tell_what_depends_on_what() -> None:
    (after,) = [step.new for step in plan_of("3.150.0/change.json").steps if "::after" in step.urn]
    assert after is not None
    assert {urn.rpartition("::")[2] for urn in after.dependencies} == {"kept", "replaced"}
    assert [urn.rpartition("::")[2] for urn in after.property_dependencies["triggers"]] == [
        "replaced"
    ]


def test_violations_are_kept() -> None:
    mandatory = plan_of("3.255.0/policy.events").violations
    assert [(each.policy, each.level, each.mandatory) for each in mandatory] == [
        ("unwanted", "mandatory", True),
        ("unwanted", "mandatory", True),
        ("whole", "advisory", False),
    ]
    assert mandatory[0].pack == "reading-pack"
    assert mandatory[0].message == "Nothing unwanted.\nthis one isn't wanted\n"
    assert mandatory[0].urn == "urn:pulumi:dev::reading::command:local:Command::updated"
    advisory = plan_of("3.255.0/policy-advisory.events").violations
    assert [each.mandatory for each in advisory] == [False] * 3


def test_the_stack_is_told_by_its_resources() -> None:
    assert plan_of("3.150.0/change.events").stacks == {("reading", "dev")}
    assert plan_of("3.255.0/interrupted.json").stacks == frozenset()


@pytest.mark.parametrize("program", [small, wide])
@pytest.mark.parametrize("indent", [None, 2, 4, "\t"])
def test_our_own_plans_are_read(program: Any, indent: Any) -> None:
    plan = Plan.of(run(program))
    assert read_change(json.dumps(to_json(plan), indent=indent).encode()) == plan
    assert problems(plan) == ()


@pytest.mark.parametrize("name", ["policy.events", "up-stream.jsonl", "interrupted.json"])
def test_plans_of_events_survive_as_documents(name: str) -> None:
    plan = plan_of(f"3.255.0/{name}")
    assert read_change(json.dumps(to_json(plan), indent=2).encode()) == plan


def test_however_it_is_indented_it_is_the_same() -> None:
    text = content("3.255.0/change-sames.json")
    for indent in (None, 1, 2):
        again = json.dumps(json.loads(text), indent=indent).encode()
        assert read_change(again) == read_change(text)
