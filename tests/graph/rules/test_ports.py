"""Rules on ports of hosts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import CRM, WEB, Row, service, two_apps

ROWS = [
    Row(
        rule="G04",
        why="start-first with a port",
        breaks=service('ports: ["9000:80"]', "deploy: {update_config: {order: start-first}}"),
        says=f"{WEB}:2: services.front: front is to be replaced start-first but publishes "
        "9000:80/tcp, which two containers cannot do at once; set deploy.update_config.order to "
        "stop-first, or route to it by the ingress\n",
        near=service('ports: ["9000:80"]', "deploy: {update_config: {order: stop-first}}"),
    ),
    Row(
        rule="P01",
        why="two services",
        breaks=two_apps(service('ports: ["9000:80"]'), service('ports: ["9000:81"]')),
        says=f"{WEB}:5: services.front.ports[0]: port 9000/tcp of this machine is owned by "
        f"service:shop/crm/front ({CRM}:5) and by service:shop/web/front; publish one of them on "
        "another port or address\n",
        near=two_apps(service('ports: ["9000:80"]'), service('ports: ["9000:80/udp"]')),
    ),
    Row(
        rule="P01",
        why="ranges that share ports, on every address",
        breaks=two_apps(
            service('ports: ["9000-9010:9000-9010"]'),
            service('ports: ["127.0.0.1:9008-9020:9008-9020"]'),
        ),
        says=f"{CRM}:5: services.front.ports[0]: port 9008-9010/tcp of this machine is owned by "
        f"service:shop/web/front ({WEB}:5) and by service:shop/crm/front; publish one of them on "
        "another port or address\n",
        near=two_apps(
            service('ports: ["127.0.0.2:9000-9010:9000-9010"]'),
            service('ports: ["127.0.0.1:9008-9020:9008-9020"]'),
        ),
    ),
    Row(
        rule="P01",
        why="the port of the ingress, after dev moved it",
        breaks=service('ports: ["8443:443"]'),
        says=f"{WEB}:5: services.front.ports[0]: port 8443/tcp of this machine is owned by "
        "ingress:shop/vps (systems/shop/system.yaml:2) and by service:shop/web/front; publish one "
        "of them on another port or address\n",
        near=service('ports: ["8444:443"]'),
    ),
    Row(
        rule="P01",
        why="the port of the ingress on prod",
        breaks=service('ports: ["443:443/tcp"]'),
        says=f"{WEB}:5: services.front.ports[0]: port 443/tcp of shop/vps is owned by "
        "ingress:shop/vps (systems/shop/system.yaml:2) and by service:shop/web/front; publish one "
        "of them on another port or address\n",
        near=service('ports: ["443:443/udp", "8443:443"]'),
        stack="prod",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
