"""Rules of the edge: each breaks on what Cloudflare refuses, and not on what is near it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import FILE, SYSTEM, Row, service

MESH = "mesh: {kind: headscale, cidr: 10.8.0.0/24, members: [vps], dns: true}\n"
PROD = """\
config:
  stackgraph:target: prod
  stackgraph:systems: [shop]
  stackgraph:shop:
    hosts: {vps: {address: ADDRESS, host_key: ssh-ed25519 AAAA}}
    zones: {example.com: {zone_id: 0123456789abcdef0123456789abcdef}}
    secrets: {DB_PASSWORD: {secure: "v1:encrypted"}}
"""


def zone(
    more: str = "", routes: str = "", *, ingress: str = "", address: str = "192.0.2.10"
) -> dict[str, str]:
    """Write the shop with its zone at Cloudflare, and more said of it."""
    text = SYSTEM.replace(
        "{provider: external}", f"{{provider: cloudflare, proxied: true{more}}}"
    ).replace("ingress: {kind: caddy}", f"ingress: {{kind: caddy, certificates: origin{ingress}}}")
    return {"system.yaml": text + routes, "Pulumi.prod.yaml": PROD.replace("ADDRESS", address)}


def own(certificates: str, more: str = "") -> dict[str, str]:
    """Write it with other certificates at its ingress."""
    files = zone(more)
    text = files["system.yaml"].replace("certificates: origin", f"certificates: {certificates}")
    return {**files, "system.yaml": text}


def routes(count: int, more: str) -> str:
    """Write further routes."""
    return "".join(
        f"  r{number}.example.com: {{to: web/front:8080{more}}}\n" for number in range(count)
    )


def many(rules: int) -> str:
    """Write rules of an owner."""
    listed = ", ".join(
        f"r{n}: {{action: block, purpose: p, sources: [198.51.100.{n}/32]}}" for n in range(rules)
    )
    return f", rules: {{{listed}}}"


def calls(url: str) -> str:
    """Write a service that calls an address."""
    return service(f'environment: {{URL: "{url}"}}')


def two_systems(provider: str) -> dict[str, str]:
    """Write a second system that says something of the same zone."""
    return {
        "system.yaml": zone()["system.yaml"],
        "systems/other/system.yaml": "hosts: {}\n"
        f"zones: {{example.com: {{provider: {provider}}}}}\n",
        "Pulumi.dev.yaml": "config:\n  stackgraph:target: dev\n"
        "  stackgraph:systems: [shop, other]\n",
    }


ROWS = [
    Row(
        rule="G30",
        why="a CNAME beside the address of a route's name",
        breaks=zone(", cname: {shop.example.com: other.example.net}"),
        says=f"{FILE}:10: zones.example.com.cname.shop.example.com: shop.example.com has a CNAME "
        "and A record, and a CNAME stands alone; keep one of the two, or give one of them another "
        "name\n",
        near=zone(", cname: {help.example.com: other.example.net}"),
        stack="prod",
    ),
    Row(
        rule="G30",
        why="a text beside a CNAME; at the top of a zone it may stand there",
        breaks=zone(", cname: {a.example.com: b.example.net}, txt: {a.example.com: [v=x]}"),
        says=f"{FILE}:10: zones.example.com.cname.a.example.com: a.example.com has a CNAME and TXT "
        "record, and a CNAME stands alone; keep one of the two, or give one of them another name\n",
        near=zone(", cname: {example.com: b.example.net}, txt: {example.com: [v=x]}"),
        stack="prod",
    ),
    Row(
        rule="G30",
        why="the same text twice; another name's",
        breaks=zone(", txt: {example.com: [v=x, v=x]}"),
        says=f"{FILE}:10: zones.example.com.txt.example.com: example.com has the same TXT record "
        "twice; write it once\n",
        near=zone(", txt: {example.com: [v=x], a.example.com: [v=x]}"),
        stack="prod",
    ),
    Row(
        rule="G30",
        why="a record of another zone",
        breaks=zone(", mx: {example.net: [10 mail.example.com]}"),
        says=f"{FILE}:10: zones.example.com.mx.example.net: example.net lies outside of its zone "
        "example.com; move it under its own zone, or correct its name\n",
        near=zone(", mx: {example.com: [10 mail.example.net]}"),
        stack="prod",
    ),
    Row(
        rule="G39",
        why="a private address; one of documentation is taken for a public one",
        breaks=zone(address="10.0.0.7"),
        says=f"{FILE}:12: routes.shop.example.com: shop.example.com leads to 10.0.0.7 of host vps, "
        "which the internet does not reach; run pulumi config set --stack prod --path "
        "'stackgraph:shop.hosts.vps.public_addresses[0]' ADDRESS\n",
        near=zone(),
        stack="prod",
    ),
    Row(
        rule="G31",
        why="two labels below the zone; not proxied, nobody asks Cloudflare's certificate",
        breaks=zone(routes="  a.b.example.com: {to: web/front:8080}\n"),
        says=f"{FILE}:13: routes.a.b.example.com: a.b.example.com is proxied, but Cloudflare's "
        "certificate (Universal SSL) is for example.com and *.example.com: browsers refuse the "
        "name; choose a name of one label, order a certificate for it there, or set proxied: "
        "false\n",
        near=zone(routes="  a.b.example.com: {to: web/front:8080, proxied: false}\n"),
    ),
    Row(
        rule="G32",
        why="six rules on the free plan; five",
        breaks=zone(many(6)),
        says=f"{FILE}:10: zones.example.com: example.com has 6 access rules (rule-r0, rule-r1, "
        "rule-r2 and 3 more), and plan free takes 5; say the same for more names at once, or set "
        "plan to what the zone has\n",
        near=zone(many(5)),
    ),
    Row(
        rule="G32",
        why="a route's rate limit on the free plan; on a paid one",
        breaks=zone(routes=routes(1, ", rate_limit: {requests: 5, per: 10s}")),
        says=f"{FILE}:13: routes.r0.example.com.rate_limit: the rate limit of r0.example.com asks "
        "for a name, and plan free counts by path only; give the zone one rate_limit for all "
        "names, or set plan to what the zone has\n",
        near=zone(", plan: pro", routes(1, ", rate_limit: {requests: 5, per: 10s}")),
    ),
    Row(
        rule="G32",
        why="a period that the plan does not count; one that it does",
        breaks=zone(", rate_limit: {requests: 5, per: 30s}"),
        says=f"{FILE}:10: zones.example.com.rate_limit: the rate limit of example.com counts for "
        "30s, and plan free takes 10s; choose one of these periods\n",
        near=zone(", rate_limit: {requests: 5, per: 10s}"),
    ),
    Row(
        rule="G32",
        why="kept for too short a time; by browsers alone for any",
        breaks=zone(routes=routes(1, ", cache: {edge: 5m}")),
        says=f"{FILE}:13: routes.r0.example.com.cache: r0.example.com is to be kept at the edge "
        "for 5m0s, and plan free keeps for 2h0m0s or more; write a longer time, or only browser "
        "and let the service say the rest\n",
        near=zone(routes=routes(1, ", cache: {browser: 5m}")),
    ),
    Row(
        rule="G32",
        why="an expression that is too long",
        breaks=zone(routes=routes(300, ", cache: off")),
        says=f"{FILE}:13: routes.r0.example.com: rule cache-off of example.com is 5611 characters "
        "long, and Cloudflare takes 4096; name fewer names, paths or networks\n",
        near=zone(routes=routes(200, ", cache: off")),
    ),
    Row(
        rule="G33",
        why="a body that the plan does not take; past the edge it may be larger",
        breaks=zone(routes=routes(1, ", max_body: 101MiB")),
        says=f"{FILE}:13: routes.r0.example.com.max_body: r0.example.com takes bodies of 101 MiB, "
        "and Cloudflare takes 100 MiB on plan free (413); lower it, set proxied: false, or set "
        "plan to what the zone has\n",
        near=zone(routes=routes(1, ", max_body: 101MiB, proxied: false")),
    ),
    Row(
        rule="G34",
        why="two systems write a zone; one of them describes it only",
        breaks=two_systems("cloudflare"),
        says="systems/shop/system.yaml:10: zones.example.com: example.com is written by system "
        "other, too (systems/other/system.yaml:2); let one system write it, and say provider: "
        "external in the other\n",
        near=two_systems("external"),
    ),
    Row(
        rule="G35",
        why="two paths of a name that disagree; two names may",
        breaks=zone(routes="  shop.example.com/hook: {to: web/front:8080, proxied: false}\n"),
        says=f"{FILE}:13: routes.shop.example.com/hook: shop.example.com/hook is not proxied, and "
        f"shop.example.com is proxied ({FILE}:12): a name has one record; say the same of both, or "
        "give one of them another name\n",
        near=zone(routes="  hook.example.com: {to: web/front:8080, proxied: false}\n"),
    ),
    Row(
        rule="G36",
        why="certificates of its own; of the Origin CA",
        breaks=own("internal"),
        says=f"{FILE}:2: hosts.vps.ingress: the ingress of vps has certificates of its own, which "
        "the edge refuses for shop.example.com (526): example.com has ssl: strict; set "
        "certificates: origin\n",
        near=own("origin"),
        stack="prod",
    ),
    Row(
        rule="G36",
        why="certificates that are proven behind the edge; nothing is proxied",
        breaks=own("acme"),
        says=f"{FILE}:2: hosts.vps.ingress: the certificates of shop.example.com are proven over "
        "HTTP by way of the edge, which calls the host over HTTPS before it has one (526); set "
        "certificates: origin, or prove them over DNS\n",
        near={
            **own("acme"),
            "system.yaml": own("acme")["system.yaml"].replace("proxied: true", "proxied: false"),
        },
        stack="prod",
    ),
    Row(
        rule="G36",
        why="the edge does not look at certificates; it does",
        breaks=zone(", ssl: full"),
        says=f"{FILE}:10: zones.example.com.ssl: ssl: full: the edge calls hosts of example.com "
        "without looking at its certificate, so anybody between them can read along; set ssl: "
        "strict, with certificates: origin at the ingress\n",
        near=zone(", ssl: strict"),
        stack="prod",
    ),
    Row(
        rule="G36",
        why="a name for the mesh behind the edge; past it",
        breaks=zone(routes="  a.example.com: {to: web/front:8080, access: mesh}\n" + MESH),
        says=f"{FILE}:13: routes.a.example.com: members of the mesh call a.example.com past the "
        "edge, where it has a certificate that only the edge trusts; set proxied: false for the "
        "name\n",
        near=zone(
            routes="  a.example.com: {to: web/front:8080, access: mesh, proxied: false}\n" + MESH
        ),
        stack="prod",
    ),
    Row(
        rule="G37",
        why="CAA shuts out the issuer of a name that is not proxied; the edge has its own",
        breaks=zone(
            ", caa: [digicert.com]", "  a.example.com: {to: web/front:8080, proxied: false}\n"
        ),
        says=f"{FILE}:10: zones.example.com.caa: caa names digicert.com, and a.example.com has its "
        "certificate from letsencrypt.org; add letsencrypt.org, or remove caa\n",
        near=zone(", caa: [digicert.com]"),
        stack="prod",
    ),
    Row(
        rule="G40",
        why="a call that is no HTTP by a proxied name; by one that is not",
        breaks={**zone(), "web.compose.yaml": calls("sip:shop.example.com;transport=udp")},
        says="systems/shop/web.compose.yaml:2: services.front.environment.URL: URL calls "
        "shop.example.com by sip, and the name is proxied: Cloudflare passes on nothing but HTTP; "
        "use a name that is not proxied: a record under zones, for front\n",
        near={**zone(), "web.compose.yaml": calls("sip:sip.example.com;transport=udp")},
        stack="prod",
    ),
    Row(
        rule="G40",
        why="a port that the edge does not carry; one that it does",
        breaks={**zone(), "web.compose.yaml": calls("wss://shop.example.com:7880/rtc")},
        says="systems/shop/web.compose.yaml:2: services.front.environment.URL: URL calls port 7880 "
        "of shop.example.com, and the name is proxied: Cloudflare does not answer there; use a "
        "name that is not proxied: a record under zones, for front\n",
        near={**zone(), "web.compose.yaml": calls("wss://shop.example.com:8443/rtc")},
        stack="prod",
    ),
    Row(
        rule="G38",
        why="a rule for a name that does not pass the edge",
        breaks=zone(", rules: {a: {action: skip, purpose: p, names: [other.example.com]}}"),
        says=f"{FILE}:10: zones.example.com.rules.a.names: rule a is for other.example.com, which "
        "does not pass the edge; name proxied names of example.com: shop.example.com\n",
        near=zone(", rules: {a: {action: skip, purpose: p, names: [shop.example.com]}}"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
