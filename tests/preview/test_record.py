"""What a recording tells of a program: names, places, order, dependencies, providers, options."""

from __future__ import annotations

import re

import pulumi
import pulumi_docker as docker
import pytest
from pulumi import ResourceOptions

from preview.error import RecordingError
from preview.value import UNKNOWN, Secret
from tests.preview.programs import STACK, App, Box, command, run, small, urn


def test_urns_nest_by_parent_types_and_leave_out_the_stack() -> None:
    def program() -> None:
        outer = Box("outer")
        inner = Box("inner", opts=ResourceOptions(parent=outer))
        command("leaf", ResourceOptions(parent=inner))

    assert [(each.urn, each.parent) for each in run(program).resources] == [
        (STACK, None),
        (urn("test:index:Box", "outer"), STACK),
        (urn("test:index:Box$test:index:Box", "inner"), urn("test:index:Box", "outer")),
        (
            urn("test:index:Box$test:index:Box$command:local:Command", "leaf"),
            urn("test:index:Box$test:index:Box", "inner"),
        ),
    ]


def test_a_name_may_hold_the_separator_of_urns() -> None:
    def program() -> None:
        parent = Box("a::b$c")
        command("leaf", ResourceOptions(parent=parent))

    leaf = run(program).one("leaf")
    assert leaf.urn == urn("test:index:Box$command:local:Command", "leaf")
    assert leaf.parent == urn("test:index:Box", "a::b$c")


def test_dependencies_come_from_outputs_and_options_in_the_order_of_registration() -> None:
    def program() -> None:
        first, second, third = command("c"), command("b"), command("a")
        command(
            "last",
            ResourceOptions(depends_on=[third, second]),
            create=pulumi.Output.all(third.create, first.create).apply(str),
            dir="/",
        )

    last = run(program).one("last")
    c, b, a = (urn("command:local:Command", name) for name in "cba")
    assert last.dependencies == (c, b, a)
    assert last.property_dependencies == {"create": (c, a), "dir": ()}


def test_a_component_as_dependency_means_what_is_in_it() -> None:
    def program() -> None:
        box = Box("box")
        inner = Box("inner", opts=ResourceOptions(parent=box))
        command("one", ResourceOptions(parent=box))
        parent = command("two", ResourceOptions(parent=inner))
        command("below-two", ResourceOptions(parent=parent))
        command("last", ResourceOptions(depends_on=[box]))

    recording = run(program)
    names = {each.urn: each.name for each in recording.resources}
    assert [names[each] for each in recording.one("last").dependencies] == ["one", "two"]


def test_an_explicit_provider_serves_the_component_and_what_is_in_it() -> None:
    recording = run(small)
    host = f"{urn('pulumi:providers:docker', 'host')}::{UNKNOWN.value}"
    app = recording.one("app")
    assert (app.provider, app.providers) == (None, {"docker": host})
    assert {recording.one(name).provider for name in ("app-net", "app-data", "app-web")} == {host}
    assert recording.one("host").provider is None
    assert recording.one("host").version == "5.2.0"


def test_without_a_provider_the_default_one_of_the_package_is_named() -> None:
    provider = run(lambda: command("alone")).one("alone").provider
    name = urn("pulumi:providers:command", "default_1_2_1")
    assert provider == f"{name}::{UNKNOWN.value}"


@pytest.mark.parametrize("denied", ['["docker"]', '["*"]'])
def test_default_providers_can_be_forbidden(denied: str) -> None:
    config = {"pulumi:disable-default-providers": denied}
    with pytest.raises(RecordingError) as caught:
        run(lambda: docker.Network("net"), config=config)
    assert str(caught.value) == (
        "docker:index/network:Network net: has no explicit provider, and "
        "pulumi:disable-default-providers leaves docker no default one; pass provider= or "
        "providers= in its options or its parent's"
    )
    run(lambda: docker.Provider("host"), config=config)
    if denied != '["*"]':
        run(lambda: command("alone"), config=config)


def test_a_setting_of_forbidden_providers_that_is_no_list_is_named() -> None:
    with pytest.raises(RecordingError, match="disable-default-providers: is no JSON list"):
        run(lambda: None, config={"pulumi:disable-default-providers": "docker"})


def test_options_are_recorded() -> None:
    def program() -> None:
        other = command("other")
        command(
            "it",
            ResourceOptions(
                protect=True,
                retain_on_delete=True,
                ignore_changes=["create", "archivePaths"],
                replace_on_changes=["dir"],
                delete_before_replace=False,
                deleted_with=other,
                replace_with=[other],
                replacement_trigger={"a": [1]},
                additional_secret_outputs=["stdout"],
                aliases=[pulumi.Alias(name="was"), "urn:pulumi:dev::small::a:b:C::full"],
                custom_timeouts=pulumi.CustomTimeouts(create="1h30m", delete="1.5s"),
                import_="the-id",
                hide_diffs=["create"],
                plugin_download_url="https://plugins.example/a",
            ),
        )

    it = run(program).one("it")
    other = urn("command:local:Command", "other")
    assert it.protect
    assert it.retain_on_delete
    assert it.ignore_changes == ("create", "archivePaths")
    assert it.replace_on_changes == ("dir", "triggers[*]")
    assert it.delete_before_replace is False
    assert it.deleted_with == other
    assert it.replace_with == (other,)
    assert it.replacement_trigger == {"a": [1]}
    assert it.additional_secret_outputs == ("stdout",)
    assert it.aliases == (urn("command:local:Command", "was"), urn("a:b:C", "full"))
    assert it.custom_timeouts == {"create": 5400.0, "delete": 1.5}
    assert it.import_id == "the-id"
    assert it.hide_diffs == ("create",)
    assert it.plugin_download_url == "https://plugins.example/a"
    assert it.dependencies == ()
    provider = "default_1_2_1_https_/plugins.example/a"
    assert it.provider == f"{urn('pulumi:providers:command', provider)}::{UNKNOWN.value}"


