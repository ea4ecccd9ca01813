"""A zone at Cloudflare on the first preview: what is made, in which order, with which inputs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pulumi
import pytest

from components.edge import CloudflareZone, CloudflareZoneArgs
from config.cloudflare import ZoneSettings
from graph.edge import zone_records
from preview.record import Recording
from preview.value import UNKNOWN, Secret
from rehearsal import sdk
from tests.components.clouds import UNANSWERED, golden, managed, recorded, rules
from tests.components.zone import ACCOUNT, declare, shop, zone_of

RECORD = "cloudflare:index/dnsRecord:DnsRecord"
RULESET = "cloudflare:index/ruleset:Ruleset"
SETTING = "cloudflare:index/zoneSetting:ZoneSetting"
LOOKUP = "cloudflare:index/getZone:getZone"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    graph = shop(tmp_path_factory.mktemp("shop"))
    return recorded(lambda: declare(graph))


def test_the_golden_list(recording: Recording, update_golden: bool) -> None:
    golden("cloudflare.txt", recording, update=update_golden)


def test_the_sdk_knows_every_argument(recording: Recording, tmp_path: Path) -> None:
    assert sdk.complaints(recording) == []
    made = recorded(lambda: alone(tmp_path, create=True, pulls=True))
    assert sdk.complaints(made) == []


def test_a_wrong_argument_would_be_told(recording: Recording) -> None:
    right = recording.one("zone-sip", RECORD)
    wrong = {**right.inputs, "proxy": True, "ttl": "300"}
    found = list(sdk.of_resource(replace(right, inputs=wrong)))
    assert len(found) == 2
    assert "proxy is unknown" in found[1] + found[0]


def alone(root: Path, *, create: bool = False, pulls: bool = False) -> CloudflareZone:
    """Declare a zone as somebody would who has no stack graph."""
    settings = ZoneSettings(account=ACCOUNT)
    args = CloudflareZoneArgs(
        zone="example.com",
        settings=settings,
        create=create,
        values={"ssl": "strict"},
        origins={"ingress:shop/vps": ["shop.example.com"]},
        origin_pulls=pulls,
    )
    zone = CloudflareZone("zone", args)
    graph = shop(root)
    zone.point(zone_records(graph, zone_of(graph)), {"host:shop/vps": "192.0.2.10"})
    return zone


def test_a_zone_that_is_looked_up_is_unknown_and_nothing_is_lost(tmp_path: Path) -> None:
    recording = recorded(lambda: alone(tmp_path))
    assert [each.token for each in recording.invocations] == [LOOKUP]
    assert recording.invocations[0].args["filter"] == {
        "name": "example.com",
        "match": "all",
        "account": {"id": ACCOUNT},
    }
    zone_ids = {r.inputs["zoneId"] for r in managed(recording) if "zoneId" in r.inputs}
    assert zone_ids == {UNKNOWN}
    assert "zone-sip" in rules(recording, RECORD)


def test_a_zone_that_is_made_is_never_deleted(tmp_path: Path) -> None:
    recording = recorded(lambda: alone(tmp_path, create=True))
    made = recording.one("zone", "cloudflare:index/zone:Zone")
    assert made.protect
    assert made.retain_on_delete
    assert recording.invocations == ()


def test_who_may_come_is_settled_before_a_name_leads_there(recording: Recording) -> None:
    before = {r.urn for r in recording.resources if r.type in (RULESET, SETTING)}
    assert before
    for record in rules(recording, RECORD).values():
        assert before <= set(record.dependencies)


def test_a_phase_has_one_ruleset_which_is_replaced_in_place(recording: Recording) -> None:
    phases = [r.inputs["phase"] for r in recording.resources if r.type == RULESET]
    assert len(phases) == len(set(phases)) == 3
    assert all(r.delete_before_replace for r in recording.resources if r.type == RULESET)


def test_keys_are_secrets(tmp_path: Path) -> None:
    recording = recorded(lambda: alone(tmp_path, pulls=True))
    assert recording.one("zone", "pulumi:providers:cloudflare").inputs == {}
    uploaded = "cloudflare:index/authenticatedOriginPullsCertificate"
    (shown,) = [r for r in recording.resources if r.type.startswith(uploaded)]
    assert isinstance(shown.inputs["privateKey"], Secret)


def test_the_token_is_a_secret(tmp_path: Path) -> None:
    args = CloudflareZoneArgs(
        zone="example.com",
        settings=ZoneSettings.model_validate({"zone_id": "0" * 32, "api_token": "t0ken"}),
    )
    recording = recorded(lambda: CloudflareZone("zone", args))
    provider = recording.one("zone", "pulumi:providers:cloudflare")
    assert "t0ken" not in str(provider.inputs).replace("Secret(value='t0ken')", "")


def test_a_zone_without_settings_cannot_be_declared(tmp_path: Path) -> None:
    graph = shop(tmp_path)
    zone = replace(zone_of(graph), settings=None)
    with pytest.raises(ValueError, match="does not say where it is"):
        CloudflareZoneArgs.of(graph, zone)


def test_the_callers_provider_is_used(tmp_path: Path) -> None:
    graph = shop(tmp_path)

    def program() -> None:
        import pulumi_cloudflare as cloudflare

        provider = cloudflare.Provider("mine")
        declare(graph, pulumi.ResourceOptions(providers=[provider]))

    recording = recorded(program, UNANSWERED)
    assert [r.name for r in recording.resources if r.type == "pulumi:providers:cloudflare"] == [
        "mine"
    ]
    owners = {r.provider for r in managed(recording) if r.type.startswith("cloudflare:")}
    assert len(owners) == 1
