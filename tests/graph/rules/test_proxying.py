"""Rules on what is to pass Cloudflare's proxy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.graph.rules.row import FILE, SYSTEM, Row

ROUTE = "shop.example.com: {to: web/front:8080}"


def zone(options: str, route: str = "") -> dict[str, str]:
    """Write a system with a zone, and options of its route."""
    text = SYSTEM.replace("{provider: external}", f"{{provider: {options}}}")
    return {"system.yaml": text.replace(ROUTE, ROUTE.replace("}", f"{route}}}"))}


def record(proxied: str) -> str:
    return f"records: {{sip.example.com: {{host: vps, purpose: SIP, proxied: {proxied}}}}}"


SOCKETS = ", websocket: true"

ROWS = [
    Row(
        rule="G46",
        why="a route in a zone of others",
        breaks=zone("external", ", proxied: true"),
        says=f"{FILE}:12: routes.shop.example.com.proxied: shop.example.com is to be proxied, and "
        "others write its zone example.com: nothing here puts Cloudflare before it; remove "
        "proxied, or set provider: cloudflare for the zone\n",
        near=zone("external", ", proxied: false"),
    ),
    Row(
        rule="G46",
        why="a record in a zone of others",
        breaks=zone(f"external, {record('true')}"),
        says=f"{FILE}:10: zones.example.com.records.sip.example.com.proxied: sip.example.com is to "
        "be proxied, and others write its zone example.com: nothing here puts Cloudflare before "
        "it; remove proxied, or set provider: cloudflare for the zone\n",
        near=zone(f"external, {record('false')}"),
    ),
    Row(
        rule="G46",
        why="a route in a zone at Cloudflare",
        breaks=zone("external", ", proxied: true"),
        says=f"{FILE}:12: routes.shop.example.com.proxied: shop.example.com is to be proxied, and "
        "others write its zone example.com: nothing here puts Cloudflare before it; remove "
        "proxied, or set provider: cloudflare for the zone\n",
        near=zone("cloudflare", ", proxied: true"),
    ),
    Row(
        rule="G47",
        why="WebSockets are switched off",
        breaks=zone("cloudflare, proxied: true, websockets: false", SOCKETS),
        says=f"{FILE}:12: routes.shop.example.com.websocket: shop.example.com has WebSockets, and "
        "the edge of example.com refuses them; remove websockets: false from the zone, or set "
        "proxied: false for the route\n",
        near=zone("cloudflare, proxied: true", SOCKETS),
    ),
    Row(
        rule="G47",
        why="WebSockets that nobody wants, or past the edge",
        breaks=zone("cloudflare, websockets: false", f"{SOCKETS}, proxied: true"),
        says=f"{FILE}:12: routes.shop.example.com.websocket: shop.example.com has WebSockets, and "
        "the edge of example.com refuses them; remove websockets: false from the zone, or set "
        "proxied: false for the route\n",
        near=zone("cloudflare, websockets: false", SOCKETS),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_rule(row: Row, tmp_path: Path) -> None:
    row.check(tmp_path)
