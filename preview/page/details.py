"""What a click on a node tells: what it is, what becomes of it, who needs it, each difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from preview.change import Change, Operation
from preview.page.differences import differences, inputs, without_secrets
from preview.page.drawing import Drawing, Edge, Fact, Line, Node
from preview.page.text import Content, Element, add, el
from preview.page.words import SIGNS
from preview.report.words import DONE, number
from preview.risk import TITLES, Risk
from preview.urn import display_type

_BOTH_WAYS: Final = {
    Line.NEEDS: ("Needs", "Needed by"),
    Line.USES: ("Uses, and can do without", "Used by"),
    Line.ROUTES: ("Leads to", "Reached by"),
    Line.STORES: ("Keeps data in", "Keeps data of"),
    Line.REACHES: ("Reaches", "Open to"),
    Line.JOINS: ("Is on network", "Has on it"),
}


def details(
    drawing: Drawing, keys: Mapping[str, str], risks: Mapping[str, Sequence[Risk]]
) -> Iterator[Element]:
    """Give a section for each node, in the drawing's order, what changes first."""
    nodes = {node.id: node for node in drawing.nodes}
    for node in sorted(drawing.nodes, key=lambda each: each.operation is None):
        yield _section(node, drawing, nodes, keys, risks.get(node.id, ()))


def _section(
    node: Node,
    drawing: Drawing,
    nodes: Mapping[str, Node],
    keys: Mapping[str, str],
    risks: Sequence[Risk],
) -> Element:
    summary = el("summary", class_="changed" if node.operation else None)
    add(summary, sign(node.operation))
    add(
        summary,
        el("span", node.label, class_="name"),
        el("span", f" {_place(node)}", class_="quiet"),
    )
    section = el("details", summary, class_="detail", data_detail=keys[node.id])
    if node.operation is not None:
        section.set("data-changed", node.operation.value)
    # A link to what is folded unfolds it, also where no script runs.
    body = el("div", class_="body", id=keys[node.id])
    if risks:
        add(body, el("ul", *(_risk(each) for each in risks), class_="risks-here"))
    for reason in dict.fromkeys(r for change in node.changes for r in change.uncertain):
        add(body, el("p", el("strong", "Cannot tell: "), reason, class_="doubt"))
    facts = [_fact(fact, drawing) for fact in node.facts]
    facts += _relations(node, drawing, nodes, keys)
    # What changes first; what stays tells what it is.
    differing = [row for row in facts if row.get("class") == "differs"]
    staying = [row for row in facts if row not in differing]
    add(body, _table(differing), *_resources(node, drawing), _table(staying))
    add(section, body)
    return section


def _table(rows: Sequence[Element]) -> Element | None:
    return el("table", el("tbody", *rows), class_="facts") if rows else None


def _place(node: Node) -> str:
    where = " on ".join(each for each in (node.lane.app, node.lane.host) if each)
    return f"{node.kind} of {where}" if where and where != node.label else str(node.kind)


def sign(operation: Operation | None) -> Element | None:
    """Give an operation's sign, with its word for who doesn't see it."""
    if operation is None:
        return None
    return el(
        "span",
        SIGNS[operation],
        class_=f"op {operation.value}",
        title=DONE[operation],
        role="img",
        aria_label=DONE[operation],
    )


def _risk(risk: Risk) -> Element:
    return el(
        "li", el("span", TITLES[risk.family], class_=f"family {risk.family.value}"), f" {risk}"
    )


def _fact(fact: Fact, drawing: Drawing) -> Element:
    cell = el("td")
    both = drawing.compared and fact.before != fact.after
    if not both:
        add(cell, *_listed([el("span", text) for text in fact.after or fact.before]))
        return el("tr", el("th", fact.term, scope="row"), cell)
    items = [
        el("del", text, class_="old") if text not in fact.after else
        el("ins", text, class_="new") if text not in fact.before else el("span", text)
        for text in dict.fromkeys((*fact.before, *fact.after))
    ]  # fmt: skip
    add(cell, *_listed(items))
    return el("tr", el("th", fact.term, scope="row"), cell, class_="differs")


def _listed(items: Sequence[Element]) -> Iterator[Content]:
    if len(items) == 1:
        yield items[0]
    elif items:
        yield el("ul", *(el("li", item) for item in items))


def _relations(
    node: Node, drawing: Drawing, nodes: Mapping[str, Node], keys: Mapping[str, str]
) -> Iterator[Element]:
    for line, (outward, inward) in _BOTH_WAYS.items():
        edges = [edge for edge in drawing.edges if edge.line is line]
        for title, found in (
            (outward, [(e, e.end) for e in edges if e.start == node.id]),
            (inward, [(e, e.start) for e in edges if e.end == node.id]),
        ):
            if found:
                items = [_other(edge, nodes[id_], keys) for edge, id_ in found]
                class_ = "differs" if any(edge.operation for edge, _ in found) else None
                head = el("th", title, scope="row")
                yield el("tr", head, el("td", *_listed(items)), class_=class_)


def _other(edge: Edge, node: Node, keys: Mapping[str, str]) -> Element:
    app = f"{node.lane.app}/" if node.lane.app else ""
    link = el("a", f"{app}{node.label}", href=f"#{keys[node.id]}", data_node=keys[node.id])
    if edge.operation is Operation.CREATE:
        return el("ins", link, class_="new")
    if edge.operation is Operation.DELETE:
        return el("del", link, class_="old")
    return link


def _resources(node: Node, drawing: Drawing) -> Iterator[Content]:
    if node.changes:
        yield el("h3", "Resources that change" if drawing.compared else "Resources")
    for change in node.changes:
        yield resource(change, drawing.causes(change), compared=drawing.compared)
    if node.unchanged:
        yield el("p", f"{number(node.unchanged, 'resource')} unchanged", class_="quiet")


def resource(change: Change, causes: Sequence[Change], *, compared: bool) -> Element:
    """Show one resource's change with all its differences; ``causes`` are what it follows from."""
    change = without_secrets(change)
    head = el("p", class_="resource")
    add(head, sign(change.operation) if compared else None)
    add(head, el("strong", change.name), " ", el("code", display_type(change.type)))
    block = el("div", head, class_="change")
    if compared and causes:
        names = ", ".join(f"{each.name} ({DONE[each.operation]})" for each in causes)
        add(block, el("p", f"follows from {names}", class_="quiet"))
    add(block, differences(change))
    state = change.state
    if (change.old is None or change.new is None) and state is not None:
        add(block, inputs(state.inputs))
    return block
