"""Where nodes stand and edges run: nothing on top of anything, whatever is drawn."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preview.change import changes_of
from preview.page.build import drawings_of
from preview.page.columns import columns_of
from preview.page.drawing import Drawing, Edge, Kind, Lane, Line, Node
from preview.page.layout import Box, Layout, lay_out
from tests.preview.page.plans import real

FRAMES = {Kind.HOST, Kind.APP}


@st.composite
def drawings(draw: st.DrawFn) -> Drawing:
    """Draw hosts with apps, services that call any others, routes, ports, places, volumes."""
    hosts = draw(st.integers(1, 2))
    lanes = [Lane(host=f"h{host}", app=f"a{app}") for host in range(hosts) for app in range(2)] + [
        Lane(host=f"h{host}") for host in range(hosts)
    ]
    lane = st.sampled_from(lanes)
    nodes = [
        Node(id=each.host, kind=Kind.HOST, label=each.host, lane=each) for each in lanes[-hosts:]
    ]
    nodes += [
        Node(id=f"{each.host}/{each.app}", kind=Kind.APP, label=each.app, lane=each)
        for each in lanes[:-hosts]
    ]
    for kind, most in (
        (Kind.SERVICE, 8), (Kind.ROUTE, 5), (Kind.PORT, 3), (Kind.VOLUME, 5), (Kind.NETWORK, 5)
    ):  # fmt: skip
        nodes += [
            Node(id=f"{kind}{index}", kind=kind, label="x", lane=draw(lane))
            for index in range(draw(st.integers(0, most)))
        ]
    nodes += [
        Node(id=f"p{index}", kind=Kind.PLACE, label="p") for index in range(draw(st.integers(0, 3)))
    ]
    by = {kind: [node.id for node in nodes if node.kind is kind] for kind in Kind}
    edges = []
    for starts, line, ends in (
        (by[Kind.PLACE], Line.REACHES, by[Kind.ROUTE] + by[Kind.PORT]),
        (by[Kind.ROUTE] + by[Kind.PORT], Line.ROUTES, by[Kind.SERVICE]),
        (by[Kind.SERVICE], Line.NEEDS, by[Kind.SERVICE]),
        (by[Kind.SERVICE], Line.USES, by[Kind.SERVICE]),
        (by[Kind.SERVICE], Line.STORES, by[Kind.VOLUME]),
    ):
        if starts and ends:
            pair = st.tuples(st.sampled_from(starts), st.sampled_from(ends))
            found = draw(st.lists(pair, max_size=8, unique=True))
            edges += [Edge(start=a, end=b, line=line) for a, b in found if a != b]
    return Drawing(system="s", nodes=tuple(nodes), edges=tuple(edges))


def overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.width
        and other.x < one.x + one.width
        and one.y < other.y + other.height
        and other.y < one.y + one.height
    )


def inside(one: Box, other: Box) -> bool:
    return (
        other.x <= one.x
        and other.y <= one.y
        and one.x + one.width <= other.x + other.width
        and one.y + one.height <= other.y + other.height
    )


def check(drawing: Drawing, layout: Layout) -> None:
    nodes = {node.id: node for node in drawing.nodes}
    small = {id_: box for id_, box in layout.boxes.items() if nodes[id_].kind not in FRAMES}
    assert set(small) == {n.id for n in drawing.nodes if n.kind not in {*FRAMES, Kind.SYSTEM}}
    for (one, box), (other, another) in combinations(small.items(), 2):
        assert not overlap(box, another), (one, other)
    for kind in FRAMES:
        frames = [box for id_, box in layout.boxes.items() if nodes[id_].kind is kind]
        assert not any(overlap(*pair) for pair in combinations(frames, 2)), kind
    for id_, box in small.items():
        assert inside(box, Box(x=0, y=0, width=layout.width, height=layout.height)), id_
        lane, outside = nodes[id_].lane, nodes[id_].kind in {Kind.ROUTE, Kind.PORT}
        around = {
            node.id
            for node in drawing.nodes
            if (node.kind is Kind.HOST and node.lane.host == lane.host)
            or (node.kind is Kind.APP and node.lane == lane and not outside)
        }
        assert all(inside(box, layout.boxes[frame]) for frame in around), id_
    for edge, points in layout.paths:
        ends = (layout.boxes[edge.start], layout.boxes[edge.end])
        assert {points[0][1], points[-1][1]} == {each.middle for each in ends}
        for (x, y), (to_x, to_y) in pairwise(points):
            # From column to column there are no nodes; a curve stays between its ends.
            left, right = min(x, to_x), max(x, to_x)
            way = Box(x=left, y=min(y, to_y), width=right - left, height=abs(y - to_y))
            for id_, box in small.items():
                assert not overlap(way, box), (edge, id_)


@given(drawings())
def test_nothing_lies_on_anything(drawing: Drawing) -> None:
    layout = lay_out(drawing)
    check(drawing, layout)
    assert lay_out(drawing) == layout


@pytest.mark.parametrize(
    "name", ["another-subnet", "a-volume-is-renamed", "a-service-that-others-need-goes"]
)
def test_real_ones(name: str) -> None:
    plan = real(name)
    for drawing in drawings_of(plan, changes_of(plan), compared=True):
        check(drawing, lay_out(drawing))


def _services(*calls: tuple[str, str, Line]) -> Drawing:
    lane = Lane(host="h", app="a")
    names = sorted({name for a, b, _ in calls for name in (a, b)})
    return Drawing(
        system="s",
        nodes=tuple(Node(id=n, kind=Kind.SERVICE, label=n, lane=lane) for n in names),
        edges=tuple(Edge(start=a, end=b, line=line) for a, b, line in calls),
    )


def test_callers_stand_left_of_what_they_call() -> None:
    needs = Line.NEEDS
    columns, backward = columns_of(
        _services(("a", "b", needs), ("b", "c", needs), ("a", "c", needs))
    )
    assert (columns, backward) == ({"a": 2, "b": 3, "c": 4}, frozenset())


def test_of_a_circle_what_can_be_done_without_leads_back() -> None:
    drawing = _services(("b", "a", Line.USES), ("a", "b", Line.NEEDS))
    columns, backward = columns_of(drawing)
    assert columns == {"a": 2, "b": 3}
    assert {(edge.start, edge.line) for edge in backward} == {("b", Line.USES)}
    points = dict(lay_out(drawing).paths)[drawing.edges[0]]
    assert points[0][0] > points[-1][0]


def test_routes_stand_beside_what_they_lead_to() -> None:
    lanes = [Lane(host="h", app=name) for name in "abcd"]
    drawing = Drawing(
        system="s",
        nodes=tuple(
            node
            for index, lane in enumerate(lanes)
            for node in (
                Node(id=f"r{index}", kind=Kind.ROUTE, label="r", lane=lane),
                Node(id=f"s{index}", kind=Kind.SERVICE, label="s", lane=lane),
            )
        ),
        edges=tuple(Edge(start=f"r{i}", end=f"s{i}", line=Line.ROUTES) for i in range(4)),
    )
    boxes = lay_out(drawing).boxes
    assert all(boxes[f"r{i}"].y == boxes[f"s{i}"].y for i in range(4))
    swapped = replace(drawing, nodes=drawing.nodes[::-1])
    assert lay_out(swapped).boxes == boxes
