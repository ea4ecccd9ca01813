"""From where ports and routed paths can be used, by which way, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph.model import StackGraph
from graph.reach import Place, PlaceKind, Reach, Way, port_ways, reach, route_ways
from tests.graph.estate import HOST, estate

SYSTEM = f"""\
hosts:
  vps: {{kind: vps, {HOST}, ingress: {{kind: caddy}}}}
  other: {{kind: ec2, {HOST}, managed_by: Terraform}}
apps: {{web: {{host: vps, compose: web.compose.yaml}}}}
mesh: {{kind: headscale, cidr: 100.64.0.0/10, members: [vps]}}
zones:
  example.com: {{provider: external}}
  example.org: {{provider: cloudflare, proxied: true}}
secrets: {{HASH: {{purpose: Users, dev: x}}}}
basic_auth: {{users: {{ann: HASH}}}}
"""
INTERNET, LAN = Place(PlaceKind.INTERNET), Place(PlaceKind.LAN)
CLOUDFLARE, MESH, HERE = (
    *(Place(PlaceKind.CLOUDFLARE), Place(PlaceKind.MESH)),
    Place(PlaceKind.HOST),
)
OFFICE = Place(PlaceKind.ADDRESSES, "192.0.2.0/24")
VPS, INGRESS, FRONT = "host:shop/vps", "ingress:shop/vps", "service:shop/web/front"


def way(place: Place, why: str, *hops: str, password: bool = False) -> Way:
    return Way(place=place, why=why, hops=hops, password=password)


# --- published ports


def published(port: str, access: str = "") -> tuple[str, str]:
    """Give a system and a compose file with one published port."""
    told = f"ports: {{web/front:9000: {{access: {access}}}}}\n" if access else ""
    return SYSTEM + told, f'services: {{front: {{image: a, ports: ["{port}"]}}}}\n'


@pytest.mark.parametrize(
    ("port", "access", "dev", "prod"),
    [
        (
            "127.0.0.1:9000:80",
            "",
            [(HERE, "it listens on 127.0.0.1 only")],
            [(HERE, "it listens on 127.0.0.1 only")],
        ),
        # However wide the access that is declared: the address admits nobody else.
        (
            "[::1]:9000:80",
            "public",
            [(HERE, "it listens on ::1 only")],
            [(HERE, "it listens on ::1 only")],
        ),
        (
            "9000:80",
            "",
            [(LAN, "it is published on every address")],
            [(INTERNET, "it is published on every address")],
        ),
        (
            "192.0.2.10:9000:80",
            "",
            [(LAN, "it is published on 192.0.2.10")],
            [(INTERNET, "it is published on 192.0.2.10")],
        ),
        (
            "9000:80",
            "mesh",
            [(HERE, "it is published on every address, for this machine only")],
            [(MESH, "it is published on every address, for the mesh only")],
        ),
        (
            "9000:80",
            "{mesh: true, allow: [192.0.2.0/24]}",
            [
                (OFFICE, "it is published on every address, for 192.0.2.0/24 only"),
                (HERE, "it is published on every address, for this machine only"),
            ],
            [
                (OFFICE, "it is published on every address, for 192.0.2.0/24 only"),
                (MESH, "it is published on every address, for the mesh only"),
            ],
        ),
    ],
)
def test_published_ports(
    port: str,
    access: str,
    dev: list[tuple[Place, str]],
    prod: list[tuple[Place, str]],
    tmp_path: Path,
) -> None:
    for stack, ways in (("dev", dev), ("prod", prod)):
        graph = estate(tmp_path / stack, *published(port, access), stack=stack)
        found = [each for each in reach(graph) if each.subject == FRONT and each.published]
        assert found == [
            Reach(
                subject=FRONT,
                what="9000/tcp",
                host=VPS,
                port=range(9000, 9001),
                protocol="tcp",
                published=True,
                ways=tuple(way(place, why, VPS, FRONT) for place, why in ways),
            )
        ]


def test_the_ports_of_a_host_of_others_are_where_they_are_on_dev_too(tmp_path: Path) -> None:
    system = SYSTEM.replace("web: {host: vps", "web: {host: other")
    compose = 'services: {front: {image: a, ports: ["9000:80"]}}\n'
    ways = []
    for stack in ("dev", "prod"):
        graph = estate(tmp_path / stack, system, compose, stack=stack)
        (port,) = (each for each in graph.host_ports if each.owner == FRONT)
        ways.append(port_ways(graph, port))
    why = "it is published on every address"
    assert ways == [(way(INTERNET, why, "host:shop/other", FRONT),)] * 2


def test_a_service_on_the_hosts_network_listens_on_the_host(tmp_path: Path) -> None:
    compose = """\
