"""What a change does: what is made, replaced, updated and deleted, and what nobody can tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_docker as docker
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi import ResourceOptions
from pulumi_command import local

from preview.plan import PropertyDiff
from preview.value import MASK, UNKNOWN
from tests.preview.against.support import change, ops, settled, short, step_of
from tests.preview.programs import Box, command, small, wide

HANDOVER = "Command handover"


def stack(
    *,
    image: str = "nginx:1",
    subnet: str = "172.30.1.0/24",
    memory: int | None = None,
    label: str | None = None,
    routes: str = "a",
    **options: Any,
) -> Callable[[], None]:
    """A network, a container on it, what hands it over, and routes that come after."""

    def program() -> None:
        box = Box("box", {"image": image})
        child = ResourceOptions(parent=box)
        network = docker.Network(
            "net",
            name="front",
            ipam_configs=[docker.NetworkIpamConfigArgs(subnet=subnet)],
            opts=ResourceOptions(parent=box, delete_before_replace=True),
        )
        volume = docker.Volume(
            "data",
            name="data",
            labels=[docker.VolumeLabelArgs(label="a", value=label)] if label else None,
            opts=ResourceOptions(parent=box, **options),
        )
        container = docker.Container(
            "web",
            image=image,
            memory=memory,
            networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=network.name)],
            mounts=[docker.ContainerMountArgs(type="volume", source=volume.name, target="/data")],
            opts=ResourceOptions(parent=box, delete_before_replace=False),
        )
        handover = command(
            "handover", child, stdin=container.id.apply("NEW={}".format), triggers=[container.id]
        )
        command("routes", ResourceOptions(parent=box, depends_on=[handover]), stdin=routes)

    return program


def test_an_unchanged_program_changes_nothing() -> None:
    for program in (small, wide, stack()):
        plan = change(program, program)
        assert {step.op for step in plan.steps} <= {"same", "read"}
        assert [step.uncertain for step in plan.steps if step.uncertain and "far" in step.urn] == []


def test_what_replaces_spreads_to_what_is_made_of_it_only() -> None:
    plan = change(stack(), stack(image="nginx:2"))
    assert ops(plan) == {
        "Box box": "update",
        "Container web": "replace",
        HANDOVER: "replace",
    }
    web = step_of(plan, "Container web")
    assert (web.diff_reasons, web.replace_reasons) == (("image",), ("image",))
    assert web.detailed_diff == {"image": PropertyDiff(kind="update-replace")}
    assert web.old
    assert web.old.inputs["image"] == "nginx:1"
    assert web.new
    assert web.new.inputs["image"] == "nginx:2"
    handover = step_of(plan, HANDOVER)
    assert handover.new
    assert handover.new.inputs["triggers"] == [UNKNOWN.value]
    assert handover.detailed_diff == {
        "stdin": PropertyDiff(kind="update"),
        "triggers[0]": PropertyDiff(kind="update-replace"),
    }
    assert plan.change_summary == {"replace": 2, "same": 4, "update": 1}


def test_what_can_change_in_place_is_an_update_and_nothing_follows() -> None:
    plan = change(stack(), stack(memory=64))
    assert ops(plan) == {"Container web": "update"}
    assert step_of(plan, "Container web").detailed_diff == {"memory": PropertyDiff(kind="add")}


def test_what_an_update_prints_is_not_known_before() -> None:
    def program(text: str) -> Callable[[], None]:
        def declare() -> None:
            first = command("first", stdin=text)
            command("second", stdin=first.stdout)
            command("third", stdin=first.id)

        return declare

    plan = change(program("a"), program("b"))
    assert ops(plan) == {"Command first": "update", "Command second": "update"}
    second = step_of(plan, "Command second").new
    assert second
    assert second.inputs["stdin"] == UNKNOWN.value


def test_what_is_deleted_first_takes_what_needs_it_along() -> None:
    plan = change(stack(), stack(subnet="172.30.2.0/24"))
    assert ops(plan) == {
        "Network net": "replace",
        "Container web": "replace",
        HANDOVER: "replace",
    }
    # As with the real engine, nobody asks the provider why.
    assert step_of(plan, "Container web").detailed_diff is None
    assert step_of(plan, "Container web").diff_reasons == ()


def test_what_is_gone_is_deleted_last_and_in_order() -> None:
    plan = change(stack(), lambda: None)
    deleted = [short(step) for step in plan.steps if step.op == "delete"]
    assert deleted[-1] == "Box box"
    assert deleted.index("Command routes") < deleted.index(HANDOVER)
    assert deleted.index(HANDOVER) < deleted.index("Container web")
    assert deleted.index("Container web") < deleted.index("Network net")
    assert plan.change_summary == {"delete": 6, "same": 1}
    assert all(step.new is None and step.old for step in plan.steps if step.op == "delete")


def test_what_was_only_read_is_forgotten() -> None:
    def program() -> None:
        local.Command.get("read", "some-id")

    plan = change(program, program)
    assert ops(plan) == {"Command read": "read"}
    assert ops(change(program, lambda: None)) == {"Command read": "discard"}


def test_what_comes_is_created() -> None:
    plan = change(lambda: None, stack())
    assert set(ops(plan).values()) == {"create"}
    assert step_of(plan, HANDOVER).new.inputs["triggers"] == [UNKNOWN.value]  # type: ignore[union-attr]


def test_an_alias_keeps_what_it_names() -> None:
    def named(name: str, *aliases: str) -> Callable[[], None]:
        options = ResourceOptions(aliases=[pulumi.Alias(name=each) for each in aliases])
        return lambda: (command(name, options), None)[1]

    assert ops(change(named("one"), named("two"))) == {
        "Command one": "delete",
        "Command two": "create",
    }
    assert ops(change(named("one"), named("two", "one"))) == {}


def test_ignored_changes_change_nothing() -> None:
    assert ops(change(stack(label="x"), stack(label="y", ignore_changes=["labels"]))) == {}
    assert ops(change(stack(), stack(label="y", ignore_changes=["labels"]))) == {}
    assert ops(change(stack(label="x"), stack(label="y")))["Volume data"] == "replace"


def test_what_is_protected_is_refused_and_still_shown() -> None:
    plan = change(stack(label="x", protect=True), stack(label="y", protect=True))
    assert ops(plan)["Volume data"] == "replace"
    (refused,) = (each for each in plan.diagnostics if each.severity == "error")
    assert "unable to replace resource" in refused.message
    assert refused.urn
    assert refused.urn.endswith("::data")

    plan = change(stack(protect=True), lambda: None)
    assert ops(plan)["Volume data"] == "delete"
    (refused,) = (each for each in plan.diagnostics if each.severity == "error")
    assert "cannot be deleted" in refused.message

    plan = change(stack(label="x", protect=True), stack(label="y"))
    assert [each for each in plan.diagnostics if each.severity == "error"] == []


def test_a_replacement_trigger_replaces_only_when_there_was_one() -> None:
    def triggered(value: str | None) -> Callable[[], object]:
        return lambda: command("a", ResourceOptions(replacement_trigger=value))

    assert ops(change(triggered("1"), triggered("1"))) == {}
    assert ops(change(triggered("1"), triggered("2"))) == {"Command a": "replace"}
    assert ops(change(triggered(None), triggered("2"))) == {}


def test_what_is_replaced_with_something_follows_it() -> None:
    def both(trigger: str) -> Callable[[], None]:
        def program() -> None:
            machine = command("machine", triggers=[trigger])
            command("a", ResourceOptions(replace_with=[machine]))
            command("b", ResourceOptions(deleted_with=machine))

        return program

    plan = change(both("1"), both("2"))
    assert ops(plan) == {"Command machine": "replace", "Command a": "replace"}
    assert step_of(plan, "Command a").replace_reasons == ("replaceWith",)
    # Pulumi 3.255 leaves it, 3.260 does not.
    (why,) = step_of(plan, "Command b").uncertain
    assert why.startswith("machine, with which it is deleted, is replaced")


class Unheard(pulumi.CustomResource):
    """A type that no table knows."""

    secret: pulumi.Output[str]

    def __init__(self, name: str, **inputs: Any) -> None:
        super().__init__("test:index:Unheard", name, {**inputs, "secret": None})


def test_a_change_of_an_unknown_type_is_an_update_that_nobody_is_sure_of() -> None:
    plan = change(lambda: Unheard("a", size=1), lambda: Unheard("a", size=2))
    step = step_of(plan, "Unheard a")
    assert step.op == "update"
    (why,) = step.uncertain
    assert why == (
        "whether a change of size replaces a test:index:Unheard isn't known here; "
        "use `pulumi preview`"
    )


def test_what_is_made_of_outputs_that_nobody_knows_cannot_be_told() -> None:
    def program() -> None:
        command("b", stdin=Unheard("a", size=1).secret)

    step = step_of(change(program, program), "Command b")
    assert step.op == "same"
    assert step.uncertain == (
        "stdin has a value in it that only a provider tells; use `pulumi preview`",
    )


def test_secrets_are_compared_and_never_shown() -> None:
    def fed(secret: str) -> Callable[[], object]:
        return lambda: command("a", stdin=pulumi.Output.secret(secret))

    plan = change(fed("hunter1"), fed("hunter2"))
    assert ops(plan) == {"Command a": "update"}
    assert "hunter" not in repr(plan)
    assert step_of(plan, "Command a").old.inputs["stdin"] == MASK  # type: ignore[union-attr]
    assert ops(change(fed("hunter1"), fed("hunter1"))) == {}


def test_a_provider_with_another_configuration_is_updated_and_its_resources_stay() -> None:
    def at(host: str) -> Callable[[], None]:
        def program() -> None:
            provider = docker.Provider("host", host=host)
            docker.Volume("data", opts=ResourceOptions(provider=provider))

        return program

    plan = change(at("unix:///var/run/docker.sock"), at("ssh://root@192.0.2.1"))
    assert ops(plan) == {"docker host": "update"}


NAMES = st.sampled_from("abcdef")
SPECS = st.dictionaries(
    NAMES, st.fixed_dictionaries({"text": st.sampled_from("xyz"), "trigger": st.sampled_from("12")})
)


def _of(spec: dict[str, dict[str, str]]) -> Callable[[], None]:
    def program() -> None:
        last: list[local.Command] = []
        for name, each in sorted(spec.items()):
            triggers: list[Any] = [each["trigger"], *(before.id for before in last)]
            last = [local.Command(name, create=each["text"], triggers=triggers)]

    return program


@settings(max_examples=30, deadline=None)
@given(old=SPECS, new=SPECS)
def test_every_resource_of_either_side_has_one_step(
    old: dict[str, dict[str, str]], new: dict[str, dict[str, str]]
) -> None:
    plan = change(_of(old), _of(new))
    steps = {step.urn.rpartition("::")[2]: step.op for step in plan.steps}
    assert len(steps) == len(plan.steps)
    assert steps.keys() - {"small-dev"} == old.keys() | new.keys()
    for name, op in steps.items():
        if name == "small-dev":
            continue
        assert (op == "create") == (name not in old)
        assert (op == "delete") == (name not in new)
        if op == "same":
            assert old[name] == new[name]
    assert sum(plan.change_summary.values()) == len(plan.steps)
    assert ops(change(_of(new), _of(new))) == {}


def test_a_recording_is_the_same_whenever_it_is_made() -> None:
    assert settled(small).resources == settled(small).resources


@pytest.mark.parametrize("program", [small, wide])
def test_a_plan_survives_its_document(program: Callable[[], None]) -> None:
    from preview.document import from_json, to_json

    plan = change(lambda: None, program)
    assert from_json(to_json(plan)) == plan
