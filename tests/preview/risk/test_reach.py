"""Which places hold which, and what is told of those that none held."""

from __future__ import annotations

import pytest

from graph.summary.model import Summary
from preview.plan import Step
from tests.preview.risk.making import NETWORK, both, step


def network(op: str = "replace") -> Step:
    """Give a network that gets another subnet."""
    old, new = ({"name": "app_front", "ipamConfigs": [{"subnet": each}]} for each in ("A", "B"))
    return step(op, NETWORK, "s-app-front", old, new, reasons=("ipamConfigs",))


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        (("host",), ("internet",), "the internet"),
        (("internet",), ("host",), None),
        (("cloudflare",), ("internet",), "the internet"),
        (("cloudflare",), ("cloudflare", "mesh"), "the mesh"),
        (("cloudflare",), ("mesh",), None),
        (("cloudflare",), ("addresses 192.0.2.0/24",), None),
        (("cloudflare, with a password",), ("mesh",), "the mesh"),
        (("mesh",), ("cloudflare",), "Cloudflare's edge"),
        (("internet, with a password",), ("internet",), "the internet"),
        (("internet, with a password",), ("mesh",), "the mesh"),
        (("internet",), ("internet, with a password",), None),
        (("addresses 192.0.2.0/24",), ("addresses 192.0.2.0/25",), None),
        (("addresses 192.0.2.0/25",), ("addresses 192.0.2.0/24",), "addresses 192.0.2.0/24"),
        (("addresses 192.0.2.0/24",), ("addresses 2001:db8::/32",), "addresses 2001:db8::/32"),
        (("addresses 192.0.2.0/24",), ("mesh",), "the mesh"),
        (("lan",), ("addresses 192.0.2.0/24", "host"), None),
        (("addresses 192.0.2.0/24",), ("lan",), "the local network (lan)"),
        (("network a",), ("network a", "network b"), "network b"),
        (("network a", "network b"), ("network b",), None),
        ((), ("host",), "the host itself"),
        (("internet",), (), None),
    ],
)
def test_reach(before: tuple[str, ...], after: tuple[str, ...], more: str | None) -> None:
    found = both(Summary(reach={"x": before}), Summary(reach={"x": after}))
    assert len(found) == (more is not None)
    assert more is None or found[0].startswith(f"reach: x is reached from {more}; before, ")


@pytest.mark.parametrize(
    ("places", "risk"),
    [(("internet",), True), (("mesh",), True), (("network a", "host"), False), ((), False)],
)
def test_what_is_new_is_wider_where_more_than_its_host_reaches_it(
    places: tuple[str, ...], risk: bool
) -> None:
    assert bool(both(Summary(), Summary(reach={"x": places}))) is risk
