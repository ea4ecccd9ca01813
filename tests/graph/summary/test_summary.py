"""Summaries: what they say of a system, what makes them differ, and what never stands in one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graph.summary import Summary, read_summary, summarize
from graph.summary.limits import limit_of, limited
from tests.graph.estate import HOST, estate

SYSTEM = f"""\
hosts:
  web: {{kind: vps, {HOST}, ingress: {{kind: caddy}}}}
apps:
  web: {{host: web, compose: web.compose.yaml}}
secrets:
  KEY: {{purpose: Opens all, dev: dev-only-key}}
  PASSWORD: {{purpose: The database's, dev: dev-only-password}}
zones:
  example.com: {{provider: external}}
routes:
  shop.example.com: {{to: "web/front:8080", max_body: 1MiB}}
databases:
  shop: {{server: web/db}}
flows:
  - web/front -> web/db: {{protocol: postgres, purpose: Orders}}
  - web/front -> web/job: {{protocol: http, purpose: Asks, soft: true}}
disposable:
  web/data: A copy
"""
COMPOSE = """\
services:
  front:
    image: a:1.0.0
    expose: ["8080"]
    environment: {KEY: "x-${KEY}", COLOUR: red}
    networks: [front, back]
    read_only: true
    cap_drop: [ALL]
    ports: ["127.0.0.1:9000:8080"]
    configs: [{source: made, target: /etc/made}]
  db:
    image: postgres:16.15
    secrets: [password]
    networks: [back]
    volumes: ["data:/var/lib/postgresql/data", "/srv/dumps:/dumps"]
    privileged: true
  job:
    image: b:1.0.0
    expose: ["80"]
    networks: [back]
networks:
  front: {ipam: {config: [{subnet: 172.30.7.0/24}]}}
  back: {internal: true}
volumes:
  data: {}
configs:
  made: {content: first}
secrets:
  password: {environment: PASSWORD}
"""


def summary(root: Path, system: str = SYSTEM, compose: str = COMPOSE, **options: Any) -> Summary:
    return summarize(estate(root, system, compose, **options), "shop")


def test_a_summary_says_what_a_change_can_harm(tmp_path: Path) -> None:
    data = summary(tmp_path, stack="prod").data()
    services: Any = data.pop("services")
    for facts in services.values():
        # Digests are compared, never read.
        facts["parts"] = sorted(facts["parts"])
    assert services == {
        "shop-web-front": {
            "label": "web/front",
            "host": "web",
            "order": "stop-first",
            "because": "it publishes 127.0.0.1:9000:8080/tcp",
            "image": "a:1.0.0",
            "networks": ["shop-web-back", "shop-web-front"],
            "needs": ["web/db"],
            "uses": ["web/job"],
            "secrets": ["KEY"],
            "ports": ["web 9000/tcp"],
            "parts": ["environment", "files", "networks", "ports", "published ports", "rights"],
        },
        "shop-web-db": {
            "label": "web/db",
            "host": "web",
            "order": "stop-first",
            "because": "it writes to data",
            "image": "postgres:16.15",
            "volumes": [
                {
                    "volume": "shop-web-data",
                    "path": "/var/lib/postgresql/data",
                    "called": "web_data",
                    "disposable": "A copy",
                }
            ],
            "directories": [{"directory": "/srv/dumps", "path": "/dumps"}],
            "databases": ["shop"],
            "networks": ["shop-web-back"],
            "secrets": ["PASSWORD"],
            "parts": ["files", "mounts", "networks", "rights"],
        },
        "shop-web-job": {
            "label": "web/job",
            "host": "web",
            "order": "start-first",
            "because": "it can run twice",
            "image": "b:1.0.0",
            "networks": ["shop-web-back"],
            "parts": ["networks", "ports"],
        },
    }
    guards: Any = data.pop("guards")
    assert guards["web/job"] == guards["database shop"] == []
    assert "its root file system is read-only" in guards["web/front"]
    assert guards["network web_front"] == []
    assert guards["network web_back"] == ["nothing on it gets out to other networks"]
    assert guards["volume web/data"] == ["it outlives its removal from the files"]
    assert data["grants"] == {
        "web/db": ["it is privileged: root on its host", "it writes /srv/dumps of the host"]
    }
    assert data["networks"] == {
        "shop-web-back": {"called": "web_back"},
        "shop-web-front": {"called": "web_front", "subnets": ["172.30.7.0/24"]},
    }
    assert data["routes"] == {
        "shop.example.com": {"to": "web/front", "ingress": "shop-web-ingress"}
    }
    assert data["names"] == {"shop.example.com": "web"}
    assert data["secrets"] == ["KEY", "PASSWORD"]


def test_it_is_read_back_as_it_was_also_from_later_versions(tmp_path: Path) -> None:
    one = summary(tmp_path)
    written = json.loads(json.dumps(one.data()))
    assert read_summary(written) == one
    assert read_summary({**written, "more": 1}) == one
    assert read_summary({**written, "version": 99}) is None
    assert read_summary({**written, "routes": 7}) is None
    assert read_summary(None) is None
    assert read_summary({}) is None


def test_no_secret_stands_in_it_nor_any_digest_of_one(tmp_path: Path) -> None:
    one = summary(tmp_path / "one")
    assert "dev-only" not in json.dumps(one.data())
    other = SYSTEM.replace("dev-only-key", "dev-only-another")
    assert summary(tmp_path / "two", other) == one


@pytest.mark.parametrize(
    ("old", "new", "service", "parts"),
    [
        ("COLOUR: red", "COLOUR: blue", "front", {"environment"}),
        ("x-${KEY}", "y-${KEY}", "front", {"environment"}),
        ("content: first", "content: second", "front", {"files"}),
        ("cap_drop: [ALL]", "cap_drop: [NET_RAW]", "front", {"rights"}),
        ("    read_only: true\n", "", "front", {"rights"}),
        ("/dumps", "/dump", "db", {"mounts"}),
        ("image: b:1.0.0", "image: b:1.0.0\n    command: [serve]", "job", {"command"}),
        ("image: b:1.0.0", "image: b:1.0.0\n    working_dir: /srv", "job", {"command"}),
        ("image: b:1.0.0", "image: b:1.0.0\n    restart: always", "job", {"restart policy"}),
        ("image: b:1.0.0", "image: b:1.0.0\n    labels: {a: b}", "job", {"labels"}),
        ("image: b:1.0.0", "image: b:1.0.1", "job", set()),
    ],
)
def test_a_part_differs_where_its_text_does(
    old: str, new: str, service: str, parts: set[str], tmp_path: Path
) -> None:
    compose = (
        COMPOSE.replace(old, new, 1) if old != "/dumps" else COMPOSE.replace("/srv/dumps", "/x")
    )
    one, two = summary(tmp_path / "one"), summary(tmp_path / "two", compose=compose)
    for name, facts in one.services.items():
        other = two.services[name].parts
        differing = {
            word for word in {*facts.parts, *other} if facts.parts.get(word) != other.get(word)
        }
        assert differing == (parts if name == f"shop-web-{service}" else set())


@pytest.mark.parametrize(
    ("guard", "limit"),
    [
        (limited("calls", "200 in 10s"), ("calls", 20.0)),
        (limited("calls", "60 in 1m0s"), ("calls", 1.0)),
        (limited("bodies", "1024 bytes"), ("bodies", 1024.0)),
        ("it is served over HTTPS", None),
        ("rule a: block paths /x", None),
    ],
)
def test_limits_are_read_as_they_are_written(guard: str, limit: tuple[str, float] | None) -> None:
    assert limit_of(guard) == limit


def test_on_the_dev_stack_all_hosts_are_this_machine(tmp_path: Path) -> None:
    dev, prod = summary(tmp_path / "dev"), summary(tmp_path / "prod", stack="prod")
    assert {each.machine for each in dev.hosts.values()} == {"this machine"}
    assert {each.machine for each in prod.hosts.values()} == {""}


PROCESS = """\
processes:
  api:
    host: web
    manager: {manager}
    purpose: Answers
    directory: /srv/api
    command: {command}
    user: api
    listens: ["127.0.0.1:3000"]
    data: [/srv/api.db]
    secrets: {{TOKEN: KEY}}
"""


@pytest.mark.parametrize(
    ("manager", "command", "gap"),
    [
        ("pm2", "node server.js", False),
        ("pm2", "/usr/bin/node server.js", False),
        ("pm2", "./server", True),
        ("systemd", "node server.js", True),
    ],
)
def test_processes(manager: str, command: str, gap: bool, tmp_path: Path) -> None:
    text = SYSTEM + PROCESS.format(manager=manager, command=command)
    found = summary(tmp_path, text, stack="prod").services["shop-api"]
    assert found.gap is gap
    assert found.order is None
    assert found.secrets == ("KEY",)
    assert [each.directory for each in found.directories] == ["/srv/api.db"]
    assert {"command", "directory", "listens", "manager", "user"} <= set(found.parts)


def test_what_docker_gives_each_container_is_kept_and_more_is_more(tmp_path: Path) -> None:
    compose = COMPOSE.replace("cap_drop: [ALL]", "cap_drop: [ALL]\n    cap_add: [chown, NET_ADMIN]")
    assert summary(tmp_path, compose=compose).grants["web/front"] == (
        "it has capability NET_ADMIN",
        "it keeps capability CHOWN",
    )
