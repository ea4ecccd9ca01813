"""Rules on names that refer to something."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import SYSTEM, WEB, Row, service, two_apps

UNNAMED = "routes:\n  www.example.com: {redirect: https://shop.example.com}\n"

ROWS = [
    Row(
        rule="R09",
        why="a name of nothing",
        breaks=service("networks: [pubic]", tail="networks: {public: {}}\n"),
        says=f"{WEB}:5: services.front.networks.pubic: unknown network 'pubic'; did you mean "
        "'public'? valid: public\n",
        near=service("networks: [public]", tail="networks: {public: {}}\n"),
    ),
    Row(
        rule="R09",
        why="no name where one is needed",
        breaks={
            **two_apps(service(), service(), hosts="vps two"),
            "system.yaml": """\
hosts:
  one: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB}
  two: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB}
zones: {example.com: {provider: external}}
secrets: {DB_PASSWORD: {purpose: Database, dev: dev-only}}
"""
            + UNNAMED,
        },
        says="systems/shop/system.yaml:7: routes.www.example.com: the host that serves the "
        "redirect is not named; none is declared\n",
        near={"system.yaml": SYSTEM + UNNAMED.removeprefix("routes:\n")},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
