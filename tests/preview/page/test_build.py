"""What is drawn of a change: nodes, edges, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from preview.change import Operation, changes_of
from preview.page.build import drawings_of
from preview.page.drawing import Drawing, Kind, Line
from preview.plan import Plan
from tests.preview.page.plans import graph, made, real

GOLDEN = Path(__file__).parent / "golden"


def drawing_of(plan: Plan, *, compared: bool = True) -> Drawing:
    (drawing,) = drawings_of(plan, changes_of(plan), compared=compared)
    return drawing


def outline(drawing: Drawing) -> Iterator[str]:
    for node in drawing.nodes:
        where = f"{node.lane.host}/{node.lane.app}"
        names = ", ".join(f"{c.operation} {c.name}" for c in node.changes)
        yield f"{node.kind} {node.label} [{node.note}] in {where}: {node.operation or '-'}"
        if names:
            yield f"    resources: {names}"
        for fact in node.facts:
            if fact.before != fact.after:
                yield f"    {fact.term}: {'; '.join(fact.before)} -> {'; '.join(fact.after)}"
    for edge in drawing.edges:
        yield f"{edge.start} {edge.line} {edge.end}: {edge.operation or '-'}"


@pytest.mark.parametrize("name", ["another-subnet", "a-volume-is-renamed", "a-route-goes"])
def test_outline(name: str, update_golden: bool) -> None:
    text = "\n".join(outline(drawing_of(real(name)))) + "\n"
    file = GOLDEN / f"{name}.txt"
    if update_golden:
        file.write_text(text)
    assert text == file.read_text()


def test_what_is_only_on_one_side_comes_or_goes() -> None:
    before, after = graph("front:1"), graph("front:1", place="mesh")
    after["services"]["shop-web-back"] = {"label": "web/back", "host": "vps"}
    after["services"]["shop-web-front"]["needs"] = ["web/back"]
    del before["services"]["shop-web-front"]["volumes"]
    drawing = drawing_of(made({}, {}, before=before, after=after))
    operations = {node.label: node.operation for node in drawing.nodes}
    assert operations["back"] is Operation.CREATE
    assert operations["shop.example.com"] is Operation.UPDATE
    edges = {(edge.line, edge.end): edge.operation for edge in drawing.edges}
    assert edges[Line.NEEDS, "service:shop-web-back"] is Operation.CREATE
    assert edges[Line.STORES, "volume:shop-web-data"] is Operation.CREATE
    reaches = [e for e in drawing.edges if e.line is Line.REACHES]
    assert {(e.start, e.operation) for e in reaches} == {
        ("place:internet", Operation.DELETE),
        ("place:mesh", Operation.CREATE),
    }


def test_a_whole_system_has_no_changes() -> None:
    plan = real("an-app-comes")
    drawing = drawing_of(plan, compared=False)
    assert not any(node.operation for node in drawing.nodes)
    assert not any(edge.operation for edge in drawing.edges)


def test_a_side_that_cannot_be_read_is_not_new() -> None:
    before = {**graph("front:1"), "version": 99}
    drawing = drawing_of(made({}, {}, before=before))
    assert {n.label: n.operation for n in drawing.nodes if n.kind is Kind.ROUTE} == {
        "shop.example.com": None
    }


def test_without_a_summary_there_is_no_drawing() -> None:
    plan = made({}, {}, before={"version": 99}, after={"version": 99})
    assert drawings_of(plan, changes_of(plan), compared=True) == ()


def test_every_resource_has_an_owner() -> None:
    for name in ("a-volume-is-renamed", "a-port-is-opened", "image-of-the-proxy"):
        plan = real(name)
        changes = changes_of(plan)
        owner = drawing_of(plan).owner
        stack = {each.urn for each in changes.changes if each.type == "pulumi:pulumi:Stack"}
        assert set(owner) >= {each.urn for each in changes.changes} - stack


@pytest.mark.parametrize(
    ("replaced", "expected"),
    [
        ("docker:index/container:Container", Operation.REPLACE),
        ("command:local:Command", Operation.UPDATE),
    ],
)
def test_only_a_replaced_container_replaces_a_service(replaced: str, expected: Operation) -> None:
    plan = made({"a": "1"}, {"a": "2"}, reasons=("a",), type_=replaced)
    (front,) = (node for node in drawing_of(plan).nodes if node.kind is Kind.SERVICE)
    assert front.operation is expected
