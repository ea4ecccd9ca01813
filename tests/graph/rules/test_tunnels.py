"""Rules on tunnels: what Cloudflare carries to a host, and what would lead past it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import FILE, Row
from tests.graph.rules.test_ingresses import STACK

ACCOUNTED = STACK.replace(
    "{zone_id: 0123456789abcdef0123456789abcdef}",
    "{account: 0123456789abcdef0123456789abcdef}",
)
HOST = "platform: linux/amd64, cpus: 2, memory: 2GiB"
ROUTE = "  shop.example.com: {to: web/front:8080}\n"
FRONT = 'services:\n  front: {image: "a:1.2.3", expose: ["8080"]%s}\n%s'


def tunnel(
    options: str = "cloudflare",
    *,
    routes: str = ROUTE,
    zones: str = "  example.com: {provider: cloudflare, proxied: true}\n",
    more: str = "",
    stack: str = ACCOUNTED,
    compose: str = FRONT % ("", ""),
) -> dict[str, str]:
    """Write a system whose one host, in line 2, has a tunnel."""
    text = (
        f"hosts:\n  vps: {{kind: vps, {HOST}, ingress: {{kind: caddy, certificates: origin, "
        f"tunnel: {options}}}}}\n"
        f"secrets: {{DB_PASSWORD: {{purpose: Database, dev: dev-only}}}}\n{more}"
        f"apps:\n  web: {{host: vps, compose: web.compose.yaml}}\nzones:\n{zones}routes:\n{routes}"
    )
    return {"system.yaml": text, "web.compose.yaml": compose, "Pulumi.prod.yaml": stack}


AT = f"{FILE}:2: hosts.vps.ingress.tunnel"
TWO_ZONES = (
    "  example.com: {provider: cloudflare, proxied: true}\n"
    "  example.org: {provider: cloudflare, proxied: true}\n"
)
TWO_NAMES = f"{ROUTE}  shop.example.org: {{to: web/front:8080}}\n"


def two_accounts(first: str, second: str) -> str:
    given = "{example.com: {account: 0123456789abcdef0123456789abcdef}}"
    one, other = f"{{account: {first * 32}}}", f"{{account: {second * 32}}}"
    return ACCOUNTED.replace(given, f"{{example.com: {one}, example.org: {other}}}")


ROWS = [
    Row(
        rule="G41",
        why="every name that is not proxied is told",
        breaks=tunnel(
            routes="".join(
                f"  {name}.example.com: {{to: web/front:8080, proxied: false}}\n"
                for name in "abcdefgh"
            )
            + ROUTE
        ),
        says=f"{AT}: nobody reaches a.example.com, b.example.com, c.example.com, d.example.com, "
        "e.example.com, f.example.com, g.example.com, h.example.com: vps opens no port, and by its "
        "tunnel comes only what Cloudflare proxies; set proxied: true for them in a zone of "
        "provider cloudflare, or remove tunnel\n",
        near=tunnel(),
        stack="prod",
    ),
    Row(
        rule="G41",
        why="a name in somebody else's zone",
        breaks=tunnel(
            zones="  example.com: {provider: cloudflare, proxied: true}\n"
            "  example.org: {provider: external}\n",
            routes=TWO_NAMES,
        ),
        says=f"{AT}: nobody reaches shop.example.org: vps opens no port, and by its tunnel comes "
        "only what Cloudflare proxies; set proxied: true for them in a zone of provider "
        "cloudflare, or remove tunnel\n",
        near=tunnel(zones=TWO_ZONES, routes=TWO_NAMES, stack=two_accounts("a", "a")),
        stack="prod",
    ),
    Row(
        rule="G41",
        why="a tunnel that carries nothing",
        breaks=tunnel(routes="  {}\n"),
        says=f"{AT}: no route leads to vps, so there is no name that its tunnel carries; add a "
        "route, or remove tunnel\n",
        near=tunnel(),
        stack="prod",
    ),
    Row(
        rule="G41",
        why="a route for the mesh",
        breaks=tunnel(
            routes=ROUTE.replace("8080", "8080, access: mesh"),
            more="mesh: {kind: wireguard, cidr: 100.64.0.0/10, members: [vps]}\n",
        ),
        says=f"{FILE}:10: routes.shop.example.com.access: shop.example.com is for the mesh, and "
        "its host opens no port to members either; let another host serve it, or remove the host's "
        "tunnel\n",
        near=tunnel(more="mesh: {kind: wireguard, cidr: 100.64.0.0/10, members: [vps]}\n"),
        stack="prod",
    ),
    Row(
        rule="G41",
        why="a route for Cloudflare's own networks",
        breaks=tunnel(routes=ROUTE.replace("8080", "8080, access: {allow: [104.16.0.0/13]}")),
        says=f"{FILE}:9: routes.shop.example.com.access: shop.example.com is for 104.16.0.0/13, "
        "where Cloudflare calls from: by a tunnel callers are known by their own address; name the "
        "callers' own networks\n",
        near=tunnel(routes=ROUTE.replace("8080", "8080, access: {allow: [192.0.2.0/24]}")),
        stack="prod",
    ),
    Row(
        rule="G42",
        why="an account that nobody says",
        breaks=tunnel(stack=STACK),
        says=f"{AT}: a tunnel is made in an account, and stack prod does not say which one "
        "example.com is in; run pulumi config set --stack prod --path "
        "'stackgraph:shop.zones[\"example.com\"].account' ID\n",
        near=tunnel(),
        stack="prod",
    ),
    Row(
        rule="G42",
        why="zones of two accounts",
        breaks=tunnel(zones=TWO_ZONES, routes=TWO_NAMES, stack=two_accounts("a", "b")),
        says=f"{AT}: example.com, example.org are in different accounts, and a tunnel is reached "
        "from one only; give the names of one of them another host\n",
        near=tunnel(zones=TWO_ZONES, routes=TWO_NAMES, stack=two_accounts("b", "b")),
        stack="prod",
    ),
    Row(
        rule="G43",
        why="a service that publishes 443",
        breaks=tunnel(compose=FRONT % (", ports: ['443:8443']", "")),
        says="systems/shop/web.compose.yaml:2: services.front.ports[0]: web/front publishes "
        "443/tcp of vps, whose names come by a tunnel: it is a way past Cloudflare; publish it on "
        "127.0.0.1, or make a route to it\n",
        near=tunnel(compose=FRONT % (", ports: ['127.0.0.1:443:8443', '444:444']", "")),
        stack="prod",
    ),
    Row(
        rule="G44",
        why="a record that tells the address",
        breaks=tunnel(
            zones="  example.com:\n    provider: cloudflare\n    proxied: true\n    records:\n"
            "      sip.example.com: {host: vps, purpose: Calls}\n"
        ),
        says=f"{FILE}:11: zones.example.com.records.sip.example.com: sip.example.com tells the "
        "address of vps, which has a tunnel so that nobody calls it past Cloudflare; remove the "
        "record, or keep what it is for on another host\n",
        near=tunnel(
            zones="  example.com:\n    provider: cloudflare\n    proxied: true\n    records:\n"
            "      shop.example.com: {host: vps, purpose: The shop}\n"
        ),
        stack="prod",
    ),
    Row(
        rule="G45",
        why="a cloudflared that is too old",
        breaks=tunnel("{image: 'cloudflare/cloudflared:2025.2.1'}"),
        says=f"{AT}.image: cloudflare/cloudflared:2025.2.1 does not read its token from a file; "
        "take cloudflared 2025.4 or later, or remove image\n",
        near=tunnel("{image: 'docker.io/cloudflare/cloudflared:2025.4.0'}"),
        stack="prod",
    ),
    Row(
        rule="G45",
        why="a subnet that is somebody else's",
        breaks=tunnel(
            "{subnet: 172.20.1.0/28}",
            compose=FRONT
            % (
                ", networks: [a]",
                "networks: {a: {ipam: {config: [{subnet: 172.20.0.0/16}]}}}\n",
            ),
        ),
        says=f"{AT}.subnet: subnet 172.20.1.0/28 of the tunnel overlaps 172.20.0.0/16 of network "
        "web_a (systems/shop/web.compose.yaml:3); choose a subnet that nothing else of the host "
        "uses\n",
        near=tunnel(
            "{subnet: 172.21.1.0/28}",
            compose=FRONT
            % (
                ", networks: [a]",
                "networks: {a: {ipam: {config: [{subnet: 172.20.0.0/16}]}}}\n",
            ),
        ),
        stack="prod",
    ),
    Row(
        rule="D03",
        why="a cloudflared that may be another tomorrow",
        breaks=tunnel("{image: 'cloudflare/cloudflared:latest'}"),
        says=f"{AT}.image: cloudflare/cloudflared:latest can mean another image tomorrow; write "
        "the exact version, or a digest\n",
        near=tunnel("{image: 'cloudflare/cloudflared:2026.7.3'}"),
        stack="prod",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
