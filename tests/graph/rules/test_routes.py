"""Rules on routes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import FILE, SYSTEM, WEB, Row, service, two_apps
from tests.workspace import SHOP

ROUTE = "  shop.example.com: {to: web/front:8080}\n"
N8N = "n8nio/n8n:2.38.5"
MESH = "mesh: {kind: headscale, cidr: 10.8.0.0/24, members: [vps]}\n"
CLOSED = "shop.example.com: {to: web/front:8080, access: {allow: [192.0.2.0/24]}}"
PASSWORD = "basic_auth: {us: {me: DB_PASSWORD}}\n"


def routes(*lines: str, tail: str = "") -> dict[str, str]:
    """Write a system with other routes."""
    return {"system.yaml": SYSTEM.replace(ROUTE, "".join(f"  {line}\n" for line in lines)) + tail}


def image(reference: str, options: str = "", *lines: str) -> dict[str, str]:
    """Write a system with a routed service of a given image."""
    text = service(*lines).replace("image: a\n", f"image: {reference}\n")
    route = f"shop.example.com: {{to: web/front:8080{options}}}"
    return {"web.compose.yaml": text, **routes(route)}


def stand_in() -> dict[str, str]:
    """Write the same with a stand-in."""
    variable = f"variables:\n  IMAGE: {{purpose: Ours, default: {N8N}, stand_in: true}}\n"
    files = image("${IMAGE}")
    return {**files, "system.yaml": files["system.yaml"].replace("variables:\n", variable)}


def below(reference: str, *more: str, path: str = "/n8n/*", strip: bool = False) -> dict[str, str]:
    """Write a system that serves a service of a given image below a path."""
    options = ", strip_prefix: true" if strip else ""
    own = f"shop.example.com{path}: {{to: web/front:8080{options}}}"
    return {"web.compose.yaml": image(reference)["web.compose.yaml"], **routes(own, *more)}


def grafana(value: str, *, strip: bool = True) -> dict[str, str]:
    """Write a system that serves Grafana below a path, from which it serves itself or not."""
    files = below("grafana/grafana:12.2.0", path="/grafana/*", strip=strip)
    text = files["web.compose.yaml"]
    variable = f'    environment: {{GF_SERVER_SERVE_FROM_SUB_PATH: "{value}"}}\n'
    return {**files, "web.compose.yaml": text + variable}


def two_hosts(route: str) -> dict[str, str]:
    """Write a system with a route on each of two hosts."""
    files = two_apps(service(), service(), hosts="vps two")
    text = files["system.yaml"].replace(
        "  two: {kind: vps,", "  two: {kind: vps, ingress: {kind: caddy},"
    )
    return {**files, "system.yaml": text.replace(ROUTE, ROUTE + route)}


def two_systems(name: str) -> dict[str, str]:
    """Write a project with two systems, the second of which serves a name."""
    return {
        "Pulumi.dev.yaml": SHOP["Pulumi.dev.yaml"].replace("[shop]", "[shop, alt]"),
        "systems/alt/system.yaml": SYSTEM.replace("shop.example.com", name),
        "systems/alt/web.compose.yaml": SHOP["systems/shop/web.compose.yaml"],
    }


def behind_cloudflare(*lines: str, zone: str = "proxied: true", tail: str = "") -> dict[str, str]:
    """Write a system with routes whose names are proxied."""
    text = routes(*lines, tail=tail)["system.yaml"]
    return {
        "system.yaml": text.replace("{provider: external}", f"{{provider: cloudflare, {zone}}}")
    }


LIMITED = ", rate_limit: {requests: 10, per: 60s}"


def guarded(bans: str = "", zone: str = "proxied: true", more: str = "") -> dict[str, str]:
    """Write a system with a password, and what may keep others from guessing it."""
    given = f"shop.example.com: {{to: web/front:8080, access: {{basic_auth: us}}{more}}}"
    files = behind_cloudflare(given, zone=zone, tail=PASSWORD)
    told = f"{{kind: vps, bans: {{failures: 5, window: 10m, statuses: {bans}}}," if bans else ""
    return {"system.yaml": files["system.yaml"].replace("{kind: vps,", told or "{kind: vps,")}


REFUSED = (
    f"{FILE}:12: routes.shop.example.com.access: shop.example.com admits the mesh, but its name is "
    "proxied: members come with their addresses of the internet and are refused; set proxied: "
    "false, or dns: true under mesh\n"
)
GUESSABLE = (
    f"{FILE}:12: routes.shop.example.com.access: anyone may try passwords at shop.example.com as "
    "often as they like; count 401 in the host's bans.statuses, or give the route a rate_limit\n"
)


def open_path(path: str, around: str, line: int, where: int) -> str:
    return (
        f"{FILE}:{line}: routes.shop.example.com{path}: shop.example.com{path} is open to "
        f"everyone, while {around} is restricted ({FILE}:{where}); say with purpose why it is "
        "open, or restrict it with access\n"
    )


def beside_the_mesh(open_route: str) -> dict[str, str]:
    """Write a system with a name that is kept to its mesh, and another one."""
    mesh = "mesh: {kind: headscale, cidr: 10.8.0.0/24, members: [vps]}\n"
    kept = "  admin.example.com: {to: web/front:8080, access: mesh}\n"
    return {"system.yaml": SYSTEM.replace("{to: web/front:8080}", open_route) + kept + mesh}


def to_a_process(port: int) -> dict[str, str]:
    """Write a system with a process on port 3000, and a route to some port of it."""
    process = (
        "processes:\n  api: {host: vps, manager: systemd, purpose: API, command: api, "
        "directory: /srv/api, user: api, listens: [3000], memory: 64m}\n"
    )
    return {
        "system.yaml": SYSTEM.replace("zones:\n", process + "zones:\n").replace(
            "routes:\n", "routes:\n  x.example.com: {to: web/front:8080}\n"
        )
        + f"  api.example.com: {{to: api:{port}}}\n"
    }


ROWS = [
    Row(
        rule="G11",
        why="the mesh, past the proxy only where it resolves names",
        breaks=behind_cloudflare(
            "shop.example.com: {to: web/front:8080, access: mesh}",
            tail=MESH.replace("}", ", dns: false}"),
        ),
        says=REFUSED,
        near=behind_cloudflare("shop.example.com: {to: web/front:8080, access: mesh}", tail=MESH),
    ),
    Row(
        rule="G11",
        why="the mesh besides networks; networks alone, which Cloudflare tells",
        breaks=behind_cloudflare(
            CLOSED.replace("{allow", "{mesh: true, allow"), tail=MESH.replace("}", ", dns: false}")
        ),
        says=REFUSED,
        near=behind_cloudflare(CLOSED, tail=MESH.replace("}", ", dns: false}")),
    ),
    Row(
        rule="R01",
        why="on no network",
        breaks=service("network_mode: none"),
        says="systems/shop/system.yaml:12: routes.shop.example.com: shop.example.com leads to "
        "front, which is on no network that the ingress can join (network_mode: none); put the "
        "service on a network of its app\n",
        near=service("networks: [a]", tail="networks: {a: {internal: true}}\n"),
    ),
    Row(
        rule="R03",
        why="by two hosts",
        breaks=two_hosts("  shop.example.com/crm/*: {to: crm/front:8080}\n"),
        says=f"{FILE}:15: routes.shop.example.com/crm/*: shop.example.com is served by shop/two "
        f"here and by shop/vps elsewhere ({FILE}:14), but a name leads to one host; serve all "
        "paths of a name from one host, or take another name\n",
        near=two_hosts("  crm.example.com: {to: crm/front:8080}\n"),
    ),
    Row(
        rule="R03",
        why="by two hosts, told once of each",
        breaks=two_hosts(
            "  shop.example.com/b/*: {to: crm/front:8080}\n"
            "  shop.example.com/a/*: {to: crm/front:8080}\n"
        ),
        says=f"{FILE}:16: routes.shop.example.com/a/*: shop.example.com is served by shop/two "
        f"here and by shop/vps elsewhere ({FILE}:14), but a name leads to one host; serve all "
        "paths of a name from one host, or take another name\n",
        near=two_hosts("  shop.example.com/a/*: {to: web/front:8080}\n"),
    ),
    Row(
        rule="R03",
        why="by two systems",
        breaks=two_systems("shop.example.com"),
        says=f"{FILE}:12: routes.shop.example.com: shop.example.com is served already "
        "(systems/alt/system.yaml:12); keep one of the two routes\n",
        near=two_systems("alt.example.com"),
    ),
    Row(
        rule="R03",
        why="the whole name in two words",
        breaks=routes(ROUTE.strip(), "shop.example.com/*: {redirect: https://example.com}"),
        says=f"{FILE}:13: routes.shop.example.com/*: shop.example.com/* is served already "
        f"({FILE}:12); keep one of the two routes\n",
        near=routes(ROUTE.strip(), "shop.example.com/: {redirect: https://example.com}"),
    ),
    Row(
        rule="R10",
        why="an app that wants a name of its own",
        breaks=below(N8N),
        says=f"{FILE}:12: routes.shop.example.com/n8n/*: shop.example.com/n8n/* leads to front, "
        "which does not work below a path; give front a name of its own, with a route without "
        "path\n",
        near=below(N8N, path="/*"),
    ),
    Row(
        rule="R10",
        why="what is not known; what works there",
        breaks=below(N8N),
        says=f"{FILE}:12: routes.shop.example.com/n8n/*: shop.example.com/n8n/* leads to front, "
        "which does not work below a path; give front a name of its own, with a route without "
        "path\n",
        near=below("grafana/grafana:12.2.0"),
    ),
    Row(
        rule="R10",
        why="a path besides the whole name, and one of another",
        breaks=below(N8N, "n8n.example.com: {to: web/front:8080}"),
        says=f"{FILE}:12: routes.shop.example.com/n8n/*: shop.example.com/n8n/* leads to front, "
        "which does not work below a path; give front a name of its own, with a route without "
        "path\n",
        near=below(N8N, ROUTE.strip()),
    ),
    Row(
        rule="R10",
        why="a path that is stripped",
        breaks=below(N8N, ROUTE.strip(), strip=True),
        says=f"{FILE}:12: routes.shop.example.com/n8n/*: shop.example.com/n8n/* leads to front, "
        "which does not work below a path; give front a name of its own, with a route without "
        "path\n",
        near=below("a", ROUTE.strip(), strip=True),
    ),
    Row(
        rule="R10",
        why="stripped of what Grafana serves itself from",
        breaks=grafana("True"),
        says=f"{FILE}:12: routes.shop.example.com/grafana/*.strip_prefix: "
        "shop.example.com/grafana/* is stripped of the path from which front serves itself "
        "(GF_SERVER_SERVE_FROM_SUB_PATH): it redirects for ever; remove strip_prefix\n",
        near=grafana("true", strip=False),
    ),
    Row(
        rule="R10",
        why="stripped, as Grafana expects without the variable",
        breaks=grafana("true"),
        says=f"{FILE}:12: routes.shop.example.com/grafana/*.strip_prefix: "
        "shop.example.com/grafana/* is stripped of the path from which front serves itself "
        "(GF_SERVER_SERVE_FROM_SUB_PATH): it redirects for ever; remove strip_prefix\n",
        near=grafana("false"),
    ),
    Row(
        rule="R11",
        why="not declared",
        breaks=image(N8N),
        says=f"{FILE}:12: routes.shop.example.com: shop.example.com leads to front, whose clients "
        "need WebSockets; set websocket: true\n",
        near=image(N8N, ", websocket: true"),
    ),
    Row(
        rule="R11",
        why="a stand-in, whatever it stands for",
        breaks=image(N8N),
        says=f"{FILE}:12: routes.shop.example.com: shop.example.com leads to front, whose clients "
        "need WebSockets; set websocket: true\n",
        near=stand_in(),
    ),
    Row(
        rule="R11",
        why="a path of its own may need none",
        breaks=below(N8N, path="/*"),
        says=f"{FILE}:12: routes.shop.example.com/*: shop.example.com leads to front, whose "
        "clients need WebSockets; set websocket: true\n",
        near=below(N8N, path="/webhook/*"),
    ),
    Row(
        rule="R12",
        why="not declared",
        breaks=image(N8N),
        says=f"{FILE}:12: routes.shop.example.com: shop.example.com leads to front, to which "
        "people upload files, and states no largest body; set max_body to the largest upload that "
        "it is to take\n",
        near=image(N8N, ", max_body: 16MiB"),
    ),
    Row(
        rule="R12",
        why="for a path; an image that takes none",
        breaks=below(N8N, path="/webhook/*"),
        says=f"{FILE}:12: routes.shop.example.com/webhook/*: shop.example.com/webhook/* leads to "
        "front, to which people upload files, and states no largest body; set max_body to the "
        "largest upload that it is to take\n",
        near=below("langfuse/langfuse:3.225.4", path="/webhook/*"),
    ),
    Row(
        rule="R16",
        why="not told",
        breaks=image(N8N),
        says=f"{WEB}:2: services.front.environment: front is behind the ingress and does not set "
        "N8N_PROXY_HOPS; set it as the image's documentation says for a reverse proxy\n",
        near=image(N8N, "", "environment: {N8N_PROXY_HOPS: 1}"),
    ),
    Row(
        rule="R16",
        why="one of several will do",
        breaks=image("quay.io/keycloak/keycloak:26.4.0"),
        says=f"{WEB}:2: services.front.environment: front is behind the ingress and does not set "
        "KC_PROXY_HEADERS or KC_PROXY; set it as the image's documentation says for a reverse "
        "proxy\n",
        near=image("quay.io/keycloak/keycloak:26.4.0", "", "environment: {KC_PROXY: edge}"),
    ),
    Row(
        rule="R16",
        why="behind no ingress",
        breaks=image(N8N),
        says=f"{WEB}:2: services.front.environment: front is behind the ingress and does not set "
        "N8N_PROXY_HOPS; set it as the image's documentation says for a reverse proxy\n",
        near={**image(N8N), **routes("a.example.com: {redirect: https://b.example.com}")},
    ),
    Row(
        rule="R18",
        why="in a restricted name",
        breaks=routes(CLOSED, "shop.example.com/hook/*: {to: web/front:8080}"),
        says=open_path("/hook/*", "shop.example.com", 13, 12),
        near=routes(CLOSED, "shop.example.com/hook/*: {to: web/front:8080, purpose: Webhooks}"),
    ),
    Row(
        rule="R18",
        why="an open path in an open name with a restricted one",
        breaks=routes(
            ROUTE.strip(),
            "shop.example.com/admin/*: {to: web/front:8080, access: {basic_auth: us}}",
            "shop.example.com/admin/hook: {to: web/front:8080}",
            tail=PASSWORD,
        ),
        says=open_path("/admin/hook", "shop.example.com/admin/*", 14, 13),
        near=routes(
            ROUTE.strip(),
            "shop.example.com/admin/*: {to: web/front:8080, access: {basic_auth: us}}",
            "shop.example.com/api/*: {to: web/front:8080}",
            tail=PASSWORD,
        ),
    ),
    Row(
        rule="R18",
        why="beside a restricted path, where nothing answers the whole name",
        breaks=routes(
            CLOSED.replace("com:", "com/admin/*:"), "shop.example.com/hook: {to: web/front:8080}"
        ),
        says=open_path("/hook", "shop.example.com/admin/*", 13, 12),
        near=routes(
            CLOSED.replace("com:", "com/admin/*:"), "api.example.com/hook: {to: web/front:8080}"
        ),
    ),
    Row(
        rule="R18",
        why="the nearest around it counts: an exact path is around none",
        breaks=routes(
            CLOSED,
            "shop.example.com/a*: {to: web/front:8080, purpose: Open}",
            "shop.example.com/b: {to: web/front:8080, purpose: Open}",
            "shop.example.com/b/c: {to: web/front:8080}",
        ),
        says=open_path("/b/c", "shop.example.com", 15, 12),
        near=routes(
            CLOSED,
            "shop.example.com/a*: {to: web/front:8080, purpose: Open}",
            "shop.example.com/a/b*: {to: web/front:8080}",
            "shop.example.com/a: {to: web/front:8080}",
        ),
    ),
    Row(
        rule="R18",
        why="a redirect opens nothing; the whole name in another word is none",
        breaks=routes(CLOSED, "shop.example.com/old: {to: web/front:8080}"),
        says=open_path("/old", "shop.example.com", 13, 12),
        near=routes(CLOSED, "shop.example.com/old: {redirect: https://example.com}"),
    ),
    Row(
        rule="R21",
        why="longer than Cloudflare waits",
        breaks=behind_cloudflare("shop.example.com: {to: web/front:8080, max_duration: 101s}"),
        says=f"{FILE}:12: routes.shop.example.com.max_duration: shop.example.com may take 1m41s, "
        "but Cloudflare gives up after 1m40s (524); shorten it and let the caller ask for the "
        "result later, or set proxied: false\n",
        near=behind_cloudflare("shop.example.com: {to: web/front:8080, max_duration: 100s}"),
    ),
    Row(
        rule="R21",
        why="not by Cloudflare; not told",
        breaks=behind_cloudflare("shop.example.com: {to: web/front:8080, max_duration: 10m}"),
        says=f"{FILE}:12: routes.shop.example.com.max_duration: shop.example.com may take 10m0s, "
        "but Cloudflare gives up after 1m40s (524); shorten it and let the caller ask for the "
        "result later, or set proxied: false\n",
        near=behind_cloudflare(
            "shop.example.com: {to: web/front:8080, max_duration: 10m, proxied: false}",
            "api.example.com: {to: web/front:8080}",
        ),
    ),
    Row(
        rule="R22",
        why="nothing counts the failures",
        breaks=guarded(),
        says=GUESSABLE,
        near=guarded(bans="[401]"),
    ),
    Row(
        rule="R22",
        why="other failures are counted; the edge counts",
        breaks=guarded(bans="[403, 404]"),
        says=GUESSABLE,
        near=guarded(zone="proxied: true, rate_limit: {requests: 200, per: 10s}"),
    ),
    Row(
        rule="R22",
        why="a limit of the route, where somebody keeps it",
        breaks=guarded(zone="proxied: false", more=LIMITED),
        says=GUESSABLE,
        near=guarded(more=LIMITED),
        stack="prod",
    ),
    Row(
        rule="R22",
        why="the edge does not see what is not proxied; few may try",
        breaks=guarded(zone="rate_limit: {requests: 200, per: 10s}"),
        says=GUESSABLE,
        near={
            "system.yaml": guarded(zone="rate_limit: {requests: 200, per: 10s}")[
                "system.yaml"
            ].replace("{basic_auth: us}", "{basic_auth: us, allow: [192.0.2.0/24]}")
        },
    ),
    Row(
        rule="R18",
        why="an open name beside one that is kept to the mesh",
        breaks=beside_the_mesh("{to: web/front:8080}"),
        says=f"{FILE}:12: routes.shop.example.com: shop.example.com is open to everyone, in a "
        "system that keeps admin.example.com to its mesh; say with purpose why it is open, or "
        "restrict it with access: mesh\n",
        near=beside_the_mesh("{to: web/front:8080, purpose: The shop}"),
    ),
    Row(
        rule="R14",
        why="a port on which a process does not listen",
        breaks=to_a_process(3001),
        says=f"{FILE}:16: routes.api.example.com: api.example.com leads to port 3001 of api, which "
        "listens on 3000; name a port that it listens on, or add it to listens\n",
        near=to_a_process(3000),
    ),
    Row(
        rule="R14",
        why="the host's port",
        breaks=service('ports: ["8090:8081"]').replace('"8080"', '"8081"'),
        says="systems/shop/system.yaml:12: routes.shop.example.com: shop.example.com leads to port "
        "8080 of front, which listens on 8081; name the container's port, not the host's; or add "
        "it to expose\n",
        near=service('ports: ["8090-8091:8080-8081"]').replace('"8080"', '"80"'),
    ),
    Row(
        rule="R14",
        why="the right port of UDP; no port is known of a service that tells none",
        breaks=service().replace('"8080"', '"8000-8079", "8080/udp"'),
        says="systems/shop/system.yaml:12: routes.shop.example.com: shop.example.com leads to port "
        "8080 of front, which listens on 8000-8079; name the container's port, not the "
        "host's; or add it to expose\n",
        near="services: {front: {image: a}}\n",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_it_is_said_and_nothing_near_it(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
