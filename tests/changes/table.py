# ruff: noqa: E501 — edits are the lines of the files
"""Changes of one small system, and what each puts at risk: for previews, plans and the gate.

Every case is previewed by the real engine (tests/engine/test_previews.py), which records it; told
from the recording (test_recorded.py) and offline (test_offline.py); and some are applied and
measured (tests/engine/test_foretold.py). What is expected is written by hand, from what each change
does to people, not from what the program says of it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from preview.risk import Family

HERE = Path(__file__).parent
SYSTEM = "mall"
PROJECT = "stackgraph"
PORTS = {"http": 8390, "https": 8753}
CONFIG: dict[str, Any] = {"target": "dev", "systems": [SYSTEM], "dev_ports": PORTS}

SHOP, BLOG, JOBS, TOP = (
    f"systems/{SYSTEM}/{name}"
    for name in ("shop.compose.yaml", "blog.compose.yaml", "jobs.compose.yaml", "system.yaml")
)

DATA, REACH, PROTECTION = Family.DATA, Family.REACH, Family.PROTECTION
SECRETS, IDENTITY, DOWNTIME = Family.SECRETS, Family.IDENTITY, Family.DOWNTIME


@dataclass(frozen=True, slots=True)
class Case:
    """A change, as edits of files, and the families of what it puts at risk.

    ``down`` are the routes that do not answer for a while. ``words`` stand in what is told.
    """

    name: str
    edits: tuple[tuple[str, str, str], ...]
    risks: frozenset[Family] = frozenset()
    words: tuple[str, ...] = ()
    down: frozenset[str] = field(default_factory=frozenset)

    def apply(self, folder: Path) -> None:
        """Edit the files of a project."""
        for file, old, new in self.edits:
            path = folder / file
            text = path.read_text()
            assert text.count(old) == 1, f"{self.name}: {old!r}: {text.count(old)} in {file}"
            path.write_text(text.replace(old, new))


def case(
    name: str, *edits: tuple[str, str, str], risks: str = "", words: str = "", down: str = ""
) -> Case:
    """Write a case shortly: families and routes divided by spaces, words by ``|``."""
    return Case(
        name,
        edits,
        frozenset(Family(each) for each in risks.split()),
        tuple(filter(None, words.split("|"))),
        frozenset(f"{each}.example.com" for each in down.split()),
    )


def lay_out(project: Path) -> None:
    """Put the system into a project, in the place of those that it has."""
    folder = project / "systems" / SYSTEM
    shutil.rmtree(project / "systems", ignore_errors=True)
    shutil.copytree(HERE / SYSTEM, folder)


CASES = (
    case("nothing"),
    # --- containers
    case(
        "image-of-what-can-run-twice",
        (SHOP, "web:1.0.0", "web:1.0.1"),
    ),
    case(
        "image-of-what-holds-data",
        (SHOP, "files:1.0.0", "files:1.0.1"),
        risks="downtime",
        words="files.example.com|stackgraph-test/files:1.0.0",
        down="files",
    ),
    case(
        "another-major-version-of-a-database",
        (SHOP, "postgres:16.4.0", "postgres:17.2.0"),
        risks="data downtime",
        words="16.4.0|17.2.0|shop/web|shop.example.com",
        down="shop admin",
    ),
    case("variable", (TOP, "default: welcome", "default: hello")),
    case(
        "environment-of-a-database",
        (
            SHOP,
            'environment: {PASSWORD: "${DB_PASSWORD}"}',
            'environment: {PASSWORD: "${DB_PASSWORD}", TZ: UTC}',
        ),
        risks="downtime",
        words="shop/db|shop.example.com",
        down="shop admin",
    ),
    case("memory-limit", (BLOG, "memory: 64M", "memory: 96M")),
    case(
        "label",
        (BLOG, "    cap_drop: [ALL]\n", "    cap_drop: [ALL]\n    labels: {team: pages}\n"),
        risks="downtime",
        down="blog",
    ),
    case("file-of-a-read-only-service", (SHOP, "content: first", "content: second")),
    case(
        "health-check-goes",
        (
            BLOG,
            '    healthcheck: {test: [CMD, wget, -q, -O, /dev/null, "http://127.0.0.1/"], interval: 5s, timeout: 3s}\n',
            "",
        ),
        risks="protection downtime",
        words="its health is checked",
        down="blog",
    ),
    case(
        "published-by-a-stop-first-order",
        (
            SHOP,
            "    read_only: true\n",
            '    read_only: true\n    deploy: {update_config: {order: stop-first}, resources: {limits: {cpus: "0.5", memory: 64M}}}\n    labels: {order: stop}\n',
        ),
        risks="downtime",
        down="shop admin",
    ),
    # --- networks
    case(
        "another-subnet",
        (
            SHOP,
            "{subnet: 172.30.80.0/24, ip_range: 172.30.80.0/25}",
            "{subnet: 172.30.90.0/24, ip_range: 172.30.90.0/25}",
        ),
        risks="downtime",
        words="172.30.80.0/24|172.30.90.0/24|files.example.com|shop.example.com",
        down="shop admin files",
    ),
    case(
        "a-service-joins-another-network",
        (
            SHOP,
            '    networks: [back]\n    expose: ["5432"]',
            '    networks: [back, front]\n    expose: ["5432"]',
        ),
        risks="reach downtime",
        words="shop/db|mall-shop_front",
        down="shop admin",
    ),
    # --- data
    case(
        "a-volume-is-renamed",
        (SHOP, 'volumes: ["files-data:/data"]', 'volumes: ["files:/data"]'),
        (SHOP, "  files-data: {}", "  files: {}"),
        (TOP, "shop/files-data:", "shop/files:"),
        risks="data downtime",
        words="files-data|empty",
        down="files",
    ),
    case(
        "a-volume-goes",
        (BLOG, '    volumes: ["posts:/data"]\n', ""),
        (BLOG, "volumes:\n  posts: {}\n", ""),
        (TOP, '  blog/posts: "The blog\'s pages are in a repository, too"\n', ""),
        risks="data",
        words="posts",
    ),
    case(
        "a-service-is-renamed",
        (JOBS, "  cron:\n", "  scheduler:\n"),
        risks="identity",
    ),
    case(
        "an-app-goes",
        (TOP, "  blog: {host: east, compose: blog.compose.yaml}\n", ""),
        (TOP, "  blog.example.com: {to: blog/web:80, access: {basic_auth: editors}}\n", ""),
        (TOP, "  editors: {ann: EDITORS_HASH}\n", "  editors: {ann: EDITORS_HASH}\n"),
        (TOP, '  blog/posts: "The blog\'s pages are in a repository, too"\n', ""),
        risks="data identity",
        words="blog.example.com|posts",
        down="blog",
    ),
    case(
        "an-app-comes",
        (
            TOP,
            "  jobs: {host: west, compose: jobs.compose.yaml}\n",
            "  jobs: {host: west, compose: jobs.compose.yaml}\n  more: {host: west, compose: jobs.compose.yaml}\n",
        ),
        (TOP, "  jobs/state:", '  more/state: "The next run writes it anew"\n  jobs/state:'),
    ),
    case(
        # On dev both hosts are this machine.
        "an-app-moves",
        (TOP, "jobs: {host: west,", "jobs: {host: east,"),
    ),
    case(
        "a-service-that-others-need-goes",
        (SHOP, "    depends_on: {db: {condition: service_healthy}}\n", ""),
        (
            SHOP,
            '  db:\n    <<: *service\n    image: stackgraph-test/postgres:16.4.0\n    environment: {PASSWORD: "${DB_PASSWORD}"}\n    networks: [back]\n    expose: ["5432"]\n    volumes: ["db-data:/data"]\n    healthcheck: &alive {test: [CMD, "true"], interval: 5s, timeout: 3s}\n',
            "",
        ),
        (SHOP, "  db-data: {}\n", ""),
        (TOP, "databases:\n  shop: {server: shop/db}\n", ""),
        (
            TOP,
            "  - shop/web -> shop/db: {protocol: postgres, purpose: Orders}\n  - shop/worker -> shop/db: {protocol: postgres, purpose: Orders}\n",
            "",
        ),
        (
            TOP,
            "      - {of: shop/db, method: postgres, databases: [shop]}\n",
            "      - {of: shop/files-data, method: copy}\n",
        ),
        risks="data identity",
        words="db-data",
    ),
    # --- reach
    case(
        "a-port-is-opened",
        (
            SHOP,
            '    ports: ["127.0.0.1:9180:80"]\n',
            '    ports: ["127.0.0.1:9180:80", "9181:80"]\n',
        ),
        risks="reach",
        words="9181/tcp|lan",
    ),
    case(
        "a-port-opens-to-all",
        (SHOP, '"127.0.0.1:9180:80"', '"9180:80"'),
        risks="reach",
        words="9180/tcp|host|lan",
    ),
    case("a-port-is-closed", (SHOP, '    ports: ["127.0.0.1:9180:80"]\n', "")),
    case(
        "a-route-comes",
        (
            TOP,
            "  files.example.com:",
            "  worker.example.com: {to: shop/worker:80}\n  files.example.com:",
        ),
        risks="reach",
        words="worker.example.com",
    ),
    case(
        "a-route-goes",
        (TOP, "  files.example.com: {to: shop/files:80}\n", ""),
        risks="identity",
        words="files.example.com",
        down="files",
    ),
    case(
        "access-is-weakened",
        (TOP, "{to: shop/web:80, access: {allow: [192.0.2.0/24]}}", "{to: shop/web:80}"),
        risks="reach",
        words="admin.example.com|192.0.2.0/24|lan",
    ),
    case(
        "access-is-narrowed",
        (TOP, "allow: [192.0.2.0/24]", "allow: [192.0.2.0/28]"),
    ),
    case(
        "a-password-is-no-longer-asked-for",
        (
            TOP,
            "blog.example.com: {to: blog/web:80, access: {basic_auth: editors}}",
            "blog.example.com: {to: blog/web:80}",
        ),
        risks="reach",
        words="blog.example.com|password",
    ),
    # --- protection
    case(
        "a-capability-is-kept",
        (BLOG, "cap_drop: [ALL]", "cap_drop: [NET_RAW]"),
        risks="protection downtime",
        words="blog/web|capability ALL",
        down="blog",
    ),
    case(
        "privileged",
        (BLOG, "    cap_drop: [ALL]\n", "    privileged: true\n"),
        risks="protection downtime",
        words="privileged",
        down="blog",
    ),
    case(
        "root-file-system-is-writable",
        (SHOP, "    read_only: true\n", ""),
        risks="protection",
        words="read-only",
    ),
    case(
        "the-host's-files-are-mounted",
        (JOBS, '["state:/data"]', '["state:/data", "/etc:/host-etc:ro"]'),
        risks="protection",
        words="/etc",
    ),
    case(
        "larger-bodies",
        (TOP, "max_body: 1MiB", "max_body: 1GiB"),
        risks="protection",
        words="shop.example.com",
    ),
    case(
        "a-backup-goes",
        (
            TOP,
            """backups:
  nightly:
    host: east
    schedule: "0 3 * * *"
    directory: /var/backups/mall
    captures:
      - {of: shop/db, method: postgres, databases: [shop]}
    keep: {daily: 7}
    copies:
      - {by: shop/worker, to: west, schedule: "30 3 * * *", encrypted: true}
    heartbeat: healthchecks
