"""Hosts of every kind, and what stands on them besides apps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.access import Sources
from config.addresses import MeshAddress
from config.host import Bans, DockerDaemon, Listener, LogRotation
from config.host import Job as JobSpec
from config.host import Process as ProcessSpec
from config.host import Site as SiteSpec
from config.stack import HostAccess
from graph.model import Host, HostPort, Job, Mesh, Process, Site
from tests.graph.estate import HOST, at, estate

HOSTS = f"""\
hosts:
  oracle: {{kind: oci, {HOST}, swap: 1GiB, purpose: Web, hardened: false}}
  contabo: {{kind: vps, {HOST}, ssh: {{access: mesh}}, docker: {{logs: {{max_size: 10m}}}}}}
  amazon: {{kind: ec2, {HOST}, environment: development, managed_by: Terraform}}
  banning: {{kind: vps, {HOST}, bans: {{failures: 5, window: 10m, chain: input}}}}
"""


def host(name: str, line: int, **changed: Any) -> Host:
    return Host(
        **{
            "id": f"host:shop/{name}",
            "system": "shop",
            "key": name,
            "logical_name": f"shop-{name}",
            "machine": "this machine",
            "kind": "vps",
            "platform": "linux/amd64",
            "cpus": 2.0,
            "memory": 2 * 1024**3,
            "swap": 0,
            "purpose": None,
            "environment": "production",
            "managed_by": None,
            "hardened": True,
            "ssh": Sources(),
            "docker": DockerDaemon(),
            "bans": None,
            "access": None,
            "source": at(line, f"hosts.{name}"),
            **changed,
        }
    )


def said_of_each() -> dict[str, dict[str, Any]]:
    return {
        "oracle": {"kind": "oci", "swap": 1024**3, "purpose": "Web", "hardened": False},
        "contabo": {
            "ssh": Sources(mesh=True),
            "docker": DockerDaemon(logs=LogRotation(max_size=10 * 1024**2)),
        },
        "amazon": {"kind": "ec2", "environment": "development", "managed_by": "Terraform"},
        "banning": {
            "bans": Bans.model_validate({"failures": 5, "window": "10m", "chain": "input"})
        },
    }


def test_hosts_on_dev_are_this_machine_but_those_of_others(tmp_path: Path) -> None:
    apart = {"amazon": {"machine": "host:shop/amazon"}}
    expected = [
        host(name, line, **said, **apart.get(name, {}))
        for line, (name, said) in enumerate(said_of_each().items(), 2)
    ]
    assert estate(tmp_path, HOSTS).hosts == {node.id: node for node in sorted(expected, key=by_id)}


def test_hosts_on_prod_are_where_the_stack_says(tmp_path: Path) -> None:
    mesh = {"mesh_address": "100.64.0.1", "user": "deploy", "port": 2222}
    graph = estate(tmp_path, HOSTS, stack="prod", contabo=mesh)
    key = "ssh-ed25519 AAAA"
    access = {
        "oracle": HostAccess(address="192.0.2.10", host_key=key),
        "contabo": HostAccess(
            address="192.0.2.11",
            mesh_address=MeshAddress("100.64.0.1"),
            user="deploy",
            port=2222,
            host_key=key,
        ),
        "amazon": HostAccess(address="192.0.2.12"),
        "banning": HostAccess(address="192.0.2.13", host_key=key),
    }
    expected = [
        host(name, line, **said, machine=f"host:shop/{name}", access=access[name])
        for line, (name, said) in enumerate(said_of_each().items(), 2)
    ]
    assert graph.hosts == {node.id: node for node in sorted(expected, key=by_id)}


def by_id(node: Host) -> str:
    return node.id


def ssh(name: str, line: int, port: int = 22, access: Sources | None = None) -> HostPort:
    return HostPort(
        host=f"host:shop/{name}",
        ip="0.0.0.0",
        port=range(port, port + 1),
        protocol="tcp",
        owner=f"host:shop/{name}",
        access=access or Sources(),
        purpose="SSH",
        source=at(line, f"hosts.{name}.ssh"),
    )


@pytest.mark.parametrize(
    ("stack", "ports"),
    [
        ("dev", ()),
        # None of the host that others manage; where no key says something, the host's line.
        (
            "prod",
            (ssh("banning", 5), ssh("contabo", 3, 2222, Sources(mesh=True)), ssh("oracle", 2)),
        ),
    ],
)
def test_ssh_is_in_the_registry_of_ports(
    stack: str, ports: tuple[HostPort, ...], tmp_path: Path
) -> None:
    graph = estate(tmp_path, HOSTS, stack=stack, contabo={"port": 2222})
    assert graph.host_ports == ports


# --- beside the apps

BESIDE = f"""\
hosts:
  vps: {{kind: vps, {HOST}}}
