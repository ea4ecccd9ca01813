"""What the gate foretells of a change, and what then happens: changes applied, and measured."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest

from preview.change import changes_of
from preview.document import from_json
from preview.risk import Assessment, Family, assess
from rehearsal.stack import Stack
from tests.changes.table import CASES, PORTS, SYSTEM, lay_out
from tests.engine.test_previews import deploy, mall, preview
from tests.support.stack import Ingress, containers, docker

pytestmark = [pytest.mark.engine, pytest.mark.slow]

BY_NAME = {case.name: case for case in CASES}
WATCHED = ("shop.example.com", "files.example.com")
EVERY = 0.05
"""Seconds between two requests to each route."""
DOWN = 3.0
"""Seconds without an answer from which a route is down, on a machine that has much to do."""
LOST = 4
"""Connections that a proxy may lose when it reloads, and is not down for: docs/adr/0015."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, pulumi_command: str) -> Iterator[Stack]:
    with mall(tmp_path_factory.mktemp(SYSTEM), pulumi_command) as made:
        yield made


@dataclass(slots=True)
class Outage:
    """How long a route did not answer, at the most, in seconds; and how often it failed."""

    longest: float = 0
    errors: int = 0
    refused: int = 0

    @property
    def down(self) -> bool:
        """Whether people would have noticed."""
        return self.longest > DOWN or self.errors > 0 or self.refused > LOST


@dataclass(slots=True)
class Applied:
    """A change that was applied: what was foretold, and how long each route was away."""

    foretold: Assessment
    outages: dict[str, Outage] = field(default_factory=dict)

    def told(self, family: Family) -> str:
        """Give all that was foretold of a family."""
        return "\n".join(
            " ".join((str(risk), *risk.chain))
            for risk in self.foretold.risks
            if risk.family is family
        )

    def down(self) -> set[str]:
        """Give the routes that were foretold to be down."""
        return {route for route in WATCHED if route in self.told(Family.DOWNTIME)}

    def failed(self) -> set[str]:
        """Give the routes that were."""
        return {route for route, outage in self.outages.items() if outage.down}


@contextmanager
def watched(ingress: Ingress, route: str) -> Iterator[Outage]:
    """Ask a route again and again meanwhile, and measure how long it gives no good answer."""
    outage, stop = Outage(), threading.Event()

    def ask() -> None:
        last = time.monotonic()
        while not stop.wait(EVERY):
            try:
                status = ingress.get(f"{route}.localhost").status
            except (OSError, http.client.HTTPException):
                outage.refused += 1
                continue
            if status >= 500:
                outage.errors += 1
                continue
            now = time.monotonic()
            outage.longest = max(outage.longest, now - last)
            last = now
        outage.longest = max(outage.longest, time.monotonic() - last)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield outage
    finally:
        stop.set()
        thread.join()


@contextmanager
def applied(stack: Stack, name: str) -> Iterator[Applied]:
    """Foretell a change, apply it while routes are watched, and take it back in the end."""
    BY_NAME[name].apply(stack.folder)
    try:
        foretold = assess(changes_of(from_json(json.loads(preview(stack, "--show-sames")))))
        assert not foretold.unclear
        change = Applied(foretold)
        ingress = Ingress("mall-east-ingress", PORTS["https"])
        with ExitStack() as watching:
            for route in WATCHED:
                change.outages[route] = watching.enter_context(watched(ingress, route))
            deploy(stack)
        yield change
    finally:
        lay_out(stack.folder)
        deploy(stack)


def _exec(service: str, *command: str) -> str:
    (container,) = containers(service)
    return docker("exec", container, *command)


def _volumes() -> set[str]:
    return set(docker("volume", "ls", "-q", "--filter", "name=mall-").split())


def test_what_can_run_twice_is_never_away(stack: Stack) -> None:
    (before,) = containers("mall-shop-web")
    with applied(stack, "image-of-what-can-run-twice") as change:
        assert change.foretold.risks == ()
        assert change.failed() == set()
        assert containers("mall-shop-web") != [before]


def test_what_holds_data_is_away_for_a_moment(stack: Stack) -> None:
    with applied(stack, "image-of-what-holds-data") as change:
        assert change.down() == change.failed() == {"files.example.com"}
        assert change.outages["files.example.com"].longest < 60


def test_a_network_that_is_replaced_takes_down_all_that_is_on_it(stack: Stack) -> None:
    before = {name: containers(name) for name in ("mall-shop-web", "mall-shop-files")}
    with applied(stack, "another-subnet") as change:
        assert change.failed() == change.down() == {"shop.example.com", "files.example.com"}
        assert all(containers(name) != old for name, old in before.items())
        assert "172.30.90.0" in docker("network", "inspect", "mall-shop_front")


def test_a_renamed_volume_starts_empty(stack: Stack) -> None:
    _exec("mall-shop-files", "sh", "-c", "echo held >/data/marker")
    with applied(stack, "a-volume-is-renamed") as change:
        assert "starts with an empty volume mall-shop_files " in change.told(Family.DATA)
        assert _exec("mall-shop-files", "ls", "/data") == ""
        # What is said of a volume is true of it: on dev none outlives the program's wish.
        deleted = "mall-shop_files-data, which is deleted" in change.told(Family.DATA)
        assert deleted == ("mall-shop_files-data" not in _volumes())
        assert change.down() == change.failed() == {"files.example.com"}


def test_an_app_that_goes_takes_its_volume_and_its_name(stack: Stack) -> None:
    ingress = Ingress("mall-east-ingress", PORTS["https"])
    assert ingress.get("blog.example.com.localhost").status == 401
    with applied(stack, "an-app-goes") as change:
        assert "volume mall-blog_posts is deleted" in change.told(Family.DATA)
        assert "blog.example.com is no longer served" in change.told(Family.IDENTITY)
        assert containers("mall-blog-web", running=False) == []
        assert "mall-blog_posts" not in _volumes()
        assert change.failed() == set()


def test_weaker_access_lets_in_who_was_refused(stack: Stack) -> None:
    def asked() -> int:
        ingress = Ingress("mall-east-ingress", PORTS["https"])
        return ingress.get("admin.example.com.localhost").status

    assert asked() in (403, 404)
    with applied(stack, "access-is-weakened") as change:
        assert "admin.example.com" in change.told(Family.REACH)
        assert asked() == 200
        assert change.failed() == set()


def test_a_port_is_reached_from_where_it_was_foretold(stack: Stack) -> None:
    address = docker("network", "inspect", "bridge", "-f", "{{(index .IPAM.Config 0).Gateway}}")

    def open_at(host: str) -> bool:
        try:
            socket.create_connection((host, 9180), timeout=2).close()
        except OSError:
            return False
        return True

    assert (open_at("127.0.0.1"), open_at(address)) == (True, False)
    with applied(stack, "a-port-opens-to-all") as change:
        assert "9180/tcp" in change.told(Family.REACH)
        assert (open_at("127.0.0.1"), open_at(address)) == (True, True)


def test_a_proxy_that_is_replaced_takes_down_every_route(stack: Stack) -> None:
    with applied(stack, "image-of-the-proxy") as change:
        assert change.down() == change.failed() == set(WATCHED)


def test_a_change_in_place_replaces_nothing(stack: Stack) -> None:
    before = containers("mall-blog-web")
    with applied(stack, "memory-limit") as change:
        assert change.foretold.risks == ()
        assert containers("mall-blog-web") == before
        limit = docker("inspect", "-f", "{{.HostConfig.Memory}}", *before)
        assert limit == str(96 * 1024 * 1024)
