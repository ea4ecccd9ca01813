"""A system whose routes have every option, and an ingress for it on loopback."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from graph.model import Ingress, StackGraph
from tests.render.caddy import free_ports
from tests.render.requests import on_loopback
from tests.workspace import SHOP, graph_of, shop

APP, OTHER = "https://app.example.org", "https://other.example.org"
"""An origin whose pages may call, and one whose pages may not."""

ROUTES = f"""\
sites:
  client: {{host: vps, path: /srv/client, purpose: Pages, fallback: /index.html, immutable: [/assets/*]}}
  plain: {{host: vps, path: /srv/plain, purpose: Pages}}
routes:
  plain.example.com: {{to: web/front:8080, websocket: true}}
  cors.example.com:
    to: web/front:8080
    cors:
      origins: ["{APP}", "https://second.example.org:8443"]
      methods: [GET, PUT]
      headers: [X-Token, Content-Type]
      expose: [X-Total]
      credentials: true
      max_age: 10m
  anyone.example.com: {{to: web/front:8080, cors: {{origins: ["*"]}}}}
  locked.example.com: {{to: web/front:8080, access: {{basic_auth: users}}, cors: {{origins: ["{APP}"]}}}}
  off.example.com: {{to: web/front:8080, cache: off}}
  static.example.com: {{to: web/front:8080, cache: static}}
  hour.example.com: {{to: web/front:8080, cache: {{browser: 1h}}}}
  private.example.com: {{to: web/front:8080, cache: static, access: {{basic_auth: users}}}}
  edge.example.com: {{to: web/front:8080, cache: {{edge: 1h}}}}
  headers.example.com:
    to: web/front:8080
    headers: {{X-Frame-Options: null, X-Powered-By: null, X-Team: "blue; 'a \\"b\\"", Referrer-Policy: no-referrer}}
  limited.example.com: {{to: web/front:8080, max_body: 1KiB}}
  healthy.example.com: {{to: web/front:8080, health: {{path: /says?status=200, interval: 1s, timeout: 1s}}}}
  sick.example.com: {{to: web/front:8080, health: {{path: /says?status=500, interval: 1s, timeout: 1s}}}}
  site.example.com: {{site: client, cache: static}}
  files.example.com: {{site: plain, errors: {{pages: {{"404": /missing.html}}}}}}
  down.example.com:
    to: web/front:8080
    max_body: 1KiB
    errors: {{site: plain, pages: {{"502": /down.html, 5xx: /oops.html, "413": /large.html, 4xx: /gone.html}}}}
  down.example.com/api/*: {{to: web/front:8080}}
  down.example.com/closed/*:
    to: web/front:8080
    access: {{allow: [192.0.2.0/24]}}
    errors: {{site: plain, pages: {{"403": /closed.html}}}}
  works.example.com: {{to: web/front:8080, errors: {{site: plain, pages: {{5xx: /oops.html}}}}}}
"""  # noqa: E501

PAGES = {
    "client": {
        "index.html": "the application",
        "about.html": "about",
        "assets/app-1a2b.js": "code",
        ".env": "SECRET=1",
        ".git/config": "secret",
        ".well-known/security.txt": "Contact: x",
        "folder/page.html": "a page",
        "folder/logo.svg": "<svg/>",
    },
    "plain": {
        "down.html": "we are down",
        "oops.html": "oops",
        "large.html": "too large",
        "gone.html": "gone",
        "closed.html": "closed",
        "missing.html": "missing",
        "index.html": "plain",
        "empty/keep": "",
    },
}


def options(
    root: Path, service: int, dead: int, *, kind: str = "caddy"
) -> tuple[StackGraph, Ingress]:
    """Give the system's graph and ingress on loopback; names of ``down`` lead to a dead port."""
    system = SHOP["systems/shop/system.yaml"].partition("routes:")[0]
    system = system.replace("kind: caddy", f"kind: {kind}")
    system = system.replace("zones:\n", "basic_auth: {users: {ann: DB_PASSWORD}}\nzones:\n")
    graph = graph_of(shop(root, {"system.yaml": system + ROUTES}), "prod")
    (ingress,) = graph.ingresses.values()
    http, https = free_ports(2)
    graph, ingress = on_loopback(
        graph, ingress, ports=(http, https), service=service, sites=root / "sites"
    )
    for site, files in PAGES.items():
        for name, text in files.items():
            file = root / "sites" / site / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    routes = {
        id_: replace(route, upstream=f"127.0.0.1:{dead}", port=dead)
        if route.name.startswith("down.")
        else route
        for id_, route in graph.routes.items()
    }
    return replace(graph, routes=routes, _index={}), ingress
