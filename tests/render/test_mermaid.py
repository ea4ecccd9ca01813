"""The drawing of a graph: one id for each node, nothing in a label that Mermaid would read."""

from __future__ import annotations

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
LABEL = r'"(?P<label>(?:[^"#`;*%<>{}\[\]\\\n]|#[0-9]+;|<br/>)*)"'
SHAPES = [
    ("[", "]"),
    ("[/", "/]"),
    ("((", "))"),
    ("([", "])"),
    ("[[", "]]"),
    ("[(", ")]"),
    ("{{", "}}"),
]
SHAPE = "|".join(
    f"{re.escape(a)}{LABEL.replace('label', f'label{number}')}{re.escape(b)}"
    for number, (a, b) in enumerate(SHAPES)
)
LINES = [
    re.compile(pattern)
    for pattern in (
        "graph LR",
        rf" +subgraph (?P<node>{ID})\[{LABEL}\]",
        " +end",
        rf" +(?P<node>{ID})({SHAPE})",
        rf" +(?P<source>{ID}) (-->|-\.->|---)(\|{LABEL}\|)? (?P<target>{ID})",
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
        labels += [v for name, v in found.items() if name.startswith("label") and v is not None]
    assert text.count("subgraph ") == sum(line.strip() == "end" for line in text.splitlines())
    return nodes, ends, [seen(label) for label in labels]


def seen(label: str) -> str:
    """Give the text that people see."""
    return re.sub("#([0-9]+);", lambda m: chr(int(m[1])), label.replace("<br/>", "\n"))


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
    external__shop__twilio[/"twilio<br/>Calls"/]
    subgraph host__shop__vps["vps<br/>linux/amd64"]
        ingress__shop__vps["Caddy<br/>:8080 :8443"]
        subgraph app__shop__web["web"]
            service__shop__web__db["db"]
            service__shop__web__front["front<br/>:8080 :9000-9010"]
        end
    end
    internet -->|"HTTPS"| ingress__shop__vps
    ingress__shop__vps -->|"shop.example.com"| service__shop__web__front
    internet -->|"sip"| service__shop__web__front
    service__shop__web__front --> external__shop__twilio
    service__shop__web__front -.-> service__shop__web__db
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
    lines = "\n".join(line.strip() for line in text.splitlines() if line.strip())
    assert f"other\n{lines}".rstrip("\n") in labels
