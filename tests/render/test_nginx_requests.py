"""The table of requests that Caddy passes, asked of a real nginx for the same routes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from graph.model import Ingress, StackGraph
from render.nginx.place import users_file
from tests.graph.test_systems import SYSTEMS, prod
from tests.render.caddy import free_ports, service
from tests.render.nginx import needs_nginx, running, tree
from tests.render.requests import HASH, cases, on_loopback, over_tls
from tests.render.test_caddy_requests import a_system

pytestmark = needs_nginx


def wrong(graph: StackGraph, ingress: Ingress, folder: Path) -> tuple[int, list[str]]:
    """Ask the whole table; give how many requests that were, and what is wrong."""
    http, https = free_ports(2)
    ingress = replace(ingress, kind="nginx")
    with service() as port:
        graph, ingress = on_loopback(
            graph, ingress, ports=(http, https), service=port, sites=folder / "sites"
        )
        main = tree(folder, graph, ingress, (http, https))
        for route in graph.routes_of(ingress):
            if route.users:
                file = folder / users_file(route).removeprefix("/etc/")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(f"ann:{HASH}\n")
        with running(folder, main, (http, https)) as proxy:
            send = over_tls(proxy.https, proxy.trust)
            table = list(cases(graph, ingress))
            assert {each.request.name for each in table} == {
                route.name for route in graph.routes_of(ingress)
            }
            return len(table), [found for case in table if (found := case.check(send))]


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_real_systems(name: str, project: Path, tmp_path: Path) -> None:
    """Also those that Caddy serves: their routes mean the same to both."""
    graph = prod(project, name)
    for ingress in graph.ingresses.values():
        if graph.routes_of(ingress):
            count, found = wrong(graph, ingress, tmp_path / ingress.logical_name)
            assert count > 20
            assert not found, "\n".join(found)


def test_every_kind_of_access(tmp_path: Path) -> None:
    graph = a_system(tmp_path / "project")
    (ingress,) = graph.ingresses.values()
    count, found = wrong(graph, ingress, tmp_path / "nginx")
    assert count > 1000
    assert not found, "\n".join(found)
