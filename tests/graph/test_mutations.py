"""What breaks a good system is found: one change after the other, each told by some rule.

The systems are one that is made for this, and the real ones. A change counts as found when any
rule says what none said before.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.document import parse
from config.finding import Finding
from config.settings import read_settings
from graph.catalogue import facts_of
from graph.judge import Judgement, judge

Data = dict[str, Any]
DAY = date(2026, 12, 1)
"""A day on which the waivers of the systems hold."""


@dataclass(frozen=True, slots=True)
class System:
    """A system's files as data: ``system.yaml`` and its compose files, and all others as text."""

    name: str
    data: Data
    compose: dict[str, Data]
    texts: dict[str, str]

    def changed(self) -> System:
        """Give a copy that may be changed."""
        return copy.deepcopy(self)


def read(folder: Path) -> System:
    data = parse((folder / "system.yaml").read_text(encoding="utf-8"), "system.yaml").data
    names = {app["compose"] for app in data["apps"].values()}
    compose = {n: parse((folder / n).read_text(encoding="utf-8"), n).data for n in sorted(names)}
    others = [
        file
        for file in folder.rglob("*")
        if file.is_file() and file.name not in names and file.name != "system.yaml"
    ]
    texts = {str(f.relative_to(folder)): f.read_text(encoding="utf-8") for f in sorted(others)}
    return System(folder.name, data, compose, texts)


def judged(root: Path, system: System) -> Judgement:
    """Judge a system as on prod, every value given that prod asks for."""
    folder = root / "systems" / system.name
    files = {"system.yaml": json.dumps(system.data), **system.texts}
    files |= {name: json.dumps(data) for name, data in system.compose.items()}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    hosts = {
        name: {
            "address": f"192.0.2.{number}",
            "mesh_address": f"100.64.0.{number}",
            "host_key": "ssh-ed25519 AAAA",
        }
        for number, name in enumerate(system.data["hosts"], 10)
    }
    values = {
        "stackgraph:target": "prod",
        "stackgraph:systems": [system.name],
        f"stackgraph:{system.name}": {
            "hosts": hosts,
            "variables": {
                name: variable.get("dev", f"registry.example.com/{name.lower()}:1.2.3")
                for name, variable in system.data.get("variables", {}).items()
                if "default" not in variable
            },
            "secrets": dict.fromkeys(system.data.get("secrets", {}), "x" * 40),
            "zones": {
                name: {"zone_id": "0" * 32}
                for name, zone in system.data.get("zones", {}).items()
                if zone["provider"] == "cloudflare"
            },
        },
    }
    settings = read_settings(values, "prod", parse("", "Pulumi.prod.yaml"))
    return judge(settings.directories(root), settings, relative_to=root, today=DAY)


def said(findings: tuple[Finding, ...]) -> set[tuple[str, str, str, str]]:
    return {(f.rule, f.source.file, f.source.path, f.fact) for f in findings}


# --- the changes: each gives systems with one thing changed, and what that is

Changes = Iterator[tuple[str, System]]


def services(system: System) -> Iterator[tuple[str, str, str]]:
    """Give app, compose file and service of all that we deploy."""
    for app, told in system.data["apps"].items():
        if not system.data["hosts"][told["host"]].get("managed_by"):
            for name in system.compose[told["compose"]]["services"]:
                yield app, told["compose"], name


def networks_of(service: Data) -> set[str]:
    return set(service.get("networks") or ["default"])


def drop_a_network(system: System) -> Changes:
    """Take the only network from a service by which it calls another of its app."""
    for flow in system.data.get("flows", []):
        ends = next(iter(flow)) if isinstance(flow, dict) else flow
        told = flow[ends] if isinstance(flow, dict) else None
        caller, _, called = (end.strip() for end in ends.partition("->"))
        app, _, name = caller.partition("/")
        other_app, _, other = called.partition("/")
        if app != other_app or (app, name) not in {(a, n) for a, _, n in services(system)}:
            continue
        if (told or {}).get("via"):
            continue
        file = system.data["apps"][app]["compose"]
        of_app = system.compose[file]["services"]
        shared = networks_of(of_app[name]) & networks_of(of_app[other])
        if len(shared) == 1 and shared != {"default"}:
            changed = system.changed()
            service = changed.compose[file]["services"][name]
            left = [n for n in service["networks"] if n not in shared]
            service["networks"] = left or ["apart"]
            changed.compose[file].setdefault("networks", {})["apart"] = {}
            yield f"{caller} leaves {shared}, by which it calls {called}", changed


