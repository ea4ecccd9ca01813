"""Answers that take longer than proxies wait by themselves, through a real Caddy and nginx."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from render.caddy import caddyfile
from tests.render.caddy import Proxy, free_ports, needs_caddy, proxy, service
from tests.render.nginx import needs_nginx, running, tree
from tests.render.requests import on_loopback
from tests.workspace import SHOP, graph_of, shop

pytestmark = [needs_caddy, needs_nginx, pytest.mark.slow]

LONG, NAME = 105, "patient.example.com"
"""Seconds: more than Cloudflare waits for a proxied name (100), and nginx for any (60)."""

ROUTES = """\
routes:
  patient.example.com: {to: web/front:8080, max_duration: 120s}
  unsaid.example.com: {to: web/front:8080}
  hasty.example.com: {to: web/front:8080, max_duration: 5s}
"""


def asked(ingress: Proxy, name: str) -> tuple[int, float]:
    """Ask for an answer that takes long; give its status, and after how many seconds it came."""
    begun = time.monotonic()
    answer = ingress.get(f"{name}.example.com/slow?{LONG}", wait=LONG + 60)
    return answer.status, time.monotonic() - begun


def test_each_route_waits_as_long_as_it_says(tmp_path: Path) -> None:
    system = SHOP["systems/shop/system.yaml"].partition("routes:")[0] + ROUTES
    written = graph_of(shop(tmp_path / "project", {"system.yaml": system}), "prod")
    (ingress,) = written.ingresses.values()
    ports = free_ports(4)
    folders = tmp_path / "caddy", tmp_path / "nginx"
    for folder in folders:
        folder.mkdir()
    with service() as port:
        found = [
            on_loopback(
                written,
                each,
                ports=(ports[at], ports[at + 1]),
                service=port,
                sites=tmp_path / "sites",
            )
            for each, at in ((ingress, 0), (replace(ingress, kind="nginx"), 2))
        ]
        text = caddyfile(*found[0])
        main = tree(folders[1], *found[1], (ports[2], ports[3]))
        with (
            proxy(folders[0], text, (ports[0], ports[1]), NAME) as caddy,
            running(folders[1], main, (ports[2], ports[3])) as nginx,
            ThreadPoolExecutor(6) as pool,
        ):
            questions = {
                (kind, name): pool.submit(asked, started, name)
                for kind, started in (("caddy", caddy), ("nginx", nginx))
                for name in ("patient", "unsaid", "hasty")
            }
            answers = {each: question.result() for each, question in questions.items()}
    for (kind, name), (status, seconds) in answers.items():
        told = f"{kind}, {name}: {status} after {seconds:.1f} s"
        if name == "hasty":
            assert status == 504, told
            assert 4.5 < seconds < 15, told
        else:
            assert status == 200, told
            assert LONG <= seconds < LONG + 30, told
