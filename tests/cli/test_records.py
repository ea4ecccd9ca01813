"""`stackgraph records` and `check --records`: what owners of zones and meshes must set."""

from __future__ import annotations

import json
from pathlib import Path

import dns.zone
import pytest

from tests.workspace import SHOP, shop, stackgraph

SYSTEM = SHOP["systems/shop/system.yaml"].replace(
    "example.com: {provider: external}",
    'example.com: {provider: external, managed_by: "us, by hand"}\n'
    "  example.org: {provider: cloudflare}",
)
ROUTES = """\
  shop.example.org: {to: web/front:8080}
  in.example.com: {to: web/front:8080, access: mesh}
mesh: {kind: wireguard, cidr: 10.8.0.0/24, members: [vps]}
"""
PROD = SHOP["Pulumi.prod.yaml"].replace("192.0.2.10,", "192.0.2.10, mesh_address: 10.8.0.7,")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return shop(tmp_path, {"system.yaml": SYSTEM + ROUTES, "Pulumi.prod.yaml": PROD})


TABLE = """\
Name              Type  Value       TTL  Set by                                     Why
in.example.com    A     192.0.2.10  300  us, by hand                                \
proves the certificate of a name for the mesh; strangers are refused
shop.example.com  A     192.0.2.10  300  us, by hand                                \
a route serves it
shop.example.org  A     192.0.2.10  300  stackgraph                                 \
a route serves it
in.example.com    mesh  10.8.0.7         each member, in its hosts file or dnsmasq  \
members of the mesh go this way
"""


def test_table(root: Path) -> None:
    answer = stackgraph(root, "records", "shop")
    assert (answer.exit_code, answer.out, answer.err) == (0, TABLE, "")


def test_what_leads_to_no_host(tmp_path: Path) -> None:
    zone = """{provider: cloudflare, caa: [letsencrypt.org],
    mx: {example.org: ["10 mx.example.net"]}, txt: {example.org: ["v=spf1 -all"]},
    cname: {www.example.org: shop.example.org}}"""
    system = SYSTEM.replace("{provider: cloudflare}", zone)
    root = shop(tmp_path, {"system.yaml": system})
    table = stackgraph(root, "records", "shop", "--zone", "example.org").out.splitlines()
    rows = [line.split("  ") for line in table]
    assert {tuple(cell.strip() for cell in row if cell)[:3] for row in rows[1:]} == {
        ("example.org", "CAA", '0 issue "letsencrypt.org"'),
        ("example.org", "CAA", '0 issuewild "letsencrypt.org"'),
        ("example.org", "MX", "10 mx.example.net"),
        ("example.org", "TXT", '"v=spf1 -all"'),
        ("www.example.org", "CNAME", "shop.example.org"),
    }
    data = json.loads(stackgraph(root, "records", "shop", "--format", "json").out)
    assert len(data["others"]) == 5


def test_one_zone(root: Path) -> None:
    answer = stackgraph(root, "records", "shop", "--zone", "example.org")
    assert [line.split()[0] for line in answer.out.splitlines()] == ["Name", "shop.example.org"]


def test_a_zone_that_is_not_there(root: Path) -> None:
    answer = stackgraph(root, "records", "shop", "--zone", "exmple.com")
    assert (answer.exit_code, answer.out) == (1, "")
    assert "there is no zone 'exmple.com'; did you mean 'example.com'?" in answer.err


def test_zone_files(root: Path) -> None:
    answer = stackgraph(root, "records", "shop", "--zone", "example.com", "--format", "zone")
    zone = dns.zone.from_text(answer.out, check_origin=False)
    assert sorted(str(name) for name in zone.nodes) == ["in", "shop"]
    whole = stackgraph(root, "records", "shop", "--format", "zone").out
    assert whole.count("$ORIGIN") == 2


def test_a_hosts_file(root: Path) -> None:
    answer = stackgraph(root, "records", "shop", "--format", "hosts")
    assert answer.out == "10.8.0.7 in.example.com\n"


def test_json(root: Path) -> None:
    data = json.loads(stackgraph(root, "records", "shop", "--format", "json").out)
    assert data["version"] == 1
    assert data["records"][0] == {
        "zone": "example.com",
        "provider": "external",
        "managed_by": "us, by hand",
        "name": "in.example.com",
        "type": "A",
        "value": "192.0.2.10",
        "host": "vps",
        "ttl": 300,
        "proxied": False,
        "why": "certificate",
        "purpose": None,
        "sources": [
            {
                "file": "systems/shop/system.yaml",
                "line": 15,
                "path": "routes.in.example.com",
            }
        ],
    }
    assert [(each["name"], each["value"], each["kind"]) for each in data["mesh"]] == [
        ("in.example.com", "10.8.0.7", "wireguard")
    ]


def test_dev_knows_no_addresses(root: Path) -> None:
    answer = stackgraph(root, "records", "shop", "--stack", "dev")
    assert "the address of host vps, which only prod knows" in answer.out


def test_check_lists_those_of_external_zones(root: Path) -> None:
    plain = stackgraph(root, "check", "--stack", "prod")
    listed = stackgraph(root, "check", "--stack", "prod", "--records")
    assert listed.exit_code == plain.exit_code
    assert listed.err == plain.err
    rest = listed.out.removeprefix(plain.out).splitlines()
    assert [line.split()[0] for line in rest] == ["Name", "in.example.com", "shop.example.com"]


@pytest.mark.parametrize("format_", ["json", "sarif"])
def test_other_formats_of_check_stay_whole(format_: str, root: Path) -> None:
    answer = stackgraph(root, "check", "--stack", "prod", "--records", "--format", format_)
    json.loads(answer.out)