services:
  front: {image: a, network_mode: host, expose: ["9000", "9001-9002/udp"]}
"""
    graph = estate(tmp_path, SYSTEM, compose, stack="prod")
    found = [each for each in reach(graph) if each.subject == FRONT]
    assert [(each.what, each.published, each.ways) for each in found] == [
        ("9000/tcp", True, (way(INTERNET, "it is published on every address", VPS, FRONT),)),
        ("9001-9002/udp", True, (way(INTERNET, "it is published on every address", VPS, FRONT),)),
        ("9000/tcp", False, ()),
        ("9001-9002/udp", False, ()),
    ]


def test_ssh(tmp_path: Path) -> None:
    system = SYSTEM.replace("ingress: {kind: caddy}", "ssh: {access: mesh}")
    graph = estate(tmp_path, system, stack="prod", vps={"port": 2222})
    (port,) = graph.host_ports
    why = "it is published on every address, for the mesh only"
    assert port_ways(graph, port) == (way(MESH, why, VPS, VPS),)


# --- routes

NETWORK = "network:shop/web/default"
END = (VPS, INGRESS, NETWORK, FRONT)


@pytest.mark.parametrize(
    ("name", "route", "dev", "prod"),
    [
        (
            "a.example.com",
            "",
            [way(LAN, "access is public", *END)],
            [way(INTERNET, "access is public and its name is not proxied", *END)],
        ),
        (
            "a.example.com",
            "access: {basic_auth: users}",
            [way(LAN, "access is public", *END, password=True)],
            [way(INTERNET, "access is public and its name is not proxied", *END, password=True)],
        ),
        (
            "a.example.org",
            "",
            [way(LAN, "access is public", *END)],
            [way(CLOUDFLARE, "access is public and its name is proxied", "cloudflare", *END)],
        ),
        (
            "a.example.org",
            "proxied: false",
            [way(LAN, "access is public", *END)],
            [way(INTERNET, "access is public and its name is not proxied", *END)],
        ),
        (
            "a.example.net",
            "",
            [way(LAN, "access is public", *END)],
            [way(INTERNET, "access is public", *END)],
        ),
        (
            "a.example.org",
            "access: mesh",
            [way(HERE, "access is this machine", *END)],
            [way(MESH, "access is the mesh", *END)],
        ),
        (
            "a.example.org",
            "access: {mesh: true, allow: [198.51.100.0/24, 192.0.2.0/24], basic_auth: users}",
            [
                way(OFFICE, "access is 192.0.2.0/24", *END, password=True),
                way(
                    Place(PlaceKind.ADDRESSES, "198.51.100.0/24"),
                    "access is 198.51.100.0/24",
                    *END,
                    password=True,
                ),
                way(HERE, "access is this machine", *END, password=True),
            ],
            [
                way(OFFICE, "access is 192.0.2.0/24", "cloudflare", *END, password=True),
                way(
                    Place(PlaceKind.ADDRESSES, "198.51.100.0/24"),
                    "access is 198.51.100.0/24",
                    "cloudflare",
                    *END,
                    password=True,
                ),
                way(MESH, "access is the mesh", *END, password=True),
            ],
        ),
    ],
)
def test_routes(name: str, route: str, dev: list[Way], prod: list[Way], tmp_path: Path) -> None:
    text = f"{SYSTEM}routes:\n  {name}: {{to: web/front:8080{', ' if route else ''}{route}}}\n"
    for stack, ways in (("dev", dev), ("prod", prod)):
        graph = estate(tmp_path / stack, text, stack=stack)
        (found,) = (each for each in reach(graph) if each.subject.startswith("route:"))
        assert found == Reach(
            subject=f"route:shop/{name}",
            what=name,
            host=VPS,
            port=None,
            protocol="https",
            published=True,
            ways=tuple(ways),
        )


def test_what_stands_behind_the_ingress(tmp_path: Path) -> None:
    text = (
        SYSTEM.replace("kind: caddy", "kind: nginx")
        + """\
