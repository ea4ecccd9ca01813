"""Secrets, unknowns and the other values that a program hands over."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi import Output, ResourceOptions
from pulumi.runtime import rpc

from preview import value
from preview.value import UNKNOWN, Secret, masked, reveal
from preview.wire import decode, encode
from tests.preview.programs import Box, command, remote_command, run, urn


def test_the_marks_are_those_of_the_sdk() -> None:
    assert rpc._special_sig_key == value.SIGNATURE
    assert rpc._special_secret_sig == value.SECRET
    assert rpc._special_asset_sig == value.ASSET
    assert rpc._special_archive_sig == value.ARCHIVE
    assert rpc._special_resource_sig == value.REFERENCE
    assert UNKNOWN.value == rpc.UNKNOWN


def test_secrets_stay_where_they_are_in_nested_inputs() -> None:
    def program() -> None:
        command(
            "it",
            environment={"OPEN": "a", "CLOSED": Output.secret("b")},
            triggers=["a", {"deep": [Output.secret({"b": 1})]}],
            stdin=Output.secret(Output.secret("twice")),
        )

    it = run(program).one("it")
    assert it.inputs == {
        "create": "true",
        "environment": {"CLOSED": Secret("b"), "OPEN": "a"},
        "stdin": Secret("twice"),
        "triggers": ["a", {"deep": [Secret({"b": 1})]}],
    }
    assert list(it.inputs) == sorted(it.inputs)


def test_what_is_made_of_a_secret_is_secret() -> None:
    def program() -> None:
        first = command("first", stdin=Output.secret("x"))
        command("second", create=first.stdin.apply(lambda text: f"{text}!"))

    assert run(program).one("second").inputs["create"] == Secret("x!")


def test_schema_secrets_of_the_sdk_are_secret() -> None:
    it = run(lambda: remote_command("it")).one("it")
    assert isinstance(it.inputs["connection"], Secret)
    assert reveal(it.inputs["connection"])["host"] == "192.0.2.1"


def test_outputs_are_unknown_and_nothing_is_made_of_them() -> None:
    called: list[object] = []

    def made_of(text: str) -> str:
        called.append(text)
        return "/"

    def program() -> None:
        first = command("first")
        command(
            "second",
            create=first.stdout,
            dir=first.stdout.apply(made_of),
            triggers=[first.id, "known", {"deep": first.stderr}],
            environment=Output.all(first.id, "known").apply(called.append),
        )

    second = run(program).one("second")
    assert called == []
    assert second.inputs == {
        "create": UNKNOWN,
        "dir": UNKNOWN,
        "environment": UNKNOWN,
        "triggers": [UNKNOWN, "known", {"deep": UNKNOWN}],
    }
    assert second.dependencies == (urn("command:local:Command", "first"),)


def test_inputs_come_back_as_outputs_and_urns_are_known() -> None:
    seen: list[object] = []

    def program() -> None:
        first = command("first", create="echo", environment={"A": "b"})
        Output.all(first.create, first.environment, first.urn).apply(seen.extend)

    run(program)
    assert seen == ["echo", {"A": "b"}, urn("command:local:Command", "first")]


def test_an_output_named_secret_stays_secret_while_unknown() -> None:
    seen: list[object] = []

    def program() -> None:
        options = ResourceOptions(additional_secret_outputs=["stdout", "create", "stdin"])
        first = command("first", options, stdin=Output.secret("x"))
        command("second", create=first.stdout, stdin=first.stdin, dir=first.create)
        Output.all(first.stdin, first.create).apply(seen.extend)
        pulumi.export("out", first.stdout)

    recording = run(program)
    assert recording.one("first").inputs == {"create": "true", "stdin": Secret("x")}
    assert recording.one("second").inputs == {
        "create": Secret(UNKNOWN),
        "dir": Secret("true"),
        "stdin": Secret("x"),
    }
    assert recording.outputs == {"out": Secret(UNKNOWN)}
    assert seen == ["x", "true"]


def test_plain_values_arrive_as_they_are() -> None:
    given: dict[str, Any] = {
        "text": "a",
        "empty": "",
        "yes": True,
        "no": False,
        "whole": 2**53,
        "zero": 0,
        "part": 1.5,
        "huge": 1e22,
        "list": [None, [], {}],
        "map": {"b": 1, "a": {"none": None}},
    }
    inputs = run(lambda: Box("it", given | {"none": None})).one("it").inputs
    assert inputs == given
    assert [type(inputs[key]) for key in ("yes", "whole", "zero", "part", "huge")] == [
        bool,
        int,
        int,
        float,
        float,
    ]
    assert list(inputs["map"]) == ["a", "b"]


def test_a_resource_as_input_is_a_reference() -> None:
    def program() -> None:
        other = command("other")
        Box("it", {"other": other, "box": Box("box")})

    inputs = run(program).one("it").inputs
    assert inputs["other"] == {
        value.SIGNATURE: value.REFERENCE,
        "id": UNKNOWN,
        "packageVersion": "",
        "urn": urn("command:local:Command", "other"),
    }
    assert inputs["box"]["urn"] == urn("test:index:Box", "box")


def test_shown_values_hold_no_secret() -> None:
    secret = Secret({"a": "hidden"})
    assert masked([UNKNOWN, secret, {"a": [secret]}, (1,), None]) == [
        UNKNOWN.value,
        "[secret]",
        {"a": ["[secret]"]},
        [1],
        None,
    ]
    assert "hidden" not in f"{secret} {secret!r} {[secret]}"
    assert reveal([secret, {"b": (secret,)}]) == [{"a": "hidden"}, {"b": [{"a": "hidden"}]}]


@pytest.mark.parametrize(
    "values",
    [
        {"a": 1, "b": [True, None, "x"], "c": {"d": 1.5}},
        {"secret": Secret("x"), "unknown": UNKNOWN, "both": Secret(UNKNOWN)},
        {"deep": [{"secret": Secret([UNKNOWN, 1])}]},
    ],
)
def test_values_survive_the_wire(values: dict[str, Any], tmp_path: Any) -> None:
    assert decode(encode(values), tmp_path) == values
