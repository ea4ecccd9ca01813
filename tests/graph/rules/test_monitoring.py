"""Rules on monitors."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.front import declares
from tests.graph.rules.row import FILE, Row, service
from tests.workspace import SHOP

HOSTS = "apps:\n  crm: {host: other, compose: crm.compose.yaml}\n"
OTHER = "  other: {kind: vps, platform: linux/amd64, cpus: 2, memory: 2GiB}\n"
ASKS = "prober: asker, target: 'https://shop.example.com/', every: 5m"
TOLD = "notify: [mail]"
MESH = "mesh: {kind: headscale, cidr: 10.8.0.0/24, members: [vps, other]}"
HALF = MESH.replace(", other", "")
HERE = "{address: 192.0.2.10, host_key: ssh-ed25519 AAAA}"
PROD = SHOP["Pulumi.prod.yaml"].replace(
    'vps: {address: 192.0.2.10, host_key: "ssh-ed25519 AAAA"}',
    f"vps: {HERE}\n      other: {HERE.replace('.10', '.20')}",
)


def watched(
    monitor: str,
    *more: str,
    access: str = "public",
    web: str = "",
) -> dict[str, str]:
    """Write the shop with a monitor, a second host with an app, and two externals."""
    text = declares(
        "externals:",
        "  asker: {purpose: Asks from outside}",
        "  mail: {purpose: Tells people}",
        *(["monitors:", f"  shop: {{{monitor}}}"] if monitor else []),
        *more,
    )
    text = text.replace("apps:\n", OTHER + HOSTS)
    to = "{to: web/front:8080"
    return {
        "system.yaml": text.replace(to, f"{to}, access: {access}"),
        "web.compose.yaml": service(tail=f"  db: {{image: postgres:17.6{web}}}\n{NETWORKS}"),
        "crm.compose.yaml": "services: {n8n: {image: a}}\n",
        "Pulumi.prod.yaml": PROD,
    }


NETWORKS = "networks: {back: {}}\n"
DB = "target: 'web/db:5432', every: 5m, notify: [mail]"


def asks(prober: str, target: str = "'https://shop.example.com/'", more: str = "") -> str:
    return f"prober: {prober}, target: {target}, every: 5m, notify: [mail]{more}"


def at_db(prober: str, *more: str, web: str = "") -> dict[str, str]:
    """Write the shop with a monitor of its database's port."""
    return watched(f"prober: {prober}, {DB}", *more, web=web)


def published(access: str) -> tuple[str, str]:
    """Write who may use the database's port."""
    return ("ports:", f"  web/db:5432: {{access: {access}}}")


PORT = ", ports: ['5432:5432']"
LOCAL = ", ports: ['127.0.0.1:5432:5432']"
ON_HOST = ", network_mode: host"
PROCESS = (
    "processes:",
    "  api: {host: vps, manager: systemd, purpose: API, command: api, directory: /srv, user: api}",
)
BACKUP = (
    "backups:",
    "  nightly:",
    "    host: vps",
    "    schedule: '0 3 * * *'",
    "    directory: /backups",
    "    captures: [{of: web/db, method: postgres}]",
)
SITE = (
    "sites:",
    "  docs: {host: vps, path: /srv/docs, purpose: Docs}",
)


def route(line: str, *more: str) -> dict[str, str]:
    """Write the shop with a monitor of its route, and one more route."""
    files = watched(asks("asker"), *more)
    text = files["system.yaml"].replace("routes:\n", f"routes:\n  {line}\n")
    return {**files, "system.yaml": text}


TELLS_NOBODY = (
    f"{FILE}:19: monitors.shop: shop notifies nobody, so an outage stays unseen; give it "
    "notify: externals that carry the news to people\n"
)
NOT_PUBLISHED = (
    f"{FILE}:19: monitors.shop.target: asker cannot reach web/db:5432: they share no "
    "network, and db publishes no port that leads there; let it ask by a route, or "
    "publish the port for it\n"
)
OUTSIDE = (
    f"{FILE}:19: monitors.shop.expect: asker is outside of what shop.example.com admits, "
    "and the refusal that it gets counts as an outage; let a prober ask that is in the "
    "mesh, or expect the refusal: [403]\n"
)
NO_MEMBER = (
    f"{FILE}:19: monitors.shop.expect: crm/n8n is outside of what shop.example.com "
    "admits, and the refusal that it gets counts as an outage; let a prober ask that is "
    "in the mesh, or expect the refusal: [403]\n"
)
DB_IS_THERE = (
    f"{FILE}:19: monitors.shop.prober: web/db is on vps itself: when the host is down, "
    "nobody notices; let an external ask, or a service on another host\n"
)
FRONT_IS_THERE = (
    f"{FILE}:19: monitors.shop.prober: web/front is on vps itself: when the host is down, "
    "nobody notices; let an external ask, or a service on another host\n"
)

