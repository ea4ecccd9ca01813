"""Split DNS: which names members of the mesh resolve to addresses in it, and who is told."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from config.addresses import MeshAddress
from config.finding import FindingsError, Source
from graph.mesh_records import extra_records, mesh_records
from graph.model import MeshRecord, StackGraph
from tests.graph.estate import HOST, estate

SYSTEM = """\
hosts:
  vps: {{kind: vps, {host}, ingress: {{kind: caddy}}}}
mesh: {{kind: headscale, cidr: 100.64.0.0/10, members: [vps], control: web/control{dns}}}
apps:
  web: {{host: vps, compose: web.compose.yaml}}
zones: {{example.com: {{provider: external}}}}
routes:
  a.example.com: {{to: web/front:8080, access: mesh}}
  a.example.com/hook/*: {{to: web/front:8080, purpose: Webhooks}}
  b.example.com: {{to: web/front:8080, access: {{mesh: true, allow: [192.0.2.0/24]}}}}
  public.example.com: {{to: web/front:8080, purpose: Front page}}
  control.example.com: {{to: web/control:8080, purpose: Joining}}
  control.example.com/api/*: {{to: web/control:8080, access: mesh}}
"""
COMPOSE = """\
services:
  front: {image: a, expose: ["8080"]}
  control:
    image: b
    expose: ["8080"]
    configs:
      - {source: settings, target: /etc/headscale/config.yaml}
      - {source: records, target: /etc/headscale/records.json}
configs:
  settings: {content: "dns: {extra_records_path: /etc/headscale/records.json}"}
  records: {content: "[]", x-stackgraph: mesh-records}
"""


def made(
    root: Path, *, stack: str = "prod", dns: str = "", address: str = "100.64.0.1"
) -> StackGraph:
    text = SYSTEM.format(host=HOST, dns=dns)
    return estate(root, text, COMPOSE, stack=stack, vps={"mesh_address": address})


def written(graph: StackGraph) -> str:
    (file,) = (f for s in graph.services.values() for f in s.files if f.made)
    assert file.target == "/etc/headscale/records.json"
    return file.content or ""


def test_names_for_the_mesh_and_not_the_control_servers_own(tmp_path: Path) -> None:
    graph = made(tmp_path)
    (mesh,) = graph.meshes.values()
    assert [(r.name, r.address, r.host) for r in mesh_records(graph, mesh)] == [
        ("a.example.com", "100.64.0.1", "host:shop/vps"),
        ("b.example.com", "100.64.0.1", "host:shop/vps"),
    ]


def test_headscale_is_given_them(tmp_path: Path) -> None:
    assert json.loads(written(made(tmp_path))) == [
        {"name": "a.example.com", "type": "A", "value": "100.64.0.1"},
        {"name": "b.example.com", "type": "A", "value": "100.64.0.1"},
    ]


def test_an_address_of_version_6(tmp_path: Path) -> None:
    rows = json.loads(written(made(tmp_path, address="FD7A:115C::1")))
    assert rows[0] == {"name": "a.example.com", "type": "AAAA", "value": "fd7a:115c::1"}


def test_a_mesh_without_dns_has_none(tmp_path: Path) -> None:
    assert written(made(tmp_path, dns=", dns: false")) == "[]\n"


def test_dev_has_no_addresses_in_a_mesh(tmp_path: Path) -> None:
    graph = made(tmp_path, stack="dev")
    (mesh,) = graph.meshes.values()
    assert [record.address for record in mesh_records(graph, mesh)] == [None, None]
    assert written(graph) == "[]\n"


def test_wildcards_are_left_out() -> None:
    record = MeshRecord(
        name="*.example.com",
        mesh="mesh:shop",
        host="host:shop/vps",
        address=MeshAddress("100.64.0.1"),
        source=Source("system.yaml", 1, ""),
    )
    assert json.loads(extra_records([record])) == []
    assert len(json.loads(extra_records([replace(record, name="a.example.com")]))) == 1


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ('{content: "[]", x-stackgraph: mesh-record}', "did you mean 'mesh-records'?"),
        # Docker Compose needs one of them as well.
        ("{x-stackgraph: mesh-records}", "a config has either file or content"),
        # Ours is an extension of Compose, and no key of its own.
        ('{content: "[]", made: mesh-records}', "unknown key 'made'"),
    ],
)
def test_what_a_config_may_ask_for(config: str, said: str, tmp_path: Path) -> None:
    compose = COMPOSE.replace('{content: "[]", x-stackgraph: mesh-records}', config)
    with pytest.raises(FindingsError) as caught:
        estate(tmp_path, SYSTEM.format(host=HOST, dns=""), compose)
    assert said in str(caught.value)
