"""Secrets and unknowns of every kind, as engines serialize them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from preview.document import to_json
from preview.plan import Plan, State, Step
from preview.reading import CannotRead, problems, read_change
from preview.value import ARCHIVE, ASSET, REFERENCE, SECRET, SIGNATURE, UNKNOWN
from tests.preview.programs import STACK

OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
HIDDEN = {SIGNATURE: SECRET, "ciphertext": "v1:aGk=:c2VjcmV0"}


def document(inputs: Any = None, **more: Any) -> bytes:
    state = {"urn": STACK, "type": "a:b:C", "custom": True, "inputs": inputs, "outputs": inputs}
    step = {"op": "create", "urn": STACK, "newState": state, "detailedDiff": None}
    whole = {"steps": [step], "changeSummary": {"create": 1}} | more
    return json.dumps(whole, indent=4).encode()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (HIDDEN, "[secret]"),
        ({SIGNATURE: SECRET, "plaintext": '"hunter2"'}, "[secret]"),
        ([{"a": HIDDEN}, 1], [{"a": "[secret]"}, 1]),
        ({SIGNATURE: OUTPUT, "value": "x", "secret": True}, "[secret]"),
        ({SIGNATURE: OUTPUT, "value": [HIDDEN], "dependencies": []}, ["[secret]"]),
        ({SIGNATURE: OUTPUT, "dependencies": ["urn"]}, UNKNOWN.value),
        (UNKNOWN.value, UNKNOWN.value),
        ("1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", UNKNOWN.value),
        ("3eeb2bf0-c639-47a8-9e75-3b44932eb421", UNKNOWN.value),
        ("6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", UNKNOWN.value),
        ("030794c1-ac77-496b-92df-f27374a8bd58", UNKNOWN.value),
        ("e48ece36-62e2-4504-bad9-02848725956a", UNKNOWN.value),
        (["dd056dcd-154b-4c76-9bd3-c8f88648b5ff"], [UNKNOWN.value]),
        ({SIGNATURE: ASSET, "text": "a"}, {SIGNATURE: ASSET, "text": "a"}),
        ({SIGNATURE: ARCHIVE, "path": "a"}, {SIGNATURE: ARCHIVE, "path": "a"}),
        ({SIGNATURE: REFERENCE, "urn": "a"}, {SIGNATURE: REFERENCE, "urn": "a"}),
        ({SIGNATURE: 5}, {SIGNATURE: 5}),
        ([True, 1, 1.0, None, "[secret]"], [True, 1, 1.0, None, "[secret]"]),
    ],
)
def test_values_read_as_a_preview_shows_them(written: Any, read: Any) -> None:
    (step,) = read_change(document({"it": written})).steps
    assert step.new is not None
    assert repr(step.new.inputs["it"]) == repr(read)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("plain", "plain"),
        ("[secret]", "[secret]"),
        ({"secure": "v1:aGk=:c2VjcmV0"}, "[secret]"),
        ("v1:aGk=:c2VjcmV0", "[secret]"),
        (HIDDEN, "[secret]"),
        ('{"a": {"secure": "v1:aGk=:c2VjcmV0"}}', "[secret]"),
        ('{"a":1}', '{"a":1}'),
    ],
)
def test_secrets_of_the_configuration_are_hidden(written: Any, read: str) -> None:
    assert read_change(document(config={"shop:key": written})).config == {"shop:key": read}


def test_what_is_alike_is_kept_once_and_stays_what_it_was() -> None:
    long = "x" * 1000

    def state(**inputs: Any) -> State:
        return State(urn=STACK, type="a:b:C", custom=True, inputs=inputs)

    plan = Plan(
        steps=(
            Step(op="update", urn=STACK, old=state(a=1, t=long), new=state(a=True, t=long)),
            Step(op="update", urn=STACK, old=state(a=[1]), new=state(a=[1.0])),
        ),
        change_summary={"update": 2},
    )
    read = read_change(json.dumps(to_json(plan), indent=2).encode())
    assert repr(read) == repr(plan)
    first = read.steps[0]
    assert first.old is not None
    assert first.new is not None
    assert first.old.inputs["t"] is first.new.inputs["t"]


def test_outputs_are_left_out() -> None:
    (step,) = read_change(document({"a": 1})).steps
    assert step.new is not None
    assert (step.new.inputs, step.new.outputs) == ({"a": 1}, {})


@pytest.mark.parametrize(
    ("level", "mandatory"),
    [("mandatory", True), ("remediate", True), ("advisory", False), ("disabled", False)],
)
def test_only_mandatory_policies_end_a_preview(level: str, mandatory: bool) -> None:
    event = {
        "policyEvent": {
            "policyPackName": "pack",
            "policyName": "tls",
            "enforcementLevel": level,
            "message": "<{%fg 1%}>hunter2<{%reset%}>",
            "resourceUrn": STACK,
        }
    }
    end = {"summaryEvent": {"resourceChanges": {"same": 1}, "durationSeconds": 1}}
    text = "\n".join(json.dumps({"sequence": 1} | each) for each in (event, end))
    plan = read_change(text.encode())
    assert plan.violations[0].message == "hunter2"
    assert plan.violations[0].mandatory is mandatory
    assert len(problems(plan)) == mandatory
    assert "hunter2" not in "".join(problems(plan))


def test_a_leftover_of_a_replacement_is_told() -> None:
    text = document().replace(b'"custom": true', b'"custom": true, "delete": true')
    (step,) = read_change(text).steps
    assert step.new is not None
    assert step.new.delete
    assert b'"delete": true' in json.dumps(to_json(read_change(text))).encode()


@pytest.mark.parametrize(
    "event",
    [
        b'{"sequence": 1, "resourcePreEvent": []}',
        b'{"sequence": 1, "resourcePreEvent": {"metadata": {"op": "create"}, "planning": true}}',
        b'{"sequence": 1, "diagnosticEvent": {"message": "x"}}',
        b'{"sequence": 1, "summaryEvent": {"resourceChanges": {"same": "x"}}}',
        b'{"sequence": 1}\n[]\n{"sequence": 2}',
    ],
)
def test_strange_events_are_named(event: bytes) -> None:
    with pytest.raises(CannotRead, match=r"^preview: line \d.*: is .*; give what "):
        read_change(event)
