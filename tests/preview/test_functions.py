"""What a program asks for besides new resources: functions, look-ups, hooks, transforms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pulumi_docker as docker
import pytest
from pulumi import Output, ResourceOptions
from pulumi.runtime.proto import resource_pb2

from preview.error import RecordingError
from preview.monitor import Answer, Invocation, Monitor
from preview.value import UNKNOWN, Secret
from tests.preview.programs import Box, command, run, urn

TOKEN = "docker:index/getNetwork:getNetwork"


def looks_up() -> None:
    found = docker.get_network_output(name=Output.from_input("bridge"))
    command("uses", create=found.driver, stdin=found.apply(lambda each: each.id))


def test_a_function_without_an_answer_is_named() -> None:
    with pytest.raises(RecordingError) as caught:
        run(looks_up)
    assert str(caught.value) == (
        f"{TOKEN}: only a provider can answer this function, and none runs here; "
        "give record() its result, or UNKNOWN, in `answers`"
    )


@pytest.mark.parametrize(
    ("answer", "driver"),
    [
        ({"driver": "bridge", "id": "abc"}, "bridge"),
        (lambda args: {"driver": f"of {args['name']}", "id": "abc"}, "of bridge"),
        (UNKNOWN, UNKNOWN),
        (lambda _: UNKNOWN, UNKNOWN),
        ({"driver": Secret("hidden"), "id": "abc"}, Secret("hidden")),
    ],
)
def test_a_function_is_answered_as_told(answer: Answer, driver: object) -> None:
    recording = run(looks_up, answers={TOKEN: answer})
    assert recording.one("uses").inputs["create"] == driver
    assert recording.invocations == (
        Invocation(token=TOKEN, args={"name": "bridge"}, provider=None),
    )


def test_a_function_answers_at_once_where_the_program_waits() -> None:
    found: list[object] = []

    def program() -> None:
        found.append(docker.get_network(name="bridge").driver)

    run(program, answers={TOKEN: {"driver": "bridge"}})
    assert found == ["bridge"]


def test_a_function_of_what_isnt_there_yet_isnt_called() -> None:
    def program() -> None:
        found = docker.get_network_output(name=command("first").stdout)
        command("uses", create=found.driver)

    recording = run(program)
    assert recording.one("uses").inputs["create"] == UNKNOWN
    assert recording.invocations == ()


def test_a_function_is_called_with_its_provider() -> None:
    def program() -> None:
        host = docker.Provider("host", host="unix:///a")
        docker.get_network_output("bridge", opts=pulumi.InvokeOutputOptions(provider=host))

    invocation = run(program, answers={TOKEN: {}}).invocations[0]
    assert invocation.provider == f"{urn('pulumi:providers:docker', 'host')}::{UNKNOWN.value}"


@pytest.mark.parametrize(("answer", "result"), [({"a": "b"}, "b"), (UNKNOWN, UNKNOWN)])
def test_a_method_is_answered_as_told(answer: Answer, result: object) -> None:
    def program() -> None:
        called = pulumi.runtime.call("a:b:C/method", {"x": 1}, command("it"))
        command("uses", create=called.apply(lambda each: each["a"]))

    recording = run(program, answers={"a:b:C/method": answer})
    assert recording.one("uses").inputs["create"] == result
    assert [(each.token, each.args) for each in recording.invocations] == [
        ("a:b:C/method", {"x": 1})
    ]


def test_a_look_up_is_recorded_and_nothing_is_found() -> None:
    def program() -> None:
        options = ResourceOptions(
            parent=Box("box"),
            depends_on=[command("first")],
            additional_secret_outputs=["driver"],
            plugin_download_url="https://plugins.example",
        )
        found = docker.Network.get("bridge", "the-id", name="known", opts=options)
        command("uses", create=found.id, dir=found.driver, stdin=found.name)

    recording = run(program)
    bridge = recording.one("bridge")
    assert bridge.urn == urn("test:index:Box$docker:index/network:Network", "bridge")
    assert (bridge.read_id, bridge.custom, bridge.import_id) == ("the-id", True, None)
    assert recording.one("uses").inputs == {
        "create": "the-id",
        "dir": Secret(UNKNOWN),
        "stdin": "known",
    }
    assert bridge.dependencies == (urn("command:local:Command", "first"),)
    assert bridge.additional_secret_outputs == ("driver",)
    assert bridge.plugin_download_url == "https://plugins.example"
    assert bridge.version == "5.2.0"
    assert "default_5_2_0_https_/plugins.example" in str(bridge.provider)
    assert bridge.inputs == {"name": "known"}
    assert recording.one("uses").dependencies == (bridge.urn,)


def test_a_look_up_by_an_id_that_isnt_known_yet() -> None:
    seen: list[object] = []

    def program() -> None:
        found = docker.Network.get("bridge", command("first").stdout)
        found.id.apply(seen.append)
        command("uses", create=found.id)

    recording = run(program)
    assert seen == []
    assert recording.one("bridge").read_id == UNKNOWN.value
    assert recording.one("uses").inputs["create"] == UNKNOWN


def test_outputs_of_other_stacks_are_unknown() -> None:
    def program() -> None:
        other = pulumi.StackReference("other", stack_name="organization/p/s")
        command("uses", create=other.require_output("x"))

    recording = run(program)
    assert recording.one("other").read_id == "organization/p/s"
    assert recording.one("uses").inputs["create"] == UNKNOWN


def test_whether_something_exists_is_unknown() -> None:
    monitor = Monitor(project="p", stack="s", config={}, root=Path("/"), answers={})
    assert monitor.ExistsResource(resource_pb2.ExistsResourceRequest(id="x")).unknown


def test_a_resource_known_by_its_urn_only_is_the_one_registered() -> None:
    def program() -> None:
        first = command("first", stdin=Output.secret("x"))
        again: Output[str] = first.urn.apply(lambda each: Seen(each).create)
        command("uses", create=again)

    class Seen(pulumi.CustomResource):
        create: Output[str]

        def __init__(self, known: str) -> None:
            super().__init__(
                "command:local:Command", "first", {"create": None}, ResourceOptions(urn=known)
            )

    recording = run(program)
    assert recording.one("uses").inputs["create"] == "true"
    assert [each.name for each in recording.resources] == ["small-dev", "first", "uses"]


def test_a_urn_that_isnt_registered_is_named() -> None:
    def program() -> None:
        pulumi.CustomResource("a:b:C", "x", {}, ResourceOptions(urn=urn("a:b:C", "x")))

    with pytest.raises(RecordingError, match="a:b:C::x: isn't registered in this program"):
        run(program)


def test_a_parameterized_package_gives_its_version_to_the_default_provider() -> None:
    def program() -> None:
        async def package() -> str:
            return await pulumi.runtime.settings.register_package(
                "terraform-provider", "1.0.0", "", "acme", "3.1.4", "e30="
            )

        ref = asyncio.ensure_future(package())
        pulumi.CustomResource("acme:index:Thing", "it", {}, package_ref=ref)

    provider = run(program).one("it").provider
    assert provider == f"{urn('pulumi:providers:acme', 'default_3_1_4')}::{UNKNOWN.value}"


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            lambda: command("it", ResourceOptions(transforms=[lambda args: None])),
            "command:local:Command it: transforms are run by the engine",
        ),
        (
            lambda: pulumi.runtime.register_stack_transform(lambda args: None),
            "the stack: transforms are run by the engine",
        ),
        (
            lambda: pulumi.runtime.register_invoke_transform(lambda args: None),
            "the stack: transforms are run by the engine",
        ),
        (
            lambda: pulumi.ComponentResource("acme:index:Far", "it", remote=True),
            "acme:index:Far it: is a component that its provider builds",
        ),
    ],
    ids=["transform", "stack transform", "invoke transform", "remote component"],
)
def test_what_cant_be_recorded_is_refused(program: Callable[[], object], message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        run(program)


@pytest.mark.parametrize("type_", ["acme", "acme:index", "a:b:c:d", ":b:c", "a::c", "a:b:"])
def test_a_type_has_three_parts(type_: str) -> None:
    with pytest.raises(RecordingError) as caught:
        run(lambda: pulumi.CustomResource(type_, "it"))
    assert str(caught.value) == (
        f"{type_} it: {type_!r} is no resource type; write it as package:module:Name"
    )


def test_transformations_of_the_sdk_are_run() -> None:
    def rename(args: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult:
        return pulumi.ResourceTransformationResult({**args.props, "create": "false"}, args.opts)

    it = run(lambda: command("it", ResourceOptions(transformations=[rename]))).one("it")
    assert it.inputs == {"create": "false"}


def test_hooks_are_recorded_by_name() -> None:
    def program() -> None:
        def hook(name: str) -> Any:
            return [pulumi.ResourceHook(name, lambda args: None)]

        hooks = pulumi.ResourceHookBinding(
            before_create=hook("before create"),
            after_create=hook("after create"),
            before_update=hook("before update"),
            after_update=hook("after update"),
            before_delete=hook("before delete"),
            after_delete=hook("after delete"),
            on_error=[pulumi.ErrorHook("retry", lambda args: False)],
        )
        command("it", ResourceOptions(hooks=hooks))

    assert run(program).one("it").hooks == {
        "BeforeCreate": ("before create",),
        "AfterCreate": ("after create",),
        "BeforeUpdate": ("before update",),
        "AfterUpdate": ("after update",),
        "BeforeDelete": ("before delete",),
        "AfterDelete": ("after delete",),
        "OnError": ("retry",),
    }
