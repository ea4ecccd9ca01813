"""A zone through the real engine and the real provider, against a stand-in of Cloudflare's API."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rehearsal.cloudflare import TOKEN, Cloudflare, Zone, cloudflare
from rehearsal.stack import local_project
from scripts import probe

PLUGINS = ("cloudflare", "tls")


def _missing() -> str | None:
    installed = probe.pulumi_home() / "plugins"
    missing = [
        name
        for name in PLUGINS
        if shutil.which(f"pulumi-resource-{name}") is None
        and not list(installed.glob(f"resource-{name}-v*/pulumi-resource-{name}"))
    ]
    return f"no plugin {' or '.join(missing)} on PATH or in {installed}" if missing else None


pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.skipif(_missing() is not None, reason=str(_missing())),
]

PROGRAM = """
import tempfile
from pathlib import Path
import pulumi
from components.edge import CloudflareZone, CloudflareZoneArgs
from components.edge_provider import edge_networks, zone_provider
from config.cloudflare import ZoneSettings
from dataclasses import replace
from graph.edge import zone_records
from tests.components.zone import POLICY, ROUTES, shop, zone_of

settings = ZoneSettings.model_validate(SETTINGS)
provider = zone_provider("zone", settings)
networks = edge_networks([provider])
with tempfile.TemporaryDirectory() as folder:
    policy = POLICY + MORE
    graph = shop(Path(folder), policy, ROUTES.replace(*CHANGED))
