"""What a plan says of what it leaves out."""

from __future__ import annotations

from pathlib import Path

from components.notes import notes
from tests.workspace import SHOP, graph_of, shop

SYSTEM = SHOP["systems/shop/system.yaml"]
MORE = """
processes:
  api: {host: vps, manager: systemd, purpose: API, command: api, directory: /srv/api, user: api}
jobs:
  tidy: {host: vps, schedule: "0 4 * * *", command: tidy, purpose: Tidies}
mesh: {kind: headscale, cidr: 10.8.0.0/24, members: [vps]}
"""


def said(folder: Path, stack: str, *, system: str = SYSTEM, access: str = "") -> list[str]:
    prod = SHOP["Pulumi.prod.yaml"].replace("{address:", f"{{{access}address:")
    root = shop(folder, {"system.yaml": system, "Pulumi.prod.yaml": prod})
    return notes(graph_of(root, stack), "shop")


def test_a_system_that_is_provisioned_whole_has_none(tmp_path: Path) -> None:
    assert said(tmp_path / "dev", "dev") == []
    assert said(tmp_path / "prod", "prod") == []


def test_what_is_only_described(tmp_path: Path) -> None:
    here = ["process api is described, not provisioned", "job tidy is described, not provisioned"]
    assert said(tmp_path / "dev", "dev", system=SYSTEM + MORE) == here
    mesh = "the mesh is described, not provisioned"
    assert said(tmp_path / "prod", "prod", system=SYSTEM + MORE) == [mesh]
    other = "other: {kind: vps, platform: linux/amd64, cpus: 1, memory: 1GiB, managed_by: Others}"
    theirs = SYSTEM.replace("hosts:\n", f"hosts:\n  {other}\n")
    told = said(
        *(tmp_path / "theirs", "prod"),
        system=theirs + MORE.replace("host: vps", "host: other"),
        access='address: 192.0.2.10, host_key: "ssh-ed25519 AAAA"}\n      other: {',
    )
    assert told == ["host other is left as it is: managed by Others", *here, mesh]


def test_a_zone_is_left_out_on_dev(tmp_path: Path) -> None:
    system = SYSTEM.replace("provider: external", "provider: cloudflare")
    zone = "zone example.com is left out: names end in .localhost here"
    assert said(tmp_path / "dev", "dev", system=system) == [zone]
    host = 'vps: {address: 192.0.2.10, host_key: "ssh-ed25519 AAAA"}'
    zones = f"{host}\n    zones: {{example.com: {{zone_id: {'a' * 32}}}}}"
    prod = SHOP["Pulumi.prod.yaml"].replace(host, zones)
    root = shop(tmp_path / "prod", {"system.yaml": system, "Pulumi.prod.yaml": prod})
    assert notes(graph_of(root, "prod"), "shop") == []


def test_a_first_login_that_may_go(tmp_path: Path) -> None:
    (told,) = said(tmp_path, "prod", access="first: {user: debian}, ")
    assert told == (
        "host vps may still be reached by its first login; once `up` has succeeded, run "
        "pulumi config rm --stack prod --path 'stackgraph:shop.hosts.vps.first'"
    )
