"""Which properties differ, as providers see it, and which of them replace a resource."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview.against.difference import differ
from preview.against.kind import Kind
from preview.against.kinds import KINDS
from preview.against.path import Path, contains, ignoring, parse, text
from preview.against.replacement import detailed, reasons
from preview.value import UNKNOWN, Secret

CONTAINER = KINDS["docker:index/container:Container"]
COMMAND = KINDS["command:local:Command"]
NETWORK = KINDS["docker:index/network:Network"]
RULE = KINDS["aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"]
IMAGE = KINDS["docker:index/remoteImage:RemoteImage"]


def told(old: dict[str, Any], new: dict[str, Any], kind: Kind, *asked: str) -> dict[str, str]:
    found = differ(old, new, kind)
    assert found.unsure == ()
    return {text(path): diff.kind for path, diff in detailed(found.changed, kind, asked).items()}


@pytest.mark.parametrize(
    ("old", "new", "kind", "expected"),
    [
        ({"image": "a"}, {"image": "b"}, CONTAINER, {"image": "update-replace"}),
        ({"memory": 1}, {"memory": 2}, CONTAINER, {"memory": "update"}),
        ({}, {"memory": 2}, CONTAINER, {"memory": "add"}),
        ({"user": "a"}, {}, CONTAINER, {"user": "delete-replace"}),
        # What isn't given is what the provider takes for it.
        ({}, {"start": True}, CONTAINER, {}),
        ({}, {"start": False}, CONTAINER, {"start": "update"}),
        ({}, {"tty": False}, CONTAINER, {}),
        ({"dns": []}, {}, CONTAINER, {}),
        ({"build": {"context": "."}}, {"build": {"context": ".", "remove": True}}, IMAGE, {}),
        # What the provider fills in stays when it isn't given any more, but not when it is emptied.
        ({"hostname": "a"}, {}, CONTAINER, {}),
        ({"envs": ["A=1"]}, {"envs": []}, CONTAINER, {"envs": "delete-replace"}),
        # The order of sets means nothing, that of lists does.
        ({"envs": ["A=1", "B=2"]}, {"envs": ["B=2", "A=1"]}, CONTAINER, {}),
        ({"envs": ["A=1", "B=2"]}, {"envs": ["B=3", "A=1"]}, CONTAINER, {"envs[0]": "add-replace", "envs[1]": "delete-replace"}),  # noqa: E501
        ({"command": ["a", "b"]}, {"command": ["b", "a"]}, CONTAINER, {"command[0]": "update-replace", "command[1]": "update-replace"}),  # noqa: E501
        # Of a list of objects, what is in them decides, or that one comes or goes.
        ({"ports": [{"internal": 1}]}, {"ports": [{"internal": 2}]}, CONTAINER, {"ports[0].internal": "update-replace"}),  # noqa: E501
        ({"mounts": [{"source": "a"}]}, {"mounts": [{"source": "b"}]}, CONTAINER, {"mounts[0].source": "update"}),  # noqa: E501
        ({"mounts": [{"source": "a"}]}, {"mounts": [{"source": "a"}, {"source": "b"}]}, CONTAINER, {"mounts[1]": "add-replace"}),  # noqa: E501
        ({"logOpts": {"max-size": "1m"}}, {"logOpts": {"max-size": "2m"}}, CONTAINER, {'logOpts["max-size"]': "update-replace"}),  # noqa: E501
        ({"build": {"context": "a"}}, {"build": {"context": "b"}}, IMAGE, {"build.context": "update-replace"}),  # noqa: E501
        ({}, {"build": {"context": "b"}}, IMAGE, {"build": "add-replace"}),
        ({"ipamConfigs": [{"subnet": "a"}]}, {"ipamConfigs": [{"subnet": "b"}]}, NETWORK, {"ipamConfigs": "update-replace"}),  # noqa: E501
        # A rule can change its source, but not to a source of another kind.
        ({"cidrIpv4": "a"}, {"cidrIpv4": "b"}, RULE, {"cidrIpv4": "update"}),
        ({"cidrIpv4": "a"}, {"cidrIpv6": "b"}, RULE, {"cidrIpv4": "delete-replace", "cidrIpv6": "add-replace"}),  # noqa: E501
        ({"a": {"x.y": 1}}, {"a": {"x.y": 2}}, Kind(), {'a["x.y"]': "update"}),
        ({"a": True}, {"a": 1}, Kind(), {"a": "update"}),
        ({"a": ""}, {}, Kind(), {"a": "delete"}),
    ],
)  # fmt: skip
def test_differences(
    old: dict[str, Any], new: dict[str, Any], kind: Kind, expected: dict[str, str]
) -> None:
    assert told(old, new, kind) == expected


def test_a_program_can_ask_for_a_replacement() -> None:
    old, new = {"healthcheck": {"retries": 1}}, {"healthcheck": {"retries": 2}}
    assert told(old, new, CONTAINER) == {"healthcheck.retries": "update"}
    assert told(old, new, CONTAINER, "healthcheck") == {"healthcheck.retries": "update-replace"}
    assert told({"a": [1]}, {"a": [2]}, Kind(), "a[*]") == {"a[0]": "update-replace"}


def test_not_every_provider_names_what_asks_for_a_replacement() -> None:
    changed: dict[Path, str] = {("triggers", 0): "update"}
    assert reasons(detailed(changed, COMMAND, ("triggers[*]",)), COMMAND, ("triggers[*]",)) == ()
    changed = {("triggers",): "add"}
    assert reasons(detailed(changed, COMMAND, ()), COMMAND, ()) == ("triggers",)
    changed = {("image",): "update"}
    assert reasons(detailed(changed, CONTAINER, ()), CONTAINER, ()) == ("image",)


def test_what_is_unknown_is_unsure_where_it_is() -> None:
    found = differ({"triggers": ["a", "b"]}, {"triggers": ["c", UNKNOWN]}, COMMAND)
    assert (dict(found.changed), found.unsure) == (
        {("triggers", 0): "update"},
        (("triggers", 1),),
    )


def test_secrets_that_are_not_told_are_equal() -> None:
    old, new = {"stdin": Secret("[secret]")}, {"stdin": Secret("x")}
    assert differ(old, new, COMMAND).keys == ("stdin",)
    assert differ(old, new, COMMAND, secrets_known=False).keys == ()
    assert differ({"stdin": "x"}, new, COMMAND, secrets_known=False).keys == ("stdin",)


def test_a_secret_that_is_unknown_is_no_secret_that_is_the_same() -> None:
    old, new = {"stdin": "[secret]"}, {"stdin": Secret(UNKNOWN)}
    assert differ(old, new, COMMAND, secrets_known=False).unsure == (("stdin",),)


def test_some_providers_see_that_a_value_becomes_a_secret() -> None:
    assert told({"stdin": "s"}, {"stdin": Secret("s")}, COMMAND) == {"stdin": "update"}
    assert told({"environment": {"A": Secret("s")}}, {"environment": {"A": "s"}}, COMMAND) == {
        "environment": "update"
    }
    assert told({"user": "s"}, {"user": Secret("s")}, CONTAINER) == {}


def test_paths() -> None:
    assert parse('a.b[0]["c.d"][*]') == ("a", "b", 0, "c.d", "*")
    assert contains(parse("a[*]"), parse("a[1].b"))
    assert not contains(parse("a[*]"), parse("a"))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a", {"a": 1, "b": {"x": 9}}),
        ("b.x", {"a": 8, "b": {"x": 2}}),
        ("c", {"a": 8, "b": {"x": 9}, "c": 3}),
        ("*", {"a": 1, "b": {"x": 2}, "c": 3}),
    ],
)
def test_ignored_changes(path: str, expected: dict[str, Any]) -> None:
    old = {"a": 1, "b": {"x": 2}, "c": 3}
    assert ignoring(old, {"a": 8, "b": {"x": 9}}, [path]) == expected


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab") | st.text("ab").map(Secret),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xy"), inner, max_size=3),
    max_leaves=8,
)
INPUTS = st.dictionaries(st.sampled_from(["envs", "image", "ports", "start", "mounts"]), VALUES)


@given(inputs=INPUTS, kind=st.sampled_from([Kind(), CONTAINER, COMMAND]))
def test_nothing_differs_from_itself(inputs: dict[str, Any], kind: Kind) -> None:
    assert differ(inputs, inputs, kind).changed == {}


@given(old=INPUTS, new=INPUTS)
def test_what_differs_does_so_both_ways(old: dict[str, Any], new: dict[str, Any]) -> None:
    kind = Kind()
    assert set(differ(old, new, kind).keys) == set(differ(new, old, kind).keys)
