"""The drawing as SVG inside the page. Colours are the style sheet's; each node is a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from preview.page.drawing import Drawing, Edge, Kind, Line, Node
from preview.page.layout import Box, Layout, Point
from preview.page.text import Element, add, el, shortened
from preview.page.words import SIGNS
from preview.report.words import DONE, number

_LABEL: Final = 12.5
_NOTE: Final = 10.5
_BOXES: Final = frozenset({Kind.HOST, Kind.APP})
_ROUND: Final = {Kind.ROUTE: 20.0, Kind.PORT: 20.0, Kind.PLACE: 20.0, Kind.NETWORK: 13.0}
_LINES: Final = {Line.REACHES: "reach", Line.ROUTES: "route", Line.NEEDS: "need", Line.USES: "use"}


def draw(
    drawing: Drawing, layout: Layout, keys: Mapping[str, str], risky: Mapping[str, int]
) -> Element:
    """Draw it. ``keys`` give each node's id in the page, ``risky`` how many risks are about it."""
    shown = [node for node in drawing.nodes if node.id in layout.boxes]
    svg = el(
        "svg",
        el("title", f"The system {drawing.system}"),
        *(_marker(name) for name in ("stays", "create", "delete", "picked")),
        xmlns="http://www.w3.org/2000/svg",
        class_="drawing",
        viewBox=f"0 0 {_n(layout.width)} {_n(layout.height)}",
        width=_n(layout.width),
        height=_n(layout.height),
        role="group",
    )
    for kind in (Kind.HOST, Kind.APP):
        for node in shown:
            if node.kind is kind:
                add(svg, _box(node, layout.boxes[node.id], keys, risky))
    for edge, points in layout.paths:
        add(svg, _edge(edge, points, keys))
    for node in shown:
        if node.kind not in _BOXES:
            add(svg, _node(node, layout.boxes[node.id], keys, risky))
    return svg


def _marker(name: str) -> Element:
    return el(
        "marker",
        el("path", d="M0 0 L8 4 L0 8 z"),
        id=f"arrow-{name}",
        class_=f"arrow {name}",
        viewBox="0 0 8 8",
        refX="7.5",
        refY="4",
        markerWidth="9",
        markerHeight="9",
        orient="auto",
        markerUnits="userSpaceOnUse",
    )


def _classes(node: Node, risky: Mapping[str, int]) -> str:
    words = ["node", node.kind.replace(" ", "-")]
    if node.operation is not None:
        words += ["changed", node.operation.value]
    words += ["risky"] * (node.id in risky) + ["uncertain"] * node.uncertain
    return " ".join(words)


def said(node: Node, risks: int) -> str:
    """Say what a node is and what becomes of it, for who doesn't see the drawing.

    What is written on it comes first, so that who speaks to the browser can name it.
    """
    note = node.note if node.note != node.kind else ""
    parts = [f"{node.label} {note}".strip(), node.kind.value]
    if node.operation is not None:
        parts.append(DONE[node.operation])
    if risks:
        parts.append(number(risks, "risk"))
    if node.uncertain:
        parts.append("cannot be told for certain")
    return ", ".join(parts)


def _link(node: Node, keys: Mapping[str, str], risky: Mapping[str, int]) -> Element:
    link = el(
        "a",
        href=f"#{keys[node.id]}",
        class_=_classes(node, risky),
        data_node=keys[node.id],
    )
    add(link, el("title", said(node, risky.get(node.id, 0))))
    return link


def _box(node: Node, box: Box, keys: Mapping[str, str], risky: Mapping[str, int]) -> Element:
    """Draw a host or an app: a frame with a title, which is what can be clicked."""
    group = el("g", _rect(box, 10.0 if node.kind is Kind.HOST else 7.0, "frame"))
    group.set("class", f"group {_classes(node, risky)}")
    link = _link(node, keys, risky)
    big = node.kind is Kind.HOST
    text = shortened(node.label, 22)
    x, y = box.x + 10, box.y + (22 if big else 17)
    shift = 0
    if node.operation is not None:
        shift = 20
        _badge(link, x + 8, y - 4, SIGNS[node.operation])
    add(link, el("text", text, x=_n(x + shift), y=_n(y), class_="title"))
    if big:
        note = el("tspan", f"  {node.note}", class_="note")
        add(link[-1], note)
    add(group, link)
    return group


