"""The table of requests, asked of a real Caddy for the routes of the three systems and more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from graph.model import Ingress, StackGraph
from render.caddy import SITES, USERS, caddyfile, users_file
from tests.graph.test_systems import SYSTEMS, prod
from tests.render.caddy import free_ports, needs_caddy, proxy, service
from tests.render.requests import HASH, cases, on_loopback, over_tls
from tests.workspace import SHOP, graph_of, shop

pytestmark = needs_caddy

ROUTES = """\
routes:
  n8n.example.com: {to: web/front:8080, access: mesh, websocket: true}
  n8n.example.com/webhook/*: {to: web/front:8080, access: public, purpose: Others call here}
  n8n.example.com/webhook/inner/*: {to: web/front:8080, access: {allow: [192.0.2.0/24]}}
  n8n.example.com/open: {to: web/front:8080, access: public, purpose: One page}
  api.example.com: {to: web/front:8080}
  api.example.com/private/*: {to: web/front:8080, access: {allow: [192.0.2.0/24]}}
  api.example.com/secret: {to: web/front:8080, access: {basic_auth: users}}
  edge.example.org: {to: web/front:8080}
  edge.example.org/admin/*: {to: web/front:8080, access: {mesh: true, allow: [192.0.2.0/24]}}
  own.example.org: {to: web/front:8080, access: {allow: [104.16.0.0/13, 192.0.2.0/24]}}
  past.example.org: {to: web/front:8080, proxied: false, access: {allow: [192.0.2.0/24]}}
"""


def a_system(root: Path, *, routes: str = ROUTES, ingress: str = "{kind: caddy}") -> StackGraph:
    """A system with every kind of access, behind Cloudflare and not."""
    system = SHOP["systems/shop/system.yaml"].partition("routes:")[0]
    system = system.replace("{kind: caddy}", ingress)
    system = system.replace(
        "zones:\n",
        "mesh: {kind: headscale, cidr: 100.64.0.0/10, members: [vps]}\n"
        "basic_auth: {users: {ann: DB_PASSWORD}}\n"
        "zones:\n  example.org: {provider: cloudflare, proxied: true}\n",
    )
    stack = SHOP["Pulumi.prod.yaml"].replace(
        'host_key: "ssh-ed25519 AAAA"}',
        'host_key: "ssh-ed25519 AAAA", mesh_address: 100.64.0.1}\n'
        "    zones: {example.org: {zone_id: 0123456789abcdef0123456789abcdef}}",
    )
    files = {"system.yaml": system + routes, "Pulumi.prod.yaml": stack}
    return graph_of(shop(root, files), "prod")


def wrong(graph: StackGraph, ingress: Ingress, folder: Path) -> tuple[int, list[str]]:
    """Ask the whole table; give how many requests that were, and what is wrong."""
    ports = tuple(free_ports(2))
    ingress = replace(ingress, kind="caddy")
    with service() as port:
        graph, ingress = on_loopback(
            graph, ingress, ports=(ports[0], ports[1]), service=port, sites=folder / "sites"
        )
        (folder / USERS).mkdir()
        for route in graph.routes_of(ingress):
            if route.users:
                (folder / USERS / users_file(route)).write_text(f"ann {HASH}\n")
        text = caddyfile(graph, ingress).replace(SITES, str(folder / "sites"))
        name = next(r.name for r in graph.routes_of(ingress))
        with proxy(folder, text, (ports[0], ports[1]), name) as running:
            send = over_tls(running.https, running.trust)
            table = list(cases(graph, ingress))
            assert {each.request.name for each in table} == {
                route.name for route in graph.routes_of(ingress)
            }
            return len(table), [found for case in table if (found := case.check(send))]


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_real_systems(name: str, project: Path, tmp_path: Path) -> None:
    """Also those that nginx serves: their routes mean the same to both."""
    graph = prod(project, name)
    for ingress in graph.ingresses.values():
        if graph.routes_of(ingress):
            folder = tmp_path / ingress.logical_name
            folder.mkdir()
            count, found = wrong(graph, ingress, folder)
            assert count > 20
            assert not found, "\n".join(found)


def test_every_kind_of_access(tmp_path: Path) -> None:
    graph = a_system(tmp_path / "project")
    (ingress,) = graph.ingresses.values()
    count, found = wrong(graph, ingress, tmp_path)
    assert count > 1000
    assert not found, "\n".join(found)


TUNNELLED = """\
routes:
  shop.example.org: {to: web/front:8080}
  shop.example.org/admin/*: {to: web/front:8080, access: {allow: [192.0.2.0/24]}}
  staff.example.org: {to: web/front:8080, access: {allow: [192.0.2.0/24]}}
  docs.example.org/secret: {to: web/front:8080, access: {basic_auth: users}}
"""


def test_by_a_tunnel_only_cloudflared_is_let_in_and_believed(tmp_path: Path) -> None:
    graph = a_system(
        tmp_path / "project",
        routes=TUNNELLED,
        ingress="{kind: caddy, certificates: origin, tunnel: cloudflare}",
    )
    (ingress,) = graph.ingresses.values()
    assert ingress.edge == ("172.16.255.248/29",)
    text = caddyfile(graph, ingress)
    assert "trusted_proxies static 172.16.255.248/29\n" in text
    assert not [network for network in graph.edge_networks if network in text]
    count, found = wrong(graph, ingress, tmp_path)
    assert count > 300
    assert not found, "\n".join(found)