""",
            "",
        ),
        (
            TOP,
            "disposable:\n",
            'disposable:\n  shop/db-data: "Orders are with the payment provider, too"\n',
        ),
        risks="protection",
        words="backup nightly",
    ),
    # --- secrets
    case(
        "a-secret's-value",
        (TOP, "dev: dev-only-token", "dev: dev-only-other-token"),
        risks="secrets",
        words="shop/worker",
    ),
    case(
        "a-password-of-the-proxy",
        (
            TOP,
            "'$2a$14$52jF/LzeKnSIJ57mXqZzSOFXD29KirJrCVREuJeBVg5NpVbGkk812'",
            "'$2a$14$GDk9nmzdhYPmcRNZU4SyBuySFEHVxhgL88s4ZzYZQZ4N3b4YgZR8K'",
        ),
        risks="secrets",
    ),
    case(
        "a-secret-is-given-to-another",
        (
            BLOG,
            "    networks: [blog]\n",
            '    networks: [blog]\n    environment: {TOKEN: "${SHOP_TOKEN}"}\n',
        ),
        risks="secrets downtime",
        words="SHOP_TOKEN|blog/web",
        down="blog",
    ),
    case(
        "a-secret-goes",
        (SHOP, '    environment: {TOKEN: "${SHOP_TOKEN}"}\n', ""),
        (
            TOP,
            '  SHOP_TOKEN: {purpose: "For the payment provider", dev: dev-only-token}\n',
            "",
        ),
        risks="secrets",
        words="SHOP_TOKEN",
    ),
    # --- the proxy
    case(
        "image-of-the-proxy",
        (
            TOP,
            "ingress: {kind: caddy}}\n  west",
            'ingress: {kind: caddy, image: "caddy:2.11.5-alpine"}}\n  west',
        ),
        risks="downtime",
        words="caddy:2.11.4-alpine|caddy:2.11.5-alpine|shop.example.com|blog.example.com",
        down="shop admin files blog",
    ),
)
