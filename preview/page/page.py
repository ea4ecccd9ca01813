"""The whole page: what stands in it, in which order, and what a browser may do with it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Final
from xml.etree import ElementTree as ET

from preview.change import Changes
from preview.page.build import drawings_of
from preview.page.details import details, resource, sign
from preview.page.drawing import Drawing
from preview.page.layout import lay_out
from preview.page.overview import header, legend, messages, risk_list
from preview.page.svg import draw
from preview.page.text import Content, Element, add, el
from preview.plan import Plan
from preview.report.words import DONE, number
from preview.risk import Assessment, Risk
from preview.urn import display_type

_STYLE: Final = "page.css"
_SCRIPT: Final = "page.js"
_SHOWN_PATHS: Final = 4


def page(plan: Plan, assessment: Assessment, *, compared: bool = True) -> str:
    """Give the page as HTML, one file that needs nothing else.

    ``compared``: the plan tells a change of something. If not, it tells a whole system, and the
    page shows that without calling anything in it new.

    Nothing may be loaded or sent: the page's policy allows its own style and script by their
    hashes and nothing else, so even a text that got through as markup could not do anything.
    """
    changes = assessment.changes
    drawings = drawings_of(plan, changes, compared=compared)
    keys = _keys(drawings)
    risks = _risks_of(drawings, assessment) if compared else {}
    behind = [
        sorted({keys[node] for node, about in risks.items() if risk in about}, key=_number)
        for risk in assessment.risks
    ]
    owner = {urn: keys[node] for drawing in drawings for urn, node in drawing.owner.items()}
    main = el("main", id="main")
    add(main, header(assessment, compared=compared))
    if compared:
        add(main, risk_list(assessment, behind, owner))
    add(main, *_drawings(drawings, keys, risks))
    add(main, *_all_details(drawings, keys, risks))
    add(main, _elsewhere(changes, drawings, compared=compared))
    add(main, _table(changes, owner, compared=compared))
    add(main, messages(plan))
    body = el(
        "body",
        el("a", "Skip to the content", href="#main", class_="skip"),
        main,
        el("aside", id="panel", class_="panel", aria_label="Details", hidden=True),
        el("script", _resource(_SCRIPT)),
        class_="compared" if compared else "whole",
    )
    title = _title(changes, compared=compared)
    head = el(
        "head",
        el("meta", charset="utf-8"),
        _policy(),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", title),
        el("style", _resource(_STYLE)),
    )
    text = ET.tostring(el("html", head, body, lang="en"), encoding="unicode", method="html")
    return f"<!doctype html>\n{text}\n"


def _title(changes: Changes, *, compared: bool) -> str:
    systems = ", ".join(sorted(changes.systems)) or changes.project
    return f"{systems} on {changes.stack}: {'what would change' if compared else 'the plan'}"


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _policy() -> Element:
    def hashed(name: str) -> str:
        digest = hashlib.sha256(_resource(name).encode()).digest()
        return f"'sha256-{base64.b64encode(digest).decode()}'"

    return el(
        "meta",
        http_equiv="Content-Security-Policy",
        content=f"default-src 'none'; style-src {hashed(_STYLE)}; script-src {hashed(_SCRIPT)}; "
        "base-uri 'none'; form-action 'none'",
    )


def _number(key: str) -> int:
    return int(key.removeprefix("n"))


def _keys(drawings: Sequence[Drawing]) -> dict[str, str]:
    """Number the nodes: what they are called may hold anything."""
    ids = (node.id for drawing in drawings for node in drawing.nodes)
    return {id_: f"n{index}" for index, id_ in enumerate(dict.fromkeys(ids), start=1)}


def _risks_of(drawings: Sequence[Drawing], assessment: Assessment) -> Mapping[str, list[Risk]]:
    """Give the risks of each node: those about it, and those that its changes are behind."""
    found: dict[str, list[Risk]] = {}
    for risk in assessment.risks:
        nodes = [d.known_as[risk.subject] for d in drawings if risk.subject in d.known_as]
        nodes += [d.owner[urn] for d in drawings for urn in risk.urns if urn in d.owner]
        for node in dict.fromkeys(nodes):
            found.setdefault(node, []).append(risk)
    return found


def _drawings(
    drawings: Sequence[Drawing], keys: Mapping[str, str], risks: Mapping[str, Sequence[Risk]]
) -> Iterator[Element]:
    if not drawings:
        yield el(
            "p",
            "There is no drawing: neither side of this plan tells what its systems mean. That is "
            "so before the first deployment by a version of the program that writes it.",
            class_="quiet",
        )
        return
    counts = {node: len(about) for node, about in risks.items()}
    for index, drawing in enumerate(drawings):
        figure = el("figure", aria_label=f"Drawing of {drawing.system}", id=f"drawing-{index}")
        add(figure, el("h2", drawing.system))
        if index == 0:
            add(figure, legend(compared=drawing.compared))
        svg = draw(drawing, lay_out(drawing), keys, counts)
        label = f"Drawing of {drawing.system}, scrollable"
        add(figure, el("div", svg, class_="scroll", tabindex="0", role="region", aria_label=label))
        yield figure


def _all_details(
    drawings: Sequence[Drawing], keys: Mapping[str, str], risks: Mapping[str, Sequence[Risk]]
) -> Iterator[Element]:
    for drawing in drawings:
        title = f"Details of {drawing.system}" if len(drawings) > 1 else "Details"
        yield el("section", el("h2", title), *details(drawing, keys, risks), class_="details")


def _elsewhere(changes: Changes, drawings: Sequence[Drawing], *, compared: bool) -> Element | None:
    """Show what changes outside of every drawing: the stack itself, and others' resources."""
    drawn = {urn for drawing in drawings for urn in drawing.owner}
    found = [each for each in changes.changes if each.urn not in drawn]
    if not found:
        return None
    return el(
        "details",
        el("summary", f"{number(len(found), 'resource')} outside of the drawing"),
        el(
            "div",
            *(resource(each, changes.causes(each), compared=compared) for each in found),
            class_="body",
        ),
        class_="detail",
    )


def _table(changes: Changes, owner: Mapping[str, str], *, compared: bool) -> Element:
    """List every change, in the plan's order, for who wants or needs a list."""
    rows = []
    for change in changes.changes:
        paths = [each.path for each in change.differences]
        more = len(paths) - _SHOWN_PATHS
        told = ", ".join(paths[:_SHOWN_PATHS]) + (f" and {more} more" if more > 0 else "")
        name: Content = change.name
        if key := owner.get(change.urn):
            name = el("a", change.name, href=f"#{key}", data_node=key)
        cells = [el("td", name), el("td", el("code", display_type(change.type)))]
        if compared:
            word = DONE[change.operation]
            cells = [el("td", sign(change.operation), f" {word}"), *cells, el("td", told)]
        rows.append(el("tr", *cells))
    titles = ["Name", "Type"] if not compared else ["", "Name", "Type", "What differs"]
    heads = [el("th", title or "Operation", scope="col") for title in titles]
    same = len(changes.same)
    noun = "change" if compared else "resource"
    note = f", {same} unchanged" if compared and same else ""
    return el(
        "section",
        el("h2", f"In a list: {number(len(rows), noun)}{note}"),
        el(
            "div",
            el("table", el("thead", el("tr", *heads)), el("tbody", *rows), class_="all"),
            class_="scroll",
            tabindex="0",
            role="region",
            aria_label="All changes" if compared else "All resources",
        ),
    )
