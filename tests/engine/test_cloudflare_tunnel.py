"""A tunnel through the real engine and the real provider, against Cloudflare's stand-in."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from rehearsal.cloudflare import TOKEN, cloudflare
from rehearsal.stack import local_project
from tests.engine.test_cloudflare import RECORD, Edge, pytestmark

__all__ = ["pytestmark"]

PROGRAM = """
import tempfile
from dataclasses import replace
from pathlib import Path
import pulumi
from components.edge import CloudflareZoneArgs
from components.tunnel import CloudflareTunnelArgs
from config.cloudflare import ZoneSettings
from tests.components.tunnel import ROUTES, declare, shop, system, tunnel_of
from tests.components.zone import zone_of

settings = ZoneSettings.model_validate(SETTINGS)
with tempfile.TemporaryDirectory() as folder:
    graph = shop(Path(folder), system(ROUTES + MORE))
ingress, tunnel = tunnel_of(graph)
zone = CloudflareZoneArgs.of(graph, replace(zone_of(graph), settings=settings))
args = CloudflareTunnelArgs.of(graph, ingress, tunnel)
declare(graph, replace(args, settings=settings), zone)
"""
ACCOUNT = "a" * 32
CONFIG = "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig"
NAME = "shop-vps-tunnel"


class Tunnelled(Edge):
    def tell(self, more: str = "") -> None:
        """Write the program, with more routes."""
        settings = {
            "api_token": TOKEN,
            "base_url": self.api.url,
            "zone_id": self.zone.id,
            "account": ACCOUNT,
        }
        text = f"SETTINGS = {settings!r}\nMORE = {more!r}\n"
        (self.folder / "__main__.py").write_text(text + PROGRAM)

    def carried(self) -> list[str]:
        """Give the names that the one tunnel carries."""
        (tunnel,) = self.api.tunnels.values()
        return [rule.get("hostname", "") for rule in tunnel["carries"]["ingress"]]


@pytest.fixture(scope="module")
def tunnelled(tmp_path_factory: pytest.TempPathFactory, pulumi_command: str) -> Iterator[Tunnelled]:
    folder = tmp_path_factory.mktemp("tunnel")
    environment = {**local_project(folder, "edge"), "PYTHONWARNINGS": "ignore"}
    with cloudflare().serving() as api:
        made = Tunnelled(folder, pulumi_command, environment, api, api.add_zone("example.com"))
        made.tell()
        made.run("stack", "init")
        assert {op for op, _ in made.steps()} == {"create"}
        made.up()
        yield made


def test_the_names_of_a_tunnel_lead_to_it(tunnelled: Tunnelled) -> None:
    (tunnel,) = tunnelled.api.tunnels.values()
    records = [(r["name"], r["type"], r["content"], r["proxied"]) for r in _records(tunnelled)]
    there = f"{tunnel['id']}.cfargotunnel.com"
    assert records == [
        ("api.example.com", "CNAME", there, True),
        ("shop.example.com", "CNAME", there, True),
    ]
    assert tunnel["config_src"] == "cloudflare"
    assert tunnelled.carried() == ["api.example.com", "shop.example.com", ""]
    first, *_, last = tunnel["carries"]["ingress"]
    assert first["service"] == "https://ingress:443"
    assert first["originRequest"]["originServerName"] == "api.example.com"
    assert last["service"] == "http_status:404"


def _records(tunnelled: Tunnelled) -> list[dict[str, object]]:
    return sorted(tunnelled.zone.records.values(), key=lambda record: str(record["name"]))


def test_a_tunnel_has_nothing_to_do_once_it_is_connected(tunnelled: Tunnelled) -> None:
    assert tunnelled.steps() == []
    (tunnel,) = tunnelled.api.tunnels.values()
    tunnel.update(status="healthy", conns_active_at="2026-01-01T01:00:00Z", conns_inactive_at=None)
    tunnelled.run("refresh", "--yes", "--skip-preview")
    assert tunnelled.steps() == []


def test_the_token_of_a_tunnel_is_a_secret(tunnelled: Tunnelled) -> None:
    outputs = json.loads(tunnelled.run("stack", "output", "--json", "--show-secrets"))
    (tunnel,) = tunnelled.api.tunnels.values()
    assert json.loads(base64.b64decode(outputs["token"]))["t"] == tunnel["id"]
    for said in (tunnelled.run("stack", "export"), tunnelled.run("up", "--yes", "--skip-preview")):
        assert outputs["token"] not in said
    assert json.loads(tunnelled.run("stack", "output", "--json"))["token"] == "[secret]"


def test_a_tunnel_carries_another_name_before_it_is_in_dns(tunnelled: Tunnelled) -> None:
    tunnelled.tell("  new.example.com: {to: web/front:8080}\n")
    steps = tunnelled.steps()
    assert ("update", f"{CONFIG} {NAME}") in steps
    assert ("create", f"{RECORD} zone-new") in steps
    # The certificate is another one; nothing else is made anew.
    assert {name.split()[1] for op, name in steps if "replace" in op} == {"zone-vps"}
    before = len(tunnelled.api.requests)
    tunnelled.up()
    assert "new.example.com" in tunnelled.carried()
    done = [each for each in tunnelled.api.requests[before:] if each.startswith(("PUT", "POST"))]
    put = next(n for n, each in enumerate(done) if each.endswith("/configurations"))
    assert put < next(n for n, each in enumerate(done) if each.endswith("/dns_records"))
    assert tunnelled.steps() == []
    tunnelled.tell()
    tunnelled.up()
    assert "new.example.com" not in tunnelled.carried()


def test_a_tunnel_that_somebody_holds_is_not_deleted_and_else_all_is(tunnelled: Tunnelled) -> None:
    (tunnel,) = tunnelled.api.tunnels.values()
    tunnel["connections"] = [{"id": "1"}]
    said = tunnelled.run("destroy", "--yes", "--skip-preview", fails=True)
    assert "active connections" in said
    tunnel["connections"] = []
    tunnelled.run("destroy", "--yes", "--skip-preview")
    assert tunnel["deleted_at"]
    assert tunnelled.zone.records == {}
