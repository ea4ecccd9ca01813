"""What the page says first: counts, what cannot be told, the risks; and how to read the drawing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from preview.change import Operation
from preview.page.details import sign
from preview.page.text import Element, add, el
from preview.plan import Plan
from preview.report.words import DONE, number
from preview.risk import TITLES, Assessment, Family

_COUNTED: Final = tuple(op for op in Operation if op not in (Operation.READ, Operation.SAME))


def header(assessment: Assessment, *, compared: bool) -> Element:
    """Say in a few words what is on the page."""
    changes = assessment.changes
    systems = ", ".join(sorted(changes.systems)) or changes.project
    top = el("header", el("p", f"{changes.project} · stack {changes.stack}", class_="where"))
    if not compared:
        add(top, el("h1", f"{systems}: {number(len(changes.changes), 'resource')}"))
        add(top, el("p", "All that this plan declares. Nothing is compared.", class_="quiet"))
        return top
    add(top, el("h1", _headline(assessment)))
    families = Counter(risk.family for risk in assessment.risks)
    chips = [
        el("li", el("span", f"{families[family]} × {TITLES[family]}", class_=f"family {family}"))
        for family in Family
        if families[family]
    ]
    if chips:
        add(top, el("ul", *chips, class_="families", aria_label="Risks by family"))
    counts = Counter(change.operation for change in changes.changes)
    told = [el("li", sign(op), f" {counts[op]} {DONE[op]}") for op in _COUNTED if counts[op]] or [
        el("li", "no resource changes")
    ]
    if changes.same:
        told.append(el("li", f"{len(changes.same)} unchanged", class_="quiet"))
    add(top, el("ul", *told, class_="counts", aria_label="Changes by operation"))
    if doubts := assessment.unclear:
        items = [el("li", each) for each in doubts]
        add(
            top,
            el(
                "section",
                el("h2", f"Cannot tell {number(len(doubts), 'thing')}"),
                el("ul", *items),
                class_="doubts",
            ),
        )
    return top


def _headline(assessment: Assessment) -> str:
    systems = ", ".join(sorted(assessment.changes.systems)) or assessment.changes.project
    if assessment.risks:
        return f"{systems}: {number(len(assessment.risks), 'risk')}"
    if assessment.unclear:
        return f"{systems}: no risk found, but not everything can be told"
    if not assessment.changes.changes:
        return f"{systems}: nothing changes"
    return f"{systems}: no risk found"


def risk_list(
    assessment: Assessment, behind: Sequence[Sequence[str]], owner: Mapping[str, str]
) -> Element | None:
    """List the risks, the gravest family first.

    ``behind`` are the nodes to show for each, ``owner`` is the node of each resource's URN; both
    by their ids in the page.
    """
    if not assessment.risks:
        return None
    section = el("section", el("h2", "Risks"), class_="risks")
    for family in Family:
        found = [
            (risk, nodes)
            for risk, nodes in zip(assessment.risks, behind, strict=True)
            if risk.family is family
        ]
        if not found:
            continue
        group = el("div", el("h3", f"{TITLES[family]} ({len(found)})"), class_=f"group {family}")
        for risk, nodes in found:
            body = el("div", class_="body")
            if risk.chain:
                add(body, el("ol", *(el("li", step) for step in risk.chain), class_="chain"))
            links = [
                _leading(change.name, owner.get(urn))
                for urn in risk.urns
                if (change := assessment.changes.by_urn.get(urn))
            ]
            if links:
                add(body, el("p", "Behind it: "))
                for index, link in enumerate(links):
                    add(body[-1], ", " if index else None, link)
            if nodes:
                add(
                    body,
                    el("p", el("a", "Show it in the drawing", href="#drawing-0", class_="show")),
                )
            digest = risk.digest(assessment.changes)
            add(body, el("p", "An acceptance is bound to ", el("code", digest), class_="quiet"))
            summary = el(
                "summary",
                el("span", TITLES[family], class_=f"family {family}"),
                el("span", " "),
                el("strong", risk.subject),
                f" {risk.fact}",
            )
            add(
                group,
                el("details", summary, body, class_="risk", data_nodes=" ".join(nodes)),
            )
        add(section, group)
    return section


def _leading(name: str, key: str | None) -> Element:
    return el("a", name, href=f"#{key}", data_node=key) if key else el("span", name)


def legend(*, compared: bool) -> Element:
    """Tell how to read the drawing; here are also the search and the filter, for JavaScript."""
    tools = el(
        "div",
        el("label", "Find ", el("input", type="search", id="find", placeholder="name or type")),
        class_="tools",
        hidden=True,
        id="tools",
    )
    if compared:
        check = el("input", type="checkbox", id="only-changed")
        add(tools, el("label", check, " changed only"))
    add(tools, el("output", id="found", aria_live="polite"))
    items = []
    if compared:
        items += [
            el("li", sign(op), f" {DONE[op]}")
            for op in (Operation.CREATE, Operation.UPDATE, Operation.REPLACE, Operation.DELETE)
        ]
        items.append(el("li", el("span", "!", class_="op risk", aria_hidden="true"), " at risk"))
        items.append(
            el("li", el("span", "?", class_="op doubt", aria_hidden="true"), " cannot tell")
        )
    items += [
        el("li", el("span", class_="line need"), " needs"),
        el("li", el("span", class_="line use"), " uses, can do without"),
        el("li", el("span", class_="line store"), " keeps data in"),
    ]
    return el("div", tools, el("ul", *items, class_="legend", aria_label="Legend"), class_="bar")


def messages(plan: Plan) -> Element | None:
    """Show what the program, the engine and providers said."""
    told = [each for each in plan.diagnostics if each.message.strip()]
    if not told:
        return None
    items = [el("li", each.message.strip(), class_=each.severity) for each in told]
    return el(
        "section",
        el("h2", number(len(told), "message")),
        el("ul", *items, class_="messages"),
    )
