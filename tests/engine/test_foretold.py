"""What the gate foretells of a change, and what then happens: changes applied, and measured."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import pytest

from preview.change import changes_of
from preview.document import from_json
from preview.risk import Assessment, Family, assess
from rehearsal.stack import Stack
from tests.changes.table import CASES, CONFIG, PORTS, SYSTEM, lay_out
from tests.engine.test_previews import make_images, preview
from tests.support.stack import Ingress, containers, docker

pytestmark = [pytest.mark.engine, pytest.mark.slow]

BY_NAME = {case.name: case for case in CASES}
WATCHED = ("shop.example.com", "files.example.com")
EVERY = 0.05
"""Seconds between two requests to each route."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, pulumi_command: str) -> Iterator[Stack]:
    make_images()
    made = Stack.make(tmp_path_factory.mktemp(SYSTEM), pulumi_command, CONFIG)
    lay_out(made.folder)
    try:
        _deploy(made)
        yield made
    finally:
        lay_out(made.folder)
        made.run("destroy", "--yes", "--skip-preview")
        for volume in docker("volume", "ls", "-q", "--filter", "name=mall-").split():
            docker("volume", "rm", volume)


def _deploy(stack: Stack) -> None:
    result = stack.run("up", "--yes", "--skip-preview")
    assert result.code == 0, result.text


@dataclass(slots=True)
class Applied:
    """A change that was applied: what was foretold, and which routes then failed how often."""

    foretold: Assessment
    failures: dict[str, list[str]] = field(default_factory=dict)

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
        """Give the routes that did fail."""
        return {route for route, failures in self.failures.items() if failures}


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
                watched = ingress.watched(f"{route}.localhost", EVERY)
                change.failures[route] = watching.enter_context(watched)
            _deploy(stack)
        yield change
    finally:
        lay_out(stack.folder)
        _deploy(stack)


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
        assert 0 < len(change.failures["files.example.com"]) * EVERY < 30


def test_a_network_that_is_replaced_takes_down_all_that_is_on_it(stack: Stack) -> None:
    before = {name: containers(name) for name in ("mall-shop-web", "mall-shop-files")}
    with applied(stack, "another-subnet") as change:
        assert change.failed() == change.down() == {"shop.example.com", "files.example.com"}
        assert all(containers(name) != old for name, old in before.items())
        assert "172.30.90.0" in docker("network", "inspect", "mall-shop_front")


def test_a_renamed_volume_starts_empty_and_the_old_one_stays(stack: Stack) -> None:
    _exec("mall-shop-files", "sh", "-c", "echo kept >/data/marker")
    before = _volumes()
    with applied(stack, "a-volume-is-renamed") as change:
        assert "empty" in change.told(Family.DATA)
        assert _exec("mall-shop-files", "ls", "/data") == ""
        assert before < _volumes()
        assert change.down() == change.failed() == {"files.example.com"}
    # Back with its old name, what it held is there again.
    assert _exec("mall-shop-files", "cat", "/data/marker") == "kept"


def test_an_app_that_goes_leaves_its_volume(stack: Stack) -> None:
    ingress = Ingress("mall-east-ingress", PORTS["https"])
    assert ingress.get("blog.example.com.localhost").status == 401
    before = _volumes()
    with applied(stack, "an-app-goes") as change:
        assert "posts" in change.told(Family.DATA)
        assert "blog.example.com" in change.told(Family.IDENTITY)
        assert containers("mall-blog-web", running=False) == []
        assert _volumes() == before
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
