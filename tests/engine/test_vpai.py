"""All of VPAI's dev stack through the real engine: two hosts of one machine, up and down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cli.project import Project
from graph.model import Service, StackGraph
from rehearsal.stack import Stack
from rehearsal.stand_ins import make_images
from scripts.probe import ROOT
from tests.support.stack import (
    Ingress,
    containers,
    deployed,
    dev_secrets,
    docker,
    fit_to_this_machine,
    plain_secrets,
    planned,
    remains,
    swept,
    told_secrets,
)

pytestmark = [pytest.mark.engine, pytest.mark.slow]

CONFIG: dict[str, Any] = {"target": "dev", "systems": ["vpai"]}
PROD, VPN = ("vpai-prod-ingress", 8443), ("vpai-vpn-ingress", 8444)
ANSWERS = {
    "n8n.example.org/": (PROD, "n8n"),
    "n8n.example.org/webhook/health": (PROD, "n8n"),
    "llm.example.org/": (PROD, "litellm"),
    "llm.example.org/v1/models": (PROD, "litellm"),
    "openclaw.example.org/": (PROD, "openclaw"),
    "grafana.example.org/": (PROD, "grafana"),
    "qdrant.example.org/": (PROD, "qdrant"),
    "headscale.example.org/key": (VPN, "headscale"),
    "headscale.example.org/api/v1/user": (VPN, "headscale"),
    "zerobyte.example.org/": (VPN, "zerobyte"),
    "uptime.example.org/": (VPN, "uptime-kuma"),
}
PUBLIC = {
    "n8n.example.org/webhook/health",
    "llm.example.org/v1/models",
    "headscale.example.org/key",
}
STRANGERS = "198.51.100.0/28"
"""Addresses of nobody (RFC 5737), neither loopback nor private."""


@pytest.fixture(scope="module")
def graph() -> StackGraph:
    """What is to be deployed."""
    return Project(root=ROOT).graph("dev", ["vpai"])


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, pulumi_command: str, graph: StackGraph
) -> Iterator[Stack]:
    """The stack, up; taken down at the end, whatever happened."""
    make_images(graph)
    made = Stack.make(tmp_path_factory.mktemp("vpai"), pulumi_command, CONFIG)
    fit_to_this_machine(made, "vpai")
    with swept("/opt/vpai/backups", "/opt/seko-vpn/backups"):
        try:
            result = made.up()
            assert result.code == 0, result.text
            yield made
        finally:
            made.run("destroy", "--yes", "--skip-preview")


@pytest.fixture(scope="module")
def ingresses(stack: Stack) -> dict[tuple[str, int], Ingress]:
    """The running Caddys."""
    return {each: Ingress(*each) for each in (PROD, VPN)}


def _services(graph: StackGraph) -> list[Service]:
    return sorted(graph.services.values(), key=lambda service: service.id)


def _exec(service: str, *command: str) -> str:
    (container,) = containers(f"vpai-{service}")
    return docker("exec", container, *command)


@pytest.mark.parametrize("place", ANSWERS)
def test_every_name_is_answered_by_its_service(
    ingresses: dict[tuple[str, int], Ingress], place: str
) -> None:
    host, _, path = place.partition("/")
    ingress, text = ANSWERS[place]
    answer = ingresses[ingress].get(f"{host}.localhost", f"/{path}")
    assert (answer.status, answer.text.strip()) == (200, text)


def test_all_routes_were_asked(graph: StackGraph) -> None:
    asked = {place.partition("/")[0] for place in ANSWERS}
    assert asked == {route.declared_name for route in graph.routes.values()}


def test_a_stranger_gets_what_is_public_and_no_more(
    ingresses: dict[tuple[str, int], Ingress],
) -> None:
    for ingress in (PROD, VPN):
        places = [place for place, (its, _) in ANSWERS.items() if its == ingress]
        with _stranger(ingress[0]) as address:
            status = {
                place: ingresses[ingress]
                .get(
                    f"{place.partition('/')[0]}.localhost",
                    f"/{place.partition('/')[2]}",
                    at=address,
                )
                .status
                for place in places
            }
        assert status == {place: 200 if place in PUBLIC else 403 for place in places}


@contextmanager
def _stranger(ingress: str) -> Iterator[str]:
    """Let this machine have a public address, seen from the proxy; gives the proxy's beside it."""
    (container,) = containers(ingress)
    network = docker("network", "create", f"--subnet={STRANGERS}", "sgh-strangers")
    try:
        docker("network", "connect", network, container)
        template = '{{(index .NetworkSettings.Networks "sgh-strangers").IPAddress}}'
        yield docker("inspect", "-f", template, container)
    finally:
        docker("network", "disconnect", "--force", network, container)
        docker("network", "rm", network)


def test_the_next_preview_is_empty(stack: Stack) -> None:
    stack.assert_nothing_to_do()


def test_no_secret_is_plain_in_the_state(stack: Stack) -> None:
    assert plain_secrets(stack, "vpai") == []


