"""Policies on resources of programs that are not ours."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pulumi_docker
import pytest

from graph.rules import RULES
from policy.clouds import GROUP, INGRESS_RULE, INSTANCE, NSG_RULE, OCI_INSTANCE
from policy.docker_facts import PROVIDER
from policy.resources import CONTAINER, IMAGE, NETWORK, UNKNOWN, VOLUME, Resource
from policy.table import POLICIES
from tests.policy.recorded import BY_ID, resource, said

COMMAND = "command:remote:Command"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
RULESET = "cloudflare:index/ruleset:Ruleset"
SETTING = "cloudflare:index/zoneSetting:ZoneSetting"
EVERYBODY = "0.0.0.0/0"
PIN = '["-o","UserKnownHostsFile=/k","-o","StrictHostKeyChecking=yes"]'

DB: dict[str, Any] = {"image": "postgres:16.4", "envs": ["POSTGRES_PASSWORD=x"]}
DATA: dict[str, Any] = {"type": "volume", "source": "data", "target": "/var/lib/postgresql/data"}
PORT: dict[str, Any] = {"internal": 5432, "external": 5432}
SOCKET = {"hostPath": "/var/run/docker.sock", "containerPath": "/var/run/docker.sock"}
ALLOY = "grafana/alloy:v1.9.1"
CHECK = {"tests": ["CMD", "true"], "interval": "5s", "timeout": "5s"}


def container(name: str = "web", /, **inputs: Any) -> Resource:
    return resource(CONTAINER, name, **inputs)


# What breaks a policy, and what nearly does.
ONE: list[tuple[str, Resource, Resource]] = [
    ("D03", container(image="nginx:latest"), container(image="nginx:1.29.3")),
    ("D03", container(image="nginx"), container(image="sha256:" + "a" * 64)),
    (
        "D03",
        resource(IMAGE, name="nginx:latest"),
        resource(IMAGE, name="nginx:latest", build={"context": "."}),
    ),
    ("F02", container(image="a"), container(image="a", memory=64.0)),
    ("F02", container(memory=0.0), container(memory=UNKNOWN)),
    ("F03", container(image=ALLOY, memory=8.0), container(image=ALLOY, memory=4096.0)),
    ("F12", container(), container(logDriver="json-file", logOpts={"max-size": "10m"})),
    ("F12", container(logDriver="json-file"), container(logDriver="journald")),
    (
        "G12",
        container(image="a", volumes=[SOCKET]),
        container("socket-proxy", image="a", volumes=[SOCKET]),
    ),
    (
        "G12",
        container(
            image="a", mounts=[{"type": "bind", "source": "/run/docker.sock", "target": "/d.sock"}]
        ),
        container(
            image="a", mounts=[{"type": "bind", "source": "/run/other.sock", "target": "/d.sock"}]
        ),
    ),
    ("P04", container(**DB, ports=[PORT]), container(**DB, ports=[{**PORT, "ip": "127.0.0.1"}])),
    ("P04", container(**DB, ports=[{"internal": 5432}]), container(image="a", ports=[PORT])),
    ("B16", container(**DB), container(**DB, mounts=[DATA])),
    ("B16", container(**DB, mounts=[]), container(**DB, mounts=[{**DATA, "source": UNKNOWN}])),
    ("S02", container(image="postgres:16.4"), container(image="postgres:16.4", envs=[UNKNOWN])),
    (
        "H06",
        container(healthcheck={**CHECK, "timeout": "6s"}),
        container(healthcheck={**CHECK, "timeout": UNKNOWN}),
    ),
    (
        "H06",  # unset is 0 in what the provider answers, and Docker's default then
        container(healthcheck={"tests": ["CMD", "x"], "interval": "5s", "timeout": "0s"}),
        container(healthcheck={"tests": ["CMD", "x"], "interval": "0s", "timeout": "0s"}),
    ),
    (
        "H01",
        container(image="qdrant/qdrant:v1.18.1", healthcheck={"tests": ["CMD", "curl", "x"]}),
        container(image=UNKNOWN, healthcheck={"tests": ["CMD", "curl", "x"]}),
    ),
    (
        "S10",
        container(command=["serve", "--key", "sk-" + "a" * 24]),
        container(envs=["KEY=sk-" + "a" * 24]),
    ),
    (
        "S10",
        resource(COMMAND, create="curl -u x", update="echo ghp_" + "a" * 36),
        resource(COMMAND, create="curl -u x", stdin="ghp_" + "a" * 36),
    ),
    ("X01", container(), container(destroyGraceSeconds=30.0)),
    ("X01", container(destroyGraceSeconds=0.0), container(destroyGraceSeconds=UNKNOWN)),
    ("X02", container(memory=64.0), container(memory=64.0, memorySwap=128.0)),
    (
        "X03",
        container(readOnly=True, uploads=[{"file": "/a", "content": "b"}]),
        container(readOnly=True),
    ),
    (
        "X04",
        resource(VOLUME, labels=[{"label": "a", "value": "b"}]),
        resource(VOLUME, labels=[{"label": "a", "value": "b"}], _ignore_changes=("labels",)),
    ),
    (
        "X05",
        resource(PROVIDER, sshOpts='["-o","StrictHostKeyChecking=no"]'),
        resource(PROVIDER, sshOpts=PIN),
    ),
    (
        "X06",
        resource(COMMAND, connection={"host": "192.0.2.9"}),
        resource(COMMAND, connection={"host": "192.0.2.9", "hostKey": UNKNOWN}),
    ),
    (
        "P09",
        resource(INGRESS_RULE, cidrIpv4=EVERYBODY, ipProtocol="tcp", fromPort=20.0, toPort=30.0),
        resource(INGRESS_RULE, cidrIpv4=EVERYBODY, ipProtocol="tcp", fromPort=443.0, toPort=443.0),
    ),
    (
        "P09",
        resource(GROUP, ingress=[{"protocol": "-1", "cidrBlocks": [EVERYBODY]}]),
        resource(GROUP, ingress=[{"protocol": "-1", "cidrBlocks": ["10.0.0.0/8"]}]),
    ),
    (
        "P09",
        resource(NSG_RULE, direction="INGRESS", protocol="6", source=EVERYBODY),
        resource(NSG_RULE, direction="EGRESS", protocol="6", source=EVERYBODY),
    ),
    (
        "P09",
        resource(
            NSG_RULE,
            direction="INGRESS",
            protocol="6",
            source=EVERYBODY,
            tcpOptions={"destinationPortRange": {"min": 22.0, "max": 22.0}},
        ),
        resource(NSG_RULE, direction="INGRESS", protocol="17", source=EVERYBODY),
    ),
    ("X11", resource(INSTANCE), resource(INSTANCE, metadataOptions={"httpTokens": "required"})),
    ("X12", resource(INSTANCE), resource(INSTANCE, rootBlockDevice={"encrypted": True})),
    (
        "X13",
        resource(OCI_INSTANCE),
        resource(OCI_INSTANCE, instanceOptions={"areLegacyImdsEndpointsDisabled": True}),
    ),
    (
        "X21",
        resource(RECORD, proxied=True, ttl=300.0),
        resource(RECORD, proxied=True, ttl=1.0),
    ),
    (
        "G36",
        resource(SETTING, settingId="ssl", value="flexible"),
        resource(SETTING, settingId="ssl", value="strict"),
    ),
    (
        "G32",
        resource(RULESET, rules=[{"ref": "long", "expression": "x" * 4097}]),
        resource(RULESET, rules=[{"ref": "long", "expression": "x" * 4096}]),
    ),
]


@pytest.mark.parametrize(("id_", "breaks", "near"), ONE)
def test_one_resource(id_: str, breaks: Resource, near: Resource) -> None:
    assert said(id_, breaks)
    assert said(id_, near) == []


NET = {"ipamConfigs": [{"subnet": "172.30.0.0/16"}]}
INSIDE = {"ipamConfigs": [{"subnet": "172.30.5.0/24"}]}
PHASE = {"zoneId": "z", "phase": "http_ratelimit", "kind": "zone"}
PROXY = {"image": "tecnativa/docker-socket-proxy:v0.4.2"}
WEB = {"image": "a", "networksAdvanced": [{"name": "in", "ipv4Address": "172.30.5.9"}]}

SEVERAL: list[tuple[str, list[Resource], list[Resource]]] = [
    (
        "P01",
        [container("a", ports=[PORT]), container("b", ports=[PORT])],
        [container("a", ports=[PORT]), container("b", ports=[PORT], _provider="u::p::t::other")],
    ),
    (
        "P01",  # two providers of one machine
        [
            container("a", ports=[PORT], _provider="u::p::t::one", _machine="ssh://box"),
            container("b", ports=[PORT], _provider="u::p::t::two", _machine="ssh://box"),
        ],
        [
            container("a", ports=[{**PORT, "ip": "127.0.0.1"}]),
            container("b", ports=[{**PORT, "ip": "192.0.2.1"}]),
        ],
    ),
    (
        "P01",  # Docker chooses another for each
        [
            container("a", ports=[{"internal": n, "external": n} for n in (1, 2, 3)]),
            container("b", ports=[{"internal": 9, "external": 2}]),
        ],
        [container("a", ports=[{"internal": 80}]), container("b", ports=[{"internal": 80}])],
    ),
    (
        "N07",
        [resource(NETWORK, "out", **NET), resource(NETWORK, "in", **INSIDE)],
        [resource(NETWORK, "out", **NET), resource(NETWORK, "in", ipamConfigs=UNKNOWN)],
    ),
    (
        "N10",
        [container("a", name="web"), container("b", name="web")],
        [container("a", name=UNKNOWN), container("b", name=UNKNOWN)],
    ),
    (
        "N13",
        [resource(NETWORK, "n", name="in"), container("a", **WEB)],
        [resource(NETWORK, "n", name="in", **INSIDE), container("a", **WEB)],
    ),
    (
        "N04",
        [
            resource(NETWORK, "n", name="in", internal=True),
            container("a", networksAdvanced=[{"name": "in"}], ports=[PORT]),
        ],
        [
            resource(NETWORK, "n", name="in", internal=True),
            container("a", networksAdvanced=[{"name": "in"}, {"name": UNKNOWN}], ports=[PORT]),
        ],
    ),
    (
        "A06",
        [container("a", mounts=[DATA]), container("b", mounts=[DATA])],
        [container("a", mounts=[DATA]), container("b", mounts=[{**DATA, "readOnly": True}])],
    ),
    (
        "M09",
        [container("p", **PROXY, envs=["POST=1"])],
        [container("p", **PROXY, envs=["CONTAINERS=1"])],
    ),
    (
        "R15",
        [resource(NETWORK, "n", name="in", **INSIDE), container("a", envs=["DB=172.30.5.7"])],
        [resource(NETWORK, "n", name="in", **INSIDE), container("a", envs=["DB=192.0.2.7"])],
    ),
    (
        "X23",
        [resource(RULESET, "a", **PHASE), resource(RULESET, "b", **PHASE)],
        [resource(RULESET, "a", **PHASE), resource(RULESET, "b", **{**PHASE, "zoneId": "y"})],
    ),
    (
        "X23",  # the zone is made by the program: its id is not known yet
        [
            resource(RULESET, name, **{**PHASE, "zoneId": UNKNOWN}, _leads_to={"zoneId": ("z",)})
            for name in "ab"
        ],
        [resource(RULESET, name, **{**PHASE, "zoneId": UNKNOWN}) for name in "ab"],
    ),
    (
        "G30",
        [
            resource(RECORD, "a", name="a.example.com", type="CNAME", content="b", zoneId="z"),
            resource(RECORD, "b", name="a.example.com", type="A", content="192.0.2.1", zoneId="z"),
        ],
        [
            resource(RECORD, "a", name="a.example.com", type="A", content="192.0.2.2", zoneId="z"),
            resource(RECORD, "b", name="a.example.com", type="A", content="192.0.2.1", zoneId="z"),
        ],
    ),
]


@pytest.mark.parametrize(("id_", "breaks", "near"), SEVERAL)
def test_several_resources(id_: str, breaks: list[Resource], near: list[Resource]) -> None:
    assert said(id_, *breaks)
    assert said(id_, *near) == []


def test_a_record_is_named_in_full() -> None:
    assert said("X22", resource(RECORD, "r", name="www", type="A"))
    assert said("X22", resource(RECORD, "r", name="www.example.com", type="A")) == []


def test_a_violation_is_on_its_resource_and_names_others_as_the_program_does() -> None:
    first, second = container("a", ports=[PORT]), container("b", ports=[PORT])
    (found,) = BY_ID["P01"].violations([first, second])
    assert found.urn == second.urn
    assert str(found) == (
        "port 5432/tcp of the Docker host is owned by a (a) and by b; "
        "publish one of them on another port or address"
    )


def test_ports_that_follow_each_other_are_one_range() -> None:
    ports = [{"internal": n, "external": n, "protocol": "udp"} for n in range(10000, 10101)]
    (found,) = said("P04", container(**DB, ports=ports))
    assert "everyone reaches its port 10000-10100/udp" in found


def test_who_rotates_logs_elsewhere_says_so() -> None:
    web = container()
    assert BY_ID["F12"].violations([web])
    assert not BY_ID["F12"].violations([web], {"daemonRotatesLogs": True})


def test_ids_titles_and_severities_are_the_rules() -> None:
    rules = {rule.id: rule for rule in RULES}
    for policy in POLICIES:
        if policy.id in rules:
            rule = rules[policy.id]
            assert (policy.title, policy.severity) == (rule.title, rule.severity)
            assert policy.because == f"rule {policy.id}"
        else:
            assert policy.because.startswith(("PROVIDERS.md, section ", "catalogue "))
    assert len({policy.id for policy in POLICIES}) == len(POLICIES)


def test_the_page_lists_every_policy(project: Path) -> None:
    rows = re.findall(r"^\| (\w\d\d) \|.*$", _page(project), re.MULTILINE)
    assert rows == [policy.id for policy in POLICIES]
    for policy in POLICIES:
        level = "mandatory" if policy.severity == "error" else "advisory"
        row = f"| {policy.id} | {level} | {policy.scope} | {policy.title} | `{policy.inputs}` |"
        assert row in _page(project)


def _page(project: Path) -> str:
    return (project / "docs" / "policy-pack.md").read_text(encoding="utf-8")


def test_the_wheel_has_every_module(project: Path) -> None:
    settings = tomllib.loads((project / "policy" / "pyproject.toml").read_text(encoding="utf-8"))
    files = settings["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    modules = {file.name for file in (project / "policy").glob("*.py")} - {"__main__.py"}
    assert files == {
        "../config": "config",
        "../graph": "graph",
        **{name: f"policy/{name}" for name in modules},
    }


def test_types_are_those_of_the_sdks() -> None:
    packages = Path(pulumi_docker.__path__[0]).parent
    for type_ in sorted({type_ for policy in POLICIES for type_ in policy.types}):
        package, module, _ = type_.split(":")
        if package == "pulumi":  # providers
            continue
        folder = module.lower().partition("/")[0] if package != "command" else module
        within = packages / f"pulumi_{package}" / ("" if folder == "index" else folder)
        source = (within / f"{_snake(type_)}.py").read_text(encoding="utf-8")
        assert f"'{type_}'" in source, type_


def _snake(type_: str) -> str:
    name = type_.rpartition(":")[2]
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()