def _node(node: Node, box: Box, keys: Mapping[str, str], risky: Mapping[str, int]) -> Element:
    link = _link(node, keys, risky)
    if node.id in risky:
        outer = Box(x=box.x - 4, y=box.y - 4, width=box.width + 8, height=box.height + 8)
        add(link, _rect(outer, _ROUND.get(node.kind, 5.0) + 4, "halo"))
    add(link, _shape(node, box))
    x, drop = box.x + 11, 3 if node.kind is Kind.VOLUME else 0
    room = (box.width - 20) / _LABEL
    if node.kind is Kind.NETWORK:
        add(link, _text(shortened(node.label, room), x, box.y + 17, "label"))
    elif node.note:
        note = shortened(node.note, (box.width - 20) / _NOTE)
        add(link, _text(shortened(node.label, room), x, box.y + 17 + drop, "label"))
        add(link, _text(note, x, box.y + 31 + drop / 2, "note"))
    else:
        add(link, _text(shortened(node.label, room), x, box.y + 24, "label"))
    if node.operation is not None:
        _badge(link, box.x + box.width - 4, box.y + 3, SIGNS[node.operation])
    if node.uncertain:
        _badge(link, box.x + box.width - 24, box.y + 3, "?", "doubt")
    if node.id in risky:
        _badge(link, box.x + 4, box.y + 1, "!", "risk")
    return link


def _shape(node: Node, box: Box) -> Element:
    if node.kind is not Kind.VOLUME:
        return _rect(box, _ROUND.get(node.kind, 5.0), "shape")
    # A drum: what holds data.
    left, right, top, bottom = box.x, box.x + box.width, box.y + 4, box.y + box.height - 4
    half = _n(box.width / 2)
    curve = (
        f"M{_n(left)} {_n(top)} A{half} 4 0 0 1 {_n(right)} {_n(top)} V{_n(bottom)} "
        f"A{half} 4 0 0 1 {_n(left)} {_n(bottom)} Z"
    )
    rim = f"M{_n(left)} {_n(top)} A{half} 4 0 0 0 {_n(right)} {_n(top)}"
    return el("g", el("path", d=curve, class_="shape"), el("path", d=rim, class_="rim"))


def _badge(link: Element, x: float, y: float, sign: str, kind: str = "") -> None:
    add(
        link,
        el("circle", cx=_n(x), cy=_n(y), r="8.5", class_=f"badge {kind}".strip()),
        el("text", sign, x=_n(x), y=_n(y + 4), class_="sign", text_anchor="middle"),
    )


def _edge(edge: Edge, points: Sequence[Point], keys: Mapping[str, str]) -> Element:
    moved = edge.operation.value if edge.operation else "stays"
    marker = f"url(#arrow-{moved})" if edge.line is not Line.STORES else None
    return el(
        "path",
        d=_curve(points),
        class_=f"edge {_LINES.get(edge.line, 'store')} {moved}",
        marker_end=marker,
        data_from=keys[edge.start],
        data_to=keys[edge.end],
    )


def _curve(points: Sequence[Point]) -> str:
    """Draw level through columns, and in a curve from one column to the next."""
    text = f"M{_n(points[0][0])} {_n(points[0][1])}"
    for (x, y), (to_x, to_y) in pairwise(points):
        if y == to_y:
            text += f" H{_n(to_x)}"
        else:
            middle = _n((x + to_x) / 2)
            text += f" C{middle} {_n(y)} {middle} {_n(to_y)} {_n(to_x)} {_n(to_y)}"
    return text


def _rect(box: Box, radius: float, class_: str) -> Element:
    return el(
        "rect",
        x=_n(box.x),
        y=_n(box.y),
        width=_n(box.width),
        height=_n(box.height),
        rx=_n(radius),
        class_=class_,
    )


def _text(text: str, x: float, y: float, class_: str) -> Element:
    return el("text", text, x=_n(x), y=_n(y), class_=class_)


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
