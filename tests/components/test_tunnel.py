"""A tunnel on the first preview: what is made, in which order, and who learns its token."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pulumi
import pytest

from components.system import System, SystemArgs
from components.tunnel import CloudflareTunnelArgs
from graph.model import StackGraph
from preview.record import Recording
from preview.resource import Resource
from preview.value import Secret
from rehearsal import sdk
from tests.components.clouds import golden, recorded
from tests.components.test_zones import after, named
from tests.components.tunnel import ROUTES, shop, system, tunnel_of

CONTAINER = "docker:index/container:Container"
NETWORK = "docker:index/network:Network"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
CONFIG = "cloudflare:index/zeroTrustTunnelCloudflaredConfig:ZeroTrustTunnelCloudflaredConfig"
TUNNEL = "cloudflare:index/zeroTrustTunnelCloudflared:ZeroTrustTunnelCloudflared"
NAME = "shop-vps-tunnel"


def declare(graph: StackGraph) -> Recording:
    def program() -> None:
        args = SystemArgs(
            graph=graph,
            system="shop",
            docker_host="unix:///run/some.sock",
            secret=lambda name: pulumi.Output.secret(f"value of {name}"),
        )
        System("shop", args)

    return recorded(program)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return declare(shop(tmp_path_factory.mktemp("shop")))


def test_the_golden_list(recording: Recording, update_golden: bool) -> None:
    # The zone's own settings and rules are in cloudflare.txt.
    ours = [r for r in recording.resources if NAME in r.name or r.type in (RECORD, CONTAINER)]
    golden("tunnel.txt", replace(recording, resources=tuple(ours)), update=update_golden)


def test_the_sdk_knows_every_argument(recording: Recording) -> None:
    assert sdk.complaints(recording) == []
    right = recording.one(NAME, CONFIG)
    assert len(list(sdk.of_resource(replace(right, inputs={**right.inputs, "tunnel": 1})))) == 1


def test_every_name_is_carried_and_no_other(recording: Recording) -> None:
    rules = recording.one(NAME, CONFIG).inputs["config"]["ingresses"]
    assert rules == [
        {
            "hostname": name,
            "service": "https://ingress:443",
            "originRequest": {"originServerName": name},
        }
        for name in ("api.example.com", "shop.example.com")
    ] + [{"service": "http_status:404"}]


def test_no_port_is_published(recording: Recording) -> None:
    containers = [r for r in recording.resources if r.type == CONTAINER]
    assert len(containers) == 3
    assert all("ports" not in each.inputs for each in containers)


def test_the_proxy_and_cloudflared_share_a_network_of_their_own(recording: Recording) -> None:
    network = recording.one(NAME, NETWORK)
    assert network.inputs["ipamConfigs"] == [
        {
            "subnet": "172.16.255.240/28",
            "gateway": "172.16.255.241",
            "ipRange": "172.16.255.248/29",
        }
    ]
    on_it = {
        r.name: each["aliases"]
        for r in recording.resources
        if r.type == CONTAINER
        for each in r.inputs["networksAdvanced"]
        if each["name"] == NAME
    }
    assert on_it == {"shop-vps-ingress": ["ingress"], NAME: ["cloudflared"]}


def test_cloudflared_may_do_nothing_but_call(recording: Recording) -> None:
    made = recording.one(NAME, CONTAINER).inputs
    assert made["image"] == "cloudflare/cloudflared:2026.7.3"
    assert made["user"] == "65532"
    assert made["readOnly"] is True
    assert made["capabilities"] == {"drops": ["ALL"]}
    assert made["securityOpts"] == ["no-new-privileges:true"]
    assert made["restart"] == "unless-stopped"
    assert made["healthcheck"]["tests"][-1] == "ready"


def test_cloudflared_learns_its_token_from_a_file_that_is_a_secret(recording: Recording) -> None:
    made = recording.one(NAME, CONTAINER).inputs
    assert made["command"][-2:] == ["--token-file", "/run/tunnel/token"]
    assert not made.get("envs")
    assert not made.get("uploads")
    assert isinstance(named(recording, f"{NAME}-files").inputs["stdin"], Secret)


def test_routes_then_what_is_carried_then_cloudflared_then_names(recording: Recording) -> None:
    config = recording.one(NAME, CONFIG)
    assert "shop-vps-ingress-routes" in after(recording, config)
    handover = named(recording, f"{NAME}-handover")
    assert config.urn in _urns(recording, handover)
    for name in ("api", "shop"):
        record = recording.one(f"shop-example-com-{name}", RECORD)
        assert handover.urn in _urns(recording, record)


def test_cloudflared_goes_before_its_tunnel_does(recording: Recording) -> None:
    container = recording.one(NAME, CONTAINER)
    assert recording.one(NAME, TUNNEL).urn in _urns(recording, container)


def test_names_lead_to_the_tunnel_and_nowhere_else(recording: Recording) -> None:
    records = [r for r in recording.resources if r.type == RECORD]
    assert [(r.inputs["type"], r.inputs["proxied"], r.inputs["ttl"]) for r in records] == [
        ("CNAME", True, 1),
        ("CNAME", True, 1),
    ]
    assert "192.0.2.10" not in str([r.inputs for r in records])


def test_a_zone_without_an_account_makes_no_tunnel(tmp_path: Path) -> None:
    graph = shop(tmp_path, system(ROUTES, policy=""))
    ingress, tunnel = tunnel_of(graph)
    (zone,) = graph.zones.values()
    settings = zone.settings
    assert settings is not None
    lost = replace(zone, settings=settings.model_copy(update={"account": None}))
    with pytest.raises(ValueError, match="does not say in which account"):
        CloudflareTunnelArgs.of(replace(graph, zones={zone.id: lost}), ingress, tunnel)


def _urns(recording: Recording, resource: Resource) -> set[str]:
    """Give all that a resource waits for, directly or not."""
    by_urn = {each.urn: each for each in recording.resources}
    waiting, found = list(resource.dependencies), set()
    while waiting:
        urn = waiting.pop()
        if urn not in found and urn in by_urn:
            found.add(urn)
            waiting += by_urn[urn].dependencies
    return found