processes: {api: {host: vps, manager: pm2, purpose: a, command: x, directory: /srv, user: a}}
sites: {docs: {host: vps, path: /srv/docs, purpose: b}}
routes:
  a.example.com: {to: api:3002}
  b.example.com: {site: docs}
  c.example.com: {redirect: "https://a.example.com"}
  d.example.com: {to: web/front:8080}
"""
    )
    graph = estate(tmp_path, text, stack="prod")
    hops = [route_ways(graph, route)[0].hops for route in graph.routes.values()]
    assert hops == [
        (VPS, INGRESS, "process:shop/api"),
        (VPS, INGRESS, "site:shop/docs"),
        (VPS, INGRESS),
        (VPS, INGRESS, FRONT),
    ]


def test_a_route_that_no_ingress_serves(tmp_path: Path) -> None:
    text = SYSTEM.replace(", ingress: {kind: caddy}", "")
    graph = estate(tmp_path, f"{text}routes: {{a.example.com: {{to: web/front:8080}}}}\n")
    (found,) = (each for each in reach(graph) if each.subject.startswith("route:"))
    assert (found.host, found.ways, found.places) == (None, (), ())


# --- the ports of an ingress on prod


def of_ingress(graph: StackGraph) -> dict[int, list[tuple[str, str]]]:
    """Give the ways to each port of the only ingress: from where, and why."""
    return {
        port.port.start: [(str(each.place), each.why) for each in port_ways(graph, port)]
        for port in graph.ports_of(INGRESS)
    }


PROVEN = ("internet", "the certificate of {} is proven over HTTP (HTTP-01)")


def proven(name: str) -> tuple[str, str]:
    return PROVEN[0], PROVEN[1].format(name)


@pytest.mark.parametrize(
    ("routes", "http", "https"),
    [
        ({}, [], []),
        # Behind Cloudflare alone: nobody comes past it.
        (
            {"a.example.org": ""},
            [("cloudflare", "a.example.org: access is public and its name is proxied")],
            [("cloudflare", "a.example.org: access is public and its name is proxied")],
        ),
        # One name that is not proxied opens the host's ports to everyone; not the other's paths.
        (
            {"a.example.org": "", "b.example.org": "proxied: false"},
            [
                proven("b.example.org"),
                ("cloudflare", "a.example.org: access is public and its name is proxied"),
            ],
            [
                ("internet", "b.example.org: access is public and its name is not proxied"),
                ("cloudflare", "a.example.org: access is public and its name is proxied"),
            ],
        ),
        # Whom Cloudflare tells the address of comes through it.
        (
            {"a.example.org": "access: {mesh: true, allow: [192.0.2.0/24]}"},
            [
                ("cloudflare", "a.example.org: access is 192.0.2.0/24"),
                ("mesh", "a.example.org: access is the mesh"),
            ],
            [
                ("cloudflare", "a.example.org: access is 192.0.2.0/24"),
                ("mesh", "a.example.org: access is the mesh"),
            ],
        ),
        # Of a name that is not proxied but for the mesh, nobody comes past Cloudflare.
        (
            {"a.example.org": "", "b.example.org": "proxied: false, access: mesh"},
            [
                proven("b.example.org"),
                ("cloudflare", "a.example.org: access is public and its name is proxied"),
                ("mesh", "b.example.org: access is the mesh"),
            ],
            [
                ("cloudflare", "a.example.org: access is public and its name is proxied"),
                ("mesh", "b.example.org: access is the mesh"),
            ],
        ),
        # For the mesh alone: certificates are proven to the internet nevertheless.
        (
            {"a.example.com": "access: mesh", "b.example.com": "access: mesh"},
            [proven("a.example.com"), ("mesh", "a.example.com: access is the mesh")],
            [("mesh", "a.example.com: access is the mesh")],
        ),
        (
            {"a.example.com": "", "b.example.com/x": "access: mesh"},
            [
                proven("a.example.com"),
                ("mesh", "b.example.com/x: access is the mesh"),
            ],
            [
                ("internet", "a.example.com: access is public and its name is not proxied"),
                ("mesh", "b.example.com/x: access is the mesh"),
            ],
        ),
    ],
)
@pytest.mark.parametrize("kind", ["caddy", "nginx"])
def test_the_ports_of_an_ingress(
    kind: str,
    routes: dict[str, str],
    http: list[tuple[str, str]],
    https: list[tuple[str, str]],
    tmp_path: Path,
) -> None:
    lines = "".join(f"  {name}: {{to: web/front:8080, {said}}}\n" for name, said in routes.items())
    text = SYSTEM.replace("kind: caddy", f"kind: {kind}") + (f"routes:\n{lines}" if lines else "")
    graph = estate(tmp_path, text, stack="prod")
    assert of_ingress(graph) == {80: http, 443: https}


def test_past_cloudflare_nobody_comes(tmp_path: Path) -> None:
    text = f"""{SYSTEM}routes:
  a.example.org: {{to: web/front:8080, access: {{basic_auth: users}}}}
  b.example.org: {{to: web/front:8080, proxied: false}}