def swap_a_port(system: System) -> Changes:
    for key, route in system.data.get("routes", {}).items():
        if "to" in route:
            target, _, port = route["to"].rpartition(":")
            app = target.partition("/")[0]
            host = system.data["apps"].get(app, {}).get("host")
            if host and system.data["hosts"][host].get("managed_by"):
                continue
            changed = system.changed()
            changed.data["routes"][key]["to"] = f"{target}:{int(port) + 1000}"
            yield f"{key} leads to the wrong port", changed


def stores(system: System) -> Iterator[tuple[str, str, str]]:
    """Give the services that keep data, by what the catalogue knows of their images."""
    values = {n: v.get("default", "") for n, v in system.data.get("variables", {}).items()}
    for app, file, name in services(system):
        image = str(system.compose[file]["services"][name].get("image", ""))
        for variable, value in values.items():
            image = image.replace(f"${{{variable}}}", str(value))
        facts = None if "$" in image else facts_of(image)
        if facts is not None and facts.datastore:
            yield app, file, name


def open_a_database(system: System) -> Changes:
    for app, file, name in stores(system):
        changed = system.changed()
        changed.compose[file]["services"][name]["ports"] = ["23456:5432"]
        changed.compose[file]["services"][name].pop("expose", None)
        networks = changed.compose[file].get("networks") or {}
        for network in networks_of(changed.compose[file]["services"][name]) & set(networks):
            (networks[network] or {}).pop("internal", None)
        yield f"{app}/{name} is published", changed


def forget_data(system: System) -> Changes:
    """Take the volumes from a server that keeps a database, unless they are disposable."""
    disposable = system.data.get("disposable", {})
    servers = {database["server"] for database in system.data.get("databases", {}).values()}
    for app, file, name in stores(system):
        mounts = system.compose[file]["services"][name].get("volumes", [])
        named = [f"{app}/{str(mount).partition(':')[0]}" for mount in mounts]
        if f"{app}/{name}" in servers and not all(volume in disposable for volume in named):
            changed = system.changed()
            del changed.compose[file]["services"][name]["volumes"]
            yield f"{app}/{name} has no volumes", changed


def let_everyone_in(system: System) -> Changes:
    for key, route in system.data.get("routes", {}).items():
        if route.get("access", "public") != "public":
            changed = system.changed()
            del changed.data["routes"][key]["access"]
            yield f"{key} is public", changed


def save_less(system: System) -> Changes:
    """Leave out a capture, where no other one saves the same."""
    for key, backup in system.data.get("backups", {}).items():
        saved = [capture["of"] for capture in backup["captures"]]
        for index, of in enumerate(saved):
            if saved.count(of) == 1 < len(saved):
                changed = system.changed()
                del changed.data["backups"][key]["captures"][index]
                yield f"{key} saves {of} no more", changed


def accept_less(system: System) -> Changes:
    for index, waiver in enumerate(system.data.get("waivers", [])):
        changed = system.changed()
        del changed.data["waivers"][index]
        yield f"{waiver['rule']} at {waiver['path']} is not waived", changed


CHANGES: list[Callable[[System], Changes]] = [
    *(drop_a_network, swap_a_port, open_a_database, forget_data),
    *(let_everyone_in, save_less, accept_less),
]


def unfound(root: Path, system: System, change: Callable[[System], Changes]) -> list[str]:
    """Give the changes of a kind of which no rule says anything."""
    before = said(judged(root, system).findings)
    return [
        what
        for what, changed in change(system)
        if not said(judged(root, changed).findings) - before
    ]


# --- the system that is made for this

