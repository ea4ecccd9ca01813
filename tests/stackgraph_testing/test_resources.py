"""Questions that a test has about what a program declared."""

from __future__ import annotations

from typing import Any

import pulumi
import pulumi_docker as docker
import pytest

from stackgraph_testing import UNKNOWN, ProgramRun, RecordedResource, Resources, Stackgraph
from tests.preview.programs import Box, command


class Special(docker.Volume):
    """A class of one's own with the type of the provider's."""


def program() -> None:
    box = Box("box")
    host = docker.Provider("host", host="unix:///a", opts=pulumi.ResourceOptions(parent=box))
    there = pulumi.ResourceOptions(parent=box, provider=host, protect=True)
    data = docker.Volume("data", opts=there)
    Special("other", name="other", opts=there)
    image = docker.RemoteImage("web", name="nginx", opts=there)
    web = docker.Container(
        "web",
        image=image.image_id,
        mounts=[docker.ContainerMountArgs(type="volume", target="/", source=data.name)],
        must_run=False,
        labels=[docker.ContainerLabelArgs(label="a", value="b")],
        log_opts={"max-size": "10m"},
        opts=pulumi.ResourceOptions(
            parent=box, provider=host, aliases=[pulumi.Alias(name="old")], retain_on_delete=True
        ),
    )
    deeper = Box("deeper", opts=pulumi.ResourceOptions(parent=box))
    command("last", pulumi.ResourceOptions(parent=deeper, depends_on=[web]))
    command("alone")


@pytest.fixture(scope="module")
def run(stackgraph: Stackgraph) -> ProgramRun:
    return stackgraph.program(program)


def test_a_resource_by_class_type_and_name(run: ProgramRun) -> None:
    web = run.one(docker.Container)
    assert web is run.one("docker:index/container:Container", "web")
    assert web is run.one("docker:index:Container", "web")
    assert web is run.of_type(docker.Container)[0]
    assert run.one(name="data").type == "docker:index/volume:Volume"
    assert run.one(Box, "box").cls is Box
    assert run.of_type(docker.Volume).names == ["data", "other"]
    assert run.of_type(Special).names == ["other"]
    assert run.of_type(pulumi.ComponentResource).names == ["box", "deeper"]
    assert {each.type for each in run.named("web")} == {
        "docker:index/container:Container",
        "docker:index/remoteImage:RemoteImage",
    }


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            (docker.Volume, "dta"),
            "there is no Volume named 'dta'; did you mean 'data'? valid: data, other",
        ),
        (
            (docker.Volume, "web"),
            "there is no Volume named 'web'; <docker:index:RemoteImage web> is no Volume; "
            "<docker:index:Container web> is no Volume; valid: data, other",
        ),
        (
            (docker.Volume,),
            "2 resources are a Volume: "
            "urn:pulumi:dev::project::test:index:Box$docker:index/volume:Volume::data, "
            "urn:pulumi:dev::project::test:index:Box$docker:index/volume:Volume::other",
        ),
        (
            (docker.Network,),
            "there is no Network; there are: command:local:Command, docker:index:Container, "
            "docker:index:RemoteImage, docker:index:Volume, pulumi:providers:docker, "
            "pulumi:pulumi:Stack, test:index:Box",
        ),
    ],
)
def test_what_is_not_found_says_what_there_is(
    run: ProgramRun, asked: tuple[Any, ...], message: str
) -> None:
    with pytest.raises(LookupError) as raised:
        run.one(*asked)
    assert str(raised.value) == message


def test_where_a_resource_stands(run: ProgramRun) -> None:
    box, web, data = run.one(Box, "box"), run.one(docker.Container), run.one(name="data")
    assert web.parent is box
    assert box.parent is run.one("pulumi:pulumi:Stack")
    assert run.one("pulumi:pulumi:Stack").parent is None
    assert box.children.names == ["data", "deeper", "host", "other", "web", "web"]
    assert run.children_of(box) == box.children
    assert box.descendants.names == ["data", "deeper", "host", "last", "other", "web", "web"]
    assert web.provider is run.one(docker.Provider) is run.provider_of(data)
    assert run.one(name="alone").provider is None
    assert web.dependencies.names == ["data", "web"]
    assert web.property_dependencies == {
        "mounts": [data],
        "image": [run.one(docker.RemoteImage)],
    }
    assert (data.protect, data.retain_on_delete) == (True, False)
    assert (web.protect, web.retain_on_delete) == (False, True)
    assert [alias.rpartition("::")[2] for alias in web.aliases] == ["old"]
    assert data.registration.source is not None
    assert data.registration.source.startswith("tests/stackgraph_testing/test_resources.py:")


def test_who_waits_for_whom(run: ProgramRun) -> None:
    last, data, alone = run.one(name="last"), run.one(name="data"), run.one(name="alone")
    web, box, deeper = run.one(docker.Container), run.one(Box, "box"), run.one(Box, "deeper")
    assert run.depends_on(last, data) == (last, web, data)
    assert run.depends_on(last, run.one(docker.Provider))
    assert not run.depends_on(data, last)
    # By components: something in the first, everything in the last.
    assert run.depends_on(deeper, data)
    assert not run.depends_on(last, box)
    assert run.depends_on(alone, data) == ()
    assert repr(run.depends_on(last, web)) == (
        "<<command:local:Command last> -> <docker:index:Container web>>"
    )
    assert repr(run.depends_on(web, last)) == (
        "<no way: <docker:index:Container web> waits for data, web, "
        "and never for <command:local:Command last>>"
    )


def test_what_a_test_does_with_inputs_stays_with_it(run: ProgramRun) -> None:
    first = run.one(docker.Container).inputs
    first["labels"].clear()
    first["mustRun"] = True
    again = run.one(docker.Container).inputs
    assert (again["must_run"], again["labels"]) == (False, [{"label": "a", "value": "b"}])


def test_a_few_of_many_are_shown(run: ProgramRun) -> None:
    many = Resources([run.one(name="alone")] * 10)
    assert repr(many[:1]) == "[<command:local:Command alone>]"
    assert repr(many).endswith("<command:local:Command alone>, and 2 more]")
    assert isinstance(many[0], RecordedResource)


def test_outputs_that_are_told(stackgraph: Stackgraph) -> None:
    def shows() -> None:
        program()
        network = docker.Network("net")
        pulumi.export("id", network.id)
        pulumi.export("scope", network.scope.apply(str.upper))
        pulumi.export("name", network.name)

    assert stackgraph.program(shows).outputs == {"id": UNKNOWN, "scope": UNKNOWN, "name": UNKNOWN}
    told = stackgraph.program(
        shows, outputs={"docker:index:Network": lambda _: {"id": "n1", "scope": "local"}}
    )
    assert told.outputs == {"id": "n1", "scope": "LOCAL", "name": UNKNOWN}
