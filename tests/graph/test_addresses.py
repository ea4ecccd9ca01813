"""Names that are held back until a newcomer is through its gate, and their addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.compose.model import Network
from graph.addresses import spare_addresses
from graph.model import HeldName
from tests.workspace import graph_of, shop

POOL = "{subnet: 172.30.9.0/24, ip_range: 172.30.9.0/25}"


@pytest.mark.parametrize(
    ("pool", "first"),
    [
        ({"subnet": "172.30.9.0/24"}, []),
        (
            {"subnet": "172.30.9.0/24", "ip_range": "172.30.9.0/25"},
            ["172.30.9.254", "172.30.9.253"],
        ),
        (
            {"subnet": "172.30.9.0/24", "ip_range": "172.30.9.0/25", "gateway": "172.30.9.254"},
            ["172.30.9.253", "172.30.9.252"],
        ),
        # all that the range leaves is Docker's gateway
        ({"subnet": "172.30.9.0/30", "ip_range": "172.30.9.2/31"}, []),
    ],
)
def test_spare_addresses_are_outside_of_dockers_range(
    pool: dict[str, str], first: list[str]
) -> None:
    network = Network.model_validate({"ipam": {"config": [pool]}})
    assert list(spare_addresses(network))[:2] == first


def _compose(pool: str) -> dict[str, str]:
    return {
        "web.compose.yaml": f"""\
services:
  front:
    image: nginx:1.29
    expose: ["8080"]
    networks: [public]
  keeper:
    image: nginx:1.29
    networks: {{public: {{ipv4_address: 172.30.9.254}}}}
networks:
  public: {{ipam: {{config: [{pool}]}}}}
""",
    }


def test_a_service_that_runs_twice_gets_two_and_nobody_elses(tmp_path: Path) -> None:
    graph = graph_of(shop(tmp_path, _compose(POOL)))
    front = graph.services["service:shop/web/front"]
    assert front.held_names == (
        HeldName(
            network="shop-web_public",
            aliases=("front", "shop-web-front"),
            addresses=("172.30.9.253", "172.30.9.252"),
        ),
    )
    # Its address is fixed, so it is replaced stop-first and never shares its names.
    assert graph.services["service:shop/web/keeper"].held_names == ()


def test_without_a_range_names_are_there_from_the_start(tmp_path: Path) -> None:
    graph = graph_of(shop(tmp_path, _compose("{subnet: 172.30.9.0/24}")))
    assert graph.services["service:shop/web/front"].held_names == ()