GOOD = """\
title: A good system
hosts:
  vps:
    kind: vps
    platform: linux/amd64
    cpus: 4
    memory: 8GiB
    purpose: All of it
    ingress: {kind: caddy, email: ops@example.org, certificates: origin}
    ssh: {access: {mesh: true, allow: [198.51.100.0/24]}}
    docker: {logs: {max_size: 10m, max_files: 3}}
    bans: {failures: 5, window: 10m, statuses: [401, 403]}
apps:
  web: {host: vps, compose: web.compose.yaml}
mesh: {kind: wireguard, cidr: 100.64.0.0/10, members: [vps]}
secrets:
  DB_PASSWORD: {purpose: The database of the shop, dev: dev-only-database}
  REDIS_PASSWORD: {purpose: The queue, dev: dev-only-queue}
  STAFF_HASH: {purpose: Who may change settings, dev: dev-only-hash}
basic_auth: {staff: {ann: STAFF_HASH}}
zones:
  example.org:
    {provider: cloudflare, ssl: strict, proxied: true, rate_limit: {requests: 200, per: 10s}}
routes:
  shop.example.org: {to: web/front:80, purpose: The shop}
  admin.example.org: {to: web/admin:80, access: mesh, proxied: false, purpose: Its administration}
  admin.example.org/settings/*:
    {to: web/admin:80, access: {mesh: true, basic_auth: staff}, proxied: false}
databases:
  shop: {server: web/postgres, used_by: [web/front, web/admin]}
  queue: {server: web/redis, index: 0, used_by: [web/front]}
buckets:
  offsite: {provider: another, region: elsewhere, purpose: Copies of the backups, lock: 720h}
backups:
  nightly:
    host: vps
    schedule: "20 3 * * *"
    directory: /var/backups/shop
    purpose: All that must not be lost
    captures:
      - {of: web/postgres, method: postgres, databases: [shop]}
      - {of: web/redis, method: redis}
      - {of: web/uploads, method: copy}
    keep: {daily: 7}
    copies:
      - {by: web/rclone, to: offsite, schedule: "20 5 * * *"}
    heartbeat: beats
    drill: {schedule: "0 6 1 * *", on: vps}
monitors:
  shop: {prober: watcher, target: "https://shop.example.org/", every: 1m, notify: [mail]}
  admin:
    prober: watcher
    target: https://admin.example.org/
    every: 5m
    expect: [403]
    notify: [mail]
  backup: {prober: beats, target: nightly, every: 24h, notify: [mail]}
externals:
  beats: {purpose: Misses heartbeats}
  watcher: {purpose: Asks whether the shop answers}
  mail: {purpose: Carries the news}
flows:
  - internet -> vps/ingress
  - vps/ingress -> web/front
  - vps/ingress -> web/admin
  - web/front -> web/postgres: {protocol: postgres}
  - web/front -> web/redis: {protocol: redis}
  - web/admin -> web/postgres: {protocol: postgres}
  - web/rclone -> offsite: {protocol: https}
  - watcher -> web/front: {via: shop.example.org}
  - vps -> beats
  - watcher -> mail
waivers:
  - rule: F08
    path: services.admin.read_only
    reason: Its files are of a build that writes nowhere
    until: 2027-06-30
"""

