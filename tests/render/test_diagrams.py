"""Diagrams of small graphs, as texts; what the real Mermaid makes of them: test_mermaid_live.py."""

from __future__ import annotations

from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from graph.model import StackGraph
from render.mermaid import architecture, backup, networks, scenario, start_order
from render.mermaid.text import node_id, plain, quoted
from tests.render.everything import EVERYTHING
from tests.workspace import SHOP, graph_of, shop

SYSTEM = SHOP["systems/shop/system.yaml"]


def everything(root: Path, old: str = "", new: str = "") -> StackGraph:
    """Give the graph of everything, with a text of system.yaml replaced."""
    assert old in EVERYTHING["system.yaml"]
    system = EVERYTHING["system.yaml"].replace(old, new, 1) if old else EVERYTHING["system.yaml"]
    return graph_of(shop(root, {**EVERYTHING, "system.yaml": system}), "prod")


@given(st.lists(st.text("ab:/-_.2dfe", max_size=8), min_size=2, max_size=2, unique=True))
@example(["x/2d/y", "x-y"])
@example(["a-/b", "a/-b"])
@example(["a_/b", "a/_b"])
def test_ids_stay_different(names: list[str]) -> None:
    first, second = (node_id(f"service:{name.replace(':', '/')}") for name in names)
    assert (first == second) == (names[0].replace(":", "/") == names[1].replace(":", "/"))
    assert first.replace("_", "a").isalnum()


def test_texts() -> None:
    assert plain("one\ntwo\n\n three ", "", "four") == "one<br/>two<br/>three<br/>four"
    assert quoted('a "b"') == '"a #34;b#34;"'
    assert plain("a;b#c") == "a#59;b#35;c"
    assert plain("a_b _c_ d_") == "a_b #95;c#95; d#95;"
    assert plain("1. a", "2) b", "- c", "1.5 d", "e - f") == (
        "1#46; a<br/>2#41; b<br/>#45; c<br/>1.5 d<br/>e - f"
    )
    assert plain("https://a.b: Style") == "https#58;//a.b: Styl#101;"


def test_a_member_of_two_networks_stands_in_one(tmp_path: Path) -> None:
    lines = [line.strip() for line in networks(everything(tmp_path)).splitlines()]
    assert lines.count('service__shop__web__front["front"]') == 1
    assert lines.count('ingress__shop__vps["Caddy on vps"]') == 1
    assert [line for line in lines if "---" in line] == [
        "service__shop__web__front --- network__shop__web__edge"
    ]
    assert 'subgraph network__shop__web__data["web_data<br/>172.20.2.0/24, internal"]' in lines
    assert not any("seed" in line for line in lines)


def test_one_host_needs_no_box(tmp_path: Path) -> None:
    assert networks(graph_of(shop(tmp_path), "prod")) == (
        """\
graph LR
    subgraph network__shop__web__public["web_public"]
        ingress__shop__vps["Caddy"]
        service__shop__web__front["front"]
    end
"""
    )


def test_nothing_to_draw(tmp_path: Path) -> None:
    compose = "services:\n  one: {image: a, network_mode: none}\n"
    files = {"system.yaml": SYSTEM.partition("routes:")[0], "web.compose.yaml": compose}
    graph = graph_of(shop(tmp_path, files))
    assert networks(graph) == ""
    assert start_order(graph) == ""


def test_cloudflare_is_drawn_once(tmp_path: Path) -> None:
    graph = everything(tmp_path, "externals:\n", "externals:\n  cloudflare: {purpose: Proxy}\n")
    text = architecture(graph)
    assert text.count("cloudflare[") == 1
    assert 'internet -->|"HTTPS"| external__shop__cloudflare\n' in text
    assert 'external__shop__cloudflare -->|"HTTPS"| ingress__shop__vps\n' in text


def test_no_cloudflare_where_nothing_is_proxied(tmp_path: Path) -> None:
    text = architecture(graph_of(shop(tmp_path), "prod"))
    assert "cloudflare" not in text.lower()
    assert 'internet -->|"HTTPS"| ingress__shop__vps\n' in text


def test_who_is_only_in_the_mesh_is_not_called_from_the_internet(tmp_path: Path) -> None:
    system = SYSTEM.replace("web/front:8080}", "web/front:8080, access: mesh}")
    system += "mesh: {kind: wireguard, cidr: 100.64.0.0/10, members: [vps]}\n"
    text = architecture(graph_of(shop(tmp_path, {"system.yaml": system}), "prod"))
    assert "internet -->" not in text
    assert 'mesh__shop -->|"HTTPS"| ingress__shop__vps\n' in text
    assert "mesh__shop --- host__shop__vps\n" in text


def test_flows_between_two_share_an_arrow(tmp_path: Path) -> None:
    more = "flows:\n  - web/front -> web/db: {protocol: http}\n  - web/db -> mail\n"
    text = architecture(everything(tmp_path, "flows:\n", more))
    assert text.count("service__shop__web__front -->") == 4
    assert 'service__shop__web__front -->|"http, postgres"| service__shop__web__db\n' in text
    assert "service__shop__web__db --> external__shop__mail\n" in text


def test_a_copy_that_a_flow_tells_of_is_drawn_once(tmp_path: Path) -> None:
    more = "flows:\n  - web/front -> vault: {protocol: https}\n"
    text = architecture(everything(tmp_path, "flows:\n", more))
    assert text.count("bucket__shop__vault\n") == 1
    assert "copies of" not in text


def test_a_backup_without_more(tmp_path: Path) -> None:
    system = EVERYTHING["system.yaml"]
    start, end = system.index("    keep: {daily: 7}\n"), system.index("disposable:")
    plainly = "    copies: [{by: web/front, to: vault, encrypted: false}]\n"
    graph = everything(tmp_path, system[start:end], plainly)
    (node,) = graph.backups.values()
    assert backup(graph, node) == (
        """\
sequenceDiagram
    participant cron as Cron (02:55)
    participant backup__shop__nightly as nightly on vps
    participant service__shop__web__db as db
    participant volume__shop__web__files as web/files
    participant directory__backup__shop__nightly as /var/backups/shop
    participant service__shop__web__front as front
    participant bucket__shop__vault as vault
    cron->>backup__shop__nightly: start
    backup__shop__nightly->>service__shop__web__db: pg_dump: orders
    backup__shop__nightly->>volume__shop__web__files: copy of files
    backup__shop__nightly->>directory__backup__shop__nightly: write
    service__shop__web__front->>directory__backup__shop__nightly: pull
    service__shop__web__front->>bucket__shop__vault: push
"""
    )


def test_names_are_as_long_as_they_must(tmp_path: Path) -> None:
    more = "      - 'web/front -> front: a'\n      - 'front --> web/front: b'\n"
    steps = "    steps:\n"
    graph = everything(tmp_path, steps, steps + more)
    (node,) = graph.scenarios.values()
    assert "participant service__shop__web__front as front\n" in scenario(graph, node)
    other = "externals:\n  front: {purpose: Of others}\n"
    system = EVERYTHING["system.yaml"].replace(steps, steps + more).replace("externals:\n", other)
    graph = graph_of(shop(tmp_path, {**EVERYTHING, "system.yaml": system}), "prod")
    (node,) = graph.scenarios.values()
    text = scenario(graph, node)
    assert "participant service__shop__web__front as web/front\n" in text
    assert "participant external__shop__front as front\n" in text