"""
    graph = estate(tmp_path, text, stack="prod")
    assert route_ways(graph, graph.routes["route:shop/a.example.org"]) == (
        way(
            CLOUDFLARE,
            "access is public and its name is proxied",
            "cloudflare",
            *END,
            password=True,
        ),
    )


# --- inside of networks


def test_container_ports_and_their_company(tmp_path: Path) -> None:
    compose = """\
services:
  front: {image: a, expose: ["8080"], networks: [public, backend]}
  back: {image: a, ports: ["127.0.0.1:9000:9001"], expose: ["53/udp"], networks: [backend]}
  alone: {image: a, expose: ["7000-7001"], networks: [own]}
  silent: {image: a, networks: [backend]}
  off: {image: a, expose: ["1"], network_mode: none}
networks: {public: {}, backend: {internal: true}, own: {}}
"""
    text = f"{SYSTEM}routes: {{a.example.com: {{to: web/front:8081}}}}\n"
    graph = estate(tmp_path, text, compose)
    found = {}
    for each in reach(graph):
        if not each.published:
            assert (each.subject, each.host) == (
                each.ways[0].hops[1] if each.ways else each.subject,
                VPS,
            )
            ways = [(w.place.name, w.hops[0].rpartition("/")[2], w.why) for w in each.ways]
            found[each.subject.rpartition("/")[2], each.what] = ways
    one, two, none = (
        f"it is on the network with {company}" for company in ("1 other", "2 others", "0 others")
    )
    front = [("shop-web_backend", "backend", two), ("shop-web_public", "public", one)]
    assert found == {
        ("alone", "7000-7001/tcp"): [("shop-web_own", "own", none)],
        ("back", "53/udp"): [("shop-web_backend", "backend", two)],
        ("back", "9001/tcp"): [("shop-web_backend", "backend", two)],
        ("front", "8080/tcp"): front,
        # Nobody tells that it listens there: but a route leads there.
        ("front", "8081/tcp"): front,
        ("off", "1/tcp"): [],
    }


def test_everything_comes_in_one_order(tmp_path: Path) -> None:
    text = f"{SYSTEM}routes: {{a.example.com: {{to: web/front:8080}}}}\n"
    compose = 'services: {front: {image: a, expose: ["8080"], ports: ["127.0.0.1:1234:80"]}}\n'
    graph = estate(tmp_path, text, compose, stack="prod")
    assert [(each.subject, each.what) for each in reach(graph)] == [
        (VPS, "22/tcp"),
        (INGRESS, "80/tcp"),
        (INGRESS, "443/tcp"),
        (FRONT, "1234/tcp"),
        ("route:shop/a.example.com", "a.example.com"),
        (FRONT, "80/tcp"),
        (FRONT, "8080/tcp"),
    ]
    assert [str(place) for place in reach(graph)[3].places] == ["host"]
    assert str(reach(graph)[-1].places[0]) == "network web_default"
