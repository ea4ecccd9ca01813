"""The order in which names come: what they lead to first, then what is proven by them."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pytest

from components.system import System, SystemArgs
from preview.record import Recording
from preview.resource import Resource
from tests.components.clouds import recorded
from tests.components.zone import POLICY, ROUTES, shop

RECORD = "cloudflare:index/dnsRecord:DnsRecord"


def declare(root: Path, policy: str = POLICY) -> Recording:
    graph = shop(root, policy, ROUTES)

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
    return declare(tmp_path_factory.mktemp("shop"))


def after(recording: Recording, resource: Resource) -> set[str]:
    """Give the names and types of all that a resource waits for, directly or not."""
    by_urn = {each.urn: each for each in recording.resources}
    waiting, found = list(resource.dependencies), set()
    while waiting:
        urn = waiting.pop()
        if urn not in found and urn in by_urn:
            found.add(urn)
            waiting += by_urn[urn].dependencies
    return {by_urn[urn].name for urn in found}


def named(recording: Recording, name: str) -> Resource:
    (found,) = [
        r for r in recording.resources if r.name == name and r.custom and "providers" not in r.type
    ]
    return found


def test_a_proxied_name_leads_to_what_serves_it(recording: Recording) -> None:
    record = recording.one("shop-example-com-shop", RECORD)
    assert "shop-vps-ingress-routes" in after(recording, record)


def test_a_name_by_which_a_certificate_is_proven_is_there_before_it_is_asked_for(
    recording: Recording,
) -> None:
    routes = named(recording, "shop-vps-ingress-routes")
    record = recording.one("shop-example-com-media", RECORD)
    assert "shop-example-com-media" in after(recording, routes)
    # But not before the service behind it is there.
    assert any(name.startswith("shop-web-front") for name in after(recording, record))
    assert "shop-vps-ingress-routes" not in after(recording, record)


def test_a_name_that_no_route_serves_waits_for_the_services_of_its_host(
    recording: Recording,
) -> None:
    record = recording.one("shop-example-com-sip", RECORD)
    assert any(name.startswith("shop-web-front") for name in after(recording, record))


def test_the_ingress_has_the_certificate_before_its_routes(recording: Recording) -> None:
    routes = named(recording, "shop-vps-ingress-routes")
    assert "shop-example-com-vps" in after(recording, routes)


def test_every_record_is_written_once(recording: Recording) -> None:
    names = [r.name for r in recording.resources if r.type == RECORD]
    assert len(names) == len(set(names)) == 12


def test_hosts_that_ask_the_edge_for_a_certificate_get_its_authority(tmp_path: Path) -> None:
    made = declare(tmp_path, POLICY + "    origin_pulls: true\n")
    routes = named(made, "shop-vps-ingress-routes")
    assert "shop-example-com-pulls" in after(made, routes)
