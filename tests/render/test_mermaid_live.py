"""What the real Mermaid makes of our diagrams: it reads and draws all, and sees our texts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cli.docs import pages
from cli.project import Project
from graph.model import Choice, Scenario
from render.mermaid import architecture, backup, flowchart, networks, scenario, start_order
from render.mermaid.sequence import Sequence, said
from render.mermaid.text import block, plain, quoted
from tests.graph.test_systems import SYSTEMS
from tests.render import real_mermaid
from tests.render.everything import EVERYTHING
from tests.workspace import graph_of, shop

FENCE = re.compile(r"^```mermaid\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module", autouse=True)
def _real() -> None:
    if (problem := real_mermaid.problem()) is not None:
        pytest.skip(problem)


def ends_of(found: dict[str, Any]) -> set[str]:
    return {end for edge in found["edges"] for end in edge[:2]}


def test_every_diagram_of_every_page(project: Path) -> None:
    texts = pages(Project(root=project), "prod", ())
    diagrams = [(name, each) for name, text in texts.items() for each in FENCE.findall(text)]
    assert sum(text.count("```mermaid") for text in texts.values()) == len(diagrams)
    assert {name for name, _ in diagrams} >= {f"docs/systems/{name}.md" for name in SYSTEMS}
    for (name, text), found in zip(
        diagrams, real_mermaid.read([text for _, text in diagrams]), strict=True
    ):
        assert "error" not in found, f"{name}: {found}\n{text}"
        assert found["drawn"]
        if found["type"] == "flowchart-v2":
            declared = re.findall(r"^ +(?:subgraph )?(\w+)(?=[\[({])", text, re.MULTILINE)
            assert len(set(declared)) == len(declared), name
            assert ends_of(found) <= set(declared), name
            assert len(found["edges"]) == len(re.findall(r" (?:-->|-\.->|---)", text)), name
        else:
            assert len(found["actors"]) == len(re.findall(r"(participant|actor) \w+ as", text))


def test_flowcharts(tmp_path: Path) -> None:
    graph = graph_of(shop(tmp_path, EVERYTHING), "prod")
    drawings = [draw(graph) for draw in (flowchart, architecture, networks, start_order)]
    whole, who_calls, on_networks, order = real_mermaid.read(drawings)
    label = dict(who_calls["nodes"])
    assert label["service__shop__web__db"] == "db\n:5432"
    assert label["process__shop__api"] == "api\n:3002\npm2"
    assert label["bucket__shop__vault"] == "vault\nhetzner fsn1"
    boxes = {title: set(nodes) for _, title, nodes in who_calls["boxes"]}
    assert boxes["web"] == {
        f"service__shop__web__{name}" for name in ("cache", "db", "front", "seed")
    }
    edges = {(start, end): (text, stroke) for start, end, text, stroke in who_calls["edges"]}
    assert edges["cloudflare", "ingress__shop__vps"] == ("HTTPS", "normal")
    assert edges["service__shop__web__front", "service__shop__web__cache"] == ("redis", "dotted")
    assert len(whole["edges"]) == len(who_calls["edges"]) + 2
    assert [nodes for _, title, nodes in on_networks["boxes"] if title == "web_edge"] == [
        ["ingress__shop__vps"]
    ]
    assert {tuple(edge[:3]) for edge in order["edges"]} == {
        ("service__shop__web__db", "service__shop__web__front", "healthy"),
        ("service__shop__web__seed", "service__shop__web__front", "completed"),
        ("service__shop__web__front", "ingress__shop__vps", ""),
    }


def test_sequences(tmp_path: Path) -> None:
    graph = graph_of(shop(tmp_path, EVERYTHING), "prod")
    (order,) = graph.scenarios.values()
    (nightly,) = graph.backups.values()
    told, saved = real_mermaid.read([scenario(graph, order), backup(graph, nightly)])
    assert [name for _, name, _ in told["actors"]] == ["buyer", "Caddy on vps", "front", "bank"]
    assert told["actors"][0][2] == "actor"
    kinds = [kind for kind, *_ in told["messages"]]
    assert kinds == expected_kinds(order)
    assert [text for *_, text in told["messages"] if text] == [
        "orders; pays #1",
        "passes on",
        "in stock",
        "charges",
        "done",
        "sold out; sorry",
        "409",
        "answer",
    ]
    assert saved["actors"][0][1] == "Cron (02:55)"
    assert ["NOTE", "03:30, its own schedule"] in [[m[0], m[3]] for m in saved["messages"]]


def expected_kinds(node: Scenario) -> list[str]:
    kinds = []
    for step in node.steps:
        if isinstance(step, Choice):
            for number, (_, messages) in enumerate(step.branches):
                kinds.append("ALT_ELSE" if number else "ALT_START")
                kinds += ["DOTTED" if each.answer else "SOLID" for each in messages]
            kinds.append("ALT_END")
        else:
            kinds.append("DOTTED" if step.answer else "SOLID")
    return kinds


TEXTS = [
    'say "hi"',
    "a; b->>c: d",
    "issue #35; and #quot;",
    "100%% sure",
    "%%{init: {'theme': 'dark'}}%%",
    "<script>alert(1)</script>",
    "<b>bold</b> &amp; &",
    "*stars* _under_ ~~gone~~ `code`",
    "snake_case_name",
    "1. first",
    "- dash",
    "+ plus",
    "end",
    "end of it",
    "subgraph",
    "style: a:#b;",
    "restyle:#fff;",
    "classDef x:#y;",
    "wrap: me",
    "nowrap: me",
    "see https://example.com/a_b",
    "www.example.com",
    "[link](x) ![image](y)",
    "{curly} [square] (round) |bar|",
    "a --> b -->> c",
    "back\\slash \\n",
    "$$x^2$$",
    "e-mail@example.com",
    "# heading",
    "> quote",
    "---",
    "==",
    "@{shape: x}",
    "größer → kleiner ✓ 中文",
    "fa:fa-car",
    "a\nb",
    ":",
    "...",
    "A",
]


def test_texts_are_only_texts() -> None:
    lines = []
    sequence = Sequence()
    first, second = sequence.take_part("first", "A"), sequence.take_part("second", "B")
    for number, text in enumerate(TEXTS):
        lines += [f"subgraph box{number}[{quoted(text)}]", f"in{number}[{quoted(text)}]", "end"]
        lines += [f"out{number}[({quoted(text)})]"]
        lines += [f"in{number} -->|{quoted(text)}| out{number}"]
        sequence.take_part(f"by{number}", text, kind="actor" if number % 2 else "participant")
        sequence.add(said(first, second, text), f"alt {plain(text)}")
        sequence.add(said(second, first, text, answer=True), f"else {plain(text)}")
        sequence.add(f"Note over {first}: {plain(text)}", "end")
    chart, told = real_mermaid.read([block("graph LR", lines), sequence.text()])
    assert "error" not in chart, chart["error"]
    assert "error" not in told, told["error"]
    assert [text for _, text in chart["nodes"]] == [text for text in TEXTS for _ in range(2)]
    assert [text for _, _, text, _ in chart["edges"]] == TEXTS
    assert sorted(text for _, text, _ in chart["boxes"]) == sorted(TEXTS)
    assert sorted(chart["drawn"]) == sorted(TEXTS * 4)
    assert [text for _, text, _ in told["actors"]] == ["A", "B", *TEXTS]
    for number, text in enumerate(TEXTS):
        messages = told["messages"][6 * number : 6 * number + 6]
        assert [text for *_, text in messages] == [*[text] * 5, ""]
