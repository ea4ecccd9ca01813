"""A plan as the tree that `pulumi preview` draws: plain rows, for whoever prints them to colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from preview import urn as urns
from preview.plan import Plan, Step

SYMBOLS: Final = {
    "same": "",
    "create": "+",
    "delete": "-",
    "update": "~",
    "replace": "+-",
    "create-replacement": "++",
    "delete-replaced": "--",
    "read": ">",
    "read-replacement": ">>",
    "refresh": "~",
    "discard": "<",
    "discard-replaced": "<<",
    "remove-pending-replace": "~",
    "import": "=",
    "import-replacement": "=>",
}
"""Pulumi's sign for each operation, in the order in which Pulumi counts them."""

_HEADER: Final = ("   ", "Type", "Name", "Plan", "Info")
_UNCOUNTED: Final = frozenset({"same", "read", "discard", "read-replacement"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One resource in the tree."""

    depth: int
    """0 for the stack."""
    branch: str
    """The lines that lead to it: `│  ├─ `."""
    op: str
    type: str
    """As Pulumi displays it: without the file that repeats the name."""
    name: str
    note: str
    """What else is worth knowing at a glance; may be empty."""

    @property
    def symbol(self) -> str:
        """Pulumi's sign for the operation."""
        return SYMBOLS.get(self.op, "?")


def rows(plan: Plan) -> tuple[Row, ...]:
    """The plan's resources, each below its parent, in the plan's order.

    A resource whose parent isn't in the plan stands below its nearest ancestor that is. Of several
    steps for one resource the first is shown.
    """
    steps: dict[str, Step] = {}
    for step in plan.steps:
        steps.setdefault(step.urn, step)
    stack = next((urn for urn in steps if urns.split(urn).type == urns.STACK_TYPE), None)
    children: dict[str | None, list[str]] = {}
    for urn, step in steps.items():
        parent = step.state.parent if step.state else None
        above = parent if parent in steps else None if urn == stack else stack
        children.setdefault(above, []).append(urn)
    messages = _messages(plan, stack)

    def below(urn: str | None, depth: int, indent: str) -> Iterator[Row]:
        siblings = children.get(urn, [])
        for position, child in enumerate(siblings, start=1):
            last = position == len(siblings)
            step, names = steps[child], urns.split(child)
            yield Row(
                depth=depth,
                branch=indent + ("└─ " if last else "├─ ") if depth else "",
                op=step.op,
                type=urns.display_type(names.type),
                name=names.name,
                note="; ".join([*_notes(step), *messages.get(child, ())]),
            )
            deeper = indent + ("   " if last else "│  ") if depth else ""
            yield from below(child, depth + 1, deeper)

    return tuple(below(None, 0, ""))


def _notes(step: Step) -> Iterator[str]:
    if step.diff_reasons:
        yield f"[diff: {', '.join(step.diff_reasons)}]"
    state = step.state
    if state is None:
        return
    if state.import_id:
        yield f"id {state.import_id}"
    if state.external and state.id:
        yield f"id {state.id}"
    if state.protect:
        yield "protected"
    if state.retain_on_delete:
        yield "retained"


def _messages(plan: Plan, stack: str | None) -> dict[str | None, list[str]]:
    """How many messages there are about each resource; those about none are the stack's."""
    counted: dict[str | None, list[str]] = {}
    for severity, word in (("error", "error"), ("warning", "warning"), ("info", "message")):
        about = [each.urn or stack for each in plan.diagnostics if each.severity == severity]
        for urn in dict.fromkeys(about):
            number = about.count(urn)
            counted.setdefault(urn, []).append(f"{number} {word}{'s' if number > 1 else ''}")
    return counted


def summary(plan: Plan) -> list[str]:
    """How many resources there are for each operation, as Pulumi ends a preview."""
    counts = plan.change_summary
    changes = {op: counts[op] for op in SYMBOLS if counts.get(op) and op not in _UNCOUNTED}
    ending = [f"{sum(changes.values())} changes"] if len(changes) > 1 else []
    if counts.get("same"):
        ending.append(f"{counts['same']} unchanged")
    return [
        "Resources:",
        *(f"    {SYMBOLS[op]:<2}{number} to {op}" for op, number in changes.items()),
        *(["    " + ". ".join(ending)] if ending else []),
    ]


def lines(plan: Plan) -> list[str]:
    """The whole tree as text: a header, a line per resource, and the summary."""
    table: list[Sequence[str]] = [_HEADER]
    table += [
        (f" {row.symbol:<2}", row.branch + row.type, row.name, row.op, row.note)
        for row in rows(plan)
    ]
    if not any(note for *_, note in table[1:]):
        table = [line[:-1] for line in table]
    widths = [max(map(len, column)) for column in zip_longest(*table, fillvalue="")]
    return [
        *(
            "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in table
        ),
        "",
        *summary(plan),
    ]
