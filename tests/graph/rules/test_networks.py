"""Rules on networks and names on a host."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import CRM, WEB, Row, service, subnet, two_apps

ROWS = [
    Row(
        rule="N04",
        why="only internal networks",
        breaks=service(
            'ports: ["9000:80"]', "networks: [a]", tail="networks: {a: {internal: true}}\n"
        ),
        says=f"{WEB}:2: services.front: front publishes 9000:80/tcp but is only on internal "
        "networks (a), where Docker publishes nothing; put it on a network that is not internal, "
        "or publish no port\n",
        near=service(
            'ports: ["9000:80"]',
            "networks: [a, b]",
            tail="networks: {a: {internal: true}, b: {}}\n",
        ),
    ),
    Row(
        rule="N04",
        why="the default network is internal",
        breaks=service('ports: ["9000:80"]', tail="networks: {default: {internal: true}}\n"),
        says=f"{WEB}:2: services.front: front publishes 9000:80/tcp but is only on internal "
        "networks (default), where Docker publishes nothing; put it on a network that is not "
        "internal, or publish no port\n",
        near=service(tail="networks: {default: {internal: true}}\n"),
    ),
    Row(
        rule="N07",
        why="one within the other",
        breaks=two_apps(subnet("10.1.0.0/16"), subnet("10.1.2.0/24")),
        says=f"{WEB}:6: networks.a: subnet 10.1.0.0/16 overlaps 10.1.2.0/24 of network shop-crm_a "
        f"({CRM}:6); choose a subnet that no other network of the host uses\n",
        near=two_apps(subnet("10.1.0.0/16"), subnet("10.2.0.0/24")),
    ),
    Row(
        rule="N07",
        why="the same, of IPv6",
        breaks=two_apps(subnet("2001:db8::/64"), subnet("2001:db8::/64")),
        says=f"{WEB}:6: networks.a: subnet 2001:db8::/64 overlaps 2001:db8::/64 of network "
        f"shop-crm_a ({CRM}:6); choose a subnet that no other network of the host uses\n",
        near=two_apps(subnet("2001:db8::/64"), subnet("10.1.2.0/24")),
    ),
    Row(
        rule="N07",
        why="two hosts are one machine on dev only",
        breaks=two_apps(subnet("10.1.0.0/16"), subnet("10.1.0.0/16"), hosts="vps two"),
        says=f"{WEB}:6: networks.a: subnet 10.1.0.0/16 overlaps 10.1.0.0/16 of network shop-crm_a "
        f"({CRM}:6); choose a subnet that no other network of the host uses\n",
        near={
            **two_apps(subnet("10.1.0.0/16"), subnet("10.1.0.0/16"), hosts="vps two"),
            "stack": "prod",
        },
    ),
    Row(
        rule="N10",
        why="two containers",
        breaks=two_apps(service("container_name: main"), service("container_name: main")),
        says=f"{WEB}:2: services.front: container name 'main' of service:shop/web/front is taken "
        f"by service:shop/crm/front ({CRM}:2); give one of the two containers another name\n",
        near=two_apps(service("container_name: main"), service("container_name: main2")),
    ),
    Row(
        rule="N10",
        why="two volumes",
        breaks=two_apps(
            service(tail="volumes: {a: {name: data}}\n"),
            service(tail="volumes: {b: {name: data}}\n"),
        ),
        says=f"{WEB}:5: volumes.a: volume name 'data' of volume:shop/web/a is taken by "
        f"volume:shop/crm/b ({CRM}:5); give one of the two volumes another name\n",
        near=two_apps(
            service(tail="volumes: {a: {name: data}}\n"),
            service(tail="volumes: {b: {name: data, external: true}}\n"),
        ),
    ),
    Row(
        rule="N10",
        why="two networks",
        breaks=two_apps(
            service(tail="networks: {default: {name: net}}\n"),
            service(tail="networks: {default: {name: net}}\n"),
        ),
        says=f"{WEB}:5: networks.default: network name 'net' of network:shop/web/default is taken "
        f"by network:shop/crm/default ({CRM}:5); give one of the two networks another name\n",
        near=two_apps(
            service(tail="networks: {default: {name: net}}\n"),
            service(tail="networks: {default: {name: net, external: true}}\n"),
        ),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
