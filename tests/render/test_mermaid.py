"""The drawing of a graph: one id for each node, nothing in a label that Mermaid would read."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.project import Project
from render.mermaid import flowchart
from tests.graph.test_systems import SYSTEMS
from tests.workspace import SHOP, graph_of, shop

SYSTEM = SHOP["systems/shop/system.yaml"]

ID = r"[A-Za-z0-9_]+"
LABEL = r'"(?P<label>[^"#`\n]*)"'
LINES = [
    re.compile(pattern)
    for pattern in (
        "graph LR",
        rf" +subgraph (?P<node>{ID})\[{LABEL}\]",
        " +end",
        rf" +(?P<node>{ID})(\[{LABEL}\]|\[/{LABEL.replace('label', 'slanted')}/\]"
        rf"|\(\({LABEL.replace('label', 'round')}\)\))",
        rf" +(?P<source>{ID}) (-->|-\.->)(\|{LABEL}\|)? (?P<target>{ID})",
    )
]


def read(text: str) -> tuple[list[str], set[str], list[str]]:
    """Give the nodes of a drawing, the ends of its arrows, and its labels."""
    nodes, ends, labels = [], set(), []
    assert text.endswith("\n")
    for line in text.splitlines():
        match = next((m for pattern in LINES if (m := pattern.fullmatch(line))), None)
        assert match is not None, line
        found = match.groupdict()
        nodes += [found["node"]] if found.get("node") else []
        ends |= {found[end] for end in ("source", "target") if found.get(end)}
        labels += [found[n] for n in ("label", "slanted", "round") if found.get(n) is not None]
    assert text.count("subgraph ") == sum(line.strip() == "end" for line in text.splitlines())
    return nodes, ends, [html.unescape(label.replace("<br/>", "\n")) for label in labels]


def test_whole_drawing(tmp_path: Path) -> None:
    system = SYSTEM + (
        "externals: {twilio: {purpose: Calls}}\n"
        "flows: [internet -> web/front: {protocol: sip}, web/front -> twilio]\n"
    )
    compose = """\
services:
  front: {image: a, expose: ["8080", "9000-9010"], depends_on: [db]}
  db: {image: a}
"""
    files = {"system.yaml": system, "web.compose.yaml": compose}
    assert flowchart(graph_of(shop(tmp_path, files))) == (
        """\
graph LR
    internet(("Internet"))
    external_3a_shop_2f_twilio[/"twilio<br/>Calls"/]
    subgraph host_3a_shop_2f_vps["vps<br/>linux/amd64"]
        ingress_3a_shop_2f_vps["Caddy<br/>:8080 :8443"]
        subgraph app_3a_shop_2f_web["web"]
            service_3a_shop_2f_web_2f_db["db"]
            service_3a_shop_2f_web_2f_front["front<br/>:8080 :9000"]
        end
    end
    internet -->|"HTTPS"| ingress_3a_shop_2f_vps
    ingress_3a_shop_2f_vps -->|"shop.example.com"| service_3a_shop_2f_web_2f_front
    internet -->|"sip"| service_3a_shop_2f_web_2f_front
    service_3a_shop_2f_web_2f_front --> external_3a_shop_2f_twilio
    service_3a_shop_2f_web_2f_front -.-> service_3a_shop_2f_web_2f_db
"""
    )


@pytest.mark.parametrize("name", SYSTEMS)
def test_real_systems(name: str, project: Path) -> None:
    graph = Project(root=project).graph("dev", [name])
    nodes, ends, labels = read(flowchart(graph))
    assert len(set(nodes)) == len(nodes)
    assert ends <= set(nodes)
    for service in graph.services.values():
        assert any(label.partition("\n")[0] == service.key for label in labels)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("drawn")


# a-b, a_b and a.b are three services, and none of them is a_2d_b
service_names = st.text("ab_.-2d5fe", min_size=1, max_size=8).filter(
    lambda name: not name.startswith("x-")
)


@settings(max_examples=30)
@given(st.sets(service_names, min_size=2, max_size=12))
def test_ids_are_unique(root: Path, names: set[str]) -> None:
    compose = {"services": {name: {"image": "a"} for name in sorted(names)}}
    system = SYSTEM.partition("routes:")[0]
    files = {"web.compose.yaml": json.dumps(compose), "system.yaml": system}
    nodes, _, labels = read(flowchart(graph_of(shop(root, files))))
    assert len(set(nodes)) == len(nodes)
    assert names <= set(labels)


@settings(max_examples=30)
@given(
    st.text("ab <>\"'`#&;|[](){}/\\%\n-", min_size=1, max_size=20)
    | st.sampled_from(['"]', "end", "#quot;", "&amp;", "-->", "%%{init: {}}%%", "<script>", "C#"])
)
def test_labels_are_only_text(root: Path, text: str) -> None:
    purpose = json.dumps(text)
    system = SYSTEM + (
        f"externals: {{other: {{purpose: {purpose}}}}}\n"
        f"flows: [internet -> other: {{purpose: {purpose}, protocol: {purpose}}}]\n"
    )
    nodes, ends, labels = read(flowchart(graph_of(shop(root, {"system.yaml": system}))))
    assert ends <= set(nodes)
    lines = "\n".join(line for line in text.splitlines() if line)
    assert f"other\n{lines}".rstrip("\n") in labels