processes:
  api:
    host: vps
    manager: pm2
    purpose: Calls
    command: node index.js
    directory: /srv/api
    user: deploy
    listens:
      - 3002
      - "127.0.0.1:3003"
      - {{port: 443, address: 0.0.0.0, access: {{allow: [192.0.2.0/24]}}}}
      - "[::1]:3004"
    memory: 1GiB
    data: [/srv/data/db.sqlite]
sites:
  docs: {{host: vps, path: /srv/docs, purpose: Documents, fallback: /index.html}}
jobs:
  nightly: {{host: vps, schedule: "5  2 * * *", command: tidy, purpose: Order}}
"""
LISTENERS = (
    Listener(port=3002),
    Listener(port=3003, address="127.0.0.1"),
    Listener(port=443, address="0.0.0.0", access=Sources(allow=("192.0.2.0/24",))),
    Listener(port=3004, address="::1"),
)


@pytest.mark.parametrize(("stack", "public"), [("dev", 8443), ("prod", 443)])
def test_what_stands_on_a_host_besides_apps(stack: str, public: int, tmp_path: Path) -> None:
    graph = estate(tmp_path, BESIDE, stack=stack)
    assert graph.processes == {
        "process:shop/api": Process(
            id="process:shop/api",
            system="shop",
            host="host:shop/vps",
            key="api",
            logical_name="shop-api",
            spec=ProcessSpec(
                host="vps",
                manager="pm2",
                purpose="Calls",
                command="node index.js",
                directory="/srv/api",
                user="deploy",
                listens=LISTENERS,
                memory=1024**3,
                data=("/srv/data/db.sqlite",),
            ),
            source=at(4, "processes.api"),
        )
    }
    assert graph.sites == {
        "site:shop/docs": Site(
            id="site:shop/docs",
            system="shop",
            host="host:shop/vps",
            key="docs",
            spec=SiteSpec(
                host="vps", path="/srv/docs", purpose="Documents", fallback="/index.html"
            ),
            source=at(19, "sites.docs"),
        )
    }
    assert graph.jobs == {
        "job:shop/nightly": Job(
            id="job:shop/nightly",
            system="shop",
            host="host:shop/vps",
            key="nightly",
            spec=JobSpec(host="vps", schedule="5 2 * * *", command="tidy", purpose="Order"),
            source=at(21, "jobs.nightly"),
        )
    }
    listened = [p for p in graph.host_ports if p.owner == "process:shop/api"]
    # Where it listens on this machine, a privileged port moves up, as a published one does.
    assert listened == [
        HostPort(
            host="host:shop/vps",
            ip=listener.address,
            port=range(port, port + 1),
            protocol="tcp",
            owner="process:shop/api",
            target=range(listener.port, listener.port + 1),
            access=listener.access,
            source=at(line, f"processes.api.listens[{index}]"),
        )
        for port, index, line, listener in sorted(
            (public if each.port == 443 else each.port, index, 12 + index, each)
            for index, each in enumerate(LISTENERS)
        )
    ]
    assert [port.loopback for port in listened if port.ip != "0.0.0.0"] == [True, True, True]


def test_a_mesh_and_its_members(tmp_path: Path) -> None:
    system = f"""\
hosts:
  vps: {{kind: vps, {HOST}}}
  home: {{kind: vps, {HOST}, managed_by: Others}}
  alone: {{kind: vps, {HOST}}}
apps: {{web: {{host: vps, compose: web.compose.yaml}}}}
mesh: {{kind: headscale, cidr: 100.64.0.0/10, members: [vps, home], control: web/front, dns: false}}
"""
    graph = estate(tmp_path, system)
    mesh = Mesh(
        id="mesh:shop",
        system="shop",
        kind="headscale",
        cidr="100.64.0.0/10",
        members=("host:shop/home", "host:shop/vps"),
        control="service:shop/web/front",
        dns=False,
        source=at(6, "mesh"),
    )
    assert graph.meshes == {"mesh:shop": mesh}
    assert graph.mesh_of("shop") == mesh
    assert {name: graph.in_mesh(f"host:shop/{name}") for name in ("vps", "home", "alone")} == {
        "vps": True,
        "home": True,
        "alone": False,
    }


def test_a_system_without_a_mesh(tmp_path: Path) -> None:
    graph = estate(tmp_path, HOSTS)
    assert graph.meshes == {}
    assert graph.mesh_of("shop") is None
