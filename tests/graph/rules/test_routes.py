"""Rules on routes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import SYSTEM, Row, service

ROWS = [
    Row(
        rule="R01",
        why="on no network",
        breaks=service("network_mode: none"),
        says="systems/shop/system.yaml:12: routes.shop.example.com: shop.example.com leads to "
        "front, which is on no network that the ingress can join (network_mode: none); put the "
        "service on a network of its app\n",
        near=service("networks: [a]", tail="networks: {a: {internal: true}}\n"),
    ),
    Row(
        rule="R02",
        why="a name that ends like the zone",
        breaks={"system.yaml": SYSTEM.replace("  shop.example.com:", "  shopexample.com:")},
        says="systems/shop/system.yaml:12: routes.shopexample.com: shopexample.com lies in no "
        "declared zone; declare its zone under zones; declared: example.com\n",
        near={"system.yaml": SYSTEM.replace("  shop.example.com:", "  example.com:")},
    ),
    Row(
        rule="R02",
        why="a record of another zone",
        breaks={
            "system.yaml": SYSTEM.replace(
                "{provider: external}",
                "{provider: external, records: {sip.example.org: {host: vps, purpose: SIP}}}",
            )
        },
        says="systems/shop/system.yaml:10: zones.example.com.records.sip.example.org: the record "
        "lies outside of its zone example.com; move it under its own zone, or correct its name\n",
        near={
            "system.yaml": SYSTEM.replace(
                "{provider: external}",
                "{provider: external, records: {sip.example.com: {host: vps, purpose: SIP}}}",
            )
        },
    ),
    Row(
        rule="R14",
        why="the host's port",
        breaks=service('ports: ["8090:8081"]').replace('"8080"', '"8081"'),
        says="systems/shop/system.yaml:12: routes.shop.example.com: shop.example.com leads to port "
        "8080 of front, which listens on 8081; name the container's port, not the host's; or add "
        "it to expose\n",
        near=service('ports: ["8090-8091:8080-8081"]').replace('"8080"', '"80"'),
    ),
    Row(
        rule="R14",
        why="the right port of UDP; no port is known of a service that tells none",
        breaks=service().replace('"8080"', '"8000-8079", "8080/udp"'),
        says="systems/shop/system.yaml:12: routes.shop.example.com: shop.example.com leads to port "
        "8080 of front, which listens on 8000-8079; name the container's port, not the "
        "host's; or add it to expose\n",
        near="services: {front: {image: a}}\n",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
