"""The command that renews the list of Cloudflare's networks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from graph.cloudflare import CLOUDFLARE_NETWORKS
from rehearsal.cloudflare import cloudflare
from scripts import edge_ranges

DAY = date(2027, 3, 4)


def test_the_text_with_the_same_networks_says_the_same() -> None:
    text = edge_ranges.FILE.read_text()
    again = edge_ranges.written(text, CLOUDFLARE_NETWORKS, DAY)
    assert '"2027-03-04"' in again
    for network in CLOUDFLARE_NETWORKS:
        assert again.count(f'"{network}"') == 1
    assert edge_ranges.written(again, CLOUDFLARE_NETWORKS, DAY) == again


def test_other_networks_are_in_it_and_former_ones_are_not() -> None:
    text = edge_ranges.written(
        edge_ranges.FILE.read_text(), frozenset({"192.0.2.0/24", "2001:db8::/32"}), DAY
    )
    assert '*("192.0.2.0/24",),' in text
    assert "173.245.48.0/20" not in text


@pytest.mark.parametrize(
    ("networks", "code"),
    [
        (CLOUDFLARE_NETWORKS, 0),
        (frozenset({"192.0.2.0/24", "2001:db8::/32"}), 1),
        (frozenset({"192.0.2.0/24"}), 2),
    ],
)
def test_check(
    networks: frozenset[str],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(edge_ranges, "FILE", Path("/nonexistent"))  # nothing is written
    with cloudflare().serving() as api:
        api.networks = networks
        assert edge_ranges.main(["--check", f"{api.url}/ips"]) == code
    out = capsys.readouterr().out
    assert ("+ 192.0.2.0/24" in out) == (code == 1)
