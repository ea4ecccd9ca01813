"""The supported Compose subset means what Docker Compose says that it means.

oracle/ holds compose files, and beside each what `docker compose config --format json` made of it
(recorded with Docker Compose 5.5.0). The ordinary tests read the recordings; where a Compose is
installed, the recordings are compared with it, and ``--update-golden`` records anew.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from config.cloudflare import ZoneSettings
from config.finding import FindingsError
from config.load import load_systems
from config.stack import HostAccess, StackSettings, SystemSettings
from graph.build import build
from graph.rules import check
from tests.config.meaning import Data, ours, theirs
from tests.workspace import graph_of, write

ORACLE = Path(__file__).parent / "oracle"
FILES = sorted(ORACLE.glob("*.compose.yaml"))
VARIABLES = {
    "NAME": "name",
    "NAME_X": "longer",
    "TWO_WORDS": "two words",
    "EMPTY": "",
    "YES": "true",
    "NO": "false",
    "SIZE": "64m",
    "HALF": "0.5",
    "WAIT": "1m30s",
    "PORT": "8080",
    "PORT_TWO": "8081",
    "THREE": "3",
    "STARTED": "service_started",
}
SECRETS = {"TOKEN": "the value of a secret"}

SYSTEM: Any = {
    "hosts": {"vps": {"kind": "vps", "platform": "linux/amd64", "cpus": 2, "memory": "2GiB"}},
    "variables": {n: {"purpose": "test", "default": value} for n, value in VARIABLES.items()},
    "secrets": {n: {"purpose": "test", "dev": "dev-only"} for n in SECRETS},
}
STACK: Any = {
    "config": {
        "stackgraph:target": "prod",
        "stackgraph:systems": ["oracle"],
        "stackgraph:oracle": {
            "hosts": {"vps": {"address": "192.0.2.10", "host_key": "ssh-ed25519 AAAA"}},
            "secrets": SECRETS,
        },
    }
}


@cache
def compose() -> str | None:
    """Give the Compose of this machine: as a plugin or by itself, version 2 or newer."""
    plugin = Path.home() / ".docker/cli-plugins/docker-compose"
    found = str(plugin) if plugin.is_file() else shutil.which("docker-compose")
    if found is None:
        return None
    answer = subprocess.run([found, "version", "--short"], capture_output=True, text=True)
    version = answer.stdout.strip().lstrip("v")
    return found if answer.returncode == 0 and int(version.partition(".")[0] or 0) >= 2 else None


def ask(
    file: Path, project: str = "project", variables: Mapping[str, str] | None = None
) -> tuple[Data | None, str]:
    """Ask Docker Compose what a file means; nothing and its message when it refuses it."""
    command = [str(compose()), "--project-name", project, "--file", file.name, "config"]
    values = {**VARIABLES, **SECRETS} if variables is None else variables
    answer = subprocess.run(
        [*command, "--format", "json", "--no-path-resolution"],
        cwd=file.parent,
        env={"HOME": os.environ["HOME"], "PATH": os.environ["PATH"], **values},
        capture_output=True,
        text=True,
    )
    return (json.loads(answer.stdout) if answer.returncode == 0 else None), answer.stderr


needs_compose = pytest.mark.skipif(
    compose() is None, reason="no Docker Compose 2 or newer as plugin or on PATH"
)


def recorded(file: Path) -> Data:
    text = file.with_name(file.name.replace(".compose.yaml", ".json")).read_text(encoding="utf-8")
    data: Data = json.loads(text)
    return data


def their_meaning(file: Path, said: Data) -> Data:
    return theirs(said, partial(read, file.parent), SECRETS)


def read(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")


def project_of(compose_file: str) -> dict[str, str]:
    system = {**SYSTEM, "apps": {"project": {"host": "vps", "compose": compose_file}}}
    return {
        "systems/oracle/system.yaml": json.dumps(system),
        "Pulumi.prod.yaml": json.dumps(STACK),
    }


def our_meaning(file: Path, root: Path) -> Data:
    shutil.copytree(file.parent, root / "systems/oracle", dirs_exist_ok=True)
    graph = graph_of(write(root, project_of(file.name)), "prod")
    (app,) = graph.apps.values()
    return ours(graph, app, SECRETS)


def test_every_file_has_its_recording() -> None:
    recordings = {file.name.removesuffix(".json") for file in ORACLE.glob("*.json")}
    assert recordings == {file.name.removesuffix(".compose.yaml") for file in FILES}


def assert_same(ours_: Data, theirs_: Data) -> None:
    assert ours_["services"].keys() == theirs_["services"].keys()
    for name, service in theirs_["services"].items():
        assert ours_["services"][name] == service, name
    for kind in ("networks", "volumes"):
        # Compose leaves out what nothing uses; we make what is declared.
        assert {n: ours_[kind][n] for n in theirs_[kind]} == theirs_[kind]
    assert ours_["name"] == theirs_["name"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.partition(".")[0])
def test_same_meaning(file: Path, tmp_path: Path) -> None:
    assert_same(our_meaning(file, tmp_path), their_meaning(file, recorded(file)))


@needs_compose
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name.partition(".")[0])
def test_recording_is_what_compose_says(file: Path, update_golden: bool) -> None:
    said, message = ask(file)
    assert said is not None, message
    text = json.dumps(said, indent=1) + "\n"
    assert str(ORACLE.parent) not in text
    if update_golden:
        file.with_name(file.name.replace(".compose.yaml", ".json")).write_text(text)
    assert their_meaning(file, said) == their_meaning(file, recorded(file))


# --- what is refused

REFUSED = {
    "unknown key": "foo: bar",
    "number as image": "image: 5",
    "number as user": "user: 1000",
    "number as a boolean": "init: 1",
    "number in quotes as a boolean": 'privileged: "1"',
    "number in a command": "command: [sleep, 5]",
    "unclosed quote in a command": "command: sh -c 'a",
    "brackets of a shell": "command: a (b)",
    "number in a health test": "healthcheck: {test: [CMD, 5]}",
    "health test without a kind": "healthcheck: {test: [curl, x]}",
    "duration without a unit": "stop_grace_period: 30",
    "quoted duration without a unit": 'stop_grace_period: "30"',
    "duration with a space": "stop_grace_period: 1m 30s",
    "size with a unit that is none": "mem_limit: 1q",
    "size without a number": "mem_limit: many",
    "size that ends in ib": "mem_limit: 1ib",
    "two limits of cores": "cpus: 1\ndeploy: {resources: {limits: {cpus: '2'}}}",
    "two limits of memory": 'mem_limit: "1"\ndeploy: {resources: {limits: {memory: "2"}}}',
    "port that is none": 'ports: ["a:80"]',
    "port out of range": 'ports: ["65536:80"]',
    "address that is none": 'ports: ["localhost:80:80"]',
    "protocol that is none": 'ports: ["80:80/tcp/x"]',
    "range in the long form": 'ports: [{target: 80-82, published: "80-82"}]',
    "number in an environment list": "environment: [5]",
    "list in an environment": "environment: {A: [1]}",
    "number in a list of labels": "labels: [5]",
    "volume that is not declared": 'volumes: ["data:/x"]',
    "network that is not declared": "networks: [none-such]",
    "secret that is not declared": "secrets: [none-such]",
    "service that is not there": "depends_on: [none-such]",
    "waiting for itself": "depends_on: [it]",
    "no condition": "depends_on: {other: {}}",
    "unknown condition": "depends_on: {other: {condition: healthy}}",
    "mode that is text": "volumes: [{type: tmpfs, target: /t, tmpfs: {mode: rw}}]",
    "false as restart": "restart: false",
    "order that is none": "deploy: {update_config: {order: both}}",
    "name with a space": 'container_name: "a b"',
    "networks and network_mode": "network_mode: host\nnetworks: [default]",
    "braces that are not closed": "labels: {a: '${NAME'}",
    "form that is none": "labels: {a: '${NAME:=x}'}",
    "required variable": "labels: {a: '${UNSET:?say it}'}",
    "two lines in a default": 'labels: {a: "${UNSET:-a\\nb}"}',
    "key that is a number": "labels: {1: a}",
    "duplicate key": "labels: {a: 1, a: 2}",
}
OURS_ALONE = {
    # Compose takes these, drops a part of them, or leaves it to the daemon or to chance.
    "container port alone": 'ports: ["80"]',
    "port 0": 'ports: ["0:80"]',
    "ranges of different length": 'ports: ["8000-8005:80"]',
    "protocol that no firewall of ours has": 'ports: ["80:80/sctp"]',
    "variable without a value": "labels: {a: '${UNSET}'}",
    "environment from the shell": "environment: [NAME]",
    "dollar that begins nothing": "labels: {a: costs 5$}",
    "operators of a shell, where Compose ends the command": "command: a && b",
    "escapes that only Compose has": "command: a \\n",
    "backquotes": "command: a `b`",
    "labels for SELinux": 'volumes: ["/a:/b:z"]',
    "volume option that is none": 'volumes: ["/a:/b:readonly"]',
    "relative bind": 'volumes: ["./a:/b"]',
    "target that is relative": 'volumes: ["/a:b"]',
    "two mounts at one place": 'volumes: ["/a:/b", "/c:/b/"]',
    "days": "stop_grace_period: 1d",
    "negative duration": "healthcheck: {test: a, timeout: -5s}",
    "negative size": "mem_limit: -1",
    "restart that is none": "restart: sometimes",
    "times of a restart that has none": "restart: always:3",
    "two addresses of a name": 'extra_hosts: ["a=192.0.2.1", "a=192.0.2.2"]',
    "name as address": 'extra_hosts: ["a=b"]',
    "network of another container": "network_mode: container:x",
    "empty health test": "healthcheck: {test: []}",
}


def write_service(root: Path, body: str) -> Path:
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    image = "" if body.startswith("image:") else "    image: a\n"
    file = root / "one.compose.yaml"
    file.write_text(f"services:\n  it:\n{image}{lines}\n  other: {{image: a}}\n")
    return file


@pytest.mark.parametrize("body", [*REFUSED.values(), *OURS_ALONE.values()])
def test_we_refuse(body: str, tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    file = write_service(folder, body)
    shutil.copytree(folder, tmp_path / "systems/oracle")
    try:
        findings = check(graph_of(write(tmp_path, project_of(file.name)), "prod"))
    except FindingsError as error:
        findings = error.findings
    assert findings


@needs_compose
@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
def test_compose_refuses_too(body: str, tmp_path: Path) -> None:
    said, _ = ask(write_service(tmp_path, body))
    assert said is None


@needs_compose
def test_compose_takes_what_we_alone_refuse(tmp_path: Path) -> None:
    file = tmp_path / "all.compose.yaml"
    services = [
        f"  s{number}:\n    image: a\n    {body}\n"
        for number, body in enumerate(OURS_ALONE.values())
    ]
    file.write_text("services:\n" + "".join(services))
    said, message = ask(file)
    assert said is not None, message


# --- the real systems


@needs_compose
@pytest.mark.parametrize("name", ["dyniq", "example"])
def test_real_systems_mean_the_same(name: str, project: Path) -> None:
    system = yaml.safe_load((project / "systems" / name / "system.yaml").read_text())
    secrets = {n: s["dev"] for n, s in system["secrets"].items()} if "secrets" in system else {}
    variables = {n: f"value-of-{n.lower()}" for n in system["variables"]}
    settings = StackSettings(
        name="prod",
        target="prod",
        systems=(name,),
        per_system={
            name: SystemSettings(
                hosts={
                    host: HostAccess(address="192.0.2.10", host_key="ssh-ed25519 AAAA")
                    for host in system["hosts"]
                },
                zones={
                    zone: ZoneSettings(zone_id="0" * 32)
                    for zone, spec in system.get("zones", {}).items()
                    if spec["provider"] == "cloudflare"
                },
                variables=variables,
                secrets={n: SecretStr(value) for n, value in secrets.items()},
            )
        },
    )
    loaded = load_systems([project / "systems" / name], settings, relative_to=project)
    graph = build(loaded, settings)
    for app in graph.apps.values():
        file = project / "systems" / name / loaded[0].apps[app.key].app.compose
        said, message = ask(file, app.project, {**variables, **secrets})
        assert said is not None, message
        meaning = theirs(said, partial(read, file.parent), secrets)
        assert_same(ours(graph, app, secrets), meaning)
