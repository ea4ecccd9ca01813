"""nginx and processes of a host: which steps, in which order, and what goes with them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pydantic import SecretStr

from components.program import secret_lookup
from components.step import step
from components.system import System, SystemArgs
from preview.record import Recording, record
from preview.resource import Resource
from render import nginx, processes
from tests.workspace import SHOP, graph_of, shop

STEP = "command:local:Command"
SYSTEM = """\
hosts:
  vps: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB, ingress: {kind: nginx}}
apps: {web: {host: vps, compose: web.compose.yaml}}
variables: {GREETING: {purpose: Front page, default: Hello}}
secrets:
  DB_PASSWORD: {purpose: Database, dev: dev-only}
  TOKEN: {purpose: Token, dev: dev-only}
basic_auth: {staff: {ann: DB_PASSWORD}}
processes:
  api: {host: vps, manager: systemd, purpose: API, command: api, directory: /srv/api, user: api,
    listens: [3002], secrets: {TOKEN: TOKEN}, environment: {MODE: production}}
zones: {example.com: {provider: external}}
routes:
  shop.example.com: {to: "web/front:8080"}
  api.example.com: {to: "api:3002", access: {basic_auth: staff}}
"""
COMPOSE = SHOP["systems/shop/web.compose.yaml"].replace(
    'expose: ["8080"]', 'ports: ["127.0.0.1:8080:8080"]'
)
WORDS = {"DB_PASSWORD": "hash-of-ann", "TOKEN": "word-of-token"}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


def declared(folder: Path, system: str = SYSTEM, words: dict[str, str] = WORDS) -> Recording:
    graph = graph_of(folder_of(folder, system), "prod")
    secrets = {name: SecretStr(word) for name, word in words.items()}

    def program() -> None:
        args = SystemArgs(
            graph=graph, system="shop", docker_host="unix:///x", secret=secret_lookup(secrets)
        )
        System("shop", args)

    return record(program, project="p", stack="prod")


def folder_of(folder: Path, system: str = SYSTEM) -> Path:
    stack = SHOP["Pulumi.prod.yaml"].replace(
        "DB_PASSWORD:", 'TOKEN: {secure: "v1:x"}\n      DB_PASSWORD:'
    )
    files = {"system.yaml": system, "web.compose.yaml": COMPOSE, "Pulumi.prod.yaml": stack}
    return shop(folder, files)


def steps(recording: Recording) -> dict[str, Resource]:
    names = ("shop-vps-processes-", "shop-vps-ingress-")
    found = [r for r in recording.resources if r.type == STEP and r.name.startswith(names)]
    return {each.name.removeprefix("shop-vps-"): each for each in found}


def text(value: Any) -> str:
    return str(getattr(value, "value", value))


def test_steps_their_scripts_and_their_order(tmp_path: Path) -> None:
    recording = declared(tmp_path)
    graph = graph_of(tmp_path, "prod")
    host, ingress = graph.hosts["host:shop/vps"], graph.ingresses["ingress:shop/vps"]
    found = steps(recording)
    assert {name: text(each.inputs["stdin"]) for name, each in found.items()} == {
        "processes-environments": processes.environments_script(
            host, {"shop-api": 'MODE="production"\nTOKEN="word-of-token"\n'}
        ),
        "processes-started": processes.processes_script(graph, host),
        "ingress-files": nginx.files_script(host, {"shop-staff": "ann:hash-of-ann\n"}),
        "ingress-routes": nginx.nginx_script(graph, ingress),
    }
    environments, started, files, routes = (
        found[name]
        for name in (
            *("processes-environments", "processes-started"),
            *("ingress-files", "ingress-routes"),
        )
    )
    assert environments.urn in started.dependencies
    assert {started.urn, files.urn} <= set(routes.dependencies)


def test_what_is_secret_stays_so(tmp_path: Path) -> None:
    found = steps(declared(tmp_path))
    for name, each in found.items():
        for key, value in each.inputs.items():
            if "word-of-token" in json.dumps(value, default=text) or "hash-of" in text(value):
                assert key == "stdin", (name, key)
                assert not isinstance(value, str), name  # a secret's own type
    assert not isinstance(found["processes-started"].inputs["triggers"][0], str)


def test_a_new_secret_starts_its_process_again_and_touches_no_nginx(tmp_path: Path) -> None:
    before = steps(declared(tmp_path / "before"))
    after = steps(declared(tmp_path / "after", words={**WORDS, "TOKEN": "another"}))

    def inputs(each: Resource) -> str:
        return json.dumps(each.inputs, default=text, sort_keys=True)

    changed = {name for name in before if inputs(before[name]) != inputs(after[name])}
    assert changed == {"processes-environments", "processes-started"}


def test_the_same_twice_is_the_same(tmp_path: Path) -> None:
    one = steps(declared(tmp_path / "one"))
    two = steps(declared(tmp_path / "two"))
    for name, each in one.items():
        assert json.dumps(each.inputs, default=text) == json.dumps(two[name].inputs, default=text)


def test_what_is_removed_takes_its_own_away(tmp_path: Path) -> None:
    found = steps(declared(tmp_path))
    host = graph_of(tmp_path, "prod").hosts["host:shop/vps"]
    removals = {
        name: text(each.inputs["environment"]["STACKGRAPH_DELETE"])
        for name, each in found.items()
        if each.inputs.get("delete")
    }
    assert removals == {
        "processes-environments": processes.remove_script(host),
        "ingress-files": nginx.remove_script(host),
    }
    for name in removals:
        # what is replaced would take away what it has just put there
        assert not found[name].inputs.get("triggers")


def test_a_host_of_others_is_left_alone(tmp_path: Path) -> None:
    system = SYSTEM.partition("apps:")[0].replace(", ingress: {kind: nginx}", ", managed_by: O")
    system += (
        "processes:\n  api: {host: vps, manager: systemd, purpose: API, command: api, "
        "directory: /srv/api, user: api}\n"
        "secrets: {TOKEN: {purpose: T, dev: dev-only}, DB_PASSWORD: {purpose: T, dev: dev-only}}\n"
    )
    assert steps(declared(tmp_path, system)) == {}


def test_a_step_has_no_delete_that_would_undo_it() -> None:
    def program() -> None:
        parent = pulumi.ComponentResource("a:b:C", "c")
        step("s", "what", "true", "sh", parent=parent, because=["x"], delete="rm")

    with pytest.raises(ValueError, match="cannot have a delete"):
        record(program, project="p", stack="prod")


def test_a_process_without_an_environment(tmp_path: Path) -> None:
    system = SYSTEM.replace(", secrets: {TOKEN: TOKEN}, environment: {MODE: production}", "")
    assert system != SYSTEM
    found = steps(declared(tmp_path, system))
    assert isinstance(found["processes-environments"].inputs["stdin"], str)
    assert "shop-api ''" in found["processes-environments"].inputs["stdin"]


def test_a_script_and_what_removes_it_come_by_standard_input(tmp_path: Path) -> None:
    def program() -> None:
        parent = pulumi.ComponentResource("a:b:C", "c")
        step("s", "what", "echo made; exit 0", "sh", parent=parent, delete="echo 'it''s gone'")

    made = record(program, project="p", stack="prod").one("s", STEP)
    environment = {name: text(value) for name, value in made.inputs["environment"].items()}
    for command, said in ((made.inputs["create"], "made\n"), (made.inputs["delete"], "its gone\n")):
        done = subprocess.run(
            [*made.inputs["interpreter"], command],
            input=made.inputs["stdin"],
            env={"PATH": "/usr/bin:/bin", **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        assert (done.stdout, done.stderr) == (said, "")
