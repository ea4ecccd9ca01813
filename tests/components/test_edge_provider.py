"""The networks of the edge: what Cloudflare says is used, and what it cannot have said is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from components.edge_provider import believed, edge_networks, zone_provider, zone_providers
from config.cloudflare import ZoneSettings
from config.stack import StackSettings, SystemSettings
from graph.cloudflare import CLOUDFLARE_NETWORKS
from preview.monitor import Answer
from preview.record import record
from preview.value import UNKNOWN

RANGES = "cloudflare:index/getIpRanges:getIpRanges"
ZONE = ZoneSettings(zone_id="a" * 32)
FOURTH = [each for each in CLOUDFLARE_NETWORKS if ":" not in each]
SIXTH = [each for each in CLOUDFLARE_NETWORKS if ":" in each]


def asked(answer: Answer) -> tuple[frozenset[str], list[str]]:
    """Ask with an answer; give the networks, and what the program warned of."""
    found: list[frozenset[str]] = []

    def program() -> None:
        found.append(edge_networks([zone_provider("zone", ZONE)]))

    recording = record(program, project="p", stack="prod", answers={RANGES: answer})
    return found[0], [message.text for message in recording.messages]


def test_what_cloudflare_says_is_used_and_a_difference_is_told() -> None:
    networks, told = asked({"ipv4Cidrs": [*FOURTH[1:], "192.0.2.0/24"], "ipv6Cidrs": SIXTH})
    assert networks == (CLOUDFLARE_NETWORKS - {FOURTH[0]}) | {"192.0.2.0/24"}
    (warning,) = told
    assert "new 192.0.2.0/24" in warning
    assert f"gone {FOURTH[0]}" in warning


def test_the_same_networks_are_no_news() -> None:
    assert asked({"ipv4Cidrs": FOURTH, "ipv6Cidrs": SIXTH}) == (CLOUDFLARE_NETWORKS, [])


@pytest.mark.parametrize(
    "answer",
    [
        UNKNOWN,
        {},
        {"ipv4Cidrs": FOURTH, "ipv6Cidrs": []},
        {"ipv4Cidrs": ["0.0.0.0/0"], "ipv6Cidrs": SIXTH},
        {"ipv4Cidrs": ["proxy"], "ipv6Cidrs": SIXTH},
    ],
)
def test_an_answer_that_is_none_is_told_and_the_list_is_used(answer: Any) -> None:
    networks, told = asked(answer)
    assert networks == CLOUDFLARE_NETWORKS
    assert len(told) == 1
    assert "which this program has, is used" in told[0]


def test_without_a_zone_nobody_is_asked() -> None:
    recording = record(lambda: None, project="p", stack="prod", answers={})
    assert edge_networks([]) == CLOUDFLARE_NETWORKS
    assert recording.invocations == ()


@pytest.mark.parametrize(
    ("fourth", "sixth"),
    [
        (None, SIXTH),
        (FOURTH, None),
        (FOURTH, FOURTH),
        (["10.0.0.0/7"], SIXTH),
        ("173.245.48.0/20", SIXTH),
    ],
)
def test_what_is_no_list_of_networks(fourth: object, sixth: object) -> None:
    assert believed(fourth, sixth) is None


def test_each_zone_has_a_provider_of_its_own_and_dev_has_none() -> None:
    per_system: Mapping[str, SystemSettings] = {
        "shop": SystemSettings(zones={"example.com": ZONE, "example.org": ZONE}),
        "other": SystemSettings(),
    }
    found: dict[str, list[str]] = {}

    def program() -> None:
        for target in ("dev", "prod"):
            settings = StackSettings(
                name=target, target=target, systems=("shop",), per_system=per_system
            )
            found[target] = list(zone_providers(settings))

    recording = record(program, project="p", stack="prod")
    assert found == {"dev": [], "prod": ["zone:shop/example.com", "zone:shop/example.org"]}
    names = [r.name for r in recording.resources if r.type == "pulumi:providers:cloudflare"]
    assert names == ["shop-example-com", "shop-example-org"]
