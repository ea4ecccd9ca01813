"""Rules on names: in DNS, in URLs, in certificates."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import FILE, SYSTEM, WEB, Row, service

UNROUTED = SYSTEM.partition("routes:\n")[0]
ROUTE = "  shop.example.com: {to: web/front:8080}\n"


def zone(options: str, routes: str = ROUTE) -> dict[str, str]:
    """Write a system with a zone at Cloudflare."""
    text = SYSTEM.replace("{provider: external}", f"{{provider: cloudflare, {options}}}")
    return {"system.yaml": text.replace(ROUTE, routes)}


def record(options: str = "", name: str = "sip.example.com") -> str:
    return f"records: {{{name}: {{host: vps, purpose: SIP{options}}}}}"


def routes(text: str) -> dict[str, str]:
    """Write a system with other routes."""
    return {"system.yaml": SYSTEM.replace(ROUTE, text)}


def url(value: str, *more: str, system: str = SYSTEM, compose: str = "") -> dict[str, str]:
    """Write a system whose service has a URL in its environment."""
    text = compose or service(f'environment: {{HOOKS: "{value}"}}', *more)
    return {"web.compose.yaml": text, "system.yaml": system}


def unanswered(shown: str) -> str:
    return (
        f"{WEB}:2: services.front.environment.HOOKS: HOOKS is {shown}, which no route answers; "
        "correct it, or add a route for it\n"
    )


def calls(flow: str, caller: str = "production", routes: str = ROUTE) -> dict[str, str]:
    """Write a system on a host for development, with a flow from an external to it."""
    text = WITH_RECORD.replace("{kind: vps,", "{kind: vps, environment: development,")
    external = f"externals: {{vapi: {{purpose: Calls, environment: {caller}}}}}\n"
    told = text.replace(ROUTE, routes) + external + f"flows: [{flow}]\n"
    return {"system.yaml": told, "web.compose.yaml": service('ports: ["9000:80"]')}


SUB_PATHS = SYSTEM.replace(ROUTE, "  shop.example.com/api/*: {to: web/front:8080}\n")
WILDCARD = SYSTEM.replace(ROUTE, '  "*.example.com": {to: web/front:8080}\n')
WITH_RECORD = SYSTEM.replace("{provider: external}", f"{{provider: external, {record()}}}")
ELSEWHERE = "externals: {docs: {purpose: Documentation, endpoint: docs.example.com}}\n"
PRODUCTION = "  shop.example.com: {to: web/front:8080, environment: production}\n"

ROWS = [
    Row(
        rule="R02",
        why="a name that ends like the zone",
        breaks={"system.yaml": SYSTEM.replace("  shop.example.com:", "  shopexample.com:")},
        says=f"{FILE}:12: routes.shopexample.com: shopexample.com lies in no "
        "declared zone; declare its zone under zones; declared: example.com\n",
        near={"system.yaml": SYSTEM.replace("  shop.example.com:", "  example.com:")},
    ),
    Row(
        rule="R02",
        why="a record of another zone",
        breaks=zone(record(name="sip.example.org")),
        says=f"{FILE}:10: zones.example.com.records.sip.example.org: the record "
        "lies outside of its zone example.com; move it under its own zone, or correct its name\n",
        near=zone(record()),
    ),
    Row(
        rule="R02",
        why="a record of a route's name",
        breaks=zone(record(name="shop.example.com")),
        says=f"{FILE}:10: zones.example.com.records.shop.example.com: the record's name is a "
        f"route's, too ({FILE}:12); remove the record: the name of a route has one of its own\n",
        near=zone(record(name="shops.example.com")),
    ),
    Row(
        rule="R02",
        why="a proxied record that nothing answers",
        breaks=zone(record(", proxied: true")),
        says=f"{FILE}:10: zones.example.com.records.sip.example.com: the record is proxied, but no "
        "route serves its name: Cloudflare answers 525; add a route for it, or set proxied: "
        "false\n",
        near=zone(f"proxied: true, {record()}"),
    ),
    Row(
        rule="R02",
        why="a proxied record of a host that publishes a port that Cloudflare knows",
        breaks={
            **zone(record(", proxied: true")),
            "web.compose.yaml": service('ports: ["9000:80"]'),
        },
        says=f"{FILE}:10: zones.example.com.records.sip.example.com: the record is proxied, but no "
        "route serves its name: Cloudflare answers 525; add a route for it, or set proxied: "
        "false\n",
        near={
            **zone(record(", proxied: true")),
            "web.compose.yaml": service('ports: ["2083:80"]'),
        },
    ),
    Row(
        rule="R17",
        why="another name; without its ending on the dev stack, too",
        breaks=url("https://n8n.example.com.localhost:8443/hooks"),
        says=unanswered("https://n8n.example.com.localhost:8443/hooks"),
        near=url("https://shop.example.com/hooks"),
    ),
    Row(
        rule="R17",
        why="the name as on the dev stack, and on its port",
        breaks=url("https://shop.example.com.localhost:8444"),
        says=unanswered("https://shop.example.com.localhost:8444"),
        near=url("https://shop.example.com.localhost:8443"),
    ),
    Row(
        rule="R17",
        why="the dev stack's ending on prod is no name of ours",
        breaks=url("https://n8n.example.com"),
        says=unanswered("https://n8n.example.com"),
        near=url("https://n8n.example.com.localhost"),
        stack="prod",
    ),
    Row(
        rule="R17",
        why="a path that no route has",
        breaks=url("https://shop.example.com/n8n/", system=SUB_PATHS),
        says=unanswered("https://shop.example.com/n8n/"),
        near=url("https://shop.example.com/api/n8n/", system=SUB_PATHS),
    ),
    Row(
        rule="R17",
        why="a path below the routes' ones; one that is the beginning of theirs",
        breaks=url("https://shop.example.com/ap", system=SUB_PATHS),
        says=unanswered("https://shop.example.com/ap"),
        near=url("https://shop.example.com/api", system=SUB_PATHS),
    ),
    Row(
        rule="R17",
        why="a password in it is not shown; a name alone is the beginning of URLs",
        breaks=url("wss://me:${DB_PASSWORD}@n8n.example.com/?key=abc"),
        says=unanswered("wss://n8n.example.com/"),
        near=url("wss://me:${DB_PASSWORD}@shop.example.com/?key=abc", system=SUB_PATHS),
    ),
    Row(
        rule="R17",
        why="in no zone of the system",
        breaks=url("http://a.b.example.com"),
        says=unanswered("http://a.b.example.com"),
        near=url("http://a.b.myexample.com"),
    ),
    Row(
        rule="R17",
        why="other protocols are not the ingress's",
        breaks=url("http://n8n.example.com:5432/db"),
        says=unanswered("http://n8n.example.com:5432/db"),
        near=url("postgres://n8n.example.com:5432/db"),
    ),
    Row(
        rule="R17",
        why="what cannot be a URL; one of a text",
        breaks=url("https://n8n.example.com:99"),
        says=unanswered("https://n8n.example.com:99"),
        near=url("https://n8n.example.com:port"),
    ),
    Row(
        rule="R17",
        why="a wildcard answers for one label",
        breaks=url("https://a.b.example.com", system=WILDCARD),
        says=unanswered("https://a.b.example.com"),
        near=url("https://b.example.com", system=WILDCARD),
    ),
    Row(
        rule="R17",
        why="a record does not answer HTTP; a port that is published does",
        breaks=url("http://sip.example.com:9000", 'ports: ["9001:80"]', system=WITH_RECORD),
        says=unanswered("http://sip.example.com:9000"),
        near=url("http://sip.example.com:9000", 'ports: ["9000:80"]', system=WITH_RECORD),
    ),
    Row(
        rule="R17",
        why="the default port, published elsewhere on the dev stack",
        breaks=url("http://sip.example.com", 'ports: ["443:443"]', system=WITH_RECORD),
        says=unanswered("http://sip.example.com"),
        near=url("https://sip.example.com", 'ports: ["443:443"]', system=WITH_RECORD),
    ),
    Row(
        rule="R17",
        why="a port of another protocol, or only for the host itself",
        breaks=url(
            "http://sip.example.com:9000",
            'ports: ["9000:80/udp", "127.0.0.1:9000:80"]',
            system=WITH_RECORD,
        ),
        says=unanswered("http://sip.example.com:9000"),
        near=url(
            "http://shop.example.com:9000",
            'ports: ["9000:80"]',
        ),
    ),
    Row(
        rule="R17",
        why="others answer there",
        breaks=url("https://docs.example.com", system=SYSTEM),
        says=unanswered("https://docs.example.com"),
        near=url("https://docs.example.com", system=SYSTEM + ELSEWHERE),
    ),
    Row(
        rule="R17",
        why="from an env file",
        breaks={
            "web.compose.yaml": service("env_file: [web.env]"),
            "web.env": "HOOKS=https://n8n.example.com\n",
        },
        says=f"{WEB}:2: services.front: HOOKS is https://n8n.example.com, which no route answers; "
        "correct it, or add a route for it\n",
        near={
            "web.compose.yaml": service("env_file: [web.env]"),
            "web.env": "HOOKS=https://shop.example.com\n",
        },
    ),
    Row(
        rule="R17",
        why="what others provision",
        breaks=url("https://n8n.example.com", system=UNROUTED),
        says=unanswered("https://n8n.example.com"),
        near=url(
            "https://n8n.example.com",
            system=UNROUTED.replace("ingress: {kind: caddy}", "managed_by: Others"),
        ),
    ),
    Row(
        rule="V05",
        why="a wildcard",
        breaks=routes('  "*.example.com": {to: web/front:8080}\n'),
        says=f"{FILE}:12: routes.*.example.com: *.example.com is a wildcard, for which HTTP-01 "
        "proves no certificate; give each name a route of its own, or set certificates of the "
        "ingress to {dns: cloudflare, token: SECRET}\n",
        near=routes("  example.com: {to: web/front:8080}\n"),
        stack="prod",
    ),
    Row(
        rule="V07",
        why="another takes the port",
        breaks=service('ports: ["79-81:79-81"]'),
        says=f"{WEB}:5: services.front.ports[0]: service:shop/web/front takes port 80 of vps, on "
        "which its ingress proves certificates (HTTP-01); publish it on another port, or route to "
        "it by the ingress\n",
        near=service('ports: ["80:80/udp", "81-82:81-82"]'),
        stack="prod",
    ),
    Row(
        rule="V07",
        why="the dev stack proves nothing",
        breaks={"web.compose.yaml": service('ports: ["80:80"]'), "stack": "prod"},
        says=f"{WEB}:5: services.front.ports[0]: service:shop/web/front takes port 80 of vps, on "
        "which its ingress proves certificates (HTTP-01); publish it on another port, or route to "
        "it by the ingress\n",
        near=service('ports: ["80:80"]'),
    ),
    Row(
        rule="V07",
        why="an ingress without a name needs no certificate",
        breaks={"web.compose.yaml": service('ports: ["80:80"]'), **routes(ROUTE)},
        says=f"{WEB}:5: services.front.ports[0]: service:shop/web/front takes port 80 of vps, on "
        "which its ingress proves certificates (HTTP-01); publish it on another port, or route to "
        "it by the ingress\n",
        near={
            "web.compose.yaml": service('ports: ["80:80"]'),
            "system.yaml": UNROUTED,
        },
        stack="prod",
    ),
    Row(
        rule="V12",
        why="SIP by a proxied record",
        breaks=zone(
            record(", proxied: true"),
            ROUTE + "flows: [{internet -> web/front: {protocol: SIP, via: sip.example.com}}]\n",
        ),
        says=f"{FILE}:13: flows[0]: SIP is called by the name sip.example.com, which is proxied: "
        "Cloudflare passes on nothing but HTTP; set proxied: false for sip.example.com, or call a "
        "name that is not proxied\n",
        near=zone(
            record(", proxied: false"),
            ROUTE + "flows: [{internet -> web/front: {protocol: SIP, via: sip.example.com}}]\n",
        ),
    ),
    Row(
        rule="V12",
        why="MQTT by a proxied route; HTTP; what is not told",
        breaks=zone(
            "proxied: true",
            ROUTE + "flows: [{internet -> web/front: {protocol: mqtt, via: shop.example.com}}]\n",
        ),
        says=f"{FILE}:13: flows[0]: mqtt is called by the name shop.example.com, which is proxied: "
        "Cloudflare passes on nothing but HTTP; set proxied: false for shop.example.com, or call a "
        "name that is not proxied\n",
        near=zone(
            "proxied: true",
            ROUTE + "flows: [{internet -> web/front: {protocol: WSS, via: shop.example.com}}, "
            "{internet -> web/front: {via: shop.example.com}}]\n",
        ),
    ),
    Row(
        rule="V16",
        why="straight to a host for development",
        breaks=calls("vapi -> web/front"),
        says=f"{FILE}:14: flows[0]: vapi is in production and calls web/front, which is for "
        "development; let it call what is in production, or say with environment: production that "
        "this is\n",
        near=calls("vapi -> web/front", caller="staging"),
    ),
    Row(
        rule="V16",
        why="by a name",
        breaks=calls("{vapi -> web/front: {via: shop.example.com}}"),
        says=f"{FILE}:14: flows[0]: vapi is in production and calls shop.example.com, which is for "
        "development; let it call what is in production, or say with environment: production that "
        "this is\n",
        near=calls("{vapi -> web/front: {via: shop.example.com}}", routes=PRODUCTION),
    ),
    Row(
        rule="V16",
        why="of the routes of a name, those to the called count; all where none leads to it",
        breaks=calls(
            "{vapi -> web/front: {via: shop.example.com}}",
            routes=ROUTE
            + "  shop.example.com/old: {redirect: https://a.com, environment: production}\n",
        ),
        says=f"{FILE}:15: flows[0]: vapi is in production and calls shop.example.com, which is for "
        "development; let it call what is in production, or say with environment: production that "
        "this is\n",
        near=calls(
            "{vapi -> vps/ingress: {via: shop.example.com}}",
            routes=ROUTE
            + "  shop.example.com/old: {redirect: https://a.com, environment: production}\n",
        ),
    ),
    Row(
        rule="V16",
        why="by a record, whose host tells",
        breaks=calls("{vapi -> web/front: {via: sip.example.com}}"),
        says=f"{FILE}:14: flows[0]: vapi is in production and calls sip.example.com, which is for "
        "development; let it call what is in production, or say with environment: production that "
        "this is\n",
        near=calls("{web/front -> vapi: {via: sip.example.com}}"),
    ),
    Row(
        rule="V16",
        why="what others run for development; what they do not tell of",
        breaks={
            "system.yaml": SYSTEM + "externals: {vapi: {purpose: Calls, environment: production}, "
            "emr: {purpose: Records, environment: staging}}\nflows: [vapi -> emr]\n"
        },
        says=f"{FILE}:14: flows[0]: vapi is in production and calls emr, which is for staging; let "
        "it call what is in production, or say with environment: production that this is\n",
        near={
            "system.yaml": SYSTEM + "externals: {vapi: {purpose: Calls, environment: production}, "
            "emr: {purpose: Records}}\nflows: [vapi -> emr]\n"
        },
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
