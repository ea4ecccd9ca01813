"""All of VitaraVox's dev stack through the real engine: Caddy in the place of the host's nginx."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
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

CONFIG: dict[str, Any] = {"target": "dev", "systems": ["vitaravox"]}
API = "stand-in for process vitara-admin-api"
ANSWERS = {
    "dev.vitaravox.ca/": "stand-in for site client",
    "dev.vitaravox.ca/api/health": API,
    "vitdocs.vitaravox.ca/": "stand-in for site vitdocs",
    "api-dev.vitaravox.ca/api/vapi": API,
    "chat.zatuka.ai/": "stand-in for zatuka/mattermost",
    "docs.zatuka.ai/": "outline",
    "projects.zatuka.ai/": "vikunja",
    "n8n.zatuka.ai/": "n8n",
    "status.zatuka.ai/": "uptime-kuma",
}
LOOPBACK = {
    "mattermost": 8065,
    "outline": 3000,
    "vikunja": 3456,
    "n8n": 5678,
    "uptime-kuma": 3001,
}
JOBS = {"zatuka-postgres-setup", "zatuka-vikunja-owner"}


@pytest.fixture(scope="module")
def graph() -> StackGraph:
    """What is to be deployed, and the EC2 host, which is described only."""
    return Project(root=ROOT).graph("dev", ["vitaravox"])


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, pulumi_command: str, graph: StackGraph
) -> Iterator[Stack]:
    """The stack, up; taken down at the end, whatever happened."""
    make_images(graph)
    made = Stack.make(tmp_path_factory.mktemp("vitaravox"), pulumi_command, CONFIG)
    fit_to_this_machine(made, "vitaravox")
    with swept("/var/backups/vitaravox"):
        try:
            result = made.up()
            assert result.code == 0, result.text
            yield made
        finally:
            made.run("destroy", "--yes", "--skip-preview")


@pytest.fixture(scope="module")
def ingress(stack: Stack) -> Ingress:
    """The running Caddy."""
    return Ingress("vitaravox-oci-ingress", 8443)


def _services(graph: StackGraph) -> list[Service]:
    """Give the services that are deployed."""
    return [each for each in graph.services.values() if each.host == "host:vitaravox/oci"]


def _exec(service: str, *command: str) -> str:
    (container,) = containers(f"vitaravox-{service}")
    return docker("exec", container, *command)


def _inspect(service: Service) -> dict[str, Any]:
    # Jobs have ended.
    (container,) = containers(service.logical_name, running=False)
    (found,) = json.loads(docker("inspect", container))
    return dict(found)


@pytest.mark.parametrize("place", ANSWERS)
def test_every_name_is_answered_by_its_service(ingress: Ingress, place: str) -> None:
    host, _, path = place.partition("/")
    answer = ingress.get(f"{host}.localhost", f"/{path}")
    assert (answer.status, answer.text.strip()) == (200, ANSWERS[place])


def test_all_routes_were_asked(graph: StackGraph) -> None:
    asked = {place.partition("/")[0] for place in ANSWERS}
    assert asked == {route.declared_name for route in graph.routes.values()}


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("service", LOOPBACK)
def test_ports_are_published_for_this_machine_only(service: str) -> None:
    port = LOOPBACK[service]
    (container,) = containers(f"vitaravox-zatuka-{service}")
    assert docker("port", container) == f"{port}/tcp -> 127.0.0.1:{port}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    assert service in connection.getresponse().read().decode()
    connection.close()


def test_the_next_preview_is_empty(stack: Stack) -> None:
    stack.assert_nothing_to_do()


def test_no_secret_is_plain_in_the_state(stack: Stack) -> None:
    assert plain_secrets(stack, "vitaravox") == []


def test_the_offline_plan_foretold_the_resources(stack: Stack) -> None:
    assert deployed(stack) == planned("vitaravox")


def test_the_host_of_others_is_left_alone(stack: Stack, graph: StackGraph) -> None:
    assert {each.id for each in graph.services.values()} > {each.id for each in _services(graph)}
    for service in ("tomcat", "mariadb"):
        assert containers(f"vitaravox-oscar-{service}", running=False) == []
    assert [name for name in remains("vitaravox") if "oscar" in name] == []
    assert [urn for urn in deployed(stack) if "oscar" in urn or "ec2" in urn] == []


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize(
    ("network", "internal"), [("edge", False), ("data", True), ("cache", True)]
)
def test_networks_are_as_declared(network: str, internal: bool) -> None:
    (found,) = json.loads(docker("network", "inspect", f"vitaravox-zatuka_{network}"))
    assert found["Internal"] is internal


@pytest.mark.usefixtures("stack")
def test_every_container_has_the_rights_that_are_declared(graph: StackGraph) -> None:
    for service in _services(graph):
        found, spec = _inspect(service), service.spec
        host = found["HostConfig"]
        assert host["CapDrop"] == ["ALL"], service.id
        assert sorted(host["CapAdd"] or []) == [f"CAP_{each}" for each in sorted(spec.cap_add)]
        assert host["SecurityOpt"] == ["no-new-privileges:true"], service.id
        assert not host["Privileged"], service.id
        assert spec.user in {None, found["Config"]["User"]}, service.id
        assert host["Memory"] == spec.memory_limit, service.id
    effective = _exec("zatuka-outline", "grep", "CapEff", "/proc/1/status")
    assert int(effective.split()[1], 16) == 0


@pytest.mark.usefixtures("stack")
def test_no_container_tells_a_secret(graph: StackGraph) -> None:
    secrets = dev_secrets("vitaravox")
    names = {each.logical_name for each in _services(graph)} - {f"vitaravox-{job}" for job in JOBS}
    told = {name: told_secrets(name, secrets) for name in names}
    assert {name: them for name, them in told.items() if them} == {}


@pytest.mark.usefixtures("stack")
def test_redis_wants_its_password() -> None:
    (container,) = containers("vitaravox-zatuka-redis")
    assert "redis-server" in docker("top", container, "-eo", "pid,args")
    assert "requirepass $(cat" in docker("inspect", "-f", "{{.Config.Cmd}}", container)
    assert "NOAUTH" in _exec("zatuka-redis", "redis-cli", "ping")
    authenticated = 'REDISCLI_AUTH="$(cat /run/secrets/redis-password)" exec redis-cli "$@"'
    ask = ("zatuka-redis", "sh", "-c", authenticated, "sh")
    assert _exec(*ask, "ping") == "PONG"
    assert _exec(*ask, "config", "get", "maxmemory-policy").split()[1] == "noeviction"
    assert _exec(*ask, "save") == "OK"
    assert "dump.rdb" in _exec("zatuka-redis", "ls", "/data")


@pytest.mark.usefixtures("stack")
def test_jobs_ran_once_and_ended(graph: StackGraph) -> None:
    for job in JOBS:
        (service,) = (s for s in graph.services.values() if s.logical_name == f"vitaravox-{job}")
        found = _inspect(service)
        assert (found["State"]["Status"], found["State"]["ExitCode"]) == ("exited", 0)
        assert found["RestartCount"] == 0
    assert _exec("zatuka-vikunja", "id", "-u") == "1000"
    _exec("zatuka-vikunja", "touch", "/app/vikunja/files/ours")


@pytest.mark.usefixtures("stack")
def test_each_application_has_its_own_database() -> None:
    secrets = dev_secrets("vitaravox")
    applications = ("mattermost", "outline", "vikunja", "n8n")

    def login(user: str, database: str) -> str:
        query = (
            f"PGPASSWORD={secrets[f'{user.upper()}_DB_PASSWORD']} "
            f"psql -h 127.0.0.1 -U {user} -d {database} -Atc 'SELECT current_user' 2>&1 || :"
        )
        return _exec("zatuka-postgres", "sh", "-c", query)

    for user in applications:
        assert login(user, user) == user
        for other in (*applications, "postgres"):
            if other not in {user, "postgres"}:
                assert "permission denied for database" in login(user, other)


@pytest.mark.usefixtures("stack")
def test_backups_are_copied_away() -> None:
    assert _exec("offsite-rclone", "ls", "-d", "/offsite") == "/offsite"
    written = _exec("offsite-rclone", "sh", "-c", "touch /backups/x 2>&1 || :")
    assert "Read-only file system" in written


def test_destroy_leaves_nothing_behind(stack: Stack) -> None:
    result = stack.run("destroy", "--yes", "--skip-preview")
    assert result.code == 0, result.text
    assert remains("vitaravox") == []