COMPOSE = """\
x-service: &service
  restart: unless-stopped
  mem_limit: 256m
  cpus: 0.5
  init: true
  security_opt: ["no-new-privileges:true"]
  cap_drop: [ALL]
  user: "1000:1000"
  read_only: true
  tmpfs: [/tmp]
services:
  front:
    <<: *service
    image: nginx:1.29.3
    user: "101:101"
    tmpfs: [/tmp, /var/cache/nginx, /var/run]
    expose: ["80"]
    environment:
      DATABASE_URL: "postgres://shop:${DB_PASSWORD}@postgres:5432/shop"
      QUEUE_URL: "redis://:${REDIS_PASSWORD}@redis:6379/0"
    depends_on: {postgres: {condition: service_healthy}, redis: {condition: service_healthy}}
    networks: [public, data, queue]
    volumes: ["uploads:/uploads"]
    healthcheck: &asks
      test: [CMD, curl, -f, "http://127.0.0.1:80/"]
      interval: 30s
      timeout: 5s
  admin:
    <<: *service
    image: nginx:1.29.3
    user: "101:101"
    expose: ["80"]
    environment:
      DATABASE_URL: "postgres://shop:${DB_PASSWORD}@postgres:5432/shop"
    depends_on: {postgres: {condition: service_healthy}}
    networks: [public, data]
    healthcheck: *asks
  postgres:
    <<: *service
    image: postgres:17.2
    user: "999:999"
    environment:
      POSTGRES_USER: shop
      POSTGRES_DB: shop
      POSTGRES_PASSWORD: ${DB_PASSWORD}
    expose: ["5432"]
    stop_grace_period: 1m
    shm_size: 128m
    tmpfs: [/tmp, /run/postgresql]
    networks: [data]
    volumes: ["postgres:/var/lib/postgresql/data"]
    healthcheck:
      test: [CMD, pg_isready, -U, shop, -d, shop]
      interval: 10s
      timeout: 5s
      retries: 5
      start_period: 30s
  redis:
    <<: *service
    image: redis:7.4.1
    user: "999:999"
    command:
      - redis-server
      - --appendonly=yes
      - --maxmemory=128mb
      - --maxmemory-policy=noeviction
      - --requirepass-file=/run/secrets/redis
    secrets: [redis]
    expose: ["6379"]
    stop_grace_period: 30s
    networks: [queue]
    volumes: ["redis:/data"]
    healthcheck: {test: [CMD, redis-cli, ping], interval: 10s, timeout: 5s, retries: 5}
  rclone:
    <<: *service
    image: rclone/rclone:1.68.2
    networks: [away]
    volumes: ["/var/backups/shop:/backups:ro"]
    healthcheck: {test: [CMD, rclone, version], interval: 5m, timeout: 5s}
networks:
  public: {ipam: {config: [{subnet: 10.90.1.0/24}]}}
  data: {internal: true, ipam: {config: [{subnet: 10.90.2.0/24}]}}
  queue: {internal: true, ipam: {config: [{subnet: 10.90.3.0/24}]}}
  away: {ipam: {config: [{subnet: 10.90.4.0/24}]}}
volumes: {postgres: {}, redis: {}, uploads: {}}
secrets:
  redis: {environment: REDIS_PASSWORD}
"""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> System:
    folder = tmp_path_factory.mktemp("made") / "good"
    folder.mkdir()
    (folder / "system.yaml").write_text(GOOD, encoding="utf-8")
    (folder / "web.compose.yaml").write_text(COMPOSE, encoding="utf-8")
    return read(folder)


def test_the_system_is_good(good: System, tmp_path: Path) -> None:
    judgement = judged(tmp_path, good)
    assert judgement.findings == ()
    assert [each.finding.rule for each in judgement.waived] == ["F08"]


NOT_TOLD = {
    # Who may use a whole name is said in one place only, so nothing contradicts it.
    "admin.example.org is public",
    # Its ports are published: it may be called by the host's address.
    "dyniq-voice/ruben leaves {'voice-net'}, by which it calls dyniq-voice/livekit",
    "dyniq-voice/ruben-api leaves {'voice-net'}, by which it calls dyniq-voice/livekit",
    # A Redis may be a cache that forgets, though a backup captures this one.
    "vpai/redis has no volumes",
    # No rule compares a route to a process with the ports that it listens on.
    "dev.vitaravox.ca/api/* leads to the wrong port",
    "api-dev.vitaravox.ca leads to the wrong port",
}


@pytest.mark.parametrize(
    ("change", "count"),
    [
        (drop_a_network, 3),
        (swap_a_port, 3),
        (open_a_database, 2),
        (forget_data, 2),
        (let_everyone_in, 2),
        (save_less, 3),
        (accept_less, 1),
    ],
)
def test_what_breaks_it_is_found(
    change: Callable[[System], Changes], count: int, good: System, tmp_path: Path
) -> None:
    assert len(list(change(good))) == count
    assert set(unfound(tmp_path, good, change)) <= NOT_TOLD


# --- the real ones

SYSTEMS = ["dyniq", "vitaravox", "vpai"]


@pytest.mark.parametrize("change", [each for each in CHANGES if each is not let_everyone_in])
@pytest.mark.parametrize("name", SYSTEMS)
def test_what_breaks_a_real_system_is_found(
    name: str, change: Callable[[System], Changes], project: Path, tmp_path: Path
) -> None:
    system = read(project / "systems" / name)
    assert set(unfound(tmp_path, system, change)) <= NOT_TOLD
