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
    assert said(tmp_path / "prod", "prod", system=SYSTEM + MORE) == [*here, mesh]


def test_names_and_proxies_that_are_left_as_they_are(tmp_path: Path) -> None:
    system = SYSTEM.replace("provider: external", "provider: cloudflare").replace(
        "ingress: {kind: caddy}", "ingress: {kind: nginx}"
    )
    zone = "zone example.com is left as it is: its DNS records are not provisioned"
    nginx = "nginx on vps is left as it is: its virtual hosts are not provisioned"
    assert said(tmp_path / "dev", "dev", system=system) == [zone]
    assert said(tmp_path / "prod", "prod", system=system) == [zone, nginx]


def test_a_first_login_that_may_go(tmp_path: Path) -> None:
    (told,) = said(tmp_path, "prod", access="first: {user: debian}, ")
    assert told == (
        "host vps may still be reached by its first login; once `up` has succeeded, run "
        "pulumi config rm --stack prod --path 'stackgraph:shop.hosts.vps.first'"
    )
