"""Databases, buckets, backups, monitors, what is disposable, secrets and variables."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from config.operations import Bucket as BucketSpec
from graph.model import (
    Backup,
    Bucket,
    Capture,
    Copy,
    Database,
    Disposable,
    Edge,
    EdgeKind,
    Monitor,
    Secret,
    StackGraph,
    Variable,
)
from tests.graph.estate import HOST, at, estate

SYSTEM = f"""\
hosts:
  vps: {{kind: vps, {HOST}, ingress: {{kind: caddy}}}}
  spare: {{kind: vps, {HOST}}}
apps: {{web: {{host: vps, compose: web.compose.yaml}}}}
zones: {{example.com: {{provider: external}}}}
processes:
  api: {{host: vps, manager: systemd, purpose: Api, command: x, directory: /srv, user: api}}
externals:
  pager: {{purpose: News}}
  beats: {{purpose: Heartbeats}}
buckets:
  offsite: {{provider: aws, region: eu-central-1, purpose: Copies, lock: 720h}}
"""
LINE = SYSTEM.count("\n") + 1
WEB = """\
services:
  front: {image: a, expose: ["8080"]}
  postgres: {image: "postgres:17.2", volumes: ["data:/data"]}
  redis: {image: "redis:7.4.1"}
volumes: {data: {}, cache: {}}
"""
DATABASES = """\
databases:
  shop: {server: web/postgres, used_by: [web/front, api], data: orders}
  queue: {server: web/redis, index: 1}
  archive: {server: web/postgres, name: old}
"""


def unresolved(graph: StackGraph) -> list[str]:
    return [f"{each.source.path}: {each.kind} {each.name}" for each in graph.unresolved]


def database(key: str, line: int, **said: Any) -> Database:
    values = {"server": "service:shop/web/postgres", "name": key, "index": None, "used_by": ()}
    return Database(
        id=f"database:shop/{key}",
        system="shop",
        key=key,
        source=at(LINE + line, f"databases.{key}"),
        **{"data": None, **values, **said},
    )


def test_databases(tmp_path: Path) -> None:
    users = ("service:shop/web/front", "process:shop/api")
    expected = [
        database("archive", 3, name="old"),
        database("queue", 2, server="service:shop/web/redis", index=1),
        database("shop", 1, used_by=users, data="orders"),
    ]
    assert list(estate(tmp_path, SYSTEM + DATABASES, WEB).databases.values()) == expected


def test_buckets(tmp_path: Path) -> None:
    assert list(estate(tmp_path, SYSTEM, WEB).buckets.values()) == [
        Bucket(
            id="bucket:shop/offsite",
            system="shop",
            key="offsite",
            spec=BucketSpec(
                provider="aws", region="eu-central-1", purpose="Copies", lock=timedelta(days=30)
            ),
            source=at(LINE - 1, "buckets.offsite"),
        )
    ]


BACKUP = """\
backups:
  nightly:
    host: vps
    schedule: "55 2 * * *"
    directory: /var/backups
    captures:
      - {of: web/postgres, method: postgres}
      - {of: web/postgres, method: postgres, databases: [archive], client: "postgres:17.2"}
      - {of: web/postgres, method: copy, databases: []}
      - {of: web/data, method: copy}
      - {of: api, method: sqlite}
    copies:
      - {by: web/front, to: offsite, keep: {daily: 7}}
      - {by: api, to: spare, schedule: "0 4 * * *", encrypted: false}
    heartbeat: beats
    drill: {schedule: "0 5 1 * *", on: spare}
