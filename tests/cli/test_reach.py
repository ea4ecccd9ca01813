"""`stackgraph reach`: who can reach what, as a table and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.graph.estate import HOST, write
from tests.workspace import SHOP, shop, stackgraph

SYSTEM = f"""\
hosts:
  vps: {{kind: vps, {HOST}, ingress: {{kind: caddy}}, ssh: {{access: mesh}}}}
apps: {{web: {{host: vps, compose: web.compose.yaml}}}}
mesh: {{kind: headscale, cidr: 100.64.0.0/10, members: [vps]}}
zones: {{example.com: {{provider: external}}}}
secrets: {{HASH: {{purpose: Users, dev: dev-only}}}}
basic_auth: {{users: {{ann: HASH}}}}
routes:
  a.example.com: {{to: web/front:8080}}
  a.example.com/admin/*: {{to: web/front:8080, access: mesh}}
  b.example.com: {{to: web/front:8080, access: {{basic_auth: users}}}}
ports:
  web/back:9000: {{access: {{allow: [192.0.2.0/24]}}}}
"""
COMPOSE = """\
services:
  front: {image: a, expose: ["8080"], networks: [public, inside]}
  back: {image: a, ports: ["9000:9000", "127.0.0.1:9001:9001"], networks: [inside, other]}
  alone: {image: a, expose: ["1"], network_mode: none}
networks: {public: {}, inside: {}, other: {}}
"""

TABLE = """\
What                   From                            By way of                                           Why
vps 22/tcp             mesh                            vps > vps                                           it is published on every address, for the mesh only
vps 80/tcp             internet                        vps > ingress vps                                   the certificate of a.example.com is proven over HTTP (HTTP-01)
                       mesh                            vps > ingress vps                                   a.example.com/admin/*: access is the mesh
vps 443/tcp            internet                        vps > ingress vps                                   a.example.com: access is public and its name is not proxied
                       mesh                            vps > ingress vps                                   a.example.com/admin/*: access is the mesh
vps 9000/tcp           addresses 192.0.2.0/24          vps > web/back                                      it is published on every address, for 192.0.2.0/24 only
vps 9001/tcp           host                            vps > web/back                                      it listens on 127.0.0.1 only
a.example.com          internet                        vps > ingress vps > network web/inside > web/front  access is public and its name is not proxied
a.example.com/admin/*  mesh                            vps > ingress vps > network web/inside > web/front  access is the mesh
b.example.com          internet, with a password       vps > ingress vps > network web/inside > web/front  access is public and its name is not proxied
web/alone :1/tcp       nobody
web/back :9000/tcp     network web_inside, web_other
web/back :9001/tcp     network web_inside, web_other
web/front :8080/tcp    network web_inside, web_public
"""  # noqa: E501


def test_table(tmp_path: Path) -> None:
    answer = stackgraph(
        write(tmp_path, SYSTEM, COMPOSE, stack="prod"), "reach", "shop", "--stack", "prod"
    )
    assert (answer.exit_code, answer.out, answer.err) == (0, TABLE, "")


def test_json(tmp_path: Path) -> None:
    root = write(tmp_path, SYSTEM, COMPOSE, stack="prod")
    answer = stackgraph(root, "reach", "shop", "--stack", "prod", "--format", "json")
    assert (answer.exit_code, answer.err) == (0, "")
    data = json.loads(answer.out)
    assert (data["version"], data["stack"], data["target"]) == (1, "prod", "prod")
    rows = {(row["subject"], row["what"]): row for row in data["reach"] if row["published"]}
    assert (len(rows), len(data["reach"])) == (8, 12)
    assert rows["ingress:shop/vps", "443/tcp"] == {
        "subject": "ingress:shop/vps",
        "what": "443/tcp",
        "host": "host:shop/vps",
        "port": "443",
        "protocol": "tcp",
        "published": True,
        "ways": [
            {
                "from": "internet",
                "name": None,
                "hops": ["host:shop/vps", "ingress:shop/vps"],
                "password": False,
                "why": "a.example.com: access is public and its name is not proxied",
            },
            {
                "from": "mesh",
                "name": None,
                "hops": ["host:shop/vps", "ingress:shop/vps"],
                "password": False,
                "why": "a.example.com/admin/*: access is the mesh",
            },
        ],
    }
    assert rows["route:shop/b.example.com", "b.example.com"] == {
        "subject": "route:shop/b.example.com",
        "what": "b.example.com",
        "host": "host:shop/vps",
        "port": None,
        "protocol": "https",
        "published": True,
        "ways": [
            {
                "from": "internet",
                "name": None,
                "hops": [
                    *("host:shop/vps", "ingress:shop/vps"),
                    *("network:shop/web/inside", "service:shop/web/front"),
                ],
                "password": True,
                "why": "access is public and its name is not proxied",
            }
        ],
    }
    (inside,) = (row for row in data["reach"] if row["what"] == "8080/tcp")
    assert [(w["from"], w["name"]) for w in inside["ways"]] == [
        ("network", "web_inside"),
        ("network", "web_public"),
    ]


def test_a_route_that_nobody_reaches(tmp_path: Path) -> None:
    text = SYSTEM.replace(", ingress: {kind: caddy}", "")
    answer = stackgraph(write(tmp_path, text, COMPOSE), "reach", "shop")
    # What the rules say of it is no matter here.
    assert answer.exit_code == 0
    line = next(line for line in answer.out.splitlines() if line.startswith("a.example.com "))
    assert line.split(maxsplit=2) == [
        "a.example.com",
        "nobody",
        "no ingress serves it or leads to it",
    ]


@pytest.mark.parametrize(
    ("files", "exit_code", "said"),
    [
        (
            {"system.yaml": "hosts: ["},
            2,
            "error yaml systems/shop/system.yaml:",
        ),
        (
            {"system.yaml": SHOP["systems/shop/system.yaml"].replace("caddy", "traefik")},
            1,
            "error schema systems/shop/system.yaml:2: hosts.vps.ingress.kind: 'traefik' is not "
            "valid; valid: caddy, nginx\n",
        ),
        (
            {"web.compose.yaml": "services: {front: {imge: a}}\n"},
            1,
            "error schema systems/shop/web.compose.yaml:1: services.front.imge: unknown key",
        ),
    ],
)
def test_what_cannot_be_read_has_no_reach(
    files: dict[str, str | bytes], exit_code: int, said: str, tmp_path: Path
) -> None:
    answer = stackgraph(shop(tmp_path, files), "reach", "shop")
    assert (answer.exit_code, answer.out) == (exit_code, "")
    assert answer.err.startswith(said)


def test_no_such_system(tmp_path: Path) -> None:
    answer = stackgraph(shop(tmp_path), "reach", "shpo")
    assert (answer.exit_code, answer.out) == (2, "")
    assert "did you mean 'shop'?" in answer.err


def test_values_that_only_a_stack_has_may_be_missing(tmp_path: Path) -> None:
    prod = "config: {'stackgraph:systems': [shop]}\n"
    answer = stackgraph(
        shop(tmp_path, {"Pulumi.prod.yaml": prod}), "reach", "shop", "--stack", "prod"
    )
    assert (answer.exit_code, answer.err) == (0, "")