ROWS = [
    Row(
        rule="M01",
        why="nobody is told",
        breaks=watched(ASKS),
        says=TELLS_NOBODY,
        near=watched(f"{ASKS}, {TOLD}"),
    ),
    Row(
        rule="M01",
        why="a name that is unknown is told by another rule",
        breaks=watched(f"{ASKS}, notify: []"),
        says=TELLS_NOBODY,
        near=watched(f"{ASKS}, notify: [mial]"),
    ),
    Row(
        rule="M02",
        why="a route that nobody asks for, in a system with monitors",
        breaks=watched(asks("asker", "'web/front:8080'")),
        says=(
            f"{FILE}:14: routes.shop.example.com: no monitor asks for shop.example.com, so nobody "
            "notices when it fails; add a monitor with a path of it that says whether it works, "
            "and the answer to expect\n"
        ),
        near=watched(""),
    ),
    Row(
        rule="M02",
        why="each path is a route of its own",
        breaks=route("shop.example.com/api/*: {to: web/front:8080}"),
        says=(
            f"{FILE}:14: routes.shop.example.com/api/*: no monitor asks for "
            "shop.example.com/api/*, so nobody notices when it fails; add a monitor with a path "
            "of it that says whether it works, and the answer to expect\n"
        ),
        near=route("shop.example.com/api/*: {to: web/front:8080, access: {allow: [192.0.2.0/24]}}"),
    ),
    Row(
        rule="M02",
        why="a site, and a redirect",
        breaks=route("docs.example.com: {site: docs}", *SITE),
        says=(
            f"{FILE}:14: routes.docs.example.com: no monitor asks for docs.example.com, so nobody "
            "notices when it fails; add a monitor with a path of it that says whether it works, "
            "and the answer to expect\n"
        ),
        near=route("docs.example.com: {redirect: 'https://shop.example.com'}", *SITE),
    ),
    Row(
        rule="M03",
        why="from outside, a port that is not published",
        breaks=at_db("asker"),
        says=NOT_PUBLISHED,
        near=at_db("asker", web=PORT),
    ),
    Row(
        rule="M03",
        why="from outside, a port that is published on the loopback address",
        breaks=at_db("asker", web=LOCAL),
        says=(
            f"{FILE}:19: monitors.shop.target: asker cannot reach web/db:5432: they share no "
            "network, and it is published on 127.0.0.1 only; let it ask by a route, or publish "
            "the port for it\n"
        ),
        near=at_db("vps", web=LOCAL),
    ),
    Row(
        rule="M03",
        why="from outside, a port for the mesh",
        breaks=at_db("asker", MESH, *published("mesh"), web=PORT),
        says=(
            f"{FILE}:19: monitors.shop.target: asker cannot reach web/db:5432: they share no "
            "network, and it is published for the mesh only; let it ask by a route, or publish "
            "the port for it\n"
        ),
        near=at_db("asker", MESH, *published("{allow: [192.0.2.0/24]}"), web=PORT),
    ),
    Row(
        rule="M03",
        why="from another host, over the mesh",
        breaks=at_db("crm/n8n", HALF, *published("mesh"), web=PORT),
        says=(
            f"{FILE}:19: monitors.shop.target: crm/n8n cannot reach web/db:5432: they share no "
            "network, and it is published for the mesh only; let it ask by a route, or publish "
            "the port for it\n"
        ),
        near=at_db("crm/n8n", MESH, *published("mesh"), web=PORT),
    ),
    Row(
        rule="M03",
        why="another port",
        breaks=at_db("asker", web=", ports: ['5433:5433']"),
        says=NOT_PUBLISHED,
        near=at_db("asker", web=", ports: ['5433:5432']"),
    ),
    Row(
        rule="M03",
        why="a protocol that a monitor does not speak",
        breaks=at_db("asker", web=", ports: ['5432:5432/udp']"),
        says=NOT_PUBLISHED,
        near=at_db("asker", web=PORT),
    ),
    Row(
        rule="M03",
        why="on the same host, without a network that both are on",
        breaks=at_db("web/front", web=", networks: [back]"),
        says=(
            f"{FILE}:19: monitors.shop.target: web/front cannot reach web/db:5432: they share no "
            "network, and db publishes no port that leads there; put both on one network, or let "
            "it ask by a route\n"
        ),
        near=at_db("web/front"),
    ),
    Row(
        rule="M03",
        why="in a container, the host's loopback address is another",
        breaks=at_db("web/front", web=f"{LOCAL}, networks: [back]"),
        says=(
            f"{FILE}:19: monitors.shop.target: web/front cannot reach web/db:5432: they share no "
            "network, and it is published on 127.0.0.1 only; put both on one network, or let it "
            "ask by a route\n"
        ),
        near=at_db("api", *PROCESS, web=f"{LOCAL}, networks: [back]"),
    ),
    Row(
        rule="M03",
        why="a service on the host's own network",
        breaks=at_db("crm/n8n"),
        says=(
            f"{FILE}:19: monitors.shop.target: crm/n8n cannot reach web/db:5432: they share no "
            "network, and db publishes no port that leads there; let it ask by a route, or "
            "publish the port for it\n"
        ),
        near=at_db("crm/n8n", web=ON_HOST),
    ),
    Row(
        rule="M04",
        why="from outside of the mesh",
        breaks=watched(asks("asker"), MESH, access="mesh"),
        says=OUTSIDE,
        near=watched(asks("asker", more=", expect: [403]"), MESH, access="mesh"),
    ),
    Row(
        rule="M04",
        why="from a host that is no member",
        breaks=watched(asks("crm/n8n"), HALF, access="mesh"),
        says=NO_MEMBER,
        near=watched(asks("crm/n8n"), MESH, access="mesh"),
    ),
    Row(
        rule="M04",
        why="from an address that is not admitted",
        breaks=watched(asks("crm/n8n"), access="{allow: [198.51.100.0/24]}"),
        says=NO_MEMBER,
        near=watched(asks("crm/n8n"), access="{allow: [192.0.2.0/24]}"),
        stack="prod",
    ),
    Row(
        rule="M04",
        why="from an address that nobody knows",
        breaks=watched(asks("asker"), MESH, access="mesh"),
        says=OUTSIDE,
        near=watched(asks("asker"), access="{allow: [198.51.100.0/24]}"),
    ),
    Row(
        rule="M04",
        why="on dev no host has an address",
        breaks=watched(asks("crm/n8n"), HALF, access="mesh"),
        says=NO_MEMBER,
        near=watched(asks("crm/n8n"), access="{allow: [198.51.100.0/24]}"),
    ),
    Row(
        rule="M04",
        why="a password",
        breaks=watched(
            asks("asker"), "basic_auth: {a: {b: DB_PASSWORD}}", access="{basic_auth: a}"
        ),
        says=(
            f"{FILE}:19: monitors.shop.expect: shop.example.com wants a password, which asker "
            "does not have: it answers 401; expect [401]: it says that the route is up, and "
            "closed\n"
        ),
        near=watched(
            asks("asker", more=", expect: [401]"),
            "basic_auth: {a: {b: DB_PASSWORD}}",
            access="{basic_auth: a}",
        ),
    ),
    Row(
        rule="M11",
        why="the route's host",
        breaks=watched(asks("web/db")),
        says=DB_IS_THERE,
        near=watched(asks("crm/n8n")),
    ),
    Row(
        rule="M11",
        why="a port's host",
        breaks=at_db("web/front"),
        says=FRONT_IS_THERE,
        near=at_db("crm/n8n"),
    ),
    Row(
        rule="M11",
        why="a backup's host; its heartbeat is told by another rule",
        breaks=watched(asks("web/front", "nightly"), *BACKUP, "    heartbeat: mail"),
        says=FRONT_IS_THERE,
        near=watched(asks("web/front", "nightly"), *BACKUP, "    heartbeat: web/front"),
    ),
    Row(
        rule="M11",
        why="what is no address of the system",
        breaks=watched(asks("web/db")),
        says=DB_IS_THERE,
        near=watched(asks("web/db", "'https://example.org/'")),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
