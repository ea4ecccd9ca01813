"""Routes to services, processes and sites, by Caddy and by nginx; what several ingresses take."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cli.project import Project
from config.access import Access
from config.host import DEFAULT_CADDY_IMAGE
from graph.judge import judge
from graph.model import HostPort, Ingress
from graph.routes import THIS_MACHINE
from graph.rules import check
from tests.graph.estate import HOST, at, estate, write

BESIDE = """\
apps: {web: {host: vps, compose: web.compose.yaml}}
zones: {example.com: {provider: external}}
processes:
  api: {host: vps, manager: pm2, purpose: A, command: x, directory: /srv, user: a, listens: [3002]}
sites:
  docs: {host: vps, path: /srv/docs, purpose: Documents}
"""
SERVICE = """\
services:
  front: {image: a, expose: ["8080"]%s}
"""


def system(route: str, *, ingress: str = "caddy", host: str = "", more: str = "") -> str:
    return (
        f"hosts:\n  vps: {{kind: vps, {HOST}, ingress: {{kind: {ingress}}}{host}}}\n{BESIDE}{more}"
        f"routes:\n  a.example.com: {{{route}}}\n"
    )


FRONT, API, DOCS = "service:shop/web/front", "process:shop/api", "site:shop/docs"


@pytest.mark.parametrize(
    ("route", "answers", "port", "upstream"),
    [
        ("to: web/front:8080", FRONT, 8080, {"caddy": "shop-web-front:8080", "nginx": None}),
        ("to: api:3002", API, 3002, {"caddy": None, "nginx": "127.0.0.1:3002"}),
        ("site: docs", DOCS, None, {"caddy": None, "nginx": None}),
        ("redirect: https://example.com", None, None, {"caddy": None, "nginx": None}),
    ],
)
@pytest.mark.parametrize("ingress", ["caddy", "nginx"])
@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_what_answers(
    stack: str,
    ingress: str,
    route: str,
    answers: str | None,
    port: int | None,
    upstream: dict[str, str | None],
    tmp_path: Path,
) -> None:
    stop_first = SERVICE % ", deploy: {update_config: {order: stop-first}}"
    graph = estate(tmp_path, system(route, ingress=ingress), stop_first, stack=stack)
    (found,) = graph.routes.values()
    # On the dev stack a Caddy stands in for nginx.
    kind = "caddy" if stack == "dev" else ingress
    assert (found.service or found.process or found.site, found.port) == (answers, port)
    assert (found.upstream, found.upstream_file) == (upstream[kind], None)
    assert found.ingress == "ingress:shop/vps"
    assert found.name == ("a.example.com.localhost" if stack == "dev" else "a.example.com")


@pytest.mark.parametrize(
    ("ports", "upstream"),
    [
        ("127.0.0.1:18080:8080", "127.0.0.1:18080"),
        ("127.0.0.2:18080:8080", "127.0.0.2:18080"),
        ("[::1]:18080:8080", "[::1]:18080"),
        ("18080:8080", "127.0.0.1:18080"),
        ("127.0.0.1:18000-18100:8000-8100", "127.0.0.1:18080"),
        ("127.0.0.1:18081:8081", None),
        ("127.0.0.1:18080:8080/udp", None),
        ("192.0.2.10:18080:8080", None),
        (None, None),
    ],
)
def test_nginx_reaches_what_is_published_on_loopback(
    ports: str | None, upstream: str | None, tmp_path: Path
) -> None:
    compose = SERVICE % (f', ports: ["{ports}"]' if ports else "")
    graph = estate(tmp_path, system("to: web/front:8080", ingress="nginx"), compose, stack="prod")
    (route,) = graph.routes.values()
    assert (route.upstream, route.upstream_file) == (upstream, None)


def test_what_may_run_twice_is_reached_by_a_file_but_not_by_nginx(tmp_path: Path) -> None:
    compose = SERVICE % ", healthcheck: {test: 'true'}"
    found = {}
    for stack in ("dev", "prod"):
        for ingress in ("caddy", "nginx"):
            folder = tmp_path / stack / ingress
            text = system("to: web/front:8080", ingress=ingress)
            graph = estate(folder, text, compose, stack=stack)
            (route,), (service,) = graph.routes.values(), graph.services.values()
            files = [upstream.file for upstream in service.upstreams]
            found[stack, ingress] = (route.upstream, route.upstream_file, files)
    by_file = (None, "shop-web-front-8080", ["shop-web-front-8080"])
    assert found == {
        ("dev", "caddy"): by_file,
        ("dev", "nginx"): by_file,
        ("prod", "caddy"): by_file,
        ("prod", "nginx"): (None, None, []),
    }


# --- ingresses


def test_nginx_on_prod_is_a_program_of_the_host(tmp_path: Path) -> None:
    text = system("to: web/front:8080", ingress="nginx, email: ops@example.com")
    graph = estate(tmp_path, text, stack="prod")
    source = at(2, "hosts.vps.ingress")
    assert graph.ingresses == {
        "ingress:shop/vps": Ingress(
            id="ingress:shop/vps",
            host="host:shop/vps",
            kind="nginx",
            logical_name="shop-vps-ingress",
            image="",
            email="ops@example.com",
            http_port=80,
            https_port=443,
            certificates="acme",
            dns_token=None,
            certificate_files=None,
            edge=(),
            sites=(),
            reaches_host=False,
            network_name="",
            config_volume="",
            data_volume="",
            networks=(),
            waits_for=("service:shop/web/front",),
            source=source,
        )
    }
    assert [p for p in graph.host_ports if p.owner == "ingress:shop/vps"] == [
        HostPort(
            host="host:shop/vps",
            ip="0.0.0.0",
            port=range(port, port + 1),
            protocol="tcp",
            owner="ingress:shop/vps",
            source=source,
        )
        for port in (80, 443)
    ]


def test_on_dev_caddy_stands_in_for_nginx(tmp_path: Path) -> None:
    text = system("to: web/front:8080", ingress="nginx, email: ops@example.com")
    assert estate(tmp_path, text).ingresses == {
        "ingress:shop/vps": Ingress(
            id="ingress:shop/vps",
            host="host:shop/vps",
            kind="caddy",
            logical_name="shop-vps-ingress",
            image=DEFAULT_CADDY_IMAGE,
            email="ops@example.com",
            http_port=8080,
            https_port=8443,
            certificates="internal",
            dns_token=None,
            certificate_files=None,
            edge=(),
            sites=(),
            reaches_host=False,
            network_name="0-shop-vps-ingress",
            config_volume="shop-vps-ingress-config",
            data_volume="shop-vps-ingress-data",
            networks=("network:shop/web/default",),
            waits_for=("service:shop/web/front",),
            source=at(2, "hosts.vps.ingress"),
        )
    }


SEVERAL = f"""\
hosts:
  c: {{kind: vps, {HOST}, ingress: {{kind: nginx}}}}
  a: {{kind: vps, {HOST}, ingress: {{kind: caddy, image: "own-caddy:1"}}}}
  b: {{kind: oci, {HOST}}}
  d: {{kind: vps, {HOST}, ingress: {{kind: caddy}}}}
