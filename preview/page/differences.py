"""How the page shows values, and how one differs from another."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import unified_diff
from typing import Final

from preview.change import Change
from preview.difference import Difference, value_at
from preview.page.text import Element, add, el
from preview.report.difference import AFTER_UP
from preview.report.words import number
from preview.value import MASK, UNKNOWN, Json, closed

_LONGEST: Final = 20_000
"""Characters of one value that are shown."""
_MOST_LINES: Final = 4_000
"""Lines of a value that are compared one by one; beyond, comparing takes too long."""
_ITEM: Final = re.compile(r"^(?P<list>[^\[]+)\[[0-9]+\]$")


def without_secrets(change: Change) -> Change:
    """Give a change with no secret in it: a preview made with ``--show-secrets`` has them open."""
    old, new = (
        state and replace(state, inputs=closed(state.inputs)) for state in (change.old, change.new)
    )
    return replace(change, old=old, new=new)


def differences(change: Change) -> Element | None:
    """Show how a resource's inputs differ; None where nothing is known to."""
    rows = [
        el(
            "tr",
            el("th", el("code", each.path), _marks(each), scope="row"),
            el("td", _shown(each)),
        )
        for each in _joined(change)
    ]
    return el("table", el("tbody", *rows), class_="differences") if rows else None


def inputs(values: Mapping[str, Json]) -> Element | None:
    """Show a resource's inputs, folded."""
    told = {key: value for key, value in values.items() if not key.startswith("__")}
    if not told:
        return None
    rows = [
        el("tr", el("th", el("code", key), scope="row"), el("td", _value(value)))
        for key, value in told.items()
    ]
    return el(
        "details",
        el("summary", number(len(told), "input")),
        el("table", el("tbody", *rows), class_="differences"),
    )


def _marks(difference: Difference) -> Element | None:
    if not difference.replaces:
        return None
    return el("span", "replaces it", class_="mark")


def _joined(change: Change) -> Iterator[Difference]:
    """Give the differences; those of a list of texts as one, so that one more item moves none."""
    done: set[str] = set()
    for each in change.differences:
        found = _ITEM.match(each.path)
        if found is None:
            yield each
            continue
        path = found["list"]
        sides = [value_at(state.inputs, path) for state in (change.old, change.new) if state]
        if not all(isinstance(side, list) and all(map(_is_text, side)) for side in sides):
            yield each
        elif path not in done:
            done.add(path)
            siblings = [d for d in change.differences if d.path.startswith(f"{path}[")]
            yield Difference(
                path=path,
                kind="changed",
                old="\n".join(map(told, sides[0])),
                new="\n".join(map(told, sides[-1])),
                replaces=any(d.replaces for d in siblings),
            )


def _is_text(value: Json) -> bool:
    return isinstance(value, str) and "\n" not in value


def _shown(difference: Difference) -> Element:
    old, new = told(difference.old), told(difference.new)
    if difference.kind == "added":
        return el("span", el("span", "added ", class_="quiet"), _value(difference.new, "new"))
    if difference.kind == "removed":
        return el("span", el("span", "removed ", class_="quiet"), _value(difference.old, "old"))
    if old == new:
        what = "a secret in it" if MASK in old else "what it stands for"
        return el("span", f"{what} changes", class_="quiet")
    if AFTER_UP in (old, new):
        old, new = _in_short(old), _in_short(new)
    if "\n" in old or "\n" in new:
        return _lines(old, new)
    return el(
        "span",
        el("code", old, class_="old"),
        el("span", " → ", class_="quiet"),
        el("code", new, class_="new"),
    )


def _value(value: Json, class_: str | None = None) -> Element:
    text = told(value)
    return el("pre" if "\n" in text else "code", text, class_=class_)


def told(value: Json) -> str:
    """Give a value as text: texts as they are, anything else as JSON, unknowns said as such."""
    if isinstance(value, str):
        text = value
    else:
        flat = json.dumps(value, ensure_ascii=False)
        text = flat if len(flat) < 80 else json.dumps(value, ensure_ascii=False, indent=2)
    text = text.replace(UNKNOWN.value, AFTER_UP)
    left = len(text) - _LONGEST
    return text if left <= 0 else f"{text[:_LONGEST]}\n… and {left} more characters"


def _in_short(text: str) -> str:
    return number(len(text.splitlines()), "line") if "\n" in text else text


def _lines(old: str, new: str) -> Element:
    before, after = old.splitlines(), new.splitlines()
    if len(before) + len(after) > _MOST_LINES:
        return el("span", f"{_in_short(old)} → {_in_short(new)}", class_="quiet")
    pre = el("pre", class_="lines")
    for line in list(unified_diff(before, after, lineterm="", n=3))[2:]:
        class_ = {"+": "new", "-": "old", "@": "quiet"}.get(line[:1])
        add(pre, el("span", line, class_=class_), "\n")
    return pre
