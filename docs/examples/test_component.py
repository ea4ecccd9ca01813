"""Tests of a component of one's own, in a Pulumi program that uses stackgraph's components."""

import pulumi
import pulumi_docker as docker
import pytest

from components.docker_host import DockerHost, DockerHostArgs
from stackgraph_testing import UNKNOWN, DuplicateNamesError, Secret, Stackgraph


class Uptime(pulumi.ComponentResource):
    """Uptime Kuma on a host. Only that host reaches it; its data outlive it."""

    url: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        host: DockerHost,
        password: pulumi.Output[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("example:index:Uptime", name, None, opts)
        data = docker.Volume(
            f"{name}-data",
            opts=pulumi.ResourceOptions(
                parent=self, provider=host.provider, protect=True, retain_on_delete=True
            ),
        )
        container = docker.Container(
            name,
            name=name,
            image="louislam/uptime-kuma:2.0.2",
            envs=[password.apply(lambda text: f"PASSWORD={text}")],
            ports=[docker.ContainerPortArgs(internal=3001, external=3001, ip="127.0.0.1")],
            volumes=[docker.ContainerVolumeArgs(volume_name=data.name, container_path="/app/data")],
            opts=pulumi.ResourceOptions(parent=self, provider=host.provider),
        )
        self.url = container.hostname.apply(lambda hostname: f"http://{hostname}:3001")
        self.register_outputs({"url": self.url})


def program() -> None:
    config = pulumi.Config()
    host = DockerHost("box", DockerHostArgs(docker_host=config.require("docker_host")))
    uptime = Uptime("uptime", host, config.require_secret("password"))
    pulumi.export("url", uptime.url)


GIVEN = {"docker_host": "unix:///var/run/docker.sock"}
PASSWORD = {"password": "correct-horse"}


def test_its_container(stackgraph: Stackgraph) -> None:
    run = stackgraph.program(program, config=GIVEN, secrets=PASSWORD)
    container = run.one(docker.Container)
    assert container.inputs["envs"] == [Secret("PASSWORD=correct-horse")]
    assert container.inputs["volumes"][0]["volume_name"] is UNKNOWN
    assert [port["ip"] for port in container.inputs["ports"]] == ["127.0.0.1"]
    assert container.property_dependencies == {"volumes": [run.one(docker.Volume)]}


def test_all_of_it_is_on_the_host(stackgraph: Stackgraph) -> None:
    run = stackgraph.program(program, config=GIVEN, secrets=PASSWORD)
    provider = run.one(docker.Provider, "box")
    assert provider.inputs["host"] == "unix:///var/run/docker.sock"
    for child in run.children_of(run.one(Uptime)):
        assert run.provider_of(child) is provider


def test_its_data_stay(stackgraph: Stackgraph) -> None:
    volume = stackgraph.program(program, config=GIVEN, secrets=PASSWORD).one(docker.Volume)
    assert volume.protect
    assert volume.retain_on_delete


def test_the_password_cannot_be_read(stackgraph: Stackgraph) -> None:
    assert not stackgraph.program(program, config=GIVEN, secrets=PASSWORD).secrets_in_clear()


def test_its_address_as_soon_as_the_container_is_there(stackgraph: Stackgraph) -> None:
    run = stackgraph.program(program, config=GIVEN, secrets=PASSWORD)
    assert run.outputs["url"] is UNKNOWN
    run = stackgraph.program(
        program,
        config=GIVEN,
        secrets=PASSWORD,
        outputs={"docker:index:Container": lambda _inputs: {"id": "1", "hostname": "c0ffee"}},
    )
    assert run.outputs["url"] == "http://c0ffee:3001"


def test_a_password_is_needed(stackgraph: Stackgraph) -> None:
    with stackgraph.expect_error("project:password"):
        stackgraph.program(program, config=GIVEN)


def test_a_second_one_would_have_the_same_name(stackgraph: Stackgraph) -> None:
    def twice() -> None:
        program()
        host = DockerHost("again", DockerHostArgs(docker_host=GIVEN["docker_host"]))
        docker.Container(
            "other", name="uptime", image="a", opts=pulumi.ResourceOptions(provider=host.provider)
        )

    with pytest.raises(DuplicateNamesError, match="container 'uptime' is declared 2 times"):
        stackgraph.program(twice, config=GIVEN, secrets=PASSWORD)
