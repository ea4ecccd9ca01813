"""Rules on what an ingress is asked and can do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import FILE, SYSTEM, Row

ROUTE = "shop.example.com: {to: web/front:8080}"
LIMIT = "shop.example.com: {to: web/front:8080, rate_limit: {requests: 10, per: 1m}}"
CLOUDFLARE = ("example.com: {provider: external}", "example.com: {provider: cloudflare, %s}")
STACK = """\
config:
  stackgraph:target: prod
  stackgraph:systems: [shop]
  stackgraph:shop:
    hosts:
      vps: {address: 192.0.2.10, host_key: "ssh-ed25519 AAAA"}
    zones: {example.com: {zone_id: 0123456789abcdef0123456789abcdef}}
    secrets:
      DB_PASSWORD: {secure: "v1:encrypted"}
"""


def ingress(options: str, *, zone: str = "", route: str = ROUTE) -> dict[str, str]:
    """Write a system with options of its ingress, in a zone of Cloudflare's where one is given."""
    text = SYSTEM.replace("{kind: caddy}", f"{{kind: caddy{options}}}").replace(ROUTE, route)
    if not zone:
        return {"system.yaml": text}
    given, other = CLOUDFLARE
    return {"system.yaml": text.replace(given, other % zone), "Pulumi.prod.yaml": STACK}


def nginx(route: str = LIMIT) -> dict[str, str]:
    text = SYSTEM.replace("{kind: caddy}", "{kind: nginx}").replace(ROUTE, route)
    return {"system.yaml": text}


HEALTH = ROUTE.replace("}", ", health: {path: /healthz}}")


DNS = ", certificates: {dns: cloudflare, token: DB_PASSWORD}"
OWN = ", image: registry.example.com/caddy-cloudflare:2.7"

ROWS = [
    Row(
        rule="R07",
        why="a limit that nobody keeps",
        breaks=ingress("", route=LIMIT),
        says=f"{FILE}:12: routes.shop.example.com.rate_limit: nothing limits how often "
        "shop.example.com is called: its name is not proxied, and Caddy has no rate limit of its "
        "own; let Cloudflare proxy its name, or give its host an ingress of kind nginx\n",
        near=ingress("", zone="proxied: true", route=LIMIT),
        stack="prod",
    ),
    Row(
        rule="R07",
        why="nginx keeps it",
        breaks=ingress("", zone="proxied: false", route=LIMIT),
        says=f"{FILE}:12: routes.shop.example.com.rate_limit: nothing limits how often "
        "shop.example.com is called: its name is not proxied, and Caddy has no rate limit of its "
        "own; let Cloudflare proxy its name, or give its host an ingress of kind nginx\n",
        near=nginx(),
        stack="prod",
    ),
    Row(
        rule="R07",
        why="nginx asks no service how it is",
        breaks=nginx(HEALTH),
        says=f"{FILE}:12: routes.shop.example.com.health: nothing asks whether what answers "
        "shop.example.com works: nginx has no health checks; remove health, and let a monitor ask; "
        "or give its host an ingress of kind caddy\n",
        near=ingress("", route=HEALTH),
        stack="prod",
    ),
    Row(
        rule="R07",
        why="nginx counts in minutes",
        breaks=nginx(LIMIT.replace("10, per: 1m", "59, per: 1h")),
        says=f"{FILE}:12: routes.shop.example.com.rate_limit: shop.example.com may be called 59 in "
        "1h0m0s, and nginx counts one a minute at least; allow 60 in that time, or a shorter one\n",
        near=nginx(LIMIT.replace("10, per: 1m", "60, per: 1h")),
        stack="prod",
    ),
    Row(
        rule="R07",
        why="an old Caddy; versions that are new enough, or unknown",
        breaks=ingress(", image: 'caddy:2.8.4-alpine'"),
        says=f"{FILE}:2: hosts.vps.ingress.image: the ingress of vps is caddy:2.8.4-alpine, which "
        "cannot read the Caddyfile; take Caddy 2.9 or later, or remove image\n",
        near=ingress(", image: 'docker.io/library/caddy:2.10'"),
        stack="prod",
    ),
    Row(
        rule="R07",
        why="a major version",
        breaks=ingress(", image: 'docker.io/caddy:v1.0.5'"),
        says=f"{FILE}:2: hosts.vps.ingress.image: the ingress of vps is docker.io/caddy:v1.0.5, "
        "which cannot read the Caddyfile; take Caddy 2.9 or later, or remove image\n",
        near=ingress(", image: 'caddy:2'"),
        stack="prod",
    ),
    Row(
        rule="R07",
        why="no module for DNS",
        breaks=ingress(DNS),
        says=f"{FILE}:2: hosts.vps.ingress.certificates: the ingress of vps is to prove "
        "certificates over DNS, for which caddy:2.11.4-alpine has no module; set image to a Caddy "
        "that is built with github.com/caddy-dns/cloudflare\n",
        near=ingress(DNS + OWN),
        stack="prod",
    ),
    Row(
        rule="V05",
        why="proven over DNS",
        breaks=ingress("", route='"*.example.com": {to: web/front:8080}'),
        says=f"{FILE}:12: routes.*.example.com: *.example.com is a wildcard, for which HTTP-01 "
        "proves no certificate; give each name a route of its own, or set certificates of the "
        "ingress to {dns: cloudflare, token: SECRET}\n",
        near=ingress(DNS, route='"*.example.com": {to: web/front:8080}'),
        stack="prod",
    ),
    Row(
        rule="V05",
        why="Cloudflare's are for proxied names",
        breaks=ingress(
            ", certificates: origin",
            zone="proxied: false",
            route='"*.example.com": {to: web/front:8080}',
        ),
        says=f"{FILE}:12: routes.*.example.com: *.example.com is a wildcard, for which HTTP-01 "
        "proves no certificate; give each name a route of its own, or set certificates of the "
        "ingress to {dns: cloudflare, token: SECRET}\n",
        near=ingress(
            ", certificates: origin",
            zone="proxied: true",
            route='"*.example.com": {to: web/front:8080}',
        ),
        stack="prod",
    ),
    Row(
        rule="G20",
        why="not for everybody",
        breaks=ingress(
            "",
            zone="proxied: true",
            route=ROUTE.replace("}", ", access: {allow: [192.0.2.0/24]}, cache: {edge: 1h}}"),
        ),
        says=f"{FILE}:12: routes.shop.example.com.cache: shop.example.com is not for everybody, so "
        "the edge keeps none of its answers; remove cache.edge; browsers may keep them: "
        "{browser: TIME}\n",
        near=ingress("", zone="proxied: true", route=ROUTE.replace("}", ", cache: {edge: 1h}}")),
    ),
    Row(
        rule="G20",
        why="no edge",
        breaks=ingress("", route=ROUTE.replace("}", ", cache: {edge: 1h, browser: 1h}}")),
        says=f"{FILE}:12: routes.shop.example.com.cache: shop.example.com is not proxied, so there "
        "is no edge that keeps its answers; remove cache.edge, or let Cloudflare proxy its name\n",
        near=ingress("", route=ROUTE.replace("}", ", cache: static}")),
    ),
    Row(
        rule="G21",
        why="nothing is proxied",
        breaks=ingress(", certificates: origin", zone="proxied: false"),
        says=f"{FILE}:2: hosts.vps.ingress.certificates: the ingress of vps has certificates of "
        "Cloudflare, and none of its names is proxied: no browser trusts them; set certificates: "
        "acme, or proxied: true for the zone or its routes\n",
        near=ingress(", certificates: origin", zone="proxied: true"),
        stack="prod",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
