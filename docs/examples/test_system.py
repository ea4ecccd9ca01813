"""Tests of a system: what must be true of it, whatever its files will say next."""

import pulumi_docker as docker
import pytest

from stackgraph_testing import Stackgraph, SystemRun

VOICE = {"service:dyniq/dyniq-voice/livekit", "service:dyniq/dyniq-voice/sip"}


@pytest.fixture(scope="module")
def prod(stackgraph: Stackgraph) -> SystemRun:
    return stackgraph.system("dyniq", stack="prod")


def test_nothing_but_ssh_and_telephony_is_open_to_the_internet(prod: SystemRun) -> None:
    # The proxy isn't, either: the internet comes to it by way of Cloudflare.
    assert {each.subject for each in prod.open_to("internet")} == {"host:dyniq/contabo", *VOICE}


def test_no_container_but_the_proxy_publishes_a_web_port(prod: SystemRun) -> None:
    publishing = prod.of_type(docker.Container).where(
        lambda container: any(
            port["external"] in (80, 443) for port in container.inputs.get("ports", [])
        )
    )
    assert publishing.names == ["dyniq-contabo-ingress"]


def test_every_volume_of_a_database_is_protected(prod: SystemRun) -> None:
    volumes = prod.of_type(docker.Volume).where(lambda volume: "postgres" in volume.name)
    assert len(volumes) == 4
    for volume in volumes:
        assert volume.protect, volume
        assert volume.retain_on_delete, volume


def test_n8n_waits_for_its_database(prod: SystemRun) -> None:
    n8n = prod.one("stackgraph:docker:Service", "dyniq-n8n-n8n")
    postgres = prod.one("stackgraph:docker:Service", "dyniq-n8n-postgres")
    assert prod.depends_on(n8n, postgres)
    assert not prod.depends_on(postgres, n8n)


def test_no_secret_can_be_read(prod: SystemRun) -> None:
    assert not prod.secrets_in_clear()


def test_a_host_needs_an_address(stackgraph: Stackgraph) -> None:
    nowhere = {"dyniq": {"hosts": {"contabo": {"address": ""}}}}
    with stackgraph.expect_error("contabo", file="systems/dyniq/system.yaml"):
        stackgraph.system("dyniq", stack="prod", config=nowhere)