"""


def test_backups(tmp_path: Path) -> None:
    graph = estate(tmp_path, SYSTEM + DATABASES + BACKUP, WEB)
    assert graph.unresolved == ()
    (backup,) = graph.backups.values()
    first = LINE + 4
    postgres = "service:shop/web/postgres"

    def capture(index: int, of: str, method: Any, databases: str = "", **said: Any) -> Capture:
        return Capture(
            of=of,
            method=method,
            databases=tuple(f"database:shop/{name}" for name in databases.split()),
            source=at(first + 6 + index, f"backups.nightly.captures[{index}]"),
            **{"client": None, **said},
        )

    expected = Backup(
        id="backup:shop/nightly",
        system="shop",
        host="host:shop/vps",
        key="nightly",
        spec=backup.spec,
        captures=(
            # All databases of its server, where none is named.
            capture(0, postgres, "postgres", "archive shop"),
            capture(1, postgres, "postgres", "archive", client="postgres:17.2"),
            capture(2, postgres, "copy"),
            capture(3, "volume:shop/web/data", "copy"),
            capture(4, "process:shop/api", "sqlite"),
        ),
        copies=(
            Copy(
                by="service:shop/web/front",
                to="bucket:shop/offsite",
                spec=backup.spec.copies[0],
                source=at(first + 12, "backups.nightly.copies[0]"),
            ),
            Copy(
                by="process:shop/api",
                to="host:shop/spare",
                spec=backup.spec.copies[1],
                source=at(first + 13, "backups.nightly.copies[1]"),
            ),
        ),
        heartbeat="external:shop/beats",
        drill_on="host:shop/spare",
        source=at(first + 1, "backups.nightly"),
    )
    assert backup == expected
    kinds = (EdgeKind.SAVES, EdgeKind.COPIES_TO)
    edges = {(e.kind, e.target, e.label) for e in graph.edges if e.kind in kinds}
    assert edges == {
        *((EdgeKind.SAVES, postgres, method) for method in ("postgres", "copy")),
        (EdgeKind.SAVES, "volume:shop/web/data", "copy"),
        (EdgeKind.SAVES, "process:shop/api", "sqlite"),
        (EdgeKind.COPIES_TO, "bucket:shop/offsite", "service:shop/web/front"),
        (EdgeKind.COPIES_TO, "host:shop/spare", "process:shop/api"),
    }


@pytest.mark.parametrize(
    ("written", "instead", "said"),
    [
        ("host: vps\n", "host: vsp\n", "backups.nightly.host: host vsp"),
        ("of: api", "of: apy", "backups.nightly.captures[4].of: service, volume or process apy"),
        ("[archive]", "[archiv]", "backups.nightly.captures[1].databases: database archiv"),
        ("by: api", "by: apy", "backups.nightly.copies[1].by: service or process apy"),
        ("by: api", "by: internet", "backups.nightly.copies[1].by: service or process internet"),
        ("to: offsite", "to: api", "backups.nightly.copies[0].to: bucket or host api"),
        ("beats", "vps", "backups.nightly.heartbeat: service or external vps"),
        ("on: spare", "on: spear", "backups.nightly.drill.on: host spear"),
    ],
)
def test_backups_that_name_nothing(written: str, instead: str, said: str, tmp_path: Path) -> None:
    assert BACKUP.count(written) == 1
    graph = estate(tmp_path, SYSTEM + DATABASES + BACKUP.replace(written, instead), WEB)
    assert unresolved(graph) == [said]
    assert len(graph.backups) == (not said.startswith("backups.nightly.host"))


# --- monitors

ROUTES = """\
routes:
  a.example.com: {to: web/front:8080}
  a.example.com/api/*: {to: web/front:8081}
  a.example.com/api/v2/*: {to: web/front:8082}
  a.example.com/api/v2/health: {to: web/front:8083}
  b.example.com/only/*: {to: web/front:8084}
"""


@pytest.mark.parametrize(
    ("url", "route"),
    [
        ("https://a.example.com", "a.example.com"),
        ("https://a.example.com/", "a.example.com"),
        ("https://a.example.com:8443/apis", "a.example.com"),
        ("http://A.example.com/api/", "a.example.com/api/*"),
        ("https://a.example.com.localhost:8443/api/v1?x=/api/v2/", "a.example.com/api/*"),
        ("https://a.example.com/api/v2/x", "a.example.com/api/v2/*"),
        ("https://a.example.com/api/v2/health", "a.example.com/api/v2/health"),
        ("https://a.example.com/api/v2/healthy", "a.example.com/api/v2/*"),
        ("https://b.example.com/only/x", "b.example.com/only/*"),
        ("https://b.example.com/", None),
        ("https://c.example.com/", None),
        ("tcp://a.example.com:443", "a.example.com"),
    ],
)
@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_monitors_url_leads_to_the_route_that_would_answer(
    stack: str, url: str, route: str | None, tmp_path: Path
) -> None:
    monitor = (
        f'monitors:\n  m: {{prober: web/front, target: "{url}", every: 1m, notify: [pager]}}\n'
    )
    graph = estate(tmp_path, SYSTEM + ROUTES + monitor, WEB, stack=stack)
    assert unresolved(graph) == []
    (found,) = graph.monitors.values()
    assert found == Monitor(
        id="monitor:shop/m",
        system="shop",
        key="m",
        spec=found.spec,
        prober="service:shop/web/front",
        route=f"route:shop/{route}" if route else None,
        service=None,
        port=None,
        backup=None,
        notify=("external:shop/pager",),
        source=at(LINE + ROUTES.count("\n") + 1, "monitors.m"),
    )


@pytest.mark.parametrize(
    ("monitor", "watched"),
    [
        ("prober: api, target: web/front:8080", ("service:shop/web/front", 8080, None)),
        ("prober: pager, target: nightly", (None, None, "backup:shop/nightly")),
    ],
)
def test_monitors_of_ports_and_backups(
    monitor: str, watched: tuple[str | None, int | None, str | None], tmp_path: Path
) -> None:
    text = f"{SYSTEM}{DATABASES}{BACKUP}monitors:\n  m: {{{monitor}, every: 1m}}\n"
    graph = estate(tmp_path, text, WEB)
    (found,) = graph.monitors.values()
    assert (found.service, found.port, found.backup) == watched
    assert found.route is None
    assert [e for e in graph.edges if e.kind is EdgeKind.WATCHES] == [
        Edge(source="monitor:shop/m", target=watched[0] or watched[2] or "", kind=EdgeKind.WATCHES)
    ]


@pytest.mark.parametrize(
    ("monitor", "said"),
    [
        ("prober: web/kuma, target: nightly", "monitors.m.prober: service or external web/kuma"),
        ("prober: internet, target: nightly", "monitors.m.prober: service or external internet"),
        ("prober: api, target: web/frnt:1", "monitors.m.target: service web/frnt"),
        ("prober: api, target: weekly", "monitors.m.target: backup weekly"),
        ("prober: api, target: nightly, notify: [vps]", "monitors.m.notify[0]: external vps"),
    ],
)
def test_monitors_that_name_nothing(monitor: str, said: str, tmp_path: Path) -> None:
    text = f"{SYSTEM}{DATABASES}{BACKUP}monitors:\n  m: {{{monitor}, every: 1m}}\n"
    assert unresolved(estate(tmp_path, text, WEB)) == [said]


# --- what needs no backup, and what values are for


def test_disposable_volumes(tmp_path: Path) -> None:
    text = "disposable:\n  web/data: Made anew\n  web/cache: A cache\n"
    assert estate(tmp_path, SYSTEM + text, WEB).disposable == (
        Disposable(
            volume="volume:shop/web/cache",
            reason="A cache",
            source=at(LINE + 2, "disposable.web/cache"),
        ),
        Disposable(
            volume="volume:shop/web/data",
            reason="Made anew",
            source=at(LINE + 1, "disposable.web/data"),
        ),
    )


@pytest.mark.parametrize("name", ["web/front", "api", "web/gone", "data"])
def test_only_volumes_are_disposable(name: str, tmp_path: Path) -> None:
    graph = estate(tmp_path, f"{SYSTEM}disposable:\n  {name}: Made anew\n", WEB)
    assert graph.disposable == ()
    assert unresolved(graph) == [f"disposable.{name}: volume {name}"]


def test_what_uses_secrets_and_variables(tmp_path: Path) -> None:
    values = """\
variables: {USED: {purpose: a, default: a}, IDLE: {purpose: b, default: b}}
secrets:
  OF_TEXT: {purpose: a, dev: dev-only}
  OF_FILE: {purpose: b, dev: dev-only, immutable: true}
  OF_USERS: {purpose: c, dev: dev-only}
  IDLE_ONE: {purpose: d, dev: dev-only}
basic_auth: {users: {ann: OF_USERS}}
"""
    compose = """\
services:
  front:
    image: a
    environment: {A: "${USED} ${OF_TEXT} $${IDLE}"}
    secrets: [file]
secrets: {file: {environment: OF_FILE}}
"""
    graph = estate(tmp_path, SYSTEM + values, compose)
    assert list(graph.variables.values()) == [
        Variable(
            id=f"variable:shop/{name}",
            system="shop",
            name=name,
            used=name == "USED",
            source=at(LINE, f"variables.{name}"),
        )
        for name in ("IDLE", "USED")
    ]
    assert list(graph.secrets.values()) == [
        Secret(
            id=f"secret:shop/{name}",
            system="shop",
            name=name,
            purpose=purpose,
            immutable=name == "OF_FILE",
            public=False,
            url_safe=True,
            used=name != "IDLE_ONE",
            source=at(LINE + line, f"secrets.{name}"),
        )
        for name, purpose, line in (
            ("IDLE_ONE", "d", 5),
            ("OF_FILE", "b", 3),
            ("OF_TEXT", "a", 2),
            ("OF_USERS", "c", 4),
        )
    ]