"""


@pytest.mark.parametrize(
    ("stack", "ports", "kinds"),
    [
        (
            "dev",
            {"a": (8080, 8443), "c": (8081, 8444), "d": (8082, 8445)},
            ["caddy", "caddy", "caddy"],
        ),
        ("prod", dict.fromkeys("acd", (80, 443)), ["caddy", "nginx", "caddy"]),
    ],
)
def test_several_ingresses(
    stack: str, ports: dict[str, tuple[int, int]], kinds: list[str], tmp_path: Path
) -> None:
    graph = estate(tmp_path, SEVERAL, stack=stack)
    found = {i.id.rpartition("/")[2]: (i.http_port, i.https_port) for i in graph.ingresses.values()}
    assert found == ports
    assert [i.kind for i in graph.ingresses.values()] == kinds
    assert [finding for finding in check(graph) if finding.rule == "P01"] == []


# --- who may, and for whom it is

MESH = "mesh: {kind: headscale, cidr: 100.64.0.0/10, members: [vps]}\n"


@pytest.mark.parametrize(
    ("access", "dev", "prod", "mesh"),
    [
        ("public", None, None, False),
        ("{basic_auth: users}", None, None, False),
        ("mesh", THIS_MACHINE, ("100.64.0.0/10",), True),
        ("{allow: [192.0.2.0/24]}", ("192.0.2.0/24",), ("192.0.2.0/24",), False),
        (
            "{mesh: true, allow: [192.0.2.0/24, 100.64.0.0/10, 127.0.0.0/8]}",
            ("192.0.2.0/24", "100.64.0.0/10", *THIS_MACHINE[:1], *THIS_MACHINE[1:]),
            ("192.0.2.0/24", "100.64.0.0/10", "127.0.0.0/8"),
            True,
        ),
    ],
)
def test_where_callers_may_come_from(
    access: str,
    dev: tuple[str, ...] | None,
    prod: tuple[str, ...] | None,
    mesh: bool,
    tmp_path: Path,
) -> None:
    users = "secrets: {HASH: {purpose: Users, dev: x}}\nbasic_auth: {users: {ann: HASH}}\n"
    text = system(f"to: web/front:8080, access: {access}", more=MESH + users)
    on_dev = estate(tmp_path / "dev", text)
    on_prod = estate(tmp_path / "prod", text, stack="prod")
    (here,), (there,) = on_dev.routes.values(), on_prod.routes.values()
    assert (here.sources, here.mesh) == (dev, mesh)
    assert (there.sources, there.mesh) == (prod, mesh)
    assert here.access == there.access
    assert there.users == ({"ann": "HASH"} if there.access.basic_auth else {})


def test_of_a_mesh_that_there_is_not_nobody_comes(tmp_path: Path) -> None:
    (route,) = estate(tmp_path, system("site: docs, access: mesh"), stack="prod").routes.values()
    assert (route.access, route.sources) == (Access(mesh=True), ())


@pytest.mark.parametrize(
    ("host", "route", "environment"),
    [
        ("", "site: docs", "production"),
        (", environment: staging", "site: docs", "staging"),
        (", environment: staging", "site: docs, environment: production", "production"),
        (", environment: development", "redirect: https://example.com", "development"),
    ],
)
def test_a_route_is_of_its_hosts_environment(
    host: str, route: str, environment: str, tmp_path: Path
) -> None:
    (found,) = estate(tmp_path, system(route, host=host)).routes.values()
    assert found.environment == environment


@pytest.mark.parametrize(
    ("name", "reported"),
    [
        ("a.broken.org", []),
        ("broken.org", []),
        ("notbroken.org", ["R02"]),
        ("a.example.com", []),
    ],
)
def test_names_in_a_zone_that_cannot_be_read(
    name: str, reported: list[str], tmp_path: Path
) -> None:
    text = system("site: docs").replace("a.example.com", name)
    broken = text.replace("external}}", "external}, broken.org: {provider: nobody}}")
    root = write(tmp_path, broken)
    project = Project(root=root)
    settings = project.settings("dev")
    found = judge(settings.directories(root), settings, relative_to=root, today=date(2027, 1, 1))
    assert [f.rule for f in found.findings if f.rule == "R02"] == reported