def test_options_that_nobody_set_are_empty() -> None:
    plain = run(lambda: Box("plain")).one("plain")
    assert (plain.protect, plain.retain_on_delete, plain.delete_before_replace) == (
        False,
        False,
        None,
    )
    assert (plain.deleted_with, plain.import_id, plain.read_id, plain.provider) == (None,) * 4
    assert (plain.aliases, plain.dependencies, plain.ignore_changes) == ((), (), ())
    assert (plain.inputs, plain.outputs, plain.custom_timeouts, plain.hooks) == ({}, None, {}, {})
    assert plain.replacement_trigger is None


def test_children_take_protection_retention_and_deleted_with_from_the_parent() -> None:
    def program() -> None:
        machine = command("machine")
        box = Box(
            "box",
            opts=ResourceOptions(protect=True, retain_on_delete=True, deleted_with=machine),
        )
        inner = Box("inner", opts=ResourceOptions(parent=box))
        command("takes", ResourceOptions(parent=inner))
        command("refuses", ResourceOptions(parent=inner, protect=False, retain_on_delete=False))

    recording = run(program)
    machine = urn("command:local:Command", "machine")
    takes, refuses = recording.one("takes"), recording.one("refuses")
    assert (takes.protect, takes.retain_on_delete, takes.deleted_with) == (True, True, machine)
    assert (refuses.protect, refuses.retain_on_delete) == (False, False)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2ns", 2e-9),
        ("2us", 2e-6),
        ("2\u00b5s", 2e-6),
        ("2\u03bcs", 2e-6),
        ("2ms", 2e-3),
        (".5s", 0.5),
        ("2m", 120),
        ("1h2m3s", 3723),
    ],
    ids=range(8),
)
def test_timeouts_are_gos_durations(text: str, seconds: float) -> None:
    timeouts = pulumi.CustomTimeouts(create=text, update=text, delete=text)
    it = run(lambda: command("it", ResourceOptions(custom_timeouts=timeouts))).one("it")
    assert it.custom_timeouts == {"create": seconds, "update": seconds, "delete": seconds}


def test_a_timeout_that_is_no_duration_is_named() -> None:
    options = ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(update="5 minutes"))
    with pytest.raises(RecordingError) as caught:
        run(lambda: command("it", options))
    assert str(caught.value) == (
        "command:local:Command it: custom_timeouts.update: '5 minutes' is no duration; "
        "write it as 90s, 5m or 1h30m"
    )


def test_aliases_of_a_parent_are_aliases_of_its_children() -> None:
    def program() -> None:
        box = Box("new", opts=ResourceOptions(aliases=[pulumi.Alias(name="old")]))
        command("new-part", ResourceOptions(parent=box, aliases=[pulumi.Alias(name="new-piece")]))
        command(
            "other",
            ResourceOptions(parent=box, aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)]),
        )

    recording = run(program)
    below = "test:index:Box$command:local:Command"
    assert recording.one("new").aliases == (urn("test:index:Box", "old"),)
    # The type of the parent is the same, so only names tell the parents apart.
    assert recording.one("new-part").aliases == (
        urn(below, "new-piece"),
        urn(below, "old-part"),
        urn(below, "old-piece"),
    )
    assert urn("command:local:Command", "other") in recording.one("other").aliases


def test_outputs_of_components_and_of_the_stack() -> None:
    recording = run(small)
    app = recording.one("app")
    assert app.inputs == {"label": "x", "n": 3}
    assert app.outputs == {"container": UNKNOWN, "secret": Secret(["A=1", "PW=s3cret"])}
    assert recording.outputs == {
        "greeting": "hello",
        "id": UNKNOWN,
        "password": Secret("hunter2-of-the-test"),
    }
    assert recording.resources[0].outputs == recording.outputs
    assert recording.one("app-net").outputs is None


def test_registering_no_outputs_is_told_from_registering_none() -> None:
    def program() -> None:
        Box("silent")
        Box("empty").register_outputs({})

    recording = run(program)
    assert recording.one("silent").outputs is None
    assert recording.one("empty").outputs == {}


def test_where_a_resource_was_created_is_known_but_makes_no_difference() -> None:
    first = run(lambda: Box("it")).one("it")
    second = run(lambda: Box("it")).one("it")
    assert re.fullmatch(r"tests/preview/test_record\.py:\d+", first.source or "")
    assert first.source != second.source
    assert first == second
    # Frames of installed packages, like those of a provider's SDK, are passed over.
    assert (run(small).one("host").source or "").startswith("tests/preview/programs.py:")
    assert run(lambda: None).resources[0].source is None


def test_one_resource_is_found_by_name_and_type() -> None:
    def program() -> None:
        Box("it")
        command("it")
        Box("other")

    recording = run(program)
    assert recording.one("other").type == "test:index:Box"
    assert recording.one("it", "command:local:Command").custom
    with pytest.raises(LookupError, match="2 resources are named 'it'"):
        recording.one("it")
    with pytest.raises(LookupError, match=r"0 resources are named 'no'; there are \['it', 'other'"):
        recording.one("no")


def test_a_component_that_nobody_gives_a_provider_keeps_its_childrens() -> None:
    def program() -> None:
        host = docker.Provider("host", host="unix:///a")
        App("app", ResourceOptions(provider=host))
        docker.Network("alone")

    recording = run(program)
    assert "docker::host::" in str(recording.one("app-net").provider)
    assert "docker::default_5_2_0::" in str(recording.one("alone").provider)
