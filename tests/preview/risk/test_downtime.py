"""What is down while something is replaced, restarted or gone, and who is down with it."""

from __future__ import annotations

from typing import Any

import pytest

from graph.summary.model import IngressFacts, RouteFacts, Volume
from preview.plan import Step
from tests.preview.risk.making import (
    COMMAND,
    CONTAINER,
    HOST,
    INSTANCE,
    NETWORK,
    ROUTES,
    VOLUME,
    WEB,
    both,
    database,
    replaced,
    service,
    step,
    summary,
    urn_of,
)

FRONT = urn_of(NETWORK, "s-app-front")


def network(op: str = "replace") -> Step:
    """Give a network that gets another subnet."""
    old, new = ({"name": "app_front", "ipamConfigs": [{"subnet": each}]} for each in ("A", "B"))
    return step(op, NETWORK, "s-app-front", old, new, reasons=("ipamConfigs",))


def test_who_is_down_is_told_with_what_stops_and_not_by_itself() -> None:
    all_ = summary(database(), WEB, service("app/job", uses=("app/db",)), routes=ROUTES)
    assert both(all_, all_, replaced("s-app-db")) == [
        "downtime: app/db is replaced, stopped first (it writes to data): app/web and "
        "shop.example.com are down meanwhile; app/job does without it",
        "    because app/db is replaced: its image a becomes b",
    ]


def test_what_starts_first_hands_over_unless_its_network_is_replaced() -> None:
    all_ = summary(WEB, routes=ROUTES)
    on_it = {"networksAdvanced": (FRONT,)}
    assert both(all_, all_, replaced("s-app-web", needs=on_it)) == []
    assert both(all_, all_, replaced("s-app-web", needs=on_it), network("update")) == []
    job = replaced("s-app-job", needs=on_it)
    more = summary(WEB, service("app/job"), routes=ROUTES)
    assert both(more, more, replaced("s-app-web", needs=on_it), job, network())[:2] == [
        "downtime: network app_front is replaced, and what is on it goes before: app/job, app/web "
        "and shop.example.com are down meanwhile",
        "    because network app_front is replaced: its subnet A becomes B",
    ]


def test_who_is_down_is_followed_to_the_end() -> None:
    chain = (database(), WEB, service("app/api", needs=("app/web",)), service("app/x"))
    all_ = summary(*chain, routes={"api.example.com": RouteFacts(to="app/api", ingress="i")})
    found = both(all_, all_, replaced("s-app-db"))
    assert "app/api, app/web and api.example.com are down" in found[0]
    # Who goes, too, misses nothing.
    rest = summary(*chain[:2], chain[3])
    assert "app/web is down meanwhile" in both(all_, rest, replaced("s-app-db"))[-2]


def test_what_nobody_uses_is_not_missed() -> None:
    alone = summary(database())
    assert both(alone, alone, replaced("s-app-db")) == []
    soft = summary(database(), service("app/web", uses=("app/db",)), routes=ROUTES)
    assert both(soft, soft, replaced("s-app-db")) == []


@pytest.mark.parametrize(
    ("places", "down"), [(("internet",), True), (("mesh",), True), (("host",), False)]
)
def test_a_published_port_is_used_from_elsewhere(places: tuple[str, ...], down: bool) -> None:
    all_ = summary(database(ports=("one 5432/tcp",)), reach={"one 5432/tcp": places})
    found = both(all_, all_, replaced("s-app-db"))
    assert bool(found) is down
    assert not down or "5432/tcp on one is down meanwhile" in found[0]


def test_a_service_that_restarts_with_another_is_down() -> None:
    all_ = summary(service("app/db"), service("app/web"), routes=ROUTES)
    with_it = {"triggers": (urn_of(CONTAINER, "s-app-db"),)}
    handover = step("replace", COMMAND, "s-app-web-handover", {}, {}, needs=with_it)
    assert both(all_, all_, replaced("s-app-db"), handover)[0] == (
        "downtime: app/web is restarted, as app/db is replaced: shop.example.com is down meanwhile"
    )
    other = step("update", COMMAND, "s-app-web-handover", {}, {}, needs=with_it)
    assert both(all_, all_, replaced("s-app-db"), other) == []


def test_what_goes_is_missed_by_who_still_needs_it() -> None:
    before = summary(database(volumes=()), WEB)
    gone = step("delete", CONTAINER, "s-app-db")
    assert both(before, summary(WEB), gone) == [
        "identity: app/db goes",
        "downtime: app/db goes, and app/web still needs it",
    ]
    assert both(before, summary(service("app/web")), gone) == ["identity: app/db goes"]


@pytest.mark.parametrize("order", ["start-first", "stop-first"])
def test_the_newcomer_decides_the_order(order: str) -> None:
    one, other = service("app/web"), service("app/web", order="stop-first", because="so")
    pair = (other, one) if order == "start-first" else (one, other)
    before, after = (summary(each, routes=ROUTES) for each in pair)
    assert bool(both(before, after, replaced("s-app-web"))) is (order == "stop-first")


def test_a_proxy_takes_its_routes_with_it() -> None:
    ingress = IngressFacts(host="one", kind="caddy", certificates="acme")
    all_ = summary(WEB, routes=ROUTES, ingresses={"s-one-ingress": ingress})
    assert both(all_, all_, replaced("s-one-ingress")) == [
        "downtime: the proxy of one is replaced: shop.example.com is down meanwhile",
        "    because the proxy of one is replaced: its image a becomes b",
    ]
    unserved = summary(WEB, ingresses={"s-one-ingress": ingress})
    assert both(unserved, unserved, replaced("s-one-ingress")) == []


def test_a_machine_takes_all_with_it_and_nothing_is_told_twice() -> None:
    cache = Volume(volume="s-app-tmp", called="app_tmp", path="/t", disposable="a cache")
    all_ = summary(
        database(databases=("shop",)),
        service("app/cache", volumes=(cache,), order="stop-first"),
        WEB,
        routes=ROUTES,
        hosts={"s-one": HOST},
    )
    machine = step("replace", INSTANCE, "s-one", {"shape": "a"}, {"shape": "b"}, reasons=("shape",))
    on_it: dict[str, Any] = {"was": {"replace_with": (urn_of(INSTANCE, "s-one"),)}}
    volume = step("replace", VOLUME, "s-app-data", {"name": "app_data"}, **on_it)
    assert both(all_, all_, machine, volume, replaced("s-app-db", **on_it)) == [
        "data: host one is replaced, with its disk: volume app_data is lost",
        "    because host one is replaced: its shape a becomes b",
        "identity: host one is another machine, with another address and host key",
        "    because host one is replaced: its shape a becomes b",
        "downtime: host one is replaced, and all that runs on it: app/cache, app/db, app/web and "
        "shop.example.com are down meanwhile",
        "    because host one is replaced: its shape a becomes b",
    ]
    resized = step("update", INSTANCE, "s-one", {"shape": "a"}, {"shape": "b"})
    assert both(all_, all_, resized) == []
