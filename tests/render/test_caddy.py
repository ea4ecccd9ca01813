"""The Caddyfile of an ingress: whole texts beside the routes that they come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.routes import a_thousand, seconds
from cli.project import Project
from graph.model import Ingress, StackGraph
from render.caddy import (
    CERTIFICATES,
    UPSTREAMS,
    USERS,
    caddyfile,
    certificate_name,
    origin_pulls_name,
    users_file,
)
from render.shell import CONFIG_DIRECTORY
from tests.case import Case, cases
from tests.graph.test_systems import SYSTEMS, prod
from tests.render.caddy import free_ports, needs_caddy, proxy, run, service
from tests.render.certificates import a_certificate
from tests.workspace import SHOP, graph_of, shop

CASES = cases(Path(__file__).parent / "caddyfiles")
EXPECTED = "Caddyfile"


def built(case: Case, root: Path) -> tuple[StackGraph, Ingress]:
    files: dict[str, str | bytes] = dict(case.inputs(EXPECTED))
    graph = graph_of(shop(root, files), case.options.get("stack", "dev"))
    (ingress,) = graph.ingresses.values()
    return graph, ingress


def imports(folder: Path, graph: StackGraph, ingress: Ingress) -> None:
    """Write the files that a Caddyfile imports, as a deploy does."""
    for name in (UPSTREAMS, USERS, CERTIFICATES):
        (folder / name).mkdir(exist_ok=True)
    for route in graph.routes_of(ingress):
        if route.upstream_file:
            (folder / UPSTREAMS / route.upstream_file).write_text(f"to {route.id[-3:]}:80\n")
        if route.access.basic_auth:
            hashed = "$2b$04$abcdefghijklmnopqrstuuTnc8amReAFiMHxaSoW9U22KarbWnkSm"
            lines = "".join(f"{user} {hashed}\n" for user in route.users)
            (folder / USERS / users_file(route)).write_text(lines)
        certificate = certificate_name(graph, ingress, route)
        if certificate and not (folder / CERTIFICATES / f"{certificate}.pem").exists():
            a_certificate(folder / CERTIFICATES, certificate, route.name)
        pulls = origin_pulls_name(graph, ingress, route)
        if pulls and not (folder / CERTIFICATES / f"{pulls}.pem").exists():
            a_certificate(folder / CERTIFICATES, pulls)


def validate(folder: Path, graph: StackGraph, ingress: Ingress) -> None:
    text = caddyfile(graph, ingress)
    imports(folder, graph, ingress)
    (folder / "Caddyfile").write_text(text.replace(CONFIG_DIRECTORY, str(folder)))
    answer = run("validate", "--config", "Caddyfile", "--adapter", "caddyfile", folder=folder)
    assert answer.returncode == 0, answer.stderr
    assert '"logger":"caddyfile"' not in answer.stderr, answer.stderr
    (folder / "Caddyfile").write_text(text)
    assert run("fmt", "Caddyfile", folder=folder).stdout == text


@pytest.mark.parametrize("case", CASES, ids=str)
def test_text(case: Case, tmp_path: Path, update_golden: bool) -> None:
    graph, ingress = built(case, tmp_path)
    case.expect({EXPECTED: caddyfile(graph, ingress)}, update=update_golden)


@needs_caddy
@pytest.mark.parametrize("case", CASES, ids=str)
def test_caddy_takes_it(case: Case, tmp_path: Path) -> None:
    validate(tmp_path, *built(case, tmp_path))


@needs_caddy
@pytest.mark.parametrize("stack", ["dev", "prod"])
@pytest.mark.parametrize("name", SYSTEMS)
def test_caddy_takes_the_real_systems(name: str, stack: str, project: Path, tmp_path: Path) -> None:
    on_dev = stack == "dev"
    graph = Project(root=project).graph("dev", [name]) if on_dev else prod(project, name)
    for ingress in graph.ingresses.values():
        validate(tmp_path, graph, ingress)


def test_nothing_but_routes_changes_the_text(tmp_path: Path) -> None:
    (ingress,) = graph_of(shop(tmp_path)).ingresses.values()
    before = caddyfile(graph_of(tmp_path), ingress)
    compose = SHOP["systems/shop/web.compose.yaml"].replace("nginx:1.29", "nginx:1.30")
    assert caddyfile(graph_of(shop(tmp_path, {"web.compose.yaml": compose})), ingress) == before


@needs_caddy
def test_a_thousand_routes(tmp_path: Path) -> None:
    graph, ingress = a_thousand(tmp_path / "project")
    assert min(seconds(graph, ingress) for _ in range(3)) < 0.5  # bench/ holds it to 0.2
    (tmp_path / "caddy").mkdir()
    validate(tmp_path / "caddy", graph, ingress)


@needs_caddy
def test_prod_in_action(tmp_path: Path) -> None:
    """With its own authority and other ports, for it has no public name here."""
    graph = graph_of(shop(tmp_path / "project"), "prod")
    (ingress,) = graph.ingresses.values()
    http, https = free_ports(2)
    text = caddyfile(graph, ingress)
    for old, new in (
        ("\tservers {", f"\tlocal_certs\n\tskip_install_trust\n\thttp_port {http}\n"
         f"\thttps_port {https}\n\tservers {{"),
        ("http://:80 {", f"http://:{http} {{"),
        ("https://:443 {", f"https://:{https} {{"),
    ):  # fmt: skip
        assert old in text
        text = text.replace(old, new)
    folder = tmp_path / "caddy"
    (folder / UPSTREAMS).mkdir(parents=True)
    with service() as port:
        (folder / UPSTREAMS / "shop-web-front-8080").write_text(f"to 127.0.0.1:{port}\n")
        with proxy(folder, text, (http, https), "shop.example.com") as running:
            answer = running.get("shop.example.com")
            assert answer.status == 200
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
            answer = running.get("shop.example.com/a", plain=True)
            assert answer.headers["location"] == "https://shop.example.com/a"
            assert running.get("other.example.com", plain=True).status == 404
            other = {"Host": "other.example.com"}
            assert running.get("shop.example.com", headers=other).status == 404