zone = replace(zone_of(graph), settings=settings, create=CREATE)
made = CloudflareZone(
    "zone", CloudflareZoneArgs.of(graph, zone), pulumi.ResourceOptions(providers=[provider])
)
made.point(zone_records(graph, zone), {"host:shop/vps": "192.0.2.10"})
pulumi.export("networks", sorted(networks))
pulumi.export("zone", made.zone_id)
(certificate,) = made.certificates.values()
pulumi.export("certificate", certificate.certificate)
pulumi.export("key", certificate.key)
"""
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
RULESET = "cloudflare:index/ruleset:Ruleset"


@dataclass
class Edge:
    folder: Path
    pulumi: str
    environment: dict[str, str]
    api: Cloudflare
    zone: Zone

    def write(
        self,
        *,
        changed: tuple[str, str] = ("", ""),
        more: str = "",
        by_name: bool = False,
        create: bool = False,
    ) -> None:
        settings = {"api_token": TOKEN, "base_url": self.api.url}
        where = {"account": self.zone.account} if by_name else {"zone_id": self.zone.id}
        values = {
            "SETTINGS": {**settings, **where},
            "MORE": more,
            "CHANGED": changed,
            "CREATE": create,
        }
        text = "".join(f"{key} = {value!r}\n" for key, value in values.items())
        (self.folder / "__main__.py").write_text(text + PROGRAM)

    def run(self, *arguments: str, fails: bool = False) -> str:
        done = subprocess.run(
            [self.pulumi, *arguments, "--non-interactive", "--stack", "prod"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout if not fails else done.stdout + done.stderr

    def up(self, *, fails: bool = False) -> str:
        return self.run("up", "--yes", "--skip-preview", fails=fails)

    def steps(self) -> list[tuple[str, str]]:
        """Preview: what is done to which types and names."""
        plan = json.loads(self.run("preview", "--json"))
        found = []
        for step in plan.get("steps", []):
            _, _, types, name = step["urn"].split("::")
            found.append((step["op"], f"{types.rpartition('$')[2]} {name}"))
        return [(op, name) for op, name in found if op != "same"]

    def record(self, name: str) -> dict[str, object]:
        (found,) = [r for r in self.zone.records.values() if r["name"] == name]
        return found


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory, pulumi_command: str) -> Iterator[Edge]:
    folder = tmp_path_factory.mktemp("edge")
    environment = {**local_project(folder, "edge"), "PYTHONWARNINGS": "ignore"}
    with cloudflare().serving() as api:
        zone = api.add_zone("example.com", plan="pro")
        made = Edge(folder, pulumi_command, environment, api, zone)
        made.write()
        made.run("stack", "init")
        yield made


@pytest.fixture(scope="module")
def up(edge: Edge) -> Edge:
    first = edge.steps()
    assert {op for op, _ in first} == {"create"}
    assert edge.api.changes == []
    # The API fails half-way: what was made is kept, and the next `up` makes the rest. The provider
    # asks again for minutes when it hears 500, so it hears what it takes for an answer.
    edge.api.fail_from(9, 403)
    said = edge.up(fails=True)
    assert "it was told to fail" in said
    assert TOKEN not in said
    kept = len(edge.zone.settings) + len(edge.zone.rulesets) + len(edge.api.certificates)
    assert 0 < kept < 13
    assert edge.zone.records == {}
    edge.api.heal()
    edge.up()
    return edge


def test_everything_is_there_once(up: Edge) -> None:
    names = sorted((r["name"], r["type"]) for r in up.zone.records.values())
    assert names == sorted(
        [
            ("_dmarc.example.com", "TXT"),
            ("api.example.com", "A"),
            ("example.com", "CAA"),
            ("example.com", "CAA"),
            ("example.com", "MX"),
            ("example.com", "MX"),
            ("example.com", "TXT"),
            ("example.com", "TXT"),
            ("help.example.com", "CNAME"),
            ("media.example.com", "A"),
            ("shop.example.com", "A"),
            ("sip.example.com", "A"),
        ]
    )
    assert len(up.zone.rulesets) == 3
    assert up.zone.settings["ssl"] == "strict"
    assert len(up.api.certificates) == 1


def test_nothing_is_to_do_after(up: Edge) -> None:
    assert up.steps() == []
    up.run("refresh", "--yes", "--skip-preview")
    assert up.steps() == []


def test_the_certificate_is_for_the_key(up: Edge) -> None:
    outputs = json.loads(up.run("stack", "output", "--json", "--show-secrets"))
    public = []
    for value, command in (
        (outputs["certificate"], ["x509", "-noout", "-pubkey"]),
        (outputs["key"], ["pkey", "-pubout"]),
    ):
        done = subprocess.run(
            ["openssl", *command], input=value, capture_output=True, text=True, check=True
        )
        public.append(done.stdout)
    assert public[0] == public[1]
    exported = up.run("stack", "export")
    assert "PRIVATE KEY" not in exported
    assert TOKEN not in exported


def test_the_edge_tells_its_networks(up: Edge) -> None:
    outputs = json.loads(up.run("stack", "output", "--json"))
    assert outputs["networks"] == sorted(up.api.networks)


def test_a_name_that_is_no_longer_proxied_is_changed_in_place(up: Edge) -> None:
    assert up.record("api.example.com")["proxied"] is True
    former = up.record("api.example.com")["id"]
    up.write(changed=("cache: off, rate_limit: {requests: 20, per: 1m}", "proxied: false"))
    steps = {name: op for op, name in up.steps()}
    assert steps[f"{RECORD} zone-api"] == "update"
    up.up()
    assert up.record("api.example.com")["proxied"] is False
    assert up.record("api.example.com")["ttl"] == 300
    assert up.record("api.example.com")["id"] == former
    assert up.steps() == []
    up.write()
    up.up()
    assert up.steps() == []


def test_a_cache_rule_that_changes_is_one_update(up: Edge) -> None:
    up.write(changed=("cache: static", "cache: {edge: 2h}"))
    assert up.steps() == [("update", f"{RULESET} zone-cache")]
    up.up()
    (cache,) = [r for r in up.zone.rulesets.values() if r["phase"].endswith("cache_settings")]
    ttls = [r["action_parameters"].get("edge_ttl") for r in cache["rules"]]
    assert {"mode": "override_origin", "default": 7200} in ttls
    assert up.steps() == []
    up.write()
    up.up()


@pytest.mark.parametrize("status", [429, 500])
def test_what_fails_for_a_moment_is_asked_again(status: int, up: Edge) -> None:
    up.write(more="    min_tls: '1.3'\n")
    up.api.fail(1, status)
    up.up()
    assert up.zone.settings["min_tls_version"] == "1.3"
    up.write()
    up.up()
    assert up.zone.settings["min_tls_version"] == "1.2"


def test_origin_pulls_are_turned_on_and_off(up: Edge) -> None:
    up.write(more="    origin_pulls: true\n")
    up.up()
    assert up.zone.pulls_enabled
    assert len(up.zone.pulls) == 1
    assert up.steps() == []
    up.write()
    up.up()
    assert up.zone.pulls == {}


def test_a_zone_is_found_by_its_name(up: Edge) -> None:
    up.write(by_name=True)
    try:
        assert up.steps() == []
    finally:
        up.write()


def test_destroy_leaves_the_zone_and_nothing_in_it(up: Edge) -> None:
    up.run("destroy", "--yes", "--skip-preview")
    assert up.zone.records == {}
    assert up.zone.rulesets == {}
    assert up.api.certificates == {}
    assert up.zone.id in up.api.zones


def test_a_zone_is_made_and_outlives_the_stack(up: Edge) -> None:
    del up.api.zones[up.zone.id]
    up.api.plan = "pro"
    up.write(by_name=True, create=True)
    up.up()
    (made,) = up.api.zones.values()
    assert made.name == "example.com"
    assert up.steps() == []
    assert "protect" in up.run("destroy", "--yes", "--skip-preview", fails=True)
    assert made.id in up.api.zones
