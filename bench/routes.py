"""A thousand routes, rendered as a Caddyfile."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from bench.scale import write_project
from cli.project import Project
from graph.model import Ingress, StackGraph
from render.caddy import caddyfile

ROUTES = 1000


def a_thousand(folder: Path) -> tuple[StackGraph, Ingress]:
    """Give a graph with an ingress that serves so many names."""
    found = Project(root=write_project(folder, services=20, routes=10)).graph("dev", [])
    (ingress,) = found.ingresses.values()
    (one, *_) = found.routes_of(ingress)
    names = (f"name-{number}.example.com.localhost" for number in range(ROUTES))
    routes = {
        f"route:bench/{name}": replace(one, id=f"route:bench/{name}", name=name, declared_name=name)
        for name in names
    }
    return replace(found, routes=routes, _index={}), ingress


def seconds(graph: StackGraph, ingress: Ingress) -> float:
    """Give how long its Caddyfile takes."""
    start = time.perf_counter()
    caddyfile(graph, ingress)
    return time.perf_counter() - start