def test_the_offline_plan_foretold_the_resources(stack: Stack) -> None:
    assert deployed(stack) == planned("vpai")


@pytest.mark.parametrize(
    ("network", "subnet", "internal"),
    [
        ("frontend", "172.20.1.0/24", False),
        ("backend", "172.20.2.0/24", True),
        ("monitoring", "172.20.3.0/24", True),
        ("egress", "172.20.4.0/24", False),
    ],
)
@pytest.mark.usefixtures("stack")
def test_networks_are_as_declared(network: str, subnet: str, internal: bool) -> None:
    (found,) = json.loads(docker("network", "inspect", f"vpai-vpai_{network}"))
    assert [pool["Subnet"] for pool in found["IPAM"]["Config"]] == [subnet]
    assert found["Internal"] is internal


@pytest.mark.usefixtures("stack")
def test_every_container_has_the_rights_that_are_declared(graph: StackGraph) -> None:
    for service in _services(graph):
        (container,) = containers(service.logical_name, running=False)
        (found,) = json.loads(docker("inspect", container))
        host, spec = found["HostConfig"], service.spec
        assert host["CapDrop"] == ["ALL"], service.id
        assert sorted(host["CapAdd"] or []) == [f"CAP_{each}" for each in sorted(spec.cap_add)]
        assert host["SecurityOpt"] == ["no-new-privileges:true"], service.id
        assert host["ReadonlyRootfs"] is spec.read_only, service.id
        assert not host["Privileged"], service.id
        assert spec.user in {None, found["Config"]["User"]}, service.id
        assert host["Memory"] == spec.memory_limit, service.id
    effective = _exec("vpai-victoriametrics", "grep", "CapEff", "/proc/1/status")
    assert int(effective.split()[1], 16) == 0


@pytest.mark.usefixtures("stack")
def test_no_container_tells_a_secret(graph: StackGraph) -> None:
    secrets = dev_secrets("vpai")
    serving = [each for each in _services(graph) if each.key != "postgres-setup"]  # it has ended
    told = {each.id: told_secrets(each.logical_name, secrets) for each in serving}
    assert {service: names for service, names in told.items() if names} == {}


@pytest.mark.usefixtures("stack")
def test_redis_wants_its_password() -> None:
    (container,) = containers("vpai-vpai-redis")
    assert "redis-server" in docker("top", container, "-eo", "pid,args")
    assert "requirepass $(cat" in docker("inspect", "-f", "{{.Config.Cmd}}", container)
    assert "NOAUTH" in _exec("vpai-redis", "redis-cli", "ping")
    authenticated = 'REDISCLI_AUTH="$(cat /run/secrets/redis-password)" exec redis-cli "$@"'
    ask = ("vpai-redis", "sh", "-c", authenticated, "sh")
    assert _exec(*ask, "ping") == "PONG"
    assert _exec(*ask, "config", "get", "maxmemory-policy").split()[1] == "allkeys-lru"
    assert _exec(*ask, "save") == "OK"
    assert "dump.rdb" in _exec("vpai-redis", "ls", "/data")


@pytest.mark.usefixtures("stack")
def test_each_application_has_its_own_database() -> None:
    secrets = dev_secrets("vpai")

    def login(user: str, database: str) -> str:
        query = (
            f"PGPASSWORD={secrets[f'{user.upper()}_POSTGRES_PASSWORD']} "
            f"psql -h 127.0.0.1 -U {user} -d {database} -Atc 'SELECT current_user' 2>&1 || :"
        )
        return _exec("vpai-postgresql", "sh", "-c", query)

    for own, other in (("n8n", "litellm"), ("litellm", "n8n")):
        assert login(own, own) == own
        assert "permission denied for database" in login(own, other)
        assert "permission denied for database" in login(own, "openclaw")
    data = _exec("vpai-postgresql", "find", "/var/lib/postgresql", "-name", "PG_VERSION")
    assert "/var/lib/postgresql/18/docker/PG_VERSION" in data.split()


@pytest.mark.usefixtures("stack")
def test_files_arrive_where_they_are_read() -> None:
    described = (ROOT / "systems" / "vpai" / "openclaw.json").read_text()
    started_with = _exec("vpai-openclaw", "cat", "/home/node/.openclaw/openclaw.json")
    assert json.loads(started_with) == json.loads(described)
    # Made of the hosts' addresses in the mesh, which dev has none of.
    records = _exec("seko-vpn-headscale", "cat", "/etc/headscale/records.json")
    assert json.loads(records) == []
    policy = json.loads(_exec("seko-vpn-headscale", "cat", "/etc/headscale/policy.json"))
    assert policy["hosts"] == {"prod": "100.64.0.1/32", "vpn": "100.64.0.2/32"}
    assert _exec("vpai-alloy", "cat", "/run/secrets/qdrant-api-key") == "dev-only-qdrant"


def test_destroy_leaves_nothing_behind(stack: Stack) -> None:
    result = stack.run("destroy", "--yes", "--skip-preview")
    assert result.code == 0, result.text
    assert remains("vpai") == []
